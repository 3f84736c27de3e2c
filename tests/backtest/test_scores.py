import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss as sklearn_log_loss

from pitchline.backtest import scores
from pitchline.backtest.plots import log_loss_svg, reliability_svg, sharpness_svg
from pitchline.backtest.schema import FORECASTERS, OUTCOMES
from pitchline.backtest.scores import Forecasts, compared, evaluation, scored
from pitchline.files import json_bytes
from pitchline.params import Backtest, Evaluate, Params
from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.evaluate import score as score_of_train

SEED = 3
Row = tuple[str, str, tuple[float, float, float]]


@pytest.fixture(scope="module")
def settings(params: Params) -> Evaluate:
    return params.evaluate.model_copy(update={"bootstrap_samples": 300, "calibration_bins": 5})


@pytest.fixture(scope="module")
def gaps(forecasts: pd.DataFrame) -> pd.DataFrame:
    """The forecasts of the span, some of the market's missing."""
    matches = forecasts["match_id"].unique()
    closing = forecasts["match_id"].isin(matches[:6]) & (
        forecasts["forecaster"] == "market_closing"
    )
    opening = forecasts["match_id"].isin(matches[4:9]) & (
        forecasts["forecaster"] == "market_opening"
    )
    return forecasts[~closing & ~opening].reset_index(drop=True)


@pytest.fixture(scope="module")
def report(gaps: pd.DataFrame, backtest: Backtest, settings: Evaluate) -> dict[str, Any]:
    return evaluation(gaps, backtest, settings, SEED)


def table(results: str, **forecasters: list[tuple[float, float, float]]) -> pd.DataFrame:
    """Forecasts of some matches, a day apart: H, D or A for each, and what each was given."""
    days = pd.date_range("2024-08-17T14:00Z", periods=len(results))
    return pd.DataFrame(
        [
            (f"m{number:04}", "eng-premier-league", "2024-25", days[number], result, name, *p)
            for name, given in forecasters.items()
            for number, (result, p) in enumerate(zip(results, given, strict=True))
        ],
        columns=[
            *("match_id", "competition", "season", "kick_off", "result", "forecaster"),
            *OUTCOMES,
        ],
    )


def test_the_metrics_of_three_matches_worked_out_by_hand(settings: Evaluate) -> None:
    given = [(0.5, 0.3, 0.2), (0.6, 0.3, 0.1), (0.2, 0.3, 0.5)]
    found = scored(Forecasts.of(table("HDA", model=given)), ["model"], settings, SEED)["model"]
    assert found["matches"] == 3
    expected = -(np.log(0.5) + np.log(0.3) + np.log(0.5)) / 3
    assert found["log_loss"] == pytest.approx(expected, abs=1e-6)
    # Squares of the cumulated gaps: .25 + .04; .36 + .01; .04 + .25; halved, over three matches.
    assert found["rps"] == pytest.approx((0.29 + 0.37 + 0.29) / 6, abs=1e-6)
    brier = (0.25 + 0.09 + 0.04) + (0.36 + 0.49 + 0.01) + (0.04 + 0.09 + 0.25)
    assert found["brier"] == pytest.approx(brier / 3, abs=1e-6)
    assert found["accuracy"] == pytest.approx(2 / 3, abs=1e-6)
    assert (found["confident_share"], found["confident_accuracy"]) == (
        1,
        pytest.approx(2 / 3, abs=1e-6),
    )


def test_a_forecaster_is_scored_as_training_scores_it(
    forecasts: pd.DataFrame, settings: Evaluate
) -> None:
    own = Forecasts.of(forecasts)
    counts = metrics.bootstrap_counts(len(own.matches), settings.bootstrap_samples, SEED)
    found = scored(own, list(FORECASTERS), settings, SEED)
    for name in FORECASTERS:
        expected = score_of_train(
            own.probabilities[name], targets(own.matches), counts, settings, SEED
        )
        for key, value in expected.items():
            assert found[name][key] == pytest.approx(value, abs=2e-6), (name, key)


def test_each_mean_lies_in_its_interval(report: dict[str, Any]) -> None:
    for found in [*report["common"]["forecasters"].values(), *report["each"].values()]:
        for metric in ("log_loss", "rps", "brier", "accuracy"):
            low, high = found[f"{metric}_interval"]
            assert low <= found[metric] <= high
        if found["confident_accuracy"] is not None:
            low, high = found["confident_accuracy_interval"]
            assert low <= found["confident_accuracy"] <= high


