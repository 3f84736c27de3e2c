"""A short span of real matches: a few rounds, walked through with small models."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from pitchline.backtest.goals import goal_histories
from pitchline.backtest.schema import FITTED
from pitchline.backtest.walk import Fitter, Known, market_forecasts, ordered, planned, walk
from pitchline.params import Backtest, Params
from pitchline.train.baselines import ELO, Logit
from pitchline.train.split import trainable
from tests.train.recipes import recipe

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

FIRST = "2024-25"
END = pd.Timestamp("2024-10-10T00:00:00Z")
MADE_WITH = dict.fromkeys(FITTED, "0" * 12)
WARM_UP = 8
BOOKMAKERS = ("PS", "B365")


@pytest.fixture(scope="session")
def backtest(params: Params) -> Backtest:
    """The committed settings, on a span from the season 2024-25 on, fitted every week."""
    return params.backtest.model_copy(
        update={
            "first_season": FIRST,
            "last_season": None,
            "competitions": None,
            "step": "week",
            "refit_steps": 1,
        }
    )


@pytest.fixture(scope="session")
def short(features: pd.DataFrame) -> pd.DataFrame:
    """Features up to the first seven rounds of 2024-25."""
    return features[features["kick_off"] < END].reset_index(drop=True)


@pytest.fixture(scope="session")
def odds(short: pd.DataFrame) -> pd.DataFrame:
    """Odds of the span's matches: the Elo logit's probabilities with a margin, two bookmakers."""
    rows = short[(short["season"] >= FIRST)]
    p = Logit.fit(trainable(short, WARM_UP), ELO).probabilities(rows)
    return prices(rows, p)


def prices(rows: pd.DataFrame, p: np.ndarray) -> pd.DataFrame:
    """Odds from probabilities: opening and closing by Pinnacle, closing by Bet365 as well."""
    parts = []
    for bookmaker, moment, margin in (
        ("PS", "opening", 0.97),
        ("PS", "closing", 0.98),
        ("B365", "closing", 0.94),
    ):
        given = {
            side: (p[:, number] ** -margin).round(3)
            for number, side in enumerate(("home", "draw", "away"))
        }
        parts.append(
            pd.DataFrame(
                {"match_id": rows["match_id"].to_numpy(), "bookmaker": bookmaker, "moment": moment}
                | given
                | {"source": "football_data_co_uk", "snapshot": "0" * 64}
            )
        )
    return pd.concat(parts, ignore_index=True)


def walked(
    features: pd.DataFrame,
    matches: pd.DataFrame,
    settings: Backtest,
    odds: pd.DataFrame | None = None,
    threads: int = 1,
    warm_up_seasons: int = WARM_UP,
) -> pd.DataFrame:
    """All forecasts of the span by small models."""
    reported: list[tuple[int, int]] = []
    plan = planned(features, matches, settings)
    fitter = Fitter(
        Known.of(trainable(features, warm_up_seasons)),
        goal_histories(features, matches),
        recipe(features, rounds=3),
        1,
        settings,
    )
    parts = [walk(plan, fitter, MADE_WITH, threads, lambda *done: reported.append(done))]
    folds = plan["fitted_at"].nunique()
    assert reported == [(number + 1, folds) for number in range(folds)]
    if odds is not None:
        parts += [
            market_forecasts(plan, odds, moment, BOOKMAKERS) for moment in settings.market.moments
        ]
    return ordered(parts)


@pytest.fixture(scope="session")
def forecasts(
    short: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest, odds: pd.DataFrame
) -> pd.DataFrame:
    """All forecasts of the span, week by week."""
    return walked(short, matches, backtest, odds)
