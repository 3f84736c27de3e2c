import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import PoissonRegressor

from pitchline.errors import ArtifactError
from pitchline.files import write_json
from pitchline.goals import scores
from pitchline.train.goals import (
    HIGHEST_RATE,
    LOWEST_RATE,
    GoalModel,
    load_goals,
    poisson_line,
    read_off,
)
from pitchline.train.model import CARD_FILE
from pitchline.train.split import trainable

TRUTH = GoalModel(home=(0.1, 0.8), away=(-0.05, 1.2), rho=-0.08)


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 1)


@pytest.fixture(scope="module")
def goals(rows: pd.DataFrame) -> GoalModel:
    return GoalModel.fit(rows)


def simulated(truth: GoalModel, matches: int, seed: int) -> pd.DataFrame:
    """Fixtures with expected goals, and scores drawn from the grids of a model."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "home_expected_goals": np.exp(random.normal(0.4, 0.35, matches)),
            "away_expected_goals": np.exp(random.normal(0.1, 0.35, matches)),
        }
    )
    grid = scores.score_grid(*truth.rates(rows), truth.rho)
    shares = grid.reshape(matches, -1).cumsum(axis=1)
    cell = (random.random(matches)[:, None] > shares[:, :-1]).sum(axis=1)
    return rows.assign(home_goals=cell // grid.shape[2], away_goals=cell % grid.shape[2])


def test_a_fit_finds_the_model_the_goals_were_drawn_from() -> None:
    found = GoalModel.fit(simulated(TRUTH, 20_000, seed=5))
    np.testing.assert_allclose(found.home, TRUTH.home, atol=0.04)
    np.testing.assert_allclose(found.away, TRUTH.away, atol=0.05)
    assert found.rho == pytest.approx(TRUTH.rho, abs=0.025)


def test_independent_goals_have_a_rho_of_about_0() -> None:
    truth = GoalModel((0.0, 1.0), (0.0, 1.0), 0.0)
    assert GoalModel.fit(simulated(truth, 20_000, seed=6)).rho == pytest.approx(0, abs=0.025)


def test_a_line_equals_sklearns_poisson_regression(rows: pd.DataFrame) -> None:
    x = np.log(rows["home_expected_goals"].to_numpy())
    y = rows["home_goals"].to_numpy(dtype=float)
    reference = PoissonRegressor(alpha=0, tol=1e-10, max_iter=1000).fit(
        np.append(x, x.mean())[:, None], np.append(y, 0.5)
    )
    expected = (reference.intercept_, reference.coef_[0])
    np.testing.assert_allclose(poisson_line(x, y), expected, atol=1e-5)


@pytest.mark.parametrize("y", [[0.0] * 40, [0.0] * 39 + [3.0], [9.0] * 40])
def test_a_line_has_an_answer_for_any_goals(y: list[float]) -> None:
    x = np.linspace(-0.5, 0.9, 40)
    intercept, slope = poisson_line(x, np.array(y))
    mean = np.exp(intercept + slope * np.append(x, x.mean()))
    # The score equation of the intercept: as many goals are fitted as there were, half a one more.
    assert mean.sum() == pytest.approx(sum(y) + 0.5, rel=1e-3)


def test_expected_goals_that_never_vary_give_the_mean_rate() -> None:
    x, y = np.full(50, 0.3), np.array([0.0, 1.0, 2.0, 3.0, 4.0] * 10)
    intercept, slope = poisson_line(x, y)
    assert np.exp(intercept + slope * 0.3) == pytest.approx(100.5 / 51, rel=1e-4)


def test_rates_of_real_matches_add_up_to_their_goals(rows: pd.DataFrame, goals: GoalModel) -> None:
    for side, rate in zip(("home", "away"), goals.rates(rows), strict=True):
        assert rate.mean() == pytest.approx(rows[f"{side}_goals"].mean(), abs=0.01)
        assert ((rate > 0.1) & (rate < 6)).all()
    assert -0.2 < goals.rho < 0.1


def test_strengths_tell_of_goals(rows: pd.DataFrame, goals: GoalModel) -> None:
    for slope in (goals.home[1], goals.away[1]):
        assert 0.5 < slope < 1.5
    home = goals.rates(rows)[0]
    strong = home > np.quantile(home, 0.9)
    scored = rows["home_goals"]
    assert home[strong].mean() == pytest.approx(scored[strong].mean(), rel=0.15)


def test_rates_are_kept_within_football() -> None:
    rows = pd.DataFrame({f"{side}_expected_goals": [1e-6, 1.0, 29.0] for side in ("home", "away")})
    steep = GoalModel((0.2, 3.0), (0.0, 3.0), 0.0)
    for rate, level in zip(steep.rates(rows), (np.exp(0.2), 1.0), strict=True):
        assert rate.tolist() == [LOWEST_RATE, pytest.approx(level), HIGHEST_RATE]


@given(st.integers(0, 10**6))
def test_the_grid_has_the_given_1x2_whatever_the_rates(seed: int) -> None:
    random = np.random.default_rng(seed)
    p = random.dirichlet([2, 2, 2], size=5)
    rows = pd.DataFrame(
        {f"{side}_expected_goals": random.uniform(0.2, 4, 5) for side in ("home", "away")}
    )
    grid = TRUTH.grid(rows, p)
    assert (grid >= 0).all()
    np.testing.assert_allclose(grid.sum(axis=(1, 2)), 1, atol=1e-9)
    np.testing.assert_allclose(scores.result_probabilities(grid), p, atol=1e-9)


def test_what_is_read_off_agrees_with_sums_over_the_grid(
    rows: pd.DataFrame, goals: GoalModel
) -> None:
    some = rows.head(30)
    grid = goals.grid(some, np.tile([0.5, 0.3, 0.2], (30, 1)))
    told = read_off(grid)
    for match in range(30):
        cells = [
            (home, away, grid[match, home, away])
            for home in range(grid.shape[1])
            for away in range(grid.shape[2])
        ]
        expected = {
            "expected_home_goals": sum(home * p for home, _, p in cells),
            "expected_away_goals": sum(away * p for _, away, p in cells),
            "over_2_5": sum(p for home, away, p in cells if home + away >= 3),
            "both_score": sum(p for home, away, p in cells if home and away),
        }
        under = sum(p for home, away, p in cells if home + away <= 2)
        assert expected["over_2_5"] + under == pytest.approx(1)
        for name, value in expected.items():
            assert told[name][match] == pytest.approx(value, abs=1e-6)


def test_a_favourite_is_expected_to_score_more(rows: pd.DataFrame, goals: GoalModel) -> None:
    one = rows.iloc[[0, 0, 0]]
    p = np.array([[0.7, 0.2, 0.1], [0.4, 0.3, 0.3], [0.1, 0.2, 0.7]])
    told = read_off(goals.grid(one, p))
    assert (np.diff(told["expected_home_goals"]) < 0).all()
    assert (np.diff(told["expected_away_goals"]) > 0).all()


def test_a_model_survives_json(goals: GoalModel) -> None:
    assert GoalModel.read(json.loads(json.dumps(vars(goals)))) == goals


def test_a_card_gives_the_model_it_tells(goals: GoalModel, tmp_path: Path) -> None:
    write_json(tmp_path / CARD_FILE, {"model": "a test", "goals": vars(goals)})
    assert load_goals(tmp_path) == goals


@pytest.mark.parametrize(
    "card",
    [
        {},
        [],
        {"goals": None},
        {"goals": {"home": [0.1, 1.0], "away": [0.1, 1.0]}},
        {"goals": {"home": [0.1], "away": [0.1, 1.0], "rho": 0.0}},
        {"goals": {"home": [0.1, "x"], "away": [0.1, 1.0], "rho": 0.0}},
        {"goals": {"home": [0.1, 1.0], "away": [0.1, 1.0], "rho": None}},
    ],
)
def test_a_card_without_goals_is_refused_by_name(card: Any, tmp_path: Path) -> None:
    write_json(tmp_path / CARD_FILE, card)
    with pytest.raises(ArtifactError) as caught:
        load_goals(tmp_path)
    assert f"{tmp_path / CARD_FILE}: tells no model of goals" in str(caught.value)
    assert "snakemake --cores 2 train" in str(caught.value)


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=rf"{CARD_FILE}: missing"):
        load_goals(tmp_path)
