"""Scores of settled forecasts beside what they expected of themselves."""

from typing import Any

import numpy as np
import pandas as pd

from pitchline.monitor.performance.alternatives import FLOOR, OUTCOMES, normalised
from pitchline.monitor.performance.sequence import EXPECTED, GOALS, columns_of
from pitchline.train import metrics
from pitchline.train.baselines import targets

DECIMALS = 6
NEWTON_STEPS = 25
STEEPEST = 5.0
# Forecasts of a third each tell no slope.
FLAT = 1e-9


def expected_rps(p: np.ndarray) -> np.ndarray:
    """The RPS that forecasts expect of themselves, by match."""
    scores = [metrics.ranked_probability_score(p, np.full(len(p), outcome)) for outcome in range(3)]
    return np.asarray((p * np.stack(scores, axis=1)).sum(axis=1))


def entropy(p: np.ndarray) -> np.ndarray:
    """The log loss that forecasts expect of themselves, by match, nats."""
    return np.asarray(-(p * np.log(np.maximum(p, FLOOR))).sum(axis=1))


def slope_of(p: np.ndarray, outcome: np.ndarray) -> tuple[float, float]:
    """The exponent by which the forecasts fit the results best, and its standard error.

    1 is calibrated; below 1 the forecasts were too sure, above 1 not sure enough. It is the slope
    of D. Cox (Biometrika 45, 1958), found by Newton's method; the log-likelihood is concave in it.
    """
    logs = np.log(normalised(p))
    matches = np.arange(len(outcome))
    exponent, curvature = 1.0, 1.0
    for _ in range(NEWTON_STEPS):
        weights = normalised(np.exp(exponent * (logs - logs.max(axis=1, keepdims=True))))
        mean = (weights * logs).sum(axis=1)
        slope = float((logs[matches, outcome] - mean).sum())
        curvature = float(((weights * logs**2).sum(axis=1) - mean**2).sum())
        if curvature <= FLAT:
            return 1.0, float("inf")
        exponent = float(np.clip(exponent + slope / curvature, -STEEPEST, STEEPEST))
    return exponent, float(1 / np.sqrt(curvature))


def mean_of(values: np.ndarray) -> dict[str, float | int]:
    """A mean with its standard error."""
    spread = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("inf")
    error = {"standard_error": round(float(spread), DECIMALS)} if np.isfinite(spread) else {}
    return {"mean": round(float(values.mean()), DECIMALS), **error}


def figures_of(rows: pd.DataFrame) -> dict[str, Any]:
    """Scores of some settled forecasts.

    Args:
        rows: as from ``sequence.settled``, at least one.

    Returns:
        ``matches``, ``first`` and ``last`` kick-off; log loss (nats), RPS and accuracy with what
        the forecasts expected of themselves; ``excess``, the log loss beyond that; ``slope``;
        of each outcome how often it was forecast and came; goals a match of home and away teams,
        forecast and come; the log loss minus Elo's, the base
        rates' and the closing odds', on the matches these have.
    """
    p, outcome = rows[columns_of("model")].to_numpy(dtype=np.float64), targets(rows)
    loss, own = metrics.log_loss(p, outcome), entropy(p)
    rps = metrics.ranked_probability_score(p, outcome)
    exponent, error = slope_of(p, outcome)
    told: dict[str, Any] = {
        "matches": len(rows),
        "first": f"{rows['kick_off'].iloc[0]:%Y-%m-%dT%H:%M:%SZ}",
        "last": f"{rows['kick_off'].iloc[-1]:%Y-%m-%dT%H:%M:%SZ}",
        "log_loss": round(float(loss.mean()), DECIMALS),
        "expected_log_loss": round(float(own.mean()), DECIMALS),
        "excess": mean_of(loss - own),
        "rps": round(float(rps.mean()), DECIMALS),
        "expected_rps": round(float(expected_rps(p).mean()), DECIMALS),
        "accuracy": round(float(metrics.correct(p, outcome).mean()), DECIMALS),
        "expected_accuracy": round(float(p.max(axis=1).mean()), DECIMALS),
        "slope": {"mean": round(exponent, DECIMALS)}
        | ({"standard_error": round(error, DECIMALS)} if np.isfinite(error) else {}),
        "outcomes": {
            name.replace(" ", "_"): {
                "forecast": round(float(p[:, number].mean()), DECIMALS),
                "came": round(float((outcome == number).mean()), DECIMALS),
            }
            for number, name in enumerate(OUTCOMES)
        },
        "goals": goals_of(rows),
        "against": {},
    }
    for name in ("elo", "base", "market"):
        other = rows[columns_of(name)].to_numpy(dtype=np.float64)
        known = np.isfinite(other).all(axis=1)
        if known.any():
            beyond = loss[known] - metrics.log_loss(other[known], outcome[known])
            told["against"][name] = {"matches": int(known.sum()), **mean_of(beyond)}
    return told


def goals_of(rows: pd.DataFrame) -> dict[str, dict[str, float]] | None:
    """Goals a match of home and away teams, forecast and come; null where no match has both."""
    both = rows[[*EXPECTED, *GOALS]].to_numpy(dtype=np.float64, na_value=np.nan)
    both = both[np.isfinite(both).all(axis=1)]
    if not len(both):
        return None
    means = [round(float(mean), DECIMALS) for mean in both.mean(axis=0)]
    return {
        side: {"forecast": means[number], "came": means[number + 2]}
        for number, side in enumerate(("home", "away"))
    }


def rolling_excess(rows: pd.DataFrame, window: int) -> pd.DataFrame:
    """The mean log loss beyond the expected over the last matches, match by match.

    Returns:
        kick_off, excess (nats) and its standard error, from the ``window``-th match on.
    """
    p, outcome = rows[columns_of("model")].to_numpy(dtype=np.float64), targets(rows)
    beyond = pd.Series(metrics.log_loss(p, outcome) - entropy(p)).rolling(window)
    frame = pd.DataFrame(
        {
            "kick_off": rows["kick_off"].to_numpy(),
            "excess": beyond.mean(),
            "standard_error": beyond.std() / np.sqrt(window),
        }
    )
    return frame.iloc[window - 1 :].reset_index(drop=True)
