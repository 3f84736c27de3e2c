"""What the two sources ask for, and what they make of answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any, NamedTuple

import pytest

from pitchline.collect.rows import Unreadable
from pitchline.collect.source import Answer, Ask, Outcome, Source
from pitchline.collect.sources import fotmob_details, fotmob_fixtures
from tests.collect.fotmob.bodies import (
    day,
    day_match,
    encoded,
    match,
    season,
    season_match,
    status,
)

FIXTURES: Source = fotmob_fixtures.SOURCE
DETAILS: Source = fotmob_details.SOURCE
BOTH = pytest.mark.parametrize("source", [FIXTURES, DETAILS], ids=lambda source: source.name)
NOON = datetime(2025, 10, 5, 12, tzinfo=UTC)
PATH = PurePath("anything.json")
TURNSTILE = b'{"error":"Verification required","code":"TURNSTILE_REQUIRED"}'


class Archived(NamedTuple):
    fetched_at: str
    body: bytes


@dataclass
class FakePlan:
    """A plan over a few archived bodies: ``(source, kind, key)`` to the newest."""

    competitions: Mapping[str, str] = field(
        default_factory=lambda: {"eng-premier-league": "47", "usa-mls": "130"}
    )
    seasons: tuple[str, ...] = ("2024-25", "2025-26")
    as_of: datetime = NOON
    days_back: int = 2
    days_ahead: int = 1
    fresh_for: timedelta = timedelta(hours=6)
    base_url: str = "http://stand-in"
    token: str | None = None
    archived: dict[tuple[str, str, str], Archived] = field(default_factory=dict)

    def newest(self, source: str, kind: str, key: str) -> Archived | None:
        return self.archived.get((source, kind, key))

    def keys(self, source: str, kind: str) -> list[str]:
        return sorted(key for name, its, key in self.archived if (name, its) == (source, kind))


def asks(source: Source, plan: FakePlan, kind: str) -> list[Ask]:
    return [ask for ask in source.plan(plan) if ask.kind == kind]


def listing(kind: str, key: str, tree: Any, fetched: str = "2025-10-05T06:00:00Z") -> Any:
    return {("fotmob_fixtures", kind, key): Archived(fetched, encoded(tree))}


@BOTH
def test_a_source_says_what_it_is_and_that_a_right_is_needed(source: Source) -> None:
    assert source.name in ("fotmob_fixtures", "fotmob_details")
    assert source.kinds
    assert source.needs_right
    assert "consent" in source.needs_right
    assert source.licence


def test_seasons_are_asked_newest_first_in_each_competitions_own_spelling() -> None:
    found = asks(FIXTURES, FakePlan(), "season")
    assert [ask.key for ask in found] == ["47/2025-26", "130/2025", "47/2024-25", "130/2024"]
    assert [ask.partition for ask in found] == [ask.key for ask in found]
    assert [ask.url for ask in found[:2]] == [
        "http://stand-in/api/data/leagues?id=47&ccode3=GBR&season=2025%2F2026",
        "http://stand-in/api/data/leagues?id=130&ccode3=GBR&season=2025",
    ]
    assert {ask.fresh_for for ask in found} == {timedelta(hours=6)}


def test_a_finished_season_is_final_and_a_running_one_is_not() -> None:
    final = {ask.key: ask.final_from for ask in asks(FIXTURES, FakePlan(), "season")}
    for key in ("47/2024-25", "130/2024"):
        assert final[key] is not None
        assert final[key] < NOON
    for key in ("47/2025-26", "130/2025"):
        assert final[key] is not None
        assert final[key] > NOON


def test_a_season_not_listed_yet_is_not_asked_for() -> None:
    """FotMob would answer with the current one."""
    plan = FakePlan(seasons=("2025-26", "2026-27"), as_of=datetime(2026, 5, 1, tzinfo=UTC))
    assert [ask.key for ask in asks(FIXTURES, plan, "season")] == [
        *("130/2026", "47/2025-26", "130/2025"),
    ]


def test_a_season_of_one_year_is_no_season_of_a_league_of_two() -> None:
    plan = FakePlan(seasons=("2025",))
    assert [ask.key for ask in asks(FIXTURES, plan, "season")] == ["130/2025"]


def test_days_around_the_moment_of_the_run() -> None:
    found = asks(FIXTURES, FakePlan(), "day")
    assert [ask.key for ask in found] == ["20251006", "20251005", "20251004", "20251003"]
    assert {ask.partition for ask in found} == {"days/2025-10"}
    assert found[0].url == (
        "http://stand-in/api/data/matches?date=20251006&timezone=Etc%2FUTC&ccode3=GBR"
    )
    assert found[-1].final_from == datetime(2025, 10, 7, tzinfo=UTC)


def test_without_competitions_nothing_is_asked_for() -> None:
    assert list(FIXTURES.plan(FakePlan(competitions={}))) == []


def test_details_are_asked_for_matches_that_have_kicked_off_newest_first() -> None:
    matches = [
        season_match(1, "2025-08-16"),
        season_match(2, "2025-10-05", status=status(utcTime="2025-10-05T11:30:00Z")),
        season_match(3, "2025-10-05", status=status(utcTime="2025-10-05T12:30:00Z")),
        *[
            season_match(
                number,
                "",
                status=status(
                    utcTime="2025-09-01T12:30:00Z", cancelled=True, reason={"short": reason}
                ),
            )
            for number, reason in ((4, "PP"), (5, "Can"), (6, "Ab"))
        ],
    ]
    plan = FakePlan(archived=listing("season", "47/2025-26", season(*matches)))
    found = list(DETAILS.plan(plan))
    assert [ask.key for ask in found] == ["2", "6", "1"]
    assert found[0].url == "http://stand-in/api/data/matchDetails?matchId=2"
    assert found[0].partition == "47/2025-26"
    assert found[0].final_from == datetime(2025, 10, 8, 11, 30, tzinfo=UTC)
    assert found[0].fresh_for == timedelta(hours=6)


LATELY, LONG_AGO = "2025-10-04", "2025-07-20"


def listed_on(date: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    """A day's listing with one match."""
    told = day_match(number, status=status(utcTime=f"{date}T14:00:00Z", **changes))
    return day(told, date=date.replace("-", ""))


