"""The queue in the ledger: entering it, taking a turn, being closed. One run works at a time.

Of the runs that wait the one of the highest priority goes first, of equals the one that came
first. Whoever waits also closes the runs whose runner is gone, so no dead one keeps its place.
"""

import json
import os
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from pitchline import layout
from pitchline.params import Schedule, ScheduledTask
from pitchline.schedule import beats, clock
from pitchline.schedule.due import missed
from pitchline.schedule.ledger import Run, Status, run_of, transaction

# A claim further ahead than this was made by a clock that ran fast, and holds only itself.
AHEAD = timedelta(seconds=60)
# A due time whose run was broken off, or had no room, is made up for; after two it is given up.
MOST_BROKEN_OFF = 2


@dataclass(frozen=True)
class Wanted:
    """A run that is asked for."""

    task: str
    trigger: str
    cause: str
    target: list[str]
    priority: int
    due: datetime | None


@dataclass(frozen=True)
class Turn:
    """What a look at the queue gave.

    Attributes:
        mine: whether this run may begin.
        closed: runs of others that were closed because their runner is gone.
        hung: those of them whose runner is stuck, and must be ended.
    """

    mine: bool
    closed: list[Run]
    hung: list[Run]


def new_run_id(task: str) -> str:
    """A name for a run: when, which task, and four letters against doubles."""
    return f"{clock.now():%Y%m%dT%H%M%SZ}-{task}-{secrets.token_hex(2)}"


def register(connection: sqlite3.Connection, schedule: Schedule) -> None:
    """Note since when each task that is on is due by its cron.

    A task new, switched on or given another cron is due from now on: nothing before is missed.
    """
    wanted = {name: task.cron for name, task in schedule.tasks.items() if task.enabled}
    now = clock.milliseconds(clock.now())
    latest = now + clock.milliseconds(clock.from_milliseconds(0) + AHEAD)

    def differs() -> bool:
        rows = connection.execute("SELECT name, cron, since FROM tasks").fetchall()
        known = {row["name"]: row["cron"] for row in rows if row["since"] <= latest}
        return known != wanted or len(rows) != len(known)

    if not differs():
        return
    with transaction(connection):
        connection.execute("DELETE FROM tasks WHERE since > ?", (latest,))
        for row in connection.execute("SELECT name, cron FROM tasks").fetchall():
            if wanted.get(row["name"]) != row["cron"]:
                connection.execute("DELETE FROM tasks WHERE name = ?", (row["name"],))
        connection.executemany(
            "INSERT OR IGNORE INTO tasks VALUES (?, ?, ?)",
            [(name, cron, now) for name, cron in wanted.items()],
        )


def answered_until(connection: sqlite3.Connection, task: str) -> datetime | None:
    """The moment up to which a task's due times are answered; None for a task that is off."""
    row = connection.execute("SELECT since FROM tasks WHERE name = ?", (task,)).fetchone()
    if row is None:
        return None
    latest = clock.milliseconds(clock.now() + AHEAD)
    claim = connection.execute(
        "SELECT max(claim) FROM runs WHERE task = ? AND claim <= ?", (task, latest)
    ).fetchone()[0]
    return clock.from_milliseconds(max(row["since"], claim or 0))


def enter(connection: sqlite3.Connection, run_id: str, wanted: Wanted, cron: str | None) -> Run:
    """Queue a run, or record that its due time is taken and it is skipped.

    Args:
        connection: the ledger.
        run_id: its name.
        wanted: what is asked for.
        cron: of the task, to count the due times it makes up for.
    """
    with transaction(connection):
        status: Status = "queued"
        cause, claim, covers = wanted.cause, None, 1
        if wanted.due is not None:
            claim = clock.milliseconds(wanted.due)
            holder = connection.execute(
                "SELECT run_id FROM runs WHERE task = ? AND "
                "(claim = ? OR claim BETWEEN ? AND ?) LIMIT 1",
                (wanted.task, claim, claim, clock.milliseconds(clock.now() + AHEAD)),
            ).fetchone()
            before = answered_until(connection, wanted.task)
            if holder is not None:
                status, cause = "skipped", f"due time taken by {holder['run_id']}"
                claim = None
            elif cron is not None and before is not None and before < wanted.due:
                span = missed(cron, before, wanted.due)
                covers = span.count if span else 1
        now = clock.milliseconds(clock.now())
        values: Mapping[str, Any] = {
            "run_id": run_id,
            "task": wanted.task,
            "trigger": wanted.trigger,
            "cause": cause,
            "target": json.dumps(wanted.target),
            "due": None if wanted.due is None else clock.milliseconds(wanted.due),
            "claim": claim,
            "covers": covers,
            "status": status,
            "priority": wanted.priority,
            "queued_at": now,
            "ended_at": now if status == "skipped" else None,
            "host": beats.HOST,
            "pid": os.getpid(),
            "process_started": psutil.Process().create_time(),
            "boot": beats.boot_id(),
            "log": str(layout.RUN_LOGS / f"{run_id}.log"),
        }
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", values)  # noqa: S608
        return _run(connection, run_id)


def take_turn(connection: sqlite3.Connection, run: Run, lost_after_seconds: float) -> Turn:
    """Begin, if it is this run's turn; close whoever is gone.

    Args:
        connection: the ledger.
        run: that waits.
        lost_after_seconds: silence after which a runner is taken for hung.
    """
    with transaction(connection):
        closed, hung = _close_the_gone(connection, lost_after_seconds, run.run_id)
        first = connection.execute(
            "SELECT run_id FROM runs WHERE status IN ('queued', 'running') "
            "ORDER BY status = 'queued', priority DESC, number LIMIT 1"
        ).fetchone()
        mine = first is not None and first["run_id"] == run.run_id
        if mine:
            connection.execute(
                "UPDATE runs SET status = 'running', started_at = ? "
                "WHERE run_id = ? AND status = 'queued'",
                (clock.milliseconds(clock.now()), run.run_id),
            )
    return Turn(mine, closed, hung)


