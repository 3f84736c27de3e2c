"""football-data.org v4: matches by its documented shapes; no recording of it exists here."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any

import pytest
from hypothesis import given, settings

from pitchline.collect.rows import MatchRow, Parsed, Unreadable
from pitchline.collect.source import Answer, Outcome
from pitchline.collect.sources.football_data_org import SOURCE
from tests.collect.sources.broken import broken_json, garbage, parsed_or_unreadable, planned

NOT_YET = {"home": None, "away": None}
PLAYED = {
    "area": {"id": 1, "name": "England", "code": "ENG", "flag": None},
    "competition": {"id": 2, "name": "Premier League", "code": "PL", "type": "LEAGUE"},
    "season": {
        "id": 3,
        "startDate": "2025-08-15",
        "endDate": "2026-05-24",
        "currentMatchday": 1,
        "winner": None,
    },
    "id": 4001,
    "utcDate": "2025-08-15T19:00:00Z",
    "status": "FINISHED",
    "matchday": 1,
    "stage": "REGULAR_SEASON",
    "group": None,
    "lastUpdated": "2025-08-16T00:00:00Z",
    "homeTeam": {"id": 11, "name": "Home FC", "shortName": "Home", "tla": "HOM", "crest": "x"},
    "awayTeam": {"id": 12, "name": "Away FC", "shortName": "Away", "tla": "AWA", "crest": "y"},
    "score": {
        "winner": "HOME_TEAM",
        "duration": "REGULAR",
        "fullTime": {"home": 4, "away": 2},
        "halfTime": {"home": 1, "away": 0},
    },
    "odds": {"msg": "x"},
    "referees": [
        {"id": 1, "name": "Line", "type": "ASSISTANT_REFEREE_N1", "nationality": None},
        {"id": 2, "name": "Ref", "type": "REFEREE", "nationality": None},
    ],
}
FIXTURE = PLAYED | {
    "id": 4002,
    "utcDate": "2026-05-24T15:00:00Z",
    "status": "TIMED",
    "matchday": 38,
    "score": {"winner": None, "duration": "REGULAR", "fullTime": NOT_YET, "halfTime": NOT_YET},
    "referees": [],
}
SEASON = {
    "filters": {"season": "2025"},
    "resultSet": {"count": 2, "first": "2025-08-15", "last": "2026-05-24", "played": 1},
    "competition": {"id": 2, "name": "Premier League", "code": "PL", "type": "LEAGUE"},
    "matches": [PLAYED, FIXTURE],
}
CUP = {"startDate": "2026-06-11", "endDate": "2026-07-19"}


def parsed(*matches: Any, key: str = "PL/2025-26") -> Parsed:
    answer = SEASON | {"competition": {"code": key.split("/")[0]}, "matches": matches}
    return SOURCE.parse("season", key, json.dumps(answer).encode())


def one(**changes: Any) -> MatchRow:
    [row] = parsed(PLAYED | changes).matches
    return row


def scored(duration: str | None, **parts: tuple[int, int] | None) -> MatchRow:
    pairs = {
        name: dict(zip(("home", "away"), pair, strict=True)) if pair else NOT_YET
        for name, pair in parts.items()
    }
    return one(score={"winner": None, "duration": duration} | pairs)


def test_a_result_and_a_fixture() -> None:
    result = SOURCE.parse("season", "PL/2025-26", json.dumps(SEASON).encode())
    assert not result.drift and not result.faults
    assert result.matches == [
        MatchRow(
            match="4001",
            competition="PL",
            season="2025-26",
            kick_off=datetime(2025, 8, 15, 19, tzinfo=UTC),
            kick_off_known=True,
            home="Home FC",
            away="Away FC",
            status="finished",
            home_goals=4,
            away_goals=2,
            decided="regular time",
            home_goals_final=4,
            away_goals_final=2,
            home_goals_half=1,
            away_goals_half=0,
            round="1",
            competition_name="Premier League",
            home_id="11",
            away_id="12",
            referee="Ref",
            line=0,
        ),
        MatchRow(
            match="4002",
            competition="PL",
            season="2025-26",
            kick_off=datetime(2026, 5, 24, 15, tzinfo=UTC),
            kick_off_known=True,
            home="Home FC",
            away="Away FC",
            status="scheduled",
            round="38",
            competition_name="Premier League",
            home_id="11",
            away_id="12",
            line=1,
        ),
    ]


@pytest.mark.parametrize(
    ("told", "status", "goals"),
    [
        ("SCHEDULED", "scheduled", None),
        ("TIMED", "scheduled", None),
        ("IN_PLAY", "live", 4),
        ("PAUSED", "live", 4),
        ("FINISHED", "finished", 4),
        ("SUSPENDED", "abandoned", None),
        ("POSTPONED", "postponed", None),
        ("CANCELLED", "cancelled", None),
        ("AWARDED", "awarded", 4),
        ("SOMETHING_NEW", "unknown", None),
    ],
)
def test_only_a_played_match_has_goals(told: str, status: str, goals: int | None) -> None:
    row = one(status=told)
    assert (row.status, row.home_goals) == (status, goals)
    assert row.decided == ("regular time" if told == "FINISHED" else None)


def test_a_scheduled_match_has_a_date_and_no_time() -> None:
    row = one(status="SCHEDULED", utcDate="2025-08-15T19:00:00Z")
    assert (row.kick_off, row.kick_off_known) == (datetime(2025, 8, 15, tzinfo=UTC), False)


@pytest.mark.parametrize(
    ("parts", "ninety", "final"),
    [
        ({"fullTime": (2, 1), "regularTime": (1, 1), "extraTime": (1, 0)}, (1, 1), (2, 1)),
        ({"fullTime": (2, 1), "regularTime": None, "extraTime": (1, 0)}, (1, 1), (2, 1)),
        ({"fullTime": (2, 1), "regularTime": (1, 1)}, (1, 1), (2, 1)),
        ({"fullTime": (2, 1)}, (None, None), (2, 1)),
        ({"fullTime": (2, 1), "extraTime": (3, 0)}, (None, None), (2, 1)),
    ],
)
def test_extra_time_is_in_the_full_time(
    parts: dict[str, tuple[int, int] | None],
    ninety: tuple[int | None, int | None],
    final: tuple[int, int],
) -> None:
    row = scored("EXTRA_TIME", **parts)
    assert (row.home_goals, row.away_goals) == ninety
    assert (row.home_goals_final, row.away_goals_final) == final
    assert (row.decided, row.home_shootout) == ("extra time", None)


@pytest.mark.parametrize(
    ("full", "regular", "extra", "penalties", "ninety", "final", "shootout"),
    [
        # As documented: 1-1, 0-0 in extra time, 6-5 on penalties.
        ((7, 6), (1, 1), (0, 0), (6, 5), (1, 1), (1, 1), (6, 5)),
        ((8, 7), (1, 1), (1, 1), (6, 5), (1, 1), (2, 2), (6, 5)),
        # What isn't told follows from the rest.
        ((3, 5), (0, 0), (0, 0), None, (0, 0), (0, 0), (3, 5)),
        ((7, 6), None, (0, 0), (6, 5), (1, 1), (1, 1), (6, 5)),
        ((7, 6), (1, 1), None, (6, 5), (1, 1), (1, 1), (6, 5)),
        ((7, 6), None, None, (6, 5), None, (1, 1), (6, 5)),
        # Answers seen whose parts contradict each other: no shoot-out rather than a wrong one.
        ((3, 5), (1, 1), (0, 0), (4, 5), (1, 1), (1, 1), None),
        ((6, 6), (1, 1), (0, 0), (5, 5), (1, 1), (1, 1), None),
        ((1, 1), (1, 1), (0, 0), (4, 2), (1, 1), (1, 1), None),
    ],
)
def test_the_shoot_out_is_taken_out_of_the_full_time(
    full: tuple[int, int],
    regular: tuple[int, int] | None,
    extra: tuple[int, int] | None,
    penalties: tuple[int, int] | None,
    ninety: tuple[int, int] | None,
    final: tuple[int, int],
    shootout: tuple[int, int] | None,
) -> None:
    row = scored(
        "PENALTY_SHOOTOUT", fullTime=full, regularTime=regular, extraTime=extra, penalties=penalties
    )
    assert (row.home_goals, row.away_goals) == (ninety or (None, None))
    assert (row.home_goals_final, row.away_goals_final) == final
    assert (row.home_shootout, row.away_shootout) == (shootout or (None, None))
    assert row.decided == "penalties"


def test_a_finished_match_without_a_score_is_told_not_guessed() -> None:
    result = parsed(PLAYED | {"score": FIXTURE["score"]}, PLAYED)
    assert [row.line for row in result.matches] == [1]
    assert "score" in result.faults[0]


def test_a_round_is_told_in_the_source_s_words() -> None:
    assert one(stage="GROUP_STAGE", group="GROUP_A", matchday=2).round == "GROUP_STAGE GROUP_A 2"
    assert one(stage="FINAL", matchday=None).round == "FINAL"
    assert one(stage="REGULAR_SEASON", matchday=None).round is None


def test_a_fixture_without_teams_yet_is_left_out() -> None:
    open_final = FIXTURE | {"homeTeam": {"id": None, "name": None}}
    result = parsed(open_final, open_final, PLAYED)
    assert [row.line for row in result.matches] == [2]
    assert not result.faults


def test_another_competition_or_season_is_refused() -> None:
    body = json.dumps(SEASON).encode()
    with pytest.raises(Unreadable, match=r"competition.code: 'PL', not 'PD'"):
        SOURCE.parse("season", "PD/2025-26", body)
    for season in ("2024-25", "2026-27", "2025", "2026"):
        with pytest.raises(Unreadable, match=f"not the season {season}"):
            SOURCE.parse("season", f"PL/{season}", body)


def test_a_date_must_lie_in_the_season() -> None:
    qualifying = PLAYED["season"] | {"startDate": "2025-06-20"}  # type: ignore[operator]
    early = {"utcDate": "2025-06-24T18:00:00Z"}
    result = parsed(PLAYED | early, PLAYED | early | {"season": qualifying})
    assert [row.line for row in result.matches] == [1]
    assert "utcDate: 2025-06-24 lies outside the season 2025-26" in result.faults[0]


def test_one_match_that_cant_be_read_is_told_and_the_rest_is_kept() -> None:
    bad = [
        PLAYED | {"utcDate": "tomorrow"},
        PLAYED | {"id": None},
        PLAYED | {"score": {}},
        PLAYED | {"homeTeam": {"id": "x", "name": "Home FC"}},
    ]
    result = parsed(*bad, *[PLAYED] * 4)
    assert len(result.matches) == 4
    assert [fault.split(":")[0] for fault in result.faults] == [f"matches[{i}]" for i in range(4)]
    assert "$.utcDate" in result.faults[0] and "`fullTime`" in result.faults[2]
    with pytest.raises(Unreadable, match="5 of 9"):
        parsed(*bad, bad[0], *[PLAYED] * 4)


def test_a_moment_before_the_calendar_begins_is_told() -> None:
    first = {"startDate": "0001-01-01", "endDate": "0001-12-01"}
    early = PLAYED | {"season": first, "utcDate": "0001-01-01T00:00:00+05:00"}
    with pytest.raises(Unreadable, match="out of range"):
        parsed(early, key="BSA/0001")


def test_unknown_keys_are_drift() -> None:
    new = PLAYED | {
        "vibe": 1,
        "score": PLAYED["score"] | {"golden": 1},  # type: ignore[operator]
        "awayTeam": {"id": 1, "name": "A", "colour": 1},
    }
    answer = SEASON | {"matches": [new], "more": 1}
    result = SOURCE.parse("season", "PL/2025-26", json.dumps(answer).encode())
    assert result.drift == {
        "more",
        "matches.vibe",
        "matches.score.golden",
        "matches.awayTeam.colour",
    }


def test_an_empty_season_is_no_failure() -> None:
    assert parsed() == Parsed()


def test_an_answer_tells_what_it_is() -> None:
    body = json.dumps(SEASON).encode()
    assert SOURCE.identify("season", body, PurePath("x")) == ("PL/2025-26", "PL/2025-26")
    cup = SEASON | {"competition": {"code": "WC"}, "matches": [PLAYED | {"season": CUP}]}
    assert SOURCE.identify("season", json.dumps(cup).encode(), PurePath("x"))[0] == "WC/2026"
    paid = cup | {"competition": {"code": "MLS"}}
    assert SOURCE.identify("season", json.dumps(paid).encode(), PurePath("x"))[0] == "MLS/2026"
    for broken in (
        SEASON | {"matches": []},
        SEASON | {"matches": [{}]},
        SEASON | {"competition": {"code": "../PL"}},
        SEASON | {"competition": {"code": "PL\n"}},
    ):
        with pytest.raises(Unreadable):
            SOURCE.identify("season", json.dumps(broken).encode(), PurePath("x"))


def test_plan_sends_the_token_in_a_header_only() -> None:
    plan = planned(
        competitions={"eng-premier-league": "PL", "bra-serie-a": "BSA"},
        seasons=("2025-26", "2026"),
        fresh_for=timedelta(hours=3),
    )
    asks = list(SOURCE.plan(plan))
    assert [(a.key, a.url) for a in asks] == [
        ("PL/2025-26", "http://host/v4/competitions/PL/matches?season=2025"),
        ("BSA/2025", "http://host/v4/competitions/BSA/matches?season=2025"),
        ("BSA/2026", "http://host/v4/competitions/BSA/matches?season=2026"),
    ]
    assert all(not ask.headers and ask.partition == ask.key for ask in asks)
    plan.token = "secret"  # noqa: S105
    for ask in SOURCE.plan(plan):
        assert ask.headers == {"X-Auth-Token": "secret"}
        assert "secret" not in ask.url


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b'{"matches": []}', Outcome.OK),
        (400, b'{"message": "Your API token is invalid.", "errorCode": 400}', Outcome.UNAUTHORIZED),
        (400, b'{"error": "Argument season is expected to be a year."}', Outcome.UNEXPECTED),
        (403, b'{"message": "The resource is restricted.", "errorCode": 403}', Outcome.FORBIDDEN),
        (429, b'{"message": "You reached your request limit."}', Outcome.RATE_LIMITED),
        (503, b"<html>", Outcome.SERVER_ERROR),
    ],
)
def test_refusals_are_told_apart(status: int, body: bytes, outcome: Outcome) -> None:
    assert SOURCE.classify(Answer("u", status, {}, body)) is outcome


@settings(max_examples=80, deadline=None)
@given(broken_json(SEASON) | garbage(json.dumps(SEASON).encode()))
def test_nothing_but_unreadable_is_raised(body: bytes) -> None:
    result = parsed_or_unreadable(lambda: SOURCE.parse("season", "PL/2025-26", body))
    for row in result.matches if result else ():
        assert row.home and row.away and row.kick_off.utcoffset() == timedelta()
    with suppress(Unreadable):
        SOURCE.identify("season", body, PurePath("x"))
