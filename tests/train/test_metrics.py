import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import log_loss as sklearn_log_loss

from pitchline.train import metrics

HOME, DRAW, AWAY = 0, 1, 2
UNIFORM = np.full((3, 3), 1 / 3)


@st.composite
def forecasts(draw: st.DrawFn, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts of some matches, none of a result impossible, and what came true."""
    matches = draw(st.integers(least, 40))
    weights = draw(hnp.arrays(np.float64, (matches, 3), elements=st.floats(0.01, 1)))
    outcome = draw(hnp.arrays(np.int64, matches, elements=st.integers(0, 2)))
    return weights / weights.sum(axis=1, keepdims=True), outcome


def many(matches: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Many forecasts, and results drawn from those very probabilities."""
    random = np.random.default_rng(seed)
    p = random.dirichlet([4, 2, 3], size=matches)
    return p, (random.random(matches)[:, None] > p.cumsum(axis=1)).sum(axis=1)


def test_scores_of_a_forecast_worked_out_by_hand() -> None:
    p = np.array([[0.5, 0.3, 0.2]] * 3)
    outcome = np.array([HOME, DRAW, AWAY])
    np.testing.assert_allclose(
        metrics.log_loss(p, outcome), [math.log(2), -math.log(0.3), -math.log(0.2)]
    )
    np.testing.assert_allclose(
        metrics.ranked_probability_score(p, outcome),
        [(0.25 + 0.04) / 2, (0.25 + 0.04) / 2, (0.25 + 0.64) / 2],
    )
    np.testing.assert_allclose(
        metrics.brier(p, outcome),
        [0.25 + 0.09 + 0.04, 0.25 + 0.49 + 0.04, 0.25 + 0.09 + 0.64],
    )
    assert metrics.correct(p, outcome).tolist() == [1, 0, 0]


def test_a_perfect_forecast_scores_best() -> None:
    p, outcome = np.eye(3), np.arange(3)
    for score in (metrics.log_loss, metrics.ranked_probability_score, metrics.brier):
        assert score(p, outcome).tolist() == [0, 0, 0]
    assert metrics.correct(p, outcome).tolist() == [1, 1, 1]
    assert metrics.calibration_error(p, outcome, 3) == 0


def test_a_uniform_forecast_scores_as_the_formulas_say() -> None:
    outcome = np.arange(3)
    np.testing.assert_allclose(metrics.log_loss(UNIFORM, outcome), math.log(3))
    np.testing.assert_allclose(metrics.brier(UNIFORM, outcome), 2 / 3)
    np.testing.assert_allclose(
        metrics.ranked_probability_score(UNIFORM, outcome), [5 / 18, 1 / 9, 5 / 18]
    )


def test_the_worst_forecast_scores_worst() -> None:
    p, outcome = np.array([[0.0, 0.0, 1.0]]), np.array([HOME])
    assert metrics.ranked_probability_score(p, outcome).tolist() == [1]
    assert metrics.brier(p, outcome).tolist() == [2]


def test_a_result_held_impossible_costs_much_but_not_infinity() -> None:
    loss = metrics.log_loss(np.array([[0.0, 0.5, 0.5]]), np.array([HOME]))
    assert 30 < loss[0] < math.inf


def test_rps_minds_the_order_of_the_results_and_the_others_do_not() -> None:
    near, far = np.array([[0.1, 0.6, 0.3]]), np.array([[0.6, 0.1, 0.3]])
    away = np.array([AWAY])
    rps = metrics.ranked_probability_score
    assert rps(near, away)[0] < rps(far, away)[0]
    assert metrics.log_loss(near, away)[0] == metrics.log_loss(far, away)[0]
    assert metrics.brier(near, away)[0] == pytest.approx(metrics.brier(far, away)[0])


@given(forecasts())
def test_log_loss_equals_sklearns(case: tuple[np.ndarray, np.ndarray]) -> None:
    p, outcome = case
    expected = sklearn_log_loss(outcome, p, labels=[0, 1, 2])
    assert metrics.log_loss(p, outcome).mean() == pytest.approx(expected)


@given(forecasts())
def test_rps_and_brier_equal_loops_over_their_formulas(
    case: tuple[np.ndarray, np.ndarray],
) -> None:
    p, outcome = case
    rps, brier = metrics.ranked_probability_score(p, outcome), metrics.brier(p, outcome)
    for i, came in enumerate(outcome):
        below = [(sum(p[i, : k + 1]) - (1.0 if came <= k else 0.0)) ** 2 for k in range(2)]
        assert rps[i] == pytest.approx(sum(below) / 2, abs=1e-12)
        squares = [(p[i, k] - (1.0 if came == k else 0.0)) ** 2 for k in range(3)]
        assert brier[i] == pytest.approx(sum(squares), abs=1e-12)


@given(forecasts(), forecasts())
def test_the_truth_is_the_best_forecast_on_average(
    case: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]
) -> None:
    truth, claimed = case[0][:1], other[0][:1]
    for score in (metrics.log_loss, metrics.ranked_probability_score, metrics.brier):
        honest, other_ = (
            sum(truth[0, k] * score(q, np.array([k]))[0] for k in range(3))
            for q in (truth, claimed)
        )
        assert honest <= other_ + 1e-12


