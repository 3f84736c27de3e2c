from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pitchline.features.schema import GROUPS, columns_of
from pitchline.train.baselines import targets
from pitchline.train.contrasts import contrasts, ratings_of
from pitchline.train.families.blend import BlendModel, BlendRecipe
from pitchline.train.importance import group_of, importances
from pitchline.train.model import Forecaster
from pitchline.train.split import trainable
from tests.train.recipes import READ, recipe

PLANTED = "head_to_head_surplus"
PARTS = ("trees", "start", "logit")


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 9)


@pytest.fixture(scope="module")
def small(features: pd.DataFrame) -> BlendRecipe:
    return recipe(features)


@pytest.fixture(scope="module")
def fitted(rows: pd.DataFrame, small: BlendRecipe) -> Forecaster:
    return Forecaster.fit(rows, small, seed=1)


@pytest.fixture(scope="module")
def table(rows: pd.DataFrame, fitted: Forecaster) -> pd.DataFrame:
    return importances(fitted, rows)


def names(table: pd.DataFrame, part: str) -> list[str]:
    return table.loc[table["part"] == part, "name"].tolist()


def test_every_feature_and_every_contrast_is_there_once(
    rows: pd.DataFrame, small: BlendRecipe, table: pd.DataFrame
) -> None:
    assert sorted(names(table, "trees")) == sorted(small.columns)
    read = contrasts(rows, small.columns).columns.drop("result")
    assert sorted(names(table, "logit")) == sorted(read)
    assert sorted(names(table, "start")) == sorted(ratings_of(contrasts(rows, small.columns)))
    assert len(table) == len(small.columns) + len(read) + 2


def test_groups_are_those_of_the_parameters(rows: pd.DataFrame, table: pd.DataFrame) -> None:
    assert set(table["group"]) == set(READ)
    for group in READ:
        found = table[(table["part"] == "trees") & (table["group"] == group)]
        assert sorted(found["name"]) == sorted(columns_of(rows, [group]))


def test_the_greatest_come_first_in_each_part(table: pd.DataFrame) -> None:
    assert table["part"].tolist() == sorted(table["part"], reverse=True)
    for part in PARTS:
        values = table.loc[table["part"] == part, "importance"]
        assert values.is_monotonic_decreasing
        assert (values >= 0).all()
        assert values.iloc[0] > 0


def test_what_tells_the_result_comes_first_in_both_parts(
    rows: pd.DataFrame, small: BlendRecipe
) -> None:
    noise = np.random.default_rng(2).normal(0, 0.3, len(rows))
    planted = rows.assign(**{PLANTED: 1.0 - targets(rows) + noise})
    model = Forecaster.fit(planted, replace(small, c=1.0), seed=1)
    found = importances(model, planted)
    for part in ("trees", "logit"):
        assert names(found, part)[0] == PLANTED
        first, second = found.loc[found["part"] == part, "importance"].iloc[:2]
        assert first > 2 * second


def test_what_never_varies_has_no_importance(rows: pd.DataFrame, small: BlendRecipe) -> None:
    flat = rows.assign(**{PLANTED: 0.25})
    found = importances(Forecaster.fit(flat, small, seed=1), flat)
    assert (found.loc[found["name"] == PLANTED, "importance"] == 0).all()


@pytest.mark.parametrize(
    ("part", "told_of"),
    [
        ("start", ("difference_goals", "total_goals")),
        ("logit", ("difference_goals", "total_goals", "difference_rest_days")),
    ],
)
def test_the_importance_of_a_contrast_is_the_move_of_the_logits_log_odds(
    rows: pd.DataFrame, fitted: Forecaster, table: pd.DataFrame, part: str, told_of: tuple[str, ...]
) -> None:
    read = contrasts(rows, fitted.recipe.columns)
    model = fitted.model
    assert isinstance(model, BlendModel)
    logit = model.logit if part == "logit" else model.trees.beginning.logit
    for name in told_of:
        number = logit.columns.index(name)
        mean = read.assign(**{name: logit.centres[number]})
        # Log probabilities less their mean over the results: the softmax's own constant is gone.
        scores = [
            logs - logs.mean(axis=1, keepdims=True)
            for logs in (logit.log_probabilities(read), logit.log_probabilities(mean))
        ]
        expected = np.abs(scores[0] - scores[1]).mean()
        told = table[(table["part"] == part) & (table["name"] == name)]["importance"].iloc[0]
        assert told == pytest.approx(expected, abs=2e-6)


def test_trees_that_start_from_nothing_have_no_start(
    rows: pd.DataFrame, small: BlendRecipe
) -> None:
    found = importances(Forecaster.fit(rows, replace(small, start="nothing"), seed=1), rows)
    assert set(found["part"]) == {"trees", "logit"}


def test_without_trees_only_the_logit_leans_on_anything(
    rows: pd.DataFrame, small: BlendRecipe
) -> None:
    found = importances(Forecaster.fit(rows, replace(small, rounds=0), seed=1), rows)
    assert (found.loc[found["part"] == "trees", "importance"] == 0).all()
    assert (found.loc[found["part"] == "logit", "importance"] > 0).any()


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("home_elo", "elo"),
        ("difference_pi", "pi"),
        ("total_goals", "strengths"),
        ("difference_shots_on_target", "strengths"),
        ("difference_surplus_20", "form"),
        ("difference_rest_days", "rest"),
        ("difference_matches_in_14_days", "rest"),
        ("difference_matches_played", "season"),
        ("league_draws", "league"),
        ("head_to_head_surplus", "head_to_head"),
        ("difference_lineup_regulars", "lineups"),
        ("closing_draw", "closing"),
    ],
)
def test_a_name_belongs_to_its_group(name: str, group: str) -> None:
    assert group in GROUPS
    assert group_of(name) == group


@pytest.mark.parametrize("name", ["result", "home_team", "difference_", "total_elo", ""])
def test_a_name_of_no_group_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="belongs to no group of features"):
        group_of(name)
