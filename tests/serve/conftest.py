from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.world import World, world, write_project


@pytest.fixture(scope="session")
def served_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A written project that no test changes."""
    root = tmp_path_factory.mktemp("served")
    write_project(root)
    return root


@pytest.fixture(scope="module")
def api(served_project: Path) -> Iterator[World]:
    """A service with the default settings."""
    with world(served_project) as made:
        yield made
