"""Seasons: one spelling, and which season a date belongs to."""

import re
from datetime import date, datetime

# A season of two years starts in July; the longest one, 2019-20, ended in August.
FIRST_MONTH = 7
LATEST_END = (9, 1)

_SPELLINGS = re.compile(r"^\s*(\d{4})\s*(?:[-/\u2013]\s*(\d{2}|\d{4}))?\s*$")


def season_named(text: str) -> str:
    """``2025/2026``, ``2025-2026``, ``2025/26`` or ``2026`` in the one spelling.

    Returns:
        ``2025-26``, or ``2026`` for a season within one year.

    Raises:
        ValueError: it is no season.
    """
    found = _SPELLINGS.match(text)
    if not found:
        raise ValueError(f"{text!r} is no season such as 2025/2026 or 2026")
    first, second = int(found[1]), found[2]
    if second is None:
        return f"{first:04d}"
    if int(second) % 100 != (first + 1) % 100 or (len(second) == 4 and int(second) != first + 1):
        raise ValueError(f"{text!r}: the second year doesn't follow the first")
    return f"{first:04d}-{(first + 1) % 100:02d}"


def season_of(moment: date | datetime, one_year: bool = False) -> str:
    """The season a date falls in: July to June, or the calendar year."""
    if one_year:
        return f"{moment.year:04d}"
    first = moment.year if moment.month >= FIRST_MONTH else moment.year - 1
    return f"{first:04d}-{(first + 1) % 100:02d}"


def lies_in_season(moment: date | datetime, season: str) -> bool:
    """Whether a match of that date can belong to the season.

    A season of two years reaches from 1 July of the first to 31 August of the second; one of a
    single year from 1 January to the February after it.
    """
    day = (moment.year, moment.month, moment.day)
    first = int(season[:4])
    if len(season) == 4:
        return (first, 1, 1) <= day < (first + 1, 3, 1)
    return (first, FIRST_MONTH, 1) <= day < (first + 1, *LATEST_END)
