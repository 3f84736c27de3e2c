"""OpenLigaDB: results as its users enter them, in both spellings; no recording of it is here."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any

import pytest
from hypothesis import given, settings

from pitchline.collect.rows import EventRow, MatchRow, Parsed, Unreadable
from pitchline.collect.source import Answer, Outcome
from pitchline.collect.sources.openligadb import SOURCE
from tests.collect.sources.broken import broken_json, garbage, parsed_or_unreadable, planned


def result(home: int, away: int, name: str = "", number: int = 0, kind: str = "") -> Any:
    told = {
        "resultID": 1,
        "resultName": name,
        "pointsTeam1": home,
        "pointsTeam2": away,
        "resultOrderID": 1,
        "resultTypeID": number,
        "resultDescription": None,
    }
    return told | ({"resultTypeKind": kind} if kind else {})


def goal(home: int, away: int, minute: int | None = 10, **more: Any) -> Any:
    return {
        "goalID": 1,
        "scoreTeam1": home,
        "scoreTeam2": away,
        "matchMinute": minute,
        "goalGetterID": 77,
        "goalGetterName": "Scorer",
        "isPenalty": False,
        "isOwnGoal": False,
        "isOvertime": False,
        "comment": None,
    } | more


HALF, END = result(1, 0, "Halbzeit", 1), result(2, 1, "Endergebnis", 2)
KICK: dict[str, Any] = {"comment": "Elfmeterschießen", "isPenalty": True, "minute": None}
PLAYED = {
    "matchID": 501,
    "matchDateTime": "2025-08-22T20:30:00",
    "timeZoneID": "W. Europe Standard Time",
    "leagueId": 1,
    "leagueName": "1. Fußball-Bundesliga 2025/2026",
    "leagueSeason": 2025,
    "leagueShortcut": "bl1",
    "matchDateTimeUTC": "2025-08-22T18:30:00Z",
    "group": {"groupName": "1. Spieltag", "groupOrderID": 1, "groupID": 9},
    "team1": {
        "teamId": 40,
        "teamName": "Heim",
        "shortName": "H",
        "teamIconUrl": "x",
        "teamGroupName": None,
    },
    "team2": {
        "teamId": 41,
        "teamName": "Gast",
        "shortName": "G",
        "teamIconUrl": "x",
        "teamGroupName": None,
    },
    "lastUpdateDateTime": "2025-08-22T22:30:00",
    "matchIsFinished": True,
    # The order isn't always the same.
    "matchResults": [END, HALF],
    "goals": [
        goal(1, 0, 5, isPenalty=True),
        goal(1, 1, 60, isOwnGoal=True),
        goal(2, 1, 93, goalGetterID=0, goalGetterName=""),
    ],
    "location": {"locationID": 1, "locationCity": "Stadt", "locationStadium": "Stadion"},
    "numberOfViewers": 30000,
}
FIXTURE = PLAYED | {
    "matchID": 502,
    "matchDateTimeUTC": "2026-05-16T13:30:00Z",
    "matchIsFinished": False,
    "matchResults": [],
    "goals": [],
    "location": None,
    "numberOfViewers": None,
}
SEASON = [PLAYED, FIXTURE]


def parsed(*matches: Any, key: str = "bl1/2025-26") -> Parsed:
    return SOURCE.parse("season", key, json.dumps(matches).encode())


def one(**changes: Any) -> MatchRow:
    [row] = parsed(PLAYED | changes).matches
    return row


def ended(*results: Any, goals: Any = ()) -> tuple[Any, ...]:
    """After 90 minutes, at the end, in the shoot-out, decided how."""
    row = one(matchResults=list(results), goals=list(goals))
    return (
        (row.home_goals, row.away_goals),
        (row.home_goals_final, row.away_goals_final),
        (row.home_shootout, row.away_shootout),
        row.decided,
    )


def test_a_result_and_a_fixture() -> None:
    told = parsed(*SEASON)
    assert not told.drift and not told.faults
    assert told.matches == [
        MatchRow(
            match="501",
            competition="bl1",
            season="2025-26",
            kick_off=datetime(2025, 8, 22, 18, 30, tzinfo=UTC),
            kick_off_known=True,
            home="Heim",
            away="Gast",
            status="finished",
            home_goals=2,
            away_goals=1,
            decided="regular time",
            home_goals_final=2,
            away_goals_final=1,
            home_goals_half=1,
            away_goals_half=0,
            round="1. Spieltag",
            competition_name="1. Fußball-Bundesliga 2025/2026",
            home_id="40",
            away_id="41",
            venue="Stadion",
            attendance=30000,
            line=0,
        ),
        MatchRow(
            match="502",
            competition="bl1",
            season="2025-26",
            kick_off=datetime(2026, 5, 16, 13, 30, tzinfo=UTC),
            kick_off_known=True,
            home="Heim",
            away="Gast",
            status="scheduled",
            round="1. Spieltag",
            competition_name="1. Fußball-Bundesliga 2025/2026",
            home_id="40",
            away_id="41",
            line=1,
        ),
    ]


def test_goals_are_told_for_the_side_they_count_for() -> None:
    first, second, third = parsed(PLAYED).events
    assert first == EventRow(
        "501", 0, True, "penalty goal", 5, None, "Scorer", "77", None, None, 1, 0
    )
    assert (second.is_home, second.type, second.minute) == (False, "own goal", 60)
    assert (third.is_home, third.type, third.player, third.player_id) == (True, "goal", None, None)


def test_goals_are_put_in_order() -> None:
    events = parsed(PLAYED | {"goals": PLAYED["goals"][::-1]}).events  # type: ignore[index]
    assert [(e.number, e.home_score, e.away_score) for e in events] == [
        (0, 1, 0),
        (1, 1, 1),
        (2, 2, 1),
    ]
    assert [e.is_home for e in events] == [True, False, True]


def test_a_goal_whose_side_the_score_doesnt_tell() -> None:
    goals = [goal(2, 1, scoringTeamId=41), goal(3, 3), goal(3, 4, matchMinute=0)]
    told = parsed(PLAYED | {"goals": goals})
    assert [(e.is_home, e.home_score, e.minute) for e in told.events] == [
        (False, 2, 10),
        (False, 3, None),
    ]
    assert told.faults == ["[0]: goals: 3:3 is one goal more than no other score"]
    assert len(told.matches) == 1


def test_the_older_spelling_is_the_same() -> None:
    def capitals(value: Any) -> Any:
        if isinstance(value, dict):
            return {k[:1].upper() + k[1:]: capitals(v) for k, v in value.items()}
        return [capitals(v) for v in value] if isinstance(value, list) else value

    old = [capitals(match) for match in SEASON]
    assert "MatchID" in old[0] and "ScoreTeam1" in old[0]["Goals"][0]
    assert parsed(*old) == parsed(*SEASON)
    for match in old:
        del match["LeagueShortcut"], match["LeagueSeason"]
    assert parsed(*old) == parsed(*SEASON)


@pytest.mark.parametrize(
    "results",
    [
        [result(2, 1, "Endergebnis"), result(1, 0, "Halbzeit")],
        [result(2, 1, "Endergebnis", 0), result(1, 0, "Eegwbnis nach 45 Minuten", 0)],
        [result(2, 1, number=2), result(1, 0, number=1)],
        [result(2, 1, kind="After90Minutes"), result(1, 0, kind="HalfTime")],
        [result(2, 1, "nach Nachspielzeit", 3, "After90Minutes"), result(1, 0, "x", 9, "HalfTime")],
        [result(2, 1, "nach 90 Minuten", 4, "Unknown"), HALF],
        # A result of an extra time there was none of.
        [END, HALF, result(2, 1, "Nachspielzeit", 3, "Unknown")],
    ],
)
def test_half_time_and_end_are_told_by_kind_name_or_number(results: list[Any]) -> None:
    row = one(matchResults=results, goals=[])
    assert (row.home_goals, row.away_goals) == (2, 1)
    assert (row.home_goals_half, row.away_goals_half) == (1, 0)
    assert (row.home_goals_final, row.decided) == (2, "regular time")


NINETY = result(1, 1, "Endergebnis", 2)


@pytest.mark.parametrize("name", ["nach Verlängerung", "Verlängerung", "Nachspielzeit"])
def test_extra_time(name: str) -> None:
    extra = result(3, 2, name, 4)
    assert ended(NINETY, extra) == ((1, 1), (3, 2), (None, None), "extra time")


def test_extra_time_where_the_end_is_not_that_of_ninety_minutes() -> None:
    told = ended(
        result(3, 2, "Endergebnis", 2),
        result(1, 1, "nach 90 Minuten", 3),
        result(3, 2, "nach Verlängerung", 4),
    )
    assert told == ((1, 1), (3, 2), (None, None), "extra time")


def test_an_extra_time_that_takes_goals_away_was_none() -> None:
    wrong = result(0, 0, "nach Verlängerung", 4)
    assert ended(END, wrong) == ((2, 1), (2, 1), (None, None), "regular time")
    assert "(0, 0) after extra time" in parsed(PLAYED | {"matchResults": [END, wrong]}).faults[0]


EXTRA = result(1, 1, "nach Verlängerung", 4)
SUM, ALONE = result(4, 5, "nach Elfmeterschießen", 5), result(3, 4, "Elfmeterschießen", 5)


@pytest.mark.parametrize(
    ("results", "goals", "shootout"),
    [
        # A sum with the goals before it, which the kicks confirm.
        ([NINETY, EXTRA, SUM], [goal(1, 2, **KICK), goal(4, 5, **KICK)], (3, 4)),
        # The shoot-out alone, which the kicks confirm.
        ([NINETY, EXTRA, ALONE], [goal(0, 1, **KICK), goal(3, 4, **KICK)], (3, 4)),
        # It can be either: none rather than a wrong one.
        ([NINETY, EXTRA, SUM], [], (None, None)),
        ([NINETY, EXTRA, SUM], [goal(1, 2, **KICK), goal(3, 4, **KICK)], (None, None)),
        # It can't be a sum.
        (
            [
                result(3, 3, "Endergebnis", 2),
                result(3, 3, "nach Verlängerung", 4),
                result(2, 4, "nach Elfmeterschießen", 5),
            ],
            [],
            (2, 4),
        ),
        # No shoot-out ends level.
        ([NINETY, EXTRA, result(4, 4, "nach Elfmeterschießen", 5)], [], (None, None)),
    ],
)
def test_a_shoot_out_is_taken_only_where_it_is_certain(
    results: list[Any], goals: list[Any], shootout: tuple[int | None, int | None]
) -> None:
    ninety, final, told, decided = ended(*results, goals=goals)
    assert ninety == final
    assert (told, decided) == (shootout, "penalties")


def test_a_shoot_out_known_only_by_its_kicks() -> None:
    kicks = [goal(1, 2, **KICK), goal(4, 5, **KICK)]
    play = [goal(0, 1), goal(1, 1)]
    assert ended(NINETY, goals=play + kicks) == ((1, 1), (1, 1), (None, None), "penalties")
    # Goals of an extra time may be missing.
    assert ended(NINETY, goals=kicks) == ((1, 1), (None, None), (None, None), "penalties")
    events = parsed(PLAYED | {"matchResults": [NINETY], "goals": kicks[:1] + play}).events
    assert [(e.type, e.is_home, e.minute) for e in events] == [
        ("goal", False, 10),
        ("goal", True, 10),
        ("shoot-out goal", False, None),
    ]


def test_kicks_can_be_counted_from_nought() -> None:
    goals = [goal(1, 0, **KICK), goal(0, 1), goal(1, 1), goal(1, 1, **KICK)]
    told = parsed(PLAYED | {"matchResults": [NINETY], "goals": goals})
    assert [(e.type, e.is_home, e.home_score, e.away_score) for e in told.events] == [
        ("goal", False, 0, 1),
        ("goal", True, 1, 1),
        ("shoot-out goal", True, 1, 0),
        ("shoot-out goal", False, 1, 1),
    ]
    assert not told.faults


def test_an_end_nothing_explains_is_not_explained() -> None:
    results = [result(2, 1, "Endergebnis", 2), result(1, 1, "nach 90 Minuten", 3)]
    assert ended(*results) == ((1, 1), (2, 1), (None, None), None)
    assert "nothing tells by what" in parsed(PLAYED | {"matchResults": results}).faults[0]


def test_a_match_marked_as_finished_before_its_result_is_entered() -> None:
    row = one(matchResults=[HALF], goals=[])
    assert (row.status, row.home_goals, row.decided) == ("unknown", None, None)


def test_a_running_match_has_the_goals_so_far() -> None:
    row = one(matchIsFinished=False, matchResults=[HALF], goals=[goal(1, 0), goal(1, 1)])
    assert (row.status, row.home_goals, row.away_goals) == ("live", 1, 1)
    assert (row.home_goals_half, row.home_goals_final, row.decided) == (1, None, None)


def test_a_result_that_isnt_known_is_told() -> None:
    told = parsed(PLAYED | {"matchResults": [END, HALF, result(0, 0, "Pressekonferenz", 7)]})
    assert told.matches == parsed(PLAYED).matches
    assert told.faults == ["[0]: matchResults[2]: 'Pressekonferenz' is no result known"]
    told = parsed(PLAYED | {"matchResults": [END, HALF, result(3, 1, "Endergebnis", 2)]})
    assert told.matches == parsed(PLAYED).matches
    assert "a different one" in told.faults[0]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("bl2/2025-26", "leagueShortcut: 'bl1', not 'bl2'"),
        ("bl1/2024-25", "leagueSeason: '2025', not 2024"),
        ("bl1/2026-27", "leagueSeason: '2025', not 2026"),
    ],
)
def test_another_league_or_season_is_refused(key: str, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        parsed(*SEASON, key=key)


def test_a_date_must_lie_in_the_season() -> None:
    told = parsed(PLAYED | {"matchDateTimeUTC": "2024-08-22T18:30:00Z"}, PLAYED)
    assert [row.line for row in told.matches] == [1]
    assert "2024-08-22 lies outside 2025-26" in told.faults[0]


def test_a_moment_before_the_calendar_begins_is_told() -> None:
    told = parsed(PLAYED | {"matchDateTimeUTC": "0001-01-01T00:00:00+05:00"}, PLAYED)
    assert [row.line for row in told.matches] == [1]
    assert "out of range" in told.faults[0]


def test_one_match_that_cant_be_read_is_told_and_the_rest_is_kept() -> None:
    bad = [
        PLAYED | {"matchDateTimeUTC": None},
        PLAYED | {"matchIsFinished": "false"},
        PLAYED | {"team1": {"teamName": ""}},
    ]
    told = parsed(*bad, *[PLAYED] * 3)
    assert [row.line for row in told.matches] == [3, 4, 5]
    assert [f.split(":")[0] for f in told.faults] == ["[0]", "[1]", "[2]"]
    assert "$.matchDateTimeUTC" in told.faults[0]
    with pytest.raises(Unreadable, match="3 of 5 can't be read"):
        parsed(*bad, PLAYED, PLAYED)


def test_unknown_keys_are_drift() -> None:
    new = PLAYED | {"vibe": 1, "team2": {"teamId": 41, "teamName": "Gast", "colour": 1}}
    new["goals"] = [goal(1, 0, var=True)]
    new["matchResults"] = [END | {"weight": 1}, HALF]
    told = parsed(new)
    assert told.drift == {"vibe", "team2.colour", "goals.var", "matchResults.weight"}


def test_absent_lists_are_none() -> None:
    row = parsed(FIXTURE | {"goals": None, "matchResults": None, "group": None}).matches[0]
    assert (row.status, row.round, row.home_goals, row.attendance) == (
        "scheduled",
        None,
        None,
        None,
    )


def test_an_empty_season_is_no_failure() -> None:
    assert parsed() == Parsed()


def test_an_answer_tells_what_it_is() -> None:
    body = json.dumps([{"broken": 1}, *SEASON]).encode()
    assert SOURCE.identify("season", body, PurePath("x")) == ("bl1/2025-26", "bl1/2025-26")
    cup = PLAYED | {
        "leagueShortcut": "WM26",
        "leagueSeason": 2026,
        "matchDateTimeUTC": "2026-06-11T18:00:00Z",
    }
    assert SOURCE.identify("season", json.dumps([cup]).encode(), PurePath("x"))[0] == "wm26/2026"
    for broken in (
        [],
        [PLAYED | {"leagueShortcut": None}],
        [PLAYED | {"leagueShortcut": "../bl1"}],
        [PLAYED | {"leagueSeason": "25"}],
    ):
        with pytest.raises(Unreadable):
            SOURCE.identify("season", json.dumps(broken).encode(), PurePath("x"))


def test_plan_asks_for_whole_seasons() -> None:
    plan = planned(
        competitions={"ger-bundesliga": "bl1"},
        seasons=("2024-25", "2025-26", "2026"),
        fresh_for=timedelta(hours=3),
    )
    assert [(a.key, a.partition, a.url) for a in SOURCE.plan(plan)] == [
        ("bl1/2024-25", "bl1/2024-25", "http://host/getmatchdata/bl1/2024"),
        ("bl1/2025-26", "bl1/2025-26", "http://host/getmatchdata/bl1/2025"),
    ]


def test_a_page_is_no_answer() -> None:
    assert SOURCE.classify(Answer("u", 200, {}, b"[]")) is Outcome.OK
    assert SOURCE.classify(Answer("u", 200, {}, b"<html>")) is Outcome.UNEXPECTED
    assert SOURCE.classify(Answer("u", 404, {}, b"")) is Outcome.NOT_FOUND


@settings(max_examples=80, deadline=None)
@given(broken_json(SEASON) | garbage(json.dumps(SEASON).encode()))
def test_nothing_but_unreadable_is_raised(body: bytes) -> None:
    told = parsed_or_unreadable(lambda: SOURCE.parse("season", "bl1/2025-26", body))
    for row in told.matches if told else ():
        assert row.home and row.away and row.kick_off.utcoffset() == timedelta()
    with suppress(Unreadable):
        SOURCE.identify("season", body, PurePath("x"))
