"""Drift: windows at the same phase, a null of the window's size, few false discoveries."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline import alerts, layout
from pitchline.files import json_bytes
from pitchline.monitor import page as pages
from pitchline.monitor.drift import statistics
from pitchline.monitor.drift.page import page_of
from pitchline.monitor.drift.review import Group, review
from pitchline.monitor.drift.windows import windows
from pitchline.params import load
from tests.conftest import ROOT
from tests.monitor.test_performance import check_page
from tests.train.project import content_of, pitchline

SETTINGS = load(ROOT / "params.yaml").monitor.drift
AS_OF = "2026-03-15T00:00:00Z"
A_WEEK = 10
FIRST_YEAR, LAST_YEAR = 2015, 2025


def seasons(seed: int, columns: int = 20) -> pd.DataFrame:
    """Eleven seasons of weekly rounds: columns that follow the season's phase, and their noise."""
    random = np.random.default_rng(seed)
    parts = []
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        weeks = np.repeat(np.arange(38), A_WEEK)
        start = pd.Timestamp(f"{year}-08-10T14:00:00Z")
        day = start + pd.to_timedelta(weeks * 7, unit="D")
        frame = pd.DataFrame({"kick_off": pd.Series(day).astype("datetime64[ms, UTC]")})
        frame["competition"] = "eng-premier-league"
        frame["season"] = f"{year}-{(year + 1) % 100:02d}"
        teams = random.normal(0, 1, 20)
        for number in range(columns):
            own = teams[random.integers(0, 20, len(frame))]
            frame[f"c{number:02d}"] = (
                weeks / 38 * (number % 4) + 0.5 * own + random.normal(0, 1, len(frame))
            )
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def group(rows: pd.DataFrame, until: str = AS_OF) -> Group:
    columns = [name for name in rows if name.startswith("c") and name != "competition"]
    return Group("features", rows, columns, pd.Timestamp(until))


def judged(rows: pd.DataFrame, until: str = AS_OF) -> dict:  # type: ignore[type-arg]
    return review([group(rows, until)], until, SETTINGS)


def newest(rows: pd.DataFrame, until: str = AS_OF) -> pd.Series:
    moment = pd.Timestamp(until)
    return (rows["kick_off"] <= moment) & (rows["kick_off"] > moment - pd.Timedelta(days=40))


# -- windows


def test_a_window_is_held_against_the_same_weeks_of_past_seasons() -> None:
    rows = seasons(1, 1)
    cut = windows(rows, pd.Timestamp(AS_OF), 35, 8)
    assert cut is not None
    assert cut.seasons == [f"{y}-{y - 1999:02d}" for y in range(2017, 2025)]
    week = (rows.index.to_series() // A_WEEK % 38).to_numpy()
    now = set(week[cut.newest])
    for season in cut.seasons:
        then = set(week[cut.blocks[season, 0]])
        assert abs(min(then) - min(now)) <= 1
        assert abs(len(then) - len(now)) <= 1
    for (season, _), places in cut.blocks.items():
        assert (rows["season"].iloc[places] == season).all()


def test_out_of_season_the_window_ends_with_the_last_match() -> None:
    rows = seasons(1, 1)
    cut = windows(rows, pd.Timestamp("2026-07-20T00:00:00Z"), 35, 8)
    assert cut is not None
    assert cut.last == rows["kick_off"].max().floor("D")
    assert len(cut.newest) == 5 * A_WEEK


def test_nothing_from_after_the_moment_is_looked_at() -> None:
    rows = seasons(1, 2)
    later = rows["kick_off"] > pd.Timestamp(AS_OF)
    changed = rows.assign(c00=rows["c00"].mask(later, 99.0))
    assert judged(changed) == judged(rows)


def test_before_the_first_match_there_is_no_window() -> None:
    assert windows(seasons(1, 1), pd.Timestamp("2010-01-01T00:00:00Z"), 35, 8) is None
    told = judged(seasons(1, 1), "2010-01-01T00:00:00Z")
    assert told["status"] == "unknown"
    check_page(pages.html(page_of(told | {"predictions": {"matches": 0}})))


# -- statistics


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=12).filter(lambda c: sum(c) > 0))
def test_psi_and_gap_of_a_window_with_itself_are_nothing(counts: list[int]) -> None:
    own = np.array(counts, dtype=float)
    assert statistics.psi(own, own) == pytest.approx(0)
    assert statistics.largest_gap(own, own) == 0


def test_psi_worked_out_by_hand() -> None:
    window, reference = np.array([9.5, 29.5]), np.array([19.5, 19.5])
    shares = [(10 / 40, 20 / 40), (30 / 40, 20 / 40)]
    assert statistics.psi(window, reference) == pytest.approx(
        sum((w - r) * np.log(w / r) for w, r in shares)
    )


def test_what_is_unknown_is_counted_apart() -> None:
    values = np.array([1.0, 2.0, np.nan, 5.0])
    found = statistics.counted(values, [np.array([0, 1, 2, 3])], np.array([2.0]))
    assert found.tolist() == [[2.0, 1.0, 1.0]]


