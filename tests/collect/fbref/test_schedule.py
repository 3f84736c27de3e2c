"""Scores & Fixtures become rows."""

from datetime import UTC, datetime

import pytest

from pitchline.collect.rows import Parsed, Unreadable
from pitchline.collect.sources.fbref import SOURCE
from tests.collect.fbref.bodies import (
    COLUMNS,
    HEADING,
    SCHEDULE,
    WITHOUT_XG,
    Fixture,
    page,
    schedule,
    table,
    unplayed,
)

KEY = "9/2025-26"


def parse(body: bytes, key: str = KEY) -> Parsed:
    return SOURCE.parse("schedule", key, body)


def test_a_finished_match_has_every_field_of_its_row():
    parsed = parse(schedule(Fixture()))
    (match,) = parsed.matches
    assert match.match == "0123abcd"
    assert (match.competition, match.season) == ("9", "2025-26")
    assert match.competition_name == "Premier League"
    assert match.kick_off == datetime(2025, 8, 16, 15, tzinfo=UTC)
    assert match.kick_off_known
    assert (match.home, match.home_id) == ("Reds", "aaaaaaaa")
    assert (match.away, match.away_id) == ("Blues", "bbbbbbbb")
    assert (match.status, match.decided) == ("finished", "regular time")
    assert (match.home_goals, match.away_goals) == (2, 1)
    assert (match.home_goals_final, match.away_goals_final) == (2, 1)
    assert match.attendance == 73297
    assert (match.venue, match.referee, match.round) == ("The Ground", "A. Whistle", "1")
    assert [(row.is_home, row.xg) for row in parsed.team_stats] == [(True, 1.7), (False, 0.4)]
    assert not parsed.drift
    assert not parsed.faults


def test_pages_of_2026_have_no_expected_goals():
    parsed = parse(schedule(Fixture(), columns=WITHOUT_XG))
    assert len(parsed.matches) == 1
    assert parsed.team_stats == []


def test_expected_goals_of_nought_are_not_absent_ones():
    parsed = parse(schedule(Fixture(home_xg="0.0", away_xg="")))
    assert [(row.is_home, row.xg) for row in parsed.team_stats] == [(True, 0.0)]


def test_a_match_to_come_has_no_goals_and_no_id_of_the_site():
    (match,) = parse(schedule(unplayed())).matches
    assert match.match == "2025-08-16 Reds Blues"
    assert match.status == "scheduled"
    assert match.home_goals is match.home_goals_final is match.attendance is match.decided is None


def test_without_an_epoch_only_the_date_is_known():
    (match,) = parse(schedule(Fixture(epoch=""))).matches
    assert match.kick_off == datetime(2025, 8, 16, tzinfo=UTC)
    assert not match.kick_off_known


@pytest.mark.parametrize(
    ("score", "notes", "status", "decided", "after_90", "final", "shootout"),
    [
        ("3\u20132", "", "finished", "regular time", (3, 2), (3, 2), (None, None)),
        ("3-2", "Leg 1 of 2", "finished", "regular time", (3, 2), (3, 2), (None, None)),
        (
            "3\u20132",
            "Required Extra Time",
            "finished",
            "extra time",
            (None, None),
            (3, 2),
            (None, None),
        ),
        (
            "(4) 1\u20131 (2)",
            "Reds won on penalty kicks following extra time",
            "finished",
            "penalties",
            (None, None),
            (1, 1),
            (4, 2),
        ),
        (
            "(11) 0\u20130 (10)",
            "Leg 2 of 2; Reds won; Reds won on penalty kicks following normal time",
            "finished",
            "penalties",
            (0, 0),
            (0, 0),
            (11, 10),
        ),
        ("(4) 1\u20131 (2)", "", "finished", "penalties", (None, None), (1, 1), (4, 2)),
        ("3\u20130", "Match awarded to Reds", "awarded", None, (3, 0), (3, 0), (None, None)),
        ("", "Match awarded to Reds", "awarded", None, (None, None), (None, None), (None, None)),
        ("", "Match Postponed", "postponed", None, (None,) * 2, (None,) * 2, (None,) * 2),
        ("2\u20130", "Match Cancelled", "cancelled", None, (None,) * 2, (None,) * 2, (None,) * 2),
        ("1\u20130", "Match Suspended", "abandoned", None, (None,) * 2, (None,) * 2, (None,) * 2),
    ],
)
def test_score_and_notes_decide_how_a_match_stands(
    score, notes, status, decided, after_90, final, shootout
):
    parsed = parse(schedule(Fixture(score=score, notes=notes)))
    (match,) = parsed.matches
    assert (match.status, match.decided) == (status, decided)
    assert (match.home_goals, match.away_goals) == after_90
    assert (match.home_goals_final, match.away_goals_final) == final
    assert (match.home_shootout, match.away_shootout) == shootout
    assert not parsed.drift


