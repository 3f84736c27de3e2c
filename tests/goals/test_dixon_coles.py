import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from pitchline.goals import likelihood
from pitchline.goals.dixon_coles import (
    LARGEST_STRENGTH,
    DixonColes,
    FitError,
    decay_weights,
    fit,
    walk_forward,
)
from pitchline.goals.scores import result_probabilities, rho_bounds
from tests.goals.conftest import Played

HALF_LIFE = 365.0


def weights(played: Played) -> np.ndarray:
    return decay_weights(played.kick_off[-1] - played.kick_off, HALF_LIFE)


def fitted(played: Played, **settings_: object) -> DixonColes:
    told = {"teams": played.teams, "penalty": 0.0, **settings_}
    return fit(
        played.home, played.away, played.home_goals, played.away_goals, weights(played), **told
    )


def pairs(teams: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Every pairing of two teams."""
    both = [(one, other) for one in teams for other in teams if one != other]
    return [one for one, _ in both], [other for _, other in both]


def results(model: DixonColes, teams: tuple[str, ...]) -> np.ndarray:
    return result_probabilities(model.grid(*pairs(teams)))


def plain_likelihood(p: np.ndarray, played: Played, weight: np.ndarray, penalty: float) -> float:
    """The likelihood as the paper writes it, without what is constant."""
    count = len(played.teams)
    attack, defence, rho = p[2 : 2 + count], p[2 + count : -1], p[-1]
    home = np.exp(p[0] + p[1] + attack[played.home] - defence[played.away])
    away = np.exp(p[0] + attack[played.away] - defence[played.home])
    x, y = played.home_goals, played.away_goals
    tau = np.ones(len(x))
    tau = np.where((x == 0) & (y == 0), 1 - home * away * rho, tau)
    tau = np.where((x == 0) & (y == 1), 1 + home * rho, tau)
    tau = np.where((x == 1) & (y == 0), 1 + away * rho, tau)
    tau = np.where((x == 1) & (y == 1), 1 - rho, tau)
    logs = x * np.log(home) - home + y * np.log(away) - away + np.log(tau)
    sizes = (attack**2).sum() + (defence**2).sum()
    return float((weight * logs).sum() - penalty / 2 * sizes)


def small(draw: st.DrawFn, least: int = 1, most: int = 12) -> Played:
    """A few matches of four teams."""
    count = draw(st.integers(least, most))
    home = np.array(draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)))
    further = np.array(draw(st.lists(st.integers(1, 3), min_size=count, max_size=count)))
    goals = [
        np.array(draw(st.lists(st.integers(0, 6), min_size=count, max_size=count)), dtype=float)
        for _ in range(2)
    ]
    day = np.arange(count, dtype=float)
    return Played(tuple("abcd"), home, (home + further) % 4, *goals, day, day + 0.5)


few_matches = st.composite(small)()


@pytest.mark.parametrize("penalty", [0.0, 3.0])
def test_the_fit_equals_scipys_on_a_plainly_written_likelihood(
    seasons: Played, penalty: float
) -> None:
    season = seasons.newest(380)
    weight = weights(season)
    count = len(season.teams)
    start = np.zeros(2 * count + 3)
    found = minimize(
        lambda p: -plain_likelihood(p, season, weight, penalty),
        start,
        method="L-BFGS-B",
        options={"maxfun": 10**6, "maxiter": 1000, "ftol": 1e-13, "gtol": 1e-4},
    )
    p = found.x
    theirs = DixonColes(season.teams, p[2 : 2 + count], p[2 + count : -1], p[1], p[0], p[-1])
    ours = fitted(season, penalty=penalty)
    np.testing.assert_allclose(
        results(ours, season.teams), results(theirs, season.teams), rtol=0, atol=1e-4
    )
    best = np.concatenate(
        [[ours.level, ours.home_advantage], ours.attack, ours.defence, [ours.rho]]
    )
    assert plain_likelihood(best, season, weight, penalty) >= -found.fun - 1e-9


def test_the_fit_equals_penaltyblogs(seasons: Played) -> None:
    models = pytest.importorskip(
        "penaltyblog.models", reason="penaltyblog isn't installed: no second implementation here"
    )
    names = np.array(seasons.teams)
    other = models.DixonColesGoalModel(
        seasons.home_goals.astype(int),
        seasons.away_goals.astype(int),
        names[seasons.home].tolist(),
        names[seasons.away].tolist(),
        weights(seasons),
    )
    # Its own gradient leaves the correction of low scores out of the strengths' derivatives
    # (1.13.1), so it stops up to 0.008 short; with numeric ones it reaches the maximum.
    other.fit(minimizer_options={"ftol": 1e-10}, use_gradient=False)
    theirs = np.array(
        [
            other.predict(home, away, max_goals=16).home_draw_away
            for home, away in zip(*pairs(seasons.teams), strict=True)
        ]
    )
    ours = results(fitted(seasons), seasons.teams)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-3)


@given(few_matches, st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.7]))
@settings(max_examples=40, deadline=None)
def test_gradient_and_hessian_are_the_likelihoods_derivatives(
    played: Played, seed: int, penalty: float
) -> None:
    random = np.random.default_rng(seed)
    p = random.normal(0, 0.3, 11)
    p[-1] = random.uniform(-0.1, 0.1)
    weight = random.uniform(0.1, 1, len(played.home))

    def at(p: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        gradient, curvature = np.empty(11), np.zeros((11, 11))
        rooms = np.empty(len(weight)), np.empty(len(weight)), gradient, curvature
        value = likelihood.penalised_likelihood(
            p, played.home, played.away, played.home_goals, played.away_goals, weight, penalty,
            *rooms,
        )  # fmt: skip
        lower = np.tril(curvature)
        return value, gradient, -(lower + lower.T - np.diag(np.diag(lower)))

    _, gradient, hessian = at(p)
    step = 1e-5
    for i, along in enumerate(step * np.eye(11)):
        up, down = at(p + along), at(p - along)
        assert gradient[i] == pytest.approx((up[0] - down[0]) / (2 * step), rel=1e-5, abs=1e-4)
        np.testing.assert_allclose(hessian[i], (up[1] - down[1]) / (2 * step), rtol=1e-5, atol=1e-4)


def test_strengths_known_beforehand_are_found_again() -> None:
    random = np.random.default_rng(3)
    teams = tuple(f"team {i}" for i in range(8))
    attack, defence = random.normal(0, 0.3, 8), random.normal(0, 0.3, 8)
    truth = DixonColes(teams, attack - attack.mean(), defence - defence.mean(), 0.3, 0.1, -0.1)
    home, away = pairs(teams)
    grid = truth.grid(home, away, 10)
    rounds = 300
    scores = np.array([random.choice(121, rounds, p=g.ravel()) for g in grid]).ravel()
    number = {team: i for i, team in enumerate(teams)}
    h, a = (np.repeat([number[t] for t in side], rounds) for side in (home, away))
    model = fit(h, a, scores // 11, scores % 11, np.ones(len(h)), teams=teams, penalty=0)
    np.testing.assert_allclose(model.attack, truth.attack, atol=0.05)
    np.testing.assert_allclose(model.defence, truth.defence, atol=0.05)
    assert model.home_advantage == pytest.approx(0.3, abs=0.04)
    assert model.level == pytest.approx(0.1, abs=0.04)
    assert model.rho == pytest.approx(-0.1, abs=0.03)


def test_the_sums_of_strengths_are_zero_with_and_without_a_penalty(seasons: Played) -> None:
    for penalty in (0.0, 5.0):
        model = fitted(seasons, penalty=penalty)
        assert model.attack.sum() == pytest.approx(0, abs=1e-9)
        assert model.defence.sum() == pytest.approx(0, abs=1e-9)


def test_a_penalty_draws_strengths_towards_zero(seasons: Played) -> None:
    sizes = [np.abs(fitted(seasons, penalty=penalty).attack).sum() for penalty in (0, 3, 100, 1e6)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 1e-3


def test_the_same_matches_give_the_same_bytes(seasons: Played) -> None:
    one, other = fitted(seasons), fitted(seasons)
    assert one.attack.tobytes() + one.defence.tobytes() == (
        other.attack.tobytes() + other.defence.tobytes()
    )
    assert (one.level, one.home_advantage, one.rho) == (
        other.level, other.home_advantage, other.rho
    )  # fmt: skip


def test_a_warm_start_leads_to_the_same_fit_whatever_the_teams_were(
    played: Played, seasons: Played
) -> None:
    older = replace(
        played, **{
            name: getattr(played, name)[:1500]
            for name in ("home", "away", "home_goals", "away_goals", "kick_off", "known")
        }
    ).newest(1500)  # fmt: skip
    assert set(older.teams) - set(seasons.teams)
    assert set(seasons.teams) - set(older.teams)
    cold = results(fitted(seasons), seasons.teams)
    warm = results(fitted(seasons, start=fitted(older)), seasons.teams)
    np.testing.assert_allclose(warm, cold, rtol=0, atol=1e-7)


def test_the_order_of_the_teams_does_not_matter(seasons: Played) -> None:
    order = np.random.default_rng(1).permutation(len(seasons.teams))
    place = np.argsort(order)
    mixed = replace(
        seasons,
        teams=tuple(seasons.teams[i] for i in order),
        home=place[seasons.home],
        away=place[seasons.away],
    )
    np.testing.assert_allclose(
        results(fitted(mixed), seasons.teams), results(fitted(seasons), seasons.teams), atol=1e-8
    )


def test_a_match_of_weight_zero_counts_as_none(seasons: Played) -> None:
    weight = weights(seasons)
    weight[:1000] = 0
    without = seasons.newest(900)
    whole = fit(
        seasons.home, seasons.away, seasons.home_goals, seasons.away_goals, weight,
        teams=seasons.teams,
    )  # fmt: skip
    np.testing.assert_allclose(
        results(whole, without.teams), results(fitted(without, penalty=3.0), without.teams),
        atol=1e-8,
    )  # fmt: skip


@given(few_matches, st.floats(0.01, 50))
@settings(max_examples=150, deadline=None)
def test_few_matches_give_a_model_or_an_error_that_says_why(played: Played, penalty: float) -> None:
    told = {"teams": played.teams, "penalty": penalty}
    goals = played.home_goals, played.away_goals
    if not goals[0].sum() or not goals[1].sum():
        with pytest.raises(FitError, match="teams scored no goal"):
            fit(played.home, played.away, *goals, np.ones(len(goals[0])), **told)
        return
    model = fit(played.home, played.away, *goals, np.ones(len(goals[0])), **told)
    home, away = model.rates(*pairs(played.teams))
    assert np.isfinite(home).all() and np.isfinite(away).all()
    names = np.array(played.teams)
    rates = model.rates(names[played.home].tolist(), names[played.away].tolist())
    lowest, highest = rho_bounds(*rates)
    assert lowest.max() - 1e-8 <= model.rho <= highest.min() + 1e-8


@given(few_matches)
@settings(max_examples=100, deadline=None)
def test_without_a_penalty_few_matches_give_bounded_strengths_or_an_error(
    played: Played,
) -> None:
    try:
        model = fit(
            played.home, played.away, played.home_goals, played.away_goals,
            np.ones(len(played.home)), teams=played.teams, penalty=0,
        )  # fmt: skip
    except FitError as error:
        assert "more matches" in str(error)
    else:
        assert np.abs([model.attack, model.defence]).max() <= LARGEST_STRENGTH
        assert math.isfinite(model.level + model.home_advantage + model.rho)


def test_one_match_tells_the_level_and_no_strength() -> None:
    one = np.array([0]), np.array([1]), np.array([2]), np.array([1]), np.ones(1)
    model = fit(*one, teams=["a", "b"], penalty=1)
    home, away = model.rates(["a", "b"], ["b", "a"])
    np.testing.assert_allclose([home[0], away[0]], [2, 1], atol=1e-6)
    with pytest.raises(FitError, match="don't determine"):
        fit(*one, teams=["a", "b"], penalty=0)


def test_no_fit_is_possible_without_goals_or_weight() -> None:
    h, a, none = np.array([0, 1]), np.array([1, 0]), np.zeros(2)
    with pytest.raises(FitError, match="home teams scored no goal"):
        fit(h, a, none, none, np.ones(2), teams=["a", "b"])
    with pytest.raises(FitError, match="away teams scored no goal"):
        fit(h, a, none + 1, none, np.ones(2), teams=["a", "b"])
    with pytest.raises(FitError, match="no match has a weight above 0"):
        fit(h, a, none + 1, none + 1, none, teams=["a", "b"])


def test_without_a_penalty_a_team_without_goals_is_named(seasons: Played) -> None:
    silent = seasons.teams.index("brentford")
    dumb = replace(
        seasons,
        home_goals=np.where(seasons.home == silent, 0, seasons.home_goals),
        away_goals=np.where(seasons.away == silent, 0, seasons.away_goals),
    )
    with pytest.raises(FitError, match=r"strength of brentford.*penalty above 0"):
        fitted(dumb)
    weakest = fitted(dumb, penalty=3.0)
    assert weakest.attack.argmin() == silent
    assert np.isfinite(weakest.attack).all()


def test_without_a_penalty_two_leagues_that_never_meet_are_refused(seasons: Played) -> None:
    season = seasons.newest(380)
    count = len(season.teams)
    twice = [np.concatenate([side, side + count]) for side in (season.home, season.away)]
    goals = [np.tile(goals, 2) for goals in (season.home_goals, season.away_goals)]
    told = {"teams": [f"{team} {i}" for i in (1, 2) for team in season.teams]}
    with pytest.raises(FitError, match="none that link"):
        fit(*twice, *goals, np.ones(760), **told, penalty=0)
    model = fit(*twice, *goals, np.ones(760), **told, penalty=1)
    np.testing.assert_allclose(model.attack[:count], model.attack[count:], atol=1e-8)


def test_rho_stops_at_the_bound_that_the_rates_admit() -> None:
    random = np.random.default_rng(0)
    home, away = np.divmod(np.arange(16), 4)
    home, away = (np.tile(side[home != away], 40) for side in (home, away))
    goals = np.minimum(random.poisson(1.0, len(home)), 1)
    scored = np.where(home == 0, 5, goals)
    model = fit(home, away, scored, goals, np.ones(len(home)), teams="abcd")
    names = np.array(list("abcd"))
    lowest, _ = rho_bounds(*model.rates(names[home].tolist(), names[away].tolist()))
    assert model.rho == pytest.approx(lowest.max(), abs=1e-8)
    gradient, curvature = np.empty(11), np.zeros((11, 11))
    p = np.concatenate(
        [[model.level, model.home_advantage], model.attack, model.defence, [model.rho]]
    )
    likelihood.penalised_likelihood(
        p, home, away, scored.astype(float), goals.astype(float), np.ones(len(home)), 3.0,
        np.empty(len(home)), np.empty(len(home)), gradient, curvature,
    )  # fmt: skip
    np.testing.assert_allclose(gradient[:-1], 0, atol=1e-4)
    assert gradient[-1] < 0


def test_a_team_without_a_match_gets_the_mean_of_the_weakest_three(seasons: Played) -> None:
    teams = (*seasons.teams, "newcomer")
    model = fitted(replace(seasons, teams=teams))
    known = fitted(seasons)
    weakest = np.argsort(known.attack + known.defence)[:3]
    assert model.attack[-1] == pytest.approx(known.attack[weakest].mean())
    assert model.defence[-1] == pytest.approx(known.defence[weakest].mean())
    told = fitted(replace(seasons, teams=teams), newcomer=(-0.1, -0.2))
    assert (told.attack[-1], told.defence[-1]) == (-0.1, -0.2)


def test_a_team_that_the_model_does_not_know_is_named(seasons: Played) -> None:
    with pytest.raises(FitError, match="atlantis: not among the"):
        fitted(seasons).rates(["arsenal"], ["atlantis"])


def test_what_cannot_be_is_refused() -> None:
    h, a, one = np.array([0, 1]), np.array([1, 0]), np.ones(2)
    told = {"teams": ["a", "b"]}
    for change, text in (
        ({"away": np.array([0, 1])}, "match 0: a team plays itself"),
        ({"home": np.array([0, 2])}, "from 0 to 1"),
        ({"home": np.array([0.0, 1.0])}, "must be integers"),
        ({"home_goals": np.array([1, -1])}, "match 1 has -1 goals"),
        ({"home_goals": np.array([1, 1.5])}, "match 1 has 1.5 goals"),
        ({"away_goals": np.array([1, np.nan])}, "a match with weight has no score"),
        ({"weights": np.array([1, -1])}, "weights: one a match"),
        ({"weights": np.array([1, np.nan])}, "weights: one a match"),
        ({"weights": np.ones(3)}, "weights: one a match"),
        ({"penalty": -1}, "penalty is -1"),
        ({"teams": ["a", "a"]}, "stands there twice"),
    ):
        arguments = {
            "home": h, "away": a, "home_goals": one, "away_goals": one, "weights": one,
            **told, **change,
        }  # fmt: skip
        with pytest.raises(ValueError, match=text):
            fit(**arguments)


def test_weights_halve_with_every_half_life() -> None:
    np.testing.assert_allclose(decay_weights(np.array([0, 10, 20]), 10), [1, 0.5, 0.25])
    assert decay_weights(np.array([0, 1e4]), math.inf).tolist() == [1, 1]
    with pytest.raises(ValueError, match="after the day of the fit"):
        decay_weights(np.array([1, -0.01]), 10)
    with pytest.raises(ValueError, match="half_life_days is 0"):
        decay_weights(np.array([1]), 0)


WALK_COLUMNS = ("home", "away", "home_goals", "away_goals", "kick_off", "known")


def walked(played: Played, refit: np.ndarray, **told: object) -> object:
    columns = [getattr(played, name) for name in WALK_COLUMNS]
    return walk_forward(*columns, refit, half_life_days=HALF_LIFE, **told)


def weekly(played: Played, weeks: int) -> np.ndarray:
    return played.kick_off[-1] - 7.0 * np.arange(weeks, 0, -1)


@pytest.mark.parametrize("window_days", [None, 500.0])
def test_a_walk_equals_fits_made_one_by_one(seasons: Played, window_days: float | None) -> None:
    refit = weekly(seasons, 12)
    walk = walked(seasons, refit, window_days=window_days)
    forecast = 0
    for number, day in enumerate(refit):
        until = refit[number + 1] if number + 1 < len(refit) else math.inf
        rows = np.flatnonzero((seasons.kick_off >= day) & (seasons.kick_off < until))
        known = (seasons.known <= day) & (day - seasons.kick_off < (window_days or math.inf))
        model = fit(
            seasons.home[known], seasons.away[known], seasons.home_goals[known],
            seasons.away_goals[known], decay_weights(day - seasons.kick_off[known], HALF_LIFE),
            teams=seasons.teams,
        )  # fmt: skip
        names = np.array(seasons.teams)
        home, away = model.rates(names[seasons.home[rows]].tolist(),
                                 names[seasons.away[rows]].tolist())  # fmt: skip
        np.testing.assert_allclose(walk.home_rates[rows], home, rtol=1e-6)
        np.testing.assert_allclose(walk.away_rates[rows], away, rtol=1e-6)
        np.testing.assert_allclose(walk.rho[rows], model.rho, atol=1e-6)
        assert (walk.fit[rows] == number).all()
        assert walk.fitted_matches[number] == known.sum()
        forecast += len(rows)
    assert forecast > 80
    before = seasons.kick_off < refit[0]
    assert (walk.fit[before] == -1).all()
    assert np.isnan(walk.home_rates[before]).all()


def test_no_forecast_knows_a_later_result(seasons: Played) -> None:
    refit = weekly(seasons, 30)
    walk = walked(seasons, refit)
    cut = refit[15]
    later = seasons.known > cut
    changed = replace(
        seasons,
        home_goals=np.where(later, 9 - seasons.home_goals, seasons.home_goals),
        away_goals=np.where(later, seasons.away_goals + 3, seasons.away_goals),
    )
    other = walked(changed, refit)
    same = seasons.kick_off < refit[16]
    for name in ("home_rates", "away_rates", "rho"):
        one, two = getattr(walk, name), getattr(other, name)
        assert one[same].tobytes() == two[same].tobytes()
        assert (one[~same] != two[~same]).all()


def test_a_result_known_late_waits_for_the_fit_after_it(seasons: Played) -> None:
    refit = weekly(seasons, 6)
    row = int(np.flatnonzero(seasons.known <= refit[0])[-1])
    known = seasons.known.copy()
    known[row] = refit[3]
    walk, late = walked(seasons, refit), walked(replace(seasons, known=known), refit)
    assert (walk.fitted_matches - late.fitted_matches).tolist() == [1, 1, 1, 0, 0, 0]


def test_matches_whose_result_is_never_known_are_forecast_and_not_fitted(
    seasons: Played,
) -> None:
    refit = weekly(seasons, 4)
    coming = seasons.kick_off >= refit[1]
    blank = replace(
        seasons,
        home_goals=np.where(coming, np.nan, seasons.home_goals),
        away_goals=np.where(coming, np.nan, seasons.away_goals),
        known=np.where(coming, np.nan, seasons.known),
    )
    walk = walked(blank, refit)
    assert np.isfinite(walk.home_rates[coming]).all()
    assert walk.fitted_matches[-1] == (~coming).sum()


def test_a_walk_waits_until_both_sides_have_scored() -> None:
    day = np.arange(6, dtype=float)
    goals = np.array([0, 1, 0, 1, 2, 1.0]), np.array([0, 0, 2, 1, 0, 1.0])
    sides = np.array([0, 1, 2, 0, 1, 2]), np.array([1, 2, 0, 2, 0, 1])
    walk = walk_forward(*sides, *goals, day, day + 0.1, day, half_life_days=100)
    assert walk.fit.tolist() == [-1, -1, -1, 3, 4, 5]
    assert walk.fitted_matches.tolist() == [0, 0, 0, 3, 4, 5]
    assert np.isfinite(walk.home_rates[3:]).all()


def test_a_newcomer_in_a_walk_gets_the_weakest_mean_or_what_is_given(seasons: Played) -> None:
    refit = seasons.kick_off[:1] + 300
    firsts = {}
    for row, side in enumerate(zip(seasons.home, seasons.away, strict=True)):
        for team in side:
            firsts.setdefault(team, row)
    row = next(r for r in sorted(firsts.values()) if seasons.kick_off[r] > refit[0])
    known = seasons.known <= refit[0]
    new = [t for t in (seasons.home[row], seasons.away[row]) if firsts[t] >= row][0]  # noqa: RUF015
    for newcomer in (None, (-0.4, -0.3)):
        walk = walked(seasons, refit, newcomer=newcomer)
        model = fit(
            seasons.home[known], seasons.away[known], seasons.home_goals[known],
            seasons.away_goals[known], decay_weights(refit[0] - seasons.kick_off[known], HALF_LIFE),
            teams=seasons.teams, newcomer=newcomer,
        )  # fmt: skip
        home, _ = model.rates(
            [seasons.teams[seasons.home[row]]], [seasons.teams[seasons.away[row]]]
        )
        assert walk.home_rates[row] == pytest.approx(home[0], rel=1e-6)
        if newcomer is not None:
            assert (model.attack[new], model.defence[new]) == newcomer


def test_a_walk_refuses_what_cannot_be(seasons: Played) -> None:
    season = seasons.newest(100)
    refit = weekly(season, 2)
    for change, text in (
        ({"kick_off": season.kick_off[::-1]}, "in the order of time"),
        ({"known": season.kick_off - 1}, "match 0 is known before its kick-off"),
        ({"known": season.known[:-1]}, "one a match"),
        ({"home_goals": np.full(100, np.nan)}, "becomes known has no score"),
    ):
        with pytest.raises(ValueError, match=text):
            walked(replace(season, **change), refit)
    with pytest.raises(ValueError, match="each later"):
        walked(season, refit[::-1])
    for told in ({"penalty": 0.0}, {"window_days": 0.0}):
        with pytest.raises(ValueError, match="must be above 0"):
            walked(season, refit, **told)
