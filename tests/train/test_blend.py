import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pitchline.params import Blend
from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.families.blend import BlendRecipe, choose_share
from pitchline.train.model import Forecaster
from pitchline.train.split import expanding_folds, split_at, trainable
from tests.train.recipes import recipe
from tests.train.simulated import drawn, priced_at, turned

RANGES = Blend(c=[0.01, 0.0003], share=[1.0, 0.0, 0.4])


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 9)


@pytest.fixture(scope="module")
def small(features: pd.DataFrame) -> BlendRecipe:
    return recipe(features, c=1.0, share=0.9, temperature=1.5)


@pytest.fixture(scope="module")
def chosen(rows: pd.DataFrame, small: BlendRecipe) -> dict[str, Any]:
    return choose_share(rows, expanding_folds(rows, 2), small, RANGES, seed=1)


def test_the_choice_equals_trying_every_model(
    rows: pd.DataFrame, small: BlendRecipe, chosen: dict[str, Any]
) -> None:
    found = {(each["c"], each["share"]): each["log_loss"] for each in chosen["tried"]}
    assert set(found) == set(itertools.product(RANGES.c, RANGES.share))
    for (c, share), told in found.items():
        model = replace(small, c=c, share=share, temperature=1.0)
        losses = []
        for split in expanding_folds(rows, 2):
            tested = rows.iloc[split.test]
            p = Forecaster.fit(rows.iloc[split.train], model, seed=1).probabilities(tested)
            losses.append(metrics.log_loss(p, targets(tested)))
        assert told == pytest.approx(np.concatenate(losses).mean(), abs=4e-6)
    best = min(found, key=lambda key: found[key])
    assert (chosen["c"], chosen["share"]) == best
    assert chosen["log_loss"] == found[best]


def test_the_parts_of_the_recipe_that_are_chosen_are_left_aside(
    rows: pd.DataFrame, small: BlendRecipe, chosen: dict[str, Any]
) -> None:
    other = replace(small, c=0.1, share=0.0, temperature=1.0)
    assert choose_share(rows, expanding_folds(rows, 2), other, RANGES, seed=1) == chosen


def test_of_equals_the_strongest_penalty_and_the_smallest_share_are_taken(
    rows: pd.DataFrame, small: BlendRecipe
) -> None:
    splits = expanding_folds(rows, 2)[1:]
    trees_alone = Blend(c=[0.01, 0.0003, 0.001], share=[0.0])
    assert choose_share(rows, splits, small, trees_alone, seed=1)["c"] == 0.0003
    everywhere = priced_at(*drawn(rows, seed=3))
    market = replace(small, market="closing", rounds=1)
    found = choose_share(everywhere, splits, market, RANGES, seed=1)
    assert (found["c"], found["share"]) == (0.0003, 0.0)
    assert len({each["log_loss"] for each in found["tried"]}) == 1


def test_only_matches_without_a_price_tell_of_the_share(
    rows: pd.DataFrame, small: BlendRecipe
) -> None:
    priced = priced_at(*drawn(rows, seed=3))
    split = expanding_folds(rows, 2)[1]
    dark = split.test[::2]
    some = priced.copy()
    some.loc[dark, "closing_draw"] = np.nan
    market = replace(small, market="closing")
    found = choose_share(some, [split], market, RANGES, seed=1)
    for each in found["tried"]:
        model = replace(market, c=each["c"], share=each["share"], temperature=1.0)
        p = Forecaster.fit(some.iloc[split.train], model, seed=1).probabilities(
            some.iloc[split.test]
        )
        loss = metrics.log_loss(p, targets(some.iloc[split.test])).mean()
        assert each["log_loss"] == pytest.approx(loss, abs=4e-6)
    assert len({each["log_loss"] for each in found["tried"] if each["share"] == 1.0}) > 1


def test_results_outside_the_folds_are_not_looked_at(
    rows: pd.DataFrame, small: BlendRecipe
) -> None:
    days = rows["kick_off"].dt.floor("D")
    split = split_at(rows, days.iloc[500], days.iloc[700])
    ranges = Blend(c=[0.001], share=[0.0, 0.5])
    before = choose_share(rows, [split], small, ranges, seed=1)
    used = np.concatenate([split.train, split.test])
    outside = np.setdiff1d(np.arange(len(rows)), used)
    assert len(outside) > 300
    assert choose_share(turned(rows, outside), [split], small, ranges, seed=1) == before
    assert choose_share(turned(rows, split.test), [split], small, ranges, seed=1) != before
