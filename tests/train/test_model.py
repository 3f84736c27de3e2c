import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline.errors import ArtifactError
from pitchline.train.baselines import Logit, base_rates, targets
from pitchline.train.contrasts import contrasts, ratings_of
from pitchline.train.families.blend import BlendModel, BlendRecipe, mixed
from pitchline.train.families.logit import wide_logit
from pitchline.train.families.trees import Beginning, priced
from pitchline.train.model import CARD_FILE, MODEL_FILE, Forecaster
from pitchline.train.probabilities import tempered
from pitchline.train.split import trainable
from tests.train.recipes import recipe

# Loads a model cut off at several places, then with a changed byte; prints what was not refused.
# In a process of its own, with little memory: a damaged model may well bring XGBoost down.
LOAD_DAMAGED = """
import resource, sys
from pathlib import Path
from pitchline.errors import ArtifactError
from pitchline.train.contrasts import contrasts, ratings_of
from pitchline.train.model import MODEL_FILE, Forecaster

resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
folder = Path(sys.argv[1])
path = folder / MODEL_FILE
whole = path.read_bytes()
last = len(whole) - 1
damaged = {f"cut at {n}": whole[:n] for n in [0, 1, last, *range(2, last, last // 150)]}
for n in range(0, last, last // 20):
    damaged[f"changed at {n}"] = whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :]
for what, content in damaged.items():
    path.write_bytes(content)
    try:
        Forecaster.load(folder)
        print(what, "was loaded")
    except ArtifactError as error:
        if str(path) not in str(error):
            print(what, error)
print("done")
"""


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 9)


@pytest.fixture(scope="module")
def small(features: pd.DataFrame) -> BlendRecipe:
    return recipe(features)


@pytest.fixture(scope="module")
def forecaster(rows: pd.DataFrame, small: BlendRecipe) -> Forecaster:
    return Forecaster.fit(rows, small, seed=1)


@pytest.fixture
def saved(forecaster: Forecaster, tmp_path: Path) -> Path:
    forecaster.save(tmp_path, {"model": "a test"})
    return tmp_path


def ratings_logit(rows: pd.DataFrame, recipe: BlendRecipe) -> np.ndarray:
    """Probabilities of a logit on the ratings alone."""
    table = contrasts(rows, recipe.columns)
    return Logit.fit(table, ratings_of(table)).probabilities(table)


def blend_of(forecaster: Forecaster) -> BlendModel:
    assert isinstance(forecaster.model, BlendModel)
    return forecaster.model


def bytes_of(forecaster: Forecaster) -> bytes:
    return bytes(blend_of(forecaster).booster.save_raw("ubj"))


def test_probabilities_lie_between_0_and_1_and_sum_to_1(
    features: pd.DataFrame, forecaster: Forecaster
) -> None:
    p = forecaster.probabilities(features)
    assert p.shape == (len(features), 3)
    assert ((p >= 0) & (p <= 1)).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=1e-9)
    assert (p == p.round(6)).all()


def test_extreme_features_give_probabilities_too(
    rows: pd.DataFrame, forecaster: Forecaster
) -> None:
    extreme = pd.concat([rows.head(2)] * 3, ignore_index=True)
    extreme["difference_elo"] = [-3000.0, 3000.0] * 3
    extreme["difference_goals"] = [-8.0, 8.0] * 3
    extreme["home_expected_goals"] = [0.001, 20.0] * 3
    p = forecaster.probabilities(extreme)
    assert ((p >= 0) & (p <= 1)).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=1e-9)
    assert p[0, 2] > 0.9 > 0.1 > p[1, 2]


def test_a_match_gets_the_same_forecast_alone_and_among_others(
    rows: pd.DataFrame, forecaster: Forecaster
) -> None:
    together = forecaster.probabilities(rows)
    chosen = [0, 17, 501, len(rows) - 1]
    alone = np.vstack([forecaster.probabilities(rows.iloc[[i]]) for i in chosen])
    assert (alone == together[chosen]).all()


def test_the_order_of_the_tables_columns_does_not_matter(
    rows: pd.DataFrame, small: BlendRecipe, forecaster: Forecaster
) -> None:
    turned = rows[rows.columns[::-1]]
    assert (forecaster.probabilities(turned) == forecaster.probabilities(rows)).all()


