"""The temperature: how much surer or less sure the forecasts should be, and whether it helps.

It is fitted on forecasts of matches the models had not seen, fold by fold: each fold is judged
with the temperature that the folds before it ask for, so what it gains is gained out of time. It
is used only where it gains.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.model import Forecaster, Recipe, tempered
from pitchline.train.split import Split

DECIMALS = 6
LOWEST, HIGHEST = 0.5, 2.0
STEPS = 60


def best_temperature(p: np.ndarray, outcome: np.ndarray) -> float:
    """The temperature of the lowest log loss, by golden-section search between 0.5 and 2.

    The log loss is convex in the inverse temperature, so it has one minimum.

    Args:
        p: probabilities, shape (matches, 3).
        outcome: class numbers.
    """
    ratio = (np.sqrt(5) - 1) / 2
    low, high = 1 / HIGHEST, 1 / LOWEST
    for _ in range(STEPS):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _loss(p, outcome, 1 / left) <= _loss(p, outcome, 1 / right):
            high = right
        else:
            low = left
    return round(float(2 / (low + high)), DECIMALS)


def _loss(p: np.ndarray, outcome: np.ndarray, temperature: float) -> float:
    return float(metrics.log_loss(tempered(p, temperature), outcome).mean())


def calibration(
    rows: pd.DataFrame, splits: list[Split], recipe: Recipe, seed: int
) -> dict[str, Any]:
    """Whether a temperature helps out of time, and which.

    Args:
        rows: features and results, ordered by kick-off.
        splits: the folds of the search, in the order of time.
        recipe: the chosen one; its temperature is left aside.
        seed: of the fits.

    Returns:
        ``temperature`` (1 where none helps), ``fitted`` (what all folds together ask for), and of
        the folds after the first: ``matches``, ``log_loss`` as they are, and
        ``tempered_log_loss`` with the temperature of the folds before.
    """
    plain = replace(recipe, temperature=1.0)
    forecasts, outcomes = [], []
    for split in splits:
        fitted = Forecaster.fit(rows.iloc[split.train], plain, seed)
        tested = rows.iloc[split.test]
        forecasts.append(fitted.probabilities(tested))
        outcomes.append(targets(tested))
    judged = [
        tempered(
            forecasts[fold],
            best_temperature(np.vstack(forecasts[:fold]), np.concatenate(outcomes[:fold])),
        )
        for fold in range(1, len(splits))
    ]
    before, after = np.vstack(forecasts[1:]), np.vstack(judged)
    outcome = np.concatenate(outcomes[1:])

    def loss(p: np.ndarray) -> float:
        return round(float(metrics.log_loss(p, outcome).mean()), DECIMALS)

    asked = best_temperature(np.vstack(forecasts), np.concatenate(outcomes))
    return {
        "temperature": asked if loss(after) < loss(before) else 1.0,
        "fitted": asked,
        "matches": len(outcome),
        "log_loss": loss(before),
        "tempered_log_loss": loss(after),
    }
