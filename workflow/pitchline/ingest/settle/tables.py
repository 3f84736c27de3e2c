"""All canonical tables from the sources' rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from pitchline.collect.competitions import Competition
from pitchline.ingest import tables
from pitchline.ingest.groups import NONE, firsts, taken
from pitchline.ingest.identity.matches import identify
from pitchline.ingest.identity.teams import Teams
from pitchline.ingest.settle.conflicts import conflicts_table
from pitchline.ingest.settle.details import details_table
from pitchline.ingest.settle.matches import Chosen, chosen, matches_table, with_numbers
from pitchline.ingest.settle.odds import odds_table, prices
from pitchline.ingest.settle.provenance import gives, match_sources_table
from pitchline.ingest.settle.team_stats import chosen_stats, team_stats_table
from pitchline.ingest.settle.tellings import Tellings, tellings

TABLES: dict[str, type[tables.Table]] = {
    "matches": tables.Matches,
    "match_sources": tables.MatchSources,
    "conflicts": tables.Conflicts,
    "unresolved": tables.Unresolved,
    "team_stats": tables.TeamStats,
    "odds": tables.Odds,
    "shots": tables.Shots,
    "events": tables.Events,
    "lineups": tables.Lineups,
}


@dataclass(frozen=True)
class Settled:
    """The canonical tables.

    Attributes:
        tables: by name, as in ``TABLES``, in their models' columns; not validated yet.
        in_scope: the sources' rows of the chosen competitions.
        out_of_scope: their rows of other competitions.
    """

    tables: dict[str, pd.DataFrame]
    in_scope: int
    out_of_scope: int


def settle(
    frame: Callable[[str], pd.DataFrame],
    competitions: Sequence[Competition],
    teams: Teams,
    sources: Sequence[str],
    same_match_days: int,
    result_known_after_hours: float,
) -> Settled:
    """One truth from what several sources tell.

    Args:
        frame: gives the sources' rows of a table by its name, as ``Staged.frame`` does.
        competitions: those chosen.
        teams: the curated teams.
        sources: in order of precedence.
        same_match_days: most days between two dates of one match.
        result_known_after_hours: hours after kick-off from which a result counts as known.
    """
    found = identify(frame("matches"), competitions, teams, sources, same_match_days)
    everything = tellings(with_numbers(found.rows), sources)
    told = everything.of_sources()
    choice = chosen(told)
    matches, number = matches_table(told, choice, result_known_after_hours)
    stats = chosen_stats(frame("team_stats"), everything)
    price = prices(frame("odds"), everything, number)
    kick_off = _kick_offs(told, choice)
    made = {
        "matches": matches,
        "match_sources": match_sources_table(
            told, gives(told, everything, choice, stats), kick_off
        ),
        "conflicts": conflicts_table(told, everything, choice, stats, price, kick_off),
        "unresolved": found.unresolved.sort_values(
            ["kick_off", "competition", "home", "away"], kind="stable"
        ),
        "team_stats": team_stats_table(stats, matches, number),
        "odds": odds_table(price, everything),
    }
    usable = {
        "shots": everything.is_finished,
        "events": everything.is_finished,
        # A line-up is known before the match.
        "lineups": ~everything.is_void,
    }
    for name, which in usable.items():
        made[name] = details_table(frame(name), everything, which, matches, number)
    return Settled(
        {name: in_columns(model, made[name]) for name, model in TABLES.items()},
        found.in_scope,
        found.out_of_scope,
    )


def _kick_offs(told: Tellings, choice: Chosen) -> pd.Series:
    """The kick-off of each match; of one that all sources call off, the first's."""
    first = firsts(told.match, np.ones(len(told.match), dtype=bool), told.size)
    at = np.where(choice.columns["kick_off"] == NONE, first, choice.columns["kick_off"])
    return taken(told.rows["kick_off"], at)


def in_columns(model: type[pa.DataFrameModel], frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of a model, in its order."""
    return frame[list(model.to_schema().columns)].reset_index(drop=True)


def summary(settled: Settled) -> dict[str, Any]:
    """Counts for data/quality/ingest.json."""
    matches, unresolved = settled.tables["matches"], settled.tables["unresolved"]
    conflicts = settled.tables["conflicts"]
    seasons = matches.groupby(["competition", "season"], sort=True)
    return {
        "matches": len(matches),
        "seasons": [
            {
                "competition": competition,
                "season": season,
                "teams": len({*group["home_team"], *group["away_team"]}),
                "matches": len(group),
            }
            for (competition, season), group in seasons
        ],
        "rows": settled.in_scope,
        "rows_out_of_scope": settled.out_of_scope,
        "unresolved": _counts(unresolved["reason"]),
        "unknown_team_names": unknown_names(unresolved),
        "conflicts": _counts(conflicts["table"] + "." + conflicts["field"]),
    }


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in values.value_counts().sort_index().items()}


def unknown_names(unresolved: pd.DataFrame) -> list[str]:
    """The names, as sources write them, that mean no curated team; sorted."""
    of_teams = unresolved[unresolved["reason"] == "unknown team"]
    return sorted(
        {
            *of_teams.loc[of_teams["home_team"].isna(), "home"],
            *of_teams.loc[of_teams["away_team"].isna(), "away"],
        }
    )
