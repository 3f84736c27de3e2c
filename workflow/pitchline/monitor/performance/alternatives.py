"""What else the results may have been drawn from: truths let pass, and truths worth an alarm.

Probabilities are arrays of shape (matches, 3) in the order H, D, A.
"""

from collections.abc import Mapping
from itertools import permutations

import numpy as np

FLOOR = 1e-6
SIDES_SWAPPED = [2, 1, 0]
OUTCOMES = ("home wins", "draws", "away wins")
# Strengths of the alternatives: exponents of the forecast, shifts of one outcome's log-odds, shares
# of one outcome that became another, and by how much home and away wins' log-odds part.
EXPONENTS = {"half as sure": 0.5, "nothing known": 0.0, "half as sure again": 1.5}
SHIFTS = {"": 0.4, "far ": 1.2}
TURNED = {"a fifth of the": 0.2, "half the": 0.5, "most": 0.8}
HOME_ADVANTAGE = {"home advantage lost": -0.35, "home advantage grown": 0.35}
SWAPPED_SHARES = {"a third with the sides swapped": 1 / 3, "the sides swapped": 0.95}


def normalised(weights: np.ndarray) -> np.ndarray:
    """Weights as probabilities, none below the floor."""
    p = np.maximum(weights / weights.sum(axis=1, keepdims=True), FLOOR)
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def tempered(p: np.ndarray, exponent: float) -> np.ndarray:
    """Forecasts made surer (exponent above 1) or less sure (below 1)."""
    return normalised(np.maximum(p, FLOOR) ** exponent)


def shifted(p: np.ndarray, outcome: int, by: float) -> np.ndarray:
    """Forecasts with the log-odds of one outcome moved."""
    weights = p.copy()
    weights[:, outcome] *= np.exp(by)
    return normalised(weights)


def turned(p: np.ndarray, taken: int, given: int, share: float) -> np.ndarray:
    """Forecasts of matches of which a share of one outcome became another."""
    weights = p.copy()
    weights[:, taken] -= share * p[:, taken]
    weights[:, given] += share * p[:, taken]
    return normalised(weights)


def tolerated(p: np.ndarray, slope: float, shift: float) -> np.ndarray:
    """The truths let pass: the forecast, a little surer or less sure, an outcome a little likelier.

    Args:
        p: the forecasts.
        slope: by how much the exponent may differ from 1.
        shift: by how much the log-odds of one outcome may differ.

    Returns:
        Shape (truths, matches, 3), the forecast itself first; mixtures of them are let pass too.
    """
    bends = [tempered(p, exponent) for exponent in (1.0, 1 - slope, 1 + slope)]
    moves = [(outcome, by) for outcome in range(3) for by in (shift, -shift)]
    return np.stack([*bends, *(shifted(q, *move) for q in bends for move in moves)])


def alternatives(p: np.ndarray, references: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The truths that an alarm is for, by what they mean.

    Args:
        p: the forecasts.
        references: what other forecasters say of the same matches, by name.
    """
    found = {name: tempered(p, exponent) for name, exponent in EXPONENTS.items()}
    for outcome, told in enumerate(OUTCOMES):
        for size, by in SHIFTS.items():
            found[f"{size}more {told}"] = shifted(p, outcome, by)
            found[f"{size}fewer {told}"] = shifted(p, outcome, -by)
    for taken, given in permutations(range(len(OUTCOMES)), 2):
        for size, share in TURNED.items():
            name = f"{size} {OUTCOMES[taken]} became {OUTCOMES[given]}"
            found[name] = turned(p, taken, given, share)
    for name, by in HOME_ADVANTAGE.items():
        found[name] = normalised(p * np.exp([by, 0.0, -by]))
    swapped = p[:, SIDES_SWAPPED]
    for name, share in SWAPPED_SHARES.items():
        found[name] = normalised((1 - share) * p + share * swapped)
    return found | {f"as {name} says": normalised(q) for name, q in references.items()}
