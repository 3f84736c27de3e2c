"""Scores of probability forecasts of the 1X2 result, with bootstrap intervals.

Forecasts are arrays of shape (matches, 3) in the order H, D, A; outcomes are
class numbers 0 to 2 in the same order.
"""

from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

PROBABILITY_FLOOR = 1e-15
CHANCE_SAMPLES = 200
DECIMALS = 6


def log_loss(forecast: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Negative log-likelihood of each match, nats."""
    given = forecast[np.arange(len(outcome)), outcome]
    return np.asarray(-np.log(np.clip(given, PROBABILITY_FLOOR, 1)))


def binary_log_loss(forecast: np.ndarray, happened: np.ndarray) -> float:
    """Mean negative log-likelihood of an event forecast with one probability a match, nats.

    Args:
        forecast: probabilities, shape (matches,).
        happened: 1 where the event came true, else 0.
    """
    given = np.where(happened > 0, forecast, 1 - forecast)
    return float(-np.log(np.clip(given, PROBABILITY_FLOOR, 1)).mean())


def ranked_probability_score(forecast: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """RPS of each match, 0 (perfect) to 1.

    Formula: E. Epstein, Journal of Applied Meteorology 8 (1969), over the ordered
    results H, D, A and divided by 2, as is usual in football.
    """
    hit = np.eye(3)[outcome]
    gap = np.cumsum(forecast - hit, axis=1)[:, :2]
    return np.asarray((gap**2).sum(axis=1) / 2)


def brier(forecast: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Brier score of each match, summed over the results, 0 to 2 (G. Brier, 1950)."""
    return np.asarray(((forecast - np.eye(3)[outcome]) ** 2).sum(axis=1))


def correct(forecast: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """1 where the likeliest result came true, else 0."""
    return np.asarray(forecast.argmax(axis=1) == outcome, dtype=np.float64)


def calibration_error(forecast: np.ndarray, outcome: np.ndarray, bins: int) -> float:
    """Expected calibration error over equal-mass bins, mean over the three results.

    Formula: M. Naeini, G. Cooper and M. Hauskrecht, AAAI (2015), with bins of equal
    numbers of forecasts.
    """
    total = 0.0
    for result in range(3):
        order = np.argsort(forecast[:, result], kind="stable")
        hit = (outcome[order] == result).astype(np.float64)
        gaps = forecast[order, result] - hit
        total += sum(abs(part.sum()) for part in np.array_split(gaps, bins))
    return total / (3 * len(outcome))


def calibration_errors_by_chance(forecast: np.ndarray, bins: int, seed: int) -> np.ndarray:
    """Calibration errors of the same forecasts were they exactly right.

    Results are drawn from the forecasts themselves (consistency resampling: J. Bröcker and
    L. Smith, Weather and Forecasting 22, 2007). A few hundred results a bin never come out as
    forecast to the last digit: this is how far an error is from 0 by that alone.

    Args:
        forecast: probabilities, shape (matches, 3).
        bins: of the calibration error.
        seed: of the draws.

    Returns:
        An error a draw, shape (200,).
    """
    matches = len(forecast)
    drawn = np.random.default_rng(seed).random((CHANCE_SAMPLES, matches))
    edges = np.cumsum(forecast, axis=1)
    sizes = [len(part) for part in np.array_split(np.arange(matches), bins)]
    firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]])[np.array(sizes) > 0]
    total = np.zeros(CHANCE_SAMPLES)
    for result in range(3):
        above = drawn >= (edges[:, result - 1] if result else 0.0)
        hit = above & (drawn < edges[:, result]) if result < 2 else above
        order = np.argsort(forecast[:, result], kind="stable")
        gaps = forecast[order, result] - hit[:, order]
        total += np.abs(np.add.reduceat(gaps, firsts, axis=1)).sum(axis=1)
    return np.asarray(total / (3 * matches))


