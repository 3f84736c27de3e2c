import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from pitchline.train.families.stacked import (
    TREES_ALONE,
    StackedRecipe,
    best_weights,
    weighed,
)
from pitchline.train.model import Forecaster
from pitchline.train.split import trainable
from tests.train.recipes import any_recipe
from tests.train.simulated import drawn, priced_at


def loss(chances: np.ndarray, weights: np.ndarray) -> float:
    return -float(np.log(chances @ weights).mean())


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(3, 60))
def test_the_weights_are_those_of_the_lowest_loss(seed: int, matches: int) -> None:
    chances = np.random.default_rng(seed).uniform(0.05, 0.9, (matches, 3))
    found = np.array(best_weights(chances))
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1, abs=1e-9)
    reference = minimize(
        lambda w: loss(chances, w),
        np.full(3, 1 / 3),
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
    )
    assert loss(chances, found) <= reference.fun + 1e-6


def test_the_part_that_tells_the_truth_gets_the_weight() -> None:
    random = np.random.default_rng(4)
    truth = random.dirichlet([6, 3, 4], 4000)
    outcome = (random.random(4000)[:, None] > truth.cumsum(axis=1)[:, :2]).sum(axis=1)
    told = truth[np.arange(4000), outcome]
    third = np.full(4000, 1 / 3)
    assert best_weights(np.column_stack([third, told, third]))[1] > 0.95
    assert best_weights(np.column_stack([third, third, told]))[2] > 0.95
    assert best_weights(np.column_stack([told, third, third]))[0] > 0.95


def test_without_a_match_the_trees_have_all_weight() -> None:
    assert best_weights(np.empty((0, 3))) == TREES_ALONE


def test_the_mean_is_weighted_and_where_there_is_a_price_the_trees_alone_speak() -> None:
    parts = [np.array([p] * 2) for p in ([0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.2, 0.2, 0.6])]
    found = weighed(parts, (0.5, 0.25, 0.25), np.array([False, True]))
    np.testing.assert_allclose(found, [[0.4, 0.3, 0.3], [0.5, 0.3, 0.2]])


def test_a_stack_is_the_weighted_mean_of_its_parts(features: pd.DataFrame) -> None:
    rows = trainable(features, 9)
    recipe = any_recipe("stacked", rows)
    assert isinstance(recipe, StackedRecipe)
    found = Forecaster.fit(rows, recipe, seed=1).probabilities(rows)
    parts = [
        Forecaster.fit(rows, each, seed=1).probabilities(rows)
        for each in (recipe.trees, recipe.logit, recipe.dixon_coles)
    ]
    expected = sum(w * p for w, p in zip(recipe.weights, parts, strict=True))
    np.testing.assert_allclose(found, expected, atol=3e-6)


def test_a_stack_of_the_market_says_what_its_trees_say_where_there_is_a_price(
    features: pd.DataFrame,
) -> None:
    rows = priced_at(*drawn(trainable(features, 9), seed=3))
    rows.loc[::2, "closing_draw"] = np.nan
    recipe = any_recipe("stacked", rows, market="closing")
    assert isinstance(recipe, StackedRecipe)
    stack = Forecaster.fit(rows, recipe, seed=1)
    trees = Forecaster.fit(rows, recipe.trees, seed=1)
    assert {"closing_home", "closing_draw", "closing_away"} <= set(stack.columns)
    same = np.isclose(stack.probabilities(rows), trees.probabilities(rows), atol=2e-6).all(axis=1)
    known = rows["closing_draw"].notna().to_numpy()
    assert same[known].all()
    assert not same[~known].all()
