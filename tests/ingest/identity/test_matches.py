"""Which rows are one match: by competition, season, both teams and date, never by name alone."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline import layout
from pitchline.collect.competitions import chosen_competitions
from pitchline.collect.rows import MatchRow, MatchStatus
from pitchline.ingest.groups import codes, firsts, highest, places
from pitchline.ingest.identity.matches import competition_slugs, of_competitions
from pitchline.ingest.identity.meetings import order_told, precedence
from tests.conftest import ROOT
from tests.ingest.conftest import match_row
from tests.ingest.told import (
    CUP,
    FIRST,
    LEAGUE,
    SECOND,
    SOURCES,
    THIRD,
    Body,
    identified,
    plain,
    settled,
    sha,
)

ID = f"{LEAGUE}_2025-26_liverpool_bournemouth"
DATE = datetime(2025, 8, 15, 19, tzinfo=UTC)


def on(days: int, **fields: Any) -> MatchRow:
    """The opener, some days later; without a result unless it says so."""
    waiting: dict[str, Any] = {}
    if fields.get("status", "finished") != "finished":
        waiting = {"home_goals": None, "away_goals": None}
    return match_row(kick_off=DATE + timedelta(days=days), **(waiting | fields))


def told_at(day: int) -> str:
    return f"2026-06-{day:02d}T00:00:00Z"


def ids(found: dict[str, pd.DataFrame]) -> list[str]:
    return found["matches"]["match_id"].tolist()


def reasons(found: dict[str, pd.DataFrame]) -> list[str]:
    return found["unresolved"]["reason"].tolist()


# -- dates of several sources


@pytest.mark.parametrize(("apart", "days"), [(0, 1), (1, 1), (2, 1), (3, 3), (4, 3), (10, 10)])
@pytest.mark.parametrize("competition", [LEAGUE, CUP])
def test_dates_within_the_tolerance_are_one_match(apart: int, days: int, competition: str) -> None:
    found = settled(
        Body(FIRST, [on(0)], competition=competition),
        Body(SECOND, [on(apart)], competition=competition),
        days=days,
    )
    together = found["match_sources"].groupby("match_id")["source"].agg(tuple).tolist()
    if apart <= days:
        assert together == [(FIRST, SECOND)]
        assert reasons(found) == []
    elif competition == LEAGUE:
        assert together == [(FIRST,)]
        assert reasons(found) == ["date too far from the other sources"]
    else:
        assert together == [(FIRST,), (SECOND,)]
        first = f"{CUP}_2025-26_liverpool_bournemouth"
        assert ids(found) == [first, f"{first}_2"]


def test_meetings_of_a_cup_are_numbered_by_date_whoever_tells_them() -> None:
    later = Body(FIRST, [on(30, match="2"), on(60, match="3")], competition=CUP)
    earlier = Body(SECOND, [on(0)], competition=CUP)
    base = f"{CUP}_2025-26_liverpool_bournemouth"
    for bodies in ([later, earlier], [earlier, later]):
        found = settled(*bodies)
        assert ids(found) == [base, f"{base}_2", f"{base}_3"]
        assert found["matches"]["kick_off"].is_monotonic_increasing


def test_what_is_left_out_names_both_dates_and_the_source_kept() -> None:
    found = settled(Body(FIRST, [on(0)]), Body(SECOND, [on(9)]))
    (row,) = found["unresolved"].to_dict("records")
    assert (row["source"], row["home_team"], row["snapshot"]) == (SECOND, "liverpool", sha(2))
    assert row["detail"] == f"2025-08-24, line 0; kept is 2025-08-15 of {FIRST}"


def test_a_result_is_kept_before_a_plan_of_a_source_that_comes_first() -> None:
    plan = Body(FIRST, [on(0, status="scheduled")], fetched_at=told_at(2))
    result = Body(SECOND, [on(20)], fetched_at=told_at(1))
    found = settled(plan, result)
    assert found["matches"]["source"].tolist() == [SECOND]
    assert reasons(found) == ["date too far from the other sources"]


def test_an_older_plan_of_a_match_that_was_moved_is_no_fault() -> None:
    plan = Body(FIRST, [on(0, status="scheduled")], fetched_at=told_at(1))
    result = Body(SECOND, [on(20)], fetched_at=told_at(2))
    found = settled(plan, result)
    assert found["matches"]["source"].tolist() == [SECOND]
    assert reasons(found) == []
    assert found["match_sources"]["source"].tolist() == [SECOND]


def test_the_date_most_sources_have_a_result_of_is_kept() -> None:
    found = settled(Body(FIRST, [on(200)]), Body(SECOND, [on(0)]), Body(THIRD, [on(1)]))
    assert found["match_sources"]["source"].tolist() == [SECOND, THIRD]
    assert found["unresolved"]["source"].tolist() == [FIRST]


def test_without_a_result_the_first_source_s_date_is_kept() -> None:
    plans = {
        source: Body(source, [on(day, status="scheduled")], fetched_at=told_at(5 + day))
        for source, day in ((FIRST, 0), (SECOND, 9))
    }
    found = settled(*plans.values())
    assert found["matches"]["source"].tolist() == [FIRST]
    assert found["unresolved"]["source"].tolist() == [SECOND]


@pytest.mark.parametrize("status", ["cancelled", "abandoned", "awarded", "postponed"])
@pytest.mark.parametrize("same", [True, False])
def test_a_match_called_off_and_played_later_is_one_match(status: str, same: bool) -> None:
    off, played = on(0, match="1", status=status), on(40, match="2")
    bodies = [Body(FIRST, [off, played])] if same else [Body(FIRST, [off]), Body(SECOND, [played])]
    for order in (bodies, bodies[::-1]):
        found = settled(*order)
        assert ids(found) == [ID]
        assert found["matches"]["kick_off"].tolist() == [pd.Timestamp(DATE + timedelta(days=40))]
        assert reasons(found) == []


def test_in_a_cup_what_was_put_off_is_no_meeting_beside_the_one_that_followed() -> None:
    off = Body(FIRST, [on(0, match="1", status="postponed")], competition=CUP)
    played = Body(SECOND, [on(40)], competition=CUP)
    assert len(ids(settled(off))) == 1
    found = settled(off, played)
    assert found["matches"]["source"].tolist() == [SECOND]
    assert ids(found) == [f"{CUP}_2025-26_liverpool_bournemouth"]


def test_a_row_that_does_not_count_joins_no_dates_far_apart() -> None:
    between = Body(SECOND, [on(3, match="1", status="postponed"), on(6, match="2")])
    found = settled(Body(FIRST, [on(0)]), between)
    assert found["match_sources"]["source"].tolist() == [FIRST]
    assert reasons(found) == ["date too far from the other sources"]


# -- what one source tells several times


@pytest.mark.parametrize("id_kept", [True, False])
@pytest.mark.parametrize("competition", [LEAGUE, CUP])
def test_the_newest_row_of_a_source_counts(id_kept: bool, competition: str) -> None:
    names = ("7", "7") if id_kept else ("2025-08-15 A B", "2026-01-07 A B")
    old = Body(FIRST, [on(0, match=names[0])], fetched_at=told_at(1), competition=competition)
    new = Body(
        FIRST,
        [on(145, match=names[1], home_goals=0)],
        fetched_at=told_at(2),
        competition=competition,
    )
    for bodies in ([old, new], [new, old]):
        found = settled(*bodies)
        assert found["matches"]["home_goals"].tolist() == [0]
        assert found["match_sources"]["fetched_at"].tolist() == [told_at(2)]
        assert reasons(found) == []


def test_a_play_off_of_a_pair_does_not_take_its_league_match_s_place() -> None:
    league = Body(FIRST, [on(0, match="1")], fetched_at=told_at(1))
    play_off = Body(FIRST, [on(290, match="2", home_goals=0)], fetched_at=told_at(2))
    found = settled(league, play_off)
    assert found["matches"]["home_goals"].tolist() == [4]
    assert reasons(found) == ["told twice by one source"]


def test_the_same_match_twice_in_a_body_is_one_and_told() -> None:
    body = Body(FIRST, [match_row(home_goals=1), match_row(home_goals=2)])
    found = settled(body)
    assert found["matches"]["home_goals"].tolist() == [2]
    assert reasons(found) == ["told twice by one source"]
    assert found["unresolved"]["line"].tolist() == [0]
    again = Body(FIRST, [match_row(home_goals=2)], fetched_at=told_at(9))
    assert reasons(settled(Body(FIRST, [match_row(home_goals=1)]), again)) == []


@pytest.mark.parametrize("first", [0, 1])
def test_within_a_body_an_open_row_counts_before_a_void_one(first: int) -> None:
    rows = [on(0, match="1", status="abandoned"), on(1, match="2")]
    found = settled(Body(FIRST, [rows[first], rows[1 - first]]))
    assert found["matches"]["status"].tolist() == ["finished"]
    assert reasons(found) == []


@pytest.mark.parametrize("first", [0, 1])
def test_within_a_body_a_plan_counts_before_one_called_off_or_put_off(first: int) -> None:
    for status in ("cancelled", "postponed"):
        rows = [on(0, match="1", status=status), on(1, match="2", status="scheduled")]
        found = settled(Body(FIRST, [rows[first], rows[1 - first]]))
        assert found["matches"]["status"].tolist() == ["scheduled"]


def test_an_older_row_does_not_speak_for_a_match_that_was_called_off() -> None:
    to_come = Body(FIRST, [on(0, match="1", status="scheduled")], fetched_at=told_at(1))
    off = Body(FIRST, [on(0, match="1", status="cancelled")], fetched_at=told_at(2))
    assert ids(settled(to_come)) == [ID]
    found = settled(to_come, off)
    assert ids(found) == []
    assert found["match_sources"][["match_id", "status"]].values.tolist() == [[ID, "cancelled"]]


# -- teams


@pytest.mark.parametrize("side", ["home", "away"])
def test_a_row_with_an_unknown_team_is_left_out_and_told(side: str) -> None:
    rows = [match_row(match="1", **{side: "Nowhere Rovers"}), match_row(match="2", home="Arsenal")]
    found = settled(Body(FIRST, rows))
    assert ids(found) == [f"{LEAGUE}_2025-26_arsenal_bournemouth"]
    (row,) = found["unresolved"].to_dict("records")
    assert row["reason"] == "unknown team"
    assert "Nowhere Rovers" in row["detail"]
    known = {"home": "away", "away": "home"}[side]
    assert pd.isna(row[f"{side}_team"])
    assert row[f"{known}_team"] == {"home": "liverpool", "away": "bournemouth"}[known]


def test_both_unknown_names_are_told() -> None:
    found = settled(Body(FIRST, [match_row(home="Nobody", away="Noone"), match_row(match="2")]))
    (detail,) = found["unresolved"]["detail"]
    assert "Nobody" in detail and "Noone" in detail


def test_a_team_against_itself_is_left_out_and_told() -> None:
    found = settled(
        Body(FIRST, [match_row(away="Liverpool FC"), match_row(match="2", home="Leeds")])
    )
    assert reasons(found) == ["a team against itself"]
    assert len(ids(found)) == 1


def test_an_id_that_now_means_another_pair_lends_no_row_to_it() -> None:
    old = Body(FIRST, [match_row(home="Arsenal", venue="Emirates")], fetched_at=told_at(1))
    new = Body(FIRST, [match_row()], fetched_at=told_at(2))
    assert ids(settled(old, new)) == [ID]
    other = Body(SECOND, [match_row(home="Arsenal")], fetched_at=told_at(1))
    found = settled(old, new, other)
    assert found["match_sources"].groupby("match_id")["source"].agg(tuple).tolist() == [
        (SECOND,),
        (FIRST,),
    ]


def test_a_name_mended_by_a_newer_fetch_is_no_longer_told() -> None:
    old = Body(FIRST, [match_row(home="Liverpul")], fetched_at=told_at(1))
    new = Body(FIRST, [match_row()], fetched_at=told_at(2))
    assert reasons(settled(old, new)) == []
    assert len(reasons(settled(old))) == 1


def test_other_spellings_seasons_and_grounds_are_kept_apart() -> None:
    same = Body(SECOND, [match_row(home="Liverpool FC", away="AFC Bournemouth")])
    returned = match_row(match="2", home="Bournemouth", away="Liverpool")
    year = match_row(match="3", season="2024-25", kick_off=DATE - timedelta(days=365))
    found = settled(Body(FIRST, [match_row(), returned, year]), same)
    assert len(ids(found)) == 3
    assert found["matches"].set_index("match_id").loc[ID, "sources"] == 2
    assert reasons(found) == []


# -- competitions and orders


def test_only_the_competitions_wanted_are_kept_each_under_its_slug() -> None:
    rows = pd.DataFrame(
        {
            "source": ["starter", "starter", "fbref", "starter"],
            "competition": ["9", "en.1", "9", "12"],
            "match": list("0123"),
        }
    )
    slugs = {("fbref", "9"): LEAGUE, ("starter", "12"): "esp-la-liga"}
    kept = of_competitions(rows, slugs)
    assert kept["match"].tolist() == ["2", "3"]
    assert kept["competition"].tolist() == [LEAGUE, "esp-la-liga"]
    assert of_competitions(rows, {}).empty
    assert of_competitions(rows.head(0), slugs).empty


def test_a_code_of_a_competition_belongs_to_its_source() -> None:
    table = chosen_competitions(ROOT / layout.COMPETITIONS, ["ger-bundesliga", "eng-championship"])
    assert competition_slugs(table, ["starter", "openfootball", "openligadb"]) == {
        ("starter", "ger-bundesliga"): "ger-bundesliga",
        ("starter", "eng-championship"): "eng-championship",
        ("openfootball", "de.1"): "ger-bundesliga",
        ("openligadb", "bl1"): "ger-bundesliga",
    }


def test_no_row_at_all_is_no_match() -> None:
    found = settled(Body(FIRST, []))
    assert all(frame.empty for frame in found.values())


def test_a_source_the_order_does_not_name_comes_last() -> None:
    names = pd.Series(["z", "b", "y", "a", "z"])
    assert precedence(names, ["a", "b"]).tolist() == [3, 1, 2, 0, 3]


def test_bodies_are_ordered_by_fetch_then_hash() -> None:
    rows = pd.DataFrame({"fetched_at": ["2", "1", "2", "1"], "snapshot": ["a", "z", "b", "z"]})
    assert order_told(rows).tolist() == [1, 0, 2, 0]


STATUSES = [s for s in get_args(MatchStatus) if s != "unknown"]


@st.composite
def bodies(draw: st.DrawFn) -> list[Body]:
    """Some bodies of some sources about two pairs of teams."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        rows = [
            on(
                draw(st.integers(0, 12)),
                match=str(draw(st.integers(1, 3))),
                home=draw(st.sampled_from(["Liverpool", "Arsenal"])),
                status=draw(st.sampled_from(STATUSES)),
            )
            for _ in range(draw(st.integers(0, 3)))
        ]
        source = draw(st.sampled_from(SOURCES))
        made.append(Body(source, rows, fetched_at=told_at(number + 1)))
    return made


