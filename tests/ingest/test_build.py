"""Rows from snapshots: what is set aside, what is left out, which row of a match counts."""

import contextlib
import copy
import dataclasses
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitchline.collect.archive import read_archive
from pitchline.collect.starter import PACKS
from pitchline.errors import TableError
from pitchline.ingest import build, tables
from tests.bodies import Season, as_body, as_snapshot, changed

HUGE = 10**30


def test_a_broken_body_is_set_aside_and_the_others_are_kept(season: Season) -> None:
    good = as_snapshot(as_body(season))
    broken = as_snapshot(b"<html>Too many requests</html>", key="two")
    for order in ([good, broken], [broken, good]):
        rows, quarantined = build.parse(order)
        assert rows["home"].tolist() == ["Liverpool", "Aston Villa", "Man City"]
        assert set(rows["snapshot"]) == {good.sha256}
        assert set(rows["fetched_at"]) == {good.fetched_at}
        (item,) = quarantined
        assert (item.source, item.kind, item.key) == ("starter", "season", "two")
        assert item.sha256 == broken.sha256
        assert "JSON" in item.reason


@pytest.mark.parametrize("empty_first", [True, False])
def test_a_season_without_a_match_yet_changes_nothing(
    season: Season, aliases: dict[str, str], empty_first: bool
) -> None:
    empty = as_snapshot(as_body(season | {"season": "2026-27", "matches": []}), key="two")
    alone = as_snapshot(as_body(season))
    found = []
    for order in ([alone], [empty, alone] if empty_first else [alone, empty]):
        rows, quarantined = build.parse(order)
        assert not quarantined
        unique = build.newest_of_each_match(build.resolve(rows, aliases)[0])
        table = build.matches_table(unique, 3.0)
        found.append(tables.validated(tables.Matches, table, Path("matches.parquet")))
    pd.testing.assert_frame_equal(*found)


def test_the_reason_names_the_missing_field(season: Season) -> None:
    body = as_body(changed(season, 2, away=None))
    rows, quarantined = build.parse([as_snapshot(body)])
    assert rows.empty
    assert [q.reason for q in quarantined] == ["match 2: field `away` is missing"]


def test_a_kind_without_a_parser_is_set_aside(season: Season) -> None:
    rows, quarantined = build.parse([as_snapshot(as_body(season), kind="lineup")])
    assert rows.empty
    assert "no parser for source starter, kind lineup" in quarantined[0].reason


@pytest.mark.parametrize(
    "body",
    [
        *[as_body(value) for value in (5, None, [], "x", {}, [[1]])],
        b"[" * 200_000,
        b"\xff\xfe",
        b"",
    ],
    ids=["number", "null", "list", "text", "object", "lists", "too deep", "no UTF-8", "empty"],
)
def test_no_body_stops_the_others(season: Season, body: bytes) -> None:
    rows, quarantined = build.parse([as_snapshot(body, key="two"), as_snapshot(as_body(season))])
    assert len(rows) == 3
    assert [item.key for item in quarantined] == ["two"]


@pytest.mark.parametrize("field", ["competition", "season"])
@pytest.mark.parametrize("value", [None, 5, True, "", ["eng-premier-league"], {"id": 47}], ids=str)
def test_a_season_whose_shape_drifted_is_set_aside(season: Season, field: str, value: Any) -> None:
    body = as_body(season | {field: value})
    rows, quarantined = build.parse([as_snapshot(body, key="two"), as_snapshot(as_body(season))])
    assert len(rows) == 3
    assert [item.key for item in quarantined] == ["two"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("home", 5),
        ("home", True),
        ("away", ["Bournemouth"]),
        ("away", {"name": "Bournemouth"}),
        ("kick_off", 20250815),
        ("kick_off", {"utc": "2025-08-15"}),
        ("home_goals", True),
        ("home_goals", 1.5),
        ("home_goals", "two"),
        ("home_goals", [4]),
        ("away_goals", HUGE),
        ("home_xg", {}),
        ("home_xg", "much"),
        ("home_xg", True),
        ("round", HUGE),
        ("round", "first"),
    ],
    ids=str,
)
def test_a_match_whose_shape_drifted_is_set_aside(season: Season, field: str, value: Any) -> None:
    body = as_body(changed(season, 0, **{field: value}))
    rows, quarantined = build.parse([as_snapshot(body, key="two"), as_snapshot(as_body(season))])
    assert len(rows) == 3
    assert [item.key for item in quarantined] == ["two"]


