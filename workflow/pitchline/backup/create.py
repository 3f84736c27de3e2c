"""Making a backup, and letting old ones go."""

import hashlib
import subprocess
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from pitchline import __version__
from pitchline.backup.manifest import (
    CHUNK_BYTES,
    FORMAT,
    Manifest,
    Saved,
    lacking,
    moment_of,
    name_of,
)
from pitchline.backup.parts import chosen
from pitchline.backup.reading import Reader
from pitchline.backup.rotation import kept
from pitchline.backup.store import SCRATCH, Store
from pitchline.environment import VARIABLE, Environment
from pitchline.errors import BackupError, EnvironmentMixUp, PitchlineError
from pitchline.params.backup import Backup, BackupKeep


@dataclass
class Made:
    """What ``create`` did.

    Attributes:
        name: of the new backup.
        manifest: its files.
        stored: bytes that it added to the disk.
        removed: the backups that went.
        warnings: what needs a look.
    """

    name: str
    manifest: Manifest
    stored: int
    removed: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def create(
    project: Path, store: Store, settings: Backup, environment: Environment, now: datetime
) -> Made:
    """Save a project's parts, look that all can be read, then let old backups go.

    Args:
        project: the project's folder.
        store: where to.
        settings: the section ``backup`` of params.yaml.
        environment: whose project it is.
        now: the present.

    Raises:
        BackupError: a file can't be read, or the store can't be used.
        EnvironmentMixUp: the store is another environment's.
        PitchlineError: the disk is full. The backups made before are untouched in every case.
    """
    with store.held():
        _claim(store, environment)
        try:
            made = _create(project, store, settings, environment, now)
        except PitchlineError:
            store.sweep()
            raise
        except OSError as error:
            store.sweep()
            raise BackupError(
                f"{store.folder}: can't be written ({error.strerror}). Free disk space or check "
                "who may write. The backups made before are untouched."
            ) from error
        made.warnings += made.manifest.notes
        _rotate(store, made, settings.keep, now)
    return made


def _claim(store: Store, environment: Environment) -> None:
    whose = store.environment()
    if whose is None:
        store.stamp(environment)
    elif whose != environment:
        raise EnvironmentMixUp(
            f"{store.folder}: holds backups of {whose}, this is {environment}. "
            f"Name another folder with `backup.folder` or --to, or set {VARIABLE}={whose}."
        )


def _create(
    project: Path, store: Store, settings: Backup, environment: Environment, now: datetime
) -> Made:
    files: dict[Path, Saved] = {}
    stored = 0

    def save(path: Path, written_ns: int, handle: IO[bytes]) -> None:
        nonlocal stored
        whole, chunks, size = hashlib.sha256(), [], 0
        while piece := handle.read(CHUNK_BYTES):
            whole.update(piece)
            size += len(piece)
            digest, added = store.put(piece, settings.compression_level)
            chunks.append(digest)
            stored += added
        files[path] = Saved(
            path=path.as_posix(),
            bytes=size,
            modified_ns=written_ns,
            sha256=whole.hexdigest(),
            chunks=chunks,
        )

    parts = chosen(settings)
    with tempfile.TemporaryDirectory(dir=store.folder, prefix=SCRATCH) as scratch:
        reader = Reader(project, Path(scratch))
        there = {path for part in parts for path in reader.part(part, save)}
    manifest = Manifest(
        format=FORMAT,
        created_at=f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        pitchline=__version__,
        environment=environment,
        commit=_commit(project),
        parts=[part.name for part in parts],
        notes=reader.notes,
        files=sorted((files[path] for path in there), key=lambda file: file.path),
    )
    name = name_of(now, set(store.names()))
    store.add(name, manifest)
    if store.read(name) != manifest:
        raise BackupError(f"{store.path_of(name)}: is not what was written. Check the disk.")
    return Made(name, manifest, stored)


def _rotate(store: Store, made: Made, keep: BackupKeep, now: datetime) -> None:
    """Let the backups go that no rule keeps, and the pieces that no other needs.

    Only those count that can be read and have all their pieces; the others stay to be looked at.
    """
    manifests: dict[str, Manifest] = {}
    unreadable = False
    for name in store.names():
        try:
            manifests[name] = store.read(name)
        except BackupError as error:
            unreadable = True
            made.warnings.append(
                f"{error} While it is there no disk space is set free; "
                f"if it is of no more use, remove {store.path_of(name)}"
            )
    pieces = store.pieces()
    good: dict[str, datetime] = {}
    for name, manifest in manifests.items():
        lost = lacking(manifest, pieces)
        if lost:
            made.warnings.append(
                f"backup {name} lacks pieces of {len(lost)} file(s), {lost[0]} first: "
                f"see `pitchline backup verify {name}`"
            )
        else:
            good[name] = moment_of(manifest)
    stay = kept(good.values(), now, keep)
    for name, moment in good.items():
        if moment not in stay and name != made.name:
            store.remove(name)
            del manifests[name]
            made.removed.append(name)
    if not unreadable:
        store.sweep(manifests.values())


def _commit(project: Path) -> str | None:
    """The commit that is checked out; None outside a repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(project), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
