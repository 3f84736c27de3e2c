import json
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.features.schema import columns_of
from pitchline.files import json_bytes
from pitchline.params import Params, Search
from pitchline.train.split import expanding_folds, trainable
from pitchline.train.tuning.asking import ask, distributions, is_hopeless, rounded, told
from pitchline.train.tuning.batch import Batch, Fitted, Unit
from pitchline.train.tuning.folds import best_common_round, bin_fold, fit_fold
from pitchline.train.tuning.search import search
from pitchline.train.tuning.store import Store

FIXED_SETTINGS: dict[str, Any] = {
    "start": "ratings",
    "max_depth": 2,
    "learning_rate": 0.1,
    "min_child_weight": 10.0,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "reg_lambda": 1.0,
    "reg_alpha": 0.1,
}
WIDE = Search(
    start=["nothing", "ratings"],
    max_depth=[1, 8],
    learning_rate=[0.01, 1.0],
    min_child_weight=[0.1, 100.0],
    subsample=[0.5, 1.0],
    colsample_bytree=[0.3, 1.0],
    reg_lambda=[0.01, 100.0],
    reg_alpha=[0.01, 10.0],
)
STARTS = ("nothing", "ratings")
SMALL: dict[str, int] = {"trials": 7, "at_once": 3, "max_rounds": 8, "patience": 3, "seed": 5}


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 10)


@pytest.fixture(scope="module")
def columns(features: pd.DataFrame) -> list[str]:
    return columns_of(features, ["elo", "pi", "form", "rest"])


def silent(done: int, total: int, best: float) -> None:
    """Takes progress and shows nothing."""


def study_of(
    rows: pd.DataFrame,
    columns: list[str],
    ranges: Search,
    folds: int = 3,
    threads: int = 1,
    store: Store | None = None,
    **changed: int,
) -> dict[str, Any]:
    return search(
        rows,
        columns,
        expanding_folds(rows, folds),
        ranges,
        **(SMALL | changed),
        threads=threads,
        progress=silent,
        store=store,
    )


@pytest.fixture(scope="module")
def study(rows: pd.DataFrame, columns: list[str], params: Params) -> dict[str, Any]:
    return study_of(rows, columns, params.train.search)


@pytest.fixture(scope="module")
def long_study(rows: pd.DataFrame, columns: list[str]) -> dict[str, Any]:
    """Folds enough for pruning, and ranges that hold settings bad enough for it.

    The last fold is easy to forecast, so that many trials look bad before it.
    """
    easy = rows.copy()
    last = easy.iloc[expanding_folds(rows, 5)[-1].test]
    easy.loc[last.index, "result"] = np.where(last["difference_elo"] > 60, "H", "A")
    return study_of(easy, columns, WIDE, folds=5, threads=2, trials=20, at_once=4)


@pytest.fixture(scope="module")
def deceptive_study(rows: pd.DataFrame, columns: list[str]) -> dict[str, Any]:
    """One in which a pruned trial, over fewer folds, has a lower loss than the best."""
    made = study_of(rows, columns, WIDE, folds=5, threads=2, trials=20, at_once=4, seed=10)
    pruned = [trial["log_loss"] for trial in made["trials"] if trial["state"] == "pruned"]
    assert min(pruned) < made["best"]["log_loss"]
    return made


def test_the_study_is_the_same_again_on_any_number_of_threads(
    rows: pd.DataFrame, columns: list[str], params: Params, study: dict[str, Any]
) -> None:
    for threads in (1, 2):
        again = study_of(rows, columns, params.train.search, threads=threads)
        assert json_bytes(again) == json_bytes(study)


def test_another_seed_gives_another_study(
    rows: pd.DataFrame, columns: list[str], params: Params, study: dict[str, Any]
) -> None:
    other = study_of(rows, columns, params.train.search, seed=6, trials=1)
    assert other["trials"][0]["params"] != study["trials"][0]["params"]


@pytest.mark.parametrize("name", ["study", "long_study"])
def test_trials_are_numbered_in_order_and_the_best_is_one_of_them(
    request: pytest.FixtureRequest, name: str
) -> None:
    study = request.getfixturevalue(name)
    assert [trial["number"] for trial in study["trials"]] == list(range(len(study["trials"])))
    assert study["best"] in study["trials"]


