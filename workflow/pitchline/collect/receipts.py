"""What a source's run did, for machines and for people."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pitchline.collect.clock import spell
from pitchline.errors import ArtifactError
from pitchline.files import read_json, write_json

Status = Literal["success", "partial", "failed", "skipped"]
SHOWN_PROBLEMS = 20


@dataclasses.dataclass
class Receipt:
    """The run of one source.

    Attributes:
        status: ``success`` when nothing asked for is missing; ``partial`` when some is; ``failed``
            when nothing came; ``skipped`` when the source was not to be asked.
        reason: why it isn't a success, and what to do about it.
        asked: things the source was to be asked for.
        fetched: answers that were news.
        unchanged: answers without news (304, or the same body).
        cached: things whose archived answer still stands.
        quarantined: answers that were kept but can't be read, now or by an earlier run.
        missing: things the source doesn't have (404): a season that isn't published yet.
        failed: things for which no answer could be had.
        requests: requests sent, robots.txt and further tries included.
        retries: further tries among them.
        bytes: bytes received.
        drift: keys of a body that no parser knows, told once.
        problems: the first failures, with what was asked for.
        next_allowed_at: until when the source is left alone, or None.
    """

    source: str
    run: str
    started_at: str
    status: Status = "success"
    reason: str = ""
    finished_at: str = ""
    seconds: float = 0.0
    asked: int = 0
    fetched: int = 0
    unchanged: int = 0
    cached: int = 0
    quarantined: int = 0
    missing: int = 0
    failed: int = 0
    requests: int = 0
    retries: int = 0
    bytes: int = 0
    drift: list[str] = dataclasses.field(default_factory=list)
    problems: list[str] = dataclasses.field(default_factory=list)
    next_allowed_at: str | None = None

    @property
    def answered(self) -> int:
        """Things for which the archive holds a readable answer that stands."""
        return self.fetched + self.unchanged + self.cached

    def problem(self, text: str) -> None:
        """Note a failure; only the first ones are kept."""
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(text)

    def close(self, finished: datetime, seconds: float) -> None:
        """Set the end; and the status, where nothing set it before."""
        self.finished_at = spell(finished)
        self.seconds = round(seconds, 3)
        if self.status != "success":
            return
        if self.failed or self.quarantined or (self.missing and not self.answered):
            self.status = "partial" if self.answered else "failed"
            self.reason = (
                f"{self.failed} without an answer, {self.quarantined} unreadable, "
                f"{self.missing} not there"
            )


def write_receipt(folder: Path, receipt: Receipt) -> None:
    """Write ``<source>.json``."""
    write_json(folder / f"{receipt.source}.json", dataclasses.asdict(receipt))


def read_receipt(folder: Path, source: str) -> Receipt | None:
    """The last receipt of a source, or None."""
    try:
        return Receipt(**read_json(folder / f"{source}.json", made_by="pitchline collect"))
    except (ArtifactError, TypeError):
        return None


def overall_status(receipts: Sequence[Receipt]) -> Literal["success", "partial", "failed"]:
    """``success`` if all are; ``failed`` if none brought anything; else ``partial``."""
    good = [r for r in receipts if r.status == "success"]
    some = [r for r in receipts if r.status == "partial"]
    if len(good) == len(receipts):
        return "success"
    return "partial" if good or some else "failed"


def run_result(run: str, receipts: Sequence[Receipt]) -> dict[str, Any]:
    """The result of one run over several sources."""
    return {
        "flow": "collect",
        "run": run,
        "overall_status": overall_status(receipts),
        "sources_requested": [r.source for r in receipts],
        "started_at": min(r.started_at for r in receipts),
        "finished_at": max(r.finished_at for r in receipts),
        "tasks": {r.source: dataclasses.asdict(r) for r in receipts},
    }


def table(receipts: Sequence[Receipt]) -> str:
    """The receipts as a table for people, reasons below."""
    heads = (
        "source",
        "status",
        "new",
        "same",
        "cached",
        "unread",
        "missing",
        "failed",
        "requests",
        "MB",
        "s",
    )
    rows = [
        (
            r.source,
            r.status,
            str(r.fetched),
            str(r.unchanged),
            str(r.cached),
            str(r.quarantined),
            str(r.missing),
            str(r.failed),
            str(r.requests),
            f"{r.bytes / 1e6:.1f}",
            f"{r.seconds:.1f}",
        )
        for r in receipts
    ]
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    ]
    for r in receipts:
        notes = [r.reason] if r.reason else []
        if r.next_allowed_at:
            notes.append(f"asked again from {r.next_allowed_at}")
        if r.drift:
            notes.append(f"new keys: {', '.join(r.drift[:8])}{' ...' if len(r.drift) > 8 else ''}")
        lines += [f"  {r.source}: {note}" for note in notes]
    return "\n".join(lines)
