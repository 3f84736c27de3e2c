"""Alerts that are open: raised, and nobody said yet that all is well."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pitchline import layout
from pitchline.alerts import book, sender, spool
from pitchline.alerts.book import Episode
from pitchline.errors import PitchlineError
from pitchline.serve.log import LOGGER
from pitchline.serve.page import words
from pitchline.serve.page.evidence import Gap, stamp_of

UNREADABLE = Gap("The alerts can't be read.", "pitchline alerts list")
SHOWN = 8
_log = logging.getLogger(LOGGER)


@dataclass(frozen=True)
class Trouble:
    """One open alert; ``kind`` is failed or open."""

    title: str
    severity: str
    kind: str
    since: str
    since_iso: str
    count: int


@dataclass(frozen=True)
class Troubles:
    """The open alerts, the worst first, and how many more there are."""

    shown: tuple[Trouble, ...]
    more: int


class Alerts:
    """The open alerts of a project, read anew when they change."""

    def __init__(self, root: Path) -> None:
        self._folder = root / layout.ALERTS
        self._seen: tuple[Any, ...] | None = None
        self.found: tuple[Episode, ...] | Gap = ()

    def read(self) -> bool:
        """Look; whether what is open differs from the last look."""
        seen = (
            stamp_of(self._folder / book.FILE),
            tuple(sorted(path.name for path in (self._folder / spool.FOLDER).glob("*"))),
        )
        if seen == self._seen:
            return False
        self._seen, before = seen, self.found
        try:
            episodes = sender.current(self._folder).episodes
            self.found = tuple(each for each in episodes if each.open)
        except (PitchlineError, OSError) as error:
            _log.warning("the alerts can't be read", exc_info=error)
            self.found = UNREADABLE
        return self.found != before


def view(found: Sequence[Episode]) -> Troubles:
    """The open alerts as the page shows them."""
    worst = sorted(found, key=lambda each: (-book.rank(each.severity), -each.last_at))
    return Troubles(tuple(_told(each) for each in worst[:SHOWN]), max(len(worst) - SHOWN, 0))


def _told(episode: Episode) -> Trouble:
    since = datetime.fromtimestamp(episode.opened_at, UTC)
    return Trouble(
        title=words.clipped(episode.title, 160),
        severity=episode.severity,
        kind="failed" if episode.severity in ("error", "critical") else "open",
        since=words.told(since),
        since_iso=words.iso(since),
        count=episode.count,
    )
