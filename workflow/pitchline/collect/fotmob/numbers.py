"""Numbers as FotMob prints them."""

import re
from typing import TypeAlias

Printed: TypeAlias = int | float | str | None

_LEADING_COUNT = re.compile(r"\s*(\d{1,6})(?![\d.])", re.ASCII)
_DECIMAL = re.compile(r"\s*(\d{1,6}(?:\.\d{1,9})?)\s*%?\s*", re.ASCII)
_LARGEST = 999_999


def count(printed: Printed) -> int | None:
    """A count: ``401``, ``"401"`` or ``"401 (82%)"``; None for ``"-"`` and anything else."""
    if isinstance(printed, str):
        found = _LEADING_COUNT.match(printed)
        return int(found[1]) if found else None
    if isinstance(printed, int) and 0 <= printed <= _LARGEST:
        return printed
    return None


def decimal(printed: Printed) -> float | None:
    """A number: ``2.38``, ``"2.38"`` or ``"45%"``; None for anything else."""
    if isinstance(printed, str):
        found = _DECIMAL.fullmatch(printed)
        return float(found[1]) if found else None
    if printed is not None and 0 <= printed <= _LARGEST:
        return float(printed)
    return None
