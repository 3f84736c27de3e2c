"""What a backup is made of: the folders and files of each part."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from pitchline import layout
from pitchline.errors import BackupError
from pitchline.files import PART_SUFFIX
from pitchline.params.backup import BackupParts

# SQLite's own: they hold for the file they stand beside, and a copy needs none.
SIDE_FILES = ("-wal", "-shm", "-journal")
LOCKS = ("lock", ".lock")
# Signs of life of runs that are at work now.
BEATS = layout.BEATS.name


@dataclass(frozen=True)
class Part:
    """A part of a backup.

    Attributes:
        name: as in params.yaml.
        roots: its files, and the folders that are its own altogether.
    """

    name: str
    roots: tuple[Path, ...]


PARTS = (
    Part("schedule", (layout.SCHEDULE_STATE, layout.EMERGENCIES.parent)),
    Part(
        "champions",
        (
            layout.CHAMPION,
            layout.DECISION,
            layout.CHALLENGER,
            layout.CHAMPIONS,
            layout.CHALLENGERS,
            layout.REJECTED,
        ),
    ),
    Part("mlflow", (layout.MLFLOW_STORE, layout.UNSENT)),
    Part("studies", (layout.SEARCHES, layout.BACKTEST_SEARCHES)),
    Part("raw", (layout.RAW, layout.COLLECT_STATE)),
    Part("forecasts", (layout.ISSUED,)),
    Part("alerts", (layout.ALERTS,)),
)
BY_NAME = {part.name: part for part in PARTS}
_ROOTS = [(root.as_posix(), part) for part in PARTS for root in part.roots]


def chosen(settings: BackupParts) -> list[Part]:
    """The parts that params.yaml asks for."""
    return [part for part in PARTS if getattr(settings, part.name)]


def owner_of(path: PurePath) -> Part | None:
    """The part a project's file belongs to; None if it belongs to none."""
    name = path.as_posix()
    for root, part in _ROOTS:
        if name == root or name.startswith(f"{root}/"):
            return part
    return None


def is_passing(name: str) -> bool:
    """Whether a file or folder by this name is not worth keeping: half written, a lock."""
    return (
        name == BEATS
        or name.startswith(".new-")
        or name.endswith((PART_SUFFIX, *LOCKS, *SIDE_FILES))
    )


def files_of(project: Path, part: Part, *, side_files: bool = False) -> list[Path]:
    """The files of a part, relative to the project, in order.

    Args:
        project: the project's folder.
        part: which part.
        side_files: also those that SQLite has beside a database.
    """
    found = (path for root in part.roots for path in _files(project / root, side_files))
    return sorted(path.relative_to(project) for path in found)


def _files(root: Path, side_files: bool) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, folders, names in os.walk(root, onerror=_unless_absent):
        folders[:] = [name for name in folders if not is_passing(name)]
        for name in names:
            wanted = not is_passing(name) or (side_files and name.endswith(SIDE_FILES))
            if wanted and (path := Path(folder) / name).is_file():
                yield path


def _unless_absent(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise BackupError(
            f"{error.filename}: can't be read ({error.strerror}). Check who may read the folder, "
            "or switch its part off in `backup.parts` of params.yaml."
        ) from error
