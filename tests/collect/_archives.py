"""Small archives for tests: what to put in, and what is really on disk afterwards."""

from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pitchline.collect import archive, clock, index, store
from pitchline.collect.archive import Snapshot
from pitchline.collect.store import SourceArchive

SOURCE = "shots"
ENGLAND, GERMANY = "eng/2025-26", "ger/2025-26"
START = datetime(2026, 1, 1, tzinfo=UTC)

Identity = tuple[str, str, str, bytes]


def quick_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pack with little memory: the compressor's tables cost more than these small bodies."""
    monkeypatch.setattr(archive, "ZSTD_LEVEL", 1)
    monkeypatch.setattr(archive, "ZSTD_WINDOW_LOG", 17)


def at(seconds: int) -> str:
    """A moment, spelt; by its seconds after the first."""
    return clock.spell(START + timedelta(seconds=seconds))


def snapshot(key: str, body: bytes, seconds: int = 0, kind: str = "match", **more: Any) -> Snapshot:
    fields: dict[str, Any] = {"url": f"http://host/{key}", "status": 200, "etag": None} | more
    return Snapshot(source=SOURCE, kind=kind, key=key, fetched_at=at(seconds), body=body, **fields)


def identity(snapshot: Snapshot) -> Identity:
    return snapshot.kind, snapshot.key, snapshot.fetched_at, snapshot.body


@dataclass
class Home:
    """Where one source's archive and state stand."""

    root: Path

    @property
    def dir(self) -> Path:
        return self.root / "raw" / SOURCE

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def journal(self) -> Path:
        return self.state / SOURCE / store.JOURNAL

    @property
    def index(self) -> Path:
        return self.dir / index.INDEX

    @property
    def manifest(self) -> Path:
        return self.dir / archive.MANIFEST

    def opened(self, wait: float = 0.0) -> AbstractContextManager[SourceArchive]:
        return store.opened(SOURCE, self.dir, self.state, timedelta(seconds=wait))

    def put(self, partition: str, *snapshots: Snapshot) -> None:
        """One run that adds these."""
        with self.opened() as opened:
            for one in snapshots:
                opened.add(one, partition)

    def contents(self) -> Counter[Identity]:
        """Every snapshot of every listed pack, with how often it stands there."""
        return Counter(identity(s) for s in archive.read_archive(self.dir))

    def packs(self) -> set[str]:
        """The packs on disk, listed or not."""
        return {p.relative_to(self.dir).as_posix() for p in self.dir.rglob("*.jsonl.zst")}

    def listed(self) -> set[str]:
        """The packs of the manifest."""
        return {pack.path for pack in archive.read_manifest(self.dir)}

    def told(self) -> dict[tuple[str, str], list[tuple[str, str, str]]]:
        """What the index says of each key: the moment, hash and reason of its bodies."""
        return {
            name: [(b.fetched_at, b.sha256, b.reason) for b in entry.bodies]
            for name, entry in index.read_index(self.dir).items()
        }

    def strangers(self) -> set[str]:
        """Files of the archive that nothing accounts for."""
        known = {self.dir / path for path in self.listed()} | {self.manifest, self.index}
        return {str(p) for p in self.dir.rglob("*") if p.is_file() and p not in known}
