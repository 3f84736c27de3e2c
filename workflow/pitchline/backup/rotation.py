"""Which backups stay. No clock, no files: moments in, moments out."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from pitchline.params.backup import BackupKeep


def kept(moments: Iterable[datetime], now: datetime, keep: BackupKeep) -> set[datetime]:
    """The moments whose backups stay.

    The newest ones, and the newest of each of the last days, weeks and months that have any. One
    dated after ``now``, by a clock that was wrong then or is now, stays and takes no other's place.

    Args:
        moments: when the good backups were made.
        now: the present.
        keep: how many of each.
    """
    latest_first = sorted(set(moments), reverse=True)
    past = [moment for moment in latest_first if moment <= now]
    stay = {moment for moment in latest_first if moment > now}
    stay |= set(past[: keep.newest])
    stay |= _newest_of_each(past, _day, keep.days)
    stay |= _newest_of_each(past, _week, keep.weeks)
    stay |= _newest_of_each(past, _month, keep.months)
    return stay


def _newest_of_each(
    latest_first: list[datetime], period: Callable[[datetime], tuple[int, ...]], count: int
) -> set[datetime]:
    newest: dict[tuple[int, ...], datetime] = {}
    for moment in latest_first:
        newest.setdefault(period(moment.astimezone(UTC)), moment)
    return set(list(newest.values())[:count])


def _day(moment: datetime) -> tuple[int, ...]:
    return (moment.year, moment.month, moment.day)


def _week(moment: datetime) -> tuple[int, ...]:
    return tuple(moment.isocalendar())[:2]


def _month(moment: datetime) -> tuple[int, ...]:
    return (moment.year, moment.month)
