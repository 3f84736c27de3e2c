"""The collectors' clock and the spelling of moments."""

from collections.abc import Callable
from datetime import UTC, datetime

from pitchline.clock import now

__all__ = ["Clock", "moment_of", "now", "spell"]

Clock = Callable[[], datetime]


def spell(moment: datetime) -> str:
    """A moment as ``2026-05-08T00:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime:
    """The moment a spelling stands for.

    Raises:
        ValueError: it is none of ours.
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
