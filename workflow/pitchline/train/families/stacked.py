"""A weighted mean of trees, logit and Dixon-Coles.

Each part is chosen as if it stood alone; the weights, 0 or more and 1 together, are those with the
lowest log loss on the folds' out-of-fold forecasts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.train.calibrate import calibrated, lowest_at, told_of
from pitchline.train.families import boosted, dixon_coles, logit, trees
from pitchline.train.families.boosted import BoostedModel, BoostedRecipe
from pitchline.train.families.dixon_coles import DixonColesModel, DixonColesRecipe
from pitchline.train.families.logit import LogitModel, LogitRecipe
from pitchline.train.families.protocol import Folds, Leaning
from pitchline.train.families.trees import with_price
from pitchline.train.probabilities import rounded
from pitchline.train.split import Split

NAME = "stacked"
TITLE = "XGBoost, logit and Dixon-Coles, stacked"
TREES = True
PARTS = ("trees", "logit", "dixon_coles")
DECIMALS = 4
STEPS = 30
TREES_ALONE = (1.0, 0.0, 0.0)

Weights = tuple[float, float, float]


@dataclass(frozen=True)
class StackedRecipe:
    """How the parts are made and weighed.

    Attributes:
        trees: recipe of the trees.
        logit: of the logit.
        dixon_coles: of Dixon-Coles.
        weights: of the three, in this order.
        temperature: by which the mean's log probabilities are divided; 1 changes nothing.
    """

    family: ClassVar[str] = NAME
    trees: BoostedRecipe
    logit: LogitRecipe
    dixon_coles: DixonColesRecipe
    weights: Weights
    temperature: float = 1.0

    @property
    def columns(self) -> tuple[str, ...]:
        """The features that trees and logit read."""
        return self.trees.columns

    @property
    def market(self) -> str | None:
        """The moment whose prices the trees start from."""
        return self.trees.market

    def fit(self, rows: pd.DataFrame, seed: int) -> "StackedModel":
        """Fit all parts on rows with known results."""
        return StackedModel(
            self,
            self.trees.fit(rows, seed),
            self.logit.fit(rows, seed),
            self.dixon_coles.fit(rows, seed),
        )

    def out_of_fold(self, rows: pd.DataFrame, split: Split, seed: int) -> np.ndarray:
        """Probabilities of a fold's tested rows, each part's by its own means, shape (rows, 3)."""
        parts = [
            each.out_of_fold(rows, split, seed)
            for each in (self.trees, self.logit, self.dixon_coles)
        ]
        return weighed(parts, self.weights, with_price(rows.iloc[split.test], self.market))


@dataclass(frozen=True)
class StackedModel:
    """A fitted stack.

    Attributes:
        recipe: how it was made.
        trees: the trees.
        logit: the logit.
        dixon_coles: the strengths.
    """

    recipe: StackedRecipe
    trees: BoostedModel
    logit: LogitModel
    dixon_coles: DixonColesModel

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the feature table that are read."""
        return (*self.trees.columns, *self.dixon_coles.columns)

    @property
    def booster(self) -> xgb.Booster:
        """The trees."""
        return self.trees.booster

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Probabilities of H, D and A, shape (rows, 3)."""
        parts = [part.probabilities(rows) for part in (self.trees, self.logit, self.dixon_coles)]
        return weighed(parts, self.recipe.weights, with_price(rows, self.recipe.market))

    def figures(self) -> dict[str, Any]:
        """The parts' figures, for the card."""
        return {**self.trees.figures(), **self.logit.figures(), **self.dixon_coles.figures()}

    def leanings(self, rows: pd.DataFrame) -> list[Leaning]:
        """What the parts lean on."""
        parts = (self.trees, self.logit, self.dixon_coles)
        return [leaning for part in parts for leaning in part.leanings(rows)]


def weighed(parts: Sequence[np.ndarray], weights: Weights, with_price: np.ndarray) -> np.ndarray:
    """The weighted mean of trees, logit and Dixon-Coles, shape (rows, 3).

    Args:
        parts: probabilities of the three.
        weights: of the three.
        with_price: rows whose trees start from a price. The others know none, so there the trees
            alone speak.
    """
    of_rows = np.where(with_price[:, None], TREES_ALONE, weights)
    return np.asarray(sum(of_rows[:, [i]] * part for i, part in enumerate(parts)))


