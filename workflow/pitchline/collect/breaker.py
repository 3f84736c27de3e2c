"""A source that refused is left alone for hours, by every process."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pitchline.collect.clock import moment_of, spell
from pitchline.errors import ArtifactError
from pitchline.files import read_json, write_json


@dataclass(frozen=True)
class Pause:
    """Why and until when a source isn't asked.

    Attributes:
        until: the moment it may be asked again, in UTC.
        reason: what it answered.
    """

    until: datetime
    reason: str


class Breaker:
    """The pause of one source, kept on disk.

    Args:
        path: its file; absent while the source may be asked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def pause(self, now: datetime) -> Pause | None:
        """The pause in force, or None. An unreadable file counts as no pause."""
        if not self._path.exists():
            return None
        try:
            stored = read_json(self._path, made_by="pitchline collect")
            pause = Pause(moment_of(stored["until"]), str(stored["reason"]))
        except (ArtifactError, KeyError, TypeError, ValueError):
            return None
        return pause if pause.until > now else None

    def open(self, now: datetime, until: datetime, reason: str) -> Pause:
        """Leave the source alone until a moment; a longer pause in force stays."""
        standing = self.pause(now)
        if standing and standing.until >= until:
            return standing
        write_json(self._path, {"until": spell(until), "reason": reason, "opened_at": spell(now)})
        return Pause(until, reason)

    def close(self) -> None:
        """The source answered: it may be asked."""
        self._path.unlink(missing_ok=True)
