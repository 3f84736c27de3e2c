"""The table of test forecasts."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables import RESULTS, SEASON_PATTERN, SLUG_PATTERN, Table, UtcTime

PROBABILITY_SUM_TOLERANCE = 2e-6


class Forecasts(Table):
    """Forecasts of matches of the test window, each made before its kick-off.

    ``model_`` is the candidate, ``elo_`` the Elo baseline, ``base_`` the base rates.
    """

    match_id: Series[str] = pa.Field(unique=True, description="the match, as in matches")
    competition: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="competition")
    season: Series[str] = pa.Field(str_matches=SEASON_PATTERN, description="season")
    kick_off: Series[UtcTime] = pa.Field(description="kick-off, UTC")
    home_team: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="home team")
    away_team: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="away team")
    result: Series[str] = pa.Field(isin=RESULTS, description="H, D or A")
    trained_until: Series[UtcTime] = pa.Field(
        description="the forecast's model learned from results known by then, UTC"
    )
    model_home: Series[float] = pa.Field(ge=0, le=1, description="model: probability of H")
    model_draw: Series[float] = pa.Field(ge=0, le=1, description="model: probability of D")
    model_away: Series[float] = pa.Field(ge=0, le=1, description="model: probability of A")
    elo_home: Series[float] = pa.Field(ge=0, le=1, description="Elo baseline: probability of H")
    elo_draw: Series[float] = pa.Field(ge=0, le=1, description="Elo baseline: probability of D")
    elo_away: Series[float] = pa.Field(ge=0, le=1, description="Elo baseline: probability of A")
    base_home: Series[float] = pa.Field(ge=0, le=1, description="base rates: probability of H")
    base_draw: Series[float] = pa.Field(ge=0, le=1, description="base rates: probability of D")
    base_away: Series[float] = pa.Field(ge=0, le=1, description="base rates: probability of A")

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
