import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

from pitchline.errors import TableError
from pitchline.files import json_bytes
from pitchline.ingest.tables import validated
from pitchline.params import Evaluate, Params
from pitchline.train import metrics
from pitchline.train.baselines import ELO, Logit, base_rates, targets
from pitchline.train.evaluate import (
    FORECASTERS,
    confidence_table,
    evaluation,
    happened,
    log_loss_by_month,
    probabilities,
    reliability_table,
    scored,
    walk_forward,
    windows,
)
from pitchline.train.goals import GoalModel, read_off
from pitchline.train.model import OUTCOMES, Forecaster
from pitchline.train.schema import Forecasts
from pitchline.train.split import trainable
from tests.train.recipes import recipe

START = pd.Timestamp("2025-03-01T00:00:00Z")
END = pd.Timestamp("2025-12-01T00:00:00Z")
REFIT_DAYS = 30


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 9)


def walked(
    rows: pd.DataFrame,
    start: pd.Timestamp = START,
    end: pd.Timestamp = END,
    refit_days: int = REFIT_DAYS,
) -> pd.DataFrame:
    return walk_forward(rows, recipe(rows, rounds=3), start, end, refit_days, seed=1)


@pytest.fixture(scope="module")
def forecasts(rows: pd.DataFrame) -> pd.DataFrame:
    return validated(Forecasts, walked(rows), Path("forecasts.parquet"))


@pytest.fixture(scope="module")
def settings(params: Params) -> Evaluate:
    return params.evaluate.model_copy(update={"bootstrap_samples": 300})


@pytest.fixture(scope="module")
def report(forecasts: pd.DataFrame, settings: Evaluate) -> dict[str, Any]:
    return evaluation(forecasts, settings, seed=3)


