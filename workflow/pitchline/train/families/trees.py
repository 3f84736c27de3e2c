"""Boosted trees, what they start from, and their share of a saved model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.train.baselines import Logit, targets
from pitchline.train.contrasts import contrasts, ratings_of
from pitchline.train.families.protocol import Folds, Leaning
from pitchline.train.importance import of_logit, of_trees

MAX_BIN = 64
# One thread a fit: sums in a fixed order, so the same bytes on any number of cores.
FIXED = {
    "objective": "multi:softprob",
    "num_class": 3,
    "eval_metric": "mlogloss",
    "tree_method": "hist",
    "max_bin": MAX_BIN,
    "nthread": 1,
}
OUTCOMES = ("home", "draw", "away")
RATINGS = "ratings"


class TreesRecipe(Protocol):
    """The part of a recipe that trees are made by.

    Attributes:
        columns: the features they read.
        market: ``opening`` or ``closing`` where they start from the market; else None.
        start: ``ratings`` or ``nothing``: what they start from where no price is known.
        settings: XGBoost's hyperparameters.
        rounds: boosting rounds.
    """

    @property
    def columns(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def market(self) -> str | None: ...  # noqa: D102
    @property
    def start(self) -> str: ...  # noqa: D102
    @property
    def settings(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def rounds(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Beginning:
    """Where boosting starts.

    Attributes:
        logit: on the ratings, or the base rates alone.
        market: the moment whose prices take its place where there are any; None for none.
    """

    logit: Logit
    market: str | None

    @classmethod
    def fit(
        cls, rows: pd.DataFrame, columns: Sequence[str], start: str, market: str | None
    ) -> Self:
        """Fit on rows with known results; see ``TreesRecipe`` for the rest."""
        table = contrasts(rows, columns)
        return cls(Logit.fit(table, ratings_of(table) if start == RATINGS else ()), market)

    def margin(self, rows: pd.DataFrame, table: pd.DataFrame) -> np.ndarray:
        """Log probabilities, shape (rows, 3).

        Args:
            rows: features.
            table: their contrasts.
        """
        logs = self.logit.log_probabilities(table)
        if self.market:
            prices = market_of(rows, self.market)
            known = priced(prices)
            logs[known] = np.log(prices[known])
        return logs.astype(np.float32)


def prices_of(moment: str | None) -> list[str]:
    """The columns of the market's probabilities at a moment; none where there is none."""
    return [f"{moment}_{outcome}" for outcome in OUTCOMES] if moment else []


def market_of(rows: pd.DataFrame, moment: str) -> np.ndarray:
    """The market's probabilities among the features, shape (rows, 3), NaN where unknown."""
    return rows[prices_of(moment)].to_numpy(dtype=np.float64)


def priced(prices: np.ndarray) -> np.ndarray:
    """Where all three results have a probability above 0."""
    return np.asarray((np.isfinite(prices) & (prices > 0)).all(axis=1))


def with_price(rows: pd.DataFrame, moment: str | None) -> np.ndarray:
    """Which rows' trees start from a price."""
    return priced(market_of(rows, moment)) if moment else np.zeros(len(rows), dtype=bool)


def matrix(
    rows: pd.DataFrame,
    columns: Sequence[str],
    beginning: Beginning,
    reference: xgb.QuantileDMatrix | None = None,
) -> xgb.QuantileDMatrix:
    """Binned training data; ``reference`` is the training matrix when this one validates."""
    return xgb.QuantileDMatrix(
        rows[list(columns)].to_numpy(dtype=np.float32),
        label=targets(rows),
        base_margin=beginning.margin(rows, contrasts(rows, columns)),
        feature_names=list(columns),
        max_bin=MAX_BIN,
        nthread=1,
        ref=reference,
    )


@dataclass(frozen=True)
class Trees:
    """Fitted trees.

    Attributes:
        columns: the features they read.
        beginning: where they start.
        booster: the trees.
    """

    columns: tuple[str, ...]
    beginning: Beginning
    booster: xgb.Booster

    @classmethod
    def fit(cls, rows: pd.DataFrame, recipe: TreesRecipe, seed: int) -> Self:
        """Fit on rows with known results.

        Args:
            rows: features and results.
            recipe: how.
            seed: of row and column sampling.
        """
        beginning = Beginning.fit(rows, recipe.columns, recipe.start, recipe.market)
        booster = xgb.train(
            {**FIXED, **recipe.settings, "seed": seed},
            matrix(rows, recipe.columns, beginning),
            recipe.rounds,
        )
        return cls(recipe.columns, beginning, booster)

    @classmethod
    def read(cls, recipe: TreesRecipe, card: Mapping[str, Any], booster: xgb.Booster) -> Self:
        """Saved trees, their start from the card."""
        return cls(recipe.columns, Beginning(Logit.read(card["start"]), recipe.market), booster)

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of the feature table that are read, prices last."""
        return (*self.columns, *prices_of(self.beginning.market))

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Probabilities of H, D and A, shape (rows, 3); they sum to 1 in single precision."""
        found = self.booster.inplace_predict(
            rows[list(self.columns)].to_numpy(dtype=np.float32),
            base_margin=self.beginning.margin(rows, contrasts(rows, self.columns)),
        )
        return np.asarray(found, dtype=np.float64)

    def figures(self) -> dict[str, Any]:
        """What they start from, for the card."""
        return {"start": vars(self.beginning.logit)}

    def leanings(self, rows: pd.DataFrame) -> list[Leaning]:
        """The features that move the trees, and the contrasts that move their start."""
        return [
            *of_trees(self.booster, self.columns, rows),
            *of_logit("start", self.beginning.logit, contrasts(rows, self.columns)),
        ]


def no_trees() -> xgb.Booster:
    """A booster without a tree, so that ``model.ubj`` has one format for all families."""
    three = xgb.DMatrix(np.zeros((3, 1), dtype=np.float32), label=[0, 1, 2], nthread=1)
    return xgb.train(FIXED, three, 0)


def search(folds: Folds) -> dict[str, Any]:
    """Hyperparameters, start and rounds with the lowest log loss, from ``tuning.search``."""
    from pitchline.train.tuning import search as tuning

    settings = folds.settings
    return folds.once(
        "trees",
        lambda: tuning.search(
            folds.rows,
            list(folds.columns),
            folds.splits,
            settings.search,
            market=settings.market,
            trials=folds.trials,
            at_once=settings.trials_at_once,
            max_rounds=settings.max_rounds,
            patience=settings.early_stopping_rounds,
            seed=folds.seed,
            threads=folds.threads,
            progress=folds.progress,
            store=folds.store,
            resumed=folds.resumed,
        ),
    )


def of_best(best: Mapping[str, Any]) -> dict[str, Any]:
    """Start, settings and rounds of a trial, for a recipe."""
    settings = dict(best["params"])
    return {"start": settings.pop("start"), "settings": settings, "rounds": best["rounds"]}


def told(study: Mapping[str, Any]) -> str:
    """The trial that was chosen, and how many were pruned."""
    best = study["best"]
    pruned = sum(trial["state"] == "pruned" for trial in study["trials"])
    return (
        f"chose trial {best['number']}: depth {best['params']['max_depth']}, "
        f"{best['rounds']} rounds; {pruned} trials pruned"
    )
