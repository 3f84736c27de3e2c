"""The baselines every model is measured against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from pitchline.ingest.tables import RESULTS

ELO = ("difference_elo",)
DECIMALS = 6


def targets(rows: pd.DataFrame) -> np.ndarray:
    """Results as class numbers: 0 home win, 1 draw, 2 away win."""
    return rows["result"].map({r: i for i, r in enumerate(RESULTS)}).to_numpy(dtype=np.int64)


def base_rates(rows: pd.DataFrame) -> np.ndarray:
    """Share of home wins, draws and away wins; each result counted once more than it occurred."""
    counts = np.bincount(targets(rows), minlength=len(RESULTS)) + 1.0
    return np.asarray(counts / counts.sum())


@dataclass(frozen=True)
class Logit:
    """Multinomial logit of the 1X2 result on a few features.

    Attributes:
        columns: the features.
        centres: subtracted from each feature.
        scales: each feature is then divided by this.
        intercepts: one a result, in the order H, D, A.
        slopes: a row a result, an entry a feature.
    """

    columns: tuple[str, ...]
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    intercepts: tuple[float, ...]
    slopes: tuple[tuple[float, ...], ...]

    @classmethod
    def fit(
        cls, rows: pd.DataFrame, columns: tuple[str, ...], c: float = 1.0, free: Sequence[str] = ()
    ) -> Self:
        """Fit on rows with the features and result.

        A result that never occurred gets a small share rather than an error; what is unknown
        counts as the mean.

        Args:
            rows: with the columns and ``result``.
            columns: the features; none for base rates alone.
            c: inverse strength of the ridge penalty on the slopes.
            free: columns whose slopes are penalised as weakly as with a c of 1.
        """
        if not columns:
            rates = np.log(base_rates(rows)).round(DECIMALS)
            return cls((), (), (), tuple(rates.tolist()), ((), (), ()))
        from sklearn.linear_model import LogisticRegression

        x = rows[list(columns)].to_numpy(dtype=np.float64)
        known = np.isfinite(x)
        count = np.maximum(known.sum(axis=0), 1)
        centres = (np.where(known, x, 0.0).sum(axis=0) / count).round(DECIMALS)
        spread = np.where(known, x - centres, 0.0)
        scales = np.sqrt((spread**2).sum(axis=0) / count).round(DECIMALS)
        scales[scales == 0] = 1.0
        # A column made larger needs a smaller slope, which the penalty hardly feels.
        larger = np.where([name in free for name in columns], 1 / np.sqrt(min(c, 1.0)), 1.0)
        # One average row a result keeps all three results present in small samples.
        x = np.vstack([spread / scales * larger, np.zeros((len(RESULTS), len(columns)))])
        y = np.concatenate([targets(rows), np.arange(len(RESULTS))])
        logit = LogisticRegression(C=c, tol=1e-10, max_iter=1000, solver="newton-cholesky")
        logit.fit(x, y)
        return cls(
            columns=columns,
            centres=tuple(centres.tolist()),
            scales=tuple(scales.tolist()),
            intercepts=tuple(logit.intercept_.round(DECIMALS).tolist()),
            slopes=tuple(tuple(row) for row in (logit.coef_ * larger).round(DECIMALS).tolist()),
        )

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """A logit as ``vars`` tells it, lists for tuples.

        Raises:
            KeyError, TypeError: it isn't one.
        """
        plain = {name: tuple(told[name]) for name in ("columns", "centres", "scales", "intercepts")}
        return cls(**plain, slopes=tuple(tuple(row) for row in told["slopes"]))

    def log_probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Natural logarithms of the probabilities, shape (rows, 3)."""
        scores = np.tile(np.array(self.intercepts), (len(rows), 1))
        for number, column in enumerate(self.columns):
            x = (rows[column].to_numpy(dtype=np.float64) - self.centres[number]) / self.scales[
                number
            ]
            scores += np.nan_to_num(x)[:, None] * np.array([row[number] for row in self.slopes])
        scores -= scores.max(axis=1, keepdims=True)
        return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Probabilities of H, D and A, shape (rows, 3)."""
        return np.asarray(np.exp(self.log_probabilities(rows)))
