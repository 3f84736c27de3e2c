"""The sources' own tables, one pandera model each: names and ids as the source has them.

Rows stand in the order of the sources in params.yaml, of the packs, and of the body. They are what
the matches and team stats of pitchline.ingest.tables are resolved from.
"""

import pandas as pd
from pandera.typing import Series

from pitchline.ingest.tables import SEASON_PATTERN, Table, UtcTime, column
from pitchline.ingest.tables.details import EVENTS, ROLES
from pitchline.ingest.tables.matches import DECIDED, STATUSES
from pitchline.ingest.tables.odds import MOMENTS


class SourceMatches(Table):
    """One row for each match of each body, as its source tells it."""

    match: Series[str] = column("the source's own id of the match")
    competition: Series[str] = column("the source's own code of the competition")
    season: Series[str] = column("season, checked against the date", str_matches=SEASON_PATTERN)
    kick_off: Series[UtcTime] = column(
        "kick-off in UTC; where only the date is known, its first moment"
    )
    kick_off_known: Series[bool] = column("whether the time of day is known")
    home: Series[str] = column("home team, as the source writes it")
    away: Series[str] = column("away team, as the source writes it")
    status: Series[str] = column(
        "what became of it; finished only where the result counts", isin=STATUSES
    )
    home_goals: Series[pd.Int64Dtype] = column(
        "goals of the home team after 90 minutes", "goals", ge=0, le=30, nullable=True
    )
    away_goals: Series[pd.Int64Dtype] = column(
        "goals of the away team after 90 minutes", "goals", ge=0, le=30, nullable=True
    )
    decided: Series[str] = column(
        "how it ended: regular time, extra time or penalties", isin=DECIDED, nullable=True
    )
    home_goals_final: Series[pd.Int64Dtype] = column(
        "goals of the home team with extra time, without a shoot-out",
        "goals",
        ge=0,
        le=30,
        nullable=True,
    )
    away_goals_final: Series[pd.Int64Dtype] = column(
        "goals of the away team with extra time, without a shoot-out",
        "goals",
        ge=0,
        le=30,
        nullable=True,
    )
    home_shootout: Series[pd.Int64Dtype] = column(
        "penalties the home team scored in the shoot-out", "goals", ge=0, le=50, nullable=True
    )
    away_shootout: Series[pd.Int64Dtype] = column(
        "penalties the away team scored in the shoot-out", "goals", ge=0, le=50, nullable=True
    )
    home_goals_half: Series[pd.Int64Dtype] = column(
        "goals of the home team at half-time", "goals", ge=0, le=30, nullable=True
    )
    away_goals_half: Series[pd.Int64Dtype] = column(
        "goals of the away team at half-time", "goals", ge=0, le=30, nullable=True
    )
    round: Series[str] = column("round or stage, as the source labels it", nullable=True)
    competition_name: Series[str] = column("the competition, as the source names it", nullable=True)
    home_id: Series[str] = column("the source's id of the home team", nullable=True)
    away_id: Series[str] = column("the source's id of the away team", nullable=True)
    venue: Series[str] = column("stadium", nullable=True)
    referee: Series[str] = column("referee", nullable=True)
    attendance: Series[pd.Int64Dtype] = column(
        "spectators", "people", ge=0, le=300_000, nullable=True
    )
    coverage: Series[str] = column("what the source says it covers", nullable=True)
    line: Series[pd.Int64Dtype] = column("number of the row in its body, from 0", "ordinal", ge=0)
    source: Series[str] = column("the source")
    snapshot: Series[str] = column("SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = column("when that body was fetched, ISO 8601 in UTC")


class SourceTeamStats(Table):
    """What one team did in one match, as one body tells it; extra time included."""

    match: Series[str] = column("the match, as in the sources' matches")
    is_home: Series[bool] = column("whether it is the home team")
    xg: Series[float] = column(
        "expected goals, as the source prints them", "goals", ge=0, le=15, nullable=True
    )
    xg_on_target: Series[float] = column(
        "expected goals after the shot (xGOT)", "goals", ge=0, le=15, nullable=True
    )
    xg_shots: Series[float] = column(
        "expected goals summed over the shots; own goals and shoot-out left out",
        "goals",
        ge=0,
        le=15,
        nullable=True,
    )
    shots: Series[pd.Int64Dtype] = column("shots", "shots", ge=0, le=100, nullable=True)
    shots_on_target: Series[pd.Int64Dtype] = column(
        "shots on target", "shots", ge=0, le=60, nullable=True
    )
    shots_inside_box: Series[pd.Int64Dtype] = column(
        "shots from inside the box", "shots", ge=0, le=100, nullable=True
    )
    big_chances: Series[pd.Int64Dtype] = column(
        "big chances", "chances", ge=0, le=40, nullable=True
    )
    possession: Series[float] = column("share of the ball", "percent", ge=0, le=100, nullable=True)
    passes: Series[pd.Int64Dtype] = column("passes", "passes", ge=0, le=2000, nullable=True)
    accurate_passes: Series[pd.Int64Dtype] = column(
        "passes that arrived", "passes", ge=0, le=2000, nullable=True
    )
    touches_in_opposition_box: Series[pd.Int64Dtype] = column(
        "touches in the opposition's box", "touches", ge=0, le=300, nullable=True
    )
    crosses: Series[pd.Int64Dtype] = column("crosses", "crosses", ge=0, le=150, nullable=True)
    corners: Series[pd.Int64Dtype] = column("corners", "corners", ge=0, le=60, nullable=True)
    fouls: Series[pd.Int64Dtype] = column("fouls committed", "fouls", ge=0, le=80, nullable=True)
    offsides: Series[pd.Int64Dtype] = column("offsides", "offsides", ge=0, le=40, nullable=True)
    tackles: Series[pd.Int64Dtype] = column("tackles", "tackles", ge=0, le=150, nullable=True)
    interceptions: Series[pd.Int64Dtype] = column(
        "interceptions", "interceptions", ge=0, le=150, nullable=True
    )
    clearances: Series[pd.Int64Dtype] = column(
        "clearances", "clearances", ge=0, le=200, nullable=True
    )
    saves: Series[pd.Int64Dtype] = column(
        "saves of the goalkeeper", "saves", ge=0, le=60, nullable=True
    )
    yellow_cards: Series[pd.Int64Dtype] = column(
        "yellow cards", "cards", ge=0, le=20, nullable=True
    )
    red_cards: Series[pd.Int64Dtype] = column("red cards", "cards", ge=0, le=11, nullable=True)
    source: Series[str] = column("the source")
    snapshot: Series[str] = column("SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = column("when that body was fetched, ISO 8601 in UTC")


class SourceShots(Table):
    """One shot, as one body tells it."""

    match: Series[str] = column("the match")
    is_home: Series[bool] = column("whether the home team shot")
    shot: Series[str] = column("the source's id of the shot", nullable=True)
    minute: Series[pd.Int64Dtype] = column("minute of play", "minutes", ge=0, le=150, nullable=True)
    added: Series[pd.Int64Dtype] = column(
        "minute of stoppage time", "minutes", ge=0, le=60, nullable=True
    )
    period: Series[str] = column("half, as the source names it", nullable=True)
    player: Series[str] = column("who shot", nullable=True)
    player_id: Series[str] = column("the source's id of the player", nullable=True)
    x: Series[float] = column(
        "along the pitch of 105, attacking towards 105", "metres", ge=-5, le=110, nullable=True
    )
    y: Series[float] = column("across the pitch of 68", "metres", ge=-5, le=73, nullable=True)
    xg: Series[float] = column("expected goals of the shot", "goals", ge=0, le=1, nullable=True)
    xg_on_target: Series[float] = column(
        "expected goals after the shot (xGOT)", "goals", ge=0, le=1, nullable=True
    )
    outcome: Series[str] = column("what became of it, as the source names it", nullable=True)
    body_part: Series[str] = column("foot or head, as the source names it", nullable=True)
    situation: Series[str] = column("open play or set piece, as the source names it", nullable=True)
    is_on_target: Series[pd.BooleanDtype] = column("whether it was on target", nullable=True)
    is_blocked: Series[pd.BooleanDtype] = column("whether it was blocked", nullable=True)
    is_own_goal: Series[pd.BooleanDtype] = column("whether it is an own goal", nullable=True)
    source: Series[str] = column("the source")
    snapshot: Series[str] = column("SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = column("when that body was fetched, ISO 8601 in UTC")


class SourceEvents(Table):
    """One goal, card or substitution, as one body tells it."""

    match: Series[str] = column("the match")
    number: Series[pd.Int64Dtype] = column(
        "its place among the body's events, from 0", "ordinal", ge=0
    )
    is_home: Series[bool] = column("the side it is told for; an own goal counts for this side")
    type: Series[str] = column(
        "what happened: a goal, a card, a substitution, a shot of the shoot-out", isin=EVENTS
    )
    minute: Series[pd.Int64Dtype] = column("minute of play", "minutes", ge=0, le=150, nullable=True)
    added: Series[pd.Int64Dtype] = column(
        "minute of stoppage time", "minutes", ge=0, le=60, nullable=True
    )
    player: Series[str] = column("who did it, or came on", nullable=True)
    player_id: Series[str] = column("the source's id of the player", nullable=True)
    other_player: Series[str] = column("who assisted, or went off", nullable=True)
    other_player_id: Series[str] = column("the source's id of the other player", nullable=True)
    home_score: Series[pd.Int64Dtype] = column(
        "goals of the home team right after it", "goals", ge=0, le=99, nullable=True
    )
    away_score: Series[pd.Int64Dtype] = column(
        "goals of the away team right after it", "goals", ge=0, le=99, nullable=True
    )
    source: Series[str] = column("the source")
    snapshot: Series[str] = column("SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = column("when that body was fetched, ISO 8601 in UTC")


class SourceLineups(Table):
    """One player of one team's sheet, as one body tells it."""

    match: Series[str] = column("the match")
    is_home: Series[bool] = column("whether the home team's")
    role: Series[str] = column("starter, bench or unavailable", isin=ROLES)
    player: Series[str] = column("the player's name")
    player_id: Series[str] = column("the source's id of the player", nullable=True)
    shirt: Series[pd.Int64Dtype] = column("shirt number", "ordinal", ge=0, le=999, nullable=True)
    position: Series[str] = column("position, as the source names it", nullable=True)
    is_captain: Series[pd.BooleanDtype] = column("whether the captain", nullable=True)
    minutes: Series[pd.Int64Dtype] = column(
        "minutes played", "minutes", ge=0, le=150, nullable=True
    )
    rating: Series[float] = column("the source's rating", "points", ge=0, le=10, nullable=True)
    lineup_type: Series[str] = column(
        "predicted before the teams are announced, else confirmed", nullable=True
    )
    formation: Series[str] = column("the team's formation", nullable=True)
    reason: Series[str] = column("why an unavailable player is", nullable=True)
    source: Series[str] = column("the source")
    snapshot: Series[str] = column("SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = column("when that body was fetched, ISO 8601 in UTC")


class SourceOdds(Table):
    """1X2 decimal odds of one bookmaker at one moment."""

    match: Series[str] = column("the match")
    bookmaker: Series[str] = column("the source's code of the bookmaker")
    moment: Series[str] = column("opening (or simply before the match) or closing", isin=MOMENTS)
    home: Series[float] = column("odds of a home win", "payout per stake", ge=1, le=10_000)
    draw: Series[float] = column("odds of a draw", "payout per stake", ge=1, le=10_000)
    away: Series[float] = column("odds of an away win", "payout per stake", ge=1, le=10_000)
    source: Series[str] = column("the source")
    snapshot: Series[str] = column("SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = column("when that body was fetched, ISO 8601 in UTC")


SOURCE_TABLES: dict[str, type[Table]] = {
    "matches": SourceMatches,
    "team_stats": SourceTeamStats,
    "shots": SourceShots,
    "events": SourceEvents,
    "lineups": SourceLineups,
    "odds": SourceOdds,
}
