import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import minimize_scalar
from scipy.stats import poisson

from pitchline.goals import scores
from pitchline.goals.dixon_coles import decay_weights, fit
from tests.goals.conftest import Played

rates = st.integers(1, 6).flatmap(
    lambda n: st.tuples(*[hnp.arrays(np.float64, n, elements=st.floats(0.05, 5))] * 2)
)
rhos = st.floats(-0.3, 0.3)


@given(rates, rhos, st.integers(1, 12))
@settings(deadline=None)
def test_a_grid_holds_probabilities(
    both: tuple[np.ndarray, np.ndarray], rho: float, most: int
) -> None:
    grid = scores.score_grid(*both, rho, most)
    assert grid.shape == (len(both[0]), most + 1, most + 1)
    assert (grid >= 0).all()
    np.testing.assert_allclose(grid.sum(axis=(1, 2)), 1)
    results = scores.result_probabilities(grid)
    np.testing.assert_allclose(results.sum(axis=1), 1)
    assert ((scores.over(grid, 2.5) >= 0) & (scores.over(grid, 2.5) <= 1 + 1e-12)).all()


def test_a_grid_equals_the_formula_of_the_paper() -> None:
    home, away, rho = 1.4, 0.9, -0.08
    grid = scores.score_grid(np.array([home]), np.array([away]), rho, 20)[0]
    expected = np.outer(poisson.pmf(range(21), home), poisson.pmf(range(21), away))
    expected[0, 0] *= 1 - home * away * rho
    expected[0, 1] *= 1 + home * rho
    expected[1, 0] *= 1 + away * rho
    expected[1, 1] *= 1 - rho
    np.testing.assert_allclose(grid, expected, rtol=1e-10)


def test_what_the_grid_leaves_out_is_small() -> None:
    steps = np.linspace(0.2, 3, 15)
    home, away = (side.ravel() for side in np.meshgrid(steps, steps))
    kept, whole = (scores.score_grid(home, away, -0.1, most) for most in (15, 40))
    assert np.abs(kept - whole[:, :16, :16]).max() < 1e-6
    gap = scores.result_probabilities(kept) - scores.result_probabilities(whole)
    assert np.abs(gap).max() < 1e-6


@given(rates)
@settings(deadline=None)
def test_the_correction_changes_no_expected_goals(both: tuple[np.ndarray, np.ndarray]) -> None:
    rho = scores.rho_bounds(*both)[0] / 2
    grid = scores.score_grid(*both, rho, 60)
    np.testing.assert_allclose(scores.expected_goals(grid), np.stack(both, axis=1), rtol=1e-6)


@given(rates, rhos)
@settings(deadline=None)
def test_swapping_the_teams_swaps_the_grid(both: tuple[np.ndarray, np.ndarray], rho: float) -> None:
    home, away = both
    grid, swapped = (scores.score_grid(*sides, rho, 9) for sides in ((home, away), (away, home)))
    np.testing.assert_allclose(swapped, grid.transpose(0, 2, 1), rtol=1e-12)
    np.testing.assert_allclose(
        scores.result_probabilities(swapped), scores.result_probabilities(grid)[:, ::-1]
    )


def test_a_rho_that_a_match_does_not_admit_is_taken_at_the_bound() -> None:
    home, away = np.array([6.0, 1.0]), np.array([1.0, 1.0])
    grid = scores.score_grid(home, away, -0.5)
    bound = scores.score_grid(home, away, np.array([-0.99 / 6, -0.5]))
    np.testing.assert_array_equal(grid, bound)
    assert (grid > 0).all()


def test_a_negative_rho_makes_draws_likelier() -> None:
    both = np.array([1.3]), np.array([1.1])
    draws = [
        scores.result_probabilities(scores.score_grid(*both, rho))[0, 1] for rho in (-0.1, 0, 0.1)
    ]
    assert draws == sorted(draws, reverse=True)


