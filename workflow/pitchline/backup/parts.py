"""What a backup is made of: the folders and files of each part."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from pitchline import layout
from pitchline.errors import BackupError
from pitchline.files import PART_SUFFIX
from pitchline.params.backup import Backup

# SQLite's own: they hold for the file they stand beside, and a copy needs none.
SIDE_FILES = ("-wal", "-shm", "-journal")
LOCKS = ("lock", ".lock")
# Signs of life of runs that are at work now.
BEATS = layout.BEATS.name


MEGABYTE = 1_000_000
DAY_NS = 86_400 * 10**9


@dataclass(frozen=True)
class Newest:
    """Bounds of a part that only its newest files belong to.

    Attributes:
        days: before the newest file.
        size: of all together, bytes; a file that would go beyond it is left out.
    """

    days: int
    size: int


@dataclass(frozen=True)
class Part:
    """A part of a backup.

    Attributes:
        name: as in params.yaml.
        roots: its files, and the folders that are its own altogether.
        adds: a restore adds to what is there: what the backup doesn't have is not in the way.
        newest: what is saved of it; None for all.
    """

    name: str
    roots: tuple[Path, ...]
    adds: bool = False
    newest: Newest | None = None


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
    Part("logs", (layout.RUN_LOGS,), adds=True),
)
BY_NAME = {part.name: part for part in PARTS}
_ROOTS = [(root.as_posix(), part) for part in PARTS for root in part.roots]


def chosen(settings: Backup) -> list[Part]:
    """The parts that params.yaml asks for, within its bounds."""
    logs = Newest(settings.run_logs.days, settings.run_logs.megabytes * MEGABYTE)
    bounds = {"logs": logs}
    return [
        replace(part, newest=bounds.get(part.name))
        for part in PARTS
        if getattr(settings.parts, part.name)
    ]


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
    found = [path for root in part.roots for path in _files(project / root, side_files)]
    if part.newest is not None:
        found = _within(found, part.newest)
    return sorted(path.relative_to(project) for path in found)


def _within(paths: list[Path], bounds: Newest) -> list[Path]:
    """The newest files that fit."""
    told: list[tuple[int, Path, int]] = []
    for path in paths:
        with suppress(FileNotFoundError):
            found = path.stat()
            told.append((found.st_mtime_ns, path, found.st_size))
    told.sort(reverse=True)
    left, kept = bounds.size, []
    for written, path, size in told:
        if written >= told[0][0] - bounds.days * DAY_NS and size <= left:
            left -= size
            kept.append(path)
    return kept


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
