"""What holds for a model of every family."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from pitchline.errors import ArtifactError
from pitchline.files import read_json, write_json
from pitchline.params import FamilyName
from pitchline.train.baselines import base_rates, targets
from pitchline.train.families.registry import FAMILIES
from pitchline.train.importance import importances
from pitchline.train.metrics import log_loss
from pitchline.train.model import CARD_FILE, MODEL_FILE, Forecaster
from pitchline.train.split import expanding_folds, trainable
from tests.train.recipes import any_recipe


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 9)


@pytest.fixture(scope="module", params=list(FAMILIES))
def fitted(request: pytest.FixtureRequest, rows: pd.DataFrame) -> Forecaster:
    return Forecaster.fit(rows, any_recipe(request.param, rows), seed=1)


@pytest.fixture
def saved(fitted: Forecaster, tmp_path: Path) -> Path:
    fitted.save(tmp_path, {"model": "a test"})
    return tmp_path


def turned_from(rows: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """The rows, all that is known from a moment on another: results and goals."""
    late = rows["known_at"] > moment
    return rows.assign(
        result=rows["result"].mask(late, rows["result"].map({"H": "A", "D": "H", "A": "D"})),
        home_goals=rows["home_goals"].mask(late, rows["away_goals"] + 2),
        away_goals=rows["away_goals"].mask(late, rows["home_goals"]),
    )


def test_the_names_are_those_of_the_parameters() -> None:
    assert sorted(FAMILIES) == sorted(get_args(FamilyName))
    assert all(family.TITLE for family in FAMILIES.values())


def test_probabilities_lie_between_0_and_1_and_sum_to_1(
    features: pd.DataFrame, fitted: Forecaster
) -> None:
    p = fitted.probabilities(features)
    assert p.shape == (len(features), 3)
    assert ((p > 0) & (p < 1)).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=1e-9)
    assert (p == p.round(6)).all()
    assert fitted.probabilities(features.head(0)).shape == (0, 3)


def test_a_match_gets_the_same_forecast_alone_and_among_others(
    rows: pd.DataFrame, fitted: Forecaster
) -> None:
    together = fitted.probabilities(rows)
    chosen = [0, 17, 501, len(rows) - 1]
    alone = np.vstack([fitted.probabilities(rows.iloc[[i]]) for i in chosen])
    assert (alone == together[chosen]).all()


def test_results_are_not_looked_at_in_forecasting(rows: pd.DataFrame, fitted: Forecaster) -> None:
    blank = rows.assign(result=None, home_goals=pd.NA, away_goals=pd.NA)
    assert (fitted.probabilities(blank) == fitted.probabilities(rows)).all()


def test_every_family_beats_the_base_rates_on_the_next_season(
    rows: pd.DataFrame, fitted: Forecaster
) -> None:
    train, test = rows[rows["season"] < "2025-26"], rows[rows["season"] == "2025-26"]
    p = Forecaster.fit(train, fitted.recipe, 1).probabilities(test)
    base = np.tile(base_rates(train), (len(test), 1))
    outcome = targets(test)
    assert log_loss(p, outcome).mean() < log_loss(base, outcome).mean() - 0.01


def test_a_fit_gives_the_same_bytes_again(
    rows: pd.DataFrame, fitted: Forecaster, saved: Path, tmp_path: Path
) -> None:
    Forecaster.fit(rows, fitted.recipe, seed=1).save(tmp_path / "again", {"model": "a test"})
    for name in (MODEL_FILE, CARD_FILE):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


@pytest.mark.parametrize("family", ["logit", "dixon_coles"])
def test_without_trees_the_order_of_the_rows_decides_nothing(
    rows: pd.DataFrame, family: str
) -> None:
    recipe = any_recipe(family, rows)
    one, other = (Forecaster.fit(table, recipe, seed=1) for table in (rows, rows.iloc[::-1]))
    np.testing.assert_allclose(other.probabilities(rows), one.probabilities(rows), atol=1e-5)


def test_a_saved_model_forecasts_the_same_and_saves_the_same_bytes(
    features: pd.DataFrame, fitted: Forecaster, saved: Path, tmp_path: Path
) -> None:
    loaded = Forecaster.load(saved)
    assert loaded.recipe == fitted.recipe
    assert loaded.columns == fitted.columns
    assert (loaded.probabilities(features) == fitted.probabilities(features)).all()
    loaded.save(tmp_path / "again", {"model": "a test"})
    for name in (MODEL_FILE, CARD_FILE):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


def test_the_card_tells_the_family_and_the_recipe(fitted: Forecaster, saved: Path) -> None:
    card = read_json(saved / CARD_FILE, made_by="")
    assert card["family"] == fitted.recipe.family
    assert card["recipe"] == json.loads(json.dumps(asdict(fitted.recipe)))
    assert sorted(path.name for path in saved.iterdir()) == [CARD_FILE, MODEL_FILE]


@pytest.mark.parametrize("name", [MODEL_FILE, CARD_FILE])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(ArtifactError, match=f"{saved / name}: missing.*snakemake"):
        Forecaster.load(saved)


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_truncated_or_altered_model_is_refused(saved: Path, place: int) -> None:
    path = saved / MODEL_FILE
    whole = path.read_bytes()
    altered = bytearray(whole)
    altered[place] ^= 1
    for content in (whole[:place], bytes(altered)):
        path.write_bytes(content)
        with pytest.raises(ArtifactError, match=rf"{path}: .*truncated, altered"):
            Forecaster.load(saved)


def figures(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the numbers within a JSON value stand."""
    if isinstance(value, dict):
        return [place for key, inner in value.items() for place in figures(inner, (*path, key))]
    if isinstance(value, list):
        return [place for i, inner in enumerate(value) for place in figures(inner, (*path, i))]
    return [path] if isinstance(value, float) else []