def test_details_leave_out_other_competitions_and_seasons() -> None:
    listed = listed_on(LATELY)
    listed["leagues"].append(
        {"primaryId": 48, "matches": listed_on(LATELY, 2)["leagues"][0]["matches"]}
    )
    plan = FakePlan(archived=listing("day", "20251004", listed))
    assert [ask.key for ask in DETAILS.plan(plan)] == ["1"]
    assert list(DETAILS.plan(FakePlan(seasons=("2023-24",), archived=plan.archived))) == []


def test_days_long_ago_are_left_to_the_seasons_list() -> None:
    """A run would read every day ever collected otherwise."""
    old = listing("day", "20250720", listed_on(LONG_AGO))
    assert list(DETAILS.plan(FakePlan(archived=old))) == []
    in_season = listing("season", "47/2025-26", season(season_match(1, LONG_AGO)))
    assert [ask.key for ask in DETAILS.plan(FakePlan(archived=old | in_season))] == ["1"]


def test_the_listing_fetched_last_is_believed() -> None:
    early = listing("season", "47/2025-26", season(season_match(1, LATELY)), "2025-10-01")
    postponed = listed_on(LATELY, cancelled=True, reason={"short": "PP"})
    late = listing("day", "20251004", postponed, "2025-10-04")
    assert list(DETAILS.plan(FakePlan(archived=early | late))) == []
    later = listing("season", "47/2025-26", season(season_match(1, LATELY)), "2025-10-05")
    assert [ask.key for ask in DETAILS.plan(FakePlan(archived=late | later))] == ["1"]


def test_a_listing_that_cannot_be_read_is_passed_over() -> None:
    bad = {("fotmob_fixtures", "day", "20251004"): Archived("2025-10-04", b"<html>")}
    good = listing("season", "47/2025-26", season(season_match(1, "2025-08-16")))
    assert [ask.key for ask in DETAILS.plan(FakePlan(archived=bad | good))] == ["1"]
    assert list(DETAILS.plan(FakePlan())) == []


@BOTH
@pytest.mark.parametrize(
    ("code", "body", "expected"),
    [
        (200, b'{"leagues":[],"date":"20251005"}', Outcome.OK),
        (200, b'{"match":null}', Outcome.OK),
        (200, TURNSTILE, Outcome.CHALLENGE),
        (403, TURNSTILE, Outcome.CHALLENGE),
        (200, b'{"error":"Something broke"}', Outcome.UNEXPECTED),
        (200, b"<html><title>Just a moment...</title></html>", Outcome.CHALLENGE),
        (200, b"<!DOCTYPE html><html>An app</html>", Outcome.UNEXPECTED),
        (401, b"Unauthorized", Outcome.UNAUTHORIZED),
        (403, b"<html>blocked</html>", Outcome.FORBIDDEN),
        (404, b"<!DOCTYPE html><html>404</html>", Outcome.NOT_FOUND),
        (429, b"", Outcome.RATE_LIMITED),
        (503, b"", Outcome.SERVER_ERROR),
        (304, b"", Outcome.NOT_MODIFIED),
    ],
)
def test_what_an_answer_means(source: Source, code: int, body: bytes, expected: Outcome) -> None:
    assert source.classify(Answer("http://stand-in", code, {}, body)) is expected


def test_bodies_tell_what_they_are() -> None:
    assert FIXTURES.identify("day", encoded(day(day_match(1))), PATH) == (
        *("20250816", "days/2025-08"),
    )
    body = encoded(season(season_match(1, "2025-08-16")))
    assert FIXTURES.identify("season", body, PATH) == ("47/2025-26", "47/2025-26")
    assert DETAILS.identify("match", encoded(match()), PATH) == ("4900001", "47/2025-26")


@BOTH
def test_a_body_of_something_else_has_no_identity(source: Source) -> None:
    for kind in (*source.kinds, "other"):
        with pytest.raises(Unreadable):
            source.identify(kind, TURNSTILE, PATH)


def test_the_kinds_are_parsed() -> None:
    assert len(FIXTURES.parse("day", "20250816", encoded(day(day_match(1)))).matches) == 1
    listed = season(season_match(1, "2025-08-16"))
    assert len(FIXTURES.parse("season", "47/2025-26", encoded(listed)).matches) == 1
    assert len(DETAILS.parse("match", "4900001", encoded(match())).matches) == 1
    for source in (FIXTURES, DETAILS):
        with pytest.raises(Unreadable, match="'team' is none of"):
            source.parse("team", "1", b"{}")
