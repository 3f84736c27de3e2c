"""What a source may look at when it decides what to ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pitchline.collect.archive import Snapshot, read_manifest, read_pack
from pitchline.collect.index import Entry, read_index
from pitchline.collect.store import SourceArchive


class OtherArchive:
    """Another source's archive, read only, as it stands on disk."""

    def __init__(self, source_dir: Path) -> None:
        self._dir = source_dir
        self._index: dict[tuple[str, str], Entry] = read_index(source_dir)

    def keys(self, kind: str) -> list[str]:
        """Every key of a kind that has a readable body, sorted."""
        return sorted(
            e.key for e in self._index.values() if e.kind == kind and e.newest_good is not None
        )

    def newest(self, kind: str, key: str) -> Snapshot | None:
        """The newest readable answer of a key."""
        entry = self._index.get((kind, key))
        body = entry.newest_good if entry else None
        if body is None:
            return None
        wanted = (kind, key, body.fetched_at, body.sha256)
        for pack in read_manifest(self._dir):
            if pack.path == body.pack:
                for snapshot in read_pack(self._dir, pack):
                    found = (snapshot.kind, snapshot.key, snapshot.fetched_at, snapshot.sha256)
                    if found == wanted:
                        return snapshot
        return None


@dataclass
class ArchivePlan:
    """The plan's view of settings and archives; see pitchline.collect.source.Plan."""

    base_url: str
    competitions: Mapping[str, str]
    seasons: tuple[str, ...]
    as_of: datetime
    days_back: int
    days_ahead: int
    fresh_for: timedelta
    token: str | None
    own: SourceArchive
    raw: Path

    def __post_init__(self) -> None:
        self._others: dict[str, OtherArchive] = {}

    def _archive(self, source: str) -> SourceArchive | OtherArchive:
        if source == self.own.source:
            return self.own
        if source not in self._others:
            self._others[source] = OtherArchive(self.raw / source)
        return self._others[source]

    def newest(self, source: str, kind: str, key: str) -> Snapshot | None:
        """The newest answer of a key whose body could be read, or None."""
        return self._archive(source).newest(kind, key)

    def keys(self, source: str, kind: str) -> list[str]:
        """Every key of a kind that has an answer, sorted."""
        return self._archive(source).keys(kind)
