"""Decimal odds into probabilities: the bookmaker's margin taken out.

Odds are arrays of shape (n, 3) in the order H, D, A, payout per stake. One over the odds sums to
more than 1 over the results of a match; the methods differ in how they take the excess off.
"""

import numpy as np

MOST_STEPS = 100
TOLERANCE = 1e-14


def proportional(odds: np.ndarray) -> np.ndarray:
    """Probabilities in proportion to one over the odds.

    Args:
        odds: decimal odds, shape (n, 3), each above 1; a row with NaN stays NaN.

    Returns:
        Probabilities that sum to 1, shape (n, 3).

    Raises:
        ValueError: odds of another shape, infinite, or not above 1.
    """
    inverse = _inverse(odds)
    return np.asarray(inverse / inverse.sum(axis=1, keepdims=True))


def power(odds: np.ndarray) -> np.ndarray:
    """One over the odds, each to the power k, with the k of each row for which they sum to 1.

    Takes more off the outsider than off the favourite, as the favourite-longshot bias asks for.
    Formula: S. Clarke, S. Kovalchik and M. Ingram, American Journal of Sports Science 5 (2017).

    Args:
        odds: decimal odds, shape (n, 3), each above 1; a row with NaN stays NaN.

    Returns:
        Probabilities that sum to 1, shape (n, 3).

    Raises:
        ValueError: odds of another shape, infinite, or not above 1.
    """
    inverse = _inverse(odds)
    known = ~np.isnan(inverse).any(axis=1)
    result = np.full(inverse.shape, np.nan)
    logs = np.log(inverse[known])
    raised = np.exp(_exponent(logs)[:, None] * logs)
    result[known] = raised / raised.sum(axis=1, keepdims=True)
    return result


def _exponent(logs: np.ndarray) -> np.ndarray:
    """The k of each row with sum(exp(k * logs)) = 1, by Newton's method.

    The logarithm of the sum is convex and falls in k, so that Newton's steps from the left of
    the root rise towards it and never pass it.

    Args:
        logs: logarithms of one over the odds, all below 0, shape (n, 3).
    """
    # With a margin the root is at 1 or above; without one it lies between 0 and 1.
    k = (np.exp(logs).sum(axis=1) >= 1).astype(np.float64)
    for _ in range(MOST_STEPS):
        raised = np.exp(k[:, None] * logs)
        total = raised.sum(axis=1)
        step = -np.log(total) * total / (raised * logs).sum(axis=1)
        k = k + step
        if (np.abs(step) <= TOLERANCE * np.maximum(k, 1)).all():
            break
    return np.asarray(k)


def _inverse(odds: np.ndarray) -> np.ndarray:
    """One over the odds; a row with NaN is NaN throughout."""
    given = np.asarray(odds, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != 3:
        raise ValueError(
            f"odds of shape {given.shape}; give an array of shape (n, 3), columns H, D, A"
        )
    wrong = np.argwhere((given <= 1) | np.isinf(given))
    if len(wrong):
        row, column = wrong[0]
        raise ValueError(
            f"row {row}, column {'HDA'[column]}: odds of {given[row, column]:g}; decimal odds are "
            "finite and above 1. Leave the row out or set it to NaN."
        )
    missing = np.isnan(given).any(axis=1, keepdims=True)
    return np.asarray(1 / np.where(missing, np.nan, given))
