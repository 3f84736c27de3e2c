"""The run ledger: what ran, when, why, how it ended. An SQLite file in WAL mode.

This module opens and reads it; ``turns`` writes it. Moments are milliseconds since 1970 in UTC.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pitchline import layout
from pitchline.errors import PitchlineError
from pitchline.schedule import clock

VERSION = 1
BUSY_SECONDS = 30.0

Status = Literal[
    "queued", "running", "succeeded", "failed", "timed out", "lost", "cancelled", "skipped"
]
OPEN: tuple[Status, ...] = ("queued", "running")

# `claim` is the due time while it is taken: no two runs of a task have the same. A run that never
# began gives it back. The index on `status` lets no second run begin while one is running.
SCHEMA = """
CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL UNIQUE,
    task TEXT NOT NULL,
    trigger TEXT NOT NULL,
    cause TEXT NOT NULL,
    target TEXT NOT NULL,
    due INTEGER,
    claim INTEGER,
    covers INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed',
        'timed out', 'lost', 'cancelled', 'skipped')),
    priority INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    attempt INTEGER NOT NULL DEFAULT 0,
    exit_code INTEGER,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_started REAL NOT NULL,
    boot TEXT NOT NULL,
    cancel TEXT,
    metrics TEXT NOT NULL DEFAULT '{}',
    artifacts TEXT NOT NULL DEFAULT '{}',
    log TEXT NOT NULL,
    UNIQUE (task, claim)
);
CREATE UNIQUE INDEX one_at_work ON runs (status) WHERE status = 'running';
CREATE INDEX of_task ON runs (task, number);
CREATE INDEX open_runs ON runs (priority, number) WHERE status IN ('queued', 'running');
CREATE TABLE tasks (name TEXT PRIMARY KEY, cron TEXT NOT NULL, since INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Run:
    """One run of a task.

    Attributes:
        number: the order in which runs were queued.
        due: the due time it answers; None for one by hand.
        covers: due times it makes up for, itself included.
        attempt: tries so far.
        exit_code: of the task; 124 at the limit.
        metrics: seconds, waiting, what the task told.
        artifacts: versions and hashes of what stood when it ended.
        log: where its output is, relative to the project's folder.
    """

    number: int
    run_id: str
    task: str
    trigger: str
    cause: str
    target: list[str]
    due: datetime | None
    covers: int
    status: Status
    priority: int
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    attempt: int
    exit_code: int | None
    host: str
    pid: int
    process_started: float
    boot: str
    cancel: str | None
    metrics: dict[str, Any]
    artifacts: dict[str, Any]
    log: str

    @property
    def is_open(self) -> bool:
        """Whether it waits or works still."""
        return self.status in OPEN

    def told(self) -> dict[str, Any]:
        """The run as plain values, moments spelt out."""
        left_out = ("process_started", "boot")
        return {
            name: clock.spell(value) if isinstance(value, datetime) else value
            for name, value in vars(self).items()
            if name not in left_out
        }


def run_of(row: sqlite3.Row) -> Run:
    """A row of the table as a run."""
    values = {name: row[name] for name in row.keys() if name != "claim"}  # noqa: SIM118
    for name in ("due", "queued_at", "started_at", "ended_at"):
        if values[name] is not None:
            values[name] = clock.from_milliseconds(values[name])
    for name in ("target", "metrics", "artifacts"):
        values[name] = json.loads(values[name])
    return Run(**values)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ones that say what to do.

    Raises:
        PitchlineError: the file can't be read or written.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise PitchlineError(
            f"{path}: the run ledger can't be read or written ({error}). "
            "Free disk space or check the folder's permissions, then run again."
        ) from error
    except sqlite3.DatabaseError as error:
        raise PitchlineError(
            f"{path}: the run ledger is damaged ({error}). Restore it from a backup, or move it "
            "away to begin a new one."
        ) from error


