"""Whether backups are whole: every piece read, every hash made again."""

import hashlib
from dataclasses import dataclass, field

from pitchline.backup.manifest import Saved
from pitchline.backup.store import Store
from pitchline.errors import BackupError


@dataclass
class Verified:
    """What ``verify`` found.

    Attributes:
        files: how many files were looked at.
        bytes: their size.
        problems: a text each, naming the backup, the file and what is wrong.
    """

    files: int = 0
    bytes: int = 0
    problems: list[str] = field(default_factory=list)


def verify(store: Store, names: list[str]) -> Verified:
    """Read all that backups hold and compare every hash; a piece they share is read once."""
    found = Verified()
    pieces: dict[str, str | None] = {}
    whole: set[tuple[str, tuple[str, ...]]] = set()
    with store.held(shared=True):
        for name in names:
            try:
                manifest = store.read(name)
            except BackupError as error:
                found.problems.append(str(error))
                continue
            for file in manifest.files:
                found.files += 1
                found.bytes += file.bytes
                key = (file.sha256, tuple(file.chunks))
                problem = None if key in whole else _problem(store, file, pieces)
                if problem:
                    found.problems.append(f"backup {name}, {file.path}: {problem}")
                else:
                    whole.add(key)
    return found


def _problem(store: Store, file: Saved, pieces: dict[str, str | None]) -> str | None:
    for digest in file.chunks:
        if pieces.get(digest):
            return pieces[digest]
    content = hashlib.sha256()
    size = 0
    for digest in file.chunks:
        try:
            piece = store.get(digest)
        except BackupError as error:
            pieces[digest] = str(error)
            return str(error)
        content.update(piece)
        size += len(piece)
    if size != file.bytes or content.hexdigest() != file.sha256:
        return "its pieces are whole, together they are not the file that was saved"
    return None


def require_whole(store: Store, name: str, files: list[Saved]) -> None:
    """Read files of a backup before anything is done with them.

    Raises:
        BackupError: naming each file that is not whole.
    """
    pieces: dict[str, str | None] = {}
    problems = [f"{file.path}: {p}" for file in files if (p := _problem(store, file, pieces))]
    if problems:
        listed = "\n  ".join(problems)
        raise BackupError(
            f"backup {name} is damaged, nothing was restored:\n  {listed}\n"
            "Use an older one (`pitchline backup verify` tells which are whole), or restore the "
            "other parts with --only."
        )