@given(told=bodies(), competition=st.sampled_from([LEAGUE, CUP]), seed=st.integers(0, 99))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_of_any_rows_nothing_is_merged_by_name_alone_and_nothing_lost(
    told: list[Body], competition: str, seed: int
) -> None:
    told = [
        Body(
            SECOND if body.source == THIRD else body.source,
            body.matches,
            fetched_at=body.fetched_at,
            competition=competition,
        )
        for body in told
    ]
    found = identified(*told)
    counting = found.rows[found.rows["counts"]]
    # No row stands twice, and none that counts is further from the next than the tolerance.
    where = ["snapshot", "line"]
    assert not pd.concat([found.rows, found.unresolved]).duplicated(where).any()
    assert not counting.duplicated(["match_id", "source"]).any()
    assert set(counting["match_id"]) == set(found.rows["match_id"])
    for _, group in counting.groupby("match_id"):
        days = group["kick_off"].sort_values().dt.normalize().diff().dt.days
        assert len(group) == 1 or days.max() <= 3
    teams = ["home_team", "away_team"]
    if competition == LEAGUE:
        assert not counting[[*teams, "match_id"]].drop_duplicates().duplicated(teams).any()
    # Every pair that is told of has a match.
    pairs = {row.home.lower() for body in told for row in body.matches}
    newest = {(b.source, row.match): row.home.lower() for b in told for row in b.matches}
    assert set(newest.values()) <= set(counting["home_team"]) <= pairs
    # The order in which bodies are read decides nothing.
    numbered = list(enumerate(told, start=1))
    random.Random(seed).shuffle(numbered)
    again = identified(*(body for _, body in numbered)).rows
    new = {sha(place): sha(old) for place, (old, _) in enumerate(numbered, start=1)}
    again = again.assign(snapshot=again["snapshot"].map(new))
    columns = ["match_id", "source", "snapshot", "line", "counts"]
    one, other = (
        rows[columns].sort_values(where, ignore_index=True) for rows in (again, found.rows)
    )
    pd.testing.assert_frame_equal(one, other)


