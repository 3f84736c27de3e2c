"""Rows from snapshots: what is set aside, what is left out, which row of a match counts."""

import contextlib
import copy
import dataclasses
import random
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitchline.collect.archive import read_archive
from pitchline.collect.rows import MatchStatus, Parsed, TeamStatRow
from pitchline.collect.starter import PACKS
from pitchline.errors import TableError
from pitchline.ingest import build, tables
from tests.bodies import Season, as_body, as_snapshot, changed
from tests.ingest.conftest import Telling, match_row

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


# -- what a status means for the result


@pytest.mark.parametrize("status", get_args(MatchStatus))
def test_a_status_decides_whether_a_row_stays_and_its_goals_count(
    telling: Telling, aliases: dict[str, str], status: MatchStatus
) -> None:
    with_goals = status in ("live", "finished", "abandoned", "awarded")
    goals = {} if with_goals else {"home_goals": None, "away_goals": None}
    told = Parsed(
        matches=[match_row(match="1", status=status, **goals), match_row(match="2", home="Spurs")],
        team_stats=[TeamStatRow("1", True, xg=1.5), TeamStatRow("2", True, xg=0.5)],
    )
    resolved, _ = build.resolve(build.parse(telling([told]))[0], aliases)
    rows = build.newest_of_each_match(resolved)
    kept = rows[rows["match"] == "1"]
    if status in ("cancelled", "abandoned", "awarded"):
        assert kept.empty
    else:
        scores = kept[["home_goals", "away_goals"]].values.tolist()
        assert scores == ([[4, 2]] if status == "finished" else [[pd.NA, pd.NA]])
        assert kept["home_xg"].tolist() == [1.5]
    other = rows[rows["match"] == "2"]
    assert other["home_goals"].tolist() == [4]
    assert other["home_xg"].tolist() == [0.5]


def test_an_older_row_does_not_speak_for_a_match_that_was_called_off(
    telling: Telling, aliases: dict[str, str]
) -> None:
    to_come = match_row(match="1", status="scheduled", home_goals=None, away_goals=None)
    off = to_come._replace(status="cancelled")
    snapshots = telling([Parsed(matches=[to_come]), Parsed(matches=[off])])
    later = [
        dataclasses.replace(one, fetched_at=f"2026-06-0{number + 1}T00:00:00Z")
        for number, one in enumerate(snapshots)
    ]
    resolved, _ = build.resolve(build.parse(later)[0], aliases)
    assert build.newest_of_each_match(resolved).empty
    assert len(build.newest_of_each_match(resolved[:1])) == 1


@pytest.mark.parametrize("first", [0, 1])
def test_a_match_played_again_counts_and_is_told_once(
    telling: Telling, aliases: dict[str, str], first: int
) -> None:
    rows = [match_row(match="1", status="abandoned"), match_row(match="2", home_goals=1)]
    told = Parsed(matches=[rows[first], rows[1 - first]])
    resolved, _ = build.resolve(build.parse(telling([told]))[0], aliases)
    assert build.newest_of_each_match(resolved)["home_goals"].tolist() == [1]
    assert build.repeated_rows(resolved) == 0


def test_a_live_match_is_to_come_and_has_no_team_stats(
    telling: Telling, aliases: dict[str, str]
) -> None:
    told = Parsed(
        matches=[match_row(status="live", home_goals=1, away_goals=0)],
        team_stats=[TeamStatRow("1", True, xg=1.5)],
    )
    resolved, _ = build.resolve(build.parse(telling([told]))[0], aliases)
    unique = build.newest_of_each_match(resolved)
    assert build.matches_table(unique, 3.0)["result"].isna().tolist() == [True]
    assert build.team_stats_table(unique).empty


@pytest.mark.parametrize(
    ("label", "number"),
    [
        ("1", 1),
        ("38", 38),
        ("60", 60),
        ("Matchday 12", 12),
        ("Championship Round - Round 7", 7),
        (None, None),
        ("", None),
        ("0", None),
        ("61", None),
        ("99", None),
        ("100", None),
        ("-5", None),
        ("1/16", None),
        ("1/2", None),
        ("Round of 16", None),
        ("Round of 64", None),
        ("final", None),
        ("Quarter-finals", None),
        ("2nd Round", None),
        ("2025", None),
    ],
)
def test_a_round_has_the_number_its_label_ends_in(
    telling: Telling, aliases: dict[str, str], label: str | None, number: int | None
) -> None:
    rows, _ = build.parse(telling([Parsed(matches=[match_row(round=label)])]))
    assert rows["round"].dropna().tolist() == ([] if number is None else [number])
    unique = build.newest_of_each_match(build.resolve(rows, aliases)[0])
    tables.validated(tables.Matches, build.matches_table(unique, 3.0), Path("matches.parquet"))


