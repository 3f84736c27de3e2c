from pathlib import Path

import pytest

from pitchline.backup.store import Store
from tests.backup.world import build
from tests.train.project import project

__all__ = ["project"]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small project."""
    return build(tmp_path / "small")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Where its backups go: nothing is there yet."""
    return Store(tmp_path / "disk" / "backups")
