import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.backtest.bootstrap import (
    BLOCK,
    Calibration,
    basic_interval,
    count_blocks,
    resample,
)
from pitchline.train import metrics

SEED = 5


def drawn(matches: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts, and results drawn from those very probabilities."""
    random = np.random.default_rng(seed)
    p = random.dirichlet([4, 2, 3], size=matches).round(2)
    p /= p.sum(axis=1, keepdims=True)
    return p, (random.random(matches)[:, None] > p.cumsum(axis=1)[:, :2]).sum(axis=1)


@pytest.mark.parametrize(("matches", "samples"), [(1, 3), (7, BLOCK), (33, 2 * BLOCK + 1)])
def test_blocks_hold_the_draws_of_the_metrics(matches: int, samples: int) -> None:
    counts = np.concatenate(list(count_blocks(matches, samples, SEED)))
    np.testing.assert_array_equal(counts, metrics.bootstrap_counts(matches, samples, SEED))


@settings(max_examples=40)
@given(st.integers(1, 60), st.integers(2, 12), st.integers(0, 10_000))
def test_the_calibration_error_of_a_resample_is_that_of_its_rows(
    matches: int, bins: int, seed: int
) -> None:
    p, outcome = drawn(matches, seed)
    calibration = Calibration.of(p, outcome, bins)
    for counts in metrics.bootstrap_counts(matches, 3, seed):
        rows = np.repeat(np.arange(matches), counts)
        expected = metrics.calibration_error(p[rows], outcome[rows], bins)
        assert calibration.error(counts) == pytest.approx(expected, abs=1e-12)


def test_intervals_are_those_of_the_metrics() -> None:
    p, outcome = drawn(120, 1)
    counts = metrics.bootstrap_counts(120, 130, SEED)
    values = metrics.log_loss(p, outcome)
    means, errors = resample(values[:, None], [Calibration.of(p, outcome, 5)], 130, SEED)
    assert metrics.percentile_interval(means[:, 0], 0.9) == pytest.approx(
        metrics.interval_of_mean(values, counts, 0.9)
    )

    def error(p: np.ndarray, y: np.ndarray) -> float:
        return metrics.calibration_error(p, y, 5)

    assert basic_interval(error(p, outcome), errors[:, 0], 0.9) == pytest.approx(
        metrics.interval_of(error, p, outcome, counts, 0.9)
    )


def test_all_quantities_are_drawn_together() -> None:
    values = np.random.default_rng(3).normal(size=(40, 1))
    means, errors = resample(np.hstack([values, 2 * values]), [], 60, SEED)
    np.testing.assert_allclose(means[:, 1], 2 * means[:, 0])
    assert errors.shape == (60, 0)