def test_lines_and_both_score_equal_loops() -> None:
    grid = scores.score_grid(np.array([1.7]), np.array([0.6]), -0.05, 8)
    cells = [(x, y, grid[0, x, y]) for x in range(9) for y in range(9)]
    for line in (0.5, 2.5, 3):
        assert scores.over(grid, line)[0] == pytest.approx(
            sum(p for x, y, p in cells if x + y > line)
        )
    assert scores.both_score(grid)[0] == pytest.approx(sum(p for x, y, p in cells if x and y))
    assert scores.result_probabilities(grid)[0] == pytest.approx(
        [
            sum(p for x, y, p in cells if x > y),
            sum(p for x, y, p in cells if x == y),
            sum(p for x, y, p in cells if x < y),
        ]
    )


@given(rates, rhos, st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_a_tilted_grid_has_the_results_asked_for_and_keeps_the_rest(
    both: tuple[np.ndarray, np.ndarray], rho: float, seed: int
) -> None:
    grid = scores.score_grid(*both, rho, 10)
    wanted = np.random.default_rng(seed).dirichlet([2, 2, 2], len(grid))
    tilt = scores.tilted(grid, wanted)
    np.testing.assert_allclose(scores.result_probabilities(tilt), wanted, atol=1e-12)
    # Within a result the odds between scores stay as they were.
    for x, y, other in ((2, 1, (3, 0)), (0, 0, (2, 2)), (0, 1, (1, 2))):
        np.testing.assert_allclose(
            tilt[:, x, y] * grid[:, *other], tilt[:, *other] * grid[:, x, y], rtol=1e-9
        )


@given(rates, st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_no_other_grid_with_these_results_is_nearer(
    both: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    random = np.random.default_rng(seed)
    grid = scores.score_grid(*both, -0.05, 6)
    wanted = random.dirichlet([3, 2, 2], len(grid))
    tilt = scores.tilted(grid, wanted)
    other = scores.tilted(tilt * random.uniform(0.5, 2, tilt.shape), wanted)

    def divergence(one: np.ndarray) -> np.ndarray:
        return np.asarray((one * np.log(one / grid)).sum(axis=(1, 2)))

    assert (divergence(tilt) <= divergence(other) + 1e-12).all()


def test_tilting_to_its_own_results_changes_nothing() -> None:
    grid = scores.score_grid(np.array([1.2, 2.0]), np.array([1.0, 0.4]), -0.1)
    np.testing.assert_allclose(
        scores.tilted(grid, scores.result_probabilities(grid)), grid, rtol=1e-12
    )


def test_a_result_of_probability_zero_can_be_tilted_away_but_not_into_being() -> None:
    grid = scores.score_grid(np.array([1.2]), np.array([1.0]), -0.1)
    none = scores.tilted(grid, np.array([[0.6, 0.0, 0.4]]))
    assert scores.result_probabilities(none)[0].tolist() == pytest.approx([0.6, 0, 0.4])
    with pytest.raises(ValueError, match="match 0: the grid holds D impossible"):
        scores.tilted(none, np.array([[0.5, 0.2, 0.3]]))


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ([[0.5, 0.5]], "have shape"),
        ([[0.5, 0.5, 0.5]], "sum to 1"),
        ([[1.2, -0.1, -0.1]], "sum to 1"),
        ([[math.nan, 0.5, 0.5]], "sum to 1"),
    ],
)
def test_tilting_to_what_is_no_distribution_is_refused(
    wanted: list[list[float]], text: str
) -> None:
    grid = scores.score_grid(np.array([1.2]), np.array([1.0]), -0.1)
    with pytest.raises(ValueError, match=text):
        scores.tilted(grid, np.array(wanted))


def test_the_likeliest_scores_come_in_order_and_ties_in_a_fixed_one() -> None:
    grid = scores.score_grid(np.array([1.3, 1.0]), np.array([0.8, 1.0]), np.array([0.0, 0.0]))
    home, away, p = scores.likeliest_scores(grid, 5)
    assert (home[0, 0], away[0, 0]) == (1, 0)
    assert p[0].tolist() == sorted(grid[0].ravel(), reverse=True)[:5]
    # With rates of 1, the four scores of at most a goal a side are equally likely.
    assert list(zip(home[1, :4], away[1, :4], strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    with pytest.raises(ValueError, match="count is 0"):
        scores.likeliest_scores(grid, 0)
    with pytest.raises(ValueError, match="1 to 256 scores"):
        scores.likeliest_scores(grid, 257)


@given(rates.filter(lambda both: len(both[0]) > 2), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_rho_is_the_maximum_that_a_search_finds(
    both: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    random = np.random.default_rng(seed)
    goals = random.integers(0, 3, (2, len(both[0])))
    rho = scores.fit_rho(*both, *goals)
    bounds = scores.rho_bounds(*both)
    lowest, highest = bounds[0].max(), bounds[1].min()

    def loss(rho: float) -> float:
        total = 0.0
        for home, away, x, y in zip(*both, *goals, strict=True):
            slope = {(0, 0): -home * away, (0, 1): home, (1, 0): away, (1, 1): -1.0}
            total -= math.log1p(slope.get((x, y), 0.0) * rho)
        return total

    found = minimize_scalar(loss, bounds=(lowest, highest), method="bounded")
    assert lowest <= rho <= highest
    assert loss(rho) <= found.fun + 1e-9


def test_rho_for_a_models_own_rates_is_the_models(seasons: Played) -> None:
    even = np.ones(len(seasons.home))
    model = fit(
        seasons.home, seasons.away, seasons.home_goals, seasons.away_goals, even,
        teams=seasons.teams,
    )  # fmt: skip
    names = np.array(seasons.teams)
    rates = model.rates(names[seasons.home].tolist(), names[seasons.away].tolist())
    rho = scores.fit_rho(*rates, seasons.home_goals, seasons.away_goals)
    assert rho == pytest.approx(model.rho, abs=1e-6)


def test_no_low_score_tells_nothing_of_rho() -> None:
    both = np.array([1.0, 2.0]), np.array([1.0, 1.0])
    assert scores.fit_rho(*both, np.array([2, 3]), np.array([2, 0])) == 0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: scores.score_grid(np.array([0.0]), np.array([1.0]), 0), "home rate is 0.0"),
        (lambda: scores.score_grid(np.array([1.0]), np.array([np.nan]), 0), "away rate is nan"),
        (lambda: scores.score_grid(np.array([1.0]), np.ones(2), 0), "one of each a match"),
        (lambda: scores.score_grid(np.ones(2), np.ones(2), np.ones(3)), "one for all or one a"),
        (lambda: scores.score_grid(np.ones(1), np.ones(1), math.nan), "rho is not finite"),
        (lambda: scores.score_grid(np.ones(1), np.ones(1), 0, 0), "most_goals is 0"),
        (lambda: scores.fit_rho(np.ones(0), np.ones(0), np.ones(0), np.ones(0)), "0 rates"),
        (lambda: scores.fit_rho(np.ones(2), np.ones(2), np.ones(1), np.ones(2)), "2 rates"),
    ],
)
def test_what_cannot_be_is_refused(call: object, text: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=text):
        call()


def test_real_matches_are_forecast_better_than_by_base_rates(played: Played) -> None:
    old, new = played.newest(1900), played.newest(380)
    early = old.kick_off < new.kick_off[0]
    model = fit(
        old.home[early], old.away[early], old.home_goals[early], old.away_goals[early],
        decay_weights(new.kick_off[0] - old.kick_off[early], 365.0), teams=old.teams,
    )  # fmt: skip
    names = np.array(new.teams)
    grid = model.grid(names[new.home].tolist(), names[new.away].tolist())
    outcome = 1 - np.sign(new.home_goals - new.away_goals).astype(int)
    before = 1 - np.sign(old.home_goals - old.away_goals)[early].astype(int)
    base = np.bincount(before, minlength=3) / len(before)
    loss = -np.log(scores.result_probabilities(grid)[np.arange(380), outcome]).mean()
    assert loss < -np.log(base[outcome]).mean() - 0.01
