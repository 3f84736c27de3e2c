"""What several sources tell, written down by a test, and the tables that come of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa

from pitchline import layout
from pitchline.collect.competitions import chosen_competitions
from pitchline.collect.registry import codes_of
from pitchline.collect.rows import (
    EventRow,
    LineupRow,
    MatchRow,
    OddsRow,
    ShotRow,
    TeamStatRow,
)
from pitchline.ingest import staging, tables
from pitchline.ingest.identity.matches import Identified, identify
from pitchline.ingest.identity.teams import Teams, read_teams
from pitchline.ingest.settle.tables import TABLES, settle
from tests.conftest import ROOT

LEAGUE = "eng-premier-league"
CUP = "eng-fa-cup"
# Real sources, so that their codes and the curated names are; in the order of precedence.
SOURCES = ("fotmob_details", "fbref", "openfootball")
FIRST, SECOND, THIRD = SOURCES


@dataclass(frozen=True)
class Body:
    """One body of a source: its rows, with slugs for the competitions' codes."""

    source: str
    matches: Sequence[MatchRow]
    team_stats: Sequence[TeamStatRow] = ()
    shots: Sequence[ShotRow] = ()
    events: Sequence[EventRow] = ()
    lineups: Sequence[LineupRow] = ()
    odds: Sequence[OddsRow] = ()
    fetched_at: str = "2026-06-01T00:00:00Z"
    competition: str = field(default=LEAGUE)


def sha(number: int) -> str:
    """The hash of the n-th body."""
    return f"{number:064x}"


@cache
def curated() -> Teams:
    """The curated teams."""
    return read_teams(ROOT / layout.TEAMS, ROOT / layout.TEAM_NAMES)


def staged(*bodies: Body) -> staging.Staged:
    """The rows of some bodies, the n-th with ``sha(n)``, from 1."""
    found = {}
    for name, kind in staging.ROW_TYPES.items():
        lines = [
            row._asdict()
            | ({"competition": _code(body), "line": line} if isinstance(row, MatchRow) else {})
            | {"source": body.source, "snapshot": sha(number), "fetched_at": body.fetched_at}
            for number, body in enumerate(bodies, start=1)
            for line, row in enumerate(getattr(body, name))
        ]
        found[name] = pa.Table.from_pylist(lines, schema=staging.schema_of(kind))
    return staging.Staged(found)


def _code(body: Body) -> str:
    column = codes_of(body.source)
    (known,) = chosen_competitions(ROOT / layout.COMPETITIONS, [body.competition])
    return known.codes[column] if column else body.competition


def identified(
    *bodies: Body,
    sources: Sequence[str] = SOURCES,
    competitions: Sequence[str] = (LEAGUE, CUP),
    days: int = 3,
) -> Identified:
    """The rows of some bodies, each with its match."""
    return identify(
        staged(*bodies).frame("matches"),
        chosen_competitions(ROOT / layout.COMPETITIONS, competitions),
        curated(),
        sources,
        days,
    )


def settled(
    *bodies: Body,
    sources: Sequence[str] = SOURCES,
    competitions: Sequence[str] = (LEAGUE, CUP),
    days: int = 3,
    hours: float = 3.0,
    teams: Teams | None = None,
) -> dict[str, pd.DataFrame]:
    """All canonical tables of some bodies, validated."""
    made = settle(
        staged(*bodies).frame,
        chosen_competitions(ROOT / layout.COMPETITIONS, competitions),
        teams or curated(),
        sources,
        days,
        hours,
    )
    return {
        name: tables.validated(model, made.tables[name], Path(name))
        for name, model in TABLES.items()
    }


def plain(values: pd.Series) -> list[object]:
    """The values as a list, None for null."""
    return [None if pd.isna(value) else value for value in values]
