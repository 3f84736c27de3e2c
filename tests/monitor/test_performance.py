"""The performance monitor: scores, verdict, files and page."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline import alerts, layout
from pitchline.errors import ArtifactError
from pitchline.files import json_bytes
from pitchline.issued import log
from pitchline.issued.pipeline import record
from pitchline.monitor import page as pages
from pitchline.monitor.performance import figures
from pitchline.monitor.performance.alternatives import normalised, tempered
from pitchline.monitor.performance.page import page_of
from pitchline.monitor.performance.review import review
from pitchline.monitor.performance.sequence import columns_of
from tests.monitor.seasons import SETTINGS, drawn, forecasting, honest, table, truth
from tests.train.project import content_of, pitchline

AS_OF = "2026-05-08T00:00:00Z"


class Tags(HTMLParser):
    """Opened and closed elements; what is left open at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag not in ("meta", "path", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("path", "circle"):
            assert self.open.pop() == tag


def check_page(text: str) -> None:
    """A page is whole, has no script and asks for nothing from elsewhere."""
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert "<script" not in text
    assert not re.search(r"(src|href)=|url\(|@import", text)
    assert "nan" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL).split()


# -- figures


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([0.6, 1.0, 1.7]))
def test_the_slope_is_the_exponent_that_was_planted(seed: int, exponent: float) -> None:
    random = np.random.default_rng(seed)
    p = truth(4000, random)
    found, error = figures.slope_of(p, drawn(tempered(p, exponent), random))
    assert abs(found - exponent) < 4.5 * error
    assert 0.01 < error < 0.15


def test_the_slope_of_the_same_forecasts_again_and_again_is_told_as_unknown() -> None:
    found, error = figures.slope_of(np.full((10, 3), 1 / 3), np.zeros(10, dtype=int))
    assert found == 1.0
    assert error == float("inf")


def test_expected_scores_worked_out_by_hand() -> None:
    p = np.array([[0.5, 0.3, 0.2]])
    assert figures.entropy(p)[0] == pytest.approx(-(0.5 * np.log(0.5) + 0.3 * np.log(0.3)
                                                    + 0.2 * np.log(0.2)))  # fmt: skip
    by_result = [(0.25 + 0.04) / 2, (0.25 + 0.04) / 2, (0.25 + 0.64) / 2]
    assert figures.expected_rps(p)[0] == pytest.approx(np.dot([0.5, 0.3, 0.2], by_result))


def test_figures_of_one_match_have_no_error() -> None:
    told = figures.figures_of(table(honest(1, 1)))
    assert told["matches"] == 1
    assert "standard_error" not in told["excess"]
    assert list(told["against"]) == ["elo", "base"]


# -- verdict


def test_too_few_matches_are_told_as_such() -> None:
    told = review(table(honest(7, 1)), AS_OF, SETTINGS)
    assert told["status"] == "unknown"
    assert told["reasons"][0]["text"] == "not enough matches yet: 7 of 10"
    check_page(pages.html(page_of(told)))


def test_honest_forecasts_are_good() -> None:
    told = review(table(honest(600, 2)), AS_OF, SETTINGS)
    assert told["status"] == "good"
    assert [part["matches"] for part in told["windows"]] == [50, 200, 600]
    assert told["evidence"]["now"] < told["evidence"]["warning"] < told["evidence"]["alarm"]
    assert told["issued"] is None


def test_degraded_forecasts_ring_with_what_they_look_like() -> None:
    judged = honest(600, 4)
    rows = table(forecasting(judged, judged.forecast[:, [2, 1, 0]], 500))
    told = review(rows, AS_OF, SETTINGS)
    assert told["status"] == "alarm"
    leading = [part["alternative"] for part in told["evidence"]["leading"]]
    assert "the sides swapped" in leading
    assert told["reasons"][0]["text"].endswith(f"for {leading[0]!r} in all competitions")
    assert len(told["evidence"]["alarms"]) == 1
    page = pages.html(page_of(told))
    check_page(page)
    assert "needs action" in page
    assert page == pages.html(page_of(told))