def close_the_gone(
    connection: sqlite3.Connection, lost_after_seconds: float
) -> tuple[list[Run], list[Run]]:
    """Close runs whose runner is gone; gives them, and those whose runner is stuck."""
    with transaction(connection):
        return _close_the_gone(connection, lost_after_seconds, None)


def _close_the_gone(
    connection: sqlite3.Connection, lost_after_seconds: float, mine: str | None
) -> tuple[list[Run], list[Run]]:
    closed, hung = [], []
    rows = connection.execute(
        "SELECT * FROM runs WHERE status IN ('queued', 'running') AND run_id IS NOT ?", (mine,)
    )
    for run in map(run_of, rows.fetchall()):
        state, outcome = beats.look(run, lost_after_seconds)
        if state == "alive":
            continue
        if outcome is not None:
            told = replace(run, cause=cause_of(run, outcome))
            _close(connection, told, outcome.status, outcome.exit_code, outcome.ended_at)
            if outcome.gives_back:
                _give_back(connection, run)
        else:
            why = "is stuck" if state == "hung" else "is gone"
            cause = f"{run.cause}; its runner (process {run.pid} on {run.host}) {why}"
            now = clock.milliseconds(clock.now())
            _close(connection, replace(run, cause=cause), "lost", None, now)
            _give_back(connection, run)
        beats.forget(run)
        closed.append(_run(connection, run.run_id))
        if state == "hung":
            hung.append(run)
    return closed, hung


def _give_back(connection: sqlite3.Connection, run: Run) -> None:
    """Let another run answer the due time of one that never began, or that could not, once."""
    if run.due is None:
        return
    begun = connection.execute(
        "SELECT count(*) FROM runs WHERE task = ? AND due = ? AND started_at IS NOT NULL "
        "AND status IN ('lost', 'cancelled', 'failed')",
        (run.task, clock.milliseconds(run.due)),
    ).fetchone()[0]
    if run.started_at is None or begun < MOST_BROKEN_OFF:
        connection.execute("UPDATE runs SET claim = NULL WHERE run_id = ?", (run.run_id,))


def _close(
    connection: sqlite3.Connection, run: Run, status: str, exit_code: int | None, ended_at: int
) -> None:
    connection.execute(
        "UPDATE runs SET status = ?, exit_code = ?, ended_at = ?, cause = ? WHERE run_id = ?",
        (status, exit_code, ended_at, run.cause, run.run_id),
    )


def cause_of(run: Run, outcome: beats.Outcome) -> str:
    """Why a run was, and why it ended as it did."""
    return f"{run.cause}; {outcome.why}" if outcome.why else run.cause


def close(
    connection: sqlite3.Connection,
    run: Run,
    outcome: beats.Outcome,
    metrics: dict[str, Any],
    artifacts: dict[str, Any],
) -> Run:
    """Record how a run ended; one that another closed meanwhile stays as it is.

    Args:
        connection: the ledger.
        run: the run.
        outcome: how it ended.
        metrics: what it took and told.
        artifacts: what stands now.
    """
    with transaction(connection):
        connection.execute(
            "UPDATE runs SET status = ?, exit_code = ?, ended_at = ?, cause = ?, metrics = ?, "
            "artifacts = ? WHERE run_id = ? AND status IN ('queued', 'running')",
            (
                outcome.status,
                outcome.exit_code,
                outcome.ended_at,
                cause_of(run, outcome),
                json.dumps(metrics),
                json.dumps(artifacts),
                run.run_id,
            ),
        )
        if outcome.gives_back:
            _give_back(connection, run)
        return _run(connection, run.run_id)


def note_attempt(connection: sqlite3.Connection, run: Run, attempt: int) -> None:
    """Record which try it is at."""
    connection.execute("UPDATE runs SET attempt = ? WHERE run_id = ?", (attempt, run.run_id))


def ask_to_cancel(connection: sqlite3.Connection, run: Run, why: str) -> None:
    """Ask a run's runner to end it."""
    connection.execute(
        "UPDATE runs SET cancel = ? WHERE run_id = ? AND status IN ('queued', 'running')",
        (why, run.run_id),
    )


def present(connection: sqlite3.Connection, run: Run) -> Run:
    """The run as the ledger has it now."""
    return _run(connection, run.run_id)


def remove_oldest(connection: sqlite3.Connection, keep: int) -> list[Path]:
    """Remove all but the newest runs; gives the logs of those that were removed.

    A task's last claim stays: without it every due time since would seem to be missed.
    """
    with transaction(connection):
        last = connection.execute(
            "SELECT number FROM runs ORDER BY number DESC LIMIT 1 OFFSET ?", (keep - 1,)
        ).fetchone()
        if last is None:
            return []
        rows = connection.execute(
            "DELETE FROM runs WHERE number < ? AND status NOT IN ('queued', 'running') "
            "AND (claim IS NULL OR claim < "
            "(SELECT max(other.claim) FROM runs AS other WHERE other.task = runs.task)) "
            "RETURNING log",
            (last["number"],),
        ).fetchall()
    return [Path(row["log"]) for row in rows]


def _run(connection: sqlite3.Connection, run_id: str) -> Run:
    row = connection.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return run_of(row)


def wanted_of(
    name: str, task: ScheduledTask, trigger: str, cause: str, due: datetime | None
) -> Wanted:
    """A run of the table's task."""
    return Wanted(name, trigger, cause, task.target, task.priority, due)
