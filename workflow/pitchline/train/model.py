"""The 1X2 model: the mean of a logit and of boosted trees, and how it is stored.

The logit reads contrasts of all features under a ridge penalty that draws it to a logit on the
ratings alone; the trees read the features themselves and start from nothing, from that small
logit, or from the market's probabilities where the market is a feature. Errors of the two differ,
so their mean is better than either. A temperature, fitted out of time, corrects how sure the mean
is; it is used where it helps.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.errors import ArtifactError
from pitchline.files import read_json, sha256_of, write_bytes, write_json
from pitchline.train.baselines import Logit, targets
from pitchline.train.contrasts import contrasts, ratings_of

MODEL_FILE = "model.ubj"
CARD_FILE = "model.json"
MADE_BY = "snakemake --cores 2 train"
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
PROBABILITY_DECIMALS = 6
OUTCOMES = ("home", "draw", "away")
RATINGS = "ratings"


@dataclass(frozen=True)
class Recipe:
    """How a model is made; with the rows and the seed it decides every byte of it.

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

    columns: tuple[str, ...]
    market: str | None
    start: str
    c: float
    share: float
    settings: dict[str, Any]
    rounds: int
    temperature: float = 1.0


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
        """Fit on rows with known results; see ``Recipe`` for the rest."""
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


def market_of(rows: pd.DataFrame, moment: str) -> np.ndarray:
    """The market's probabilities among the features, shape (rows, 3), NaN where unknown."""
    columns = [f"{moment}_{outcome}" for outcome in OUTCOMES]
    return rows[columns].to_numpy(dtype=np.float64)


def priced(prices: np.ndarray) -> np.ndarray:
    """Where all three results have a probability above 0."""
    return np.asarray((np.isfinite(prices) & (prices > 0)).all(axis=1))


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


def wide_logit(table: pd.DataFrame, c: float) -> Logit:
    """The logit on all contrasts; the penalty draws it to a logit on the ratings alone."""
    return Logit.fit(table, tuple(table.columns.drop("result")), c, free=ratings_of(table))


def tempered(p: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities whose logarithms are divided by the temperature, shape (rows, 3).

    C. Guo, G. Pleiss, Y. Sun and K. Weinberger, ICML (2017).
    """
    if temperature == 1.0:
        return p
    powered = p ** (1 / temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Forecaster:
    """A fitted 1X2 model.

    Attributes:
        recipe: how it was made.
        booster: the trees.
        beginning: where they start.
        logit: the other half of the mean.
    """

    recipe: Recipe
    booster: xgb.Booster
    beginning: Beginning
    logit: Logit

    @property
    def columns(self) -> tuple[str, ...]:
        """The features the model reads."""
        market = self.recipe.market
        prices = [f"{market}_{outcome}" for outcome in OUTCOMES] if market else []
        return (*self.recipe.columns, *prices)

    @classmethod
    def fit(cls, rows: pd.DataFrame, recipe: Recipe, seed: int) -> Self:
        """Fit on rows with known results.

        Args:
            rows: features and results.
            recipe: how.
            seed: of row and column sampling.
        """
        beginning = Beginning.fit(rows, recipe.columns, recipe.start, recipe.market)
        logit = wide_logit(contrasts(rows, recipe.columns), recipe.c)
        booster = xgb.train(
            {**FIXED, **recipe.settings, "seed": seed},
            matrix(rows, recipe.columns, beginning),
            recipe.rounds,
        )
        return cls(recipe, booster, beginning, logit)

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Probabilities of H, D and A that sum to 1, shape (rows, 3).

        Raises:
            ArtifactError: a feature the model reads is missing from ``rows``.
        """
        missing = [column for column in self.columns if column not in rows]
        if missing:
            raise ArtifactError(
                f"the model reads the feature {missing[0]!r}, which the feature table lacks; "
                "build features and model with the same params.yaml"
            )
        if len(rows) == 0:
            return np.empty((0, 3))
        mean = mixed(
            self.logit.probabilities(contrasts(rows, self.recipe.columns)),
            self.trees(rows),
            self.recipe.share,
            priced(market_of(rows, self.recipe.market)) if self.recipe.market else None,
        )
        return rounded(tempered(mean, self.recipe.temperature))

    def trees(self, rows: pd.DataFrame) -> np.ndarray:
        """Probabilities of the trees alone, shape (rows, 3)."""
        found = self.booster.inplace_predict(
            rows[list(self.recipe.columns)].to_numpy(dtype=np.float32),
            base_margin=self.beginning.margin(rows, contrasts(rows, self.recipe.columns)),
        )
        return np.asarray(found, dtype=np.float64)

    def save(self, folder: Path, card: dict[str, Any]) -> None:
        """Write ``model.ubj`` and ``model.json``; the card's own entries come first."""
        model = bytes(self.booster.save_raw("ubj"))
        write_bytes(folder / MODEL_FILE, model)
        write_json(
            folder / CARD_FILE,
            {
                **card,
                "model_sha256": hashlib.sha256(model).hexdigest(),
                "recipe": asdict(self.recipe),
                "start": vars(self.beginning.logit),
                "logit": vars(self.logit),
            },
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote.

        Raises:
            ArtifactError: a file is missing, damaged, or the two don't belong together.
        """
        card_path, path = folder / CARD_FILE, folder / MODEL_FILE
        card = read_json(card_path, made_by=MADE_BY)
        try:
            told = card["recipe"]
            recipe = Recipe(**{**told, "columns": tuple(told["columns"])})
            beginning = Beginning(Logit.read(card["start"]), recipe.market)
            logit = Logit.read(card["logit"])
            expected = card["model_sha256"]
        except (KeyError, TypeError) as error:
            raise ArtifactError(
                f"{card_path}: not the card of a model ({error}). Make it anew with `{MADE_BY}`."
            ) from error
        if not path.is_file():
            raise ArtifactError(f"{path}: missing. Make it with `{MADE_BY}`.")
        if sha256_of(path) != expected:
            raise ArtifactError(
                f"{path}: not the model that {card_path} describes: truncated, altered or of "
                f"another fit. Make both anew with `{MADE_BY}`."
            )
        booster = xgb.Booster({"nthread": 1})
        booster.load_model(path)
        return cls(recipe, booster, beginning, logit)


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


def rounded(p: np.ndarray) -> np.ndarray:
    """Probabilities of a fixed number of decimals that still sum to 1."""
    values = np.round(p / p.sum(axis=1, keepdims=True), PROBABILITY_DECIMALS)
    # Whatever rounding left over goes to the likeliest result.
    values[np.arange(len(values)), values.argmax(axis=1)] += 1 - values.sum(axis=1)
    return np.asarray(np.round(values, PROBABILITY_DECIMALS))
