"""``index.json`` of a source's archive: what is known of every key, without reading a pack.

For every key the bodies that were archived (when, their hash, their pack), when it was last
checked, and the server's validators. It is made from the packs, so it can be made again; only the
times of checks without news would be lost.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

INDEX = "index.json"


class Body(msgspec.Struct, frozen=True, order=True, array_like=True):
    """One archived body of a key.

    Attributes:
        fetched_at: when it came.
        sha256: its hash.
        pack: the path of its pack; empty while it stands in the journal.
        reason: why it is quarantined, or empty.
    """

    fetched_at: str
    sha256: str
    pack: str
    reason: str = ""


class Entry(msgspec.Struct):
    """What the archive knows of one key.

    Attributes:
        checked_at: when the source last said what it holds, news or not.
        bodies: oldest first.
    """

    kind: str
    key: str
    partition: str
    checked_at: str
    bodies: list[Body]
    etag: str | None = None
    last_modified: str | None = None

    @property
    def newest(self) -> Body:
        """The last body, whether it can be read or not."""
        return self.bodies[-1]

    @property
    def newest_good(self) -> Body | None:
        """The last body that can be read."""
        return next((body for body in reversed(self.bodies) if not body.reason), None)


def index_bytes(entries: Iterable[Entry]) -> bytes:
    """The index as text: the SHA-256 of what follows, then an entry a line, sorted."""
    ordered = sorted(entries, key=lambda e: (e.kind, e.key))
    content = b"".join(msgspec.json.encode(entry) + b"\n" for entry in ordered)
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def read_index(source_dir: Path) -> dict[tuple[str, str], Entry]:
    """The index of a source; empty where it is missing or isn't what this version wrote."""
    path = source_dir / INDEX
    try:
        digest, _, content = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return {}
    if hashlib.sha256(content).hexdigest().encode() != digest:
        return {}
    decoder = msgspec.json.Decoder(Entry)
    try:
        found = [decoder.decode(line) for line in content.splitlines()]
    except msgspec.DecodeError:
        return {}
    return {(entry.kind, entry.key): entry for entry in found}
