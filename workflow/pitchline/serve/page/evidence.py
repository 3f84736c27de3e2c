"""The project's reports that the page tells from, read anew when their file changes."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pitchline import layout

LARGEST = 64 * 1024**2
Stamp = tuple[int, int, int] | None


@dataclass(frozen=True)
class Report:
    """One file of JSON.

    Attributes:
        path: below the project's folder.
        make: the command that makes it.
    """

    path: Path
    make: str


@dataclass(frozen=True)
class Gap:
    """What can't be told, and what to do about it.

    Attributes:
        why: in words.
        make: the command that helps.
    """

    why: str
    make: str


REPORTS = {
    "settled": Report(layout.SETTLED, "snakemake --cores 2 monitor"),
    "score": Report(layout.SCORE, "snakemake --cores 1 ingest"),
    "ingest": Report(layout.QUALITY, "snakemake --cores 1 ingest"),
    "backtest": Report(layout.BACKTEST_METRICS, "snakemake --cores 2 backtest"),
    "decision": Report(layout.DECISION, "snakemake --cores 2 promote"),
}
RECEIPTS_MAKE = "snakemake --cores 2 collect"
RUN_RECEIPT = "run.json"

Content = dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What the project's files tell.

    Attributes:
        reports: what they hold, by their names in ``REPORTS``.
        receipts: the newest of each source.
        placed: when the champion's pointer was written here.
    """

    reports: Mapping[str, Content | Gap] = field(default_factory=dict)
    receipts: tuple[Content, ...] = ()
    placed: datetime | None = None


class Reports:
    """The reports of a project."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[Path, tuple[Stamp, Content | Gap]] = {}
        self._pointer: Stamp = None

    def read(self) -> tuple[Evidence, bool]:
        """What they hold now, and whether a file changed since the last look."""
        before, pointer = dict(self._seen), self._pointer
        self._pointer = stamp_of(self._root / layout.CHAMPION)
        told = {name: self._content(each.path, each.make) for name, each in REPORTS.items()}
        receipts = [self._content(path, RECEIPTS_MAKE) for path in self._receipts()]
        known = tuple(each for each in receipts if not isinstance(each, Gap))
        stamps = {path: stamp for path, (stamp, _) in self._seen.items()}
        changed = stamps != {path: stamp for path, (stamp, _) in before.items()}
        placed = datetime.fromtimestamp(self._pointer[0] / 1e9, UTC) if self._pointer else None
        return Evidence(told, known, placed), changed or pointer != self._pointer

    def _receipts(self) -> list[Path]:
        """A file a source; ``run.json`` repeats those of the last run."""
        folder = self._root / layout.RECEIPTS
        found = [layout.RECEIPTS / path.name for path in sorted(folder.glob("*.json"))]
        gone = [path for path in self._seen if path.parent == layout.RECEIPTS]
        for path in set(gone) - set(found):
            del self._seen[path]
        return [path for path in found if path.name != RUN_RECEIPT]

    def _content(self, path: Path, make: str) -> Content | Gap:
        stamp = stamp_of(self._root / path)
        seen = self._seen.get(path)
        if seen is None or seen[0] != stamp:
            seen = stamp, _read(self._root / path, path, make, stamp)
            self._seen[path] = seen
        return seen[1]


def stamp_of(path: Path) -> Stamp:
    """What tells that another file stands in its place; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def stamps_of(paths: Iterable[Path]) -> tuple[Stamp, ...]:
    """The stamps of several files."""
    return tuple(stamp_of(path) for path in paths)


def _read(path: Path, shown: Path, make: str, stamp: Stamp) -> Content | Gap:
    if stamp is None:
        return Gap(f"{shown} is not there yet.", make)
    if stamp[1] > LARGEST:
        return Gap(f"{shown} is too large to be shown.", make)
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return Gap(f"{shown} can't be read.", make)
    if not isinstance(content, dict):
        return Gap(f"{shown} does not hold what it should.", make)
    return content
