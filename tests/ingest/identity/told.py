"""Tables of matches as sources tell them, for names that nobody has mapped."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from pitchline.ingest.source_tables import SourceMatches
from pitchline.ingest.tables import Unresolved, validated
from pitchline.ingest.tables.matches import MatchSources

SHA = "0" * 64


class Game(NamedTuple):
    """One match as one source tells it; a team that is None isn't known."""

    source: str
    day: str
    home: str
    away: str
    home_team: str | None
    away_team: str | None
    score: tuple[int, int] | None = (1, 0)
    home_id: str | None = None
    away_id: str | None = None
    competition: str = "eng-premier-league"
    season: str = "2025-26"
    reason: str = "unknown team"


class Told(NamedTuple):
    """The three tables."""

    unresolved: pd.DataFrame
    match_sources: pd.DataFrame
    source_matches: pd.DataFrame


def tables_of(games: Sequence[Game]) -> Told:
    """The tables that ingest would write of these matches."""
    unresolved, match_sources, source_matches = [], [], []
    for line, game in enumerate(games):
        row = _shared(game, line)
        goals = game.score or (None, None)
        known = game.home_team is not None and game.away_team is not None
        teams = {"home_team": game.home_team, "away_team": game.away_team}
        scores = {"home_goals": goals[0], "away_goals": goals[1]}
        if known and game.reason == "unknown team":
            pair = f"{game.competition}_{game.season}_{game.home_team}_{game.away_team}"
            match_sources.append(
                row | teams | scores | {"match_id": pair, "kick_off_known": False, "gives": ""}
            )
        else:
            unresolved.append(row | teams | {"reason": game.reason, "detail": "?"})
        told = dict.fromkeys(SourceMatches.to_schema().columns)
        ids = {"home_id": game.home_id, "away_id": game.away_id}
        source_matches.append(told | row | scores | ids | {"kick_off_known": False})
    return Told(
        _table(Unresolved, unresolved),
        _table(MatchSources, match_sources),
        _table(SourceMatches, source_matches),
    )


def _shared(game: Game, line: int) -> dict[str, Any]:
    return {
        "source": game.source,
        "match": f"{game.day} {game.home}",
        "competition": game.competition,
        "season": game.season,
        "kick_off": pd.Timestamp(game.day, tz="UTC"),
        "home": game.home,
        "away": game.away,
        "status": "finished" if game.score else "scheduled",
        "snapshot": SHA,
        "line": line,
        "fetched_at": "2026-01-01T00:00:00Z",
    }


def _table(model: Any, rows: list[dict[str, Any]]) -> pd.DataFrame:
    if not rows:
        empty: pd.DataFrame = model.empty()
        return empty
    columns = list(model.to_schema().columns)
    return validated(model, pd.DataFrame(rows, columns=columns), Path(model.__name__))
