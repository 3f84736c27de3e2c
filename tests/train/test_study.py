"""Which family is chosen, and that what is told of the choice is so."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pitchline.files import json_bytes
from pitchline.goals.dixon_coles import DixonColes
from pitchline.ingest.tables import RESULTS
from pitchline.params import Params, Train
from pitchline.train import metrics
from pitchline.train.baselines import Logit, targets
from pitchline.train.calibrate import calibration
from pitchline.train.contrasts import contrasts, ratings_of
from pitchline.train.families.protocol import Folds
from pitchline.train.families.registry import FAMILIES
from pitchline.train.families.stacked import StackedRecipe, best_weights
from pitchline.train.model import Forecaster
from pitchline.train.probabilities import tempered
from pitchline.train.recipe import recipe_of
from pitchline.train.split import expanding_folds, trainable
from pitchline.train.study import study_of, summary
from pitchline.train.tuning import search as tuning
from tests.train.recipes import columns_read

SMALL: dict[str, Any] = {
    "folds": 3,
    "trials_at_once": 2,
    "max_rounds": 10,
    "early_stopping_rounds": 4,
}
TRIALS = 2


@pytest.fixture(scope="module")
def settings(params: Params) -> Train:
    """The committed settings, for a small search."""
    ranges = params.train.dixon_coles.model_copy(
        update={"half_life_days": [365.0, 3000.0], "penalty": [1.0, 6.0]}
    )
    return params.train.model_copy(update=SMALL | {"dixon_coles": ranges})


def studied(
    rows: pd.DataFrame, settings: Train, family: str, *families: str, threads: int = 1
) -> dict[str, Any]:
    chosen = settings.model_copy(update={"family": family, "families": list(families)})
    splits = expanding_folds(rows, settings.folds)
    columns = tuple(columns_read(rows))
    return study_of(Folds(rows, columns, splits, chosen, TRIALS, 1, threads, lambda *_: None))


def goals_of(result: np.ndarray) -> dict[str, np.ndarray]:
    """Goals that give the results."""
    return {"home_goals": (result == "H") + 0, "away_goals": (result == "A") + 0}


def in_a_logits_world(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The rows with results drawn from a logit on the ratings, surer than football is."""
    table = contrasts(rows, columns_read(rows))
    p = tempered(Logit.fit(table, ratings_of(table)).probabilities(table), 0.5)
    chance = np.random.default_rng(seed).random(len(rows))
    result = np.array(RESULTS)[(chance[:, None] > p.cumsum(axis=1)[:, :2]).sum(axis=1)]
    return rows.assign(result=result, **goals_of(result))


