"""The last runs and the next ones that are due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pitchline.serve.page import words
from pitchline.serve.page.evidence import Content, Gap

NONE = Gap("No run was noted yet.", "pitchline run collect")
OFF = Gap("No task of the schedule is on.", "pitchline schedule list")
KINDS = {
    "success": "passed",
    "succeeded": "passed",
    "partial": "open",
    "queued": "open",
    "running": "open",
    "skipped": "open",
    "cancelled": "open",
}


@dataclass(frozen=True)
class Run:
    """One run; ``kind`` is passed, failed or open."""

    task: str
    status: str
    kind: str
    began: str
    began_iso: str
    lasted: str
    detail: str


@dataclass(frozen=True)
class Due:
    """The next time of a task."""

    task: str
    at: str
    at_iso: str
    schedule: str
    limit: str


@dataclass(frozen=True)
class Runs:
    """The section."""

    runs: tuple[Run, ...]
    due: tuple[Due, ...]
    runs_gap: Gap | None
    due_gap: Gap | None


def view(
    ran: Sequence[Run],
    ran_gap: Gap | None,
    due: Sequence[Due],
    due_gap: Gap | None,
    receipts: Sequence[Content],
) -> Runs:
    """The section; before the ledger has its first run, collections are told by their receipts."""
    shown = tuple(ran) or tuple(of_receipts(receipts))
    if not shown and ran_gap is None:
        ran_gap = NONE
    if not due and due_gap is None:
        due_gap = OFF
    return Runs(shown, tuple(due), ran_gap, due_gap)


def of_receipts(receipts: Sequence[Content]) -> list[Run]:
    """Collections by their receipts, one a source, the newest first."""
    newest = sorted(receipts, key=lambda each: str(each.get("started_at")), reverse=True)
    return [_of_receipt(each) for each in newest]


def _of_receipt(told: Mapping[str, Any]) -> Run:
    began = words.moment(told["started_at"])
    detail = str(told.get("reason") or "")
    if not detail:
        new, cached = told.get("fetched"), told.get("cached")
        detail = f"{words.count(new)} new, {words.count(cached)} from the archive"
    return run(f"collect {told['source']}", str(told["status"]), began, told.get("seconds"), detail)


def run(task: str, status: str, began: datetime | None, seconds: Any, detail: str) -> Run:
    """A run as the page shows it."""
    return Run(
        task=task,
        status=status,
        kind=KINDS.get(status, "failed"),
        began=words.told(began) if began else words.UNKNOWN,
        began_iso=words.iso(began) if began else "",
        lasted=words.lasting(seconds),
        detail=words.clipped(detail, 160),
    )