def best_weights(chances: np.ndarray) -> Weights:
    """The weights with the lowest log loss.

    The log loss is convex in the weights, and so is its minimum over the other two as a function
    of the first: one golden-section search within another finds them.

    Args:
        chances: what trees, logit and Dixon-Coles gave the result that came, shape (matches, 3).
            Without a match the trees have all weight.
    """
    if not len(chances):
        return TREES_ALONE

    def loss(weights: Sequence[float]) -> float:
        return -float(np.log(chances @ np.array(weights)).mean())

    def second(first: float) -> float:
        return lowest_at(lambda w: loss((first, w, 1 - first - w)), 0.0, 1 - first, STEPS)

    def with_second(first: float) -> float:
        w = second(first)
        return loss((first, w, 1 - first - w))

    first = lowest_at(with_second, 0.0, 1.0, STEPS)
    a, b = round(float(first), DECIMALS), round(float(second(first)), DECIMALS)
    return a, min(b, round(1 - a, DECIMALS)), max(round(1 - a - b, DECIMALS), 0.0)


def choose(folds: Folds) -> dict[str, Any]:
    """The parts, their weights and the temperature.

    Each fold after the first is judged with the weights and the temperature that the folds before
    it ask for.

    Returns:
        Besides what every family has: ``logit`` and ``dixon_coles``, the best trials of these;
        ``refit_days``; ``weights``, by part.
    """
    found = trees.search(folds)
    study: dict[str, Any] = {
        "best": found["best"],
        "logit": logit.search(folds)["best"],
        "dixon_coles": dixon_coles.search(folds)["best"],
        "refit_days": folds.settings.dixon_coles.refit_days,
        "weights": dict(zip(PARTS, TREES_ALONE, strict=True)),
        "calibration": {"temperature": 1.0},
    }
    plain = recipe(folds.columns, folds.settings.market, study)
    parts = [folds.forecasts(each) for each in (plain.trees, plain.logit, plain.dixon_coles)]
    by_fold = list(zip(*parts, strict=True))
    market = folds.settings.market
    prices = [with_price(folds.rows.iloc[split.test], market) for split in folds.splits]
    chances = [
        np.column_stack([p[np.arange(len(y)), y] for p in fold])[~known]
        for fold, y, known in zip(by_fold, folds.outcomes, prices, strict=True)
    ]

    def forecasts(weights: Weights, count: int) -> list[np.ndarray]:
        return [
            rounded(weighed(fold, weights, known))
            for fold, known in zip(by_fold[:count], prices[:count], strict=True)
        ]

    weights = [best_weights(np.vstack(chances[:count])) for count in range(1, len(chances) + 1)]
    upto = [forecasts(weights[fold - 1], fold + 1) for fold in range(1, len(by_fold))]
    study["weights"] = dict(zip(PARTS, weights[-1], strict=True))
    study["calibration"] = calibrated(
        [each[:-1] for each in upto],
        [each[-1] for each in upto],
        forecasts(weights[-1], len(by_fold)),
        folds.outcomes,
    )
    return {**study, "trials": found["trials"]}


def recipe(columns: Sequence[str], market: str | None, study: Mapping[str, Any]) -> StackedRecipe:
    """The recipe that a study chose."""
    w = study["weights"]
    return StackedRecipe(
        trees=BoostedRecipe(tuple(columns), market, **trees.of_best(study["best"])),
        logit=LogitRecipe(tuple(columns), study["logit"]["params"]["c"]),
        dixon_coles=dixon_coles.of_best(study["dixon_coles"], study["refit_days"]),
        weights=(w["trees"], w["logit"], w["dixon_coles"]),
        temperature=study["calibration"]["temperature"],
    )


def read(
    told: Mapping[str, Any], card: Mapping[str, Any], booster: xgb.Booster
) -> tuple[StackedRecipe, StackedModel]:
    """A saved stack and its recipe."""
    of_trees, of_logit, of_goals = (
        module.read(told[name], card, booster)
        for name, module in zip(PARTS, (boosted, logit, dixon_coles), strict=True)
    )
    first, second, third = (float(weight) for weight in told["weights"])
    made = StackedRecipe(
        of_trees[0],
        of_logit[0],
        of_goals[0],
        (first, second, third),
        told["temperature"],
    )
    return made, StackedModel(made, of_trees[1], of_logit[1], of_goals[1])


def summary(study: Mapping[str, Any]) -> list[str]:
    """What was chosen, a line each."""
    told = ", ".join(f"{part} {weight:.2f}" for part, weight in study["weights"].items())
    return [trees.told(study), f"weights: {told}", told_of(study["calibration"])]