def test_calibration_error_worked_out_by_hand() -> None:
    p = np.array([[0.2, 0.3, 0.5], [0.4, 0.3, 0.3], [0.6, 0.3, 0.1], [0.8, 0.1, 0.1]])
    outcome = np.array([AWAY, HOME, HOME, DRAW])
    # H: bins {0.2, 0.4} with 1 of 2, {0.6, 0.8} with 1 of 2: gaps 0.2 and 0.2.
    # D: bins {0.1, 0.3} with 1 of 2, {0.3, 0.3} with 0 of 2: gaps 0.3 and 0.3.
    # A: bins {0.1, 0.1} with 0 of 2, {0.3, 0.5} with 1 of 2: gaps 0.1 and 0.1.
    assert metrics.calibration_error(p, outcome, 2) == pytest.approx((0.2 + 0.3 + 0.1) / 3)
    # One bin: mean forecasts 0.5, 0.25, 0.25 against shares 0.5, 0.25, 0.25.
    assert metrics.calibration_error(p, outcome, 1) == pytest.approx(0, abs=1e-12)


@given(forecasts(least=5), st.integers(1, 8))
def test_calibration_error_equals_a_loop_over_its_formula(
    case: tuple[np.ndarray, np.ndarray], bins: int
) -> None:
    p, outcome = case
    total = 0.0
    for k in range(3):
        ranked = sorted(range(len(p)), key=lambda i: p[i, k])
        at = 0
        for number in range(bins):
            size = len(p) // bins + (number < len(p) % bins)
            members = ranked[at : at + size]
            at += size
            if members:
                confidence = sum(p[i, k] for i in members) / size
                observed = sum(outcome[i] == k for i in members) / size
                total += size / len(p) * abs(confidence - observed)
    assert metrics.calibration_error(p, outcome, bins) == pytest.approx(total / 3, abs=1e-9)


def test_calibration_error_of_true_probabilities_falls_with_more_matches() -> None:
    errors = [metrics.calibration_error(*many(n, seed=3), 10) for n in (100, 1_000, 30_000)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.01


def test_the_error_by_chance_is_that_of_results_drawn_from_the_forecasts() -> None:
    p, _ = many(2_000, seed=5)
    found = metrics.calibration_errors_by_chance(p, 10, seed=1)
    rng = np.random.default_rng(2)
    drawn = []
    for _ in range(300):
        outcome = rng.multinomial(1, p).argmax(axis=1)
        drawn.append(metrics.calibration_error(p, outcome, 10))
    assert found.mean() == pytest.approx(np.mean(drawn), rel=0.05)
    assert found.std() == pytest.approx(np.std(drawn), rel=0.25)


@pytest.mark.parametrize("matches", [1, 7, 100])
def test_the_error_by_chance_of_certain_forecasts_is_none(matches: int) -> None:
    certain = np.eye(3)[np.arange(matches) % 3]
    assert metrics.calibration_errors_by_chance(certain, 15, seed=1).max() == 0


def test_overconfidence_shows_as_calibration_error() -> None:
    p, outcome = many(5_000, seed=5)
    sharp = p**3 / (p**3).sum(axis=1, keepdims=True)
    assert metrics.calibration_error(sharp, outcome, 10) > 0.1


@given(forecasts(), st.integers(2, 20))
def test_reliability_bins_hold_every_forecast_once_in_order(
    case: tuple[np.ndarray, np.ndarray], bins: int
) -> None:
    p, outcome = case
    table = metrics.reliability(p, outcome, bins)
    sizes = [row["forecasts"] for row in table]
    assert sum(sizes) == 3 * len(outcome)
    assert max(sizes) - min(sizes) <= 1
    means = [row["forecast"] for row in table]
    assert all(a <= b + 1e-12 for a, b in pairwise(means))
    assert sum(r["observed"] * r["forecasts"] for r in table) == pytest.approx(len(outcome))
    assert sum(r["forecast"] * r["forecasts"] for r in table) == pytest.approx(len(outcome))


def test_reliability_of_true_probabilities_is_near_the_diagonal() -> None:
    for row in metrics.reliability(*many(20_000, seed=7), 8):
        assert row["observed"] == pytest.approx(row["forecast"], abs=0.02)


def test_reliability_worked_out_by_hand() -> None:
    p, outcome = np.array([[0.7, 0.2, 0.1]]), np.array([HOME])
    assert metrics.reliability(p, outcome, 3) == [
        {"forecast": 0.1, "observed": 0.0, "forecasts": 1},
        {"forecast": 0.2, "observed": 0.0, "forecasts": 1},
        {"forecast": 0.7, "observed": 1.0, "forecasts": 1},
    ]


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**31 - 1))
def test_each_resample_draws_as_many_matches_as_there_are(n: int, samples: int, seed: int) -> None:
    counts = metrics.bootstrap_counts(n, samples, seed)
    assert counts.shape == (samples, n)
    assert (counts >= 0).all()
    assert (counts.sum(axis=1) == n).all()