def test_results_and_keys_are_not_looked_at(rows: pd.DataFrame, forecaster: Forecaster) -> None:
    other = rows.assign(result=None, home_team="a", away_team="b", season="1999-00")
    assert (forecaster.probabilities(other) == forecaster.probabilities(rows)).all()


def test_no_rows_give_no_forecasts(rows: pd.DataFrame, forecaster: Forecaster) -> None:
    assert forecaster.probabilities(rows.head(0)).shape == (0, 3)


def test_without_trees_the_forecast_is_the_starting_logits(
    rows: pd.DataFrame, small: BlendRecipe
) -> None:
    bare = Forecaster.fit(rows, replace(small, rounds=0, share=0.0), seed=1)
    expected = ratings_logit(rows, small)
    np.testing.assert_allclose(bare.probabilities(rows), expected, atol=3e-6)


def test_the_trees_fit_better_than_the_logit_they_start_from(
    rows: pd.DataFrame, small: BlendRecipe, forecaster: Forecaster
) -> None:
    at = (np.arange(len(rows)), targets(rows))
    model = np.log(blend_of(forecaster).trees.probabilities(rows)[at]).mean()
    assert model > np.log(ratings_logit(rows, small)[at]).mean()


def test_the_model_beats_the_base_rates_on_the_next_season(
    rows: pd.DataFrame, small: BlendRecipe
) -> None:
    train, test = rows[rows["season"] < "2025-26"], rows[rows["season"] == "2025-26"]
    p = Forecaster.fit(train, small, 1).probabilities(test)
    outcome = targets(test)
    assert (
        np.log(p[np.arange(len(test)), outcome]).mean() > np.log(base_rates(train)[outcome]).mean()
    )


def test_a_fit_gives_the_same_bytes_again(
    rows: pd.DataFrame, small: BlendRecipe, forecaster: Forecaster
) -> None:
    again = Forecaster.fit(rows, small, seed=1)
    assert bytes_of(again) == bytes_of(forecaster)
    assert again.figures() == forecaster.figures()


def test_the_seed_decides_which_matches_and_features_a_tree_sees(
    rows: pd.DataFrame, small: BlendRecipe, forecaster: Forecaster
) -> None:
    other = Forecaster.fit(rows, small, seed=2)
    assert bytes_of(other) != bytes_of(forecaster)


def test_a_training_set_without_draws_can_be_fitted(rows: pd.DataFrame, small: BlendRecipe) -> None:
    decided = rows[rows["result"] != "D"]
    p = Forecaster.fit(decided, small, 1).probabilities(decided)
    assert np.isfinite(p).all()
    assert p[:, 1].max() < 0.1


def test_a_saved_model_forecasts_the_same(
    features: pd.DataFrame, forecaster: Forecaster, saved: Path
) -> None:
    loaded = Forecaster.load(saved)
    assert loaded.columns == forecaster.columns
    assert (loaded.probabilities(features) == forecaster.probabilities(features)).all()


def test_a_loaded_model_saves_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    Forecaster.load(saved).save(tmp_path / "again", {"model": "a test"})
    for name in (MODEL_FILE, CARD_FILE):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


def test_the_card_starts_with_its_own_entries_and_tells_the_recipe(
    saved: Path, small: BlendRecipe
) -> None:
    card = json.loads((saved / CARD_FILE).read_text(encoding="utf-8"))
    assert next(iter(card.items())) == ("model", "a test")
    assert card["recipe"] == {**asdict(small), "columns": list(small.columns)}


def test_saving_leaves_no_other_file(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == [CARD_FILE, MODEL_FILE]


def test_a_missing_feature_is_named(rows: pd.DataFrame, forecaster: Forecaster) -> None:
    with pytest.raises(ArtifactError, match=r"'difference_points_6'.*same params\.yaml"):
        forecaster.probabilities(rows.drop(columns="difference_points_6"))


@pytest.mark.parametrize("name", [MODEL_FILE, CARD_FILE])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(ArtifactError) as caught:
        Forecaster.load(saved)
    assert str(saved / name) in str(caught.value)
    assert "snakemake --cores 2 train" in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[]", b"null", b"{}", b'{"recipe": {}}', b'{"recipe": {"columns": 1}}'],
)
def test_a_damaged_card_is_named(saved: Path, content: bytes) -> None:
    (saved / CARD_FILE).write_bytes(content)
    with pytest.raises(ArtifactError) as caught:
        Forecaster.load(saved)
    assert str(saved / CARD_FILE) in str(caught.value)


