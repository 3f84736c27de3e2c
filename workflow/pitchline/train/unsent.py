"""Runs on their way to MLflow: kept here until the store has them.

Every run is put here first and removed when it was logged, so a store out of reach or a process
killed in between loses nothing. An entry is a folder, named by its place in the queue and the
candidate's version; it appears and goes in one rename.
"""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import psutil

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import read_json, sha256_of, write_json
from pitchline.train.runs import Run

TOLD = "run.json"
FILES = "files"
ENTRY = re.compile(r"(\d{6})-([0-9a-f]{12})")
HELP = "remove the folder if it can't be mended; `pitchline train track` keeps the candidate anew"


def entries() -> list[Path]:
    """The folders of all runs that wait, the oldest first."""
    found = layout.UNSENT.glob("*") if layout.UNSENT.is_dir() else []
    return sorted(path for path in found if ENTRY.fullmatch(path.name))


def waiting(version: str) -> list[Path]:
    """The folders of a candidate's runs that wait."""
    return [path for path in entries() if path.name.endswith(f"-{version}")]


def put(told: dict[str, Any], folder: Path) -> Path:
    """Keep a run and copies of its files; an older entry of the same candidate goes.

    Args:
        told: as from ``told_of``.
        folder: the candidate's folder.

    Returns:
        The entry's folder.

    Raises:
        PitchlineError: the disk is full or the folder can't be written.
        OSError: the same, told by the system.
    """
    _remove_leftovers()
    before = entries()
    number = int(before[-1].name[:6]) + 1 if before else 1
    entry = layout.UNSENT / f"{number:06d}-{told['version']}"
    part = _part(entry)
    try:
        (part / FILES).mkdir(parents=True)
        # Not synced one by one: their hashes tell whether a power cut spoilt them.
        for name in told["files"]:
            shutil.copyfile(folder / name, part / FILES / name)
        write_json(part / TOLD, told)
        part.rename(entry)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    for path in before:
        if path.name.endswith(f"-{told['version']}"):
            remove(path)
    return entry


def read(entry: Path) -> Run:
    """The run that an entry keeps.

    Raises:
        ArtifactError: a file of it is missing or altered.
    """
    told = read_json(entry / TOLD, made_by="pitchline train track")
    for name, sha256 in told["files"].items():
        path = entry / FILES / name
        if not path.is_file() or sha256_of(path) != sha256:
            raise ArtifactError(f"{path}: missing or altered, the run can't be sent; {HELP}")
    return Run(told, entry / FILES)


def remove(entry: Path) -> None:
    """Forget an entry."""
    part = _part(entry)
    entry.rename(part)
    shutil.rmtree(part, ignore_errors=True)


def _part(entry: Path) -> Path:
    return entry.with_name(f".{entry.name}.{os.getpid()}.part")


def _remove_leftovers() -> None:
    """Remove what killed processes left half written or half removed."""
    for leftover in layout.UNSENT.glob(".*.part"):
        owner = int(leftover.name.split(".")[-2])
        if owner == os.getpid() or not psutil.pid_exists(owner):
            shutil.rmtree(leftover, ignore_errors=True)
