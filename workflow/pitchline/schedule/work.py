"""A run at work: what belongs to it, and what makes it stop before its task's own end."""

import math
import signal
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pitchline.params import Schedule, ScheduledTask
from pitchline.schedule import turns
from pitchline.schedule.beats import Beat
from pitchline.schedule.ledger import Run, Status
from pitchline.schedule.log import RunLog

LOOK_SECONDS = 2.0
AT_LIMIT, CANCELLED, DISPLACED = 124, 143, 75


@dataclass(frozen=True)
class Asked:
    """A call of the runner.

    Attributes:
        trigger: who calls: cron, systemd, scheduler, ci, catch-up, manual, ...
        cause: why; None for the usual reason of the trigger.
        due: the due time to answer; None for the latest, if the trigger is one of time.
        settings: parameters changed for this run, as Snakemake's --config takes them.
        show: whether the task's output is shown as well.
        run_id: the run's name, if it was promised to somebody.
        records: whether ``schedule.record`` is heeded.
        passes: nothing is to be done: the run is recorded, and runs nothing.
    """

    task: str
    trigger: str = "manual"
    cause: str | None = None
    due: datetime | None = None
    settings: Sequence[str] = ()
    show: bool = False
    run_id: str | None = None
    records: bool = True
    passes: bool = False


@dataclass
class Ended(Exception):
    """The run ends here, other than by its task's own end."""

    status: Status
    exit_code: int
    why: str
    gives_back: bool = False


@dataclass
class Work:
    """A run at work and what belongs to it."""

    run: Run
    task: ScheduledTask
    schedule: Schedule
    connection: sqlite3.Connection
    beat: Beat
    log: RunLog
    asked: Asked
    params_file: Path
    got: signal.Signals | None = None
    looked: float = 0.0
    shown: int = 0
    attempt: int = 0
    least_room: float = math.inf
    metrics: dict[str, Any] = field(default_factory=dict)


def heed(work: Work) -> None:
    """Stop where a signal, `pitchline cancel` or the ledger says so."""
    if time.monotonic() - work.looked >= LOOK_SECONDS or work.got is not None:
        work.looked = time.monotonic()
        with suppress(sqlite3.OperationalError):
            now = turns.present(work.connection, work.run)
            if not now.is_open:
                raise Ended("lost", DISPLACED, f"another runner closed this run as {now.status}")
            if now.cancel is not None:
                raise Ended("cancelled", CANCELLED, f"cancelled: {now.cancel}")
    if work.got is not None:
        # Nobody meant this run: its due time is free for another.
        raise Ended("cancelled", CANCELLED, f"its runner got {work.got.name}", gives_back=True)


def heed_limit(work: Work, ends: float) -> None:
    """Stop at the limit, which ends at so much of the monotonic clock."""
    if time.monotonic() > ends:
        minutes = work.task.limit_minutes
        raise Ended("timed out", AT_LIMIT, f"over its limit of {minutes:g} minutes")
