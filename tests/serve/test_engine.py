import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pitchline.errors import ArtifactError
from pitchline.serve import engine
from pitchline.serve.engine import Served
from pitchline.train.golden import golden
from pitchline.train.model import CARD_FILE, MODEL_FILE, Forecaster
from tests.serve.models import bundle, files_of, fit, fitted, table_of
from tests.train.recipes import SETTINGS, any_recipe, recipe

FAMILIES = ("blend", "xgboost", "logit", "priced")
HEAVY = ("mlflow", "optuna", "pandas", "sklearn", "xgboost", "snakemake", "dvc", "pyarrow")


def served(folder: Path, forecaster: Forecaster, rows: pd.DataFrame) -> Served:
    pointer = bundle(folder, forecaster, rows)
    return engine.read(files_of(folder, pointer), pointer, "here")


@pytest.fixture(scope="module")
def loaded(
    rows: pd.DataFrame, models: dict[str, Forecaster], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Served]:
    return {
        name: served(tmp_path_factory.mktemp(name), model, rows) for name, model in models.items()
    }


@pytest.mark.parametrize("name", FAMILIES)
def test_every_figure_is_the_forecasters_on_the_whole_feature_table(
    name: str,
    rows: pd.DataFrame,
    features: pd.DataFrame,
    models: dict[str, Forecaster],
    loaded: dict[str, Served],
) -> None:
    every = rows if name == "priced" else features
    model = loaded[name]
    assert model.reads == models[name].columns
    found = model.predict(table_of(every, model.reads))
    assert (found == models[name].probabilities(every)).all()
    alone = np.vstack([model.predict(table_of(every.iloc[[i]], model.reads)) for i in range(300)])
    assert (alone == found[:300]).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"rounds": 0},
        {"share": 0.0},
        {"share": 1.0},
        {"temperature": 1.3},
        {"start": "nothing", "temperature": 0.8},
        {"rounds": 150, "settings": SETTINGS | {"max_depth": 6, "min_child_weight": 1.0}},
    ],
)
def test_every_figure_is_the_forecasters_whatever_the_recipe(
    changes: dict[str, Any], rows: pd.DataFrame, tmp_path: Path
) -> None:
    forecaster = fit(rows, recipe(rows, **changes))
    model = served(tmp_path, forecaster, rows)
    found = model.predict(table_of(rows, model.reads))
    assert (found == forecaster.probabilities(rows)).all()


@pytest.mark.parametrize("name", FAMILIES)
@given(data=st.data())
@settings(max_examples=40)
def test_every_figure_is_the_forecasters_on_any_features(
    name: str,
    data: st.DataObject,
    models: dict[str, Forecaster],
    loaded: dict[str, Served],
) -> None:
    reads = loaded[name].reads
    value = st.floats(-1e6, 1e6) | st.floats(-2, 2, width=32) | st.just(float("nan"))
    shape = st.tuples(st.integers(1, 5), st.just(len(reads)))
    table = data.draw(arrays(np.float64, shape, elements=value))
    frame = pd.DataFrame(table, columns=list(reads)).assign(result=None)
    with np.errstate(all="ignore"):
        expected = models[name].probabilities(frame)
    np.testing.assert_array_equal(loaded[name].predict(table), expected)


def test_the_figures_of_single_precision_trees_are_xgboosts_to_the_last_bit(
    rows: pd.DataFrame, tmp_path: Path
) -> None:
    deep = SETTINGS | {"max_depth": 6, "min_child_weight": 1.0}
    forecaster = fit(rows, replace(any_recipe("xgboost", rows), settings=deep, rounds=100))  # type: ignore[type-var]
    model = served(tmp_path, forecaster, rows)
    forest = model.engine.forest
    assert forest is not None
    table = table_of(rows, model.reads)
    margins = np.random.default_rng(1).normal(size=(len(rows), 3)).astype(np.float32)
    booster = forecaster.model.booster
    assert booster is not None
    expected = booster.inplace_predict(table.astype(np.float32), base_margin=margins)
    assert (forest.probabilities(table, margins).astype(np.float32) == expected).all()


def test_rows_in_any_order_of_memory_are_taken_and_left_as_they_were(
    rows: pd.DataFrame, loaded: dict[str, Served]
) -> None:
    model = loaded["blend"]
    table = table_of(rows, model.reads)
    turned = np.asfortranarray(table)
    turned.flags.writeable = False
    before = table.copy()
    assert (model.predict(turned) == model.predict(table)).all()
    np.testing.assert_array_equal(table, before)


