from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.promote.sequential import (
    SHARES,
    interval,
    log_evidence,
    matches_needed,
    running_log_evidence,
)
from tests.promote.simulated import BOUND, looked_at_once, simulated

LEVEL = 0.95
NEEDED = log(2 / (1 - LEVEL))


def any_gains(matches: int, mean: float = 0.0, spread: float = 0.1, seed: int = 1) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(mean, spread, matches)
    return np.asarray(drawn.clip(-BOUND, BOUND))


def test_the_evidence_of_two_matches_by_hand() -> None:
    stakes = [0.95 / 1.6**n / 0.625 for n in range(12)]
    by_hand = sum((1 + s * 0.2) * (1 - s * 0.1) for s in stakes) / 12
    assert exp(log_evidence(np.array([0.2, -0.1]), BOUND)) == pytest.approx(by_hand)


def test_no_match_is_no_evidence() -> None:
    assert log_evidence(np.empty(0), BOUND) == pytest.approx(0)
    assert interval(np.empty(0), BOUND, LEVEL) == (-BOUND, BOUND)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-BOUND, BOUND), min_size=1, max_size=60))
def test_the_order_of_the_matches_does_not_count(told: list[float]) -> None:
    found = np.array(told)
    shuffled = np.random.default_rng(0).permutation(found)
    assert log_evidence(found, BOUND) == pytest.approx(log_evidence(shuffled, BOUND), abs=1e-9)
    assert running_log_evidence(found, BOUND)[-1] == pytest.approx(log_evidence(found, BOUND))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-BOUND, BOUND), min_size=1, max_size=300))
def test_the_interval_is_one_mirrored_by_the_other_side(told: list[float]) -> None:
    found = np.array(told)
    low, high = interval(found, BOUND, LEVEL)
    assert -BOUND <= low <= high <= BOUND
    assert interval(-found, BOUND, LEVEL) == pytest.approx((-high, -low))
    wider = interval(found, BOUND, 0.99)
    assert wider[0] <= low + 1e-12
    assert wider[1] >= high - 1e-12


def test_the_interval_excludes_0_just_when_the_evidence_is_enough() -> None:
    found = any_gains(3000, 0.02)
    for matches in range(10, 3000, 37):
        low, _ = interval(found[:matches], BOUND, LEVEL)
        assert (low > 0) == (log_evidence(found[:matches], BOUND) > NEEDED)


def test_more_matches_make_it_narrow() -> None:
    widths = [np.diff(interval(any_gains(n), BOUND, LEVEL))[0] for n in (100, 1000, 10_000)]
    assert widths[0] > widths[1] > widths[2]
    # The usual interval of one look is 2 x 1.96 x 0.1 / 100 = 0.0039.
    assert 0.0039 < widths[2] < 2.5 * 0.0039


def test_the_largest_loss_ruins_nobody() -> None:
    worst = np.full(500, -BOUND)
    assert np.isfinite(log_evidence(worst, BOUND, BOUND / 4))
    assert SHARES.max() < 1


@pytest.mark.parametrize("mean", [0.02, -0.02])
def test_the_matches_it_takes_are_those_after_which_it_holds(mean: float) -> None:
    found = any_gains(2000, mean)
    needed = matches_needed(found, BOUND, LEVEL, 0.0)
    assert needed is not None
    # The same matches once and again, until there are as many.
    like = np.tile(found, -(-needed // len(found)))
    enough = log_evidence(np.sign(mean) * like, BOUND) * needed / len(like)
    assert enough == pytest.approx(NEEDED, abs=2.5)
    assert matches_needed(found * 0.5, BOUND, LEVEL, 0.0) > needed


def test_equal_models_point_nowhere() -> None:
    assert matches_needed(np.zeros(100), BOUND, LEVEL, 0.0) is None
    assert matches_needed(np.tile([0.1, -0.1], 50), BOUND, LEVEL, 0.0) is None


WORLDS, MATCHES = 600, 1500


def test_equally_good_models_are_seldom_told_apart_though_one_looks_after_every_match() -> None:
    bounded, unbounded = simulated(WORLDS, MATCHES, (0.15, 0.15), seed=3)
    better = running_log_evidence(bounded, BOUND).max(axis=1) >= NEEDED
    worse = running_log_evidence(-bounded, BOUND).max(axis=1) >= NEEDED
    # 5 % is promised; two and a half standard deviations of chance on top of it.
    allowed = 0.05 + 2.5 * (0.05 * 0.95 / WORLDS) ** 0.5
    assert (better | worse).mean() <= allowed
    # Looking as often with the usual test of one look is found out by the same count.
    naive = looked_at_once(unbounded)[:, 100:].any(axis=1)
    assert naive.mean() > 2 * allowed


def test_matches_of_which_some_favour_the_one_and_some_the_other_are_no_alarm() -> None:
    # The average is 0 after every pair of matches, the conditional means never are.
    draw = np.random.default_rng(5)
    tilt = np.where(np.arange(MATCHES) % 2, 0.3, -0.3)
    found = np.where(draw.random((WORLDS, MATCHES)) < 0.5 + tilt, 0.2, -0.2)
    alarms = running_log_evidence(found, BOUND).max(axis=1) >= NEEDED
    assert alarms.mean() <= 0.025 + 2.5 * (0.025 * 0.975 / WORLDS) ** 0.5


def test_the_better_model_is_found_and_never_taken_for_the_worse() -> None:
    bounded, unbounded = simulated(200, 2000, (0.35, 0.1), seed=4)
    assert 0.02 < unbounded.mean() < 0.05
    better = running_log_evidence(bounded, BOUND).max(axis=1) >= NEEDED
    worse = running_log_evidence(-bounded, BOUND).max(axis=1) >= NEEDED
    assert better.mean() > 0.95
    assert worse.mean() <= 0.02


def test_the_interval_holds_the_truth_at_every_look() -> None:
    bounded, _ = simulated(120, 600, (0.2, 0.1), seed=6)
    truth = simulated(300, 2000, (0.2, 0.1), seed=7)[0].mean()
    missed = 0
    for each in bounded:
        looks = (interval(each[:n], BOUND, LEVEL) for n in range(50, 601, 50))
        missed += any(not low <= truth <= high for low, high in looks)
    assert missed / len(bounded) <= 0.05 + 2.5 * (0.05 * 0.95 / len(bounded)) ** 0.5