@given(
    field=st.sampled_from(
        ["round", "kick_off", "home", "away", "home_goals", "away_goals", "home_xg", "away_xg"]
    ),
    value=st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.datetimes().map(str)
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=3), st.integers(), max_size=1),
)
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_value_in_any_field_is_read_or_set_aside_or_refused(
    season: Season, aliases: dict[str, str], field: str, value: Any
) -> None:
    body = as_body(changed(season, 0, **{field: value}))
    rows, quarantined = build.parse([as_snapshot(body)])
    assert len(rows) + 3 * len(quarantined) == 3
    if not quarantined:
        resolved, _ = build.resolve(rows, aliases)
        table = build.matches_table(build.newest_of_each_match(resolved), 3.0)
        with contextlib.suppress(TableError):
            tables.validated(tables.Matches, table, Path("matches.parquet"))


def test_a_season_whose_matches_are_of_another_season_is_set_aside(season: Season) -> None:
    body = as_body(season | {"season": "2014-15"})
    rows, quarantined = build.parse([as_snapshot(body)])
    assert rows.empty
    assert len(quarantined) == 1


def test_rows_with_an_unknown_name_are_reported_and_left_out(
    season: Season, aliases: dict[str, str]
) -> None:
    body = changed(changed(season, 0, home="Liverpool FC Women"), 1, away="Accrington")
    rows, _ = build.parse([as_snapshot(as_body(body))])
    resolved, unknown = build.resolve(rows, aliases)
    assert unknown == ["Accrington", "Liverpool FC Women"]
    assert resolved["home_team"].tolist() == ["man-city"]
    assert resolved["away_team"].tolist() == ["nottm-forest"]


def test_every_spelling_of_a_club_gives_one_match(season: Season, aliases: dict[str, str]) -> None:
    other = changed(season, 2, home="Manchester City", away="Nottingham Forest")
    later = as_snapshot(as_body(other), fetched_at="2026-06-02T00:00:00Z")
    rows, _ = build.parse([as_snapshot(as_body(season)), later])
    resolved, unknown = build.resolve(rows, aliases)
    assert not unknown
    assert len(build.newest_of_each_match(resolved)) == 3


def test_names_that_are_all_unknown_leave_an_empty_table(season: Season) -> None:
    rows, _ = build.parse([as_snapshot(as_body(season))])
    resolved, unknown = build.resolve(rows, {})
    assert len(unknown) == 6
    assert len(build.newest_of_each_match(resolved)) == 0


def test_the_most_recently_fetched_row_of_a_match_counts(
    season: Season, aliases: dict[str, str]
) -> None:
    old = as_snapshot(as_body(season), fetched_at="2026-05-01T00:00:00Z")
    new = as_snapshot(
        as_body(changed(season, 2, home_goals=3, away_goals=1)), fetched_at="2026-05-25T00:00:00Z"
    )
    for order in ([old, new], [new, old]):
        resolved, _ = build.resolve(build.parse(order)[0], aliases)
        unique = build.newest_of_each_match(resolved)
        assert unique["snapshot"].tolist() == [new.sha256] * 3
        assert unique["home_goals"].tolist() == [4, 0, 3]


