"""How a monitor stands, and why: what all monitors tell in the same way."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["good", "warning", "alarm", "unknown"]
ORDER: tuple[Status, ...] = ("good", "unknown", "warning", "alarm")
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Reason:
    """One thing a monitor looked at.

    Attributes:
        name: what was looked at.
        status: how it stands.
        text: what was found, with the figures.
    """

    name: str
    status: Status
    text: str


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of some, good if there are none; what can't be judged is less than a warning."""
    return max(statuses, key=ORDER.index, default="good")


def told(monitor: str, as_of: str, reasons: list[Reason]) -> dict[str, Any]:
    """What every monitor's JSON begins with: who, when, how it stands and why, the worst first."""
    by_gravity = sorted(reasons, key=lambda reason: -ORDER.index(reason.status))
    return {
        "monitor": monitor,
        "as_of": as_of,
        "status": worst(reason.status for reason in reasons),
        "reasons": [asdict(reason) for reason in by_gravity],
    }
