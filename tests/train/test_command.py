import hashlib
import shutil
from pathlib import Path

import pandas as pd
import pytest

from pitchline import layout
from pitchline.errors import ArtifactError, ParamsError, PitchlineError
from pitchline.features.schema import columns_of
from pitchline.files import read_parquet, write_parquet
from pitchline.ingest.tables import validated
from pitchline.params import PARAMS_FILE, Params, load
from pitchline.train.calibrate import calibration
from pitchline.train.families.blend import BlendRecipe, choose_share
from pitchline.train.goals import GoalModel, load_goals
from pitchline.train.model import CARD_FILE, MODEL_FILE, Forecaster
from pitchline.train.recipe import recipe_of
from pitchline.train.schema import Forecasts
from pitchline.train.split import expanding_folds, split_at, trainable
from tests.train.project import content_of, edit_params, make_candidate, pitchline, shell

WINDOW_START = pd.Timestamp("2026-01-08T00:00:00Z")


def hashes() -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in layout.CANDIDATE.iterdir()
    }


def columns_read(features: pd.DataFrame, params: Params) -> list[str]:
    return columns_of(features, params.train.groups.chosen())


def features_of_project() -> pd.DataFrame:
    return read_parquet(layout.FEATURES, made_by="")


def test_a_candidate_is_made_of_all_its_files(project: Path) -> None:
    assert sorted(hashes()) == [
        "by_confidence.csv",
        "card.json",
        "card.md",
        "forecasts.parquet",
        "importances.csv",
        "importances.svg",
        "log_loss_by_month.csv",
        "log_loss_by_month.svg",
        "metrics.json",
        "model.json",
        "model.ubj",
        "reliability.csv",
        "reliability.svg",
        "sharpness.svg",
        "study.json",
        "training_data.json",
    ]


def test_the_same_inputs_give_the_same_bytes_again(project: Path) -> None:
    before = hashes()
    shutil.rmtree(layout.CANDIDATE)
    shutil.rmtree(layout.SEARCHES)
    make_candidate()
    assert hashes() == before


def test_the_number_of_threads_does_not_change_the_study(project: Path) -> None:
    before = layout.STUDY.read_bytes()
    layout.STUDY.unlink()
    shutil.rmtree(layout.SEARCHES)
    pitchline("train", "tune", "--threads", "2")
    assert layout.STUDY.read_bytes() == before


