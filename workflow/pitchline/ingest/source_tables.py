"""The sources' own tables, one pandera model each: names and ids as the source has them.

Rows stand in the order of the sources in params.yaml, of the packs, and of the body. They are what
the matches and team stats of pitchline.ingest.tables are resolved from.
"""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables import SEASON_PATTERN, Table, UtcTime

STATUSES = (
    "scheduled",
    "live",
    "finished",
    "postponed",
    "cancelled",
    "abandoned",
    "awarded",
    "unknown",
)
DECIDED = ("regular time", "extra time", "penalties")
EVENTS = (
    "goal",
    "own goal",
    "penalty goal",
    "missed penalty",
    "yellow card",
    "second yellow card",
    "red card",
    "substitution",
    "shoot-out goal",
    "shoot-out miss",
)
ROLES = ("starter", "bench", "unavailable")


class SourceMatches(Table):
    """One row for each match of each body, as its source tells it."""

    match: Series[str] = pa.Field(description="the source's own id of the match")
    competition: Series[str] = pa.Field(description="the source's own code of the competition")
    season: Series[str] = pa.Field(
        str_matches=SEASON_PATTERN, description="season, checked against the date"
    )
    kick_off: Series[UtcTime] = pa.Field(
        description="kick-off in UTC; where only the date is known, its first moment"
    )
    kick_off_known: Series[bool] = pa.Field(description="whether the time of day is known")
    home: Series[str] = pa.Field(description="home team, as the source writes it")
    away: Series[str] = pa.Field(description="away team, as the source writes it")
    status: Series[str] = pa.Field(
        isin=STATUSES,
        description="what became of it; finished only where the result counts",
    )
    home_goals: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=99, nullable=True, description="goals of the home team after 90 minutes"
    )
    away_goals: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=99, nullable=True, description="goals of the away team after 90 minutes"
    )
    decided: Series[str] = pa.Field(
        isin=DECIDED,
        nullable=True,
        description="how it ended: regular time, extra time or penalties",
    )
    home_goals_final: Series[pd.Int64Dtype] = pa.Field(
        ge=0,
        le=99,
        nullable=True,
        description="goals of the home team with extra time, without a shoot-out",
    )
    away_goals_final: Series[pd.Int64Dtype] = pa.Field(
        ge=0,
        le=99,
        nullable=True,
        description="goals of the away team with extra time, without a shoot-out",
    )
    home_shootout: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=99, nullable=True, description="penalties the home team scored in the shoot-out"
    )
    away_shootout: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=99, nullable=True, description="penalties the away team scored in the shoot-out"
    )
    home_goals_half: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=99, nullable=True, description="goals of the home team at half-time"
    )
    away_goals_half: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=99, nullable=True, description="goals of the away team at half-time"
    )
    round: Series[str] = pa.Field(
        nullable=True, description="round or stage, as the source labels it"
    )
    competition_name: Series[str] = pa.Field(
        nullable=True, description="the competition, as the source names it"
    )
    home_id: Series[str] = pa.Field(nullable=True, description="the source's id of the home team")
    away_id: Series[str] = pa.Field(nullable=True, description="the source's id of the away team")
    venue: Series[str] = pa.Field(nullable=True, description="stadium")
    referee: Series[str] = pa.Field(nullable=True, description="referee")
    attendance: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=300000, nullable=True, description="spectators"
    )
    coverage: Series[str] = pa.Field(nullable=True, description="what the source says it covers")
    line: Series[pd.Int64Dtype] = pa.Field(
        ge=0, description="number of the row in its body, from 0"
    )
    source: Series[str] = pa.Field(description="the source")
    snapshot: Series[str] = pa.Field(description="SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = pa.Field(description="when that body was fetched, ISO 8601 in UTC")


class SourceTeamStats(Table):
    """What one team did in one match, as one body tells it; extra time included."""

    match: Series[str] = pa.Field(description="the match, as in the sources' matches")
    is_home: Series[bool] = pa.Field(description="whether it is the home team")
    xg: Series[float] = pa.Field(
        ge=0, le=20, nullable=True, description="expected goals, as the source prints them"
    )
    xg_on_target: Series[float] = pa.Field(
        ge=0, le=20, nullable=True, description="expected goals after the shot (xGOT)"
    )
    xg_shots: Series[float] = pa.Field(
        ge=0,
        le=20,
        nullable=True,
        description="expected goals summed over the shots; own goals and shoot-out left out",
    )
    shots: Series[pd.Int64Dtype] = pa.Field(ge=0, le=2000, nullable=True, description="shots")
    shots_on_target: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=2000, nullable=True, description="shots on target"
    )
    shots_inside_box: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=2000, nullable=True, description="shots from inside the box"
    )
    big_chances: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=2000, nullable=True, description="big chances"
    )
    possession: Series[float] = pa.Field(
        ge=0, le=100, nullable=True, description="share of the ball, percent"
    )
    passes: Series[pd.Int64Dtype] = pa.Field(ge=0, le=2000, nullable=True, description="passes")
    accurate_passes: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=2000, nullable=True, description="passes that arrived"
    )
    touches_in_opposition_box: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=2000, nullable=True, description="touches in the opposition's box"
    )
    crosses: Series[pd.Int64Dtype] = pa.Field(ge=0, le=2000, nullable=True, description="crosses")
    corners: Series[pd.Int64Dtype] = pa.Field(ge=0, le=2000, nullable=True, description="corners")
    fouls: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=2000, nullable=True, description="fouls committed"
    )
    offsides: Series[pd.Int64Dtype] = pa.Field(ge=0, le=2000, nullable=True, description="offsides")
    tackles: Series[pd.Int64Dtype] = pa.Field(ge=0, le=2000, nullable=True, description="tackles")
    interceptions: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=2000, nullable=True, description="interceptions"
    )
    clearances: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=2000, nullable=True, description="clearances"
    )
    saves: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=2000, nullable=True, description="saves of the goalkeeper"
    )
    yellow_cards: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=2000, nullable=True, description="yellow cards"
    )
    red_cards: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=2000, nullable=True, description="red cards"
    )
    source: Series[str] = pa.Field(description="the source")
    snapshot: Series[str] = pa.Field(description="SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = pa.Field(description="when that body was fetched, ISO 8601 in UTC")


class SourceShots(Table):
    """One shot, as one body tells it."""

    match: Series[str] = pa.Field(description="the match")
    is_home: Series[bool] = pa.Field(description="whether the home team shot")
    shot: Series[str] = pa.Field(nullable=True, description="the source's id of the shot")
    minute: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=150, nullable=True, description="minute of play"
    )
    added: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=60, nullable=True, description="minute of stoppage time"
    )
    period: Series[str] = pa.Field(nullable=True, description="half, as the source names it")
    player: Series[str] = pa.Field(nullable=True, description="who shot")
    player_id: Series[str] = pa.Field(nullable=True, description="the source's id of the player")
    x: Series[float] = pa.Field(
        ge=-5,
        le=110,
        nullable=True,
        description="metres along the pitch of 105, attacking towards 105",
    )
    y: Series[float] = pa.Field(
        ge=-5, le=73, nullable=True, description="metres across the pitch of 68"
    )
    xg: Series[float] = pa.Field(
        ge=0, le=1, nullable=True, description="expected goals of the shot"
    )
    xg_on_target: Series[float] = pa.Field(
        ge=0, le=1, nullable=True, description="expected goals after the shot (xGOT)"
    )
    outcome: Series[str] = pa.Field(
        nullable=True, description="what became of it, as the source names it"
    )
    body_part: Series[str] = pa.Field(
        nullable=True, description="foot or head, as the source names it"
    )
    situation: Series[str] = pa.Field(
        nullable=True, description="open play or set piece, as the source names it"
    )
    is_on_target: Series[pd.BooleanDtype] = pa.Field(
        nullable=True, description="whether it was on target"
    )
    is_blocked: Series[pd.BooleanDtype] = pa.Field(
        nullable=True, description="whether it was blocked"
    )
    is_own_goal: Series[pd.BooleanDtype] = pa.Field(
        nullable=True, description="whether it is an own goal"
    )
    source: Series[str] = pa.Field(description="the source")
    snapshot: Series[str] = pa.Field(description="SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = pa.Field(description="when that body was fetched, ISO 8601 in UTC")


class SourceEvents(Table):
    """One goal, card or substitution, as one body tells it."""

    match: Series[str] = pa.Field(description="the match")
    number: Series[pd.Int64Dtype] = pa.Field(
        ge=0, description="its place among the body's events, from 0"
    )
    is_home: Series[bool] = pa.Field(
        description="the side it is told for; an own goal counts for this side"
    )
    type: Series[str] = pa.Field(
        isin=EVENTS,
        description="what happened: a goal, a card, a substitution, a shot of the shoot-out",
    )
    minute: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=150, nullable=True, description="minute of play"
    )
    added: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=60, nullable=True, description="minute of stoppage time"
    )
    player: Series[str] = pa.Field(nullable=True, description="who did it, or came on")
    player_id: Series[str] = pa.Field(nullable=True, description="the source's id of the player")
    other_player: Series[str] = pa.Field(nullable=True, description="who assisted, or went off")
    other_player_id: Series[str] = pa.Field(
        nullable=True, description="the source's id of the other player"
    )
    home_score: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=99, nullable=True, description="goals of the home team right after it"
    )
    away_score: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=99, nullable=True, description="goals of the away team right after it"
    )
    source: Series[str] = pa.Field(description="the source")
    snapshot: Series[str] = pa.Field(description="SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = pa.Field(description="when that body was fetched, ISO 8601 in UTC")


class SourceLineups(Table):
    """One player of one team's sheet, as one body tells it."""

    match: Series[str] = pa.Field(description="the match")
    is_home: Series[bool] = pa.Field(description="whether the home team's")
    role: Series[str] = pa.Field(isin=ROLES, description="starter, bench or unavailable")
    player: Series[str] = pa.Field(description="the player's name")
    player_id: Series[str] = pa.Field(nullable=True, description="the source's id of the player")
    shirt: Series[pd.Int64Dtype] = pa.Field(ge=0, le=999, nullable=True, description="shirt number")
    position: Series[str] = pa.Field(nullable=True, description="position, as the source names it")
    is_captain: Series[pd.BooleanDtype] = pa.Field(nullable=True, description="whether the captain")
    minutes: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=150, nullable=True, description="minutes played"
    )
    rating: Series[float] = pa.Field(ge=0, le=10, nullable=True, description="the source's rating")
    lineup_type: Series[str] = pa.Field(
        nullable=True, description="predicted before the teams are announced, else confirmed"
    )
    formation: Series[str] = pa.Field(nullable=True, description="the team's formation")
    reason: Series[str] = pa.Field(nullable=True, description="why an unavailable player is")
    source: Series[str] = pa.Field(description="the source")
    snapshot: Series[str] = pa.Field(description="SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = pa.Field(description="when that body was fetched, ISO 8601 in UTC")


class SourceOdds(Table):
    """1X2 decimal odds of one bookmaker at one moment."""

    match: Series[str] = pa.Field(description="the match")
    bookmaker: Series[str] = pa.Field(description="the source's code of the bookmaker")
    moment: Series[str] = pa.Field(
        isin=("opening", "closing"), description="opening (or simply before the match) or closing"
    )
    home: Series[float] = pa.Field(ge=1, description="odds of a home win")
    draw: Series[float] = pa.Field(ge=1, description="odds of a draw")
    away: Series[float] = pa.Field(ge=1, description="odds of an away win")
    source: Series[str] = pa.Field(description="the source")
    snapshot: Series[str] = pa.Field(description="SHA-256 of the raw body the row came from")
    fetched_at: Series[str] = pa.Field(description="when that body was fetched, ISO 8601 in UTC")


SOURCE_TABLES: dict[str, type[Table]] = {
    "matches": SourceMatches,
    "team_stats": SourceTeamStats,
    "shots": SourceShots,
    "events": SourceEvents,
    "lineups": SourceLineups,
    "odds": SourceOdds,
}
