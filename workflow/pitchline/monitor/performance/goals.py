"""Goals against the goals expected: truths let pass, and truths worth an alarm.

Goals are arrays of shape (matches, 2), home and away, Poisson given what is expected.
"""

import numpy as np

# By how much the goals of home and away teams are multiplied.
FACTORS = {
    "more goals": (1.25, 1.25),
    "far more goals": (1.7, 1.7),
    "fewer goals": (0.8, 0.8),
    "far fewer goals": (0.55, 0.55),
    "home teams score less, away teams more": (0.8, 1.25),
    "home teams score far less, away teams far more": (0.6, 1.7),
    "home teams score more, away teams less": (1.25, 0.8),
    "home teams score far more, away teams far less": (1.7, 0.6),
    "home teams score less": (0.65, 1.0),
    "away teams score less": (1.0, 0.65),
    "home teams score more": (1.5, 1.0),
    "away teams score more": (1.0, 1.5),
}


def goal_bets(expected: np.ndarray, goals: np.ndarray, tolerance: float) -> dict[str, np.ndarray]:
    """Logarithms of each match's e-values, by what they are bet on.

    The likelihood ratio against the nearest rate that is let pass. It rises (or falls) with the
    goals, so its mean is greatest, and 1, where the rate is that one.

    Args:
        expected: goals expected, above 0, shape (matches, 2).
        goals: goals that came, the same shape.
        tolerance: by how much the logarithm of either rate may differ.

    Returns:
        Shape (matches,) each; what is nearer than the tolerance is not bet on.
    """
    found = {}
    for name, factors in FACTORS.items():
        logs = np.log(factors)
        beyond = np.sign(logs) * np.maximum(np.abs(logs) - tolerance, 0.0)
        nearest = expected * np.exp(logs - beyond)
        found[name] = np.asarray((goals * beyond - nearest * np.expm1(beyond)).sum(axis=1))
    return found