@pytest.mark.parametrize("name", ["study", "long_study", "deceptive_study"])
def test_the_best_trial_is_the_lowest_complete_one(
    request: pytest.FixtureRequest, name: str
) -> None:
    study = request.getfixturevalue(name)
    complete = [trial for trial in study["trials"] if trial["state"] == "complete"]
    assert study["best"]["state"] == "complete"
    assert study["best"]["log_loss"] == min(trial["log_loss"] for trial in complete)


def test_of_equal_trials_the_first_is_the_best(
    rows: pd.DataFrame, columns: list[str], params: Params
) -> None:
    one_point = params.train.search.model_copy(
        update={
            name: [value] if name == "start" else [value, value]
            for name, value in FIXED_SETTINGS.items()
        }
    )
    study = study_of(rows, columns, one_point, trials=3)
    assert len({trial["log_loss"] for trial in study["trials"]}) == 1
    assert study["best"]["number"] == 0


def test_every_trial_has_settings_within_the_ranges_at_four_digits(
    long_study: dict[str, Any],
) -> None:
    for trial in long_study["trials"]:
        assert list(trial["params"]) == list(Search.model_fields)
        for name, value in trial["params"].items():
            if name == "start":
                assert value in WIDE.start
                continue
            low, high = getattr(WIDE, name)
            assert low <= value <= high
            assert value == float(f"{value:.4g}")


def test_a_complete_trials_loss_is_the_mean_of_its_folds(
    rows: pd.DataFrame, long_study: dict[str, Any]
) -> None:
    weights = [len(split.test) for split in expanding_folds(rows, 5)]
    for trial in long_study["trials"]:
        mean = np.average(trial["folds"], weights=weights[: len(trial["folds"])])
        assert trial["log_loss"] == pytest.approx(mean, abs=2e-6)
        assert 1 <= trial["rounds"] <= SMALL["max_rounds"]


def test_some_trials_are_pruned_before_their_last_fold(long_study: dict[str, Any]) -> None:
    folds = {
        state: {len(trial["folds"]) for trial in long_study["trials"] if trial["state"] == state}
        for state in ("complete", "pruned")
    }
    assert folds["complete"] == {5}
    assert folds["pruned"]
    assert folds["pruned"] <= {3, 4}


def test_a_pruned_trial_was_no_better_than_the_best_so_far(long_study: dict[str, Any]) -> None:
    trials = long_study["trials"]
    for trial in (t for t in trials if t["state"] == "pruned"):
        seen = len(trial["folds"])
        earlier = [t for t in trials if t["state"] == "complete" and t["number"] < trial["number"]]
        best = min(earlier, key=lambda t: t["log_loss"])
        assert np.mean(trial["folds"]) > np.mean(best["folds"][:seen])


def test_progress_counts_up_to_all_trials_and_the_best_never_rises(
    rows: pd.DataFrame, columns: list[str], params: Params, study: dict[str, Any]
) -> None:
    told: list[tuple[int, int, float]] = []
    search(
        rows,
        columns,
        expanding_folds(rows, 3),
        params.train.search,
        **SMALL,
        threads=1,
        progress=lambda done, total, best: told.append((done, total, best)),
    )
    assert [(done, total) for done, total, _ in told] == [(3, 7), (6, 7), (7, 7)]
    best = [loss for _, _, loss in told]
    assert best == sorted(best, reverse=True)
    assert best[-1] == study["best"]["log_loss"]


def test_the_study_is_plain_json(study: dict[str, Any]) -> None:
    assert json.loads(json_bytes(study)) == study


