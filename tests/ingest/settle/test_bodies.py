"""From bodies to tables: what is set aside, what is left out, what stays in order."""

import contextlib
import copy
import dataclasses
import random
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitchline import layout
from pitchline.collect.archive import Snapshot, read_archive
from pitchline.collect.competitions import chosen_competitions
from pitchline.collect.starter import PACKS, SOURCE
from pitchline.errors import TableError
from pitchline.ingest.identity.teams import Teams, index_teams
from pitchline.ingest.settle.tables import Settled, settle, summary
from pitchline.ingest.staging import Quarantined, stage
from pitchline.params import Params
from tests.bodies import Season, as_body, as_snapshot, changed
from tests.conftest import ROOT, tables_of

HUGE = 10**30


def rows_of(snapshots: Sequence[Snapshot]) -> tuple[pd.DataFrame, list[Quarantined]]:
    staged = stage(snapshots)
    return staged.frame("matches"), staged.quarantined


def settled(snapshots: Sequence[Snapshot], teams: Teams) -> Settled:
    return settle(
        stage(snapshots).frame,
        chosen_competitions(ROOT / layout.COMPETITIONS, ["eng-premier-league"]),
        teams,
        [SOURCE],
        3,
        3.0,
    )


def test_a_broken_body_is_set_aside_and_the_others_are_kept(season: Season) -> None:
    good = as_snapshot(as_body(season))
    broken = as_snapshot(b"<html>Too many requests</html>", key="two")
    for order in ([good, broken], [broken, good]):
        rows, quarantined = rows_of(order)
        assert rows["home"].tolist() == ["Liverpool", "Aston Villa", "Man City"]
        assert set(rows["snapshot"]) == {good.sha256}
        assert set(rows["fetched_at"]) == {good.fetched_at}
        (item,) = quarantined
        assert (item.source, item.kind, item.key) == ("starter", "season", "two")
        assert item.sha256 == broken.sha256
        assert "JSON" in item.reason


def test_the_reason_names_the_missing_field(season: Season) -> None:
    body = as_body(changed(season, 2, away=None))
    rows, quarantined = rows_of([as_snapshot(body)])
    assert rows.empty
    assert [q.reason for q in quarantined] == ["match 2: field `away` is missing"]


def test_a_kind_without_a_parser_is_set_aside(season: Season) -> None:
    rows, quarantined = rows_of([as_snapshot(as_body(season), kind="lineup")])
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
    rows, quarantined = rows_of([as_snapshot(body, key="two"), as_snapshot(as_body(season))])
    assert len(rows) == 3
    assert [item.key for item in quarantined] == ["two"]


@pytest.mark.parametrize("field", ["competition", "season"])
@pytest.mark.parametrize("value", [None, 5, True, "", ["eng-premier-league"], {"id": 47}], ids=str)
def test_a_season_whose_shape_drifted_is_set_aside(season: Season, field: str, value: Any) -> None:
    body = as_body(season | {field: value})
    rows, quarantined = rows_of([as_snapshot(body, key="two"), as_snapshot(as_body(season))])
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
    rows, quarantined = rows_of([as_snapshot(body, key="two"), as_snapshot(as_body(season))])
    assert len(rows) == 3
    assert [item.key for item in quarantined] == ["two"]


def test_a_season_whose_matches_are_of_another_season_is_set_aside(season: Season) -> None:
    body = as_body(season | {"season": "2014-15"})
    rows, quarantined = rows_of([as_snapshot(body)])
    assert rows.empty
    assert len(quarantined) == 1


@pytest.mark.parametrize("empty_first", [True, False])
def test_a_season_without_a_match_yet_changes_nothing(
    season: Season, teams: Teams, params: Params, empty_first: bool
) -> None:
    empty = as_snapshot(as_body(season | {"season": "2026-27", "matches": []}), key="two")
    alone = as_snapshot(as_body(season))
    both = [empty, alone] if empty_first else [alone, empty]
    one, other = (tables_of(stage(order), teams, params) for order in ([alone], both))
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[name])


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
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_value_in_any_field_is_read_or_set_aside_or_refused(
    season: Season, teams: Teams, params: Params, field: str, value: Any
) -> None:
    staged = stage([as_snapshot(as_body(changed(season, 0, **{field: value})))])
    assert len(staged.frame("matches")) + 3 * len(staged.quarantined) == 3
    with contextlib.suppress(TableError):
        tables_of(staged, teams, params)


def test_rows_with_an_unknown_name_are_reported_and_left_out(season: Season, teams: Teams) -> None:
    body = changed(changed(season, 0, home="Liverpool FC Women"), 1, away="Nowhere Rovers")
    found = settled([as_snapshot(as_body(body))], teams)
    told = summary(found)
    assert told["unknown_team_names"] == ["Liverpool FC Women", "Nowhere Rovers"]
    assert told["unresolved"] == {"unknown team": 2}
    assert told["rows"] == 3
    assert found.tables["matches"]["home_team"].tolist() == ["man-city"]
    assert found.tables["matches"]["away_team"].tolist() == ["nottm-forest"]


