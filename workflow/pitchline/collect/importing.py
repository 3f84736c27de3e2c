"""Recordings that a user already has on disk, through the same checks as fetched ones."""

import gzip
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
                result.refused.append(f"{path}: {error}")
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
            url=f"file:{path.name}",
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
        result.quarantined.append(f"{path}: {snapshot.reason}")
    else:
        result.added += 1


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
            with path.open("rb") as plain, zstandard.ZstdDecompressor().stream_reader(plain) as h:
                content = h.read(LARGEST_FILE + 1)
        else:
            with path.open("rb") as plain:
                content = plain.read(LARGEST_FILE + 1)
    except (OSError, EOFError, zstandard.ZstdError) as error:
        raise ArchiveError(f"can't be read ({error})") from error
    if len(content) > LARGEST_FILE:
        raise ArchiveError(f"larger than {LARGEST_FILE:,} bytes")
    return content
