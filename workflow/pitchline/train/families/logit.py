"""A multinomial logit on all contrasts; a ridge penalty draws it to a logit on the ratings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.train.baselines import Logit
from pitchline.train.calibrate import calibration_on, told_of
from pitchline.train.contrasts import contrasts, ratings_of
from pitchline.train.families.grid import grid
from pitchline.train.families.protocol import Folds, Leaning, by_one_fit
from pitchline.train.importance import of_logit
from pitchline.train.split import Split

NAME = "logit"
TITLE = "ridge logit"
TREES = False


def wide_logit(table: pd.DataFrame, c: float) -> Logit:
    """The logit on all contrasts; the penalty draws it to a logit on the ratings alone."""
    return Logit.fit(table, tuple(table.columns.drop("result")), c, free=ratings_of(table))


@dataclass(frozen=True)
class LogitRecipe:
    """How the logit is made.

    Attributes:
        columns: the features whose contrasts it reads.
        c: inverse strength of the penalty.
        temperature: by which the log probabilities are divided; 1 changes nothing.
    """

    family: ClassVar[str] = NAME
    market: ClassVar[None] = None
    columns: tuple[str, ...]
    c: float
    temperature: float = 1.0

    def fit(self, rows: pd.DataFrame, seed: int) -> "LogitModel":  # noqa: ARG002
        """Fit on rows with known results; nothing in it is random."""
        return LogitModel(self.columns, wide_logit(contrasts(rows, self.columns), self.c))

    def out_of_fold(self, rows: pd.DataFrame, split: Split, seed: int) -> np.ndarray:
        """Probabilities of a fold's tested rows by one fit before them, shape (rows, 3)."""
        return by_one_fit(self, rows, split, seed)


@dataclass(frozen=True)
class LogitModel:
    """A fitted logit.

    Attributes:
        columns: the features whose contrasts it reads.
        logit: on these contrasts.
    """

    columns: tuple[str, ...]
    logit: Logit
    booster: ClassVar[None] = None

    @classmethod
    def read(cls, columns: tuple[str, ...], card: Mapping[str, Any]) -> Self:
        """A saved logit."""
        return cls(columns, Logit.read(card["logit"]))

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Probabilities of H, D and A, shape (rows, 3)."""
        return self.logit.probabilities(contrasts(rows, self.columns))

    def figures(self) -> dict[str, Any]:
        """The logit, for the card."""
        return {"logit": vars(self.logit)}

    def leanings(self, rows: pd.DataFrame) -> list[Leaning]:
        """The contrasts that move it."""
        return of_logit("logit", self.logit, contrasts(rows, self.columns))


def search(folds: Folds) -> dict[str, Any]:
    """The penalty with the lowest log loss on the folds; of equals the strongest."""

    def look() -> dict[str, Any]:
        cs = sorted(folds.settings.logit.c)
        found: dict[float, list[np.ndarray]] = {c: [] for c in cs}
        for split in folds.splits:
            learned, asked = (
                contrasts(folds.rows.iloc[part], folds.columns)
                for part in (split.train, split.test)
            )
            for c in cs:
                found[c].append(wide_logit(learned, c).probabilities(asked))
        return grid([{"c": c} for c in cs], [found[c] for c in cs], folds.outcomes)

    return folds.once(NAME, look)


def choose(folds: Folds) -> dict[str, Any]:
    """The penalty and the temperature."""
    found = search(folds)
    plain = LogitRecipe(folds.columns, found["best"]["params"]["c"])
    return {**found, "calibration": calibration_on(folds, plain)}


def recipe(columns: Sequence[str], market: str | None, study: Mapping[str, Any]) -> LogitRecipe:  # noqa: ARG001
    """The recipe that a study chose; the market is not for it."""
    temperature = study["calibration"]["temperature"]
    return LogitRecipe(tuple(columns), study["best"]["params"]["c"], temperature)


def read(
    told: Mapping[str, Any],
    card: Mapping[str, Any],
    booster: xgb.Booster,  # noqa: ARG001
) -> tuple[LogitRecipe, LogitModel]:
    """A saved logit and its recipe."""
    made = LogitRecipe(**{**told, "columns": tuple(told["columns"])})
    return made, LogitModel.read(made.columns, card)


def summary(study: Mapping[str, Any]) -> list[str]:
    """What was chosen, a line each."""
    best = study["best"]
    return [
        f"logit: c {best['params']['c']:g}, log loss {best['log_loss']:.4f}",
        told_of(study["calibration"]),
    ]
