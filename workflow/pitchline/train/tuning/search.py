"""Hyperparameter search over expanding-window folds: one answer, however the work is spread.

Trials are asked for in batches of a fixed size. What a batch asks for and which of its trials are
pruned follows from recorded results alone (``asking``, ``batch``), so any number of threads,
processes and hosts, at any time, works on the same fits; a store shares them out. An interrupted
search goes on from what its store holds, to the same answer.
"""

import math
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import optuna
import pandas as pd

from pitchline.params import Search
from pitchline.train.families.protocol import Progress, Resumed
from pitchline.train.split import Split
from pitchline.train.tuning.asking import ask, distributions, told
from pitchline.train.tuning.batch import Batch, Fitted, Trial, Unit
from pitchline.train.tuning.folds import DECIMALS, Fitter, best_common_round
from pitchline.train.tuning.store import Memory, Store

SHORTEST_WAIT, LONGEST_WAIT = 0.01, 0.2


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
    store: Store | None = None,
    resumed: Resumed | None = None,
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
        store: where results of fits are found and kept; None to keep them in memory.
        resumed: called with the number of trials the store had finished, if there are any.

    Returns:
        ``trials`` in their order, each with number, state, params, rounds, log_loss and folds
        (the log loss of each fold it ran, at that round), and ``best``, one of them.

    Raises:
        PitchlineError: the store can't be written.
    """
    fitter = Fitter(rows, columns, splits, market, max_rounds, patience, seed)
    state = _State(splits, ranges, trials, at_once, seed, progress, store or Memory())
    found = state.catch_up()
    if found and resumed:
        resumed(found)
    with ThreadPoolExecutor(threads) as pool:
        working = [pool.submit(_work, state, fitter) for _ in range(threads)]
        try:
            for one in as_completed(working):
                one.result()
        except BaseException:
            # Fits under way are finished and kept, no other is begun.
            state.stop()
            raise
    return {"best": state.best, "trials": state.records}


def _work(state: "_State", fitter: Fitter) -> None:
    while (taken := state.take()) is not None:
        unit, settings = taken
        try:
            began = time.perf_counter()
            curve = fitter(unit.fold, settings)
            state.give(unit, Fitted(curve, round(time.perf_counter() - began, DECIMALS)))
        finally:
            state.store.release(unit)


class _State:
    """The search as far as it is known here; threads take fits from it and give results."""

    def __init__(
        self,
        splits: list[Split],
        ranges: Search,
        trials: int,
        at_once: int,
        seed: int,
        progress: Progress,
        store: Store,
    ):
        self.store = store
        self.records: list[dict[str, Any]] = []
        self.best: dict[str, Any] | None = None
        self._lowest_of_best: list[float] | None = None
        self._past: list[optuna.trial.FrozenTrial] = []
        self._space = distributions(ranges)
        self._weights = [len(split.test) for split in splits]
        self._sizes = [len(split.train) for split in splits]
        self._trials, self._at_once, self._seed = trials, at_once, seed
        self._progress = progress
        self._changed = threading.Condition()
        self._stopped = False
        self._batch = self._next_batch()

    def catch_up(self) -> int:
        """Take in what the store holds: how many trials are finished by it."""
        with self._changed:
            self._look(say=False)
        return len(self.records)

    def take(self) -> tuple[Unit, dict[str, Any]] | None:
        """A fit that is now the caller's, with its settings; None once the search is over."""
        wait = SHORTEST_WAIT
        with self._changed:
            while not self._stopped:
                self._look(say=True)
                if len(self.records) == self._trials:
                    break
                unit = self._claimed()
                if unit is not None:
                    return unit, self._batch.settings_of(unit)
                self._changed.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT)
        return None

    def give(self, unit: Unit, fitted: Fitted) -> None:
        """Keep and take in a result."""
        with self._changed:
            settings = self._batch.settings_of(unit) if self._is_current(unit) else None
        if settings is None:
            return
        self.store.write(unit, settings, fitted)
        with self._changed:
            if self._is_current(unit):
                self._add(unit, fitted, say=True)
                self._changed.notify_all()

    def stop(self) -> None:
        """Let no thread take another fit."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _is_current(self, unit: Unit) -> bool:
        # The others may have finished its batch, where its trial turned out to be pruned.
        return self._batch.first <= unit.trial < self._batch.first + len(self._batch.trials)

    def _look(self, *, say: bool) -> None:
        """Take in wanted results, until none of those still wanted is there."""
        looking = True
        while looking:
            looking = False
            for unit in self._batch.wanted():
                fitted = self.store.read(unit, self._batch.settings_of(unit))
                if fitted is not None:
                    looking = True
                    self._add(unit, fitted, say=say)
                    if not self._is_current(unit):
                        break

    def _claimed(self) -> Unit | None:
        for unit in self._batch.wanted():
            if self.store.claim(unit):
                # Whoever held the claim before may have finished since the last look.
                if self.store.read(unit, self._batch.settings_of(unit)) is None:
                    return unit
                self.store.release(unit)
        return None

    def _add(self, unit: Unit, fitted: Fitted, *, say: bool) -> None:
        self._batch.add(unit, fitted)
        if not self._batch.finished:
            return
        for offset, trial in enumerate(self._batch.trials):
            self._record(self._batch.first + offset, trial)
        if say and self.best is not None:
            self._progress(len(self.records), self._trials, self.best["log_loss"])
        self._batch = self._next_batch()

    def _record(self, number: int, trial: Trial) -> None:
        curves = [trial.fits[fold].curve for fold in range(trial.passed)]
        loss, rounds = best_common_round(curves, self._weights[: len(curves)])
        record = {
            "number": number,
            "state": "pruned" if trial.hopeless else "complete",
            "params": trial.settings,
            "folds": [round(curve[rounds - 1], DECIMALS) for curve in curves],
            "rounds": rounds,
            "log_loss": loss,
        }
        self.records.append(record)
        self._past.append(
            told(self._space, trial.settings, trial.lowest(), None if trial.hopeless else loss)
        )
        best_loss = self.best["log_loss"] if self.best else math.inf
        if not trial.hopeless and loss < best_loss:
            self.best, self._lowest_of_best = record, trial.lowest()

    def _next_batch(self) -> Batch:
        first = len(self.records)
        count = min(self._at_once, self._trials - first)
        settings = (
            ask(self._past, self._space, self._seed, first // self._at_once, count) if count else []
        )
        return Batch(first, settings, self._sizes, self._lowest_of_best)
