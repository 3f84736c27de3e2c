"""The feature table."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables import RESULTS, SEASON_PATTERN, SLUG_PATTERN, UtcTime

KEYS = (
    "match_id",
    "competition",
    "season",
    "kick_off",
    "known_at",
    "home_team",
    "away_team",
    "result",
)


class MatchFeatures(pa.DataFrameModel):
    """One row a match: its keys, its result if known at as_of, and what was known at kick-off.

    ``difference_`` is the home team's figure minus the away team's. A form column ends in the
    number of matches it averages over (``features.form_windows``).
    """

    match_id: Series[str] = pa.Field(unique=True, description="the match, as in matches")
    competition: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="competition")
    season: Series[str] = pa.Field(str_matches=SEASON_PATTERN, description="season")
    kick_off: Series[UtcTime] = pa.Field(description="kick-off, UTC")
    known_at: Series[UtcTime] = pa.Field(description="moment from which the result is known, UTC")
    home_team: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="home team")
    away_team: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="away team")
    result: Series[str] = pa.Field(
        isin=RESULTS, nullable=True, description="H, D or A; null if not known at as_of"
    )
    home_elo: Series[float] = pa.Field(ge=0, le=5000, description="Elo of the home team, points")
    away_elo: Series[float] = pa.Field(ge=0, le=5000, description="Elo of the away team, points")
    difference_elo: Series[float] = pa.Field(
        ge=-3000, le=3000, description="home Elo plus home advantage minus away Elo, points"
    )
    home_expected_goals: Series[float] = pa.Field(
        gt=0, le=20, description="goals expected of the home team by attack and defence strengths"
    )
    away_expected_goals: Series[float] = pa.Field(
        gt=0, le=20, description="goals expected of the away team by attack and defence strengths"
    )
    points: Series[float] = pa.Field(
        alias=r"^difference_points_\d+$",
        regex=True,
        nullable=True,
        ge=-3,
        le=3,
        description="league points a match over the last matches",
    )
    goal_difference: Series[float] = pa.Field(
        alias=r"^difference_goal_difference_\d+$",
        regex=True,
        nullable=True,
        ge=-60,
        le=60,
        description="goals scored minus conceded, a match, over the last matches",
    )
    xg_difference: Series[float] = pa.Field(
        alias=r"^difference_xg_difference_\d+$",
        regex=True,
        nullable=True,
        ge=-30,
        le=30,
        description="xG created minus conceded, a match, over the last matches that have xG",
    )
    rest_days: Series[float] = pa.Field(
        alias=r"^(home|away)_rest_days$",
        regex=True,
        ge=0,
        le=200,
        description="days since the team's previous match of the competition, cut off",
    )

    class Config:
        """Pandera's settings."""

        strict = True
        coerce = True


def feature_columns(frame: pd.DataFrame) -> list[str]:
    """The columns a model may learn from, in the table's order."""
    return [column for column in frame.columns if column not in KEYS]
