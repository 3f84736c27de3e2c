"""Bootstrap of many means at once, over the same resamples of matches.

The draws are those of ``train.metrics.bootstrap_counts``, made in blocks: ten thousand matches
by some thousand resamples would not fit in memory as one array for long.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pitchline.train.metrics import percentile_interval

BLOCK = 50


def count_blocks(matches: int, samples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each match is drawn, some resamples at a time; shape (resamples, matches)."""
    random = np.random.default_rng(seed)
    for first in range(0, samples, BLOCK):
        draws = random.integers(matches, size=(min(BLOCK, samples - first), matches))
        yield np.stack([np.bincount(draw, minlength=matches) for draw in draws])


@dataclass(frozen=True)
class Calibration:
    """One forecaster's forecasts, sorted for calibration errors of resamples.

    Attributes:
        order: matches by the probability of each result, shape (3, matches).
        gaps: probability minus outcome (0 or 1) in that order, shape (3, matches).
        bins: equal-mass bins.
    """

    order: np.ndarray
    gaps: np.ndarray
    bins: int

    @classmethod
    def of(cls, forecast: np.ndarray, outcome: np.ndarray, bins: int) -> "Calibration":
        """Of probabilities, shape (matches, 3), and class numbers."""
        gaps = (forecast - np.eye(3)[outcome]).T
        order = np.argsort(forecast.T, axis=1, kind="stable")
        return cls(order, np.take_along_axis(gaps, order, axis=1), bins)

    def error(self, counts: np.ndarray) -> float:
        """``train.metrics.calibration_error`` of a resample, without sorting it again.

        Args:
            counts: how often each match was drawn.
        """
        matches = int(counts.sum())
        bins = min(self.bins, matches)
        sizes = np.full(bins, matches // bins)
        sizes[: matches % bins] += 1
        starts = sizes.cumsum() - sizes
        total = sum(
            np.abs(np.add.reduceat(np.repeat(gaps, counts[order]), starts)).sum()
            for gaps, order in zip(self.gaps, self.order, strict=True)
        )
        return float(total) / (3 * matches)


def resample(
    values: np.ndarray, calibrations: list[Calibration], samples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Means and calibration errors of each resample.

    Args:
        values: a column a quantity, shape (matches, quantities).
        calibrations: of the same matches.
        samples: resamples.
        seed: of the draws.

    Returns:
        Means, shape (samples, quantities), and errors, shape (samples, calibrations).
    """
    means, errors = [], []
    for counts in count_blocks(len(values), samples, seed):
        # Not a product of matrices: how those sum depends on the number of threads.
        means.append(np.einsum("sm,mq->sq", counts.astype(np.float64), values) / len(values))
        errors.append([[each.error(row) for each in calibrations] for row in counts])
    return np.concatenate(means), np.concatenate(errors)


def basic_interval(estimate: float, statistics: np.ndarray, level: float) -> tuple[float, float]:
    """Interval mirrored at the estimate, cut off at 0, as ``train.metrics.interval_of`` has it."""
    low, high = percentile_interval(statistics, level)
    return max(0.0, 2 * estimate - high), max(0.0, 2 * estimate - low)
