"""What a family of models is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.params import Train
from pitchline.train.baselines import targets
from pitchline.train.split import Split

if TYPE_CHECKING:
    from pitchline.train.tuning.store import Store

Progress = Callable[[int, int, float], None]
Resumed = Callable[[int], None]
# A part of the model, what it leans on, the group that belongs to, and by how much.
Leaning = tuple[str, str, str, float]


class Model(Protocol):
    """A fitted model."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the feature table that the model reads."""
        ...

    @property
    def booster(self) -> xgb.Booster | None:
        """The trees, which go into ``model.ubj``; None for a model without trees."""
        ...

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Probabilities of H, D and A, neither tempered nor rounded, shape (rows, 3)."""
        ...

    def figures(self) -> dict[str, Any]:
        """All that was fitted beside the trees, as plain JSON; it goes into ``model.json``."""
        ...

    def leanings(self, rows: pd.DataFrame) -> list[Leaning]:
        """What the model leans on when it forecasts the rows."""
        ...


class Recipe(Protocol):
    """How a model is made: a frozen dataclass; with rows and seed it decides every byte of it."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    family: ClassVar[str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The features that are read, in order."""
        ...

    @property
    def market(self) -> str | None:
        """``opening`` or ``closing`` where trees start from the market; else None."""
        ...

    @property
    def temperature(self) -> float:
        """By which the log probabilities are divided; 1 changes nothing."""
        ...

    def fit(self, rows: pd.DataFrame, seed: int) -> Model:
        """Fit on rows with known results."""
        ...

    def out_of_fold(self, rows: pd.DataFrame, split: Split, seed: int) -> np.ndarray:
        """Probabilities of a fold's tested rows by what was known before them, shape (rows, 3)."""
        ...


@dataclass(frozen=True)
class Folds:
    """Where a recipe is chosen. What several families look for is looked for once.

    Attributes:
        rows: features and results, ordered by kick-off.
        columns: the features to read.
        splits: the folds, in the order of time.
        settings: the section ``train``.
        trials: hyperparameter sets of trees to try.
        seed: of samplers and fits.
        threads: fits at a time; changes the duration only.
        progress: called with (trials done, trials in all, best log loss so far).
        store: where fits of trees are found and kept; None to keep them in memory.
        resumed: called with the number of trials that the store had finished, if there are any.
    """

    rows: pd.DataFrame
    columns: tuple[str, ...]
    splits: list[Split]
    settings: Train
    trials: int
    seed: int
    threads: int
    progress: Progress
    store: "Store | None" = None
    resumed: "Resumed | None" = None
    _found: dict[str, dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def outcomes(self) -> list[np.ndarray]:
        """Class numbers of the results, one array a fold."""
        return [targets(self.rows.iloc[split.test]) for split in self.splits]

    def once(self, name: str, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What ``look`` finds; under one name it looks once."""
        if name not in self._found:
            self._found[name] = look()
        return self._found[name]

    def forecasts(self, recipe: Recipe) -> list[np.ndarray]:
        """Out-of-fold probabilities, one array a fold."""
        return [recipe.out_of_fold(self.rows, split, self.seed) for split in self.splits]


class Family(Protocol):
    """A family: a module of this folder."""

    NAME: str
    TITLE: str
    """In words, for the card."""
    TREES: bool
    """Whether it has trees, whose hyperparameters are searched."""

    def choose(self, folds: Folds) -> dict[str, Any]:
        """Choose all that a recipe needs.

        Returns:
            ``best`` and ``trials`` in the form of ``tuning.search`` (``rounds`` is 0 without
            trees), ``calibration`` as from ``calibrate.calibrated``, and what else the family's
            recipe needs.
        """
        ...

    def recipe(
        self, columns: Sequence[str], market: str | None, study: Mapping[str, Any]
    ) -> Recipe:
        """The recipe that a study chose."""
        ...

    def read(
        self, told: Mapping[str, Any], card: Mapping[str, Any], booster: xgb.Booster
    ) -> tuple[Recipe, Model]:
        """A saved model.

        Args:
            told: the recipe, as ``asdict`` tells it, lists for tuples.
            card: holds the figures.
            booster: the trees; without a tree where the family has none.

        Raises:
            KeyError, TypeError, ValueError: the card doesn't tell such a model.
        """
        ...

    def summary(self, study: Mapping[str, Any]) -> list[str]:
        """What was chosen, a line each."""
        ...


def by_one_fit(recipe: Recipe, rows: pd.DataFrame, split: Split, seed: int) -> np.ndarray:
    """Out-of-fold probabilities of a fold by one fit before it, shape (rows, 3)."""
    return recipe.fit(rows.iloc[split.train], seed).probabilities(rows.iloc[split.test])