def in_a_dixon_coles_world(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The rows with scores drawn from strengths that nothing in the features tells of."""
    random = np.random.default_rng(seed)
    teams = tuple(sorted({*rows["home_team"], *rows["away_team"]}))
    truth = DixonColes(teams, *random.normal(0, 0.4, (2, len(teams))), 0.25, 0.1, -0.05)
    grid = truth.grid(rows["home_team"].tolist(), rows["away_team"].tolist())
    cells = grid.reshape(len(rows), -1).cumsum(axis=1)
    score = (random.random(len(rows))[:, None] > cells[:, :-1]).sum(axis=1)
    home, away = score // grid.shape[2], score % grid.shape[2]
    result = np.where(home > away, "H", np.where(home == away, "D", "A"))
    return rows.assign(result=result, home_goals=home, away_goals=away)


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 7)


@pytest.fixture(scope="module")
def every(rows: pd.DataFrame, settings: Train) -> dict[str, Any]:
    """A study of all families on real matches."""
    return studied(rows, settings, "auto", *FAMILIES)


def losses(study: dict[str, Any]) -> dict[str, float]:
    return {each["family"]: each["log_loss"] for each in study["families"]}


def test_auto_finds_the_logit_in_a_logits_world(rows: pd.DataFrame, settings: Train) -> None:
    search = settings.search.model_copy(update={"start": ["nothing"]})
    world = in_a_logits_world(rows, seed=5)
    plain = settings.model_copy(update={"search": search})
    study = studied(world, plain, "auto", "xgboost", "dixon_coles", "logit")
    assert study["family"] == "logit"
    assert losses(study)["logit"] < losses(study)["dixon_coles"] - 0.02
    assert losses(study)["logit"] < losses(study)["xgboost"] - 0.005


def test_auto_finds_dixon_coles_in_its_world(rows: pd.DataFrame, settings: Train) -> None:
    world = in_a_dixon_coles_world(rows, seed=5)
    study = studied(world, settings, "auto", "blend", "xgboost", "dixon_coles", "logit")
    assert study["family"] == "dixon_coles"
    assert all(
        losses(study)["dixon_coles"] < loss - 0.02
        for name, loss in losses(study).items()
        if name != "dixon_coles"
    )
    # Strengths that never change ask for the longest memory.
    assert study["best"]["params"]["half_life_days"] == 3000.0
    weights = studied(world, settings, "stacked", "stacked")["weights"]
    assert weights["dixon_coles"] > 0.9


def test_the_lowest_loss_is_taken_and_all_are_told(every: dict[str, Any]) -> None:
    told = losses(every)
    assert list(told) == list(FAMILIES)
    assert told[every["family"]] == min(told.values())
    shown = summary(every)[0]
    assert f"family {every['family']}," in shown
    assert all(f"{name} {loss:.4f}" in shown for name, loss in told.items())


def test_each_family_is_tuned_among_others_as_alone(
    rows: pd.DataFrame, settings: Train, every: dict[str, Any]
) -> None:
    for name in FAMILIES:
        alone = studied(rows, settings, name, "logit")
        assert alone["family"] == name
        assert losses(alone) == {name: losses(every)[name]}
        assert len(summary(alone)) >= 2
        if name == every["family"]:
            assert {**alone, "families": every["families"]} == every


def test_a_tie_goes_to_the_simpler_family(rows: pd.DataFrame, settings: Train) -> None:
    trees_alone = settings.logit.model_copy(update={"share": [0.0]})
    alike = settings.model_copy(update={"logit": trees_alone})
    study = studied(rows, alike, "auto", "blend", "xgboost")
    assert losses(study)["blend"] == losses(study)["xgboost"]
    assert study["family"] == "xgboost"


def test_the_number_of_threads_does_not_change_a_byte(
    rows: pd.DataFrame, settings: Train, every: dict[str, Any]
) -> None:
    assert json_bytes(studied(rows, settings, "auto", *FAMILIES, threads=2)) == json_bytes(every)


@pytest.mark.parametrize("family", ["logit", "dixon_coles"])
def test_no_trees_are_searched_where_none_are_needed(
    rows: pd.DataFrame, settings: Train, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("trees were searched")

    monkeypatch.setattr(tuning, "search", never)
    assert studied(rows, settings, family, "xgboost")["family"] == family


def test_trees_are_searched_once_for_all_families(
    rows: pd.DataFrame, settings: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = []
    search = tuning.search

    def counted(*args: Any, **named: Any) -> Any:
        searched.append(1)
        return search(*args, **named)

    monkeypatch.setattr(tuning, "search", counted)
    studied(rows, settings, "auto", *FAMILIES)
    assert len(searched) == 1


@pytest.mark.parametrize("family", list(FAMILIES))
def test_every_study_has_the_form_that_others_read(
    rows: pd.DataFrame, settings: Train, family: str
) -> None:
    study = studied(rows, settings, family, family)
    keys = {"number", "state", "params", "folds", "rounds", "log_loss"}
    for trial in study["trials"]:
        assert trial.keys() == keys
        assert len(trial["folds"]) == settings.folds or trial["state"] == "pruned"
    assert study["best"] in study["trials"]
    complete = [t["log_loss"] for t in study["trials"] if t["state"] == "complete"]
    assert study["best"]["log_loss"] == min(complete)
    recipe = recipe_of(columns_read(rows), settings, study)
    assert recipe.family == family
    assert recipe.temperature == study["calibration"]["temperature"]
    Forecaster.fit(rows, recipe, seed=1)


@pytest.mark.parametrize("family", ["logit", "dixon_coles", "xgboost"])
def test_the_loss_of_a_family_is_that_of_its_forecasts_after_the_first_fold(
    rows: pd.DataFrame, settings: Train, family: str
) -> None:
    study = studied(rows, settings, family, family)
    recipe = recipe_of(columns_read(rows), settings, study)
    splits = expanding_folds(rows, settings.folds)
    assert study["calibration"] == calibration(rows, splits, recipe, seed=1)
    found = []
    for split in splits[1:]:
        p = recipe.out_of_fold(rows, split, seed=1)
        found.append(metrics.log_loss(p, targets(rows.iloc[split.test])))
    assert study["calibration"]["log_loss"] == pytest.approx(np.concatenate(found).mean(), abs=2e-6)


def test_a_stack_is_judged_with_the_weights_of_the_folds_before(
    rows: pd.DataFrame, settings: Train
) -> None:
    study = studied(rows, settings, "stacked", "stacked")
    recipe = recipe_of(columns_read(rows), settings, study)
    assert isinstance(recipe, StackedRecipe)
    splits = expanding_folds(rows, settings.folds)
    parts = (recipe.trees, recipe.logit, recipe.dixon_coles)
    p = [[part.out_of_fold(rows, split, seed=1) for part in parts] for split in splits]
    outcomes = [targets(rows.iloc[split.test]) for split in splits]
    chances = [
        np.column_stack([each[np.arange(len(y)), y] for each in fold])
        for fold, y in zip(p, outcomes, strict=True)
    ]
    assert tuple(study["weights"].values()) == best_weights(np.vstack(chances))
    found = []
    for fold in range(1, len(splits)):
        weights = np.array(best_weights(np.vstack(chances[:fold])))
        found.append(-np.log(chances[fold] @ weights))
    assert study["calibration"]["log_loss"] == pytest.approx(np.concatenate(found).mean(), abs=2e-6)
    assert study["calibration"]["matches"] == sum(len(each) for each in found)


def test_results_after_the_folds_are_not_looked_at(
    rows: pd.DataFrame, settings: Train, every: dict[str, Any]
) -> None:
    more = pd.concat([rows, rows.tail(200).assign(result="D", home_goals=9, away_goals=9)])
    more = more.reset_index(drop=True)
    auto = settings.model_copy(update={"family": "auto", "families": list(FAMILIES)})
    splits = expanding_folds(rows, settings.folds)
    columns = tuple(columns_read(rows))
    found = study_of(Folds(more, columns, splits, auto, TRIALS, 1, 1, lambda *_: None))
    assert found == every


def test_what_is_looked_for_twice_is_looked_for_once(rows: pd.DataFrame, settings: Train) -> None:
    folds = Folds(rows, (), [], settings, 1, 1, 1, lambda *_: None)
    looked = []

    def look() -> dict[str, Any]:
        looked.append(1)
        return {"found": len(looked)}

    assert folds.once("one", look) == folds.once("one", look) == {"found": 1}
    assert folds.once("another", look) == {"found": 2}
    assert replace(folds, _found={}).once("one", look) == {"found": 3}
