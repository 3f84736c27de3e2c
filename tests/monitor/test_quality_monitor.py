"""The quality monitor: trend, freshness, quarantine."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pitchline import alerts, layout
from pitchline.files import write_json
from pitchline.monitor import page as pages
from pitchline.monitor.quality.freshness import playing_since
from pitchline.monitor.quality.page import page_of
from pitchline.monitor.quality.review import review
from pitchline.params import load
from tests.conftest import ROOT
from tests.monitor.test_performance import check_page
from tests.train.project import content_of, pitchline, write_quality

SETTINGS = load(ROOT / "params.yaml").monitor.quality
AS_OF = pd.Timestamp("2026-03-15T00:00:00Z")
LEAGUE, SOURCE = "eng-premier-league", "starter"
DAY = pd.Timedelta(days=1)
RULES = {
    "scores_agree": "match",
    "results_on_time": "match",
    "sources_on_time": "match",
    "bodies_readable": "fetch",
}


def line(rule: str, days_ago: int, checked: int, bad: float, **where: str) -> dict[str, Any]:
    return {
        "rule": rule,
        "source": SOURCE,
        "competition": LEAGUE,
        "season": "2025-26",
        "day": AS_OF - days_ago * DAY,
        "checked": checked,
        "bad": bad,
    } | where


def weeks() -> list[dict[str, Any]]:
    """A year in which all was well: ten matches and five bodies a week."""
    return [
        line(rule, days, 5 if rule == "bodies_readable" else 10, 0.0)
        for rule in RULES
        for days in range(1, 360, 7)
    ]


def matches(newest: int = 1, to_come: int | None = 5) -> pd.DataFrame:
    """Played weekly up to some days ago, and one to come."""
    days = [*range(newest, 300, 7), *([-to_come] if to_come else [])]
    return pd.DataFrame(
        {
            "competition": LEAGUE,
            "kick_off": [AS_OF - day * DAY for day in days],
            "result": pd.Series(["H" if day > 0 else None for day in days], dtype="str"),
        }
    )


def tellings(played: pd.DataFrame) -> pd.DataFrame:
    return played.assign(
        source=SOURCE,
        home_goals=played["result"].map({"H": 1}),
        fetched_at="2026-03-14T02:00:00Z",
    )


def judged(checks: list[dict[str, Any]], played: pd.DataFrame | None = None) -> dict[str, Any]:
    played = matches() if played is None else played
    score = {
        "as_of": f"{AS_OF:%Y-%m-%dT%H:%M:%SZ}",
        "newest_fetch": f"{AS_OF:%Y-%m-%dT%H:%M:%SZ}",
        "score": 0.99,
        "rules": {name: {"weight": 1.0, "dated_by": by} for name, by in RULES.items()},
    }
    told = review(pd.DataFrame(checks), score, played, tellings(played), 0.85, SETTINGS)
    check_page(pages.html(page_of(told)))
    return told


def status(told: dict[str, Any], name: str) -> str:
    return next(str(reason["status"]) for reason in told["reasons"] if reason["name"] == name)


def test_where_all_is_well_nothing_is_reported() -> None:
    told = judged(weeks())
    assert told["status"] == "good"
    assert [part["back"] for part in told["windows"]] == list(range(12))
    assert told["competitions"][0]["days_since_result"] == 1.0
    assert told["competitions"][0]["playing_since"] == "2025-05-24T00:00:00Z"
    assert told["competitions"][0]["next_fixture"] == "2026-03-20T00:00:00Z"
    assert told["sources"][0]["newest_result"] == "2026-03-14T00:00:00Z"


def test_a_fall_is_a_warning_and_a_score_too_low_an_alarm() -> None:
    fallen = judged([*weeks(), line("scores_agree", 2, 10, 4.0)])
    assert fallen["newest_score"] == pytest.approx(1 - 4 / 60, abs=1e-6)
    assert status(fallen, "score") == "warning"
    low = judged([*weeks(), line("scores_agree", 2, 20, 19.0)])
    assert low["reasons"][0]["name"] == "score"
    assert status(low, "score") == low["status"] == "alarm"
    assert "training asks for 0.85" in low["reasons"][0]["text"]


def test_a_score_that_was_always_so_is_no_fall() -> None:
    always = [line("scores_agree", days, 10, 1.0) for days in range(2, 360, 7)]
    assert status(judged([*weeks(), *always]), "score") == "good"


def test_an_overdue_result_is_a_warning_and_many_are_an_alarm() -> None:
    one = judged([*weeks(), line("results_on_time", 3, 10, 1.0)])
    assert status(one, "results") == "warning"
    assert one["competitions"][0]["overdue"] == 1
    many = judged([*weeks(), line("results_on_time", 3, 10, 8.0)])
    assert status(many, "results") == "alarm"
    assert "8 of 60 late" in many["reasons"][0]["text"]


def test_no_result_for_weeks_is_late_in_season_and_not_in_summer() -> None:
    assert status(judged(weeks(), matches(newest=25)), "results") == "warning"
    assert status(judged(weeks(), matches(newest=70, to_come=40)), "results") == "good"
    assert status(judged(weeks(), matches(newest=70, to_come=None)), "results") == "good"


def test_a_source_that_stands_still_is_named() -> None:
    late = judged([*weeks(), line("sources_on_time", 3, 20, 15.0, source=SOURCE)])
    assert status(late, "sources") == "warning"
    assert late["sources"][0]["late"] == 15
    assert SOURCE in next(r["text"] for r in late["reasons"] if r["name"] == "sources")


def test_quarantine_that_grows_rings_and_one_that_was_always_there_does_not() -> None:
    grown = judged([*weeks(), line("bodies_readable", 1, 10, 8.0)])
    assert status(grown, "quarantine") == "alarm"
    assert grown["quarantine"]["bad"] == 8
    always = [line("bodies_readable", days, 5, 1.0) for days in range(1, 360, 7)]
    assert status(judged([*weeks(), *always]), "quarantine") == "good"


def test_the_very_first_bodies_in_quarantine_are_told() -> None:
    first = [part for part in weeks() if part["rule"] != "bodies_readable"]
    told = judged([*first, line("bodies_readable", 1, 10, 1.0)])
    assert status(told, "quarantine") == "alarm"


def test_a_window_without_checks_cannot_be_judged() -> None:
    old = [part for part in weeks() if part["day"] < AS_OF - 40 * DAY]
    told = judged(old)
    assert status(told, "score") == told["status"] == "unknown"
    assert told["newest_score"] is None


def test_the_command_tells_and_resolves(monitored: Path) -> None:
    pitchline("monitor", "quality")
    assert content_of(layout.QUALITY_MONITOR)["status"] == "good"
    check_page(layout.QUALITY_MONITOR.with_suffix(".html").read_text(encoding="utf-8"))
    played = pd.read_parquet(layout.MATCHES)
    recent = played[played["kick_off"] < pd.Timestamp("2026-05-08T00:00:00Z")].tail(30)
    score = content_of(layout.SCORE)
    write_quality(
        played,
        [
            {"rule": "validity", "match_id": match, "bad": 1.0, "message": "wrong"}
            for match in recent["match_id"]
        ],
    )
    write_json(layout.SCORE, score)
    pitchline("monitor", "quality")
    assert content_of(layout.QUALITY_MONITOR)["status"] == "alarm"
    assert alerts.is_open("monitor/quality", subject="alarm")
    write_quality(played)
    write_json(layout.SCORE, score)
    pitchline("monitor", "quality")
    assert not alerts.is_open("monitor/quality")


@pytest.mark.parametrize(
    ("days", "since"),
    [
        (["2026-01-01", "2026-01-20", "2026-02-01"], "2026-01-01"),
        (["2025-05-20", "2025-08-15", "2025-08-22"], "2025-08-15"),
        (["2025-08-22", "2025-05-20", "2025-08-15"], "2025-08-15"),
        (["2025-05-20", "2025-08-15"], "2025-08-15"),
    ],
)
def test_play_goes_on_since_the_last_long_pause(days: list[str], since: str) -> None:
    found = playing_since(pd.Series(pd.to_datetime(days, utc=True)), 21.0)
    assert found == pd.Timestamp(since, tz="UTC")


def test_where_nothing_was_played_no_play_goes_on() -> None:
    assert playing_since(pd.Series([], dtype="datetime64[ms, UTC]"), 21.0) is None