def test_resamples_are_seeded() -> None:
    first, again, other = (metrics.bootstrap_counts(50, 40, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_every_match_is_drawn_about_as_often() -> None:
    drawn = metrics.bootstrap_counts(20, 5_000, 1).mean(axis=0)
    np.testing.assert_allclose(drawn, 1, atol=0.06)


@settings(max_examples=50)
@given(
    hnp.arrays(np.float64, st.integers(2, 80), elements=st.floats(-5, 5)),
    st.floats(0.51, 0.99),
)
def test_the_interval_of_a_mean_is_within_the_values(values: np.ndarray, level: float) -> None:
    counts = metrics.bootstrap_counts(len(values), 200, 1)
    low, high = metrics.interval_of_mean(values, counts, level)
    assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_contains_the_mean_and_matches_the_normal_one(seed: int) -> None:
    values = np.random.default_rng(seed).exponential(size=400)
    low, high = metrics.interval_of_mean(values, metrics.bootstrap_counts(400, 2_000, seed), 0.95)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_the_interval_narrows_with_the_number_of_matches() -> None:
    values = np.random.default_rng(1).random(6_400)
    widths = []
    for n in (100, 400, 1_600):
        low, high = metrics.interval_of_mean(
            values[:n], metrics.bootstrap_counts(n, 1_000, 1), 0.95
        )
        widths.append(high - low)
    for wide, narrow in pairwise(widths):
        assert wide / narrow == pytest.approx(2, rel=0.2)


def test_a_higher_level_gives_a_wider_interval() -> None:
    values = np.random.default_rng(1).random(200)
    counts = metrics.bootstrap_counts(200, 1_000, 1)
    inner, outer = (metrics.interval_of_mean(values, counts, level) for level in (0.8, 0.99))
    assert outer[0] < inner[0] < inner[1] < outer[1]


def test_the_interval_of_equal_values_is_a_point() -> None:
    interval = metrics.interval_of_mean(
        np.full(30, 0.25), metrics.bootstrap_counts(30, 100, 1), 0.95
    )
    assert interval == (0.25, 0.25)


def test_the_basic_interval_mirrors_the_resamples_at_the_estimate() -> None:
    p, outcome = many(200, seed=2)
    counts = metrics.bootstrap_counts(200, 300, 4)

    def mean_loss(p: np.ndarray, y: np.ndarray) -> float:
        return float(metrics.log_loss(p, y).mean())

    losses = metrics.log_loss(p, outcome)
    low, high = metrics.interval_of_mean(losses, counts, 0.9)
    mirrored = (2 * losses.mean() - high, 2 * losses.mean() - low)
    assert metrics.interval_of(mean_loss, p, outcome, counts, 0.9) == pytest.approx(mirrored)


def test_the_basic_interval_takes_the_bias_out_of_a_calibration_error() -> None:
    p, outcome = many(400, seed=9)

    def error(p: np.ndarray, y: np.ndarray) -> float:
        return metrics.calibration_error(p, y, 10)

    counts = metrics.bootstrap_counts(400, 300, 1)
    low, high = metrics.interval_of(error, p, outcome, counts, 0.95)
    rows = np.arange(400)
    resampled = [error(p[r], outcome[r]) for r in (np.repeat(rows, c) for c in counts)]
    assert np.mean(resampled) > error(p, outcome)
    assert 0 <= low < high < np.percentile(resampled, 97.5)


def test_bins_by_confidence_worked_out_by_hand() -> None:
    p = np.array([[0.5, 0.3, 0.2], [0.39, 0.31, 0.3], [0.1, 0.2, 0.7], [0.1, 0.2, 0.7]])
    outcome = np.array([0, 1, 2, 0])
    found = metrics.by_confidence(p, outcome, [0.4, 0.5, 0.7, 0.9], 0.95)
    assert [row["matches"] for row in found] == [1, 0, 1, 2, 0]
    assert [row["accuracy"] for row in found] == [0, None, 1, 0.5, None]
    assert [row["forecast"] for row in found] == [0.39, None, 0.5, 0.7, None]
    assert [(row["from"], row["to"]) for row in found][1:3] == [(0.4, 0.5), (0.5, 0.7)]
    assert [row["accuracy_interval"] is None for row in found] == [False, True, False, False, True]


@pytest.mark.parametrize(
    # R. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    ("hits", "trials", "expected"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_intervals_are_those_of_the_literature(
    hits: int, trials: int, expected: tuple[float, float]
) -> None:
    assert metrics.wilson_interval(hits, trials, 0.95) == pytest.approx(expected, abs=5e-5)
    low, high = metrics.wilson_interval(trials - hits, trials, 0.95)
    assert (1 - high, 1 - low) == pytest.approx(expected, abs=5e-5)