def test_xg_is_that_of_the_same_body_and_side(telling: Telling) -> None:
    bodies = [
        Parsed(
            matches=[match_row(match="1"), match_row(match="2")],
            team_stats=[
                TeamStatRow("1", False, xg=home / 2),
                TeamStatRow("1", True, xg=home, xg_shots=9.0, xg_on_target=8.0),
                TeamStatRow("2", True, xg=None, xg_shots=9.0, xg_on_target=8.0),
                TeamStatRow("3", True, xg=7.0),
            ],
        )
        for home in (1.0, 3.0)
    ]
    rows, _ = build.parse(telling(bodies))
    assert rows["match"].tolist() == ["1", "2", "1", "2"]
    found = rows[["home_xg", "away_xg"]].astype(object)
    assert found.where(found.notna(), None).values.tolist() == [
        [1.0, 0.5],
        [None, None],
        [3.0, 1.5],
        [None, None],
    ]


# -- whose competitions, and whose word


def test_only_the_competitions_wanted_are_kept_each_under_its_slug(telling: Telling) -> None:
    codes = ["9", "en.1", "9", "12"]
    told = [Parsed(matches=[match_row(match=str(n), competition=c)]) for n, c in enumerate(codes)]
    snapshots = telling(told)
    snapshots[2] = dataclasses.replace(snapshots[2], source="fbref")
    rows, _ = build.parse(snapshots)
    slugs = {("fbref", "9"): "eng-premier-league", ("starter", "12"): "esp-la-liga"}
    kept = build.of_competitions(rows, slugs)
    assert kept["match"].tolist() == ["2", "3"]
    assert kept["competition"].tolist() == ["eng-premier-league", "esp-la-liga"]
    assert build.of_competitions(rows, {}).empty
    assert build.of_competitions(rows.head(0), slugs).empty


Told = dict[str, dict[str, Any]]


def settled(aliases: dict[str, str], told: Told, precedence: list[str]) -> pd.DataFrame:
    """The one row a match when several sources tell the opener, each with its own fields."""
    rows = []
    for number, (source, fields) in enumerate(told.items(), start=1):
        xg = {side: fields.pop(side) for side in ("home_xg", "away_xg") if side in fields}
        origin = {
            "source": source,
            "snapshot": f"{number:064x}",
            "fetched_at": fields.pop("fetched_at", "2026-01-01T00:00:00Z"),
        }
        rows.append(
            match_row(**fields)._asdict() | {"home_xg": None, "away_xg": None} | xg | origin
        )
    frame = pd.DataFrame(rows).astype(
        {
            "home_goals": "Int64",
            "away_goals": "Int64",
            "kick_off": "datetime64[ms, UTC]",
            "home_xg": "float64",
            "away_xg": "float64",
        }
    )
    resolved, unknown = build.resolve(frame, aliases)
    assert not unknown
    return build.newest_of_each_match(resolved, precedence)


@pytest.mark.parametrize("order", list(permutations(["a", "b", "c"])), ids="".join)
@pytest.mark.parametrize("written", list(permutations(["a", "b", "c"])), ids="".join)
def test_the_first_source_that_tells_a_match_is_believed(
    aliases: dict[str, str], order: tuple[str, ...], written: tuple[str, ...]
) -> None:
    fields: Told = {
        "a": {"home_goals": 1, "venue": "A", "fetched_at": "2026-01-03T00:00:00Z"},
        "b": {"home_goals": 2, "venue": "B", "fetched_at": "2026-01-02T00:00:00Z"},
        "c": {"home_goals": 3, "venue": "C", "fetched_at": "2026-01-01T00:00:00Z"},
    }
    expected = fields[order[0]].copy()
    found = settled(aliases, {name: fields[name] for name in written}, list(order))
    assert len(found) == 1
    row = found.iloc[0]
    assert row["source"] == order[0]
    assert (row["home_goals"], row["venue"], row["fetched_at"]) == tuple(expected.values())
    assert int(row["snapshot"], 16) == written.index(order[0]) + 1


