"""When a task is due: cron expressions in UTC, read in one way for every engine."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

from cronsim import CronSim

from pitchline.params import Schedule

SECOND = timedelta(seconds=1)
# Due times counted of a task that nothing ran for long.
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Missed:
    """Due times that nobody answered.

    Attributes:
        latest: the last of them.
        first: the first of them.
        count: how many.
    """

    latest: datetime
    first: datetime
    count: int


def _whole_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def next_due(cron: str, after: datetime) -> datetime:
    """The first due time later than a moment."""
    return next(CronSim(cron, _whole_second(after)))


def latest_due(cron: str, at: datetime) -> datetime:
    """The last due time that is not later than a moment."""
    return next(CronSim(cron, _whole_second(at) + SECOND, reverse=True))


def due_times(cron: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """The due times later than one moment and not later than another, in order."""
    end = until.astimezone(UTC)
    return takewhile(lambda due: due <= end, CronSim(cron, _whole_second(after)))


def missed(cron: str, after: datetime, until: datetime) -> Missed | None:
    """The due times of a span as one; None if there is none."""
    found = list(islice(due_times(cron, after, until), MOST_COUNTED))
    if not found:
        return None
    return Missed(latest_due(cron, until), found[0], len(found))


def next_dues(schedule: Schedule, now: datetime) -> dict[str, datetime | None]:
    """Every task's next due time, in the table's order; None for a task that is off."""
    return {
        name: next_due(task.cron, now) if task.enabled else None
        for name, task in schedule.tasks.items()
    }
