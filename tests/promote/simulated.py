"""Worlds in which it is known how good champion and challenger are."""

import numpy as np

from pitchline.promote.live import gains

BOUND = 0.5


def simulated(
    worlds: int, matches: int, errors: tuple[float, float], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Gains of two models that see the truth through noise; the champion's and other's spread.

    Returns:
        Bounded gains and unbounded ones, shape (worlds, matches) each.
    """
    draw = np.random.default_rng(seed)
    strength = draw.normal([0.35, 0.0, 0.0], [0.6, 0.15, 0.6], (worlds, matches, 3))

    def model(error: float) -> np.ndarray:
        seen = np.exp(strength + draw.normal(0, error, strength.shape))
        return np.asarray(seen / seen.sum(axis=-1, keepdims=True))

    truth, champion, challenger = model(0.0), model(errors[0]), model(errors[1])
    outcome = (draw.random((worlds, matches, 1)) > truth.cumsum(axis=-1)).sum(axis=-1).clip(0, 2)
    flat = (champion.reshape(-1, 3), challenger.reshape(-1, 3), outcome.ravel())
    bounded, _ = gains(*flat, BOUND)
    unbounded, _ = gains(*flat, 50.0)
    return bounded.reshape(worlds, matches), unbounded.reshape(worlds, matches)


def looked_at_once(gained: np.ndarray) -> np.ndarray:
    """Whether the usual test at 5 % prefers one of the two; after each match, gains (worlds, n)."""
    seen = np.arange(1, gained.shape[1] + 1)
    mean = gained.cumsum(axis=1) / seen
    spread = np.sqrt((gained**2).cumsum(axis=1) / seen - mean**2)
    return np.asarray(np.abs(mean) > 1.96 * spread / np.sqrt(seen))