def test_a_source_the_order_does_not_name_comes_last(aliases: dict[str, str]) -> None:
    told: Told = {"other": {"home_goals": 1, "attendance": 5}, "b": {"home_goals": 2}}
    row = settled(aliases, told, ["a", "b"]).iloc[0]
    assert (row["source"], row["home_goals"], row["attendance"]) == ("b", 2, 5)


def test_what_the_first_does_not_tell_comes_from_the_next_that_does(
    aliases: dict[str, str],
) -> None:
    told: Told = {
        "a": {"home_goals": None, "away_goals": None, "home_xg": None, "round": None},
        "b": {"home_goals": 0, "away_goals": 0, "home_xg": None, "venue": "B"},
        "c": {"home_goals": 5, "away_goals": 5, "home_xg": 0.0, "venue": "C", "round": "3"},
    }
    row = settled(aliases, told, ["a", "b", "c"]).iloc[0]
    assert (row["home_goals"], row["away_goals"]) == (0, 0)
    assert (row["home_xg"], row["venue"], row["round"]) == (0.0, "B", "3")
    assert pd.isna(row["away_xg"])
    assert pd.isna(row["attendance"])


DATE = datetime(2025, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "kick_off"),
    [
        ([None, None, None], DATE),
        ([19, 20, 21], DATE.replace(hour=19)),
        ([None, 20, 21], DATE.replace(hour=20)),
        ([None, None, 21], DATE.replace(hour=21)),
        ([None, 0, 21], DATE),
    ],
)
def test_the_kick_off_is_that_of_the_first_that_knows_the_time(
    aliases: dict[str, str], times: list[int | None], kick_off: datetime
) -> None:
    told: Told = {
        name: {
            "kick_off": DATE if hour is None else DATE.replace(hour=hour),
            "kick_off_known": hour is not None,
        }
        for name, hour in zip("cab", times, strict=True)
    }
    row = settled(aliases, told, ["c", "a", "b"]).iloc[0]
    assert row["kick_off"] == kick_off
    assert bool(row["kick_off_known"]) == any(hour is not None for hour in times)
    assert row["source"] == "c"


def test_matches_that_one_source_alone_tells_are_kept_beside_the_settled(
    aliases: dict[str, str],
) -> None:
    told: Told = {
        "a": {"home": "Arsenal", "kick_off": DATE.replace(day=17), "home_goals": 1},
        "b": {"home_goals": 2},
        "c": {"home_goals": 3, "attendance": 9},
        "d": {"home": "Chelsea", "kick_off": DATE.replace(day=16), "home_goals": 4},
    }
    found = settled(aliases, told, ["a", "b", "c"])
    assert found["home_team"].tolist() == ["liverpool", "chelsea", "arsenal"]
    assert found["source"].tolist() == ["b", "d", "a"]
    assert found["home_goals"].tolist() == [2, 4, 1]
    assert found["attendance"].isna().tolist() == [False, True, True]


def test_the_newest_row_of_a_source_is_believed_even_where_an_older_told_more(
    telling: Telling, aliases: dict[str, str]
) -> None:
    old, new = telling(
        [Parsed(matches=[match_row(venue="Anfield")]), Parsed(matches=[match_row(venue=None)])]
    )
    new = dataclasses.replace(new, fetched_at="2026-06-02T00:00:00Z")
    for order in ([old, new], [new, old]):
        resolved, _ = build.resolve(build.parse(order)[0], aliases)
        [row] = build.newest_of_each_match(resolved, ["starter"]).to_dict("records")
        assert row["fetched_at"] == new.fetched_at
        assert pd.isna(row["venue"])


@given(order=st.permutations(["starter", "a", "b"]), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=6, deadline=None, derandomize=True)
def test_neither_rows_nor_copies_of_a_source_change_what_is_settled(
    fetched_twice: pd.DataFrame, order: list[str], seed: int
) -> None:
    copies = [
        fetched_twice.assign(source=name, snapshot=fetched_twice["snapshot"].str[::-1])
        for name in ("a", "b")
    ]
    rows = pd.concat([fetched_twice, *copies], ignore_index=True)
    found = build.newest_of_each_match(rows.sample(frac=1, random_state=seed), order)
    alone = build.newest_of_each_match(fetched_twice)
    own = ["source", "snapshot", "rank"]
    pd.testing.assert_frame_equal(
        found.drop(columns=own)[alone.columns.drop(own)], alone.drop(columns=own)
    )
    assert set(found["source"]) == {order[0]}
