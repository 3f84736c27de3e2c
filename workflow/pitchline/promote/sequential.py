"""Evidence that may be looked at as often as one likes: a mean of bounded gains, by betting.

Someone bets on each match that the challenger gains more than a supposed mean; a fixed part of the
fortune, so the fortune is a product of ``1 + stake * (gain - mean)``. If the gains' average over
the matches so far is no more than that mean, whoever looks after every match ever sees the fortune
grow k-fold with probability 1/k at most (J. Ville, 1939). The mean need not be the same for every
match: as ``log(1 + x) <= x``, the fortune is at most a fair game's times ``exp(stake * sum of
(conditional mean - mean))``. I. Waudby-Smith and A. Ramdas (Journal of the Royal Statistical
Society B 86, 2024) make confidence sequences of such bets; Y. J. Choe and A. Ramdas (Operations
Research 72, 2024) compare forecasters by what such evidence allows. The fortune is averaged over
stakes fixed beforehand; it does not depend on the order of the matches.
"""

from math import ceil, log

import numpy as np

# Stakes as shares of the largest that can't ruin the bettor.
SHARES = 0.95 * 1.6 ** -np.arange(12.0)
# Means up to this share of the bound are looked at.
REACH = 0.25
STEPS = 60
MOST = 10_000_000


def log_evidence(gains: np.ndarray, bound: float, mean: float = 0.0) -> float:
    """Logarithm of the fortune against an average gain of no more than ``mean``.

    Args:
        gains: one a match, each within ``bound`` of 0; shape (matches,).
        bound: fixed before the matches.
        mean: the average supposed, within ``REACH`` of the bound.
    """
    return _mixed(np.log1p(_stakes(bound)[:, None] * (gains - mean)).sum(axis=1))


def running_log_evidence(gains: np.ndarray, bound: float) -> np.ndarray:
    """``log_evidence`` after each match; gains of shape (..., matches), as the result's."""
    paths = [np.log1p(stake * gains).cumsum(axis=-1) for stake in _stakes(bound)]
    return np.asarray(np.logaddexp.reduce(paths, axis=0) - log(len(paths)))


def interval(gains: np.ndarray, bound: float, level: float) -> tuple[float, float]:
    """Confidence sequence of the average gain, at the present match.

    Whoever looks after every match finds the average so far outside at any time with probability
    1 - level at most.

    Args:
        gains: as for ``log_evidence``.
        bound: as there; it is also the interval's where nothing is known.
        level: 0.95 for 95 %.
    """
    return -_upper(-gains, bound, level), _upper(gains, bound, level)


def _upper(gains: np.ndarray, bound: float, level: float) -> float:
    """The least mean above which every one is refuted; the evidence grows with the mean."""
    needed = log(2 / (1 - level))

    def refuted(mean: float) -> bool:
        return log_evidence(-gains, bound, -mean) >= needed

    low, high = -REACH * bound, REACH * bound
    if not refuted(high):
        return bound
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if refuted(middle) else (middle, high)
    return high


def matches_needed(gains: np.ndarray, bound: float, level: float, mean: float) -> int | None:
    """How many matches like these it takes until the interval lies on one side of ``mean``.

    Args:
        gains: as for ``log_evidence``, one match at least.
        bound: as there.
        level: of the interval.
        mean: the gain that is asked for.

    Returns:
        The matches in all; None where these point to neither side.
    """
    needed = log(2 / (1 - level))
    side = 1.0 if gains.mean() > mean else -1.0
    growth = np.log1p(_stakes(bound)[:, None] * side * (gains - mean)).mean(axis=1)
    if growth.max() <= 0 or _mixed(growth * MOST) < needed:
        return None
    low, high = 0.0, float(MOST)
    while high - low > 0.5:
        middle = (low + high) / 2
        low, high = (low, middle) if _mixed(growth * middle) >= needed else (middle, high)
    return ceil(high)


def _stakes(bound: float) -> np.ndarray:
    return np.asarray(SHARES / (bound * (1 + REACH)))


def _mixed(logs: np.ndarray) -> float:
    return float(np.logaddexp.reduce(logs) - log(len(logs)))
