"""The temperature: how much surer or less sure the forecasts should be, and whether it helps.

It is fitted on forecasts of matches the models had not seen, fold by fold: each fold is judged
with the temperature that the folds before it ask for, so what it gains is gained out of time. It
is used only where it gains.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.families.protocol import Folds, Recipe
from pitchline.train.probabilities import rounded, tempered
from pitchline.train.split import Split

DECIMALS = 6
LOWEST, HIGHEST = 0.5, 2.0
STEPS = 60


def lowest_at(loss: Callable[[float], float], low: float, high: float, steps: int) -> float:
    """Where a convex function is lowest between two points, by golden-section search."""
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(steps):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) <= loss(right):
            high = right
        else:
            low = left
    return (low + high) / 2


def best_temperature(p: np.ndarray, outcome: np.ndarray) -> float:
    """The temperature of the lowest log loss, between 0.5 and 2.

    The log loss is convex in the inverse temperature, so it has one minimum.

    Args:
        p: probabilities, shape (matches, 3).
        outcome: class numbers.
    """

    def loss(inverse: float) -> float:
        return float(metrics.log_loss(tempered(p, 1 / inverse), outcome).mean())

    return round(float(1 / lowest_at(loss, 1 / HIGHEST, 1 / LOWEST, STEPS)), DECIMALS)


def calibration(
    rows: pd.DataFrame, splits: list[Split], recipe: Recipe, seed: int
) -> dict[str, Any]:
    """Whether a temperature helps a recipe's forecasts out of time, and which.

    Args:
        rows: features and results, ordered by kick-off.
        splits: the folds of the search, in the order of time.
        recipe: the chosen one; its temperature is left aside.
        seed: of the fits.

    Returns:
        As from ``calibrated``.
    """
    forecasts = [rounded(recipe.out_of_fold(rows, split, seed)) for split in splits]
    before = [forecasts[:fold] for fold in range(1, len(splits))]
    outcomes = [targets(rows.iloc[split.test]) for split in splits]
    return calibrated(before, forecasts[1:], forecasts, outcomes)


def calibration_on(folds: Folds, recipe: Recipe) -> dict[str, Any]:
    """The same on the folds of a search."""
    return calibration(folds.rows, folds.splits, recipe, folds.seed)


def calibrated(
    before: Sequence[Sequence[np.ndarray]],
    forecasts: Sequence[np.ndarray],
    every: Sequence[np.ndarray],
    outcomes: Sequence[np.ndarray],
) -> dict[str, Any]:
    """Whether a temperature helps forecasts out of time, and which.

    Args:
        before: of each fold after the first, the forecasts of the folds before it, shapes
            (matches, 3), by what these folds tell.
        forecasts: of each fold after the first, its own forecasts, by the same.
        every: the forecasts of all folds, by what all folds tell.
        outcomes: class numbers, of all folds.

    Returns:
        ``temperature`` (1 where none helps), ``fitted`` (what all folds together ask for), and of
        the folds after the first: ``matches``, ``log_loss`` as they are, and
        ``tempered_log_loss`` with the temperature of the folds before.
    """
    judged = [
        tempered(
            own, best_temperature(np.vstack(earlier), np.concatenate(outcomes[: len(earlier)]))
        )
        for earlier, own in zip(before, forecasts, strict=True)
    ]
    outcome = np.concatenate(outcomes[1:])

    def loss(parts: Sequence[np.ndarray]) -> float:
        return round(float(metrics.log_loss(np.vstack(parts), outcome).mean()), DECIMALS)

    asked = best_temperature(np.vstack(every), np.concatenate(outcomes))
    return {
        "temperature": asked if loss(judged) < loss(forecasts) else 1.0,
        "fitted": asked,
        "matches": len(outcome),
        "log_loss": loss(forecasts),
        "tempered_log_loss": loss(judged),
    }


def loss_out_of_time(told: dict[str, Any]) -> float:
    """The log loss of forecasts with the temperature that is used, on the folds after the first.

    Args:
        told: as from ``calibrated``.
    """
    used = "tempered_log_loss" if told["temperature"] != 1.0 else "log_loss"
    return float(told[used])


def told_of(calibration: dict[str, Any]) -> str:
    """A calibration in words."""
    use = "used" if calibration["temperature"] != 1 else "not used"
    return (
        f"temperature {calibration['fitted']:.3f} {use}: log loss "
        f"{calibration['tempered_log_loss']:.4f} with it, {calibration['log_loss']:.4f} without, "
        f"on {calibration['matches']:,} matches not fitted on"
    )
