"""The feature table."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables import RESULTS, SEASON_PATTERN, SLUG_PATTERN, UtcTime, column

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

    match_id: Series[str] = column("the match, as in matches", unique=True)
    competition: Series[str] = column("competition", str_matches=SLUG_PATTERN)
    season: Series[str] = column("season", str_matches=SEASON_PATTERN)
    kick_off: Series[UtcTime] = column("kick-off, UTC")
    known_at: Series[UtcTime] = column("moment from which the result is known, UTC")
    home_team: Series[str] = column("home team", str_matches=SLUG_PATTERN)
    away_team: Series[str] = column("away team", str_matches=SLUG_PATTERN)
    result: Series[str] = column(
        "H, D or A; null if not known at as_of", isin=RESULTS, nullable=True
    )
    home_elo: Series[float] = column("Elo rating of the home team", "rating points", ge=0, le=5000)
    away_elo: Series[float] = column("Elo rating of the away team", "rating points", ge=0, le=5000)
    difference_elo: Series[float] = column(
        "home Elo plus home advantage minus away Elo", "rating points", ge=-3000, le=3000
    )
    home_expected_goals: Series[float] = column(
        "goals expected of the home team by attack and defence strengths", "goals", gt=0, le=20
    )
    away_expected_goals: Series[float] = column(
        "goals expected of the away team by attack and defence strengths", "goals", gt=0, le=20
    )
    points: Series[float] = column(
        "league points a match over the last matches",
        "points a match",
        alias=r"^difference_points_\d+$",
        regex=True,
        ge=-3,
        le=3,
        nullable=True,
    )
    goal_difference: Series[float] = column(
        "goals scored minus conceded, a match, over the last matches",
        "goals a match",
        alias=r"^difference_goal_difference_\d+$",
        regex=True,
        ge=-60,
        le=60,
        nullable=True,
    )
    xg_difference: Series[float] = column(
        "xG created minus conceded, a match, over the last matches that have xG",
        "goals a match",
        alias=r"^difference_xg_difference_\d+$",
        regex=True,
        ge=-30,
        le=30,
        nullable=True,
    )
    rest_days: Series[float] = column(
        "days since the team's previous match of the competition, cut off",
        "days",
        alias=r"^(home|away)_rest_days$",
        regex=True,
        ge=0,
        le=200,
    )

    class Config:
        """Pandera's settings."""

        strict = True
        coerce = True


def feature_columns(frame: pd.DataFrame) -> list[str]:
    """The columns a model may learn from, in the table's order."""
    return [column for column in frame.columns if column not in KEYS]
