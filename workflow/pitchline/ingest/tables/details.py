"""What happened within a match: shots, events and line-ups, each match's from one source."""

import pandas as pd
from pandera.typing import Series

from pitchline.ingest.tables.base import SHA256_PATTERN, SLUG_PATTERN, Table, column

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


class Shots(Table):
    """One shot."""

    match_id: Series[str] = column("the match, as in matches")
    team: Series[str] = column("who shot", str_matches=SLUG_PATTERN)
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
    snapshot: Series[str] = column(
        "SHA-256 of the raw body the row came from", str_matches=SHA256_PATTERN
    )


class Events(Table):
    """One goal, card or substitution, in the order of the match."""

    match_id: Series[str] = column("the match, as in matches")
    number: Series[pd.Int64Dtype] = column(
        "its place among the match's events, from 0", "ordinal", ge=0
    )
    team: Series[str] = column(
        "the team it is told for; an own goal counts for this team", str_matches=SLUG_PATTERN
    )
    is_home: Series[bool] = column("whether that is the home team")
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
    snapshot: Series[str] = column(
        "SHA-256 of the raw body the row came from", str_matches=SHA256_PATTERN
    )


class Lineups(Table):
    """One player of one team's sheet."""

    match_id: Series[str] = column("the match, as in matches")
    team: Series[str] = column("the player's team", str_matches=SLUG_PATTERN)
    is_home: Series[bool] = column("whether that is the home team")
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
    snapshot: Series[str] = column(
        "SHA-256 of the raw body the row came from", str_matches=SHA256_PATTERN
    )