def test_a_moved_match_is_one_match_with_its_new_date(
    season: Season, aliases: dict[str, str]
) -> None:
    old = as_snapshot(as_body(season), fetched_at="2026-05-01T00:00:00Z")
    moved = changed(season, 0, kick_off="2026-01-07T20:00:00Z")
    new = as_snapshot(as_body(moved), fetched_at="2026-05-02T00:00:00Z")
    resolved, _ = build.resolve(build.parse([new, old])[0], aliases)
    unique = build.newest_of_each_match(resolved)
    assert len(unique) == 3
    assert unique["home_team"].tolist() == ["aston-villa", "liverpool", "man-city"]
    assert unique["kick_off"].iloc[1] == pd.Timestamp("2026-01-07T20:00:00Z")


@pytest.fixture(scope="module")
def fetched_twice(aliases: dict[str, str]) -> pd.DataFrame:
    """The rows of a real season, fetched on two days."""
    *_, newest = read_archive(PACKS)
    older = dataclasses.replace(newest, body=b" " + newest.body, fetched_at="2026-11-23T00:00:00Z")
    rows, _ = build.parse([newest, older])
    return build.resolve(rows, aliases)[0]


@given(seed=st.integers(0, 2**32))
@settings(max_examples=8, deadline=None, derandomize=True)
def test_the_order_of_rows_decides_nothing(fetched_twice: pd.DataFrame, seed: int) -> None:
    order = random.Random(seed).sample(range(len(fetched_twice)), len(fetched_twice))
    shuffled = build.newest_of_each_match(fetched_twice.iloc[order])
    pd.testing.assert_frame_equal(shuffled, build.newest_of_each_match(fetched_twice))
    assert len(shuffled) == 380
    assert set(shuffled["fetched_at"]) == {"2026-11-24T00:00:00Z"}


def test_rows_are_ordered_by_kick_off_then_match(unique_rows: pd.DataFrame) -> None:
    keys = list(zip(unique_rows["kick_off"], unique_rows["match_id"], strict=True))
    assert keys == sorted(keys)


@pytest.mark.parametrize("hours", [2.0, 3.0, 24.0])
def test_a_result_is_known_some_hours_after_kick_off_or_at_the_end_of_its_date(
    season: Season, aliases: dict[str, str], hours: float
) -> None:
    resolved, _ = build.resolve(build.parse([as_snapshot(as_body(season))])[0], aliases)
    table = build.matches_table(build.newest_of_each_match(resolved), hours)
    assert table["known_at"].tolist() == [
        pd.Timestamp("2025-08-15T19:00:00Z") + pd.Timedelta(hours=hours),
        pd.Timestamp("2025-08-17T00:00:00Z"),
        pd.Timestamp("2026-05-24T15:00:00Z") + pd.Timedelta(hours=hours),
    ]


def test_results_follow_from_goals_and_are_null_without_them(
    season: Season, aliases: dict[str, str]
) -> None:
    away_win = changed(season, 2, home_goals=0, away_goals=1)
    for body, expected in ((season, ["H", "D", None]), (away_win, ["H", "D", "A"])):
        resolved, _ = build.resolve(build.parse([as_snapshot(as_body(body))])[0], aliases)
        table = build.matches_table(build.newest_of_each_match(resolved), 3.0)
        assert [None if pd.isna(r) else r for r in table["result"]] == expected


def test_team_stats_hold_two_rows_a_played_match_and_keep_null_xg_null(
    season: Season, aliases: dict[str, str]
) -> None:
    resolved, _ = build.resolve(build.parse([as_snapshot(as_body(season))])[0], aliases)
    stats = build.team_stats_table(build.newest_of_each_match(resolved))
    assert stats["team"].tolist() == ["liverpool", "bournemouth", "aston-villa", "newcastle"]
    assert stats["is_home"].tolist() == [True, False, True, False]
    assert stats["xg"].iloc[:2].tolist() == [2.22, 0.0]
    assert stats["xg"].iloc[2:].isna().all()


def test_parsing_changes_no_snapshot(season: Season) -> None:
    snapshot = as_snapshot(as_body(season))
    before = copy.deepcopy(snapshot)
    build.parse([snapshot])
    assert snapshot == before
