"""Hyperparameter search: Optuna over expanding-window folds, the same answer on any cores.

Trials are asked for in batches of a fixed size and told in their order, so the
sampler sees the same history however many threads work. Within a batch the
trials advance fold by fold; from the third on, one that was worse than the best trial
on every fold so far, and worse than its mean, is pruned (Optuna's WilcoxonPruner).
"""

import math
import queue
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import optuna
import pandas as pd
import xgboost as xgb

from pitchline.params import Search
from pitchline.train.model import FIXED, Beginning, matrix
from pitchline.train.split import Split

SIGNIFICANT_DIGITS = 4
DECIMALS = 6
STARTUP_TRIALS = 8
# With three folds 0.125 is the least p there is: worse than the best trial on each of them.
FOLDS_BEFORE_PRUNING = 3
PRUNING_P_VALUE = 0.13

Progress = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Fold:
    """One fold's binned data, for each start of the trees."""

    train: dict[str, xgb.QuantileDMatrix]
    valid: dict[str, xgb.QuantileDMatrix]


# Validation log loss (nats) of one fit after each boosting round.
Curve = list[float]


def prepare_folds(
    rows: pd.DataFrame,
    columns: Sequence[str],
    splits: list[Split],
    starts: Sequence[str],
    market: str | None = None,
) -> list[Fold]:
    """Bin every fold's data, what it starts from fitted on its training part alone."""
    folds = []
    for split in splits:
        train, valid = rows.iloc[split.train], rows.iloc[split.test]
        fold = Fold({}, {})
        for start in starts:
            beginning = Beginning.fit(train, columns, start, market)
            fold.train[start] = matrix(train, columns, beginning)
            fold.valid[start] = matrix(valid, columns, beginning, reference=fold.train[start])
        folds.append(fold)
    return folds


def _rounded(value: float, low: float, high: float) -> float:
    # A parameter's last bits may differ between CPUs; four digits don't.
    return min(max(float(f"{value:.{SIGNIFICANT_DIGITS}g}"), low), high)


def suggest(trial: optuna.trial.Trial, search: Search) -> dict[str, Any]:
    """What the trees start from and XGBoost's hyperparameters, of one trial."""

    def number(name: str, low: float, high: float, *, log: bool = False) -> float:
        return _rounded(trial.suggest_float(name, low, high, log=log), low, high)

    return {
        "start": trial.suggest_categorical("start", search.start),
        "max_depth": trial.suggest_int("max_depth", *search.max_depth),
        "learning_rate": number("learning_rate", *search.learning_rate, log=True),
        "min_child_weight": number("min_child_weight", *search.min_child_weight, log=True),
        "subsample": number("subsample", *search.subsample),
        "colsample_bytree": number("colsample_bytree", *search.colsample_bytree),
        "reg_lambda": number("reg_lambda", *search.reg_lambda, log=True),
        "reg_alpha": number("reg_alpha", *search.reg_alpha, log=True),
    }


def fit_fold(
    fold: Fold, settings: dict[str, Any], max_rounds: int, patience: int, seed: int
) -> Curve:
    """Train on a fold until its validation log loss has not fallen for ``patience`` rounds."""
    history: dict[str, dict[str, Curve]] = {}
    own = {name: value for name, value in settings.items() if name != "start"}
    xgb.train(
        {**FIXED, **own, "seed": seed},
        fold.train[settings["start"]],
        max_rounds,
        evals=[(fold.valid[settings["start"]], "valid")],
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


class _Worker:
    """Runs fits on several threads, each with binned data of its own."""

    def __init__(self, fold_sets: list[list[Fold]], max_rounds: int, patience: int, seed: int):
        self._free: queue.SimpleQueue[list[Fold]] = queue.SimpleQueue()
        for folds in fold_sets:
            self._free.put(folds)
        self._limits = (max_rounds, patience, seed)

    def __call__(self, fold_number: int, settings: dict[str, Any]) -> Curve:
        folds = self._free.get()
        try:
            return fit_fold(folds[fold_number], settings, *self._limits)
        finally:
            self._free.put(folds)


def search(
    rows: pd.DataFrame,
    columns: Sequence[str],
    splits: list[Split],
    ranges: Search,
    *,
    market: str | None = None,
    trials: int,
    at_once: int,
    max_rounds: int,
    patience: int,
    seed: int,
    threads: int,
    progress: Progress,
) -> dict[str, Any]:
    """Find hyperparameters with the lowest mean validation log loss.

    Args:
        rows: features and results, ordered by kick-off.
        columns: the features to read.
        splits: the folds.
        ranges: the search space.
        market: the moment whose prices the trees start from; None for none.
        trials: how many sets to try.
        at_once: trials asked for together.
        max_rounds: most boosting rounds.
        patience: rounds without improvement before a fit stops.
        seed: of the sampler and of the fits.
        threads: fits at a time; changes the duration only.
        progress: called with (trials done, trials in all, best log loss so far).

    Returns:
        ``trials`` in their order, each with number, state, params, rounds, log_loss and folds
        (the log loss of each fold it ran, at that round), and ``best``, one of them.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS),
        pruner=optuna.pruners.WilcoxonPruner(
            p_threshold=PRUNING_P_VALUE, n_startup_steps=FOLDS_BEFORE_PRUNING
        ),
    )
    worker = _Worker(
        [prepare_folds(rows, columns, splits, ranges.start, market) for _ in range(threads)],
        max_rounds,
        patience,
        seed,
    )
    weights = [len(split.test) for split in splits]
    records: list[dict[str, Any]] = []
    best = math.inf
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, trials, at_once):
            batch = [study.ask() for _ in range(min(at_once, trials - start))]
            settings = [suggest(trial, ranges) for trial in batch]
            curves: list[list[Curve]] = [[] for _ in batch]
            running = list(range(len(batch)))
            for fold_number in range(len(splits)):
                done = pool.map(
                    worker, [fold_number] * len(running), [settings[i] for i in running]
                )
                for i, curve in zip(running, done, strict=True):
                    curves[i].append(curve)
                    batch[i].report(min(curve), fold_number)
                if fold_number < len(splits) - 1:
                    running = [i for i in running if not batch[i].should_prune()]
            for i, trial in enumerate(batch):
                complete = i in running
                loss, rounds = best_common_round(curves[i], weights[: len(curves[i])])
                if complete:
                    study.tell(trial, loss)
                    best = min(best, loss)
                else:
                    study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                records.append(
                    {
                        "number": trial.number,
                        "state": "complete" if complete else "pruned",
                        "params": settings[i],
                        "folds": [round(curve[rounds - 1], DECIMALS) for curve in curves[i]],
                        "rounds": rounds,
                        "log_loss": loss,
                    }
                )
            progress(len(records), trials, best)
    winner = min(
        (r for r in records if r["state"] == "complete"), key=lambda r: (r["log_loss"], r["number"])
    )
    return {"best": winner, "trials": records}
