"""A service with everything to tell, and its pages as trees."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.page.told import REFUSED, curve, write_runs, write_told_project
from tests.serve.world import World, world


@pytest.fixture(scope="module")
def told_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with every report and some runs."""
    root = tmp_path_factory.mktemp("told")
    write_told_project(root)
    write_runs(root, ("succeeded", "failed", "timed out", "cancelled"))
    return root


@pytest.fixture(scope="module")
def told(told_project: Path) -> Iterator[World]:
    """A service of it, with a refused model."""
    with world(told_project) as made:
        made.champion.current = curve()
        made.champion.refused = [REFUSED]
        yield made
