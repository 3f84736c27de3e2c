import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from pitchline.files import json_bytes
from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.calibrate import HIGHEST, LOWEST, best_temperature, calibration
from pitchline.train.families.blend import BlendRecipe
from pitchline.train.probabilities import tempered
from pitchline.train.split import expanding_folds, trainable
from tests.train.recipes import recipe
from tests.train.simulated import CLOSING, drawn, priced_at, turned

FOLDS = 4


@pytest.fixture(scope="module")
def world(features: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    return drawn(trainable(features, 1), seed=11)


@pytest.fixture(scope="module")
def prices_alone(features: pd.DataFrame) -> BlendRecipe:
    """Forecasts that are the closing prices themselves: no tree adds to them."""
    return recipe(features, columns=("difference_elo",), market="closing", rounds=0)


def loss(p: np.ndarray, outcome: np.ndarray) -> float:
    return float(metrics.log_loss(p, outcome).mean())


def calibrated(rows: pd.DataFrame, recipe: BlendRecipe) -> dict[str, Any]:
    return calibration(rows, expanding_folds(rows, FOLDS), recipe, seed=1)


@given(st.integers(0, 10**6), st.integers(5, 60))
def test_the_temperature_is_the_one_of_the_lowest_loss(seed: int, matches: int) -> None:
    random = np.random.default_rng(seed)
    p = random.dirichlet([4, 2, 3], size=matches)
    outcome = random.integers(3, size=matches)
    found = best_temperature(p, outcome)
    reference = minimize_scalar(
        lambda inverse: loss(tempered(p, 1 / inverse), outcome),
        bounds=(1 / HIGHEST, 1 / LOWEST),
        method="bounded",
    )
    assert LOWEST <= found <= HIGHEST
    assert loss(tempered(p, found), outcome) <= reference.fun + 1e-9


def test_forecasts_that_are_always_right_or_wrong_get_the_bounds() -> None:
    p = np.array([[0.6, 0.3, 0.1]] * 5)
    assert best_temperature(p, np.zeros(5, dtype=int)) == pytest.approx(LOWEST, abs=1e-5)
    assert best_temperature(p, np.full(5, 2)) == pytest.approx(HIGHEST, abs=1e-5)


@pytest.mark.parametrize("sureness", [0.6, 0.75])
def test_an_overconfident_forecaster_is_cooled(
    world: tuple[pd.DataFrame, np.ndarray], prices_alone: BlendRecipe, sureness: float
) -> None:
    told = calibrated(priced_at(*world, temperature=sureness), prices_alone)
    assert told["temperature"] == told["fitted"]
    assert told["fitted"] == pytest.approx(1 / sureness, rel=0.1)
    assert told["tempered_log_loss"] < told["log_loss"] - 0.005


def test_an_underconfident_forecaster_is_made_surer(
    world: tuple[pd.DataFrame, np.ndarray], prices_alone: BlendRecipe
) -> None:
    told = calibrated(priced_at(*world, temperature=1.6), prices_alone)
    assert told["temperature"] == told["fitted"] == pytest.approx(1 / 1.6, rel=0.1)


def test_an_honest_forecaster_is_left_about_as_it_is(
    world: tuple[pd.DataFrame, np.ndarray], prices_alone: BlendRecipe
) -> None:
    told = calibrated(priced_at(*world), prices_alone)
    assert told["fitted"] == pytest.approx(1, abs=0.08)
    assert told["tempered_log_loss"] == pytest.approx(told["log_loss"], abs=0.001)


def test_trees_that_learned_by_heart_are_cooled(features: pd.DataFrame) -> None:
    by_heart = {"max_depth": 6, "learning_rate": 1.0, "min_child_weight": 0.1}
    greedy = recipe(features, share=0.0, settings=by_heart, rounds=5)
    told = calibrated(trainable(features, 9), greedy)
    assert told["temperature"] > 1.3
    assert told["tempered_log_loss"] < told["log_loss"] - 0.02


@pytest.mark.parametrize("changed", [None, FOLDS - 1, FOLDS - 2])
def test_each_fold_is_judged_with_the_temperature_of_the_folds_before(
    world: tuple[pd.DataFrame, np.ndarray], prices_alone: BlendRecipe, changed: int | None
) -> None:
    rows = priced_at(*world, temperature=0.7)
    splits = expanding_folds(rows, FOLDS)
    before = [rows.iloc[split.test] for split in splits]
    if changed is not None:
        rows = turned(rows, splits[changed].test)
    told = calibration(rows, splits, prices_alone, seed=1)
    parts = [rows.iloc[split.test] for split in splits]
    p = [part[list(CLOSING)].to_numpy() for part in parts]
    losses = []
    for fold in range(1, FOLDS):
        # Where the changed fold is no earlier one, these are the results as they were.
        known = parts if changed is not None and changed < fold else before
        temperature = best_temperature(
            np.vstack(p[:fold]), np.concatenate([targets(part) for part in known[:fold]])
        )
        losses.append(metrics.log_loss(tempered(p[fold], temperature), targets(parts[fold])))
    assert told["tempered_log_loss"] == pytest.approx(np.concatenate(losses).mean(), abs=2e-6)
    plain = np.concatenate([metrics.log_loss(p[f], targets(parts[f])) for f in range(1, FOLDS)])
    assert told["log_loss"] == pytest.approx(plain.mean(), abs=2e-6)
    assert told["matches"] == len(plain)
    every = best_temperature(np.vstack(p), np.concatenate([targets(part) for part in parts]))
    assert told["fitted"] == pytest.approx(every, abs=1e-4)


def test_a_temperature_that_does_not_help_on_later_folds_is_not_used(
    world: tuple[pd.DataFrame, np.ndarray], prices_alone: BlendRecipe
) -> None:
    results, p = world
    splits = expanding_folds(results, 2)
    # Too sure in the first fold, not sure enough in the second.
    rows = priced_at(results, p, 0.6)
    calm = priced_at(results, p, 1.6)
    second = np.isin(np.arange(len(rows)), splits[1].test)
    rows = rows.assign(**{name: rows[name].mask(second, calm[name]) for name in CLOSING})
    told = calibration(rows, splits, prices_alone, seed=1)
    assert told["tempered_log_loss"] > told["log_loss"]
    assert told["temperature"] == 1.0
    assert told["fitted"] != 1.0


def test_the_temperature_of_the_recipe_is_left_aside(
    world: tuple[pd.DataFrame, np.ndarray], features: pd.DataFrame, prices_alone: BlendRecipe
) -> None:
    rows = priced_at(*world, temperature=0.8)
    hot = recipe(features, columns=("difference_elo",), market="closing", rounds=0, temperature=1.7)
    told = calibrated(rows, prices_alone)
    assert calibrated(rows, hot) == told
    assert json.loads(json_bytes(told)) == told
