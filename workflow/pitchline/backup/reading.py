"""Reading a project's files while others may write them."""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from pitchline.backup.parts import Part, files_of
from pitchline.backup.store import SCRATCH
from pitchline.errors import BackupError

SQLITE = b"SQLite format 3\0"
# A part that is still changing after so many readings is saved as it was read last, and told.
PASSES = 5
LOCKED_SECONDS = 30.0

# When a file was written, how long it is, which file it is. Of a database: nothing, since the copy
# is of one moment whatever goes on.
Stamp = tuple[int, int, int] | None


class Reader:
    """Reads files of a project into copies of one moment.

    Args:
        project: the project's folder.
        scratch: a folder for copies of databases.
    """

    def __init__(self, project: Path, scratch: Path) -> None:
        self._project = project
        self._scratch = scratch
        self.notes: list[str] = []

    def part(self, part: Part, save: Callable[[Path, int, IO[bytes]], None]) -> set[Path]:
        """Read all files of a part, those that change meanwhile anew.

        Args:
            part: which.
            save: takes a path, when it was written (nanoseconds since 1970), and its content;
                called again for a file that has changed since.

        Returns:
            The paths that the part has.

        Raises:
            BackupError: a file can't be read.
        """
        seen: dict[Path, Stamp] = {}
        for _ in range(PASSES):
            for path, stamp in self._stamps(part).items():
                if path not in seen or seen[path] != stamp:
                    with contextlib.suppress(FileNotFoundError):
                        self._read(path, save)
                        seen[path] = stamp
            now = self._stamps(part)
            gone = set(seen) - set(now)
            for path in gone:
                del seen[path]
            if now == seen:
                return set(seen)
        unsettled = sorted(str(path) for path in now if now[path] != seen.get(path, ()))
        self.notes.append(
            f"{part.name}: still changing after {PASSES} readings, saved as read last: "
            f"{', '.join(unsettled[:5])}{' ...' if len(unsettled) > 5 else ''}"
        )
        return set(seen)

    def _stamps(self, part: Part) -> dict[Path, Stamp]:
        found: dict[Path, Stamp] = {}
        for path in files_of(self._project, part):
            with contextlib.suppress(FileNotFoundError), _naming(path):
                found[path] = _stamp(self._project / path)
        return found

    def _read(self, path: Path, save: Callable[[Path, int, IO[bytes]], None]) -> None:
        source = self._project / path
        with _naming(path), contextlib.ExitStack() as stack:
            written = source.stat().st_mtime_ns
            if is_sqlite(source):
                source = stack.enter_context(self._copy_of_database(path))
            save(path, written, stack.enter_context(source.open("rb")))

    @contextlib.contextmanager
    def _copy_of_database(self, path: Path) -> Iterator[Path]:
        """The database as it is at one moment, writers going on; damaged, its bytes as they are."""
        with tempfile.TemporaryDirectory(dir=self._scratch, prefix=SCRATCH) as folder:
            copy = Path(folder) / "copy"
            try:
                problem = copy_database(self._project / path, copy)
            except sqlite3.OperationalError as error:
                raise BackupError(
                    f"{path}: can't be copied ({error}). End what keeps it locked "
                    f"(`fuser {path}` names it) or free disk space, then run again. "
                    "The backups made before are untouched."
                ) from error
            except sqlite3.DatabaseError as error:
                problem, copy = str(error), self._project / path
            if problem:
                self.notes.append(f"{path}: damaged ({problem}), saved as it is")
            yield copy


def copy_database(source: Path, copy: Path) -> str | None:
    """Copy a database page by page, so that equal ones give equal copies.

    Returns:
        What SQLite finds wrong with it, if anything.

    Raises:
        sqlite3.Error: it can't be copied: locked, no room, or too damaged.
    """
    mode = "rw" if os.access(source, os.W_OK) else "ro"
    uri = f"{source.absolute().as_uri()}?mode={mode}"
    with (
        contextlib.closing(sqlite3.connect(uri, uri=True, timeout=LOCKED_SECONDS)) as old,
        contextlib.closing(sqlite3.connect(copy)) as new,
    ):
        old.backup(new)
        (found,) = new.execute("PRAGMA quick_check(1)").fetchone()
    return None if found == "ok" else str(found).splitlines()[0]


def is_sqlite(path: Path) -> bool:
    """Whether a file is a database of SQLite."""
    with path.open("rb") as handle:
        return handle.read(len(SQLITE)) == SQLITE


def _stamp(path: Path) -> Stamp:
    if is_sqlite(path):
        return None
    told = path.stat()
    return told.st_mtime_ns, told.st_size, told.st_ino


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BackupError(
            f"{path}: can't be read ({error.strerror}). Check who may read it, or switch its part "
            "off in `backup.parts` of params.yaml. The backups made before are untouched."
        ) from error
