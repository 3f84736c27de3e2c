"""Match reports become rows."""

from datetime import UTC, datetime

import pytest

from pitchline.collect.rows import Parsed, Unreadable
from pitchline.collect.sources.fbref import SOURCE
from tests.collect.fbref.bodies import (
    EVENTS,
    REPORT,
    SHOTS,
    event,
    page,
    player,
    report,
    summary,
)


def parse(body: bytes, key: str = "0123abcd") -> Parsed:
    return SOURCE.parse("match", key, body)


def test_the_score_box_gives_the_match():
    (match,) = parse(report()).matches
    assert (match.match, match.competition, match.season) == ("0123abcd", "9", "2023-24")
    assert (match.competition_name, match.round) == ("Premier League", "Matchweek 4")
    assert match.kick_off == datetime(2023, 9, 3, 15, 30, tzinfo=UTC)
    assert match.kick_off_known
    assert (match.home, match.home_id, match.away, match.away_id) == (
        "Reds",
        "aaaaaaaa",
        "Blues",
        "bbbbbbbb",
    )
    assert (match.status, match.decided) == ("finished", "regular time")
    assert (match.home_goals, match.away_goals) == (2, 1)
    assert (match.home_goals_final, match.away_goals_final) == (2, 1)
    assert (match.venue, match.attendance, match.referee) == (
        "The Ground, Town",
        60192,
        "A. Whistle",
    )


def test_goals_of_the_first_half_come_from_events_that_account_for_all():
    (match,) = parse(report()).matches
    assert (match.home_goals_half, match.away_goals_half) == (1, 1)
    (match,) = parse(report(goals=("3", "1"))).matches
    assert (match.home_goals_half, match.away_goals_half) == (None, None)
    assert (match.home_goals, match.away_goals) == (3, 1)


def test_events_in_order_told_by_their_icons():
    events = parse(report()).events
    assert [(row.number, row.is_home, row.type, row.minute, row.added) for row in events] == [
        (0, False, "goal", 27, None),
        (1, True, "penalty goal", 45, 2),
        (2, True, "own goal", 60, None),
        (3, False, "yellow card", 70, None),
        (4, True, "substitution", 75, None),
    ]
    goal, penalty, _own, card, change = events
    assert (goal.player, goal.player_id) == ("Player 11", "0000000b")
    assert (goal.other_player, goal.other_player_id) == ("Player 12", "0000000c")
    assert (goal.home_score, goal.away_score) == (0, 1)
    assert (penalty.other_player, penalty.other_player_id) == (None, None)
    assert (card.player, card.player_id) == ("The Manager", None)
    assert (change.player, change.other_player) == ("Player 3", "Player 2")


@pytest.mark.parametrize(
    ("icon", "kind"),
    [
        ("penalty_miss", "missed penalty"),
        ("yellow_red_card", "second yellow card"),
        ("red_card", "red card"),
    ],
)
def test_other_icons(icon, kind):
    (row,) = parse(report(events=event("a", "33", "0:0", icon, player(1)))).events
    assert row.type == kind


def test_an_unknown_icon_is_drift_and_a_broken_event_a_fault():
    parsed = parse(report(events=event("a", "33", "0:0", "var_check", player(1)) + EVENTS))
    assert parsed.drift == {"events.var_check"}
    assert [row.number for row in parsed.events] == [0, 1, 2, 3, 4]
    parsed = parse(report(events='<div class="event c"><div>9</div></div>' + EVENTS))
    assert len(parsed.faults) == 1
    assert len(parsed.events) == 5


def test_extra_time_shows_in_events_and_the_score_after_90_is_counted():
    late = event("a", "105+1", "3:1", "goal", player(1))
    (match,) = parse(report(goals=("3", "1"), events=EVENTS + late)).matches
    assert match.decided == "extra time"
    assert (match.home_goals, match.away_goals) == (2, 1)
    assert (match.home_goals_final, match.away_goals_final) == (3, 1)
    (match,) = parse(report(goals=("4", "1"), events=EVENTS + late)).matches
    assert (match.home_goals, match.away_goals) == (None, None)
    assert (match.home_goals_final, match.away_goals_final) == (4, 1)


def test_extra_time_shows_in_minutes_of_players():
    (match,) = parse(report(tables=summary("aaaaaaaa", 1, (120, 90, 30)))).matches
    assert match.decided == "extra time"
    (match,) = parse(report(tables=summary("aaaaaaaa", 1))).matches
    assert match.decided == "regular time"


def test_a_shoot_out_is_counted_and_leaves_the_score_alone():
    kicks = "".join(
        event(side, "120", "1:0", f"penalty_shootout_{what}", player(1))
        for side, what in (("a", "goal"), ("b", "miss"), ("a", "goal"), ("b", "goal"))
    )
    parsed = parse(report(goals=("0", "0"), events=kicks))
    (match,) = parsed.matches
    assert match.decided == "penalties"
    assert (match.home_goals, match.away_goals) == (0, 0)
    assert (match.home_shootout, match.away_shootout) == (2, 1)
    assert [row.type for row in parsed.events].count("shoot-out miss") == 1
    assert {row.home_score for row in parsed.events} == {None}


def test_a_match_without_events_is_still_one():
    (match,) = parse(report(events="")).matches
    assert (match.home_goals, match.away_goals) == (2, 1)
    assert match.home_goals_half is None


def test_a_match_to_come_and_one_called_off_have_no_goals():
    (match,) = parse(report(goals=("", ""), events="")).matches
    assert (match.status, match.home_goals_final, match.decided) == ("scheduled", None, None)
    (match,) = parse(report(meta="<div>*Match Suspended</div>")).matches
    assert (match.status, match.home_goals_final) == ("abandoned", None)
    (match,) = parse(report(meta="<div>Match awarded to Reds</div>")).matches
    assert (match.status, match.home_goals_final, match.decided) == ("awarded", 2, None)