@contextmanager
def opened(path: Path = layout.LEDGER) -> Iterator[sqlite3.Connection]:
    """The ledger, open for writing; made if it is missing.

    Raises:
        PitchlineError: it can't be opened, is damaged, or is of a later version.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(_connect(path)) as connection:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous = FULL")
            _prepare(connection, path)
            yield connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and a writer be at work at once.

    SQLite refuses this at once, whatever the connection's patience, while another process is at
    the same in a new ledger.
    """
    ends = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(0.02)
        else:
            return


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        with transaction(connection):
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in filter(None, map(str.strip, SCHEMA.split(";"))):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
    elif version != VERSION:
        raise PitchlineError(
            f"{path}: the run ledger has version {version}, this code knows {VERSION}. "
            "Use the code that wrote it, or move it away to begin a new one."
        )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing; writers go one after the other."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _read(path: Path, query: str, values: tuple[Any, ...] = ()) -> list[Run]:
    if not path.exists():
        return []
    with explained(path), closing(_connect(path)) as connection:
        connection.execute("PRAGMA query_only = ON")
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            return []
        return [run_of(row) for row in connection.execute(query, values)]


def recent_runs(
    limit: int = 20, task: str | None = None, *, skipped: bool = False, path: Path = layout.LEDGER
) -> list[Run]:
    """The newest runs, newest first; none where there is no ledger yet.

    Args:
        limit: at most so many.
        task: of one task only.
        skipped: also calls whose due time another run had taken.
        path: the ledger.

    Raises:
        PitchlineError: the ledger can't be read.
    """
    return _read(
        path,
        "SELECT * FROM runs WHERE (?1 IS NULL OR task = ?1) AND (?2 OR status != 'skipped') "
        "ORDER BY number DESC LIMIT ?3",
        (task, skipped, limit),
    )


def last_runs(*, path: Path = layout.LEDGER) -> dict[str, Run]:
    """The newest run of every task that ever ran, by the task's name."""
    found = _read(
        path,
        "SELECT * FROM runs WHERE number IN "
        "(SELECT max(number) FROM runs WHERE status != 'skipped' GROUP BY task)",
    )
    return {run.task: run for run in found}


def last_successes(*, path: Path = layout.LEDGER) -> dict[str, Run]:
    """The newest run that succeeded of every task, by the task's name."""
    found = _read(
        path,
        "SELECT * FROM runs WHERE number IN "
        "(SELECT max(number) FROM runs WHERE status = 'succeeded' GROUP BY task)",
    )
    return {run.task: run for run in found}


def open_runs(*, path: Path = layout.LEDGER) -> list[Run]:
    """What runs and what waits, in the order of their turns."""
    return _read(
        path,
        "SELECT * FROM runs WHERE status IN ('queued', 'running') "
        "ORDER BY status = 'queued', priority DESC, number",
    )


def find_run(run_id: str, *, path: Path = layout.LEDGER) -> Run:
    """One run by its id, or by the beginning of it; ``last`` is the newest.

    Raises:
        PitchlineError: no such run, or several.
    """
    if run_id == "last":
        found = recent_runs(1, path=path)
    else:
        found = _read(path, "SELECT * FROM runs WHERE run_id = ?", (run_id,)) or _read(
            path,
            "SELECT * FROM runs WHERE substr(run_id, 1, length(?1)) = ?1 "
            "OR task = ?1 ORDER BY task = ?1, number DESC",
            (run_id,),
        )
        if found and all(run.task == run_id for run in found):
            found = found[:1]
    if not found and not recent_runs(1, skipped=True, path=path):
        raise PitchlineError(
            f"{path}: no task has run here yet. `pitchline status` lists the tasks, "
            "`pitchline run TASK` runs one."
        )
    if len(found) != 1:
        many = f"{len(found)} runs begin so" if found else "no such run"
        raise PitchlineError(
            f"{path}: {run_id!r}: {many}. Take an id that `pitchline status` shows, "
            "a task's name for its newest run, or `last`."
        )
    return found[0]
