"""The mean of a logit and of boosted trees.

The logit reads contrasts of all features under a ridge penalty that draws it to a logit on the
ratings alone; the trees read the features themselves and start from nothing, from that small
logit, or from the market's probabilities where the market is a feature. Errors of the two differ,
so their mean is better than either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.params import Blend
from pitchline.train import metrics
from pitchline.train.baselines import Logit, targets
from pitchline.train.calibrate import calibration_on, told_of
from pitchline.train.contrasts import contrasts
from pitchline.train.families import trees
from pitchline.train.families.logit import LogitModel, wide_logit
from pitchline.train.families.protocol import Folds, Leaning, by_one_fit
from pitchline.train.families.trees import Trees, with_price
from pitchline.train.split import Split

NAME = "blend"
TITLE = "logit and xgboost"
TREES = True
DECIMALS = 6


@dataclass(frozen=True)
class BlendRecipe:
    """How logit and trees are made and mixed.

    Attributes:
        columns: the features that logit and trees read, in order.
        market: ``opening`` or ``closing`` where the trees start from the market; else None.
        start: ``ratings`` or ``nothing``: what the trees start from where no price is known.
        c: inverse strength of the logit's penalty.
        share: of the logit in the mean, 0 to 1.
        settings: XGBoost's hyperparameters.
        rounds: boosting rounds.
        temperature: by which the mean's log probabilities are divided; 1 changes nothing.
    """

    family: ClassVar[str] = NAME
    columns: tuple[str, ...]
    market: str | None
    start: str
    c: float
    share: float
    settings: dict[str, Any]
    rounds: int
    temperature: float = 1.0

    def fit(self, rows: pd.DataFrame, seed: int) -> "BlendModel":
        """Fit on rows with known results; the seed samples rows and columns of the trees."""
        logit = wide_logit(contrasts(rows, self.columns), self.c)
        return BlendModel(self, Trees.fit(rows, self, seed), logit)

    def out_of_fold(self, rows: pd.DataFrame, split: Split, seed: int) -> np.ndarray:
        """Probabilities of a fold's tested rows by one fit before them, shape (rows, 3)."""
        return by_one_fit(self, rows, split, seed)


@dataclass(frozen=True)
class BlendModel:
    """A fitted blend.

    Attributes:
        recipe: how it was made.
        trees: the trees and what they start from.
        logit: the other half of the mean.
    """

    recipe: BlendRecipe
    trees: Trees
    logit: Logit

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
        return mixed(
            self.logit.probabilities(contrasts(rows, self.recipe.columns)),
            self.trees.probabilities(rows),
            self.recipe.share,
            with_price(rows, self.recipe.market),
        )

    def figures(self) -> dict[str, Any]:
        """What the trees start from, and the logit, for the card."""
        return {**self.trees.figures(), "logit": vars(self.logit)}

    def leanings(self, rows: pd.DataFrame) -> list[Leaning]:
        """What moves trees, start and logit."""
        logit = LogitModel(self.recipe.columns, self.logit)
        return [*self.trees.leanings(rows), *logit.leanings(rows)]


def mixed(
    logit: np.ndarray, trees: np.ndarray, share: float, with_price: np.ndarray | None
) -> np.ndarray:
    """The mean of both parts, shape (rows, 3).

    Args:
        logit: its probabilities.
        trees: theirs.
        share: of the logit.
        with_price: rows whose trees start from a price. The logit knows none, so there the trees
            alone speak. None where no row has one.
    """
    shares = np.full((len(logit), 1), share)
    if with_price is not None:
        shares[with_price] = 0.0
    return np.asarray(shares * logit + (1 - shares) * trees / trees.sum(axis=1, keepdims=True))


def choose_share(
    rows: pd.DataFrame, splits: Sequence[Split], recipe: BlendRecipe, ranges: Blend, seed: int
) -> dict[str, Any]:
    """The logit's penalty and share with the lowest log loss over matches not fitted on.

    Args:
        rows: features and results, ordered by kick-off.
        splits: the folds of the search.
        recipe: of the trees; its ``c``, ``share`` and ``temperature`` are left aside.
        ranges: what is tried.
        seed: of the fits.

    Returns:
        ``c``, ``share`` and ``log_loss`` of the best; ``tried``: all of them. Of equals the one
        with the stronger penalty and the smaller share.
    """
    ours, outcomes, with_prices = [], [], []
    logits: dict[float, list[np.ndarray]] = {c: [] for c in ranges.c}
    for split in splits:
        train, test = rows.iloc[split.train], rows.iloc[split.test]
        ours.append(Trees.fit(train, recipe, seed).probabilities(test))
        outcomes.append(targets(test))
        with_prices.append(with_price(test, recipe.market))
        learned, asked = contrasts(train, recipe.columns), contrasts(test, recipe.columns)
        for c, found in logits.items():
            found.append(wide_logit(learned, c).probabilities(asked))
    outcome, known, p_trees = np.concatenate(outcomes), np.concatenate(with_prices), np.vstack(ours)
    tried = []
    for c in sorted(ranges.c):
        p = np.vstack(logits[c])
        for share in sorted(ranges.share):
            loss = metrics.log_loss(mixed(p, p_trees, share, known), outcome).mean()
            tried.append({"c": c, "share": share, "log_loss": round(float(loss), DECIMALS)})
    best = min(tried, key=lambda each: each["log_loss"])
    return {**best, "tried": tried}


def choose(folds: Folds) -> dict[str, Any]:
    """The trees' hyperparameters, the logit's penalty and share, the temperature.

    Returns:
        Besides what every family has: ``logit`` as from ``choose_share``.
    """
    found = trees.search(folds)
    study: dict[str, Any] = {
        "best": found["best"],
        "logit": FIRST,
        "calibration": {"temperature": 1.0},
    }
    market = folds.settings.market
    plain = recipe(folds.columns, market, study)
    study["logit"] = choose_share(folds.rows, folds.splits, plain, folds.settings.logit, folds.seed)
    study["calibration"] = calibration_on(folds, recipe(folds.columns, market, study))
    return {**study, "trials": found["trials"]}


# Stands in for the logit's part while it is chosen.
FIRST: dict[str, Any] = {"c": 1.0, "share": 0.0}


def recipe(columns: Sequence[str], market: str | None, study: Mapping[str, Any]) -> BlendRecipe:
    """The recipe that a study chose."""
    return BlendRecipe(
        columns=tuple(columns),
        market=market,
        **trees.of_best(study["best"]),
        c=study["logit"]["c"],
        share=study["logit"]["share"],
        temperature=study["calibration"]["temperature"],
    )


def read(
    told: Mapping[str, Any], card: Mapping[str, Any], booster: xgb.Booster
) -> tuple[BlendRecipe, BlendModel]:
    """A saved blend and its recipe."""
    made = BlendRecipe(**{**told, "columns": tuple(told["columns"])})
    return made, BlendModel(made, Trees.read(made, card, booster), Logit.read(card["logit"]))


def summary(study: Mapping[str, Any]) -> list[str]:
    """What was chosen, a line each."""
    logit = study["logit"]
    return [
        trees.told(study),
        f"logit: share {logit['share']:g}, c {logit['c']:g}, log loss {logit['log_loss']:.4f}",
        told_of(study["calibration"]),
    ]
