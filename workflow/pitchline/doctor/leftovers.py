"""What killed processes left, and whether compiled code can be kept."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from pitchline.doctor.finding import Finding, Installation, ok, warning
from pitchline.files import PART_SUFFIX

SEARCHED = ("data", "models", "mlruns", "reports", "logs", "docs", "workflow")
COMPILED = "workflow/pitchline/features"
CACHE_VARIABLE = "NUMBA_CACHE_DIR"


def temporary_files(here: Installation) -> Iterator[Finding]:
    """Files half written by processes that are no more."""
    del here
    left = [path for top in SEARCHED for path in _left(Path(top))]
    if not left:
        yield ok("no temporary file of a killed process")
        return
    size = sum(path.stat().st_size for path in left if path.is_file())
    yield warning(
        f"{len(left)} temporary file(s) of killed processes, {size / 1e6:.1f} MB, {left[0]} first",
        f"rm -r {left[0]}" + (" ..." if len(left) > 1 else ""),
        lambda: _remove(left),
    )


def _left(top: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(top):
        for name in [*folders, *names]:
            if name.startswith(".") and name.endswith(PART_SUFFIX) and not _owner_lives(name):
                yield Path(folder) / name
        folders[:] = [name for name in folders if not name.endswith(PART_SUFFIX)]


def _owner_lives(name: str) -> bool:
    owner = name.removesuffix(PART_SUFFIX).rpartition(".")[2]
    return owner.isdigit() and psutil.pid_exists(int(owner))


def _remove(left: list[Path]) -> str:
    for path in left:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return f"removed {len(left)} temporary file(s)"


def compiled(here: Installation) -> Iterator[Finding]:
    """Numba can keep what it compiled; else every process compiles anew."""
    told = here.variables.get(CACHE_VARIABLE)
    folder = Path(told) if told else Path(COMPILED) / "__pycache__"
    place = folder if folder.exists() else folder.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as failure:
        yield warning(
            f"{folder}: compiled loops can't be kept ({failure.strerror}); "
            "each run takes some 20 s more",
            f"export {CACHE_VARIABLE}=<a folder that can be written>",
        )
    else:
        yield ok(f"compiled loops are kept in {folder}")
