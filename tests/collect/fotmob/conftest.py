"""The recordings, each decoded once."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import pytest

from pitchline.collect.fotmob.details import parse_match
from pitchline.collect.rows import MatchRow, Parsed

# The one recording whose file isn't named after its match.
NAMED_OTHERWISE = {"2020-12_wolves-mancity": "3411368"}


@dataclass(frozen=True)
class Recorded:
    """A recording of a match and what it became."""

    path: Path
    parsed: Parsed

    @property
    def match(self) -> MatchRow:
        """Its one match."""
        (row,) = self.parsed.matches
        return row


def body_of(path: Path) -> bytes:
    """The bytes of a recording."""
    return gzip.decompress(path.read_bytes())


def key_of(path: Path) -> str:
    """The id of the match a recording is of, by the file's name."""
    name = path.name.removesuffix(".json.gz")
    numbers = [part for part in name.split("_") if part.isdigit() and len(part) == 7]
    return NAMED_OTHERWISE.get(name) or numbers[0]


@pytest.fixture(scope="session")
def recorded(shared: Path) -> dict[str, Recorded]:
    """Every recording of match details, by folder and id; parsed with the id of its file."""
    found = {}
    for path in sorted((shared / "fotmob/match_details").rglob("*.json.gz")):
        key = key_of(path)
        found[f"{path.parent.name}/{key}"] = Recorded(path, parse_match(key, body_of(path)))
    return found
