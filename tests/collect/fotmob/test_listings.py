"""A day's listing and a season's list."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pitchline.collect.fotmob.listings import day_of, parse_day, parse_season, season_of_list
from pitchline.collect.rows import Unreadable
from tests.collect.fotmob.bodies import (
    day,
    day_match,
    encoded,
    season,
    season_match,
    status,
)

DAY, SEASON = "20250816", "47/2025-26"
FEW = [season_match(number, f"2025-{number:02}-20") for number in (8, 9, 10, 11)]
PENALTIES = {"short": "Pen", "longKey": "afterpenalties"}


def test_a_row_of_a_day() -> None:
    parsed = parse_day(DAY, encoded(day(day_match(4_900_001))))
    (row,) = parsed.matches
    assert (row.match, row.competition, row.season) == ("4900001", "47", "2025-26")
    assert (row.kick_off, row.kick_off_known) == (datetime(2025, 8, 16, 14, tzinfo=UTC), True)
    assert (row.home, row.away, row.home_id) == ("Home Town", "Away City", "11")
    assert (row.status, row.decided, row.round) == ("finished", "regular time", "1")
    assert (row.home_goals, row.away_goals, row.home_goals_final) == (2, 1, 2)
    assert parsed.drift == set()
    assert parsed.faults == []


def test_the_competition_is_the_primary_id_not_the_groups() -> None:
    group = day(day_match(1), id=900_123, primaryId=77, parentLeagueName="World Cup", name="Grp. A")
    (row,) = parse_day(DAY, encoded(group)).matches
    assert (row.competition, row.competition_name) == ("77", "World Cup")
    # A World Cup's season is a year.
    assert row.season == "2025"


def test_a_score_before_kick_off_is_none_not_nil_nil() -> None:
    unplayed = {"score": 0, "id": 1, "name": "A"}
    coming = status(started=False, finished=False, reason=..., scoreStr=...)
    (row,) = parse_day(
        DAY, encoded(day(day_match(1, home=unplayed, away=unplayed, status=coming)))
    ).matches
    assert row.status == "scheduled"
    assert (row.home_goals, row.away_goals, row.home_goals_final) == (None, None, None)


def test_extra_time_and_shoot_out_of_a_day() -> None:
    shot_out = day_match(
        1,
        home={"id": 1, "name": "A", "score": 1, "penScore": 3},
        away={"id": 2, "name": "B", "score": 1, "penScore": 4},
        status=status(reason=PENALTIES, scoreStr="1 - 1"),
    )
    (row,) = parse_day(DAY, encoded(day(shot_out))).matches
    assert (row.home_goals, row.home_goals_final, row.decided) == (None, 1, "penalties")
    assert (row.home_shootout, row.away_shootout) == (3, 4)


def test_a_stuck_match_stays_live() -> None:
    stuck = status(
        finished=False, reason=..., ongoing=True, liveTime={"short": "222", "maxTime": 90}
    )
    (row,) = parse_day(DAY, encoded(day(day_match(1, statusId=234, status=stuck)))).matches
    assert (row.status, row.home_goals, row.home_goals_final) == ("live", 2, None)


def test_a_match_of_the_evening_before_is_a_row_of_the_day() -> None:
    evening = day_match(1, status=status(utcTime="2025-08-15T22:30:00.000Z"))
    rows = parse_day(DAY, encoded(day(evening, day_match(2)))).matches
    assert [(row.match, row.kick_off.day, row.line) for row in rows] == [("1", 15, 0), ("2", 16, 1)]


def test_the_time_of_2020_is_an_epoch() -> None:
    old = day_match(1, status=status(utcTime=..., startDateStr="Aug 16, 2025"))
    (row,) = parse_day(DAY, encoded(day(old))).matches
    assert row.kick_off == datetime(2025, 8, 16, 14, tzinfo=UTC)


def test_a_quiet_day_has_no_rows() -> None:
    parsed = parse_day(DAY, b'{"leagues":[],"date":"20250816"}')
    assert parsed.matches == []
    assert parsed.faults == []


def test_a_bad_match_is_a_fault_of_its_day() -> None:
    no_time = day_match(7, status=status(utcTime="?"))
    no_team = day_match(8, home={"id": 1})
    contradiction = day_match(9, status=status(scoreStr="5 - 5"))
    good = [day_match(number) for number in (1, 2, 3)]
    parsed = parse_day(DAY, encoded(day(*good, no_time, no_team, contradiction)))
    assert [row.match for row in parsed.matches] == ["1", "2", "3"]
    assert [row.line for row in parsed.matches] == [0, 1, 2]
    assert len(parsed.faults) == 3
    assert any("7" in fault and "utcTime" in fault for fault in parsed.faults)
    assert any("name" in fault for fault in parsed.faults)
    assert any("9" in fault and "scoreStr" in fault for fault in parsed.faults)


@pytest.mark.parametrize(
    ("tree", "named"),
    [
        ({"match": None}, "leagues"),
        ({"leagues": []}, "date"),
        (day(day_match(1), date="20250817"), "date"),
        ({"leagues": [{"primaryId": 47}], "date": DAY}, "leagues"),
        ({"error": "Verification required", "code": "TURNSTILE_REQUIRED"}, "Verification"),
        # The label is right, the matches are of another day.
        (day(day_match(1, status=status(utcTime="2025-08-30T14:00:00Z"))), "2025-08-30"),
        (day(day_match(1, status=status(scoreStr=...), home={"id": 1, "name": "A"})), "score"),
    ],
)
def test_what_is_no_listing_of_the_day_is_unreadable(tree: Any, named: str) -> None:
    with pytest.raises(Unreadable, match=named):
        parse_day(DAY, encoded(tree))


@pytest.mark.parametrize("label", ["yesterday", "2025-08-16", "20250230", "00010101", "٢٠٢٥٠٨١٦"])
def test_a_label_that_is_no_day_is_unreadable(label: str) -> None:
    with pytest.raises(Unreadable, match="date"):
        parse_day(label, encoded({"leagues": [], "date": label}))
    with pytest.raises(Unreadable, match="date"):
        day_of(encoded({"leagues": [], "date": label}))


def listed_in(form: str) -> dict[str, Any]:
    """The same season in each form FotMob has given it."""
    bare = season()
    del bare["fixtures"]
    return {
        "fixtures.allMatches": season(*FEW),
        "matches.allMatches": bare | {"matches": {"allMatches": FEW, "hasOngoingMatch": False}},
        "fixtures": bare | {"fixtures": FEW},
        "bare list": {"league_id": 47, "league_name": "L", "season": "2025/26", "matches": FEW},
    }[form]


@pytest.mark.parametrize(
    "form", ["fixtures.allMatches", "matches.allMatches", "fixtures", "bare list"]
)
def test_every_form_of_a_seasons_list_gives_the_same_rows(form: str) -> None:
    body = encoded(listed_in(form))
    parsed = parse_season(SEASON, body)
    assert [row.match for row in parsed.matches] == ["8", "9", "10", "11"]
    first = parsed.matches[0]
    assert (first.competition, first.season, first.round) == ("47", "2025-26", "1")
    assert (first.home, first.away_id, first.home_goals) == ("Home Town", "22", 2)
    assert parsed.drift == set()
    assert parsed.faults == []
    assert season_of_list(body) == ("47", "2025-26")


@pytest.mark.parametrize(
    ("key", "tree", "named"),
    [
        ("48/2025-26", season(*FEW), r"details\.id"),
        ("47/2024-25", season(*FEW), r"selectedSeason: 2025-26"),
        # The season asked is stated, but the matches are of another.
        ("47/2024-25", season(*FEW, stated="2024/2025"), "not of 2024-25"),
        (SEASON, season(*FEW, stated="soon"), "selectedSeason"),
        (SEASON, season(fixtures=...), "fixtures: missing"),
        (SEASON, {"match": None}, r"details\.id: missing"),
        (SEASON, season(*[season_match(1, "2025-09-01", status=status(scoreStr=...))]), "scoreStr"),
        ("47", season(*FEW), "no key"),
        ("47/2025-27", season(*FEW), "no key"),
    ],
)
def test_what_is_not_the_season_asked_is_unreadable(key: str, tree: Any, named: str) -> None:
    with pytest.raises(Unreadable, match=named):
        parse_season(key, encoded(tree))


def test_a_single_match_of_another_season_is_a_fault() -> None:
    stray = season_match(99, "2024-05-01")
    parsed = parse_season(SEASON, encoded(season(*FEW, stray)))
    assert "99" not in {row.match for row in parsed.matches}
    assert parsed.faults == ["matches[99]: of 2024-05-01, not of 2025-26"]


def test_the_label_of_a_bare_list_is_no_evidence() -> None:
    body = encoded({"league_id": 47, "season": "2024/25", "matches": FEW})
    parsed = parse_season(SEASON, body)
    assert len(parsed.matches) == len(FEW)
    assert parsed.faults == ["season: labelled 2024-25, played in 2025-26"]
    assert season_of_list(body) == ("47", "2025-26")


def test_a_season_before_its_first_fixture_is_empty() -> None:
    body = encoded(season())
    assert parse_season(SEASON, body).matches == []
    assert season_of_list(body) == ("47", "2025-26")


def test_a_page_of_statistics_of_2020_has_no_matches_and_says_so() -> None:
    page = {"details": {"id": 130, "name": "MLS"}, "tab": "stats", "datasets": {"fixtures": True}}
    parsed = parse_season("130/2020", encoded(page))
    assert parsed.matches == []
    assert "without matches" in parsed.faults[0]
    with pytest.raises(Unreadable, match="selectedSeason"):
        season_of_list(encoded(page))


def test_unplayed_and_shot_out_matches_of_a_season() -> None:
    coming = status(
        utcTime="2026-05-24T15:00:00Z", started=False, finished=False, reason=..., scoreStr=...
    )
    shot_out = status(
        utcTime="2025-09-01T15:00:00Z",
        scoreStr="1 - 1",
        reason=PENALTIES | {"long": "Pen 3 - 4"},
    )
    rows = parse_season(
        SEASON,
        encoded(
            season(season_match(1, "", status=coming), season_match(2, "", status=shot_out), *FEW)
        ),
    ).matches
    assert (rows[0].status, rows[0].home_goals) == ("scheduled", None)
    assert (rows[1].home_goals, rows[1].home_goals_final) == (None, 1)
    assert (rows[1].home_shootout, rows[1].away_shootout) == (3, 4)


def test_a_new_key_is_drift_not_an_error() -> None:
    tree = season(*[match | {"isNew": True} for match in FEW])
    tree["fixtures"]["extra"] = {}
    parsed = parse_season(SEASON, encoded(tree))
    assert parsed.drift == {"fixtures.allMatches.isNew", "fixtures.extra"}
    assert len(parsed.matches) == len(FEW)
