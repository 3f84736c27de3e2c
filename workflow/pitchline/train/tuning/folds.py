"""One fit of the search: a fold's binned data, its training, and what its curves tell."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xgboost as xgb

from pitchline.train.model import FIXED, Beginning, matrix
from pitchline.train.split import Split

DECIMALS = 6

# Validation log loss (nats) of one fit after each boosting round.
Curve = list[float]


@dataclass(frozen=True)
class Fold:
    """One fold's binned data for one start of the trees."""

    train: xgb.QuantileDMatrix
    valid: xgb.QuantileDMatrix


def bin_fold(
    rows: pd.DataFrame, columns: Sequence[str], split: Split, start: str, market: str | None = None
) -> Fold:
    """Bin a fold's data, what it starts from fitted on its training part alone."""
    train, valid = rows.iloc[split.train], rows.iloc[split.test]
    beginning = Beginning.fit(train, columns, start, market)
    binned = matrix(train, columns, beginning)
    return Fold(binned, matrix(valid, columns, beginning, reference=binned))


def fit_fold(
    fold: Fold, settings: dict[str, Any], max_rounds: int, patience: int, seed: int
) -> Curve:
    """Train on a fold until its validation log loss has not fallen for ``patience`` rounds."""
    history: dict[str, dict[str, Curve]] = {}
    own = {name: value for name, value in settings.items() if name != "start"}
    xgb.train(
        {**FIXED, **own, "seed": seed},
        fold.train,
        max_rounds,
        evals=[(fold.valid, "valid")],
        early_stopping_rounds=patience,
        evals_result=history,
        verbose_eval=False,
    )
    return history["valid"]["mlogloss"]


def best_common_round(curves: list[Curve], weights: list[int]) -> tuple[float, int]:
    """Lowest mean log loss over folds that all stop at the same round, and that round.

    Choosing one round for all folds, not the best of each, keeps the score honest.

    Args:
        curves: one a fold; they may differ in length, the common part counts.
        weights: matches of each fold.
    """
    common = min(len(curve) for curve in curves)
    means = [
        sum(curve[i] * w for curve, w in zip(curves, weights, strict=True)) / sum(weights)
        for i in range(common)
    ]
    losses = [round(mean, DECIMALS) for mean in means]
    lowest = min(losses)
    return lowest, losses.index(lowest) + 1


class Fitter:
    """Fits folds; each thread bins a fold when it first needs it, and keeps it."""

    def __init__(
        self,
        rows: pd.DataFrame,
        columns: Sequence[str],
        splits: list[Split],
        market: str | None,
        max_rounds: int,
        patience: int,
        seed: int,
    ):
        self._data = (rows, columns, splits, market)
        self._limits = (max_rounds, patience, seed)
        self._own = threading.local()

    def __call__(self, number: int, settings: dict[str, Any]) -> Curve:
        """Train the trial's settings on one fold."""
        # A matrix that two threads train on at a time is nothing XGBoost promises to bear.
        binned: dict[tuple[int, str], Fold] = self._own.__dict__.setdefault("binned", {})
        key = (number, settings["start"])
        if key not in binned:
            rows, columns, splits, market = self._data
            binned[key] = bin_fold(rows, columns, splits[number], settings["start"], market)
        return fit_fold(binned[key], settings, *self._limits)