def test_benjamini_and_yekutieli_by_hand() -> None:
    # Four tests: the harmonic sum is 25/12; limits 0.006, 0.012, 0.018, 0.024 at a level of 0.05.
    p_values = np.array([0.011, 0.5, 0.017, 0.013])
    assert statistics.drifted(p_values, 0.05).tolist() == [True, False, True, True]
    assert not statistics.drifted(p_values + 0.01, 0.05).any()
    assert statistics.drifted(np.array([]), 0.05).tolist() == []


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_a_statistic_like_the_past_is_no_surprise(seed: int) -> None:
    past = np.exp(np.random.default_rng(seed).normal(0, 0.5, 60))
    assert statistics.predictive_p_value(float(np.median(past)), past) > 0.2
    assert statistics.predictive_p_value(float(past.max()) * 30, past) < 1e-6


# -- verdict


def test_seasons_without_drift_are_seldom_told_as_drifted() -> None:
    told = [
        judged(seasons(seed), until)["features"]["columns"]
        for seed in range(4)
        for until in ("2025-09-20T00:00:00Z", AS_OF, "2026-05-10T00:00:00Z")
    ]
    flags = [line["drifted"] for columns in told for line in columns]
    assert len(flags) == 240
    assert sum(flags) <= 1


def test_phase_is_no_drift_but_the_same_values_at_another_phase_are() -> None:
    rows = seasons(5)
    early = "2025-09-20T00:00:00Z"
    moved = rows.copy()
    inside = newest(moved, early)
    # What March looks like, in September.
    moved.loc[inside, "c03"] += 30 / 38 * 3
    found = {
        line["column"]: line["drifted"] for line in judged(moved, early)["features"]["columns"]
    }
    assert found.pop("c03")
    assert not any(found.values())


@pytest.mark.parametrize(
    ("plant", "column"),
    [
        (lambda c: c + 1.5, "c05"),
        (lambda c: c * 4, "c08"),
        (lambda c: c.mask(c > -99), "c09"),
        (lambda c: c * 0, "c11"),
    ],
    ids=["shifted", "wider", "gone", "stuck"],
)
def test_what_is_planted_is_found_and_nothing_else(plant, column: str) -> None:  # type: ignore[no-untyped-def]
    rows = seasons(6)
    inside = newest(rows)
    rows.loc[inside, column] = plant(rows.loc[inside, column])
    told = judged(rows)
    drifted = [line["column"] for line in told["features"]["columns"] if line["drifted"]]
    assert drifted == [column]
    assert told["status"] == "warning"
    assert column in told["reasons"][0]["text"]


def test_many_drifted_columns_are_an_alarm_and_lost_ones_are_told_as_coverage() -> None:
    rows = seasons(7)
    inside = newest(rows)
    lost = [f"c{number:02d}" for number in range(6)]
    rows.loc[inside, lost] = np.nan
    told = judged(rows)
    assert told["status"] == "alarm"
    assert told["reasons"][0]["text"].endswith("of 6 the share of known values changed")
    assert json_bytes(told)
    check_page(pages.html(page_of(told | {"predictions": {"matches": 0}})))


def test_what_a_source_begins_to_tell_is_no_alarm() -> None:
    rows = seasons(7)
    begun = [f"c{number:02d}" for number in range(6)]
    rows.loc[~newest(rows) & (rows.index % 10 > 0), begun] = np.nan
    told = judged(rows)
    drifted = [line["column"] for line in told["features"]["columns"] if line["drifted"]]
    assert sorted(drifted) == begun
    assert told["status"] == "warning"


@pytest.mark.parametrize(("moved", "status"), [(1, "warning"), (2, "alarm")])
def test_of_few_columns_one_alone_is_no_alarm(moved: int, status: str) -> None:
    rows = seasons(7, columns=4)
    inside = newest(rows)
    rows.loc[inside, ["c00", "c01"][:moved]] += 3.0
    told = judged(rows)
    drifted = [line["column"] for line in told["features"]["columns"] if line["drifted"]]
    assert sorted(drifted) == ["c00", "c01"][:moved]
    assert told["status"] == status


def test_too_little_is_told_as_such() -> None:
    rows = seasons(8)
    few = rows[~newest(rows) | (rows.index % A_WEEK < 2)].reset_index(drop=True)
    assert judged(few)["reasons"][0]["text"] == "not enough matches yet: 10 of 30"
    young = rows[rows["season"] >= "2024-25"].reset_index(drop=True)
    assert "past seasons at this phase: " in judged(young)["reasons"][0]["text"]


def test_the_command_is_repeatable_and_tells(monitored: Path) -> None:
    pitchline("monitor", "drift")
    told = content_of(layout.DRIFT_MONITOR)
    assert told["monitor"] == "drift"
    assert {reason["name"] for reason in told["reasons"]} == {"features", "predictions"}
    check_page(layout.DRIFT_MONITOR.with_suffix(".html").read_text(encoding="utf-8"))
    before = layout.DRIFT_MONITOR.read_bytes()
    pitchline("monitor", "drift")
    assert layout.DRIFT_MONITOR.read_bytes() == before
    assert not alerts.is_open("monitor/drift")
