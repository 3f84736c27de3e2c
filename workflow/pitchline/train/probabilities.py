"""What is done to the probabilities of any family: how sure they are, and how they are rounded."""

import numpy as np

PROBABILITY_DECIMALS = 6


def tempered(p: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities whose logarithms are divided by the temperature, shape (rows, 3).

    C. Guo, G. Pleiss, Y. Sun and K. Weinberger, ICML (2017).
    """
    if temperature == 1.0:
        return p
    powered = p ** (1 / temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True))


def rounded(p: np.ndarray) -> np.ndarray:
    """Probabilities of a fixed number of decimals that still sum to 1."""
    values = np.round(p / p.sum(axis=1, keepdims=True), PROBABILITY_DECIMALS)
    # Whatever rounding left over goes to the likeliest result.
    values[np.arange(len(values)), values.argmax(axis=1)] += 1 - values.sum(axis=1)
    return np.asarray(np.round(values, PROBABILITY_DECIMALS))
