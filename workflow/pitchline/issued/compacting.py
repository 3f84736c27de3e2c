"""Many small files of a day into one, while others read and write.

The one file names those it replaces, and whoever reads it leaves them out; they are removed after
it stands. Killed at any moment, this neither loses a row nor shows it twice.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import psutil
import pyarrow as pa

from pitchline.errors import PitchlineError
from pitchline.files import PART_SUFFIX
from pitchline.issued.log import (
    SUFFIX,
    WHOLE,
    days_of,
    folder_of,
    read_day,
    unique_name,
    write,
)
from pitchline.issued.pipeline import PIPELINE

LOCK = ".compacting"


def compact(folder: Path, before: date | None = None) -> dict[date, int]:
    """Make one file of all that the API wrote on a day.

    Args:
        folder: of the log.
        before: days before this one; None for all but the newest, which is still written to.

    Returns:
        How many files each day's new file replaced; days with one file at most are left out.

    Raises:
        PitchlineError: another one is at work, or the log can't be read or written.
    """
    days = days_of(folder)
    chosen = [day for day in days if day < before] if before else days[:-1]
    if not chosen:
        return {}
    with _alone(folder):
        done = {day: _compact_day(folder_of(folder, day)) for day in chosen}
    return {day: count for day, count in done.items() if count}


def _compact_day(folder: Path) -> int:
    every = {path for path in folder.glob(f"*{SUFFIX}") if not _is_pipelines(path)}
    current = [(path, table) for path, table in read_day(folder) if not _is_pipelines(path)]
    standing = {path for path, _ in current}
    # Left by one that was killed before it had removed them, or by a writer that was.
    for path in every - standing:
        path.unlink(missing_ok=True)
    for path in folder.glob(f".*{PART_SUFFIX}"):
        owner = path.name.removesuffix(PART_SUFFIX).rpartition(".")[2]
        if not (owner.isdigit() and psutil.pid_exists(int(owner))):
            path.unlink(missing_ok=True)
    if len(current) < 2:
        return 0
    rows = pa.concat_tables([table for _, table in current])
    rows = rows.sort_by([("issued_at", "ascending"), ("forecast_id", "ascending")])
    name = f"{WHOLE}{unique_name(datetime.now(UTC), 0, os.urandom(4).hex())}{SUFFIX}"
    write(folder / name, rows, [path.name for path, _ in current])
    for path, _ in current:
        path.unlink(missing_ok=True)
    return len(current)


def _is_pipelines(path: Path) -> bool:
    """Whether the pipeline finds its file again by the name."""
    return path.name.startswith(f"{PIPELINE}-")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PitchlineError(
                f"{folder}: another `pitchline issued compact` is at work. Wait for it to end."
            ) from error
        yield
