"""The table of predictions."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables import RESULTS, SEASON_PATTERN, SLUG_PATTERN, Table, UtcTime
from pitchline.train.schema import PROBABILITY_SUM_TOLERANCE


class Predictions(Table):
    """One row a fixture after as_of."""

    match_id: Series[str] = pa.Field(unique=True, description="the match, as in matches")
    competition: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="competition")
    season: Series[str] = pa.Field(str_matches=SEASON_PATTERN, description="season")
    kick_off: Series[UtcTime] = pa.Field(description="kick-off, UTC")
    home_team: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="home team")
    away_team: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="away team")
    home_name: Series[str] = pa.Field(description="home team's name as shown to people")
    away_name: Series[str] = pa.Field(description="away team's name as shown to people")
    probability_home: Series[float] = pa.Field(ge=0, le=1, description="probability of H")
    probability_draw: Series[float] = pa.Field(ge=0, le=1, description="probability of D")
    probability_away: Series[float] = pa.Field(ge=0, le=1, description="probability of A")
    most_likely: Series[str] = pa.Field(isin=RESULTS, description="the likeliest result")
    as_of: Series[UtcTime] = pa.Field(description="results up to here were known, UTC")
    champion: Series[str] = pa.Field(
        str_matches=r"^[0-9a-f]{12}$", description="version of the model that made the forecast"
    )

    @pa.dataframe_check(error="the probabilities don't sum to 1")
    @classmethod
    def probabilities_sum_to_one(cls, frame: pd.DataFrame) -> pd.Series:
        """The three probabilities sum to 1."""
        total = frame["probability_home"] + frame["probability_draw"] + frame["probability_away"]
        return (total - 1).abs() <= PROBABILITY_SUM_TOLERANCE