@st.composite
def search_ranges(draw: st.DrawFn) -> Search:
    def pair(low: float, high: float) -> list[float]:
        return sorted(draw(st.tuples(*[st.floats(low, high)] * 2)))

    names = {"learning_rate": 1.0, "subsample": 1.0, "colsample_bytree": 1.0}
    names |= {"min_child_weight": 1000.0, "reg_lambda": 1000.0, "reg_alpha": 1000.0}
    depths = sorted(draw(st.tuples(st.integers(1, 12), st.integers(1, 12))))
    starts = draw(st.permutations(["nothing", "ratings"]).map(tuple) | st.just(("ratings",)))
    ranges = {name: pair(1e-3, high) for name, high in names.items()}
    return Search(start=list(starts), max_depth=depths, **ranges)


@settings(max_examples=50)
@given(search_ranges(), st.integers(0, 1000))
def test_suggestions_stay_within_any_ranges(ranges: Search, seed: int) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = distributions(ranges)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    suggested = rounded(study.ask(space).params, space)
    assert suggested.pop("start") in ranges.start
    for name, value in suggested.items():
        low, high = getattr(ranges, name)
        assert low <= value <= high, name


def test_the_best_common_round_worked_out_by_hand() -> None:
    curves = [[1.0, 0.8, 0.9, 0.95], [1.0, 1.1, 0.7]]
    # Means of rounds 1 to 3: 1.0, 0.95, 0.8; the fourth is not common.
    assert best_common_round(curves, [1, 1]) == (0.8, 3)
    # With weight 3 on the first: 1.0, 0.875, 0.85.
    assert best_common_round(curves, [3, 1]) == (0.85, 3)
    # With weight 9 on the first: 1.0, 0.83, 0.88.
    assert best_common_round(curves, [9, 1]) == (0.83, 2)


def test_of_equal_rounds_the_first_is_taken() -> None:
    assert best_common_round([[0.9, 0.8, 0.8000001]], [10]) == (0.8, 2)


@given(
    st.lists(
        st.tuples(st.lists(st.floats(0.5, 2), min_size=1, max_size=8), st.integers(1, 400)),
        min_size=1,
        max_size=5,
    )
)
def test_the_best_common_round_is_the_lowest_mean_of_all(
    folds: list[tuple[list[float], int]],
) -> None:
    curves, weights = [curve for curve, _ in folds], [weight for _, weight in folds]
    loss, number = best_common_round(curves, weights)
    means = [
        np.average([curve[i] for curve in curves], weights=weights)
        for i in range(min(map(len, curves)))
    ]
    assert loss == pytest.approx(min(means), abs=1e-6)
    assert means[number - 1] == pytest.approx(min(means), abs=2e-6)
    # Never better than choosing each fold's own best round would look.
    assert loss >= np.average([min(curve) for curve in curves], weights=weights) - 1e-6


def test_a_fit_stops_when_its_validation_loss_falls_no_more(
    rows: pd.DataFrame, columns: list[str]
) -> None:
    fold = bin_fold(rows, columns, expanding_folds(rows, 2)[0], "ratings")
    greedy = FIXED_SETTINGS | {"learning_rate": 1.0, "min_child_weight": 0.1, "max_depth": 6}
    curve = fit_fold(fold, greedy, max_rounds=60, patience=4, seed=1)
    assert len(curve) < 60
    assert curve.index(min(curve)) == len(curve) - 1 - 4


def test_a_fit_makes_no_more_rounds_than_allowed(rows: pd.DataFrame, columns: list[str]) -> None:
    fold = bin_fold(rows, columns, expanding_folds(rows, 2)[0], "ratings")
    assert len(fit_fold(fold, FIXED_SETTINGS, max_rounds=3, patience=50, seed=1)) == 3


def test_results_of_the_validated_matches_do_not_reach_the_training_data(
    rows: pd.DataFrame, columns: list[str]
) -> None:
    split = expanding_folds(rows, 2)[0]
    other = rows.copy()
    tested = other.index[split.test]
    other.loc[tested, "result"] = other.loc[tested, "result"].map({"H": "A", "D": "H", "A": "D"})
    for start in STARTS:
        folds = [bin_fold(frame, columns, split, start) for frame in (rows, other)]
        for info in ("label", "base_margin"):
            values = [fold.train.get_float_info(info) for fold in folds]
            assert (values[0] == values[1]).all()
        margins = [fold.valid.get_float_info("base_margin") for fold in folds]
        assert (margins[0] == margins[1]).all()
        labels = [fold.valid.get_float_info("label") for fold in folds]
        assert (labels[0] != labels[1]).all()