def test_the_common_matches_are_those_every_forecaster_forecast(
    gaps: pd.DataFrame, report: dict[str, Any]
) -> None:
    assert report["matches"] == 70
    assert report["forecasters"] == list(FORECASTERS)
    matches = gaps["match_id"].unique()
    assert report["common"]["matches"] == 70 - 9
    common = gaps[gaps["match_id"].isin(matches[9:])]
    for name in FORECASTERS:
        for part, found in (
            (common, report["common"]["forecasters"][name]),
            (gaps, report["each"][name]),
        ):
            rows = part[part["forecaster"] == name]
            assert found["matches"] == len(rows)
            p = rows[list(OUTCOMES)].to_numpy()
            expected = sklearn_log_loss(targets(rows), p / p.sum(axis=1, keepdims=True))
            assert found["log_loss"] == pytest.approx(expected, abs=2e-6)


def test_differences_and_ratios_are_those_of_the_means_on_the_matches_of_both(
    gaps: pd.DataFrame, report: dict[str, Any]
) -> None:
    assert list(report["differences"]) == [name for name in FORECASTERS if name != "model"]
    assert list(report["ratios"]) == [name for name in FORECASTERS if name != "market_closing"]
    own = Forecasts.of(gaps)
    for block, pairs in (
        ("differences", [("model", name) for name in report["differences"]]),
        ("ratios", [(name, "market_closing") for name in report["ratios"]]),
    ):
        for first, second in pairs:
            told = report[block][second if block == "differences" else first]
            both = own.common([first, second])
            assert told["matches"] == both.sum()
            outcome = targets(own.matches[both])
            for metric, of in (
                ("log_loss", metrics.log_loss),
                ("rps", metrics.ranked_probability_score),
            ):
                mine, other = (
                    of(own.probabilities[n][both], outcome).mean() for n in (first, second)
                )
                kind = "difference" if block == "differences" else "ratio"
                expected = mine - other if kind == "difference" else mine / other
                assert told[f"{metric}_{kind}"] == pytest.approx(expected, abs=1e-6)
                low, high = told[f"{metric}_{kind}_interval"]
                assert low <= expected <= high
                expected_keys = {
                    f"{m}_{kind}{end}" for m in ("log_loss", "rps") for end in ("", "_interval")
                }
                assert set(told) == {"matches", *expected_keys}


def test_the_interval_of_a_difference_is_paired(gaps: pd.DataFrame, settings: Evaluate) -> None:
    own = Forecasts.of(gaps)
    outcome = targets(own.matches)
    gap = metrics.log_loss(own.probabilities["model"], outcome) - metrics.log_loss(
        own.probabilities["elo"], outcome
    )
    counts = metrics.bootstrap_counts(len(gap), settings.bootstrap_samples, SEED)
    expected = metrics.interval_of_mean(gap, counts, settings.confidence_level)
    found = compared(own, "model", "elo", settings, SEED)["log_loss_difference_interval"]
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_forecaster_against_itself_differs_by_nothing(
    forecasts: pd.DataFrame, settings: Evaluate
) -> None:
    found = compared(Forecasts.of(forecasts), "model", "model", settings, SEED)
    assert found["log_loss_difference_interval"] == [0, 0]
    assert found["rps_ratio_interval"] == [1, 1]


def test_the_interval_covers_zero_for_two_equal_forecasters_and_not_for_unequal_ones(
    settings: Evaluate,
) -> None:
    random = np.random.default_rng(11)
    truth = random.dirichlet([4, 2, 3], size=1500)
    results = "".join(
        "HDA"[i] for i in (random.random(1500)[:, None] > truth.cumsum(1)[:, :2]).sum(1)
    )

    def off(scale: float) -> list[tuple[float, float, float]]:
        noisy = truth * np.exp(random.normal(0, scale, truth.shape))
        return [tuple(row) for row in noisy / noisy.sum(axis=1, keepdims=True)]

    own = Forecasts.of(table(results, model=off(0.3), elo=off(0.3), base=off(0.9)))
    for metric in ("log_loss", "rps"):
        low, high = compared(own, "model", "elo", settings, SEED)[f"{metric}_difference_interval"]
        assert low < 0 < high
        low, high = compared(own, "model", "base", settings, SEED)[f"{metric}_difference_interval"]
        assert high < 0


def test_forecasters_without_a_match_in_common_are_told_as_such(
    forecasts: pd.DataFrame, backtest: Backtest, settings: Evaluate
) -> None:
    matches = forecasts["match_id"].unique()
    early = forecasts["match_id"].isin(matches[:30])
    apart = forecasts[
        (early & (forecasts["forecaster"] == "model"))
        | (~early & (forecasts["forecaster"] == "market_closing"))
    ]
    found = evaluation(apart, backtest, settings, SEED)
    assert found["common"] == {"matches": 0, "forecasters": {}}
    assert found["differences"] == {"market_closing": {"matches": 0}}
    assert found["by_season"] == {"2024-25": {"matches": 0}}
    assert found["each"]["model"]["matches"] == 30
    assert scores.summary(found)["on"].tolist() == ["each", "each"]
    assert list(scores.reliability(apart, 5)) == ["model"]


