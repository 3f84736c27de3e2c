"""Forecasts of fixtures: frame to frame."""

import numpy as np
import pandas as pd

from pitchline.goals.scores import likeliest_scores
from pitchline.ingest.tables import RESULTS
from pitchline.train.goals import DECIMALS, GoalModel, read_off
from pitchline.train.model import Forecaster

# The likeliest scores told of each fixture.
SCORES = 3


def upcoming(features: pd.DataFrame, as_of: pd.Timestamp, horizon_days: int) -> pd.DataFrame:
    """The fixtures that kick off within the horizon after ``as_of``, ordered by kick-off.

    Args:
        features: the table ``MatchFeatures``.
        as_of: the moment, UTC.
        horizon_days: days.
    """
    last = as_of + pd.Timedelta(days=horizon_days)
    wanted = (features["kick_off"] >= as_of) & (features["kick_off"] <= last)
    chosen = features[wanted & features["result"].isna()]
    return chosen.sort_values(["kick_off", "match_id"], kind="stable").reset_index(drop=True)


def predictions(
    fixtures: pd.DataFrame,
    forecaster: Forecaster,
    goals: GoalModel,
    names: dict[str, str],
    as_of: pd.Timestamp,
    champion: str,
) -> pd.DataFrame:
    """Rows of the table ``Predictions``.

    Args:
        fixtures: features of the fixtures.
        forecaster: the champion.
        goals: the champion's model of goals.
        names: shown name of each team's slug.
        as_of: the moment up to which results were known, UTC.
        champion: the champion's version.
    """
    p = forecaster.probabilities(fixtures)
    grid = goals.grid(fixtures, p)
    home, away, likely = likeliest_scores(grid, SCORES)
    ranks = range(SCORES)
    scores = {
        f"score_{rank + 1}": [f"{h}-{a}" for h, a in zip(home[:, rank], away[:, rank], strict=True)]
        for rank in ranks
    }
    likelihoods = {
        f"score_{rank + 1}_probability": likely[:, rank].round(DECIMALS) for rank in ranks
    }
    return pd.DataFrame(
        {
            "match_id": fixtures["match_id"],
            "competition": fixtures["competition"],
            "season": fixtures["season"],
            "kick_off": fixtures["kick_off"],
            "home_team": fixtures["home_team"],
            "away_team": fixtures["away_team"],
            "home_name": fixtures["home_team"].map(names),
            "away_name": fixtures["away_team"].map(names),
            "probability_home": p[:, 0],
            "probability_draw": p[:, 1],
            "probability_away": p[:, 2],
            "most_likely": np.array(RESULTS)[p.argmax(axis=1)],
            **read_off(grid),
            **scores,
            **likelihoods,
            "as_of": as_of,
            "champion": champion,
        }
    )
