"""The raw archive: what a source answered, untouched, in immutable packs.

Layout of one source (``data/raw/<source>/``)::

    manifest.json                              every pack with its SHA-256
    <competition>/<season>/<hash>.jsonl.zst    one pack: a snapshot a line

A snapshot is the envelope of one answer: where it came from, when, and the
body as received. A pack's name is the first 16 hex digits of its SHA-256, so
a pack can't change unnoticed and writing it twice changes nothing.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

from pitchline.errors import ArchiveError
from pitchline.files import json_bytes, read_json, write_bytes

MANIFEST = "manifest.json"
ZSTD_LEVEL = 19


@dataclass(frozen=True)
class Snapshot:
    """One raw answer of a source.

    Attributes:
        source: the source's name, as in params.yaml.
        kind: what was asked for (``season``, ``match`` ...).
        key: what identifies the asked-for thing within source and kind.
        url: where it was read.
        fetched_at: when, ISO 8601 in UTC.
        status: the HTTP status, or 200 for a file.
        etag: the server's validator, or None.
        body: the bytes received.
    """

    source: str
    kind: str
    key: str
    url: str
    fetched_at: str
    status: int
    etag: str | None
    body: bytes

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the body."""
        return hashlib.sha256(self.body).hexdigest()

    def to_line(self) -> str:
        """The snapshot as one line of JSON; a body that isn't UTF-8 goes as base64."""
        try:
            encoding, body = "utf-8", self.body.decode("utf-8")
        except UnicodeDecodeError:
            encoding, body = "base64", base64.b64encode(self.body).decode("ascii")
        envelope = {
            "source": self.source,
            "kind": self.kind,
            "key": self.key,
            "url": self.url,
            "fetched_at": self.fetched_at,
            "status": self.status,
            "etag": self.etag,
            "sha256": self.sha256,
            "encoding": encoding,
            "body": body,
        }
        return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_line(cls, line: str, pack: Path) -> "Snapshot":
        """Read one line of a pack.

        Raises:
            ArchiveError: the line is no envelope, or the body differs from its SHA-256.
        """
        try:
            fields = json.loads(line)
            claimed, encoding, body = (fields.pop(k) for k in ("sha256", "encoding", "body"))
            raw = base64.b64decode(body) if encoding == "base64" else body.encode("utf-8")
            snapshot = cls(body=raw, **fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArchiveError(f"{pack}: a line is no snapshot envelope ({error}).") from error
        if snapshot.sha256 != claimed:
            raise ArchiveError(
                f"{pack}: snapshot {snapshot.kind}/{snapshot.key}: the body's SHA-256 is "
                f"{snapshot.sha256}, its envelope says {claimed}. Restore the pack from a backup "
                "or with `dvc pull`."
            )
        return snapshot


@dataclass(frozen=True)
class Pack:
    """A manifest's line: one immutable file of snapshots.

    Attributes:
        path: relative to the source's folder, ``<competition>/<season>/<hash>.jsonl.zst``.
        sha256: hex digest of the file.
        size: bytes.
        snapshots: number of lines.
        fetched_at: newest ``fetched_at`` inside, ISO 8601 in UTC.
    """

    path: str
    sha256: str
    size: int
    snapshots: int
    fetched_at: str


def encode_pack(snapshots: Iterable[Snapshot]) -> bytes:
    """Compress snapshots into one pack; the same snapshots give the same bytes."""
    lines = "".join(snapshot.to_line() + "\n" for snapshot in snapshots)
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(lines.encode("utf-8"))


def add_pack(source_dir: Path, partition: str, snapshots: list[Snapshot]) -> Pack:
    """Write snapshots as one pack of a partition, or find it already there.

    Args:
        source_dir: ``data/raw/<source>``.
        partition: ``<competition>/<season>``.
        snapshots: at least one.
    """
    content = encode_pack(snapshots)
    digest = hashlib.sha256(content).hexdigest()
    path = f"{partition}/{digest[:16]}.jsonl.zst"
    if not (source_dir / path).exists():
        write_bytes(source_dir / path, content)
    return Pack(
        path=path,
        sha256=digest,
        size=len(content),
        snapshots=len(snapshots),
        fetched_at=max(s.fetched_at for s in snapshots),
    )


def write_manifest(source_dir: Path, source: str, packs: Iterable[Pack]) -> None:
    """List a source's packs, ordered by path."""
    entries = [vars(pack) for pack in sorted(packs, key=lambda p: p.path)]
    write_bytes(source_dir / MANIFEST, json_bytes({"source": source, "packs": entries}))


def read_manifest(source_dir: Path) -> list[Pack]:
    """The packs a source's manifest lists.

    Raises:
        ArchiveError: the manifest's shape is not ours.
        ArtifactError: it is missing or no JSON.
    """
    path = source_dir / MANIFEST
    manifest = read_json(path, made_by="snakemake --cores 1 collect")
    try:
        packs = [Pack(**entry) for entry in manifest["packs"]]
        for pack in packs:
            for field, kind in Pack.__annotations__.items():
                if not isinstance(getattr(pack, field), kind):
                    raise TypeError(f"`{field}` is {getattr(pack, field)!r}")
        return packs
    except (KeyError, TypeError) as error:
        raise ArchiveError(
            f"{path}: field `packs`: {error}. Make it anew with `snakemake --cores 1 -f collect`."
        ) from error


def checked_bytes(source_dir: Path, pack: Pack) -> bytes:
    """A pack's compressed bytes, after comparing them with the manifest.

    Raises:
        ArchiveError: the file is missing, truncated or altered.
    """
    path = source_dir / pack.path
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ArchiveError(
            f"{path}: missing, though {source_dir / MANIFEST} lists it. "
            "Restore it with `dvc pull`, or collect again."
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != pack.sha256:
        what = "truncated" if len(content) < pack.size else "altered"
        raise ArchiveError(
            f"{path}: {what}: {len(content)} bytes with SHA-256 {digest}; the manifest says "
            f"{pack.size} bytes and {pack.sha256}. Restore it with `dvc pull`, or reinstall the "
            "package if it is the starter archive."
        )
    return content


def read_pack(source_dir: Path, pack: Pack) -> Iterator[Snapshot]:
    """The snapshots of one pack, checked against the manifest and their own hashes.

    Raises:
        ArchiveError: the pack or a snapshot is not what its hash says.
    """
    path = source_dir / pack.path
    content = checked_bytes(source_dir, pack)
    try:
        text = zstandard.ZstdDecompressor().decompressobj().decompress(content).decode("utf-8")
    except (zstandard.ZstdError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path}: not a readable pack ({error}).") from error
    lines = text.rstrip("\n").split("\n")
    snapshots = [Snapshot.from_line(line, path) for line in lines]
    if len(snapshots) != pack.snapshots:
        raise ArchiveError(
            f"{path}: holds {len(lines)} snapshots, the manifest says {pack.snapshots}."
        )
    yield from snapshots


def read_archive(source_dir: Path) -> Iterator[Snapshot]:
    """All snapshots of a source, pack after pack in the manifest's order."""
    for pack in read_manifest(source_dir):
        yield from read_pack(source_dir, pack)
