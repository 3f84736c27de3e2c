"""Python, the packages the lock file pins, and whose code runs."""

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pitchline
from pitchline.doctor.finding import Finding, Installation, error, ok

WANTED = (3, 11)
LOCK_FILE = Path("requirements/run.lock")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
SHOWN = 5


def python(here: Installation) -> Iterator[Finding]:
    """The version that the lock file is made for."""
    del here
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == WANTED:
        yield ok(f"{version}, {sys.executable}")
    else:
        wanted = ".".join(map(str, WANTED))
        yield error(
            f"{version}; the pinned packages are for {wanted}",
            f"rm -r .venv && make environment PYTHON=python{wanted}",
        )


def packages(here: Installation) -> Iterator[Finding]:
    """What is installed is what the lock file pins; other versions give other bytes."""
    del here
    if not LOCK_FILE.is_file():
        yield error(f"{LOCK_FILE}: missing", f"git checkout {LOCK_FILE}")
        return
    pinned = dict(PINNED.findall(LOCK_FILE.read_text(encoding="utf-8")))
    missing, other = [], []
    for name, version in sorted(pinned.items()):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if installed != version:
            other.append(f"{name} {installed}, pinned {version}")
    if missing:
        yield error(f"{len(missing)} not installed: {_some(missing)}", "make environment")
    if other:
        yield error(f"{len(other)} in another version: {_some(other)}", "make environment")
    if not missing and not other:
        yield ok(f"{len(pinned)} as {LOCK_FILE} pins them")


def code(here: Installation) -> Iterator[Finding]:
    """The code that runs is this project's."""
    del here
    running = Path(pitchline.__file__).resolve().parent
    own = Path("workflow/pitchline").resolve()
    if running == own:
        yield ok(f"Pitchline {pitchline.__version__} of this folder")
    elif not own.is_dir():
        yield error(f"{own}: missing, this is no project's folder", "cd to the project's folder")
    else:
        yield error(
            f"the command `pitchline` runs the code of {running}, not of this folder",
            "make environment, and use this folder's .venv/bin",
        )


def _some(names: list[str]) -> str:
    return "; ".join(names[:SHOWN]) + (" ..." if len(names) > SHOWN else "")