@settings(deadline=None, max_examples=10)
@given(st.integers(10, 60), st.integers(0, 1000))
def test_what_is_told_is_json_whatever_the_forecasts(matches: int, seed: int) -> None:
    judged = honest(matches, seed)
    sure = normalised(np.eye(3)[judged.outcome])
    rows = table(forecasting(judged, np.where(seed % 2, sure, sure[:, [1, 2, 0]]), 0))
    told = review(rows, AS_OF, SETTINGS)
    assert json_bytes(told)
    check_page(pages.html(page_of(told)))


# -- the command


def test_the_command_judges_the_champions_test_forecasts_and_what_was_predicted(
    monitored: Path,
) -> None:
    shown = pitchline("monitor", "performance")
    told = content_of(layout.PERFORMANCE_MONITOR)
    tests = pd.read_parquet(layout.FORECASTS)
    assert told["of"] == {"issued": 0, "predicted": 31, "test": len(tests)}
    assert told["monitor"] == "performance"
    assert "performance: good" in shown.stderr
    check_page(layout.PERFORMANCE_MONITOR.with_suffix(".html").read_text(encoding="utf-8"))
    before = layout.PERFORMANCE_MONITOR.read_bytes()
    pitchline("monitor", "performance")
    assert layout.PERFORMANCE_MONITOR.read_bytes() == before


def test_what_was_issued_counts_in_place_of_what_was_predicted(monitored: Path) -> None:
    predictions = pd.read_parquet(layout.PREDICTIONS)
    swapped = predictions.rename(
        columns={"probability_home": "probability_away", "probability_away": "probability_home"}
    )
    # Issued the day before the first of them, as the log of that day would have it.
    record(layout.ISSUED, swapped, "feedfeedfeed", pd.Timestamp(AS_OF).to_pydatetime())
    files = list(layout.ISSUED.rglob("*.parquet"))
    rows = log.read(layout.ISSUED).to_pandas()
    rows["issued_at"] = pd.Timestamp("2026-05-08T12:00:00Z")
    for path in files:
        path.unlink()
    planted = log.pa.Table.from_pandas(rows, schema=log.SCHEMA, preserve_index=False)
    log.append(layout.ISSUED, planted, "planted")
    pitchline("monitor", "performance")
    assert content_of(layout.PERFORMANCE_MONITOR)["of"]["issued"] == 31


def test_an_alarm_is_told_and_resolved(monitored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pitchline("monitor", "performance")
    assert not alerts.is_open("monitor/performance")
    forecasts = pd.read_parquet(layout.PREDICTIONS)
    results = pd.read_parquet(layout.MATCHES).set_index("match_id")["result"]
    came = forecasts["match_id"].map(results).to_numpy()
    wrong = np.where((came == "H")[:, None], [0.001, 0.001, 0.998], [0.998, 0.001, 0.001])
    names = ["probability_home", "probability_draw", "probability_away"]
    forecasts.assign(**dict(zip(names, wrong.T, strict=True))).to_parquet(layout.PREDICTIONS)
    pitchline("monitor", "performance")
    assert alerts.is_open("monitor/performance", subject="alarm")
    pitchline("predict", "fixtures")
    pitchline("monitor", "performance")
    assert not alerts.is_open("monitor/performance")


@pytest.mark.parametrize("path", [layout.PREDICTIONS, layout.FEATURES, layout.ODDS, layout.QUALITY])
def test_a_missing_file_is_named_with_what_makes_it(monitored: Path, path: Path) -> None:
    path.unlink()
    with pytest.raises(ArtifactError, match=f"{path}: missing. Make it with `snakemake"):
        pitchline("monitor", "performance")


def test_without_a_champion_the_monitors_say_what_to_run(monitored: Path) -> None:
    layout.CHAMPION.unlink()
    for verb in ("performance", "drift"):
        with pytest.raises(ArtifactError, match="no model was promoted yet"):
            pitchline("monitor", verb)


def test_columns_of_a_forecaster() -> None:
    assert columns_of("elo") == ["elo_home", "elo_draw", "elo_away"]
