"""The tables, one pandera model each, and the one way to check and write them."""

from pitchline.ingest.tables.base import (
    SEASON_PATTERN,
    SHA256_PATTERN,
    SLUG_PATTERN,
    Table,
    UtcTime,
    column,
    validated,
    write_table,
    write_tables,
)
from pitchline.ingest.tables.details import Events, Lineups, Shots
from pitchline.ingest.tables.matches import (
    RESULTS,
    WITHOUT_RESULT,
    Conflicts,
    Matches,
    MatchSources,
    Unresolved,
    result_of,
)
from pitchline.ingest.tables.odds import Odds
from pitchline.ingest.tables.quality import Checks, Findings
from pitchline.ingest.tables.team_stats import TeamStats

__all__ = [
    "RESULTS",
    "SEASON_PATTERN",
    "SHA256_PATTERN",
    "SLUG_PATTERN",
    "WITHOUT_RESULT",
    "Checks",
    "Conflicts",
    "Events",
    "Findings",
    "Lineups",
    "MatchSources",
    "Matches",
    "Odds",
    "Shots",
    "Table",
    "TeamStats",
    "Unresolved",
    "UtcTime",
    "column",
    "result_of",
    "validated",
    "write_table",
    "write_tables",
]
