"""Which page it is, what an answer means, and how large it may be."""

from pathlib import PurePath

import pytest

from pitchline.collect.fbref import pages
from pitchline.collect.rows import Parsed, Unreadable
from pitchline.collect.source import Answer, Outcome
from pitchline.collect.sources.fbref import SOURCE
from tests.collect.fbref.bodies import Fixture, page, report, schedule

HERE = PurePath("page.html")


def rows(name: str) -> str:
    return f'<table id="{name}"><tbody><tr><td data-stat="x">1</td></tr></tbody></table>'


OTHERS = [
    ("season", "9/2025-26", "/en/comps/9/Premier-League-Stats", "2025-2026 Premier League Stats"),
    ("season", "2/2026", "/en/comps/2/2026/2026-WCQ-Stats", "2026 WCQ Stats"),
    ("history", "9", "/en/comps/9/history/Premier-League-Seasons", "Premier League Seasons"),
    ("competitions", "comps", "/en/comps/", "Football Competitions"),
    ("squad", "18bb7c10", "/en/squads/18bb7c10/Reds-Stats", "2025-2026 Reds Stats"),
    ("player", "bc7dc64d", "/en/players/bc7dc64d/Some-One", "Some One"),
]
TABLES = {
    "season": "results2025-202691_overall",
    "history": "seasons",
    "competitions": "comps_club",
    "squad": "matchlogs_for",
    "player": "stats_standard_dom_lg",
}


@pytest.mark.parametrize(("kind", "key", "path", "heading"), OTHERS)
def test_pages_without_matches_are_recognised_and_checked(kind, key, path, heading):
    body = page(path, heading, f"<!-- {rows(TABLES[kind])} -->")
    assert SOURCE.identify(kind, body, HERE)[0] == key
    assert SOURCE.parse(kind, key, body) == Parsed()
    with pytest.raises(Unreadable, match="table"):
        SOURCE.parse(kind, key, page(path, heading, rows("ads")))
    with pytest.raises(Unreadable, match=f"not {kind}"):
        SOURCE.parse(kind, "another", body)


def test_pages_of_matches_are_identified_by_what_they_say():
    assert SOURCE.identify("schedule", schedule(Fixture()), HERE) == ("9/2025-26", "9/2025-26")
    assert SOURCE.identify("match", report(), HERE) == ("0123abcd", "9/2023-24")
    day = page("/en/matches/2023-09-03", "Matches", "")
    assert SOURCE.identify("day", day, HERE) == ("2023-09-03", "days/2023-09")
    with pytest.raises(Unreadable, match="not match"):
        SOURCE.identify("match", schedule(Fixture()), HERE)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "cut short"),
        (schedule(Fixture())[:-20], "cut short"),
        (b"</html>", "HTML|canonical"),
        (b"<html><p>x</p></html>", "canonical"),
        (page("/en/about/", "About", ""), "no page known"),
        (schedule(Fixture()).replace(b"fbref.com", b"example.org"), "no page known"),
        (schedule(Fixture(home="R\u00e9ds")).replace("\u00e9".encode(), b"\xe9"), "UTF-8"),
        (page("/en/comps/", "x", "x" * pages.LARGEST), "more than"),
        (page("/en/comps/", "x", "<div>" * 100), "nested"),
        (page("/en/comps/", "x", "<div>" * 100_000), "nested"),
        (page("/en/comps/", "x", f"<a {'b=1 ' * 50_000}>"), "a tag of more"),
        (page("/en/comps/", "x", "<a " + 'b=">" ' * 50_000 + ">"), "a tag of more"),
        (page("/en/comps/", "x", "<!--<table-->" * 1000), "comments"),
        (page("/en/comps/9/x-Stats", "2025-2027 Premier League Stats", ""), "season"),
    ],
)
def test_what_is_no_whole_page_of_the_site_is_unreadable(body, reason):
    for kind in set(SOURCE.kinds) - {"match_logs"}:
        with pytest.raises(Unreadable, match=reason):
            SOURCE.parse(kind, "9/2025-26", body)
        with pytest.raises(Unreadable, match=reason):
            SOURCE.identify(kind, body, HERE)


def answer(status: int, body: bytes) -> Answer:
    return Answer("https://fbref.com/en/", status, {}, body)


CHALLENGE = b"<!DOCTYPE html><html><title>Just a moment...</title>Ray ID: 1</html>"
JAIL = b"<html><h1>Rate Limited Request (429 error)</h1></html>"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, schedule(Fixture()), Outcome.OK),
        (200, schedule(Fixture(home="Captcha United, Ray ID: 7")), Outcome.OK),
        (200, schedule(Fixture(home=JAIL.decode())), Outcome.OK),
        (200, CHALLENGE, Outcome.CHALLENGE),
        (403, CHALLENGE, Outcome.CHALLENGE),
        (403, b"<html>no</html>", Outcome.FORBIDDEN),
        (429, JAIL, Outcome.RATE_LIMITED),
        (200, JAIL, Outcome.RATE_LIMITED),
        (200, b"<html>hello</html>", Outcome.UNEXPECTED),
        (404, b"<html>Page Not Found (404 error)</html>", Outcome.NOT_FOUND),
        (503, b"<html>later</html>", Outcome.SERVER_ERROR),
        (304, b"", Outcome.NOT_MODIFIED),
    ],
)
def test_what_an_answer_means(status, body, outcome):
    assert SOURCE.classify(answer(status, body)) == outcome


def test_the_terms_are_named():
    assert "Sports Reference" in SOURCE.licence
    assert SOURCE.needs_right is not None
    assert "machine learning" in SOURCE.needs_right
