"""Where raw bodies stand and where they came from, told for the bodies that are asked for."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pitchline.collect.archive import Pack, read_manifest, read_pack
from pitchline.collect.index import read_index

# So many digits of a body's hash name it on screen; `pitchline raw show` takes 8 or more.
SHOWN_DIGITS = 12


@dataclass(frozen=True)
class Origin:
    """Where one raw body came from.

    Attributes:
        source, kind, key: what it is of.
        url: the address it was read at.
        fetched_at: when, ISO 8601 in UTC.
        sha256: the body's hash.
        pack: the file that holds it, below ``data/raw``.
        size: the body's bytes.
    """

    source: str
    kind: str
    key: str
    url: str
    fetched_at: str
    sha256: str
    pack: str
    size: int

    @property
    def show(self) -> str:
        """The command that prints it."""
        return show_command(self.sha256)


def show_command(sha256: str) -> str:
    """The command that prints a raw body."""
    return f"pitchline raw show {sha256[:SHOWN_DIGITS]}"


def origins(raw: Path, sources: Iterable[str], wanted: Iterable[str]) -> dict[str, Origin]:
    """The origins of some bodies, by hash, ordered by hash.

    Only the packs that hold one of them are read, as far as the archive's index tells. A body that
    came more than once is told as it came last; one that no archive holds is left out.

    Args:
        raw: ``data/raw``.
        sources: the archives to look into.
        wanted: SHA-256 of bodies.

    Raises:
        ArchiveError: a pack is not what its manifest says.
    """
    asked = set(wanted)
    found: dict[str, Origin] = {}
    for source in sources:
        for origin in _of_source(raw / source, asked):
            known = found.get(origin.sha256)
            if known is None or known.fetched_at <= origin.fetched_at:
                found[origin.sha256] = origin
    return dict(sorted(found.items()))


def _of_source(source_dir: Path, asked: set[str]) -> Iterator[Origin]:
    if not asked or not source_dir.is_dir():
        return
    for pack in _packs_with(source_dir, asked):
        for snapshot in read_pack(source_dir, pack):
            sha256 = snapshot.sha256
            if sha256 in asked:
                yield Origin(
                    source=snapshot.source,
                    kind=snapshot.kind,
                    key=snapshot.key,
                    url=snapshot.url,
                    fetched_at=snapshot.fetched_at,
                    sha256=sha256,
                    pack=f"{source_dir.name}/{pack.path}",
                    size=len(snapshot.body),
                )


def _packs_with(source_dir: Path, asked: set[str]) -> list[Pack]:
    """The packs that may hold one of the bodies: all of them where the index doesn't know them."""
    bodies = [body for entry in read_index(source_dir).values() for body in entry.bodies]
    indexed = {body.pack for body in bodies}
    holding = {body.pack for body in bodies if body.sha256 in asked}
    return [
        pack
        for pack in read_manifest(source_dir)
        if pack.path in holding or pack.path not in indexed
    ]


def content_of(found: dict[str, Origin]) -> dict[str, dict[str, Any]]:
    """What snapshots.json holds: by hash, each origin without the hash itself."""
    return {
        sha256: {key: value for key, value in asdict(origin).items() if key != "sha256"}
        for sha256, origin in found.items()
    }


def read_content(content: dict[str, dict[str, Any]]) -> dict[str, Origin]:
    """What ``content_of`` made."""
    return {sha256: Origin(sha256=sha256, **fields) for sha256, fields in content.items()}
