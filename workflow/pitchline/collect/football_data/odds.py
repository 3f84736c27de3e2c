"""Odds in the columns of football-data.co.uk.

They come in triples ``<bookmaker>H/D/A``, the closing ones with a ``C`` after the bookmaker.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pitchline.collect.csv_table import Table, is_number
from pitchline.collect.rows import OddsMoment, OddsRow

TRIPLE = ("H", "D", "A")
# The endings of columns that belong together: results, goals over and under, Asian handicap.
FAMILIES = (TRIPLE, (">2.5", "<2.5"), ("_2_5", "_2_5_1"), ("AHH", "AHA"), ("AHH", "AHA", "AH"))
# Those who are known to have closing odds: theirs may stand alone.
BOOKMAKERS = {
    "1XB", "Avg", "B365", "BF", "BFD", "BFE", "BMGM", "BV", "BW", "CL", "IW", "LB", "Max", "P",
    "PS", "VC", "WH",
}  # fmt: skip


class Triple(NamedTuple):
    """Where a bookmaker's triple stands."""

    bookmaker: str
    moment: OddsMoment
    columns: tuple[int, int, int]


def triples(table: Table) -> list[Triple]:
    """The triples of a file; ``B365C`` is a closing one because there is, or may be, a ``B365``."""
    stems = _families(table, TRIPLE)
    found = []
    for stem in stems:
        opening = stem.removesuffix("C")
        closes = opening != stem and (opening in stems or opening in BOOKMAKERS)
        home, draw, away = (table.columns[stem + end] for end in TRIPLE)
        found.append(
            Triple(
                opening if closes else stem,
                "closing" if closes else "opening",
                (home, draw, away),
            )
        )
    return found


def columns_of_odds(table: Table) -> set[str]:
    """The columns that are part of a family of odds."""
    return {stem + end for ends in FAMILIES for stem in _families(table, ends) for end in ends}


def prices(row: Sequence[str], where: Sequence[Triple], match: str) -> Iterator[OddsRow]:
    """The complete triples of a line; a price of 1 or less is none."""
    for each in where:
        if max(each.columns) >= len(row):
            continue
        cells = [row[index].strip() for index in each.columns]
        if all(map(is_number, cells)):
            home, draw, away = map(float, cells)
            if min(home, draw, away) > 1:
                yield OddsRow(match, each.bookmaker, each.moment, home, draw, away)


def _families(table: Table, ends: Sequence[str]) -> list[str]:
    """What the columns of a family have in common, for each family that is complete."""
    stems = (name.removesuffix(ends[0]) for name in table.columns if name.endswith(ends[0]))
    return [s for s in stems if s and all(s + end in table.columns for end in ends)]
