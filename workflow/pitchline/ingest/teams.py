"""Team names: one curated table maps what sources write to one slug a club."""

import csv
from pathlib import Path

from pitchline.errors import PitchlineError


def read_aliases(path: Path) -> dict[str, str]:
    """Map every known spelling to the club's slug.

    Args:
        path: CSV with the columns ``team`` (slug), ``name`` (as shown to people)
            and ``aliases`` (other spellings, separated by ``|``).

    Raises:
        PitchlineError: a spelling is given to two clubs, or a slug twice.
    """
    known: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            if None in row.values():
                raise PitchlineError(
                    f"{path}: the line of {row['team']!r} lacks a column; write team,name,aliases."
                )
            spellings = {row["team"], row["name"], *filter(None, row["aliases"].split("|"))}
            for spelling in spellings:
                if spelling in known:
                    raise PitchlineError(
                        f"{path}: {spelling!r} names both {known[spelling]!r} and {row['team']!r}. "
                        "Give each spelling to one club."
                    )
                known[spelling] = row["team"]
    return known


def read_names(path: Path) -> dict[str, str]:
    """Map each club's slug to the name shown to people."""
    with path.open(encoding="utf-8", newline="") as handle:
        return {row["team"]: row["name"] for row in csv.DictReader(handle)}