def test_line_ups_with_what_the_summary_tells_of_the_players():
    rows = parse(report(tables=summary("aaaaaaaa", 1))).lineups
    assert [(row.is_home, row.role, row.shirt) for row in rows] == [
        (True, "starter", 1),
        (True, "starter", 2),
        (True, "bench", 3),
        (False, "starter", 1),
        (False, "starter", 2),
        (False, "bench", 3),
    ]
    first, away = rows[0], rows[3]
    assert (first.player, first.player_id) == ("Player 1", "00000001")
    assert (first.formation, away.formation) == ("4-3-3", "3-5-2")
    assert first.lineup_type == "confirmed"
    assert (first.minutes, first.position, first.is_captain) == (90, "MF", True)
    assert (rows[1].is_captain, away.minutes) == (False, None)


def test_team_stats_of_a_page_of_2026():
    home, away = parse(report(tables=summary("aaaaaaaa", 1))).team_stats
    assert (home.is_home, away.is_home) == (True, False)
    assert (home.possession, away.possession) == (55.0, 45.0)
    assert (home.shots_on_target, home.shots) == (5, 17)  # the box, not the 12 of the table
    assert (away.shots_on_target, away.shots) == (2, 10)
    assert (home.saves, away.saves) == (1, 3)
    assert (home.fouls, away.fouls, home.corners, away.corners) == (8, 7, 12, 3)
    assert (home.yellow_cards, home.red_cards) == (2, 0)
    assert (away.yellow_cards, away.red_cards) == (None, None)
    assert home.xg is home.xg_shots is home.xg_on_target is home.tackles is None


def test_team_stats_and_shots_of_a_page_before_2026():
    keepers = (
        '<table id="keeper_stats_aaaaaaaa"><tbody><tr><th data-stat="player">K</th>'
        '<td data-stat="gk_psxg">0.4</td></tr><tr><td data-stat="gk_psxg">0.2</td></tr></tbody>'
        '</table><table id="stats_aaaaaaaa_possession"><tfoot><tr>'
        '<td data-stat="touches_att_pen_area">41</td></tr></tfoot></table>'
    )
    parsed = parse(report(xg=("2.3", "0.9"), tables=f"<!-- {SHOTS} -->{keepers}"))
    home, away = parsed.team_stats
    assert (home.xg, away.xg) == (2.3, 0.9)
    assert (home.xg_shots, away.xg_shots) == (None, 0.31)
    assert (home.xg_on_target, away.xg_on_target) == (None, 0.6)
    assert (home.touches_in_opposition_box, away.touches_in_opposition_box) == (41, None)
    first, second = parsed.shots
    assert (first.is_home, first.minute, first.xg, first.xg_on_target) == (False, 27, 0.2, 0.53)
    assert (first.outcome, first.is_on_target, first.is_blocked) == ("Goal", True, False)
    assert (first.player_id, first.body_part, first.x) == ("0000000b", "Left Foot", None)
    assert (second.minute, second.added, second.xg_on_target) == (90, 1, None)
    assert (second.is_on_target, second.is_blocked) == (False, True)
    assert not parsed.drift


def test_a_shot_of_neither_team_is_a_fault():
    parsed = parse(report(tables=SHOTS.replace("bbbbbbbb", "cccccccc", 1)))
    assert len(parsed.shots) == 1
    assert parsed.faults == ["shots_all: team: 'Blues' is neither of both"]


def test_unknown_labels_and_columns_are_drift():
    body = report(tables=summary("aaaaaaaa", 1))
    body = body.replace(b"<div>Corners</div>", b"<div>Nutmegs</div>")
    body = body.replace(b'data-stat="shots"', b'data-stat="nutmegs"')
    assert parse(body).drift == {"team_stats.Nutmegs", "summary.nutmegs"}


def test_the_season_of_one_that_is_over_stands_in_the_link():
    link = "/en/comps/9/2023-2024/2023-2024-Premier-League-Stats"
    assert parse(report(competition=link)).matches[0].season == "2023-24"
    with pytest.raises(Unreadable, match="isn't in the season 2024-25"):
        parse(report(competition=link.replace("2023-2024", "2024-2025")))
    (match,) = parse(report(competition="/en/comps/22/Major-League-Soccer-Stats")).matches
    assert match.season == "2023"


def test_another_match_than_asked_for_is_unreadable():
    with pytest.raises(Unreadable, match="0123abcd"):
        parse(report(), key="ffffffff")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'class="scorebox"', b'class="box"', "scorebox"),
        (b"scorebox_meta", b"meta", "scorebox_meta"),
        (b'class="scores"', b'class="points"', "0 teams"),
        (b">Reds</a></strong>", b"></a></strong>", "a team without a name"),
        (b"/en/comps/9/", b"/en/x/", "competition"),
        (b'data-venue-date="2023-09-03"', b'data-venue-date="3 Sept"', "date"),
        (b'data-venue-epoch="1693755000"', b'data-venue-epoch="1700000000"', "kick-off"),
        (b'<div class="score">2</div>', b'<div class="score">two</div>', "'two'"),
        (b'<div class="score">2</div>', b'<div class="score"></div>', "one team only"),
        (b"60,192", b"6,01,92", "whole number"),
    ],
)
def test_a_score_box_that_is_not_whole_is_unreadable(old, new, reason):
    body = report()
    assert old in body
    with pytest.raises(Unreadable, match=reason):
        parse(body.replace(old, new))


def test_a_page_without_a_score_box_is_unreadable():
    with pytest.raises(Unreadable, match="scorebox: missing"):
        parse(page(REPORT, "Reds vs. Blues", "<p>gone</p>"))