def test_no_rows_give_no_forecasts_and_another_width_is_an_error(loaded: dict[str, Served]) -> None:
    model = loaded["blend"]
    assert model.predict(np.empty((0, len(model.reads)))).shape == (0, 3)
    with pytest.raises(ValueError, match="shape"):
        model.predict(np.zeros((2, len(model.reads) - 1)))
    with pytest.raises(ValueError, match="shape"):
        model.predict(np.zeros(len(model.reads)))


def test_a_model_tells_what_it_is(loaded: dict[str, Served]) -> None:
    model = loaded["blend"]
    assert model.card["family"] == "blend"
    assert model.metrics == {"matches": 300}
    assert model.decision["outcome"] == "promoted"
    assert model.as_of == "2026-05-08T00:00:00Z"


@pytest.mark.parametrize("family", ["dixon_coles", "stacked"])
def test_a_family_that_is_not_served_is_named(
    family: str, rows: pd.DataFrame, tmp_path: Path
) -> None:
    with pytest.raises(ArtifactError, match=f"`family`: '{family}' is not served; blend"):
        served(tmp_path, fitted(family, rows), rows)


def test_golden_rows_are_real_with_and_without_unknown_features(
    features: pd.DataFrame, models: dict[str, Forecaster]
) -> None:
    told = golden(models["blend"], features)
    unknown = [sum(value is None for value in row) for row in told["rows"]]
    missing = features[list(models["blend"].columns)].isna().sum(axis=1)
    assert min(unknown) == missing.min()
    assert max(unknown) == missing.max() > 0
    assert json.loads(json.dumps(told)) == told
    assert told == golden(models["blend"], features)


def without_golden(card: dict[str, Any]) -> None:
    del card["golden"]


def other_golden(card: dict[str, Any]) -> None:
    card["golden"]["probabilities"][0][0] += 1e-6


def narrow_golden(card: dict[str, Any]) -> None:
    for row in card["golden"]["rows"]:
        row.pop()


def empty_golden(card: dict[str, Any]) -> None:
    card["golden"] = {"rows": [], "probabilities": []}


def unknown_golden(card: dict[str, Any]) -> None:
    card["golden"]["probabilities"][1] = [None, None, None]


def other_reads(card: dict[str, Any]) -> None:
    card["reads"].reverse()


def other_figures(card: dict[str, Any]) -> None:
    card["logit"]["intercepts"][0] += 0.001


def other_trees(card: dict[str, Any]) -> None:
    card["model_sha256"] = "0" * 64


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (without_golden, "golden"),
        (other_golden, "other probabilities"),
        (narrow_golden, "golden"),
        (empty_golden, "golden"),
        (unknown_golden, "other probabilities"),
        (other_reads, "`reads`"),
        (other_figures, "figures_sha256"),
        (other_trees, "not the model that here/model.json describes"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(
    change: Callable[[dict[str, Any]], None],
    told: str,
    rows: pd.DataFrame,
    models: dict[str, Forecaster],
    tmp_path: Path,
) -> None:
    pointer = bundle(tmp_path, models["blend"], rows, change)
    with pytest.raises(ArtifactError, match=told):
        engine.read(files_of(tmp_path, pointer), pointer, "here")


@given(data=st.data())
@settings(max_examples=60)
def test_damaged_trees_are_refused_or_give_the_golden_predictions(
    data: st.DataObject,
    rows: pd.DataFrame,
    models: dict[str, Forecaster],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Even where hashes are right, nothing but ArtifactError comes out."""
    import hashlib

    folder = tmp_path_factory.mktemp("damaged")
    pointer = bundle(folder, models["xgboost"], rows)
    files = files_of(folder, pointer)
    whole = files[MODEL_FILE]
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        damaged = whole[:place]
    else:
        damaged = whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :]
    files[MODEL_FILE] = damaged
    card = json.loads(files[CARD_FILE])
    card["model_sha256"] = hashlib.sha256(damaged).hexdigest()
    files[CARD_FILE] = json.dumps(card).encode()
    try:
        model = engine.read(files, pointer, "here")
    except ArtifactError:
        return
    p = model.predict(table_of(rows, model.reads))
    assert np.isfinite(p).all()


def test_serving_imports_none_of_the_training() -> None:
    program = (
        "import sys, pitchline.serve.swap\n"
        f"print(sorted(set({HEAVY!r}) & {{name.split('.')[0] for name in sys.modules}}))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
