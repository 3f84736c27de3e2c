"""Open alerts and the challenger on the page."""

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from pitchline import alerts, layout
from pitchline.alerts.book import FILE, Episode
from pitchline.serve.page import model, troubles, words
from tests.serve.page import markup
from tests.serve.page.told import CARD, DECIDED, DECISION, HOSTILE, curve, write_told_project
from tests.serve.world import AS_OF, Curve, world

SEVERITIES = ("info", "warning", "error", "critical")
BEGAN = datetime(2026, 5, 8, 3, tzinfo=UTC)


def episode(number: int, severity: alerts.Severity) -> Episode:
    at = BEGAN.timestamp() + number
    return Episode(
        id=str(number), key=f"part/{number}", subject="", severity=severity,
        title=f"part {number} is bad", text="", source="", environment="dev", facts={},
        count=number + 1, opened_at=at, last_at=at, news_at=at,
    )  # fmt: skip


@given(st.lists(st.sampled_from(SEVERITIES), max_size=20))
def test_the_worst_come_first_and_the_rest_is_counted(severities: list[alerts.Severity]) -> None:
    found = troubles.view([episode(n, each) for n, each in enumerate(severities)])
    ranks = [SEVERITIES.index(each.severity) for each in found.shown]
    assert ranks == sorted(ranks, reverse=True)
    assert len(found.shown) + found.more == len(severities)
    assert found.more == max(len(severities) - troubles.SHOWN, 0)
    assert {each.kind for each in found.shown if each.severity in SEVERITIES[2:]} <= {"failed"}


def until(client: TestClient, text: str, there: bool = True) -> markup.Element:
    """The page as soon as it tells a text, or tells it no more."""
    end = time.monotonic() + 30
    while True:
        page = markup.read(client.get("/").text)
        if (text in page.words()) == there:
            return page
        assert time.monotonic() < end, f"{text!r} {'came not' if there else 'went not'} in time"
        time.sleep(0.05)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_told_project(tmp_path)
    return tmp_path


def raised(root: Path, key: str, title: str, hours: int = 0) -> None:
    alerts.tell(
        key, "error", title, now=BEGAN + timedelta(hours=hours), folder=root / layout.ALERTS
    )


def test_an_open_alert_is_told_until_it_is_resolved(project: Path) -> None:
    with world(project) as made:
        made.champion.current = curve()
        assert "Open alerts" not in made.client.get("/").text
        raised(project, "collect/fbref-failed", f"FBref failed {HOSTILE}")
        raised(project, "collect/fbref-failed", f"FBref failed {HOSTILE}", hours=1)
        told = until(made.client, "Open alerts")
        assert f"FBref failed {HOSTILE} since 8 May 2026, 03:00 UTC, 2 times" in told.words()
        alerts.resolve("collect/fbref-failed", "it answered", folder=project / layout.ALERTS)
        until(made.client, "Open alerts", there=False)


def test_alerts_that_cannot_be_read_cost_the_page_nothing_else(project: Path) -> None:
    folder = project / layout.ALERTS
    raised(project, "collect/fbref-failed", "FBref failed")
    (folder / FILE).write_bytes(b"{")
    with world(project) as made:
        made.champion.current = curve()
        page = markup.read(made.client.get("/").text).words()
        assert troubles.UNREADABLE.why in page
        assert "Data quality" in page
        shutil.rmtree(folder)
        until(made.client, troubles.UNREADABLE.why, there=False)


def test_the_challenger_is_told_with_its_share() -> None:
    champion = Curve(card=CARD, decision=DECISION, as_of=AS_OF)
    told = {"model": "cccccccccccc", "mode": "split", "share": 0.25}
    split = model.view(champion, None, DECIDED, told).challenge
    assert split == f"cccccccccccc answers {words.percent(0.25)} of the fixtures"
    shadow = model.view(champion, None, DECIDED, told | {"mode": "shadow"}).challenge
    assert shadow == "cccccccccccc forecasts the same, unseen"
    assert model.view(champion, None, DECIDED).challenge is None
