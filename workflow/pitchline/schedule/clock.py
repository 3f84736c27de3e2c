"""The schedule's moments: read, spelt out, and as the ledger keeps them."""

from datetime import UTC, datetime

from pitchline.clock import VARIABLE, now, offset_seconds
from pitchline.errors import PitchlineError

__all__ = [
    "VARIABLE",
    "from_milliseconds",
    "milliseconds",
    "moment_of",
    "now",
    "offset_seconds",
    "spell",
]


def spell(moment: datetime) -> str:
    """A moment as ``2026-05-08T02:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime:
    """The moment that ``spell`` wrote.

    Raises:
        PitchlineError: it is none of ours.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise PitchlineError(
            f"{text!r} is no moment in UTC; write it such as 2026-05-08T02:00:00Z."
        ) from error


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, as the ledger keeps moments."""
    return round(moment.timestamp() * 1000)


def from_milliseconds(value: int) -> datetime:
    """The moment so many milliseconds after 1970."""
    return datetime.fromtimestamp(value / 1000, tz=UTC)