def test_a_cut_off_or_altered_model_is_refused_by_name(saved: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD_DAMAGED, str(saved)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr[-2000:]


def test_the_card_of_a_model_with_other_features_is_refused(
    rows: pd.DataFrame, small: BlendRecipe, saved: Path, tmp_path: Path
) -> None:
    other = Forecaster.fit(rows, replace(small, columns=small.columns[:-1]), seed=1)
    other.save(tmp_path / "other", {})
    (tmp_path / "other" / CARD_FILE).replace(saved / CARD_FILE)
    with pytest.raises(ArtifactError, match=r"model\.ubj.*model\.json"):
        Forecaster.load(saved)


def test_the_card_of_another_fit_is_refused(
    rows: pd.DataFrame, small: BlendRecipe, saved: Path, tmp_path: Path
) -> None:
    other = Forecaster.fit(rows.head(300), small, seed=1)
    other.save(tmp_path / "other", {})
    (tmp_path / "other" / CARD_FILE).replace(saved / CARD_FILE)
    with pytest.raises(ArtifactError, match=r"model\.ubj"):
        Forecaster.load(saved)


CLOSING = ["closing_home", "closing_draw", "closing_away"]
SHARES = st.tuples(*[st.integers(1, 1000)] * 3)


def shares(weights: list[tuple[int, int, int]]) -> np.ndarray:
    """Probabilities in proportion to weights, shape (rows, 3)."""
    w = np.array(weights, dtype=np.float64)
    return np.asarray(w / w.sum(axis=1, keepdims=True))


@given(st.lists(SHARES, min_size=1, max_size=20), st.floats(0.2, 5))
def test_a_temperature_keeps_the_sum_and_the_order(
    weights: list[tuple[int, int, int]], temperature: float
) -> None:
    p = shares(weights)
    found = tempered(p, temperature)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    for one, two in ((0, 1), (1, 2), (0, 2)):
        above, level = p[:, one] > p[:, two], p[:, one] == p[:, two]
        assert (found[above, one] >= found[above, two]).all()
        assert (found[level, one] == found[level, two]).all()
    surer = found.max(axis=1) - p.max(axis=1)
    assert (surer * (1 - temperature) >= -1e-12).all()


@given(st.lists(SHARES, min_size=1, max_size=20), st.floats(0.3, 3))
def test_a_temperature_and_its_inverse_cancel(
    weights: list[tuple[int, int, int]], temperature: float
) -> None:
    p = shares(weights)
    assert (tempered(p, 1.0) == p).all()
    np.testing.assert_allclose(tempered(tempered(p, temperature), 1 / temperature), p, rtol=1e-6)


def test_a_temperature_of_two_worked_out_by_hand() -> None:
    found = tempered(np.array([[0.64, 0.32, 0.04]]), 2.0)
    roots = np.array([0.8, np.sqrt(0.32), 0.2])
    np.testing.assert_allclose(found, [roots / roots.sum()])


@given(st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=20), st.floats(0, 1))
def test_the_mean_lies_between_its_two_parts_and_sums_to_one(
    weights: list[tuple[Any, Any]], share: float
) -> None:
    logit, trees = (shares([pair[part] for pair in weights]) for part in (0, 1))
    found = mixed(logit, trees, share, None)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    assert (found >= np.minimum(logit, trees) - 1e-12).all()
    assert (found <= np.maximum(logit, trees) + 1e-12).all()
    assert (mixed(logit, trees, 1.0, None) == logit).all()
    np.testing.assert_allclose(mixed(logit, trees, 0.0, None), trees)


def test_where_there_is_a_price_the_trees_alone_speak() -> None:
    logit, trees = shares([(1, 1, 2)] * 3), shares([(6, 2, 2)] * 3)
    found = mixed(logit, trees, 0.5, np.array([True, False, True]))
    np.testing.assert_allclose(found[[0, 2]], trees[[0, 2]])
    np.testing.assert_allclose(found[1], [0.425, 0.225, 0.35])