def test_only_the_forecasters_chosen_are_compared(
    gaps: pd.DataFrame, backtest: Backtest, settings: Evaluate, report: dict[str, Any]
) -> None:
    chosen = backtest.model_copy(update={"compare_with": ["market_closing", "elo"]})
    found = evaluation(gaps, chosen, settings, SEED)["differences"]
    assert found == {name: report["differences"][name] for name in ("market_closing", "elo")}


def test_seasons_and_competitions_are_scored_on_their_own(
    forecasts: pd.DataFrame, backtest: Backtest, settings: Evaluate
) -> None:
    half = forecasts["kick_off"] < pd.Timestamp("2024-09-10T00:00:00Z")
    split = forecasts.assign(
        season=forecasts["season"].mask(half, "2023-24"),
        competition=forecasts["competition"].mask(half, "esp-la-liga"),
    )
    # Without odds in one of them, the others there are still compared.
    split = split[~half | ~split["forecaster"].isin(["market_opening", "market_closing"])]
    found = evaluation(split, backtest, settings, SEED)
    assert list(found["by_season"]) == ["2023-24", "2024-25"]
    assert list(found["by_competition"]) == ["eng-premier-league", "esp-la-liga"]
    assert found["by_season"]["2023-24"] == found["by_competition"]["esp-la-liga"]
    for season, told in found["by_season"].items():
        part = split[split["season"] == season]
        assert told["matches"] == part["match_id"].nunique()
        names = set(part["forecaster"])
        priced = "market_closing" in names
        assert set(told) == {"matches", *names, *(["to_closing"] if priced else [])}
        if priced:
            closing = compared(Forecasts.of(part), "model", "market_closing", settings, SEED)
            assert told["to_closing"] == closing
        rows = part[part["forecaster"] == "model"]
        p = rows[list(OUTCOMES)].to_numpy()
        rps = metrics.ranked_probability_score(p, targets(rows)).mean()
        assert told["model"]["rps"] == pytest.approx(rps, abs=1e-6)
    by_season = scores.log_loss_by_season(found)
    assert by_season["market_closing"].isna().tolist() == [True, False]


def test_the_report_is_plain_json_and_the_same_again(
    gaps: pd.DataFrame, backtest: Backtest, settings: Evaluate, report: dict[str, Any]
) -> None:
    assert json.loads(json_bytes(report)) == report
    assert json_bytes(evaluation(gaps, backtest, settings, SEED)) == json_bytes(report)


def test_the_summary_holds_every_forecaster_twice(report: dict[str, Any]) -> None:
    found = scores.summary(report)
    assert found["forecaster"].tolist() == [*FORECASTERS, *FORECASTERS]
    assert found["on"].tolist() == ["common"] * 6 + ["each"] * 6
    elo = found.set_index(["on", "forecaster"]).loc[("each", "elo")]
    assert elo["log_loss"] == report["each"]["elo"]["log_loss"]
    assert [elo["rps_low"], elo["rps_high"]] == report["each"]["elo"]["rps_interval"]
    told = report["differences"]["elo"]
    assert elo["model_log_loss_difference"] == told["log_loss_difference"]
    assert [
        elo["model_rps_difference_low"],
        elo["model_rps_difference_high"],
    ] == told["rps_difference_interval"]


def test_the_pictures_are_the_same_bytes_for_the_same_forecasts(
    gaps: pd.DataFrame, report: dict[str, Any]
) -> None:
    def pictures(table: pd.DataFrame) -> list[bytes]:
        return [
            reliability_svg(scores.reliability(table, 5)),
            log_loss_svg(scores.log_loss_by_season(report)),
            sharpness_svg(scores.highest(table)),
        ]

    first, again = pictures(gaps), pictures(gaps.copy())
    assert first == again
    assert all(picture.startswith(b"<?xml") and picture.endswith(b"</svg>\n") for picture in first)
    other = pictures(gaps[gaps["match_id"] > gaps["match_id"].min()])
    assert other[0] != first[0]
    assert other[2] != first[2]


def test_model_and_market_are_drawn_on_the_same_matches(gaps: pd.DataFrame) -> None:
    found = scores.reliability(gaps, 5)
    assert list(found) == ["model", "market_closing"]
    for drawn in found.values():
        assert drawn["forecasts"].sum() == 3 * 64
    closing = gaps["forecaster"] == "market_closing"
    assert list(scores.reliability(gaps[~closing], 5)) == ["model", "market_opening"]
