"""Gradient-boosted trees (XGBoost) alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.train.calibrate import calibration_on, told_of
from pitchline.train.families import trees
from pitchline.train.families.protocol import Folds, Leaning, by_one_fit
from pitchline.train.families.trees import Trees
from pitchline.train.split import Split

NAME = "xgboost"
TITLE = "XGBoost"
TREES = True


@dataclass(frozen=True)
class BoostedRecipe:
    """How the trees are made.

    Attributes:
        columns: the features they read, in order.
        market: ``opening`` or ``closing`` where they start from the market; else None.
        start: ``ratings`` or ``nothing``: what they start from where no price is known.
        settings: XGBoost's hyperparameters.
        rounds: boosting rounds.
        temperature: by which the log probabilities are divided; 1 changes nothing.
    """

    family: ClassVar[str] = NAME
    columns: tuple[str, ...]
    market: str | None
    start: str
    settings: dict[str, Any]
    rounds: int
    temperature: float = 1.0

    def fit(self, rows: pd.DataFrame, seed: int) -> "BoostedModel":
        """Fit on rows with known results; the seed samples rows and columns."""
        return BoostedModel(Trees.fit(rows, self, seed))

    def out_of_fold(self, rows: pd.DataFrame, split: Split, seed: int) -> np.ndarray:
        """Probabilities of a fold's tested rows by one fit before them, shape (rows, 3)."""
        return by_one_fit(self, rows, split, seed)


@dataclass(frozen=True)
class BoostedModel:
    """Fitted trees.

    Attributes:
        trees: the trees and what they start from.
    """

    trees: Trees

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the feature table that are read."""
        return self.trees.reads

    @property
    def booster(self) -> xgb.Booster:
        """The trees."""
        return self.trees.booster

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Probabilities of H, D and A, shape (rows, 3)."""
        p = self.trees.probabilities(rows)
        return np.asarray(p / p.sum(axis=1, keepdims=True))

    def figures(self) -> dict[str, Any]:
        """What the trees start from, for the card."""
        return self.trees.figures()

    def leanings(self, rows: pd.DataFrame) -> list[Leaning]:
        """What moves the trees and their start."""
        return self.trees.leanings(rows)


def choose(folds: Folds) -> dict[str, Any]:
    """Hyperparameters and temperature."""
    found = trees.search(folds)
    study = {"best": found["best"], "calibration": {"temperature": 1.0}}
    plain = recipe(folds.columns, folds.settings.market, study)
    study["calibration"] = calibration_on(folds, plain)
    return {**study, "trials": found["trials"]}


def recipe(columns: Sequence[str], market: str | None, study: Mapping[str, Any]) -> BoostedRecipe:
    """The recipe that a study chose."""
    return BoostedRecipe(
        columns=tuple(columns),
        market=market,
        **trees.of_best(study["best"]),
        temperature=study["calibration"]["temperature"],
    )


def read(
    told: Mapping[str, Any], card: Mapping[str, Any], booster: xgb.Booster
) -> tuple[BoostedRecipe, BoostedModel]:
    """Saved trees and their recipe."""
    made = BoostedRecipe(**{**told, "columns": tuple(told["columns"])})
    return made, BoostedModel(Trees.read(made, card, booster))


def summary(study: Mapping[str, Any]) -> list[str]:
    """What was chosen, a line each."""
    return [trees.told(study), told_of(study["calibration"])]
