"""The embedded starter archive: twelve Premier League seasons of real results.

It lets a fresh machine without a network run the whole pipeline on real
matches. `packs/` is a raw archive like any other; NOTICE.md tells where the
facts are from.
"""

from pathlib import Path

from pitchline.collect.archive import (
    Pack,
    checked_bytes,
    read_manifest,
    read_pack,
    write_manifest,
)
from pitchline.files import write_bytes

SOURCE = "starter"
PACKS = Path(__file__).parent / "packs"


def season_of(pack: Pack) -> str:
    """A pack's season, ``2014-15`` for instance, from its path."""
    return pack.path.split("/")[1]


def collect(source_dir: Path, first_season: str, last_season: str, packs: Path = PACKS) -> int:
    """Copy the chosen seasons of the embedded archive into ``source_dir``.

    Every pack is checked against the shipped manifest, every body against its
    envelope, before anything is written. Packs that are there already stay.

    Args:
        source_dir: ``data/raw/starter``.
        first_season: the first season wanted, ``2014-15`` for instance.
        last_season: the last season wanted.
        packs: the embedded archive.

    Returns:
        The number of snapshots listed.

    Raises:
        ArchiveError: a shipped file is truncated or altered.
    """
    wanted = [p for p in read_manifest(packs) if first_season <= season_of(p) <= last_season]
    contents = {pack.path: checked_bytes(packs, pack) for pack in wanted}
    snapshots = sum(len(list(read_pack(packs, pack))) for pack in wanted)
    for path, content in contents.items():
        target = source_dir / path
        if not target.is_file() or target.read_bytes() != content:
            write_bytes(source_dir / path, content)
    write_manifest(source_dir, SOURCE, wanted)
    return snapshots
