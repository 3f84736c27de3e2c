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
from typing import Any, Literal

import msgspec
import zstandard

from pitchline.errors import ArchiveError
from pitchline.files import json_bytes, read_json, write_bytes

MANIFEST = "manifest.json"
# Bodies of one partition repeat one another over many megabytes: a long window finds that, and
# with it level 12 packs a season to the size level 19 reaches, in a thirtieth of the time.
ZSTD_LEVEL = 12
ZSTD_WINDOW_LOG = 27
ZSTD_LEAST_WINDOW_LOG = 16
READ_BYTES = 1 << 17


class _Envelope(msgspec.Struct):
    """What stands before the body in a line of a pack."""

    source: str
    kind: str
    key: str
    url: str
    fetched_at: str
    status: int
    etag: str | None
    sha256: str
    encoding: Literal["json", "utf-8", "base64"]
    last_modified: str | None = None
    reason: str | None = None


# The body is the last field. Within a string the quotes of this mark would be escaped.
_BODY = b',"body":'
_envelopes = msgspec.json.Decoder(_Envelope)
_texts = msgspec.json.Decoder(str)


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
        last_modified: the server's other validator, or None.
        reason: why no row could be taken from it when it came, or None.
    """

    source: str
    kind: str
    key: str
    url: str
    fetched_at: str
    status: int
    etag: str | None
    body: bytes
    last_modified: str | None = None
    reason: str | None = None

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the body."""
        return hashlib.sha256(self.body).hexdigest()

    def to_line(self) -> bytes:
        """The snapshot as one line of JSON.

        A body that is JSON on one line stands in it as it is; other text goes as a string,
        anything else as base64.
        """
        fields: dict[str, Any] = {
            "source": self.source,
            "kind": self.kind,
            "key": self.key,
            "url": self.url,
            "fetched_at": self.fetched_at,
            "status": self.status,
            "etag": self.etag,
            "sha256": self.sha256,
        }
        fields |= {
            name: getattr(self, name)
            for name in ("last_modified", "reason")
            if getattr(self, name) is not None
        }
        encoding, body = self._encoded_body()
        head = json.dumps(
            fields | {"encoding": encoding}, ensure_ascii=False, separators=(",", ":")
        )
        return b"".join((head[:-1].encode(), _BODY, body, b"}"))

    def _encoded_body(self) -> tuple[str, bytes]:
        try:
            text = self.body.decode("utf-8")
        except UnicodeDecodeError:
            return "base64", json.dumps(base64.b64encode(self.body).decode("ascii")).encode()
        if _is_one_json_value(self.body):
            return "json", self.body
        return "utf-8", json.dumps(text, ensure_ascii=False).encode()

    @classmethod
    def from_line(cls, line: bytes, pack: Path) -> "Snapshot":
        """Read one line of a pack.

        Raises:
            ArchiveError: the line is no envelope, or the body differs from its SHA-256.
        """
        try:
            head, mark, rest = line.partition(_BODY)
            if not mark or not rest.endswith(b"}"):
                raise ValueError("it has no body")
            envelope = _envelopes.decode(head + b"}")
            body = rest[:-1]
            if envelope.encoding != "json":
                text = _texts.decode(body)
                body = base64.b64decode(text) if envelope.encoding == "base64" else text.encode()
        except (ValueError, RecursionError) as error:
            raise ArchiveError(f"{pack}: a line is no snapshot envelope ({error}).") from error
        snapshot = cls(
            source=envelope.source,
            kind=envelope.kind,
            key=envelope.key,
            url=envelope.url,
            fetched_at=envelope.fetched_at,
            status=envelope.status,
            etag=envelope.etag,
            body=body,
            last_modified=envelope.last_modified,
            reason=envelope.reason,
        )
        if snapshot.sha256 != envelope.sha256:
            raise ArchiveError(
                f"{pack}: snapshot {snapshot.kind}/{snapshot.key}: the body's SHA-256 is "
                f"{snapshot.sha256}, its envelope says {envelope.sha256}. Restore the pack from a "
                "backup or with `dvc pull`."
            )
        return snapshot


def _is_one_json_value(body: bytes) -> bool:
    """Whether a body can stand in a line of JSON as it is and be read back unchanged."""
    if b"\n" in body or b"\r" in body:
        return False
    try:
        return bytes(msgspec.json.decode(body, type=msgspec.Raw)) == body
    except (ValueError, RecursionError):
        return False


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
    snapshots = list(snapshots)
    # A window larger than what is packed would cost its memory for nothing.
    size = 2 * sum(len(snapshot.body) for snapshot in snapshots)
    window = min(ZSTD_WINDOW_LOG, max(ZSTD_LEAST_WINDOW_LOG, size.bit_length()))
    settings = zstandard.ZstdCompressionParameters.from_level(
        ZSTD_LEVEL, window_log=window, enable_ldm=True, write_checksum=True
    )
    compressor = zstandard.ZstdCompressor(compression_params=settings).compressobj()
    parts = [
        compressor.compress(part) for snapshot in snapshots for part in (snapshot.to_line(), b"\n")
    ]
    return b"".join((*parts, compressor.flush()))


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
    write_bytes(source_dir / MANIFEST, manifest_bytes(source, packs))


def manifest_bytes(source: str, packs: Iterable[Pack]) -> bytes:
    """A manifest's one rendering."""
    entries = [vars(pack) for pack in sorted(packs, key=lambda p: p.path)]
    return json_bytes({"source": source, "packs": entries})


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
    count = 0
    for snapshot in decode_pack(checked_bytes(source_dir, pack), path):
        count += 1
        yield snapshot
    if count != pack.snapshots:
        raise ArchiveError(f"{path}: holds {count} snapshots, the manifest says {pack.snapshots}.")


def decode_pack(content: bytes, path: Path) -> Iterator[Snapshot]:
    """The snapshots of a pack's compressed bytes, one at a time.

    Raises:
        ArchiveError: they are no pack.
    """
    for line in pack_lines(content, path):
        yield Snapshot.from_line(line, path)


def pack_lines(content: bytes, path: Path) -> Iterator[bytes]:
    """The lines of a pack's compressed bytes; memory stays that of one line and the window.

    Raises:
        ArchiveError: they are no pack.
    """
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << ZSTD_WINDOW_LOG)
    begun: list[bytes] = []
    try:
        with decompressor.stream_reader(content) as stream:
            while chunk := stream.read(READ_BYTES):
                first, *others = chunk.split(b"\n")
                begun.append(first)
                if others:
                    yield b"".join(begun)
                    *whole, last = others
                    yield from whole
                    begun = [last]
    except zstandard.ZstdError as error:
        raise ArchiveError(f"{path}: not a readable pack ({error}).") from error
    if any(begun):
        yield b"".join(begun)


def read_archive(source_dir: Path) -> Iterator[Snapshot]:
    """All snapshots of a source, pack after pack in the manifest's order."""
    for pack in read_manifest(source_dir):
        yield from read_pack(source_dir, pack)