def test_a_price_needs_all_three_results_above_0() -> None:
    prices = np.array(
        [[0.5, 0.3, 0.2], [0.0, 0.5, 0.5], [0.5, np.nan, 0.5], [np.nan] * 3, [np.inf, 0.1, 0.1]]
    )
    assert priced(prices).tolist() == [True, False, False, False, False]


@pytest.fixture(scope="module")
def prices(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, every third with a price, every third with one of 0 for a draw."""
    given = np.tile([0.5, 0.3, 0.2], (len(rows), 1))
    given[:, 0] += np.arange(len(rows)) % 7 / 100
    given[:, 2] = 1 - given[:, :2].sum(axis=1)
    place = np.arange(len(rows)) % 3
    given[place == 1] = np.nan
    given[place == 2] = [0.6, 0.0, 0.4]
    return rows.assign(**{name: given[:, number] for number, name in enumerate(CLOSING)})


def test_trees_start_from_the_price_where_there_is_one_else_from_the_logit(
    prices: pd.DataFrame, small: BlendRecipe
) -> None:
    table = contrasts(prices, small.columns)
    plain, market = (
        Beginning.fit(prices, small.columns, "ratings", moment).margin(prices, table)
        for moment in (None, "closing")
    )
    known = np.arange(len(prices)) % 3 == 0
    np.testing.assert_allclose(np.exp(market[known]), prices[CLOSING][known], rtol=1e-5)
    assert (market[~known] == plain[~known]).all()
    assert not (market[known] == plain[known]).all(axis=1).any()


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_without_trees_the_market_itself_comes_out_whatever_the_share(
    prices: pd.DataFrame, small: BlendRecipe, share: float
) -> None:
    bare = replace(small, market="closing", rounds=0, share=share)
    forecaster = Forecaster.fit(prices, bare, seed=1)
    found = forecaster.probabilities(prices)
    known = np.arange(len(prices)) % 3 == 0
    np.testing.assert_allclose(found[known], prices[CLOSING][known], atol=2e-6)
    table = contrasts(prices, small.columns)
    logit = wide_logit(table, small.c).probabilities(table)
    expected = share * logit + (1 - share) * ratings_logit(prices, small)
    np.testing.assert_allclose(found[~known], expected[~known], atol=3e-6)


def test_trees_learn_what_the_market_does_not_say(rows: pd.DataFrame, small: BlendRecipe) -> None:
    flat = rows.assign(**dict.fromkeys(CLOSING, 1 / 3))
    settings = {**small.settings, "learning_rate": 0.5}
    forecaster = Forecaster.fit(flat, replace(small, market="closing", settings=settings), seed=1)
    p = forecaster.probabilities(flat)
    assert np.log(p[np.arange(len(flat)), targets(flat)]).mean() > np.log(1 / 3) + 0.05


def test_a_model_of_the_market_reads_its_prices_and_names_them_if_missing(
    prices: pd.DataFrame, small: BlendRecipe, tmp_path: Path
) -> None:
    forecaster = Forecaster.fit(prices, replace(small, market="closing", rounds=1), seed=1)
    assert forecaster.columns == (*small.columns, *CLOSING)
    forecaster.save(tmp_path, {})
    loaded = Forecaster.load(tmp_path)
    assert (loaded.probabilities(prices) == forecaster.probabilities(prices)).all()
    with pytest.raises(ArtifactError, match=r"'closing_draw', which the feature table lacks"):
        loaded.probabilities(prices.drop(columns="closing_draw"))


def test_a_forecast_is_the_tempered_mean_of_logit_and_trees(
    rows: pd.DataFrame, small: BlendRecipe
) -> None:
    forecaster = Forecaster.fit(rows, replace(small, share=0.25, temperature=1.3), seed=1)
    model = blend_of(forecaster)
    logit = model.logit.probabilities(contrasts(rows, small.columns))
    mean = 0.25 * logit + 0.75 * model.trees.probabilities(rows)
    powered = mean ** (1 / 1.3)
    expected = powered / powered.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(forecaster.probabilities(rows), expected, atol=3e-6)


def test_the_start_is_part_of_the_recipe(rows: pd.DataFrame, small: BlendRecipe) -> None:
    bare = replace(small, start="nothing", rounds=0, share=0.0)
    p = Forecaster.fit(rows, bare, seed=1).probabilities(rows)
    np.testing.assert_allclose(p, np.tile(base_rates(rows), (len(rows), 1)), atol=2e-6)
