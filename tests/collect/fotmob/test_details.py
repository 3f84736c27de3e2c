"""The details of one match, in bodies made by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pitchline.collect.fotmob.details import identity_of, parse_match
from pitchline.collect.rows import Parsed, Unreadable
from tests.collect.fotmob.bodies import (
    AWAY,
    HOME,
    encoded,
    goal,
    match,
    shot,
    stats,
    status,
)

KEY = "4900001"
EVENTS = "content__matchFacts__events__events"
AFTER_EXTRA = {"short": "AET", "longKey": "afterextra"}


def parsed(**members: Any) -> Parsed:
    return parse_match(KEY, encoded(match(**members)))


def with_score(home: int, away: int) -> list[dict[str, Any]]:
    return [
        {"id": HOME, "name": "Home Town", "score": home},
        {"id": AWAY, "name": "Away City", "score": away},
    ]


def test_the_match_itself() -> None:
    found = parsed()
    (row,) = found.matches
    assert (row.match, row.competition, row.season) == (KEY, "47", "2025-26")
    assert (row.kick_off, row.kick_off_known) == (datetime(2025, 8, 16, 14, tzinfo=UTC), True)
    assert (row.home, row.away, row.home_id, row.away_id) == ("Home Town", "Away City", "11", "22")
    assert (row.status, row.decided) == ("finished", "regular time")
    assert (row.home_goals, row.away_goals) == (2, 1)
    assert (row.home_goals_half, row.away_goals_half) == (1, 1)
    assert (row.home_goals_final, row.home_shootout) == (2, None)
    assert (row.round, row.competition_name, row.coverage) == ("1", "Premier League", "xG")
    assert (row.venue, row.referee, row.attendance) == ("The Ground", "Rae Feree", 25_286)
    assert found.drift == set()
    assert found.faults == []


def test_the_statistics_of_both_teams() -> None:
    home, away = parsed().team_stats
    assert (home.is_home, home.xg, home.accurate_passes) == (True, 1.5, 401)
    assert (away.is_home, away.xg, away.accurate_passes) == (False, 0.9, 299)
    assert home.xg_shots == pytest.approx(1.5)
    assert away.xg_shots == pytest.approx(0.9)
    # Absent is None, never 0.
    assert (home.shots, home.corners, home.red_cards) == (None, None, None)


def test_statistics_without_periods() -> None:
    old = {"stats": stats(("expected_goals", ["0.80", "1.84"])), "teamColors": []}
    home, away = parsed(content__stats=old).team_stats
    assert (home.xg, away.xg) == (0.8, 1.84)


def test_statistics_of_2020_have_titles_only() -> None:
    lines = [
        {"title": "Ball possesion", "stats": [35, 65], "type": "graph", "highlighted": "away"},
        {"title": "Saves", "stats": [6, "-"], "type": "text", "highlighted": "home"},
        {"title": "Total shots", "stats": [10, 14], "type": "text", "highlighted": "away"},
    ]
    old = {"stats": [{"title": "Top stats", "stats": lines}]}
    home, away = parsed(content__stats=old).team_stats
    assert (home.possession, away.possession) == (35.0, 65.0)
    assert (home.saves, away.saves) == (6, None)
    assert (home.shots, away.shots) == (10, 14)


def test_a_value_missing_in_one_group_is_taken_from_the_other() -> None:
    told = stats(("yellow_cards", [None, 1]), ("yellow_cards", [0, 1]))
    home, away = parsed(content__stats={"Periods": {"All": {"stats": told}}}).team_stats
    assert (home.yellow_cards, away.yellow_cards) == (0, 1)


def test_of_two_values_the_first_is_taken_and_never_a_headings() -> None:
    told = stats(("corners", [3, 4]), ("corners", [5, 6]))
    told[0]["stats"][0]["stats"] = [9, 9]
    home, away = parsed(content__stats={"stats": told}).team_stats
    assert (home.corners, away.corners) == (3, 4)


def test_a_match_without_coverage_has_no_expected_goals() -> None:
    found = parsed(
        general__coverageLevel="ratings",
        content__shotmap={"shots": [], "Periods": {"All": []}},
        content__stats={"stats": stats(("corners", [3, 4]))},
    )
    assert found.matches[0].coverage == "ratings"
    assert [(row.xg, row.xg_shots, row.corners) for row in found.team_stats] == [
        (None, None, 3),
        (None, None, 4),
    ]
    assert found.shots == []


@pytest.mark.parametrize("absent", [..., None, False])
def test_absent_sections_give_no_rows(absent: Any) -> None:
    found = parsed(content__stats=absent, content__shotmap=absent, content__lineup=absent)
    assert found.team_stats == []
    assert found.shots == []
    assert found.lineups == []
    assert found.matches[0].status == "finished"
    assert found.drift == set()
    assert found.faults == []


def test_shots_in_metres_by_side() -> None:
    rows = parsed().shots
    assert [(row.shot, row.is_home) for row in rows] == [("1", True), ("2", False), ("3", False)]
    first = rows[0]
    assert (first.x, first.y, first.minute, first.added, first.xg) == (94.0, 34.0, 10, None, 1.5)
    assert (first.outcome, first.body_part, first.situation) == ("Miss", "RightFoot", "RegularPlay")
    assert (first.is_on_target, first.is_blocked, first.is_own_goal) == (False, False, False)


def test_the_sum_of_shots_leaves_out_shoot_out_and_own_goals() -> None:
    shots = [
        shot(1, HOME, 0.25),
        shot(2, HOME, 0.79, period="PenaltyShootout"),
        shot(3, HOME, None, isOwnGoal=True),
        shot(4, AWAY, 0.5),
    ]
    home, away = parsed(content__shotmap={"shots": shots}).team_stats
    assert (home.xg_shots, away.xg_shots) == (0.25, 0.5)


def test_the_sum_of_shots_is_unknown_if_one_is_and_nothing_if_there_was_none() -> None:
    home, away = parsed(
        content__shotmap={"shots": [shot(1, HOME, 0.25), shot(2, HOME, None)]}
    ).team_stats
    assert (home.xg_shots, away.xg_shots) == (None, 0.0)


def test_a_shot_of_a_third_team_is_a_fault() -> None:
    found = parsed(content__shotmap={"shots": [shot(1, HOME, 0.2), shot(2, 33, 0.5)]})
    assert [row.shot for row in found.shots] == ["1"]
    assert found.faults == ["content.shotmap.shots[2]: of team 33"]


def test_goals_cards_and_substitutions() -> None:
    events = [
        goal(5, True, newScore=[1, 0], assistInput="Some Body", assistPlayerId=903),
        goal(20, False, newScore=[1, 1], ownGoal=True, goalDescriptionKey="owngoal"),
        goal(90, True, overloadTime=3, newScore=[2, 1], goalDescriptionKey="penalty"),
        {"type": "MissedPenalty", "time": 30, "isHome": False, "player": {"id": 7, "name": "M"}},
        *[
            {"type": "Card", "time": 40, "isHome": True, "card": card, "homeScore": 1}
            for card in ("Yellow", "YellowRed", "Red")
        ],
        {
            "type": "Substitution",
            "time": 60,
            "overloadTime": 0,
            "isHome": False,
            "player": {"id": None},
            "swap": [{"name": "On", "id": "31"}, {"name": "Off", "id": "32"}],
        },
        *[{"type": kind, "time": 45} for kind in ("VAR", "AddedTime", "Half", "Comment")],
    ]
    found = parsed(**{EVENTS: events})
    assert [row.type for row in found.events] == [
        *("goal", "own goal", "penalty goal", "missed penalty"),
        *("yellow card", "second yellow card", "red card", "substitution"),
    ]
    assert [row.number for row in found.events] == list(range(8))
    first, own, last = found.events[:3]
    assert (first.player, first.player_id) == ("Ann Other", "901")
    assert (first.other_player, first.other_player_id) == ("Some Body", "903")
    assert (first.home_score, first.away_score) == (1, 0)
    # An own goal is told for the side it counts for.
    assert (own.is_home, own.away_score) == (False, 1)
    assert (last.minute, last.added) == (90, 3)
    change = found.events[-1]
    assert (change.player, change.other_player, change.added) == ("On", "Off", None)
    assert found.drift == set()


def test_an_assist_is_told_as_a_name_or_in_words() -> None:
    named = goal(5, True, assistInput="Some Body", assistStr="assist by Some Body")
    in_words = goal(6, True, assistStr="assist by Some Body")
    alone = goal(7, True, assistStr=None)
    rows = parsed(**{EVENTS: [named, in_words, alone]}).events
    assert [row.other_player for row in rows] == ["Some Body", "Some Body", None]


def test_a_kick_of_a_shoot_out_among_the_events_is_no_goal() -> None:
    kick = goal(121, True, isPenaltyShootoutEvent=True, newScore=[3, 1])
    found = parsed(**{EVENTS: [kick]})
    assert [row.type for row in found.events] == ["shoot-out goal"]


def test_an_event_of_a_new_type_is_drift() -> None:
    found = parsed(**{EVENTS: [{"type": "Streaker", "time": 3, "isHome": True}]})
    assert found.events == []
    assert found.drift == {"content.matchFacts.events.events.type=Streaker"}


def test_events_of_the_header_where_there_are_no_others() -> None:
    found = parsed(
        **{EVENTS: []},
        header__events={
            "homeTeamGoals": {
                "Other": [goal(70, True, newScore=[2, 1]), goal(12, True, newScore=[1, 0])]
            },
            "awayTeamGoals": {"Body": [goal(45, False, newScore=[1, 1])]},
            "awayTeamRedCards": {
                "Body": [{"type": "Card", "time": 80, "isHome": False, "card": "Red"}]
            },
        },
    )
    assert [(row.minute, row.type) for row in found.events] == [
        *((12, "goal"), (45, "goal"), (70, "goal"), (80, "red card")),
    ]
    assert found.matches[0].home_goals_half == 1


def test_goals_of_extra_time_are_not_in_the_regular_score() -> None:
    events = [
        goal(24, False, newScore=[0, 1]),
        goal(90, True, overloadTime=4, newScore=[1, 1]),
        goal(120, True, overloadTime=5, newScore=[2, 1]),
    ]
    (row,) = parsed(**{EVENTS: events}, header__status=status(reason=AFTER_EXTRA)).matches
    assert (row.status, row.decided) == ("finished", "extra time")
    assert (row.home_goals, row.away_goals) == (1, 1)
    assert (row.home_goals_final, row.away_goals_final) == (2, 1)
    assert (row.home_goals_half, row.away_goals_half) == (0, 1)


def test_the_regular_score_is_unknown_if_a_goal_is_missing() -> None:
    events = [goal(24, False, newScore=[0, 1]), goal(120, True, newScore=[2, 1])]
    (row,) = parsed(**{EVENTS: events}, header__status=status(reason=AFTER_EXTRA)).matches
    assert (row.home_goals, row.away_goals) == (None, None)
    assert (row.home_goals_final, row.away_goals_final) == (2, 1)
    assert row.home_goals_half is None


@pytest.mark.parametrize("told_by", ["reason", "words", "events"])
def test_a_shoot_out(told_by: str) -> None:
    reason: dict[str, Any] = {"short": "Pen", "longKey": "afterpenalties"}
    if told_by == "reason":
        reason["penalties"] = [1, 2]
    if told_by == "words":
        reason["long"] = "Pen 1 - 2"
    kicks = [
        {"type": kind, "time": 121, "isHome": is_home}
        for kind, is_home in (
            *(("Goal", True), ("Goal", False)),
            *(("MissedPenalty", True), ("Goal", False)),
        )
    ]
    events = [goal(24, False, newScore=[0, 1]), goal(54, True, newScore=[1, 1])]
    found = parsed(
        header__teams=with_score(1, 1),
        header__status=status(reason=reason, scoreStr="1 - 1"),
        content__matchFacts__events={"events": events, "penaltyShootoutEvents": kicks},
    )
    (row,) = found.matches
    assert (row.home_goals, row.home_goals_final, row.decided) == (1, 1, "penalties")
    assert (row.home_shootout, row.away_shootout) == (1, 2)
    assert [event.type for event in found.events[2:]] == [
        *("shoot-out goal", "shoot-out goal", "shoot-out miss", "shoot-out goal"),
    ]
    # Kicks of a shoot-out don't change the score.
    assert {event.home_score for event in found.events[2:]} == {None}


@pytest.mark.parametrize(
    ("reason", "expected"), [("PP", "postponed"), ("Ab", "abandoned"), ("Can", "cancelled")]
)
def test_a_cancelled_match_has_no_result_though_it_is_finished_with_a_score(
    reason: str, expected: str
) -> None:
    (row,) = parsed(header__status=status(cancelled=True, reason={"short": reason})).matches
    assert row.status == expected
    assert (row.home_goals, row.home_goals_final, row.decided) == (None, None, None)


def test_a_match_to_come_has_no_score() -> None:
    coming = status(started=False, finished=False, reason=..., scoreStr=...)
    found = parsed(header__status=coming, header__teams=with_score(0, 0), content__stats=None)
    assert found.matches[0].status == "scheduled"
    assert found.matches[0].home_goals is None


def test_two_scores_of_a_finished_match_are_no_result() -> None:
    found = parsed(header__status=status(scoreStr="5 - 0"))
    assert found.matches[0].status == "unknown"
    assert found.matches[0].home_goals is None
    assert "scoreStr" in found.faults[0]


def test_line_ups_of_the_new_form() -> None:
    starter, ill, keeper = parsed(
        content__playerStats={
            "901": {"stats": [{"stats": {"Minutes played": {"stat": {"value": 71}}}}]},
            "903": {"stats": [{"stats": {"Minutes played": {"value": 90}}}]},
        }
    ).lineups
    assert (starter.player, starter.player_id, starter.shirt) == ("Ann Other", "901", 9)
    assert (starter.role, starter.formation, starter.lineup_type) == (
        *("starter", "4-3-3", "confirmed"),
    )
    assert (starter.minutes, keeper.minutes) == (71, 90)
    assert (ill.role, ill.reason, ill.is_home) == ("unavailable", "injury", True)
    assert (keeper.is_home, keeper.position) == (False, "Keeper")
    # Not told is not False.
    assert keeper.is_captain is None


def test_a_predicted_line_up_says_so() -> None:
    lineup = match()["content"]["lineup"] | {"lineupType": "predicted"}
    assert {row.lineup_type for row in parsed(content__lineup=lineup).lineups} == {"predicted"}


OLD_LINEUP: dict[str, Any] = {
    "lineup": [
        {
            "teamId": HOME,
            "lineup": "4 - 3 - 3",
            "players": [
                [{"id": "901", "name": {"fullName": "Ann Other"}, "usualPosition": 0}],
                [
                    {
                        "id": "902",
                        "name": "Plain Name",
                        "role": "Defender",
                        "shirt": 4,
                        "isCaptain": True,
                        "minutesPlayed": 90,
                        "rating": {"num": "7.2"},
                    }
                ],
            ],
            "bench": [{"id": "904", "name": {"fullName": "On Bench"}, "rating": {"num": None}}],
            "nonAvailablePlayers": [[{"id": 1}], [{"id": 2}]],
        },
        {"teamId": AWAY, "players": [[{"id": "903", "name": "Some Body"}]], "bench": []},
    ],
    "naPlayers": {
        "sides": ["home", "away"],
        "naPlayersArr": [
            [{"id": 905, "name": {"fullName": "Ill Player"}, "naInfo": {"naReason": "Knee"}}],
            [],
        ],
    },
}


def test_line_ups_of_the_old_form() -> None:
    rows = parsed(content__lineup=OLD_LINEUP).lineups
    assert [(row.player, row.role, row.is_home) for row in rows] == [
        ("Ann Other", "starter", True),
        ("Plain Name", "starter", True),
        ("On Bench", "bench", True),
        ("Some Body", "starter", False),
        ("Ill Player", "unavailable", True),
    ]
    captain = rows[1]
    assert (captain.shirt, captain.position, captain.is_captain) == (4, "Defender", True)
    assert (captain.minutes, captain.rating, captain.formation) == (90, 7.2, "4-3-3")
    assert rows[4].reason == "Knee"
    assert rows[0].position == "Keeper"
    assert (rows[2].rating, rows[2].minutes) == (None, None)


@pytest.mark.parametrize("name", ["lineup2", "match2Lineup"])
def test_line_ups_under_other_names(name: str) -> None:
    lineup = match()["content"]["lineup"]
    found = parsed(content__lineup=..., **{f"content__{name}": lineup})
    assert [row.player for row in found.lineups] == ["Ann Other", "Ill Player", "Some Body"]
    empty = {"lineup": [{"teamId": HOME}, {"teamId": AWAY}]}
    assert parsed(content__lineup=empty, **{f"content__{name}": lineup}).lineups == found.lineups
    # The old form is believed before them: it tells minutes.
    both = parsed(content__lineup=OLD_LINEUP, **{f"content__{name}": lineup})
    assert both.lineups[1].player == "Plain Name"


def test_ids_are_texts_whatever_they_were() -> None:
    as_text = encoded(match())
    as_number = encoded(match(general__matchId=4_900_001, content__matchFacts__matchId=KEY))
    assert parse_match(KEY, as_text) == parse_match(KEY, as_number)


@pytest.mark.parametrize("page", ["pageProps", "props"])
def test_pages_hold_the_same(page: str) -> None:
    inner = {"pageProps": match() | {"ssr": True, "translations": {}}}
    wrapped = inner if page == "pageProps" else {"props": inner, "page": "/match", "buildId": "x"}
    assert parse_match(KEY, encoded(wrapped)) == parsed()
    assert identity_of(encoded(wrapped)) == (KEY, "47", "2025-26")


def test_the_season_stated_is_checked_against_the_date() -> None:
    assert parsed(general__parentLeagueSeason="2025/2026").faults == []
    found = parsed(general__parentLeagueSeason="2024/2025")
    assert found.matches[0].season == "2025-26"
    assert found.faults == ["season: states 2024-25, played 2025-08-16"]
    tournament = {"id": 47, "selectedSeason": "2024/2025"}
    assert parsed(content__matchFacts__infoBox__Tournament=tournament).faults == found.faults


def test_the_competition_of_a_group_is_its_parent() -> None:
    (row,) = parsed(general__leagueId=894_789, general__parentLeagueId=77).matches
    assert (row.competition, row.season) == ("77", "2025")


def test_the_reverse_fixture_is_not_the_match_asked_for() -> None:
    other = match(general__matchId="4900002", content__matchFacts__matchId=4_900_002)
    with pytest.raises(Unreadable, match=r"general\.matchId: '4900002' instead of '4900001'"):
        parse_match(KEY, encoded(other))
    assert parse_match("4900002", encoded(other)).matches[0].match == "4900002"


def test_a_rating_beyond_ten_is_none() -> None:
    lineup = match()["content"]["lineup"]
    lineup["homeTeam"]["starters"] = [
        {"id": number, "name": "P", "performance": {"rating": rating}}
        for number, rating in enumerate((10, 9.5, 10.1, "7.2", None))
    ]
    rows = parsed(content__lineup=lineup).lineups[:5]
    assert [row.rating for row in rows] == [10.0, 9.5, None, 7.2, None]


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"general__matchId": "4900002"}, "but content"),
        ({"content__matchFacts__matchId": 4_900_002}, r"matchFacts\.matchId"),
        ({"general__matchId": ...}, "matchId"),
        ({"general": ...}, "general: missing"),
        ({"header": ...}, "header"),
        ({"header__status": ...}, "status"),
        ({"header__status": status(finished=...)}, "finished"),
        ({"header__status": status(utcTime="?")}, "utcTime"),
        ({"header__teams": []}, "teams"),
        ({"header__teams": with_score(2, 1)[::-1]}, "teams"),
        ({"header__teams": with_score(2, -1)}, "score"),
        ({"content": ...}, "content"),
        ({"content__matchFacts": ...}, "matchFacts"),
        ({"content__stats": [1]}, "stats"),
        ({"content__shotmap": {"shots": "none"}}, "shots"),
        ({"content__lineup": "4-4-2"}, "lineup"),
        ({"content__shotmap": {"shots": [shot(1, HOME, 0.1), {"id": 2}, {"id": 3}]}}, "2 of 3"),
    ],
)
def test_a_required_field_missing_or_wrong_is_named(members: dict[str, Any], named: str) -> None:
    with pytest.raises(Unreadable, match=named):
        parsed(**members)


@pytest.mark.parametrize(
    "tree",
    [
        {"error": "Verification required", "code": "TURNSTILE_REQUIRED"},
        {"match": None},
        {"pageProps": {"fetchingLeagueData": False, "ssr": True, "fallback": {}}},
    ],
)
def test_what_is_no_match_is_unreadable(tree: Any) -> None:
    with pytest.raises(Unreadable):
        parse_match(KEY, encoded(tree))


def test_a_match_without_the_section_general_is_read_only_where_2020_lacked_it() -> None:
    old = match(general=..., header__status=status(utcTime=..., startDateStr="Sep 21, 2020"))
    for number, team in zip((HOME, AWAY), old["header"]["teams"], strict=True):
        del team["id"]
        team["pageUrl"] = f"/teams/{number}/overview/any"
    (row,) = parse_match(KEY, encoded(old)).matches
    assert (row.kick_off, row.kick_off_known) == (datetime(2020, 9, 21, tzinfo=UTC), False)
    assert (row.competition, row.season, row.home_id) == ("47", "2020-21", "11")


def test_a_wrong_small_value_is_left_out_and_told() -> None:
    found = parsed(
        content__matchFacts__infoBox__Attendance="sold out",
        content__shotmap={
            "shots": [shot(1, HOME, 0.2), shot(2, HOME, 0.3, min="10"), shot(3, AWAY, 0.1)]
        },
    )
    assert found.matches[0].attendance is None
    assert [row.minute for row in found.shots] == [10, None, 10]
    assert len(found.faults) == 2
    assert found.faults[0].startswith("content.matchFacts.infoBox.Attendance")


def test_unknown_keys_are_drift() -> None:
    tree = match(general__newKey=1, content__newKey={}, content__matchFacts__newKey=[])
    tree["content"]["lineup"]["homeTeam"]["starters"][0]["newKey"] = 1
    found = parse_match(KEY, encoded(tree))
    assert found.drift == {
        "general.newKey",
        "content.newKey",
        "content.matchFacts.newKey",
        "content.lineup.homeTeam.starters.newKey",
    }
    assert found.faults == []
    found.drift.clear()
    assert found == parsed()
