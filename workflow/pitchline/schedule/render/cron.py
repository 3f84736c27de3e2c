"""Cron expressions taken apart and put together again for other engines."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from zlib import crc32

from cronsim import CronSim

WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
EVERY_MINUTE, EVERY_HOUR = set(range(60)), set(range(24))
EVERY_DAY, EVERY_MONTH, EVERY_WEEKDAY = set(range(1, 32)), set(range(1, 13)), set(range(7))


@dataclass(frozen=True)
class Fields:
    """The values each field of an expression stands for; Sunday is 0."""

    minutes: set[int]
    hours: set[int]
    days: set[int]
    months: set[int]
    weekdays: set[int]


def fields_of(cron: str) -> Fields:
    """The values of an expression that ``plain_cron`` let pass."""
    parsed = CronSim(cron, datetime(2024, 1, 1, tzinfo=UTC))
    weekdays = {int(str(day)) % 7 for day in parsed.weekdays}
    return Fields(
        set(parsed.minutes), set(parsed.hours), {int(str(day)) for day in parsed.days},
        set(parsed.months), weekdays,
    )  # fmt: skip


def compact(values: set[int], every: set[int]) -> str:
    """Values as a cron field: a star, a step, a range or a list."""
    if values == every:
        return "*"
    ordered = sorted(values)
    gaps = {after - before for before, after in pairwise(ordered)}
    low, high = min(every), max(every)
    if len(gaps) == 1 and len(ordered) > 2:
        (gap,) = gaps
        if gap == 1:
            return f"{ordered[0]}-{ordered[-1]}"
        if ordered[0] == low and ordered[-1] + gap > high:
            return f"*/{gap}"
    return ",".join(map(str, ordered))


def expression(fields: Fields) -> str:
    """Fields as a cron expression."""
    return " ".join(
        [
            compact(fields.minutes, EVERY_MINUTE),
            compact(fields.hours, EVERY_HOUR),
            compact(fields.days, EVERY_DAY),
            compact(fields.months, EVERY_MONTH),
            compact(fields.weekdays, EVERY_WEEKDAY),
        ]
    )


def off_the_hour(cron: str, name: str) -> str:
    """The expression some minutes later, at an odd minute of the task's own.

    Hosted runners are crowded at full and round minutes, and start what is due then late or never.
    """
    fields = fields_of(cron)
    room = 59 - max(fields.minutes)
    odd = [n for n in range(3, room + 1) if all((m + n) % 2 for m in fields.minutes)]
    choices = odd or list(range(1, room + 1)) or [0]
    later = choices[crc32(name.encode()) % len(choices)]
    return expression(
        Fields({m + later for m in fields.minutes}, fields.hours, fields.days, fields.months,
               fields.weekdays)
    )  # fmt: skip


def on_calendar(cron: str) -> str:
    """The expression as systemd's OnCalendar, in UTC."""
    fields = fields_of(cron)

    def listed(values: set[int], every: set[int]) -> str:
        return "*" if values == every else ",".join(f"{value:02}" for value in sorted(values))

    names = [WEEKDAYS[day] for day in sorted(fields.weekdays, key=lambda day: (day - 1) % 7)]
    days = "" if fields.weekdays == EVERY_WEEKDAY else ",".join(names) + " "
    date = f"*-{listed(fields.months, EVERY_MONTH)}-{listed(fields.days, EVERY_DAY)}"
    time = f"{listed(fields.hours, EVERY_HOUR)}:{listed(fields.minutes, EVERY_MINUTE)}:00"
    return f"{days}{date} {time} UTC"