def test_an_unknown_note_is_drift_and_an_unknown_fate_no_result():
    parsed = parse(schedule(Fixture(notes="Played on the moon")))
    assert parsed.matches[0].status == "finished"
    assert parsed.drift == {"schedule.notes: Played on the moon"}
    parsed = parse(schedule(Fixture(notes="Match Voided")))
    assert parsed.matches[0].status == "unknown"
    assert parsed.matches[0].home_goals_final is None
    assert parsed.drift == {"schedule.notes: Match Voided"}


def test_a_table_in_a_comment_is_found():
    wrapped = f'<div id="all_sched"><!--\n<div>{table([Fixture()])}</div>\n--></div>'
    parsed = parse(page(SCHEDULE, HEADING, wrapped))
    assert [match.match for match in parsed.matches] == ["0123abcd"]


def test_stages_that_sched_all_leaves_out_are_taken_and_no_match_twice():
    qualifier = Fixture(report="00000001", date="2025-07-10", epoch="1752159600")
    tables = (
        table([qualifier], name="sched_2025-2026_9_1")
        + table([Fixture()], name="sched_2025-2026_9_2")
        + table([Fixture(gameweek="7")], name="sched_all")
    )
    parsed = parse(page(SCHEDULE, HEADING, tables))
    assert [match.match for match in parsed.matches] == ["0123abcd", "00000001"]
    assert parsed.matches[0].round == "7"
    assert len({match.line for match in parsed.matches}) == 2
    assert len(parsed.team_stats) == 4


def test_a_header_without_rows_is_a_page_without_matches():
    parsed = parse(schedule())
    assert parsed.matches == []
    assert parsed.faults == []


def test_the_week_of_play_comes_before_the_stage():
    columns = ["round", *COLUMNS]
    league = Fixture(gameweek="7")
    cup = Fixture(report="00000002", gameweek="")
    parsed = parse(schedule(league, cup, columns=columns))
    assert [match.round for match in parsed.matches] == ["7", "Final"]


def test_a_page_without_a_schedule_is_unreadable():
    with pytest.raises(Unreadable, match="sched"):
        parse(page(SCHEDULE, HEADING, "<p>nothing</p>"))


@pytest.mark.parametrize("column", ["home_team", "score", "away_team"])
def test_a_missing_column_is_named(column):
    with pytest.raises(Unreadable, match=column):
        parse(schedule(Fixture(), columns=[name for name in COLUMNS if name != column]))


def test_an_unknown_column_is_drift():
    assert parse(schedule(Fixture(), columns=[*COLUMNS, "weather"])).drift == {"schedule.weather"}


def test_the_columns_of_2020_are_known():
    names = {"start_time": "time", "home_team": "squad_a", "away_team": "squad_b"}
    body = schedule(Fixture())
    for new, old in names.items():
        body = body.replace(f'data-stat="{new}"'.encode(), f'data-stat="{old}"'.encode())
    body = body.replace(b"sched_2025-2026_9_1", b"sched_ks_all")
    parsed = parse(body)
    assert parsed == parse(schedule(Fixture()))


def test_another_season_than_asked_for_is_unreadable():
    with pytest.raises(Unreadable, match=r"2025-26.*2024-25"):
        parse(schedule(Fixture()), key="9/2024-25")
    with pytest.raises(Unreadable, match="'9/2025-26', not schedule '10/2025-26'"):
        parse(schedule(Fixture()), key="10/2025-26")


def test_a_page_of_1923_is_not_taken_for_2023():
    old = Fixture(date="1923-08-25", epoch="")
    heading = "2023-2024 Premier League Scores & Fixtures"
    with pytest.raises(Unreadable, match="1923-08-25 isn't in the season 2023-24"):
        parse(schedule(old, old._replace(report="00000002"), heading=heading), key="9/2023-24")
    heading = "1923-1924 Premier League Scores & Fixtures"
    with pytest.raises(Unreadable, match="9/1923-24"):
        parse(schedule(old, heading=heading), key="9/2023-24")
    (match,) = parse(schedule(old, heading=heading), key="9/1923-24").matches
    assert match.kick_off.year == 1923


