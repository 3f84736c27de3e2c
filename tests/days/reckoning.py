"""What became of every due time, by the run ledger."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pitchline.params.schedule import Schedule
from pitchline.schedule import room
from pitchline.schedule.due import due_times
from pitchline.schedule.ledger import Run

# A run that ended by itself or at its limit has happened; one broken off has not, nor one that had
# no room to work in and left its due time to another.
HAPPENED = ("succeeded", "failed", "timed out")


@dataclass
class Reckoning:
    """Due times, and how often each was answered.

    Attributes:
        due: due times of all tasks.
        once: those that one run answered.
        missed: those that none did.
        doubled: those that several did.
        open: runs that neither ended nor were closed.
        statuses: runs by task and status.
    """

    due: int = 0
    once: int = 0
    missed: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    statuses: dict[str, dict[str, int]] = field(default_factory=dict)


def reckon(schedule: Schedule, runs: Sequence[Run], begins: datetime, ends: datetime) -> Reckoning:
    """Hold the ledger against the table.

    Args:
        schedule: the table.
        runs: all of the ledger.
        begins: due times after it count.
        ends: due times until then do.
    """
    found = Reckoning(open=[run.run_id for run in runs if run.is_open])
    for name, task in schedule.tasks.items():
        if not task.enabled:
            continue
        of_task = [run for run in runs if run.task == name]
        found.statuses[name] = dict(Counter(run.status for run in of_task))
        dues = list(due_times(task.cron, begins, ends))
        answered = answers(dues, of_task)
        found.due += len(dues)
        for due in dues:
            told = f"{name} {due:%Y-%m-%dT%H:%MZ}"
            if answered[due] == 1:
                found.once += 1
            elif answered[due] == 0:
                found.missed.append(told)
            else:
                found.doubled.append(told)
    return found


def answers(dues: Sequence[datetime], runs: Iterable[Run]) -> Mapping[datetime, int]:
    """How many runs that happened answer each due time.

    A run that makes up for several answers its own and those before it.
    """
    found: Counter[datetime] = Counter()
    for run in runs:
        if run.due is None or run.status not in HAPPENED or run.cause.endswith(room.FULL):
            continue
        before = [due for due in dues if due <= run.due][-run.covers :]
        if run.due in dues:
            found.update(before)
    return found


def delays(runs: Iterable[Run], trigger: str) -> dict[str, Any]:
    """Start delays of runs that a trigger called at their due time, in seconds."""
    found = sorted(
        run.metrics["start_delay_seconds"]
        for run in runs
        if run.trigger == trigger and "start_delay_seconds" in run.metrics
    )
    if not found:
        return {"runs": 0}
    return {"runs": len(found), "median": found[len(found) // 2], "largest": found[-1]}
