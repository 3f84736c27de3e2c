"""What is made once for all processes that run the tests side by side."""

import fcntl
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_place: list[Path] = []


def settle_in(factory: pytest.TempPathFactory) -> None:
    """Take the session's folder for temporary files, which pytest clears, as the place."""
    own = factory.getbasetemp()
    _place[:] = [own.parent if "PYTEST_XDIST_WORKER" in os.environ else own]


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first process to ask fills while others wait: don't change it, copy it.

    Args:
        name: of the folder.
        make: fills it; it is empty then.
    """
    [place] = _place
    folder, finished = place / name, place / f"{name}.done"
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            finished.touch()
    return folder


def computed_once(name: str, compute: Callable[[], Any]) -> Any:
    """A value that the first process to ask computes; each has its own copy."""

    def keep(folder: Path) -> None:
        (folder / "value").write_bytes(pickle.dumps(compute()))

    return pickle.loads((made_once(name, keep) / "value").read_bytes())  # noqa: S301
