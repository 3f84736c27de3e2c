"""The 1X2 model: boosted trees on top of a logit on the ratings, and how it is stored."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.errors import ArtifactError
from pitchline.files import read_json, sha256_of, write_bytes, write_json
from pitchline.train.baselines import Logit, targets

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
# Boosting starts from a logit on these; the trees add what it can't express.
START = ("difference_elo", "home_expected_goals", "away_expected_goals")


def margin(start: Logit, rows: pd.DataFrame) -> np.ndarray:
    """The starting logit's log probabilities, from which boosting starts; shape (rows, 3)."""
    return start.log_probabilities(rows).astype(np.float32)


def matrix(
    rows: pd.DataFrame,
    columns: list[str],
    start: Logit,
    reference: xgb.QuantileDMatrix | None = None,
) -> xgb.QuantileDMatrix:
    """Binned training data; ``reference`` is the training matrix when this one validates."""
    return xgb.QuantileDMatrix(
        rows[columns].to_numpy(dtype=np.float32),
        label=targets(rows),
        base_margin=margin(start, rows),
        feature_names=columns,
        max_bin=MAX_BIN,
        nthread=1,
        ref=reference,
    )


@dataclass(frozen=True)
class Forecaster:
    """A fitted 1X2 model.

    Attributes:
        booster: the trees.
        columns: the features they read, in order.
        start: the logit they start from.
    """

    booster: xgb.Booster
    columns: list[str]
    start: Logit

    @classmethod
    def fit(
        cls,
        rows: pd.DataFrame,
        columns: list[str],
        settings: dict[str, Any],
        rounds: int,
        seed: int,
    ) -> Self:
        """Fit on rows with known results.

        Args:
            rows: features and results.
            columns: the features to read.
            settings: XGBoost's hyperparameters.
            rounds: boosting rounds.
            seed: of row and column sampling.
        """
        start = Logit.fit(rows, START)
        booster = xgb.train(
            {**FIXED, **settings, "seed": seed}, matrix(rows, columns, start), rounds
        )
        return cls(booster, columns, start)

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
        raw = self.booster.inplace_predict(
            rows[self.columns].to_numpy(dtype=np.float32), base_margin=margin(self.start, rows)
        ).astype(np.float64)
        rounded = np.round(raw / raw.sum(axis=1, keepdims=True), PROBABILITY_DECIMALS)
        # Whatever rounding left over goes to the likeliest result.
        rounded[np.arange(len(rounded)), rounded.argmax(axis=1)] += 1 - rounded.sum(axis=1)
        return np.asarray(np.round(rounded, PROBABILITY_DECIMALS))

    def save(self, folder: Path, card: dict[str, Any]) -> None:
        """Write ``model.ubj`` and ``model.json``; the card's own entries come first."""
        model = bytes(self.booster.save_raw("ubj"))
        write_bytes(folder / MODEL_FILE, model)
        write_json(
            folder / CARD_FILE,
            {
                **card,
                "model_sha256": hashlib.sha256(model).hexdigest(),
                "columns": self.columns,
                "start": vars(self.start),
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
            start = Logit(**card["start"])
            columns = list(card["columns"])
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
        return cls(booster, columns, start)