# -- the groups all this is built of

WORDS = st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.integers(0, 2)), max_size=12)


@given(rows=WORDS)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_codes_are_equal_just_where_all_columns_are(rows: list[tuple[str | None, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["word", "number"]).astype(
        {"word": "str", "number": "int64"}
    )
    found = codes(frame["word"], frame["number"])
    assert [[a == b for b in found] for a in found] == [[a == b for b in rows] for a in rows]
    assert sorted(set(found)) == list(range(len(set(rows))))


@given(known=WORDS, wanted=WORDS)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_row_is_found_at_the_last_of_its_equals(
    known: list[tuple[str | None, int]], wanted: list[tuple[str | None, int]]
) -> None:
    left, right = (
        pd.DataFrame(rows, columns=["word", "number"]).astype({"word": "str", "number": "int64"})
        for rows in (wanted, known)
    )
    expected = [max((n for n, k in enumerate(known) if k == w), default=-1) for w in wanted]
    assert places(left, right, ["word", "number"]).tolist() == expected


@given(rows=st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 9)), max_size=20))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_firsts_and_highest_are_those_of_a_loop(rows: list[tuple[int, bool, int]]) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    frame = pd.DataFrame(rows, columns=["group", "told", "value"]).astype(
        {"group": "int64", "told": "bool", "value": "int64"}
    )
    group, told, value = (frame[name].to_numpy() for name in frame)
    first = [next((n for n, r in enumerate(rows) if r[0] == g and r[1]), -1) for g in range(6)]
    best = [max((r[2] for r in rows if r[0] == g), default=-1) for g in range(6)]
    assert firsts(group, told, 6).tolist() == first
    assert highest(group, value, 6).tolist() == best


def test_codes_do_not_run_over() -> None:
    wide = [pd.Series(range(3000)) for _ in range(7)]
    assert codes(*wide).tolist() == list(range(3000))
    assert plain(pd.Series(codes(*wide, pd.Series([0] * 3000)))) == list(range(3000))
