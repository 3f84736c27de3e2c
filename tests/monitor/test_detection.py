"""Detection: rarely for nothing, soon for what is planted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pitchline.monitor.performance import detection
from pitchline.monitor.performance.alternatives import tempered
from tests.monitor.seasons import (
    CHAMPION,
    LEAGUES,
    SETTINGS,
    drawn,
    forecasting,
    honest,
    settings,
    softmax,
)

# A level so low that false alarms can be counted: at most one in 8 rounds' time of 100.
LOW = settings(seasons_between_false_alarms=8.0, rounds_a_season=25)


def alarms_by_chance(runs: int, rounds: int, without_slack: bool) -> int:
    """Histories of honest forecasts that ring at least once, looked at after each match."""
    level = LOW
    if without_slack:
        level = LOW.model_copy(update={"slope_tolerance": 0.0, "shift_tolerance": 0.0})
    found = [detection.detect(honest(rounds * 10, seed), level).alarms for seed in range(runs)]
    return sum(bool(alarms) for alarms in found)


@pytest.mark.parametrize("without_slack", [False, True])
def test_honest_forecasts_ring_no_more_often_than_stated(without_slack: bool) -> None:
    runs, rounds = 60, 40
    bound = rounds / (LOW.seasons_between_false_alarms * LOW.rounds_a_season)
    most = stats.binom.ppf(0.999, runs, bound)
    assert alarms_by_chance(runs, rounds, without_slack) <= most


def test_the_count_of_false_alarms_would_notice_a_broken_level() -> None:
    # The same forecasts, judged as if they were half as sure: then nearly every history rings.
    rung = 0
    for seed in range(20):
        judged = honest(400, seed)
        sure = forecasting(judged, tempered(judged.forecast, 2.5), 0)
        rung += bool(detection.detect(sure, LOW).alarms)
    assert rung >= 19


@pytest.mark.parametrize(
    ("fault", "within"),
    [
        (lambda p: p[:, [2, 1, 0]], 60),
        (lambda p: p[::-1], 120),
        (lambda p: tempered(p, 0.0), 60),
        (lambda p: tempered(p, 3.0), 60),
    ],
    ids=["sides swapped", "other matches", "a third each", "three times as sure"],
)
def test_planted_faults_ring_soon(fault, within: int) -> None:  # type: ignore[no-untyped-def]
    for seed in range(5):
        judged = honest(600, seed)
        found = detection.detect(forecasting(judged, fault(judged.forecast), 300), SETTINGS)
        assert len(found.alarms) == 1
        assert 300 <= found.alarms[0] < 300 + within
        assert found.ringing[-1]


def test_results_that_changed_in_one_league_ring_and_say_where() -> None:
    judged = honest(1200, 3, leagues=LEAGUES)
    outcome = judged.outcome.copy()
    hit = (np.arange(1200) >= 600) & (judged.competition == LEAGUES[1]) & (outcome == 0)
    outcome[hit] = 1
    found = detection.detect(replace(judged, outcome=outcome), SETTINGS)
    assert found.alarms and found.alarms[0] >= 600
    leading = max(found.parts[LEAGUES[1]], key=found.parts[LEAGUES[1]].__getitem__)
    assert leading == "most home wins became draws"
    assert max(found.parts[LEAGUES[0]].values()) < 7


def test_a_new_champion_ends_an_alarm() -> None:
    judged = honest(900, 4)
    bad = forecasting(judged, judged.forecast[:, [2, 1, 0]], 300)
    mended = np.concatenate([bad.forecast[:600], judged.forecast[600:]])
    champion = np.where(np.arange(900) >= 600, "ffffffffffff", CHAMPION).astype(object)
    found = detection.detect(replace(bad, forecast=mended, champion=champion), SETTINGS)
    assert found.ringing[599]
    assert not found.ringing[600:].any()
    assert len(found.alarms) == 1


def test_a_challenger_that_answers_its_share_ends_no_alarm() -> None:
    judged = honest(600, 5)
    bad = forecasting(judged, judged.forecast[:, [2, 1, 0]], 300)
    shared = np.where(np.arange(600) % 3 == 0, "ffffffffffff", CHAMPION).astype(object)
    found = detection.detect(replace(bad, champion=shared), SETTINGS)
    assert len(found.alarms) == 1
    assert found.ringing[found.alarms[0] :].all()


def test_a_mended_forecaster_is_quiet_again_though_the_champion_stays() -> None:
    judged = honest(3000, 6)
    swapped = forecasting(judged, judged.forecast[:, [2, 1, 0]], 300).forecast
    forecast = np.concatenate([swapped[:400], judged.forecast[400:]])
    found = detection.detect(replace(judged, forecast=forecast), SETTINGS)
    assert found.ringing[399]
    assert not found.ringing[-1]


def test_matches_that_a_reference_does_not_know_bet_nothing_on_it() -> None:
    judged = honest(400, 7)
    nothing = np.full_like(judged.forecast, np.nan)
    blind = replace(
        judged,
        references={"Elo": nothing, "the base rates": nothing},
        neighbours={"the closing odds": (nothing, np.full(400, np.nan))},
    )
    found = detection.detect(blind, SETTINGS)
    assert np.isfinite(found.evidence).all()
    assert not any("closing odds" in name for name in found.parts[detection.EVERYWHERE])


def test_the_distance_rings_before_any_result_could_tell() -> None:
    # Forecasts with noise of which results say little, far from an Elo they were near to.
    judged = honest(500, 8)
    random = np.random.default_rng(8)
    noisy = softmax(np.log(judged.forecast) + random.normal(0, 0.45, judged.forecast.shape))
    lucky = drawn(noisy, random)
    outcome = np.where(np.arange(500) >= 300, lucky, judged.outcome)
    found = detection.detect(forecasting(replace(judged, outcome=outcome), noisy, 300), SETTINGS)
    assert found.alarms and 300 <= found.alarms[0] < 360
    assert max(found.parts[detection.EVERYWHERE], key=found.parts[detection.EVERYWHERE].get
               ).startswith("far from Elo")  # fmt: skip


def test_rounds_are_weekends_and_midweeks() -> None:
    days = pd.to_datetime(
        ["2026-05-01T19:00Z", "2026-05-04T21:00Z", "2026-05-05T18:00Z", "2026-05-07T20:00Z",
         "2026-05-08T19:00Z", "2027-01-01T12:00Z"]
    )  # fmt: skip
    found = detection.rounds_of(pd.Series(days))
    assert (np.diff(found[:5])).tolist() == [0, 1, 0, 1]
    assert found[5] - found[4] == 68


def test_closing_odds_of_ten_seasons_raise_no_alarm(shared) -> None:  # type: ignore[no-untyped-def]
    from pitchline.market.implied import power

    table = pd.read_csv(
        shared / "history/big5_results_odds_2000_2023.csv.gz", low_memory=False
    ).query("Div == 'E0'")
    columns = ["PSCH", "PSCD", "PSCA"]
    priced = table[(table[columns] > 1).all(axis=1) & table["FTR"].isin(["H", "D", "A"])]
    priced = priced.assign(at=pd.to_datetime(priced["Date"], utc=True)).sort_values("at")
    p = power(priced[columns].to_numpy(dtype=np.float64))
    nothing = np.full((len(p), 2), np.nan)
    outcome = priced["FTR"].map({"H": 0, "D": 1, "A": 2}).to_numpy()
    judged = detection.Judged(
        p, outcome, detection.rounds_of(priced["at"]), np.full(len(p), "eng-premier-league"),
        np.full(len(p), CHAMPION), {}, {}, nothing, nothing,
    )  # fmt: skip
    assert len(p) > 4000
    assert detection.detect(judged, SETTINGS).alarms == []
    swapped = forecasting(judged, p[:, [2, 1, 0]], len(p) - 200)
    assert detection.detect(swapped, SETTINGS).ringing[-1]
