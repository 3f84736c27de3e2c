"""The table of test forecasts."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables import RESULTS, SEASON_PATTERN, SLUG_PATTERN, Table, UtcTime, column

PROBABILITY_SUM_TOLERANCE = 2e-6


class Forecasts(Table):
    """Forecasts of matches of the test window, each made before its kick-off.

    ``model_`` is the candidate, ``elo_`` the Elo baseline, ``base_`` the base rates, ``market_``
    the closing odds without the margin, where there are any.
    """

    match_id: Series[str] = column("the match, as in matches", unique=True)
    competition: Series[str] = column("competition", str_matches=SLUG_PATTERN)
    season: Series[str] = column("season", str_matches=SEASON_PATTERN)
    kick_off: Series[UtcTime] = column("kick-off, UTC")
    home_team: Series[str] = column("home team", str_matches=SLUG_PATTERN)
    away_team: Series[str] = column("away team", str_matches=SLUG_PATTERN)
    home_goals: Series[pd.Int64Dtype] = column("goals of the home team", "goals", ge=0, le=99)
    away_goals: Series[pd.Int64Dtype] = column("goals of the away team", "goals", ge=0, le=99)
    result: Series[str] = column("H, D or A", isin=RESULTS)
    trained_until: Series[UtcTime] = column(
        "the forecast's model learned from results known by then, UTC"
    )
    model_home: Series[float] = column("model: probability of H", "probability", ge=0, le=1)
    model_draw: Series[float] = column("model: probability of D", "probability", ge=0, le=1)
    model_away: Series[float] = column("model: probability of A", "probability", ge=0, le=1)
    elo_home: Series[float] = column("Elo baseline: probability of H", "probability", ge=0, le=1)
    elo_draw: Series[float] = column("Elo baseline: probability of D", "probability", ge=0, le=1)
    elo_away: Series[float] = column("Elo baseline: probability of A", "probability", ge=0, le=1)
    base_home: Series[float] = column("base rates: probability of H", "probability", ge=0, le=1)
    base_draw: Series[float] = column("base rates: probability of D", "probability", ge=0, le=1)
    base_away: Series[float] = column("base rates: probability of A", "probability", ge=0, le=1)
    expected_home_goals: Series[float] = column("goals expected of the home team", "goals", ge=0)
    expected_away_goals: Series[float] = column("goals expected of the away team", "goals", ge=0)
    over_2_5: Series[float] = column("model: more than 2.5 goals", "probability", ge=0, le=1)
    both_score: Series[float] = column("model: both teams score", "probability", ge=0, le=1)
    base_over_2_5: Series[float] = column("base rate of over 2.5", "probability", ge=0, le=1)
    base_both_score: Series[float] = column("base rate of both score", "probability", ge=0, le=1)
    market_home: Series[float] = column(
        "closing odds: probability of H; null without a price",
        "probability",
        ge=0,
        le=1,
        nullable=True,
    )
    market_draw: Series[float] = column(
        "closing odds: probability of D; null without a price",
        "probability",
        ge=0,
        le=1,
        nullable=True,
    )
    market_away: Series[float] = column(
        "closing odds: probability of A; null without a price",
        "probability",
        ge=0,
        le=1,
        nullable=True,
    )

    @pa.dataframe_check(error="trained_until lies after kick_off")
    @classmethod
    def made_before_kick_off(cls, frame: pd.DataFrame) -> pd.Series:
        """No forecast knows a result from after its kick-off."""
        return frame["trained_until"] <= frame["kick_off"]

    @pa.dataframe_check(error="the model's probabilities don't sum to 1")
    @classmethod
    def probabilities_sum_to_one(cls, frame: pd.DataFrame) -> pd.Series:
        """The three probabilities of the model sum to 1."""
        total = frame["model_home"] + frame["model_draw"] + frame["model_away"]
        return (total - 1).abs() <= PROBABILITY_SUM_TOLERANCE
