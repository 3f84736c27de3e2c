"""The table of predictions."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables import RESULTS, SEASON_PATTERN, SLUG_PATTERN, Table, UtcTime, column
from pitchline.train.schema import PROBABILITY_SUM_TOLERANCE

SCORE_PATTERN = r"^\d{1,2}-\d{1,2}$"


class Predictions(Table):
    """One row a fixture after as_of."""

    match_id: Series[str] = column("the match, as in matches", unique=True)
    competition: Series[str] = column("competition", str_matches=SLUG_PATTERN)
    season: Series[str] = column("season", str_matches=SEASON_PATTERN)
    kick_off: Series[UtcTime] = column("kick-off, UTC")
    home_team: Series[str] = column("home team", str_matches=SLUG_PATTERN)
    away_team: Series[str] = column("away team", str_matches=SLUG_PATTERN)
    home_name: Series[str] = column("home team's name as shown to people")
    away_name: Series[str] = column("away team's name as shown to people")
    probability_home: Series[float] = column("probability of H", "probability", ge=0, le=1)
    probability_draw: Series[float] = column("probability of D", "probability", ge=0, le=1)
    probability_away: Series[float] = column("probability of A", "probability", ge=0, le=1)
    most_likely: Series[str] = column("the likeliest result", isin=RESULTS)
    expected_home_goals: Series[float] = column("goals expected of the home team", "goals", ge=0)
    expected_away_goals: Series[float] = column("goals expected of the away team", "goals", ge=0)
    over_2_5: Series[float] = column(
        "probability of more than 2.5 goals", "probability", ge=0, le=1
    )
    both_score: Series[float] = column(
        "probability that both teams score", "probability", ge=0, le=1
    )
    score_1: Series[str] = column(
        "the likeliest score, home goals first", str_matches=SCORE_PATTERN
    )
    score_2: Series[str] = column(
        "the second likeliest score, home goals first", str_matches=SCORE_PATTERN
    )
    score_3: Series[str] = column(
        "the third likeliest score, home goals first", str_matches=SCORE_PATTERN
    )
    score_1_probability: Series[float] = column(
        "probability of the likeliest score", "probability", ge=0, le=1
    )
    score_2_probability: Series[float] = column(
        "probability of the second likeliest score", "probability", ge=0, le=1
    )
    score_3_probability: Series[float] = column(
        "probability of the third likeliest score", "probability", ge=0, le=1
    )
    as_of: Series[UtcTime] = column("results up to here were known, UTC")
    champion: Series[str] = column(
        "version of the model that made the forecast", str_matches="^[0-9a-f]{12}$"
    )

    @pa.dataframe_check(error="the probabilities don't sum to 1")
    @classmethod
    def probabilities_sum_to_one(cls, frame: pd.DataFrame) -> pd.Series:
        """The three probabilities sum to 1."""
        total = frame["probability_home"] + frame["probability_draw"] + frame["probability_away"]
        return (total - 1).abs() <= PROBABILITY_SUM_TOLERANCE
