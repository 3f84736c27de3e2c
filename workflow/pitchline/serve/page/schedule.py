"""The run ledger and the schedule's table, as the page tells them."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from pitchline import layout
from pitchline.errors import PitchlineError
from pitchline.params import PARAMS_FILE, ScheduledTask, load
from pitchline.schedule import due, ledger
from pitchline.serve.log import LOGGER
from pitchline.serve.page import runs, words
from pitchline.serve.page.evidence import Gap, Stamp, stamps_of

SHOWN_RUNS = 8
# New rows stand in the second file before they come into the first.
LEDGER_FILES = (layout.LEDGER, layout.LEDGER.with_name(f"{layout.LEDGER.name}-wal"))
NO_TABLE = Gap("The schedule's table can't be read.", "pitchline schedule check")
NO_LEDGER = Gap("The run ledger can't be read.", "pitchline status")
_log = logging.getLogger(LOGGER)

Told = tuple[tuple[runs.Run, ...], Gap | None]


class Schedule:
    """The last runs and the next ones of a project, read anew when they change."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._ledger_seen: tuple[Stamp, ...] | None = None
        self._table_seen: tuple[Stamp, ...] | None = None
        self._ran: Told = ((), None)
        self._tasks: dict[str, ScheduledTask] | None = None
        self._due: tuple[runs.Due, ...] = ()
        self._next: datetime | None = None

    def read(self, now: datetime) -> tuple[Told, tuple[runs.Due, ...], Gap | None, bool]:
        """What ran, what is due, a gap in the latter, whether that differs from the last look.

        Args:
            now: by the wall's clock.
        """
        changed = self._read_ledger() | self._read_table()
        passed = self._next is not None and now >= self._next
        if self._tasks is not None and (changed or passed):
            self._due, self._next = _next(self._tasks, now)
        return self._ran, self._due, NO_TABLE if self._tasks is None else None, changed or passed

    def _read_ledger(self) -> bool:
        seen = stamps_of(self._root / path for path in LEDGER_FILES)
        if seen == self._ledger_seen:
            return False
        self._ledger_seen = seen
        try:
            # A service reads beside runners at work, whose last rows are the news.
            found = ledger.recent_runs(SHOWN_RUNS, path=self._root / layout.LEDGER)
            self._ran = tuple(_run(each) for each in found), None
        except (PitchlineError, LookupError, RecursionError, TypeError, ValueError) as error:
            _log.warning("the run ledger can't be read", exc_info=error)
            self._ran = (), NO_LEDGER
        return True

    def _read_table(self) -> bool:
        seen = stamps_of([self._root / PARAMS_FILE])
        if seen == self._table_seen:
            return False
        self._table_seen = seen
        self._due, self._next, self._tasks = (), None, None
        try:
            self._tasks = dict(load(self._root / PARAMS_FILE).schedule.tasks)
        except (PitchlineError, OSError, RecursionError, ValueError) as error:
            _log.warning("the schedule's table can't be read", exc_info=error)
        return True


def _next(
    tasks: dict[str, ScheduledTask], now: datetime
) -> tuple[tuple[runs.Due, ...], datetime | None]:
    """The next due time of each task that is on, the first first; and the first of all."""
    dues = [
        (due.next_due(task.cron, now), name, task) for name, task in tasks.items() if task.enabled
    ]
    found = sorted(dues, key=lambda each: each[:2])
    told = tuple(
        runs.Due(
            task=name,
            at=words.told(when),
            at_iso=words.iso(when),
            schedule=task.cron,
            limit=words.lasting(timedelta(minutes=task.limit_minutes).total_seconds()),
        )
        for when, name, task in found
    )
    return told, found[0][0] if found else None


def _run(told: ledger.Run) -> runs.Run:
    seconds = None
    if told.started_at and told.ended_at:
        seconds = (told.ended_at - told.started_at).total_seconds()
    parts = [told.trigger]
    if told.exit_code:
        parts.append(f"exit status {told.exit_code}")
    if told.attempt > 1:
        parts.append(f"{told.attempt} tries")
    if told.covers > 1:
        parts.append(f"for {told.covers} due times")
    if told.cause:
        parts.append(told.cause)
    began = told.started_at or told.queued_at
    return runs.run(told.task, told.status, began, seconds, ", ".join(parts))