def test_folds_start_from_the_market_where_a_price_is_known(
    rows: pd.DataFrame, columns: list[str]
) -> None:
    given = {"closing_home": 0.5, "closing_draw": 0.3, "closing_away": 0.2}
    priced = rows.assign(**given)
    split = expanding_folds(rows, 2)[0]
    for start in STARTS:
        fold = bin_fold(priced, columns, split, start, market="closing")
        for part in (fold.train, fold.valid):
            margin = part.get_float_info("base_margin").reshape(-1, 3)
            np.testing.assert_allclose(np.exp(margin), [[0.5, 0.3, 0.2]] * len(margin), rtol=1e-6)


SIZES = [100, 200, 300, 400, 500]


def batch_of(trials: int, best: list[float] | None, first: int = 0) -> Batch:
    return Batch(first, [{"trial": number} for number in range(trials)], SIZES, best)


def fitted(loss: float, seconds: float = 1.0) -> Fitted:
    return Fitted([loss + 0.1, loss], seconds)


def test_a_batch_asks_for_the_same_trials_whoever_asks_and_for_others_by_seed_and_number() -> None:
    space = distributions(WIDE)
    past = [told(space, FIXED_SETTINGS, [1.0, 0.9 + n / 100], 0.95 + n / 100) for n in range(9)]
    asked = ask(past, space, 5, 3, 4)
    assert ask(past, space, 5, 3, 4) == asked
    # A longer search asks a cut-off batch for more, and for the same first.
    assert ask(past, space, 5, 3, 2) == asked[:2]
    assert ask(past, space, 5, 2, 4) != asked
    assert ask(past, space, 6, 3, 4) != asked
    assert ask(past[:8], space, 5, 3, 4) != asked


def test_a_trial_is_hopeless_from_the_third_fold_on_if_worse_on_every_one() -> None:
    best = [0.90, 0.91, 0.92, 0.93, 0.94]
    assert not is_hopeless([0.95, 0.96], best)
    assert is_hopeless([0.95, 0.96, 0.97], best)
    assert not is_hopeless([0.95, 0.90, 0.97], best)
    # On the folds so far it is worse, in the mean of all of the best one's it is better.
    assert not is_hopeless([0.901, 0.912, 0.923], best)


@settings(max_examples=30)
@given(st.permutations([(trial, fold) for trial in range(3) for fold in range(5)]))
def test_what_a_batch_comes_to_does_not_hang_on_the_order_of_results(
    order: list[tuple[int, int]],
) -> None:
    losses = {0: [0.99] * 5, 1: [0.89, 0.9, 0.91, 0.92, 0.93], 2: [0.89, 0.99, 0.99, 0.99, 0.99]}
    batch = batch_of(3, [0.9, 0.91, 0.92, 0.93, 0.94], first=4)
    for trial, fold in order:
        assert batch.finished or batch.wanted()
        batch.add(Unit(4 + trial, fold), fitted(losses[trial][fold]))
    assert batch.finished
    assert not batch.wanted()
    came = [(trial.passed, trial.hopeless) for trial in batch.trials]
    assert came == [(3, True), (5, False), (4, True)]
    assert batch.trials[0].lowest() == [0.99] * 3


def test_folds_that_a_pruning_may_spare_come_last_and_the_slowest_trial_first() -> None:
    batch = batch_of(2, [0.9] * 5)
    assert [unit.fold for unit in batch.wanted()[:6]].count(0) == 2
    assert {unit.fold for unit in batch.wanted()[6:]} == {3, 4}
    batch.add(Unit(0, 0), fitted(0.8, seconds=1.0))
    batch.add(Unit(1, 0), fitted(0.8, seconds=9.0))
    assert batch.wanted()[:4] == [Unit(1, 1), Unit(1, 2), Unit(0, 1), Unit(0, 2)]
    # Where nothing can be pruned, all folds are needed.
    assert {u.trial for u in batch_of(2, None).wanted()[:5]} == {0}
