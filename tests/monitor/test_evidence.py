"""The evidence: what it may be under a forecaster that is as good as it should be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.monitor.performance.alternatives import alternatives, normalised, tolerated
from pitchline.monitor.performance.evidence import (
    carried,
    detector,
    likelihood_bets,
    mean_bets,
    mixed,
)

share = st.floats(0.01, 1.0)
forecast = st.tuples(share, share, share).map(lambda w: normalised(np.array([w])))
weights = st.lists(st.floats(0, 1), min_size=21, max_size=21).filter(lambda w: sum(w) > 0.1)


def mean_e_value(truth: np.ndarray, alternative: np.ndarray, let_pass: np.ndarray) -> float:
    bets = [likelihood_bets(alternative, let_pass, np.array([k]))[0] for k in range(3)]
    return float((truth[0] * np.exp(bets)).sum())


@settings(deadline=None, max_examples=100)
@given(forecast, forecast, weights, st.floats(0, 0.5), st.floats(0, 1))
def test_no_bet_gains_under_any_mixture_of_tolerated_truths(
    p: np.ndarray, other: np.ndarray, mixture: list[float], slope: float, shift: float
) -> None:
    let_pass = tolerated(p, slope, shift)
    truth = (np.array(mixture)[:, None, None] * let_pass).sum(axis=0) / sum(mixture)
    for alternative in alternatives(p, {"another": other}).values():
        assert mean_e_value(truth, alternative, let_pass) <= 1 + 1e-9


@settings(deadline=None, max_examples=50)
@given(forecast)
def test_a_bet_gains_where_its_alternative_is_true_and_not_tolerated(p: np.ndarray) -> None:
    let_pass = tolerated(p, 0.0, 0.0)
    for name, truth in alternatives(p, {}).items():
        bets = [likelihood_bets(truth, let_pass, np.array([k]))[0] for k in range(3)]
        assert (truth[0] * bets).sum() >= -1e-9, name


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0, 50), min_size=2, max_size=30),
    st.floats(0.05, 1.0),
    st.floats(1.0, 3.0),
)
def test_a_bet_on_a_mean_gains_nothing_where_the_mean_is_no_higher(
    values: list[float], stake: float, slack: float
) -> None:
    drawn = np.array(values) + 0.01
    most = np.full(len(drawn), drawn.mean() * slack)
    assert np.exp(mean_bets(drawn, most, stake * 0.99)).mean() <= 1 + 1e-9


def plainly(bets: list[float], rounds: list[int]) -> list[float]:
    """The detector by its definition: each round one more bet is begun, all grow alike."""
    standing, told, before = 0.0, [], None
    for bet, number in zip(bets, rounds, strict=True):
        if number != before:
            standing, before = standing + 1.0, number
        standing *= np.exp(bet)
        told.append(standing)
    return told


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(-2, 2), st.integers(0, 1)), min_size=1, max_size=40))
def test_the_detector_is_what_its_definition_says(steps: list[tuple[float, int]]) -> None:
    bets = [bet for bet, _ in steps]
    rounds = np.cumsum([begins for _, begins in steps])
    found = detector(np.array(bets)[:, None], rounds)[:, 0]
    assert np.exp(found) == pytest.approx(plainly(bets, rounds.tolist()), rel=1e-9)


def test_a_mean_of_detectors_lies_between_them_and_knows_those_without_evidence() -> None:
    evidence = np.array([[1.0, 3.0, -np.inf]])
    found = mixed(evidence, np.array([0.25, 0.25, 0.5]))
    assert np.exp(found[0]) == pytest.approx(0.25 * np.e + 0.25 * np.e**3)


def test_a_detector_stands_between_its_own_matches() -> None:
    found = carried(np.array([1.0, 2.0]), np.array([1, 3]), 5)
    assert found.tolist() == [-np.inf, 1.0, 1.0, 2.0, 2.0]