def reliability(forecast: np.ndarray, outcome: np.ndarray, bins: int) -> list[dict[str, float]]:
    """What was forecast against what came true, over all three results, in equal-mass bins."""
    p = forecast.ravel()
    hit = np.eye(3)[outcome].ravel()
    order = np.argsort(p, kind="stable")
    return [
        {
            "forecast": float(p[part].mean()),
            "observed": float(hit[part].mean()),
            "forecasts": len(part),
        }
        for part in np.array_split(order, bins)
        if len(part)
    ]


def by_confidence(
    forecast: np.ndarray, outcome: np.ndarray, edges: Sequence[float], level: float
) -> list[dict[str, Any]]:
    """Bins of the highest probability: what was forecast, and how often it came true.

    Args:
        forecast: shape (matches, 3).
        outcome: class numbers.
        edges: where the bins meet; a bin holds its lower edge.
        level: of the intervals, 0.95 for 95 %.

    Returns:
        from and to (probabilities), matches, forecast (their mean highest probability),
        accuracy and its interval; the last three are null in an empty bin.
    """
    highest, hit = forecast.max(axis=1), correct(forecast, outcome)
    bounds = [0.0, *edges, 1.0]
    place = np.searchsorted(edges, highest, side="right")
    table: list[dict[str, Any]] = []
    for number in range(len(bounds) - 1):
        inside = place == number
        matches, hits = int(inside.sum()), int(hit[inside].sum())
        interval = wilson_interval(hits, matches, level) if matches else None
        table.append(
            {
                "from": bounds[number],
                "to": bounds[number + 1],
                "matches": matches,
                "forecast": round(float(highest[inside].mean()), DECIMALS) if matches else None,
                "accuracy": round(hits / matches, DECIMALS) if matches else None,
                "accuracy_interval": [round(b, DECIMALS) for b in interval] if interval else None,
            }
        )
    return table


def wilson_interval(hits: int, trials: int, level: float) -> tuple[float, float]:
    """Score interval of a share; unlike a bootstrap it is sound for a handful of trials.

    Formula: E. Wilson, Journal of the American Statistical Association 22 (1927).

    Args:
        hits: how many came true.
        trials: of how many, at least 1.
        level: 0.95 for 95 %.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = hits / trials
    centre = share + z**2 / (2 * trials)
    reach = z * float(np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)))
    scale = 1 + z**2 / trials
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)


def bootstrap_counts(matches: int, samples: int, seed: int) -> np.ndarray:
    """How often each match is drawn in each resample; shape (samples, matches)."""
    draws = np.random.default_rng(seed).integers(matches, size=(samples, matches))
    counts = np.zeros((samples, matches), dtype=np.int64)
    np.add.at(counts, (np.arange(samples)[:, None], draws), 1)
    return counts


def interval_of_mean(values: np.ndarray, counts: np.ndarray, level: float) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean.

    Args:
        values: one a match.
        counts: as from ``bootstrap_counts``.
        level: 0.95 for 95 %.
    """
    means = (counts * values).sum(axis=1) / len(values)
    return percentile_interval(means, level)


def interval_of(
    statistic: Callable[[np.ndarray, np.ndarray], float],
    forecast: np.ndarray,
    outcome: np.ndarray,
    counts: np.ndarray,
    level: float,
) -> tuple[float, float]:
    """Basic bootstrap interval of any statistic of forecasts and outcomes, cut off at 0.

    Resampling biases a calibration error upwards; the basic interval (A. Davison and
    D. Hinkley, 1997, section 5.2) mirrors the resamples at the estimate and so takes that out.
    """
    rows = np.arange(len(outcome))
    values = np.array(
        [statistic(forecast[r], outcome[r]) for r in (np.repeat(rows, count) for count in counts)]
    )
    low, high = percentile_interval(values, level)
    estimate = statistic(forecast, outcome)
    return max(0.0, 2 * estimate - high), max(0.0, 2 * estimate - low)


def percentile_interval(values: np.ndarray, level: float) -> tuple[float, float]:
    """The middle part of a statistic's resamples; ``level`` is 0.95 for 95 %."""
    tail = (1 - level) / 2 * 100
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