def test_a_process_with_another_number_of_threads_fits_the_same_bytes(project: Path) -> None:
    before = hashes()
    for name in (MODEL_FILE, CARD_FILE):
        (layout.CANDIDATE / name).unlink()
    done = shell("train", "fit", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    assert done.returncode == 0, done.stderr
    assert hashes() == before


def test_the_seed_of_the_parameters_decides_the_fit_and_the_evaluation(project: Path) -> None:
    before = hashes()
    edit_params({"seed": 7})
    for verb in ("fit", "evaluate"):
        pitchline("train", verb)
    after = hashes()
    for name in (MODEL_FILE, CARD_FILE, layout.FORECASTS.name, layout.METRICS.name):
        assert after[name] != before[name]


def test_tuning_never_sees_the_test_window(project: Path) -> None:
    before = layout.STUDY.read_bytes()
    told = content_of(layout.STUDY)
    assert {"family", "families", "best", "trials", "logit", "calibration"} == told.keys()
    features = features_of_project()
    late = features["kick_off"] >= WINDOW_START
    other = features["result"].map({"H": "A", "D": "H", "A": "D"})
    changed = features.assign(
        result=features["result"].mask(late, other),
        home_goals=features["home_goals"].mask(late, features["away_goals"] + 1),
        difference_elo=features["difference_elo"].mask(late, 0.0),
        difference_goals=features["difference_goals"].mask(late, 0.0),
    )
    assert (changed["result"] != features["result"])[late & features["result"].notna()].all()
    write_parquet(layout.FEATURES, changed)
    pitchline("train", "tune")
    assert layout.STUDY.read_bytes() == before


def test_tuning_learns_from_the_matches_before_the_test_window(project: Path) -> None:
    before = layout.STUDY.read_bytes()
    features = features_of_project()
    early = features["kick_off"] < WINDOW_START - pd.Timedelta(days=200)
    other = features["result"].map({"H": "A", "D": "H", "A": "D"})
    changed = features.assign(result=features["result"].mask(early, other))
    write_parquet(layout.FEATURES, changed)
    pitchline("train", "tune")
    assert layout.STUDY.read_bytes() != before


def test_the_candidate_is_fitted_on_all_results_and_tested_on_the_window(project: Path) -> None:
    features = features_of_project()
    known = features[features["result"].notna()]
    card, metrics = content_of(layout.CANDIDATE / CARD_FILE), content_of(layout.METRICS)
    assert card["trained_on"]["matches"] == len(known)
    assert pd.Timestamp(card["trained_on"]["last_kick_off"]) == known["kick_off"].max()
    assert card["as_of"] == "2026-05-08T00:00:00Z"
    assert metrics["matches"] == (known["kick_off"] >= WINDOW_START).sum()
    forecasts = read_parquet(layout.FORECASTS, made_by="")
    validated(Forecasts, forecasts, layout.FORECASTS)
    assert len(forecasts) == metrics["matches"]


def test_the_card_states_what_the_model_was_made_with(project: Path) -> None:
    card, best = content_of(layout.CANDIDATE / CARD_FILE), content_of(layout.STUDY)["best"]
    params = load(PARAMS_FILE)
    assert card["hyperparameters"] == best["params"]
    assert (card["rounds"], card["seed"]) == (best["rounds"], params.seed)
    assert card["params"]["train"] == params.train.model_dump(exclude={"workers"})
    digest = hashlib.sha256(layout.FEATURES.read_bytes()).hexdigest()
    assert card["trained_on"]["features_sha256"] == digest
    forecaster = Forecaster.load(layout.CANDIDATE)
    assert forecaster.model.booster is not None
    assert forecaster.model.booster.num_boosted_rounds() == best["rounds"]
    study = content_of(layout.STUDY)
    features = features_of_project()
    assert forecaster.recipe == recipe_of(columns_read(features, params), params.train, study)
    assert load_goals(layout.CANDIDATE) == GoalModel.fit(trainable(features, 0))


def test_the_card_holds_golden_predictions_of_rows_the_model_learned_from(project: Path) -> None:
    card, rows = content_of(layout.CANDIDATE / CARD_FILE), features_of_project()
    forecaster = Forecaster.load(layout.CANDIDATE)
    asked = pd.DataFrame(card["golden"]["rows"], columns=card["reads"])
    found = forecaster.probabilities(asked.assign(result=None))
    assert found.tolist() == card["golden"]["probabilities"]
    known = rows[rows["result"].notna()][card["reads"]].astype("float64")
    assert len(asked.astype("float64").merge(known, how="inner")) >= len(asked)


def test_the_newest_fetch_stands_in_for_as_of(project: Path) -> None:
    edit_params({"as_of": None})
    text = layout.QUALITY.read_text(encoding="utf-8")
    layout.QUALITY.write_text(text.replace("2026-11-24T00:00:00Z", "2026-05-08T06:00:00Z"))
    pitchline("train", "fit")
    assert content_of(layout.CANDIDATE / CARD_FILE)["as_of"] == "2026-05-08T06:00:00Z"


@pytest.mark.parametrize("verb", ["tune", "fit", "evaluate"])
def test_missing_features_are_named_with_what_makes_them(project: Path, verb: str) -> None:
    layout.FEATURES.unlink()
    with pytest.raises(ArtifactError, match=f"{layout.FEATURES}: missing.*snakemake.*features"):
        pitchline("train", verb)


@pytest.mark.parametrize("verb", ["fit", "evaluate"])
def test_a_missing_study_is_named_with_what_makes_it(project: Path, verb: str) -> None:
    layout.STUDY.unlink()
    with pytest.raises(ArtifactError, match=f"{layout.STUDY}: missing.*snakemake.*train"):
        pitchline("train", verb)


def test_damaged_features_are_named(project: Path) -> None:
    content = layout.FEATURES.read_bytes()
    layout.FEATURES.write_bytes(content[: len(content) // 2])
    with pytest.raises(ArtifactError, match=f"{layout.FEATURES}: not a readable Parquet file"):
        pitchline("train", "fit")


@pytest.mark.parametrize("verb", ["tune", "fit", "evaluate"])
def test_too_many_warm_up_seasons_are_refused(project: Path, verb: str) -> None:
    edit_params({"train": {"warm_up_seasons": 3}})
    with pytest.raises(PitchlineError, match="warm_up_seasons = 3; collect more seasons"):
        pitchline("train", verb)


def test_more_folds_than_match_days_are_refused(project: Path) -> None:
    edit_params({"train": {"test_days": 995, "folds": 20}})
    with pytest.raises(PitchlineError, match=r"can't be cut into 20 folds.*lower train\.folds"):
        pitchline("train", "tune")


def test_a_test_window_that_leaves_nothing_to_tune_on_is_refused(project: Path) -> None:
    edit_params({"train": {"test_days": 1500}})
    with pytest.raises(PitchlineError, match="0 matches"):
        pitchline("train", "tune")


def test_a_test_window_without_a_match_is_refused(project: Path) -> None:
    edit_params({"as_of": "2026-08-01T00:00:00Z", "train": {"test_days": 30}})
    with pytest.raises(PitchlineError, match="no match with a result from 2026-07-02"):
        pitchline("train", "evaluate")


def test_a_failed_evaluation_leaves_the_candidate_as_it_was(project: Path) -> None:
    before = hashes()
    edit_params({"as_of": "2026-08-01T00:00:00Z", "train": {"test_days": 30}})
    with pytest.raises(PitchlineError):
        pitchline("train", "evaluate")
    assert hashes() == before


def test_the_study_holds_what_its_parts_find(project: Path) -> None:
    params, study = load(PARAMS_FILE), content_of(layout.STUDY)
    features = features_of_project()
    rows = trainable(features, 0)
    rows = rows.iloc[split_at(rows, WINDOW_START).train].reset_index(drop=True)
    splits = expanding_folds(rows, params.train.folds)
    recipe = recipe_of(columns_read(features, params), params.train, study)
    assert isinstance(recipe, BlendRecipe)
    assert study["logit"] == choose_share(rows, splits, recipe, params.train.logit, params.seed)
    assert study["calibration"] == calibration(rows, splits, recipe, params.seed)
    assert study["logit"]["c"] in params.train.logit.c
    assert study["logit"]["share"] in params.train.logit.share


def test_the_summary_of_auto_tells_every_familys_loss(project: Path) -> None:
    edit_params({"train": {"family": "auto", "families": ["xgboost", "logit"]}})
    shown = pitchline("train", "tune").stderr
    study = content_of(layout.STUDY)
    assert [each["family"] for each in study["families"]] == ["logit", "xgboost"]
    assert f"family {study['family']}, the lowest log loss on the folds:" in shown
    for each in study["families"]:
        assert f"{each['family']} {each['log_loss']:.4f}" in shown
    pitchline("train", "fit")
    assert content_of(layout.CANDIDATE / CARD_FILE)["family"] == study["family"]


def test_prices_without_trees_are_refused_before_anything_is_read(project: Path) -> None:
    edit_params({"train": {"family": "dixon_coles", "market": "closing"}})
    with pytest.raises(ParamsError, match="dixon_coles in `family` would not see them"):
        pitchline("train", "tune")


def test_a_group_that_is_off_is_not_read(project: Path) -> None:
    groups = dict.fromkeys(load(PARAMS_FILE).train.groups.model_dump(), False)
    edit_params({"train": {"groups": groups | {"elo": True, "rest": True}}})
    for verb in ("fit", "evaluate"):
        pitchline("train", verb)
    columns = Forecaster.load(layout.CANDIDATE).columns
    assert columns == tuple(columns_of(features_of_project(), ["elo", "rest"]))
    leans_on = pd.read_csv(layout.IMPORTANCES)
    assert set(leans_on["group"]) == {"elo", "rest"}


def test_what_the_model_leans_on_is_written_for_every_feature(project: Path) -> None:
    table = pd.read_csv(layout.IMPORTANCES)
    trees = table[table["part"] == "trees"]
    assert sorted(trees["name"]) == sorted(Forecaster.load(layout.CANDIDATE).columns)
    assert (table["importance"] >= 0).all()
