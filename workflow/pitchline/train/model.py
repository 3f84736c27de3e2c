"""The 1X2 model, of any family, and how it is stored.

Each family's module in ``families`` tells how its models are made. Here the temperature, fitted
out of time, is put on the forecasts, and models are saved and loaded.
"""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.errors import ArtifactError
from pitchline.files import json_bytes, read_json, sha256_of, write_bytes, write_json
from pitchline.train.candidate import CARD_FILE, MODEL_FILE
from pitchline.train.families import blend
from pitchline.train.families.protocol import Model, Recipe
from pitchline.train.families.registry import FAMILIES
from pitchline.train.families.trees import FIXED, OUTCOMES, Beginning, matrix, no_trees, priced
from pitchline.train.probabilities import rounded, tempered

MADE_BY = "snakemake --cores 2 train"

__all__ = [
    "CARD_FILE",
    "FIXED",
    "MADE_BY",
    "MODEL_FILE",
    "OUTCOMES",
    "Beginning",
    "Forecaster",
    "Recipe",
    "matrix",
    "priced",
]


@dataclass(frozen=True)
class Forecaster:
    """A fitted 1X2 model of any family.

    Attributes:
        recipe: how it was made.
        model: what the family fitted.
    """

    recipe: Recipe
    model: Model

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the feature table that the model reads."""
        return self.model.columns

    @classmethod
    def fit(cls, rows: pd.DataFrame, recipe: Recipe, seed: int) -> Self:
        """Fit on rows with known results.

        Args:
            rows: features and results.
            recipe: how.
            seed: of row and column sampling.
        """
        return cls(recipe, recipe.fit(rows, seed))

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
        return rounded(tempered(self.model.probabilities(rows), self.recipe.temperature))

    def figures(self) -> dict[str, Any]:
        """Family, recipe and all that was fitted beside the trees, as plain JSON."""
        return {
            "family": self.recipe.family,
            "recipe": asdict(self.recipe),
            **self.model.figures(),
        }

    def save(self, folder: Path, card: dict[str, Any]) -> None:
        """Write ``model.ubj`` and ``model.json``; the card's own entries come first.

        ``model.ubj`` holds the trees; without a tree where the family has none.
        """
        booster = no_trees() if self.model.booster is None else self.model.booster
        model, figures = bytes(booster.save_raw("ubj")), self.figures()
        write_bytes(folder / MODEL_FILE, model)
        write_json(
            folder / CARD_FILE,
            {
                **card,
                "reads": list(self.columns),
                "model_sha256": hashlib.sha256(model).hexdigest(),
                "figures_sha256": _digest(figures),
                **figures,
            },
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote.

        Raises:
            ArtifactError: a file is missing, damaged or altered, or the two don't belong together.
        """
        card_path, path = folder / CARD_FILE, folder / MODEL_FILE
        card = read_json(card_path, made_by=MADE_BY)
        if not isinstance(card, dict) or not isinstance(card.get("model_sha256"), str):
            raise ArtifactError(
                f"{card_path}: not the card of a model. Make it anew with `{MADE_BY}`."
            )
        if not path.is_file():
            raise ArtifactError(f"{path}: missing. Make it with `{MADE_BY}`.")
        if sha256_of(path) != card["model_sha256"]:
            raise ArtifactError(
                f"{path}: not the model that {card_path} describes: truncated, altered or of "
                f"another fit. Make both anew with `{MADE_BY}`."
            )
        booster = xgb.Booster({"nthread": 1})
        booster.load_model(path)
        # Cards from before there were families tell none, and no digest of their figures.
        name = card.get("family", blend.NAME)
        if name not in FAMILIES:
            raise ArtifactError(
                f"{card_path}: the model's family is {name!r}; known are {', '.join(FAMILIES)}. "
                f"Make it anew with `{MADE_BY}`."
            )
        try:
            forecaster = cls(*FAMILIES[name].read(card["recipe"], card, booster))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ArtifactError(
                f"{card_path}: not the card of a model ({error}). Make it anew with `{MADE_BY}`."
            ) from error
        if "family" not in card:
            return forecaster
        if card.get("reads") != list(forecaster.columns):
            raise ArtifactError(
                f"{card_path}: `reads` names other columns than its recipe. Make it anew with "
                f"`{MADE_BY}`."
            )
        if _digest(forecaster.figures()) != card.get("figures_sha256"):
            raise ArtifactError(
                f"{card_path}: its figures were altered since they were written. Make it anew "
                f"with `{MADE_BY}`."
            )
        return forecaster


def _digest(figures: dict[str, Any]) -> str:
    return hashlib.sha256(json_bytes(figures)).hexdigest()
