"""Recordings that a user already has on disk, through the same checks as fetched ones."""

import gzip
import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import zstandard

from pitchline.collect.archive import Snapshot
from pitchline.collect.clock import spell
from pitchline.collect.engine import judged
from pitchline.collect.rows import Unreadable
from pitchline.collect.source import Source
from pitchline.collect.store import SourceArchive, opened
from pitchline.errors import ArchiveError, PitchlineError

LARGEST_FILE = 512 * 2**20
# So little may become 128 MiB, at most.
CHUNK = 4096


@dataclass
class Imported:
    """What an import did.

    Attributes:
        added: snapshots that were new.
        known: files whose body the archive holds already.
        quarantined: each kept file no row can be taken from, with its reason.
        refused: each file that was not kept, with its reason.
    """

    added: int = 0
    known: int = 0
    quarantined: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    drift: set[str] = field(default_factory=set)


def import_files(
    source: Source,
    kind: str,
    files: Iterable[Path],
    raw: Path,
    state: Path,
    fetched_at: datetime | None = None,
    key: str | None = None,
    partition: str | None = None,
) -> Imported:
    """Add files to a source's archive.

    Args:
        source: whose recordings they are.
        kind: what they hold, one of the source's kinds.
        files: plain, ``.gz`` or ``.zst``.
        raw: ``data/raw``.
        state: where locks stand.
        fetched_at: when they were recorded; None for each file's own time.
        key: what they are of, where a single file doesn't tell.
        partition: where they are filed, with ``key``.

    Raises:
        PitchlineError: the source has no such kind, or its archive can't be opened.
    """
    if kind not in source.kinds:
        raise PitchlineError(
            f"--kind {kind}: {source.name} has {', '.join(source.kinds)}; choose one of these."
        )
    result = Imported()
    with opened(
        source.name, raw / source.name, state, timedelta(minutes=1), journalled=False
    ) as archive:
        for path in files:
            try:
                body = read_file(path)
                known_as = (
                    (key, partition)
                    if key and partition
                    else source.identify(kind, body, _plain(path))
                )
            except (PitchlineError, Unreadable) as error:
                result.refused.append(f"{_shown(path)}: {error}")
                continue
            moment = fetched_at or datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
            _add(archive, source, kind, body, path, known_as, moment, result)
    return result


def _add(
    archive: SourceArchive,
    source: Source,
    kind: str,
    body: bytes,
    path: Path,
    known_as: tuple[str, str],
    moment: datetime,
    result: Imported,
) -> None:
    snapshot, parsed = judged(
        source,
        Snapshot(
            source=source.name,
            kind=kind,
            key=known_as[0],
            url=f"file:{_shown(path).rpartition('/')[2]}",
            fetched_at=spell(moment),
            status=200,
            etag=None,
            body=body,
        ),
    )
    result.drift |= parsed.drift
    if not archive.add(snapshot, known_as[1], anywhere=True):
        result.known += 1
    elif snapshot.reason:
        result.quarantined.append(f"{_shown(path)}: {snapshot.reason}")
    else:
        result.added += 1


def _shown(path: Path) -> str:
    """A path as text, although a name may be any bytes."""
    return os.fsencode(path).decode("utf-8", "replace")


def _plain(path: Path) -> Path:
    return path.with_suffix("") if path.suffix in (".gz", ".zst") else path


def read_file(path: Path) -> bytes:
    """A file's content, decompressed by its ending.

    Raises:
        ArchiveError: it is missing, damaged or too large.
    """
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as handle:
                content = handle.read(LARGEST_FILE + 1)
        elif path.suffix == ".zst":
            content = _frames(path)
        else:
            with path.open("rb") as plain:
                content = plain.read(LARGEST_FILE + 1)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise ArchiveError(f"can't be read ({error})") from error
    if len(content) > LARGEST_FILE:
        raise ArchiveError(f"larger than {LARGEST_FILE:,} bytes")
    return content


def _frames(path: Path) -> bytes:
    """The content of all frames; zstandard's own reader stops after one, and misses a cut."""
    parts: list[bytes] = []
    size, frame, is_whole = 0, zstandard.ZstdDecompressor().decompressobj(), False
    with path.open("rb") as handle:
        while size <= LARGEST_FILE and (chunk := handle.read(CHUNK)):
            while chunk:
                if is_whole:
                    frame = zstandard.ZstdDecompressor().decompressobj()
                parts.append(frame.decompress(chunk))
                size += len(parts[-1])
                is_whole = frame.eof
                chunk = frame.unused_data if is_whole else b""
    if not is_whole and size <= LARGEST_FILE:
        raise EOFError("the file is cut off")
    return b"".join(parts)
