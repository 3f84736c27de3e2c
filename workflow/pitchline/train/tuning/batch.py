"""A batch of trials: which fits it still needs, and what came out.

Nothing here fits, waits or writes: the state follows from the results it is given, in whatever
order they come, so every worker sees the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pitchline.train.tuning.asking import FOLDS_BEFORE_PRUNING, is_hopeless
from pitchline.train.tuning.folds import DECIMALS, Curve


class Unit(NamedTuple):
    """The least piece of work: one trial's fit on one fold."""

    trial: int
    fold: int


class Fitted(NamedTuple):
    """What a unit gave: its curve, and the seconds it took, which decide nothing."""

    curve: Curve
    seconds: float


@dataclass
class Trial:
    """A trial under way.

    Attributes:
        settings: what it tries.
        fits: by fold, as far as known.
        passed: folds after which it went on, or was found hopeless.
        hopeless: it is given up after ``passed`` folds.
    """

    settings: dict[str, Any]
    fits: dict[int, Fitted] = field(default_factory=dict)
    passed: int = 0
    hopeless: bool = False

    def lowest(self) -> list[float]:
        """The lowest log loss of each fold that counts."""
        return [round(min(self.fits[fold].curve), DECIMALS) for fold in range(self.passed)]


class Batch:
    """Trials asked for together.

    Args:
        first: number of its first trial.
        settings: of each trial.
        sizes: matches each fold trains on.
        best: lowest log loss of each fold of the best trial of the batches before; None where
            there is none, so that nothing can be pruned.
    """

    def __init__(
        self,
        first: int,
        settings: Sequence[dict[str, Any]],
        sizes: Sequence[int],
        best: Sequence[float] | None,
    ):
        self.first = first
        self.trials = [Trial(each) for each in settings]
        self._sizes = sizes
        self._best = best

    def settings_of(self, unit: Unit) -> dict[str, Any]:
        """What the unit's trial tries."""
        return self.trials[unit.trial - self.first].settings

    def add(self, unit: Unit, fitted: Fitted) -> None:
        """Take in a result; of two of the same unit the first counts."""
        trial = self.trials[unit.trial - self.first]
        trial.fits.setdefault(unit.fold, fitted)
        while trial.passed in trial.fits and not trial.hopeless:
            trial.passed += 1
            if self._best is not None and trial.passed < len(self._sizes):
                trial.hopeless = is_hopeless(trial.lowest(), self._best)

    def is_over(self, trial: Trial) -> bool:
        """Whether the trial needs no fit any more."""
        return trial.hopeless or trial.passed == len(self._sizes)

    @property
    def finished(self) -> bool:
        """Whether no trial needs a fit any more."""
        return all(self.is_over(trial) for trial in self.trials)

    def wanted(self) -> list[Unit]:
        """The fits still to be made, the most urgent first.

        First those that are needed for certain, of the trial that has most to do by the pace of
        its fits so far; then those that a pruning may make needless, for whoever is idle.
        """
        needed: list[tuple[tuple[float, int, int], Unit]] = []
        perhaps: list[tuple[tuple[float, int, int], Unit]] = []
        for number, trial in enumerate(self.trials):
            if self.is_over(trial):
                continue
            certain = max(FOLDS_BEFORE_PRUNING, trial.passed + 1)
            for fold in range(trial.passed, len(self._sizes)):
                if fold not in trial.fits:
                    known = self._best is None or fold < certain
                    rank = (-self._left(trial), number, fold)
                    (needed if known else perhaps).append((rank, Unit(self.first + number, fold)))
        return [unit for _, unit in [*sorted(needed), *sorted(perhaps)]]

    def _left(self, trial: Trial) -> float:
        """Seconds of fits still to come, by the pace so far; endless before the first fit."""
        seen = sum(self._sizes[fold] for fold in trial.fits)
        if not seen:
            return float("inf")
        took = sum(fitted.seconds for fitted in trial.fits.values())
        return took / seen * (sum(self._sizes) - seen)