def turned(rows: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    """The rows, every result from a moment on changed."""
    late = rows["kick_off"] >= since
    other = rows["result"].map({"H": "A", "D": "H", "A": "D"})
    return rows.assign(result=rows["result"].mask(late, other))


def test_every_match_of_the_window_is_forecast_once_in_order(
    rows: pd.DataFrame, forecasts: pd.DataFrame
) -> None:
    inside = rows[(rows["kick_off"] >= START) & (rows["kick_off"] < END)]
    assert forecasts["match_id"].tolist() == inside["match_id"].tolist()
    assert len(forecasts) > 200


def test_forecasts_rest_on_results_known_before_their_block(
    rows: pd.DataFrame, forecasts: pd.DataFrame
) -> None:
    block = (forecasts["kick_off"] - START) // pd.Timedelta(days=REFIT_DAYS)
    for _, part in forecasts.groupby(block):
        first = part["kick_off"].min()
        known = rows.loc[rows["known_at"] <= first, "known_at"].max()
        assert (part["trained_until"] == known).all()


def test_later_results_do_not_change_earlier_forecasts(
    rows: pd.DataFrame, forecasts: pd.DataFrame
) -> None:
    since = START + pd.Timedelta(days=2 * REFIT_DAYS)
    other = walked(turned(rows, since))
    figures = [f"{name}_{outcome}" for name in FORECASTERS for outcome in ("home", "draw", "away")]
    early = forecasts["kick_off"] < since + pd.Timedelta(days=REFIT_DAYS)
    same = (other[figures] == forecasts[figures]).all(axis=1)
    assert same[early].all()
    assert not same[~early].any()


def test_a_block_is_forecast_by_models_fitted_on_what_was_known(rows: pd.DataFrame) -> None:
    end = START + pd.Timedelta(days=REFIT_DAYS)
    found = walked(rows, end=end, refit_days=400)
    test = rows[(rows["kick_off"] >= START) & (rows["kick_off"] < end)]
    train = rows[rows["known_at"] <= test["kick_off"].min()]
    model = Forecaster.fit(train, recipe(rows, rounds=3), 1)
    assert (probabilities(found, "model") == model.probabilities(test)).all()
    elo = Logit.fit(train, ELO).probabilities(test)
    np.testing.assert_allclose(probabilities(found, "elo"), elo, atol=1e-6)
    base = np.tile(base_rates(train), (len(test), 1))
    np.testing.assert_allclose(probabilities(found, "base"), base, atol=1e-6)


def test_the_window_holds_its_start_but_not_its_end(rows: pd.DataFrame) -> None:
    days = rows.loc[rows["kick_off"] >= START, "kick_off"].unique()
    found = walked(rows, start=days[0], end=days[3])
    assert sorted(found["kick_off"].unique()) == sorted(days[:3])


def test_blocks_without_a_match_are_passed_over(rows: pd.DataFrame) -> None:
    start, end = pd.Timestamp("2025-05-25T00:00:00Z"), pd.Timestamp("2025-08-18T00:00:00Z")
    found = walked(rows, start=start, end=end, refit_days=7)
    assert len(found) > 10
    assert found["kick_off"].diff().max() > pd.Timedelta(days=60)


def test_forecasts_of_the_future_are_refused_by_the_table(forecasts: pd.DataFrame) -> None:
    late = forecasts.assign(trained_until=forecasts["kick_off"] + pd.Timedelta(minutes=1))
    with pytest.raises(TableError, match="trained_until lies after kick_off"):
        validated(Forecasts, late, Path("forecasts.parquet"))


def test_probabilities_that_do_not_sum_to_one_are_refused_by_the_table(
    forecasts: pd.DataFrame,
) -> None:
    wrong = forecasts.assign(model_draw=(forecasts["model_draw"] - 1e-4).clip(lower=0))
    with pytest.raises(TableError, match="don't sum to 1"):
        validated(Forecasts, wrong, Path("forecasts.parquet"))


@pytest.mark.parametrize("name", FORECASTERS)
def test_the_reported_scores_equal_independent_ones(
    forecasts: pd.DataFrame, report: dict[str, Any], settings: Evaluate, name: str
) -> None:
    p, outcome = probabilities(forecasts, name), targets(forecasts)
    p = p / p.sum(axis=1, keepdims=True)
    found = report[name]
    assert found["log_loss"] == pytest.approx(log_loss(outcome, p), abs=2e-6)
    assert found["accuracy"] == pytest.approx(accuracy_score(outcome, p.argmax(axis=1)), abs=1e-6)
    brier = sum(brier_score_loss(outcome == k, p[:, k]) for k in range(3))
    assert found["brier"] == pytest.approx(brier, abs=3e-6)
    hit = np.eye(3)[outcome]
    rps = ((p[:, 0] - hit[:, 0]) ** 2 + (p[:, 2] - hit[:, 2]) ** 2).mean() / 2
    assert found["rps"] == pytest.approx(rps, abs=3e-6)
    error = metrics.calibration_error(
        probabilities(forecasts, name), outcome, settings.calibration_bins
    )
    assert found["calibration_error"] == pytest.approx(error, abs=1e-6)


@pytest.mark.parametrize("name", FORECASTERS)
def test_confident_picks_are_counted_from_the_threshold_on(
    forecasts: pd.DataFrame, report: dict[str, Any], name: str
) -> None:
    p, outcome = probabilities(forecasts, name), targets(forecasts)
    picked = [i for i in range(len(p)) if max(p[i]) >= 0.5]
    assert report[name]["confident_share"] == pytest.approx(len(picked) / len(p), abs=1e-6)
    if picked:
        share = sum(p[i].argmax() == outcome[i] for i in picked) / len(picked)
        assert report[name]["confident_accuracy"] == pytest.approx(share, abs=1e-6)
    else:
        assert report[name]["confident_accuracy"] is None


def test_a_threshold_nobody_reaches_leaves_no_confident_accuracy(
    forecasts: pd.DataFrame, settings: Evaluate
) -> None:
    strict = settings.model_copy(update={"confident_pick": 1.0})
    found = evaluation(forecasts, strict, seed=3)["model"]
    assert (found["confident_share"], found["confident_accuracy"]) == (0, None)


@pytest.mark.parametrize("name", FORECASTERS)
@pytest.mark.parametrize("metric", ["log_loss", "rps", "brier", "accuracy"])
def test_each_mean_lies_in_its_interval(report: dict[str, Any], name: str, metric: str) -> None:
    low, high = report[name][f"{metric}_interval"]
    assert low < report[name][metric] < high


def test_gains_are_the_differences_of_the_log_losses(report: dict[str, Any]) -> None:
    for label, name in (("base_rates", "base"), ("elo", "elo")):
        gain = report[f"log_loss_gain_over_{label}"]
        difference = report[name]["log_loss"] - report["model"]["log_loss"]
        assert gain == pytest.approx(difference, abs=2e-6)
        low, high = report[f"log_loss_gain_over_{label}_interval"]
        assert low < gain < high


def test_the_interval_of_a_gain_is_paired(
    forecasts: pd.DataFrame, report: dict[str, Any], settings: Evaluate
) -> None:
    outcome = targets(forecasts)
    gain = metrics.log_loss(probabilities(forecasts, "elo"), outcome) - metrics.log_loss(
        probabilities(forecasts, "model"), outcome
    )
    draws = np.random.default_rng(3).integers(len(gain), size=(300, len(gain)))
    tail = (1 - settings.confidence_level) / 2
    expected = np.quantile(gain[draws].mean(axis=1), [tail, 1 - tail])
    assert report["log_loss_gain_over_elo_interval"] == pytest.approx(expected, abs=1e-6)


def test_the_window_is_reported(forecasts: pd.DataFrame, report: dict[str, Any]) -> None:
    assert report["matches"] == len(forecasts)
    assert pd.Timestamp(report["first_kick_off"]) == forecasts["kick_off"].min()
    assert pd.Timestamp(report["last_kick_off"]) == forecasts["kick_off"].max()


def test_seasons_are_reported_on_their_own(forecasts: pd.DataFrame, report: dict[str, Any]) -> None:
    assert list(report["by_season"]) == ["2024-25", "2025-26"]
    assert sum(season["matches"] for season in report["by_season"].values()) == len(forecasts)
    for season, found in report["by_season"].items():
        part = forecasts[forecasts["season"] == season]
        for name in FORECASTERS:
            p = probabilities(part, name)
            assert found[name]["log_loss"] == pytest.approx(
                log_loss(targets(part), p / p.sum(axis=1, keepdims=True)), abs=2e-6
            )


@pytest.mark.parametrize("days", [1, 7, 20])
def test_the_newest_window_is_the_last_days_that_have_matches(
    rows: pd.DataFrame, forecasts: pd.DataFrame, settings: Evaluate, days: int
) -> None:
    changed = settings.model_copy(update={"recent_days": days})
    newest = windows(forecasts, rows, END, changed, seed=3)["newest"]
    played = forecasts["kick_off"].dt.strftime("%Y-%m-%d")
    wanted = sorted(set(played))[-days:]
    part = forecasts[played.isin(wanted)].reset_index(drop=True)
    assert newest["match_days"] == days
    assert newest["matches"] == newest["known_matches"] == len(part)
    expected = scored(part, changed, 3)
    assert {key: newest[key] for key in expected} == expected


def test_windows_by_season_are_scored_like_the_whole(
    rows: pd.DataFrame, forecasts: pd.DataFrame, settings: Evaluate, report: dict[str, Any]
) -> None:
    told = windows(forecasts, rows, END, settings, seed=3)
    for name, season in (("season_so_far", "2025-26"), ("last_season", "2024-25")):
        part = forecasts[forecasts["season"] == season].reset_index(drop=True)
        found = told[name]
        assert (found["seasons"], found["matches"]) == ([season], len(part))
        known = rows[(rows["season"] == season) & (rows["kick_off"] < END)]
        assert found["known_matches"] == len(known)
        expected = scored(part, settings, 3)
        for key in ("model", "elo", "base", "log_loss_gain_over_elo", "market"):
            assert found[key] == expected[key]
        assert found.keys() >= {key for key in report if key.startswith("log_loss_gain")}
    # The test window begins within the season before.
    assert told["last_season"]["matches"] < told["last_season"]["known_matches"] == 380
    assert told["season_so_far"]["matches"] == told["season_so_far"]["known_matches"]


def test_a_window_without_a_match_is_none(
    rows: pd.DataFrame, forecasts: pd.DataFrame, settings: Evaluate
) -> None:
    summer = pd.Timestamp("2025-07-15T00:00:00Z")
    before = forecasts[forecasts["kick_off"] < summer]
    told = windows(before, rows, summer, settings, seed=3)
    assert told["season_so_far"] is None
    assert told["last_season"]["seasons"] == ["2024-25"]
    assert told["newest"]["last_kick_off"] == "2025-05-25T15:00:00+00:00"
    assert json.loads(json_bytes(told)) == told


def test_slices_by_competition_and_season_have_intervals_of_their_own(
    forecasts: pd.DataFrame, settings: Evaluate
) -> None:
    half = forecasts["home_team"] < forecasts["away_team"]
    mixed = forecasts.assign(competition=forecasts["competition"].mask(half, "esp-la-liga"))
    told = evaluation(mixed, settings, seed=3)["by_competition"]
    assert list(told) == ["eng-premier-league", "esp-la-liga"]
    for name, found in told.items():
        part = mixed[mixed["competition"] == name].reset_index(drop=True)
        whole = scored(part, settings, 3)
        assert found["matches"] == len(part)
        for key, value in found["model"].items():
            assert whole["model"][key] == value
        for key in ("log_loss_gain_over_elo", "log_loss_gain_over_base_rates_interval"):
            assert found[key] == whole[key]


def test_bins_by_confidence_hold_every_match_once(
    forecasts: pd.DataFrame, settings: Evaluate
) -> None:
    edged = settings.model_copy(update={"confidence_edges": [0.45, 0.6, 0.999]})
    told = evaluation(forecasts, edged, seed=3)
    assert list(told["by_confidence"]) == ["0-0.45", "0.45-0.6", "0.6-0.999", "0.999-1"]
    assert sum(row["matches"] for row in told["by_confidence"].values()) == len(forecasts)
    assert told["by_confidence"]["0.999-1"]["accuracy_interval"] is None
    table = confidence_table(told)
    assert table["bin"].tolist() == ["0-0.45", "0.45-0.6", "0.6-0.999"]
    assert (table["accuracy_low"] < table["accuracy"]).all()
    assert (table["accuracy"] < table["accuracy_high"]).all()


def test_the_report_is_plain_json_and_the_same_again(
    forecasts: pd.DataFrame, report: dict[str, Any], settings: Evaluate
) -> None:
    assert json.loads(json_bytes(report)) == report
    assert json_bytes(evaluation(forecasts, settings, seed=3)) == json_bytes(report)


def test_the_bootstraps_seed_changes_intervals_only(
    forecasts: pd.DataFrame, report: dict[str, Any], settings: Evaluate
) -> None:
    other = evaluation(forecasts, settings, seed=4)
    changed = {key for key in report["model"] if report["model"][key] != other["model"][key]}
    assert changed
    assert all(key.endswith("_interval") for key in changed)


def test_the_log_loss_of_each_month_is_the_mean_over_its_matches(forecasts: pd.DataFrame) -> None:
    table = log_loss_by_month(forecasts)
    assert table["month"].tolist() == sorted(set(forecasts["kick_off"].dt.strftime("%Y-%m")))
    assert table["matches"].sum() == len(forecasts)
    for row in table.itertuples():
        part = forecasts[forecasts["kick_off"].dt.strftime("%Y-%m") == row.month]
        assert row.matches == len(part)
        for name in FORECASTERS:
            loss = metrics.log_loss(probabilities(part, name), targets(part)).mean()
            assert getattr(row, name) == pytest.approx(loss, abs=1e-6)


def test_the_reliability_table_holds_all_three_results_of_each_match(
    forecasts: pd.DataFrame,
) -> None:
    table = reliability_table(forecasts, 8)
    assert len(table) == 8
    assert table["forecasts"].sum() == 3 * len(forecasts)
    assert table["forecast"].is_monotonic_increasing
    came = (table["observed"] * table["forecasts"]).sum()
    assert came == pytest.approx(len(forecasts), abs=0.01)


@pytest.fixture(scope="module")
def beside_the_market(forecasts: pd.DataFrame) -> pd.DataFrame:
    """The forecasts, every second match with closing odds near Elo's."""
    p = 0.8 * probabilities(forecasts, "elo") + 0.2 * np.array([0.45, 0.25, 0.3])
    p[1::2] = np.nan
    return forecasts.assign(**{f"market_{o}": p[:, i] for i, o in enumerate(OUTCOMES)})


def test_without_prices_there_is_no_market(report: dict[str, Any]) -> None:
    assert report["market"] is None


def test_the_market_is_compared_on_the_matches_it_priced(
    beside_the_market: pd.DataFrame, settings: Evaluate
) -> None:
    table = validated(Forecasts, beside_the_market, Path("forecasts.parquet"))
    told = evaluation(table, settings, seed=3)["market"]
    priced = table[table["market_home"].notna()]
    assert told["matches"] == len(priced) == (len(table) + 1) // 2
    hit = np.eye(3)[targets(priced)]
    level = (1 - settings.confidence_level) / 2
    draws = np.random.default_rng(3).integers(len(priced), size=(300, len(priced)))
    for name, measure in {
        "log_loss": lambda p: -np.log((p * hit).sum(axis=1)),
        "rps": lambda p: (((p - hit).cumsum(axis=1)[:, :2]) ** 2).sum(axis=1) / 2,
    }.items():
        model, market = (measure(probabilities(priced, who)) for who in ("model", "market"))
        assert told[name] == pytest.approx(model.mean(), abs=2e-6)
        assert told[f"closing_{name}"] == pytest.approx(market.mean(), abs=2e-6)
        gain = market - model
        assert told[f"{name}_gain_over_closing"] == pytest.approx(gain.mean(), abs=2e-6)
        interval = np.quantile(gain[draws].mean(axis=1), [level, 1 - level])
        assert told[f"{name}_gain_over_closing_interval"] == pytest.approx(interval, abs=2e-6)


def test_a_price_of_0_is_none(beside_the_market: pd.DataFrame, settings: Evaluate) -> None:
    odd = beside_the_market.copy()
    odd.loc[0, "market_draw"] = 0.0
    before, after = (
        evaluation(table, settings, seed=3)["market"] for table in (beside_the_market, odd)
    )
    assert after["matches"] == before["matches"] - 1


def test_the_market_changes_nothing_else(
    beside_the_market: pd.DataFrame, report: dict[str, Any], settings: Evaluate
) -> None:
    told = evaluation(beside_the_market, settings, seed=3)
    assert {key for key in report if told[key] != report[key]} == {"market"}


def test_forecasts_take_the_closing_prices_of_the_features(rows: pd.DataFrame) -> None:
    given = {"closing_home": 0.5, "closing_draw": 0.3, "closing_away": 0.2}
    end = START + pd.Timedelta(days=8)
    opened = {name.replace("closing", "opening"): 0.25 for name in given}
    found = walked(rows.assign(**given, **opened), end=end)
    assert len(found) > 5
    assert (probabilities(found, "market") == [0.5, 0.3, 0.2]).all()


def test_events_of_goals_worked_out_by_hand() -> None:
    scored = [(0, 0), (1, 0), (2, 0), (1, 1), (3, 0), (2, 1), (0, 3), (2, 2)]
    rows = pd.DataFrame(scored, columns=["home_goals", "away_goals"], dtype="Int64")
    found = happened(rows)
    assert found["over_2_5"].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert found["both_score"].tolist() == [0, 0, 0, 1, 0, 1, 0, 1]


def test_goals_are_forecast_by_a_fit_on_what_was_known(rows: pd.DataFrame) -> None:
    end = START + pd.Timedelta(days=REFIT_DAYS)
    found = walked(rows, end=end, refit_days=400)
    test = rows[(rows["kick_off"] >= START) & (rows["kick_off"] < end)]
    train = rows[rows["known_at"] <= test["kick_off"].min()]
    grid = GoalModel.fit(train).grid(test, probabilities(found, "model"))
    for name, values in read_off(grid).items():
        np.testing.assert_allclose(found[name], values, atol=2e-6)
    over = (train["home_goals"] + train["away_goals"] >= 3).mean()
    both = ((train["home_goals"] >= 1) & (train["away_goals"] >= 1)).mean()
    np.testing.assert_allclose(found["base_over_2_5"], over, atol=1e-6)
    np.testing.assert_allclose(found["base_both_score"], both, atol=1e-6)


def test_the_scores_of_goals_equal_independent_ones(
    forecasts: pd.DataFrame, report: dict[str, Any]
) -> None:
    told = report["goals"]
    goals = forecasts[["home_goals", "away_goals"]].astype(int)
    came = {"over_2_5": goals.sum(axis=1) >= 3, "both_score": goals.min(axis=1) >= 1}
    for name, hit in came.items():
        for label, column in (("log_loss", name), ("base_log_loss", f"base_{name}")):
            expected = log_loss(hit, forecasts[column])
            assert told[name][label] == pytest.approx(expected, abs=2e-6)
    for side in ("home", "away"):
        assert told[f"{side}_goals"] == {
            "scored": pytest.approx(goals[f"{side}_goals"].mean(), abs=1e-6),
            "expected": pytest.approx(forecasts[f"expected_{side}_goals"].mean(), abs=1e-6),
        }
        assert abs(told[f"{side}_goals"]["expected"] - goals[f"{side}_goals"].mean()) < 0.25