def test_a_single_match_outside_the_season_is_a_fault_the_rest_is_kept():
    stray = Fixture(home="Greens", report="00000003", date="2027-04-03", epoch="")
    parsed = parse(schedule(Fixture(), Fixture(report="00000002"), stray))
    assert len(parsed.matches) == 2
    assert parsed.faults == ["Greens v Blues: date: 2027-04-03 isn't in the season 2025-26"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"date": "", "epoch": ""}, "date: missing"),
        ({"date": "16/08/2025"}, "date: '16/08/2025' is no date"),
        ({"date": "2025-02-30"}, "date"),
        ({"epoch": "soon"}, "data-venue-epoch"),
        ({"epoch": "1755700000"}, "kick-off is 2025-08-20"),
        ({"score": "two\u2013one"}, "score"),
        ({"score": "(4) 1\u20131"}, "score"),
        ({"home": ""}, "home_team: empty"),
        ({"attendance": "many"}, "attendance: 'many' is no whole number"),
        ({"home_xg": "1,7"}, "home_xg: '1,7' is no number"),
        ({"away_xg": "nan"}, "away_xg"),
    ],
)
def test_a_row_that_cannot_be_read_is_a_fault_and_most_of_them_unreadable(change, reason):
    bad = Fixture(report="00000009")._replace(**change)
    parsed = parse(schedule(Fixture(), bad))
    assert [match.match for match in parsed.matches] == ["0123abcd"]
    assert len(parsed.faults) == 1
    assert reason in parsed.faults[0]
    with pytest.raises(Unreadable, match="1 of 1"):
        parse(schedule(bad))


def test_a_season_of_one_year():
    match = Fixture(date="2026-03-01", epoch="1772380800")
    path = "/en/comps/22/schedule/Major-League-Soccer-Scores-and-Fixtures"
    body = schedule(match, path=path, heading="2026 Major League Soccer Scores & Fixtures")
    (row,) = parse(body, key="22/2026").matches
    assert (row.competition, row.season) == ("22", "2026")
    body = schedule(
        match._replace(date="2024-03-01", epoch=""),
        path=path,
        heading="2026 Major League Soccer Scores & Fixtures",
    )
    with pytest.raises(Unreadable, match="2024-03-01 isn't in the season 2026"):
        parse(body, key="22/2026")


def test_qualifying_is_named_after_the_year_of_the_tournament():
    body = schedule(
        Fixture(date="2023-09-07", epoch=""),
        path="/en/comps/4/schedule/WCQ----CONMEBOL-M-Scores-and-Fixtures",
        heading="2026 WCQ Scores & Fixtures",
    )
    assert len(parse(body, key="4/2026").matches) == 1


def test_the_address_may_name_the_season_and_must_agree_with_the_heading():
    path = "/en/comps/9/2025-2026/schedule/2025-2026-Premier-League-Scores-and-Fixtures"
    assert len(parse(schedule(Fixture(), path=path)).matches) == 1
    assert len(parse(schedule(Fixture(), path=path, heading="Scores")).matches) == 1
    with pytest.raises(Unreadable, match="2024-2025"):
        parse(schedule(Fixture(), path=path.replace("2025-2026", "2024-2025")))
    with pytest.raises(Unreadable, match="no season"):
        parse(schedule(Fixture(), heading="Scores"))


def test_a_day_has_a_table_for_each_competition():
    columns = ["round", *(name for name in WITHOUT_XG if name not in ("date", "dayofweek"))]
    here = Fixture(date="", epoch="1693753200")
    tables = table([here], columns, "sched_2023-2024_9") + table(
        [here._replace(report="00000002", epoch="", gameweek="")], columns, "sched_2023_22"
    )
    parsed = SOURCE.parse("day", "2023-09-03", page("/en/matches/2023-09-03", "A day", tables))
    first, second = parsed.matches
    assert (first.competition, first.season, first.kick_off.hour) == ("9", "2023-24", 15)
    assert (second.competition, second.season, second.round) == ("22", "2023", "Final")
    assert second.kick_off == datetime(2023, 9, 3, tzinfo=UTC)
    with pytest.raises(Unreadable, match="sched_all"):
        body = page("/en/matches/2023-09-03", "A day", table([here], columns, "sched_all"))
        SOURCE.parse("day", "2023-09-03", body)
