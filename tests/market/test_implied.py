import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import brentq

from pitchline.market.implied import power, proportional

METHODS = [power, proportional]
PRICES = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(1.01, 500)
)


@pytest.mark.parametrize("method", METHODS)
@given(PRICES)
def test_probabilities_sum_to_one_and_keep_the_order_of_the_odds(method, odds: np.ndarray) -> None:
    p = method(odds)
    assert p.shape == odds.shape
    assert (p > 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    rank = np.argsort(odds, axis=1, kind="stable")
    assert (np.diff(np.take_along_axis(p, rank, axis=1), axis=1) <= 1e-12).all()


@given(PRICES)
def test_power_raises_each_of_a_row_to_the_same_power(odds: np.ndarray) -> None:
    k = np.log(power(odds)) / np.log(1 / odds)
    np.testing.assert_allclose(k, k[:, :1] * np.ones(3), rtol=1e-8)


@given(PRICES)
def test_power_finds_the_root_that_a_bracketing_search_finds(odds: np.ndarray) -> None:
    found = power(odds)
    for row, p in zip(odds, found, strict=True):
        k = brentq(lambda k, row=row: (row**-k).sum() - 1, 0, 200, xtol=1e-14, rtol=1e-14)
        np.testing.assert_allclose(p, row**-k, rtol=1e-7)


@given(
    hnp.arrays(np.float64, (5, 3), elements=st.floats(0.02, 1)),
    st.floats(0.8, 1.5),
)
def test_power_takes_out_the_margin_it_describes(weights: np.ndarray, k: float) -> None:
    p = weights / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(power(p ** (-1 / k)), p, atol=1e-9)


@given(hnp.arrays(np.float64, (5, 3), elements=st.floats(0.02, 1)), st.floats(1, 1.2))
def test_proportional_takes_out_the_margin_it_describes(weights: np.ndarray, sum_: float) -> None:
    p = weights / weights.sum(axis=1, keepdims=True)
    odds = 1 / (p * sum_)
    if (odds > 1).all():
        np.testing.assert_allclose(proportional(odds), p, atol=1e-12)


def test_a_price_worked_out_by_hand() -> None:
    # 0.5, 0.5 and 0.25 squared: 0.25 + 0.25 + 0.0625; the power lies between 1 and 2.
    odds = np.array([[2.0, 2.0, 4.0]])
    np.testing.assert_allclose(proportional(odds), [[0.4, 0.4, 0.2]])
    # With x = 2^-k the sum is 2x + x^2 = 1, so x = sqrt(2) - 1.
    x = np.sqrt(2) - 1
    np.testing.assert_allclose(power(odds), [[x, x, x**2]], rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_fair_odds_stay_as_they_are(method) -> None:
    np.testing.assert_allclose(method(np.array([[2.0, 4.0, 4.0]])), [[0.5, 0.25, 0.25]], rtol=1e-14)


def test_power_takes_more_off_the_outsider_than_proportional_does() -> None:
    odds = np.array([[1.2, 6.5, 15.0]])
    assert power(odds)[0, 0] > proportional(odds)[0, 0]
    assert power(odds)[0, 2] < proportional(odds)[0, 2]


def test_odds_without_a_margin_are_raised_to_a_power_below_one() -> None:
    odds = np.array([[2.2, 4.4, 4.4]])
    p = power(odds)
    assert p.sum() == pytest.approx(1)
    assert (p > 1 / odds).all()


@pytest.mark.parametrize(
    "row", [[1.0001, 9999.0, 9999.0], [1.0001, 1.0001, 1.0001], [1e4, 1e4, 1e4], [1.01, 1.01, 1e4]]
)
def test_extreme_odds_still_give_probabilities(row: list[float]) -> None:
    p = power(np.array([row]))
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert ((p > 0) & (p < 1)).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_missing_price_leaves_its_row_missing_and_the_others_as_they_are(method) -> None:
    odds = np.array([[2.0, 3.4, 3.9], [2.0, np.nan, 3.9], [np.nan] * 3, [1.5, 4.2, 6.5]])
    p = method(odds)
    assert np.isnan(p[1:3]).all()
    np.testing.assert_array_equal(p[[0, 3]], method(odds[[0, 3]]))


@pytest.mark.parametrize("method", METHODS)
def test_no_price_gives_no_probability(method) -> None:
    assert method(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("wrong", "told"),
    [(1.0, "odds of 1;"), (0.0, "odds of 0;"), (-2.0, "odds of -2"), (np.inf, "inf")],
)
def test_odds_that_pay_nothing_are_refused_with_their_place(
    method, wrong: float, told: str
) -> None:
    with pytest.raises(ValueError, match=f"row 1, column D: .*{told}"):
        method(np.array([[2.0, 3.4, 3.9], [2.0, wrong, 3.9]]))


@pytest.mark.parametrize("method", METHODS)
def test_an_array_of_another_shape_is_refused(method) -> None:
    with pytest.raises(ValueError, match=r"shape \(3,\).*\(n, 3\)"):
        method(np.array([2.0, 3.4, 3.9]))