def test_every_spelling_of_a_club_gives_one_match(season: Season, teams: Teams) -> None:
    other = changed(season, 2, home="Manchester City", away="Nottingham Forest")
    later = as_snapshot(as_body(other), fetched_at="2026-06-02T00:00:00Z")
    found = settled([as_snapshot(as_body(season)), later], teams)
    assert len(found.tables["matches"]) == 3
    assert found.tables["unresolved"].empty


def test_names_that_are_all_unknown_leave_empty_tables(season: Season) -> None:
    found = settled([as_snapshot(as_body(season))], index_teams({}, (), ()))
    assert len(summary(found)["unknown_team_names"]) == 6
    assert all(frame.empty for name, frame in found.tables.items() if name != "unresolved")


def test_the_most_recently_fetched_row_of_a_match_counts(season: Season, teams: Teams) -> None:
    old = as_snapshot(as_body(season), fetched_at="2026-05-01T00:00:00Z")
    new = as_snapshot(
        as_body(changed(season, 2, home_goals=3, away_goals=1)), fetched_at="2026-05-25T00:00:00Z"
    )
    for order in ([old, new], [new, old]):
        matches = settled(order, teams).tables["matches"]
        assert matches["snapshot"].tolist() == [new.sha256] * 3
        assert matches["home_goals"].tolist() == [4, 0, 3]


def test_a_moved_match_is_one_match_with_its_new_date(season: Season, teams: Teams) -> None:
    old = as_snapshot(as_body(season), fetched_at="2026-05-01T00:00:00Z")
    moved = changed(season, 0, kick_off="2026-01-07T20:00:00Z")
    new = as_snapshot(as_body(moved), fetched_at="2026-05-02T00:00:00Z")
    found = settled([new, old], teams).tables
    assert found["unresolved"].empty
    assert found["matches"]["home_team"].tolist() == ["aston-villa", "liverpool", "man-city"]
    assert found["matches"]["kick_off"].iloc[1] == pd.Timestamp("2026-01-07T20:00:00Z")


@pytest.fixture(scope="module")
def fetched_twice() -> dict[str, pd.DataFrame]:
    """The rows of a real season, fetched on two days."""
    *_, newest = read_archive(PACKS)
    older = dataclasses.replace(newest, body=b" " + newest.body, fetched_at="2026-11-23T00:00:00Z")
    staged = stage([newest, older])
    return {name: staged.frame(name) for name in staged.tables}


@given(seed=st.integers(0, 2**32))
@settings(max_examples=8, deadline=None, derandomize=True)
def test_the_order_of_rows_decides_nothing(
    fetched_twice: dict[str, pd.DataFrame], teams: Teams, seed: int
) -> None:
    def tables_in(order: random.Random | None) -> dict[str, pd.DataFrame]:
        frames = dict(fetched_twice)
        if order:
            for name, rows in frames.items():
                frames[name] = rows.iloc[order.sample(range(len(rows)), len(rows))]
        league = chosen_competitions(ROOT / layout.COMPETITIONS, ["eng-premier-league"])
        return settle(frames.__getitem__, league, teams, [SOURCE], 3, 3.0).tables

    shuffled, straight = tables_in(random.Random(seed)), tables_in(None)
    for name, frame in straight.items():
        pd.testing.assert_frame_equal(shuffled[name], frame)
    assert len(shuffled["matches"]) == 380
    assert set(shuffled["match_sources"]["fetched_at"]) == {"2026-11-24T00:00:00Z"}


def test_rows_are_ordered_by_kick_off_then_match(matches: pd.DataFrame) -> None:
    keys = list(zip(matches["kick_off"], matches["match_id"], strict=True))
    assert keys == sorted(keys)


def test_results_follow_from_goals_and_are_null_without_them(season: Season, teams: Teams) -> None:
    away_win = changed(season, 2, home_goals=0, away_goals=1)
    for body, expected in ((season, ["H", "D", None]), (away_win, ["H", "D", "A"])):
        found = settled([as_snapshot(as_body(body))], teams).tables["matches"]
        assert [None if pd.isna(r) else r for r in found["result"]] == expected


def test_team_stats_hold_two_rows_a_played_match_and_keep_null_xg_null(
    season: Season, teams: Teams
) -> None:
    stats = settled([as_snapshot(as_body(season))], teams).tables["team_stats"]
    assert stats["team"].tolist() == ["liverpool", "bournemouth", "aston-villa", "newcastle"]
    assert stats["is_home"].tolist() == [True, False, True, False]
    assert stats["xg"].iloc[:2].tolist() == [2.22, 0.0]
    assert stats["xg"].iloc[2:].isna().all()


def test_parsing_changes_no_snapshot(season: Season) -> None:
    snapshot = as_snapshot(as_body(season))
    before = copy.deepcopy(snapshot)
    rows_of([snapshot])
    assert snapshot == before
