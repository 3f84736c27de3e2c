"""The backups there are, told from their manifests alone."""

from dataclasses import dataclass

from pitchline.backup.manifest import lacking
from pitchline.backup.store import Store
from pitchline.backup.verify import verify
from pitchline.errors import BackupError

GOOD = "good"


@dataclass(frozen=True)
class Listed:
    """One backup, by a look at its manifest and for its pieces; they are not read.

    Attributes:
        name: the backup's.
        created_at: when it was begun; None if its manifest can't be read.
        environment: dev, test or prod.
        commit: the git commit that was checked out.
        parts: the parts in it.
        files: how many.
        bytes: their size.
        notes: what went not quite as it should.
        state: ``good``, or what is wrong.
    """

    name: str
    created_at: str | None
    environment: str | None
    commit: str | None
    parts: list[str]
    files: int | None
    bytes: int | None
    notes: list[str]
    state: str


def listed(store: Store) -> list[Listed]:
    """All backups, the newest first."""
    with store.held(shared=True):
        pieces = store.pieces()
        return [_entry(store, name, pieces) for name in reversed(store.names())]


def _entry(store: Store, name: str, pieces: set[str]) -> Listed:
    try:
        manifest = store.read(name)
    except BackupError as error:
        return Listed(name, None, None, None, [], None, None, [], str(error))
    lost = lacking(manifest, pieces)
    return Listed(
        name=name,
        created_at=manifest.created_at,
        environment=manifest.environment,
        commit=manifest.commit,
        parts=manifest.parts,
        files=len(manifest.files),
        bytes=manifest.bytes,
        notes=manifest.notes,
        state=f"incomplete: pieces of {len(lost)} files are missing" if lost else GOOD,
    )


def newest_good(store: Store) -> str:
    """The newest backup that is whole, every piece read.

    Raises:
        BackupError: there is none.
    """
    for name in reversed(store.names()):
        if not verify(store, [name]).problems:
            return name
    raise BackupError(f"{store.folder}: no backup is whole. See `pitchline backup verify`.")