def test_an_altered_figure_of_the_card_is_refused(saved: Path) -> None:
    path = saved / CARD_FILE
    card = read_json(path, made_by="")
    fitted = {key: card[key] for key in card if key not in ("model", "model_sha256", "family")}
    places = figures(fitted)
    assert len(places) > 4
    for place in (places[0], places[len(places) // 2], places[-1]):
        changed = json.loads(json.dumps(card))
        *sections, last = place
        inner = changed
        for key in sections:
            inner = inner[key]
        inner[last] += 0.001
        write_json(path, changed)
        with pytest.raises(ArtifactError, match=rf"{path}: its figures were altered"):
            Forecaster.load(saved)


def test_a_card_that_lost_something_is_refused_by_name(saved: Path) -> None:
    path = saved / CARD_FILE
    card = read_json(path, made_by="")
    for key in [key for key in card if key != "model"]:
        write_json(path, {name: value for name, value in card.items() if name != key})
        if key == "family" and card["family"] == "blend":
            continue
        with pytest.raises(ArtifactError, match=str(path)):
            Forecaster.load(saved)


def test_an_unknown_family_is_named_with_those_there_are(saved: Path) -> None:
    path = saved / CARD_FILE
    write_json(path, read_json(path, made_by="") | {"family": "oracle"})
    with pytest.raises(ArtifactError, match="'oracle'; known are logit, dixon_coles, xgboost"):
        Forecaster.load(saved)


def test_the_card_of_another_family_is_refused(
    rows: pd.DataFrame, fitted: Forecaster, saved: Path, tmp_path: Path
) -> None:
    other = next(name for name in ("blend", "logit") if name != fitted.recipe.family)
    path = saved / CARD_FILE
    write_json(path, read_json(path, made_by="") | {"family": other})
    with pytest.raises(ArtifactError, match=str(path)):
        Forecaster.load(saved)


def test_a_missing_column_is_named(rows: pd.DataFrame, fitted: Forecaster) -> None:
    for column in (fitted.columns[0], fitted.columns[-1]):
        with pytest.raises(ArtifactError, match=rf"{column!r}.*same params\.yaml"):
            fitted.probabilities(rows.drop(columns=column))


def test_only_the_columns_it_names_are_read(rows: pd.DataFrame, fitted: Forecaster) -> None:
    read = rows[[*fitted.columns, "result"]]
    assert (fitted.probabilities(read) == fitted.probabilities(rows)).all()


def test_a_temperature_of_the_recipe_is_put_on_any_family(
    rows: pd.DataFrame, fitted: Forecaster
) -> None:
    hot = Forecaster.fit(rows, replace(fitted.recipe, temperature=2.0), seed=1)
    plain, calm = fitted.probabilities(rows), hot.probabilities(rows)
    expected = np.sqrt(plain) / np.sqrt(plain).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(calm, expected, atol=3e-6)


def test_out_of_fold_forecasts_do_not_depend_on_what_was_known_later(
    rows: pd.DataFrame, fitted: Forecaster
) -> None:
    split = expanding_folds(rows, 2)[0]
    tested = rows.iloc[split.test]
    before = fitted.recipe.out_of_fold(rows, split, seed=1)
    moment = tested["kick_off"].iloc[len(tested) // 2]
    changed = turned_from(rows, moment)
    assert (changed["result"] != rows["result"]).sum() > 500
    after = fitted.recipe.out_of_fold(changed, split, seed=1)
    earlier = (tested["kick_off"] <= moment).to_numpy()
    assert earlier.sum() > 100
    assert (after[earlier] == before[earlier]).all()
    # What was known before the fold does count.
    first = turned_from(rows, rows["kick_off"].iloc[split.train[len(split.train) // 2]])
    assert (fitted.recipe.out_of_fold(first, split, seed=1) != before).any()


def test_a_fit_learns_from_its_rows_alone(rows: pd.DataFrame, fitted: Forecaster) -> None:
    moment = pd.Timestamp("2025-08-01T00:00:00Z")
    known = rows["known_at"] <= moment
    ahead = rows[~known]
    one, other = (
        Forecaster.fit(table[known], fitted.recipe, 1)
        for table in (rows, turned_from(rows, moment))
    )
    assert (one.probabilities(ahead) == other.probabilities(ahead)).all()


def test_importances_have_one_form(rows: pd.DataFrame, fitted: Forecaster) -> None:
    table = importances(fitted, rows)
    assert table.columns.tolist() == ["part", "name", "group", "importance"]
    parts = {
        "logit": {"logit"},
        "dixon_coles": {"dixon_coles"},
        "xgboost": {"trees", "start"},
        "blend": {"trees", "start", "logit"},
        "stacked": {"trees", "start", "logit", "dixon_coles"},
    }
    assert set(table["part"]) == parts[fitted.recipe.family]
    assert np.isfinite(table["importance"]).all()
    assert not table.duplicated(["part", "name", "group"]).any()
    for _, part in table.groupby("part"):
        assert part["importance"].is_monotonic_decreasing
    assert (table.loc[table["part"] != "dixon_coles", "importance"] >= 0).all()


def test_a_model_from_before_there_were_families_is_a_blend(
    rows: pd.DataFrame, tmp_path: Path
) -> None:
    fitted = Forecaster.fit(rows, any_recipe("blend", rows), seed=1)
    fitted.save(tmp_path, {})
    card = read_json(tmp_path / CARD_FILE, made_by="")
    for key in ("family", "figures_sha256"):
        del card[key]
    write_json(tmp_path / CARD_FILE, card)
    loaded = Forecaster.load(tmp_path)
    assert (loaded.probabilities(rows) == fitted.probabilities(rows)).all()
