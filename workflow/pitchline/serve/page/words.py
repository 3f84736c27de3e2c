"""Figures and moments as people read them."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

DASH = "\u2013"
UNKNOWN = DASH
# Narrow, and no line breaks there.
THIN = "\u202f"
HUNDRED = 100


def shares(probabilities: Sequence[float]) -> tuple[int, ...]:
    """Whole percents that sum to 100: each is rounded down, the largest remainders get one more.

    Args:
        probabilities: finite, not negative, not all 0.
    """
    total = math.fsum(probabilities)
    exact = [HUNDRED * each / total for each in probabilities]
    floors = [math.floor(each) for each in exact]
    order = sorted(range(len(exact)), key=lambda place: (floors[place] - exact[place], place))
    for place in order[: HUNDRED - sum(floors)]:
        floors[place] += 1
    return tuple(floors)


def figure(value: Any, decimals: int = 3) -> str:
    """A number with its decimals; a dash where there is none."""
    if not is_number(value):
        return UNKNOWN
    return f"{value:,.{decimals}f}"


def percent(value: Any) -> str:
    """A share of 1 as whole percents."""
    return f"{value:.0%}".replace("%", f"{THIN}%") if is_number(value) else UNKNOWN


def span(pair: Any, decimals: int = 3) -> str:
    """An interval; nothing where there is none."""
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(map(is_number, pair)):
        return ""
    return f"{pair[0]:.{decimals}f} to {pair[1]:.{decimals}f}"


def percent_span(pair: Any) -> str:
    """An interval of shares, in whole percents."""
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(map(is_number, pair)):
        return ""
    return f"{HUNDRED * pair[0]:.0f} to {HUNDRED * pair[1]:.0f}{THIN}%"


def count(number: Any) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,.0f}" if is_number(number) else UNKNOWN


def counted(number: Any, one: str, many: str | None = None) -> str:
    """A number of things: ``1 match``, ``2 matches``."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def is_number(value: Any) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def moment(text: str) -> datetime:
    """An ISO moment in UTC.

    Raises:
        ValueError: it is none.
    """
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def iso(when: datetime | date) -> str:
    """For ``<time datetime>``."""
    if isinstance(when, datetime):
        return f"{when:%Y-%m-%dT%H:%M:%SZ}"
    return when.isoformat()


def day(when: datetime | date) -> str:
    """``Saturday 9 May 2026``."""
    return f"{when:%A} {when.day} {when:%B} {when.year}"


def short_day(when: datetime | date) -> str:
    """``9 May 2026``."""
    return f"{when.day} {when:%b} {when.year}"


def weekday(when: datetime | date) -> str:
    """``Sat 9 May``."""
    return f"{when:%a} {when.day} {when:%b}"


def clock(when: datetime) -> str:
    """``11:30``."""
    return f"{when:%H:%M}"


def told(when: datetime) -> str:
    """``9 May 2026, 11:30 UTC``."""
    return f"{short_day(when)}, {clock(when)} UTC"


def lasting(seconds: Any) -> str:
    """A duration in its largest two units."""
    if not is_number(seconds):
        return UNKNOWN
    if seconds < 60:
        return f"{max(seconds, 0):.0f} s" if seconds >= 1 or seconds <= 0 else "under 1 s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def dashed(score: object) -> str:
    """A score, ``2-1``, with the dash that belongs there."""
    return str(score).replace("-", DASH) if score else UNKNOWN


def clipped(text: object, length: int = 200) -> str:
    """A text in one line, no longer than some letters."""
    line = " ".join(str(text).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
