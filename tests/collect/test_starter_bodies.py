"""A season's body becomes rows, or the field at fault is named."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pitchline.collect.archive import read_archive
from pitchline.collect.rows import MatchRow, Parsed, TeamStatRow, Unreadable
from pitchline.collect.starter import PACKS
from pitchline.collect.starter.bodies import parse
from tests.bodies import Season, as_body, changed


def parsed(season: Any) -> Parsed:
    return parse("season", as_body(season))


def xg_of(rows: Parsed, *, is_home: bool) -> list[float | None]:
    return [row.xg for row in rows.team_stats if row.is_home is is_home]


def test_every_field_reaches_its_row(season: Season) -> None:
    rows = parsed(season)
    assert rows.matches[0] == MatchRow(
        match="2025-08-15 Liverpool Bournemouth",
        competition="eng-premier-league",
        season="2025-26",
        kick_off=datetime(2025, 8, 15, 19, tzinfo=UTC),
        kick_off_known=True,
        home="Liverpool",
        away="Bournemouth",
        status="finished",
        home_goals=4,
        away_goals=2,
        round="1",
        line=0,
    )
    assert rows.team_stats[:2] == [
        TeamStatRow(match="2025-08-15 Liverpool Bournemouth", is_home=True, xg=2.22),
        TeamStatRow(match="2025-08-15 Liverpool Bournemouth", is_home=False, xg=0.0),
    ]


def test_a_season_holds_a_row_a_match_and_two_team_stats(season: Season) -> None:
    rows = parsed(season)
    assert [row.line for row in rows.matches] == [0, 1, 2]
    assert [row.match for row in rows.team_stats] == [m.match for m in rows.matches for _ in "ha"]
    assert not (rows.shots or rows.events or rows.lineups or rows.odds)
    assert not (rows.drift or rows.faults)


def test_what_the_source_lacks_is_none_and_never_zero(season: Season) -> None:
    rows = parsed(season)
    assert xg_of(rows, is_home=True) == [2.22, None, None]
    assert xg_of(rows, is_home=False) == [0.0, None, None]
    assert [row.home_goals for row in rows.matches] == [4, 0, None]
    assert [row.away_goals for row in rows.matches] == [2, 0, None]
    assert [row.round for row in rows.matches] == ["1", None, None]


@pytest.mark.parametrize("lacking", [["home_goals"], ["away_goals"], ["home_goals", "away_goals"]])
def test_a_match_is_finished_once_both_scores_are_there(season: Season, lacking: list[str]) -> None:
    assert [row.status for row in parsed(season).matches] == ["finished", "finished", "scheduled"]
    without = changed(season, 0, **dict.fromkeys(lacking))
    assert parsed(without).matches[0].status == "scheduled"


def test_a_date_alone_starts_the_day_and_says_that_the_time_is_unknown(season: Season) -> None:
    rows = parsed(season).matches
    assert [row.kick_off_known for row in rows] == [True, False, True]
    assert rows[1].kick_off == datetime(2025, 8, 16, tzinfo=UTC)


def test_kick_offs_are_utc_whatever_offset_the_source_writes(season: Season) -> None:
    row = parsed(changed(season, 0, kick_off="2025-08-15T20:00:00+01:00")).matches[0]
    assert row.kick_off == datetime(2025, 8, 15, 19, tzinfo=UTC)
    assert row.kick_off.tzinfo is UTC


def test_every_real_body_is_read_whole() -> None:
    for snapshot in read_archive(PACKS):
        rows = parse(snapshot.kind, snapshot.body)
        assert len(rows.matches) == 380
        assert len(rows.team_stats) == 760
        assert not (rows.drift or rows.faults)


def test_another_kind_is_refused_by_name(season: Season) -> None:
    with pytest.raises(Unreadable, match="no parser for source starter, kind lineup"):
        parse("lineup", as_body(season))


@pytest.mark.parametrize("field", ["competition", "season", "matches"])
def test_a_missing_field_of_the_season_is_named(season: Season, field: str) -> None:
    del season[field]
    with pytest.raises(Unreadable, match=f"`{field}` is missing"):
        parsed(season)


@pytest.mark.parametrize("field", ["kick_off", "home", "away"])
@pytest.mark.parametrize("how", ["absent", "null", "empty"])
def test_a_missing_field_of_a_match_is_named_with_the_match(
    season: Season, field: str, how: str
) -> None:
    season["matches"][1][field] = {"absent": None, "null": None, "empty": ""}[how]
    if how == "absent":
        del season["matches"][1][field]
    with pytest.raises(Unreadable, match=f"match 1: field `{field}` is missing"):
        parsed(season)


@pytest.mark.parametrize(
    "kick_off",
    ["yesterday", "2025-02-30", "16/08/2025", "2025-08-16T25:00:00Z", "2025-08-15T19:00:00Z or so"],
)
def test_a_kick_off_that_is_no_date_is_named(season: Season, kick_off: str) -> None:
    with pytest.raises(Unreadable, match="match 0: field `kick_off`"):
        parsed(changed(season, 0, kick_off=kick_off))


@pytest.mark.parametrize("kick_off", ["2025", "2025-08", "NaT", "nan"])
def test_a_kick_off_that_names_no_day_is_refused(season: Season, kick_off: str) -> None:
    with pytest.raises(Unreadable, match="kick_off"):
        parsed(changed(season, 0, kick_off=kick_off))


@pytest.mark.parametrize(
    ("kick_off", "is_in"),
    [
        ("2025-06-30T23:59:59Z", False),
        ("2025-07-01", True),
        ("2026-08-31T23:59:59Z", True),
        ("2026-09-01", False),
        ("2025-07-01T00:30:00+01:00", False),
        ("0001-01-01T00:00:00+23:00", False),
        ("9999-12-31T23:00:00-23:00", False),
    ],
)
def test_a_match_outside_its_season_is_refused_by_number(
    season: Season, kick_off: str, is_in: bool
) -> None:
    season = changed(season, 1, kick_off=kick_off)
    if is_in:
        assert parsed(season).matches[1].season == "2025-26"
        return
    with pytest.raises(Unreadable, match="match 1: field `kick_off`"):
        parsed(season)


@pytest.mark.parametrize("body", [b"", b"{", b"<html></html>", b"\xff\xfe"])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable, match="JSON"):
        parse("season", body)
