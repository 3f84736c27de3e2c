"""Putting a backup back: what it would change, and the change."""

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pitchline import environment, layout
from pitchline.backup.manifest import Manifest, Saved
from pitchline.backup.parts import PARTS, SIDE_FILES, Part, files_of, owner_of
from pitchline.backup.reading import copy_database, is_sqlite
from pitchline.backup.store import Store
from pitchline.backup.verify import require_whole
from pitchline.errors import BackupError, EnvironmentMixUp
from pitchline.files import replacing, sha256_of

ASIDE = layout.STATE / "aside"
RUN_LOCK = Path(".snakemake/pitchline/lock")


@dataclass(frozen=True)
class Plan:
    """What a restore would do.

    Attributes:
        name: the backup's.
        manifest: the backup.
        write: files to be written; the pointers, on which others depend, last.
        aside: files that are in the way, or of a later time; relative to the target.
        same: how many files are there already as they were saved.
    """

    name: str
    manifest: Manifest
    write: list[Saved]
    aside: list[Path]
    same: int


def plan(store: Store, name: str, target: Path, only: tuple[str, ...] = ()) -> Plan:
    """See what restoring a backup into a folder would do.

    A part of which the backup has no file is left as it is.

    Args:
        store: the backups.
        name: which one.
        target: the project's folder, or any other.
        only: parts; empty for all of the backup.

    Raises:
        BackupError: there is no such backup, or it lacks a part.
    """
    manifest = store.read(name)
    lacking = sorted(set(only) - set(manifest.parts))
    if lacking:
        raise BackupError(
            f"backup {name} has no part {', '.join(lacking)}; it has {', '.join(manifest.parts)}."
        )
    write: list[Saved] = []
    aside: list[Path] = []
    same = 0
    for part in PARTS:
        if part.name not in (only or manifest.parts):
            continue
        saved = {Path(f.path): f for f in manifest.files if owner_of(Path(f.path)) == part}
        if not saved:
            continue
        found = files_of(target, part)
        equal = {path for path in found if path in saved and _is(target / path, saved[path])}
        # Looked for now: SQLite tidies up beside a database that is compared.
        there = files_of(target, part, side_files=True)
        if part.adds:
            there = [path for path in there if path in saved]
        same += len(equal)
        aside += [path for path in there if path not in equal and _database_of(path) not in equal]
        write += sorted(
            (file for path, file in saved.items() if path not in equal),
            key=lambda file: (Path(file.path) in part.roots, file.path),
        )
    return Plan(name, manifest, write, aside, same)


def restore(store: Store, planned: Plan, target: Path, *, force: bool) -> Path | None:
    """Do what was planned: check the backup, move aside what is in the way, write the files.

    Killed at any moment it has lost nothing, and the same command completes it.

    Args:
        store: the backups.
        planned: from ``plan``.
        target: the folder it was planned for.
        force: move aside what is in the way; else that is an error.

    Returns:
        Where the files went that were in the way; None if none were.

    Raises:
        BackupError: the backup is damaged, files are in the way, or a run is at work.
        EnvironmentMixUp: the target is another environment's.
        PitchlineError: the disk is full.
    """
    _check_environment(planned, target)
    require_whole(store, planned.name, planned.write)
    if planned.aside and not force:
        few = "\n  ".join(str(path) for path in planned.aside[:10])
        more = len(planned.aside) - 10
        raise BackupError(
            f"{target}: {len(planned.aside)} file(s) are not those of backup {planned.name}:\n"
            f"  {few}\n" + (f"  and {more} more\n" if more > 0 else "") + "With --force they are "
            f"moved to {ASIDE}/ first; or restore into an empty folder with --to."
        )
    target.mkdir(parents=True, exist_ok=True)
    with _alone(target):
        if environment.stamped(target / environment.PROJECT_STAMP) is None:
            environment.stamp(target / environment.PROJECT_STAMP, planned.manifest.environment)
        folder = _move_aside(planned, target)
        for file in planned.write:
            _write(store, file, target)
    return folder


def _is(path: Path, file: Saved) -> bool:
    if path.stat().st_size == file.bytes and sha256_of(path) == file.sha256:
        return not any(path.with_name(f"{path.name}{end}").exists() for end in SIDE_FILES)
    if not is_sqlite(path):
        return False
    # As it stands it differs from its copy by a counter, even if nothing was written since.
    with tempfile.TemporaryDirectory() as folder, suppress(sqlite3.Error):
        copy_database(path, Path(folder) / "copy")
        return sha256_of(Path(folder) / "copy") == file.sha256
    return False


def _database_of(path: Path) -> Path | None:
    """The database that a file of SQLite's stands beside."""
    for end in SIDE_FILES:
        if path.name.endswith(end):
            return path.with_name(path.name.removesuffix(end))
    return None


def _check_environment(planned: Plan, target: Path) -> None:
    whose, saved = environment.owner(target), planned.manifest.environment
    if whose not in (None, saved):
        raise EnvironmentMixUp(
            f"backup {planned.name} is of {saved}, {target.absolute()} is {whose}'s. Restore it "
            f"into a folder of its own with --to, or into a clone used with "
            f"{environment.VARIABLE}={saved}."
        )


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Keep runs of the pipeline out of the target.

    Raises:
        BackupError: one is at work there.
    """
    if not (target / "Snakefile").exists():
        yield
        return
    lock = target / RUN_LOCK
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    except BlockingIOError as error:
        owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        raise BackupError(
            f"a run is at work in {target.absolute()} (process {owner}). Wait for it to end, or "
            "end it, then restore."
        ) from error
    finally:
        os.close(descriptor)


def _move_aside(planned: Plan, target: Path) -> Path | None:
    if not planned.aside:
        return None
    number = 1
    while (folder := target / ASIDE / f"{planned.name}.{number}").exists():
        number += 1
    try:
        for path in planned.aside:
            kept = folder / path
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(target / path, kept)
        for part in PARTS:
            _remove_empty_folders(target, part)
    except OSError as error:
        raise BackupError(
            f"{error.filename}: can't be moved to {folder} ({error.strerror}). Check the disk and "
            "who may write, then run the same command again."
        ) from error
    return folder


def _remove_empty_folders(target: Path, part: Part) -> None:
    """A folder may stand where the backup has a file."""
    for root in part.roots:
        for folder, _, _ in os.walk(target / root, topdown=False):
            if not any(Path(folder).iterdir()):
                Path(folder).rmdir()


def _write(store: Store, file: Saved, target: Path) -> None:
    path = target / file.path
    with replacing(path) as temporary:
        with temporary.open("wb") as handle:
            for digest in file.chunks:
                handle.write(store.get(digest))
        os.utime(temporary, ns=(file.modified_ns, file.modified_ns))
    if sha256_of(path) != file.sha256:
        raise BackupError(f"{path}: is not what was written. Check the disk, then run again.")
