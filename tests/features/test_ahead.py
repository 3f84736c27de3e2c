"""A fixture that no table holds gets the very row that it would have had in them."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.features import standing as kept_standing
from pitchline.features.ahead import Ahead, Computed, FixtureAhead
from pitchline.features.encode import encode, with_statistics
from pitchline.features.group import Entries, Group, Span, blank
from pitchline.features.groups import groups_of
from pitchline.features.standing import Standing, moved_by_results
from pitchline.features.timeline import Timeline, as_known, in_order, timeline
from pitchline.params.features import Features
from tests.conftest import ROOT
from tests.features.worlds import (
    LATE,
    OVER,
    World,
    made_worlds,
    utc,
    with_made_lineups,
    with_made_odds,
    with_made_statistics,
    world_from,
)


def fixture_of(row: "pd.Series[object]") -> FixtureAhead:
    """A row of matches as it is asked."""
    kick_off = row["kick_off"]
    assert isinstance(kick_off, pd.Timestamp)
    return FixtureAhead(
        match_id=str(row["match_id"]),
        competition=str(row["competition"]),
        season=int(str(row["season"])[:4]),
        home=str(row["home_team"]),
        away=str(row["away_team"]),
        kick_off=kick_off.value // 1_000_000,
    )


def asked(standing: Standing, rows: pd.DataFrame) -> Computed:
    return Ahead(standing).features([fixture_of(row) for _, row in rows.iterrows()])


def assert_the_rows_of(full: pd.DataFrame, rows: pd.DataFrame, standing: Standing) -> None:
    """The fixtures have the bytes of their rows in the full table, in all columns."""
    ahead = Ahead(standing)
    found = asked(standing, rows).values
    expected = full.set_index("match_id").loc[rows["match_id"], list(ahead.columns)]
    for number, column in enumerate(ahead.columns):
        told = expected[column].to_numpy(dtype=np.float64)
        assert found[:, number].tobytes() == told.tobytes(), column
    others = [name for name in full.columns if name in standing.unknown]
    assert full.set_index("match_id").loc[rows["match_id"], others].isna().all(axis=None)


def without(world: World, match_id: str) -> World:
    return world.only(world.matches["match_id"] != match_id)


def stored(standing: Standing, path: Path) -> Standing:
    """As the service reads it."""
    kept_standing.save(path, standing, "0" * 64)
    return kept_standing.load(path)[0]


def to_come(world: World, as_of: pd.Timestamp) -> pd.DataFrame:
    matches = in_order(world.matches)
    later = (matches["kick_off"] >= as_of) & (matches["known_at"] > as_of)
    return matches[later]


def test_every_fixture_of_the_starter_archive(
    starter_world: World, chosen: Features, tmp_path: Path
) -> None:
    as_of = utc("2026-05-08")
    full = starter_world.features(chosen, as_of)
    rows = to_come(starter_world, as_of)
    assert len(rows) == 31
    for number in range(len(rows)):
        one = rows.iloc[[number]]
        fewer = without(starter_world, one["match_id"].iloc[0])
        standing = stored(fewer.build(chosen, as_of).standing, tmp_path / "standing")
        assert_the_rows_of(full, one, standing)


@given(data=st.data())
@settings(max_examples=12, deadline=None, derandomize=True)
def test_a_played_match_asked_before_its_kick_off(
    starter_world: World, chosen: Features, data: st.DataObject
) -> None:
    matches = in_order(starter_world.matches)
    one = matches.iloc[[data.draw(st.integers(0, len(matches) - 1))]]
    kick_off = one["kick_off"].iloc[0]
    cut = starter_world.until(kick_off)
    cut = cut.only(cut.matches["kick_off"] < kick_off)
    full = starter_world.features(chosen, kick_off)
    assert_the_rows_of(full, one, cut.build(chosen, kick_off).standing)


def test_asking_moves_nothing_and_a_batch_is_as_one_by_one(
    rich: World, chosen: Features, tmp_path: Path
) -> None:
    as_of = utc("2023-02-18T20:00")
    full = rich.results_until(as_of).features(chosen, as_of)
    standing = stored(
        rich.results_until(as_of).build(chosen, as_of).standing, tmp_path / "standing"
    )
    ahead, rows = Ahead(standing), to_come(rich, as_of)
    fixtures = [fixture_of(row) for _, row in rows.iterrows()]
    together = ahead.features(fixtures)
    again = ahead.features(fixtures[::-1])
    alone = [ahead.features([each]).values for each in fixtures]
    assert together.values.tobytes() == again.values[::-1].tobytes() == np.vstack(alone).tobytes()
    assert len(fixtures) > 100
    # They stand in the table themselves, and are not counted twice.
    assert_the_rows_of(full, rows, standing)


def play_offs(world: World, draw: st.DrawFn) -> tuple[World, str]:
    """With one more match of anybody, in any competition, at any moment; its id."""
    matches = world.matches
    teams = sorted({*matches["home_team"], *matches["away_team"], "new-town", "old-town"})
    home, away = draw(st.lists(st.sampled_from(teams), min_size=2, max_size=2, unique=True))
    first, last = matches["kick_off"].min(), matches["kick_off"].max() + timedelta(days=400)
    at = first + timedelta(hours=draw(st.integers(0, (last - first) // timedelta(hours=1))))
    if draw(st.booleans()):
        at = draw(st.sampled_from(list(matches["kick_off"])))
    match_id = draw(st.sampled_from(["a0", "m0000x", "zz"]))
    row = matches.iloc[[0]].assign(
        match_id=match_id, home_team=home, away_team=away, kick_off=at, known_at=at + OVER,
        competition=draw(st.sampled_from(["x", "y", "cup", "new-league"])),
        season=f"{at.year - draw(st.integers(0, 1))}-00",
    )  # fmt: skip
    kinds = dict(matches.dtypes)
    return world.with_matches(pd.concat([matches, row]).astype(kinds)), match_id


@given(data=st.data())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_any_fixture_of_any_world(
    chosen: Features, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    world, match_id = play_offs(data.draw(made_worlds()), data.draw)
    if data.draw(st.booleans()):
        world = with_made_odds(with_made_lineups(with_made_statistics(world, 1), 2), 3)
    one = world.matches[world.matches["match_id"] == match_id]
    kick_off = one["kick_off"].iloc[0]
    # As of a moment after which nothing is known before the kick-off, or the kick-off itself.
    as_of = kick_off - data.draw(st.sampled_from([timedelta(0), timedelta(days=40)]))
    known = world.results_until(as_of)
    folder = tmp_path_factory.mktemp("made")
    standing = stored(without(known, match_id).build(chosen, as_of).standing, folder / "standing")
    if as_of == kick_off:
        # Line-ups and prices of the match itself are told at its kick-off.
        unpriced = known.odds["match_id"] != match_id
        unnamed = known.lineups["match_id"] != match_id
        known = replace(known, odds=known.odds[unpriced], lineups=known.lineups[unnamed])
    assert_the_rows_of(known.features(chosen, as_of), one, standing)


def with_one(world: World, **values: object) -> World:
    """With one more fixture to come, called ``new`` unless told otherwise."""
    row = world.matches.iloc[[-1]].assign(
        **{"match_id": "new", "result": None, "home_goals": pd.NA, "away_goals": pd.NA} | values
    )
    row["known_at"] = row["kick_off"] + OVER
    kinds = dict(world.matches.dtypes)
    return world.with_matches(pd.concat([world.matches, row]).astype(kinds))


LEAGUE, FA_CUP = "eng-premier-league", "eng-fa-cup"
SATURDAY = utc("2023-02-25T15:00")
CASES: dict[str, dict[str, object]] = {
    "of the league": {"competition": LEAGUE},
    "of a cup": {"competition": FA_CUP},
    "of another cup": {"competition": "eng-league-cup"},
    "of another league": {"competition": "eng-championship"},
    "next season": {"season": "2023-24", "kick_off": utc("2023-08-12T14:00")},
    "a team never seen": {"away_team": "new-town"},
    "a team never seen, in a cup": {"away_team": "new-town", "competition": FA_CUP},
    "a team that was away": {"away_team": "norwich", "season": "2023-24"},
    "before the other of that moment": {"match_id": "aa"},
    "after the other of that moment": {"match_id": "zz"},
}


@pytest.mark.parametrize("name", CASES)
def test_cups_leagues_and_newcomers(rich: World, chosen: Features, name: str) -> None:
    as_of = utc("2023-02-18T20:00")
    known = rich.results_until(as_of)
    earlier = {"kick_off": utc("2023-02-01T19:00"), "home_goals": 2, "away_goals": 1, "result": "H"}
    cup = {"competition": FA_CUP, "match_id": "cup", "home_team": "arsenal", "away_team": "leeds"}
    known = replace(with_one(known, **earlier, **cup), cups=frozenset({FA_CUP, "eng-league-cup"}))
    # Another match of the home team at the very moment.
    other = {"match_id": "nn", "home_team": "arsenal", "away_team": "fulham", "kick_off": SATURDAY}
    known = with_one(known, **other)
    given = {"home_team": "arsenal", "away_team": "brentford", "kick_off": SATURDAY}
    more = with_one(known, **given | CASES[name])
    one = more.matches.tail(1)
    assert_the_rows_of(more.features(chosen, as_of), one, known.build(chosen, as_of).standing)


@pytest.mark.parametrize("days", [-20, -3, 2, 45])
@pytest.mark.parametrize("known_date", ["2023-02-04", "2023-02-25", "2023-05-20"])
def test_a_fixture_that_was_moved(
    rich: World, chosen: Features, known_date: str, days: int
) -> None:
    as_of = utc("2023-02-18T20:00")
    known = rich.results_until(as_of)
    on = known.matches["kick_off"].dt.strftime("%Y-%m-%d") == known_date
    match_id = known.matches.loc[on, "match_id"].iloc[0]
    # A match of the past that was not played, too.
    known = known.changed(match_id, home_goals=pd.NA, away_goals=pd.NA, result=None)
    at = max(known.matches.loc[on, "kick_off"].iloc[0] + timedelta(days=days), as_of)
    moved = known.changed(match_id, kick_off=at, known_at=at + OVER, result=None)
    one = moved.matches[moved.matches["match_id"] == match_id]
    gone = moved.lineups["match_id"] == match_id
    moved = replace(
        moved, lineups=moved.lineups[~gone], odds=moved.odds[moved.odds["match_id"] != match_id]
    )
    assert_the_rows_of(moved.features(chosen, as_of), one, known.build(chosen, as_of).standing)


def test_who_starts_anew(chosen: Features) -> None:
    results = [("x", "2020-21", "a", "b", 1, 0), ("y", "2020-21", "c", "d", 1, 0)]
    world = world_from([*results, ("x", "2021-22", "b", "a", 1, 0)])
    standing = world.build(chosen, LATE).standing
    ahead = Ahead(standing)
    at = standing.as_of

    def anew(competition: str, home: str, away: str, season: int = 2021) -> list[bool]:
        fixture = FixtureAhead("m", competition, season, home, away, at)
        return [bool(each) for each in ahead.features([fixture]).newcomers[0]]

    assert anew("x", "a", "b") == [False, False]
    assert anew("x", "a", "b", 2022) == [False, False]
    assert anew("x", "a", "c") == [False, True]
    assert anew("x", "never-seen", "a") == [True, False]
    assert anew("z", "a", "b") == [True, True]
    assert [ahead.league_of(team) for team in ("a", "c", "never-seen")] == ["x", "y", None]
    assert [ahead.knows(team) for team in ("a", "never-seen")] == [True, False]


def test_a_team_of_a_cup_alone_has_no_league(chosen: Features) -> None:
    world = world_from([("cup", "2020-21", "a", "b", 1, 0)], cups=frozenset({"cup"}))
    ahead = Ahead(world.build(chosen, LATE).standing)
    assert ahead.league_of("a") is None


def test_a_fixture_before_the_standing_is_refused(some: World, chosen: Features) -> None:
    standing = some.build(chosen, LATE).standing
    fixture = FixtureAhead("m", "x", 2021, "arsenal", "chelsea", standing.as_of - 1)
    with pytest.raises(ValueError, match="before the moment"):
        Ahead(standing).features([fixture])
    assert Ahead(standing).features([]).values.shape == (0, len(Ahead(standing).columns))


def kick_offs_alone(world: World, as_of: pd.Timestamp) -> tuple[Timeline, pd.DataFrame]:
    known = with_statistics(as_known(in_order(world.matches), as_of), world.team_stats)
    return timeline(known), known


def test_kick_offs_move_no_state_but_that_of_rest(rich: World, chosen: Features) -> None:
    as_of = utc("2023-02-18T20:00")
    known = with_statistics(as_known(in_order(rich.matches), as_of), rich.team_stats)
    events, matches = timeline(known), encode(known, rich.lineups, rich.cups)
    groups = groups_of(chosen)
    values = {each.name: np.zeros((len(matches), len(each.columns))) for each in groups}
    count = len(events)
    entries = Entries(
        np.zeros((count, 2), np.int8), np.zeros((count, 2), np.int64), np.zeros((count, 2), bool)
    )

    def moves(group: Group, chosen: "np.ndarray") -> bool:
        """Whether some of the events move the group's state."""
        some = Timeline(events.is_result[chosen], events.match[chosen], events.moment[chosen])
        state = blank(group.slots, matches.sizes)
        before = {slot: array.tobytes() for slot, array in state.items()}
        group.replay(Span(some, 0, len(some), matches, entries), state, values)
        return any(array.tobytes() != before[slot] for slot, array in state.items())

    for group in groups:
        assert moves(group, events.is_result) == moved_by_results(group), group.name
        assert moves(group, ~events.is_result) != moved_by_results(group), group.name


COMPILED = """
import sys
from pathlib import Path
from pitchline.features.ahead import Ahead, FixtureAhead
from pitchline.features.groups import groups_of
from pitchline.params import load
from tests.features.worlds import LATE, world_from

chosen = load(Path("params.yaml")).features
results = [("x", "2020-21", "a", "b", 1, 0), ("y", "2020-21", "c", "d", 1, 0)]
standing = world_from(2 * results).build(chosen, LATE).standing
loops = [sys.modules[type(group).__module__].__dict__["_replay"] for group in groups_of(chosen)]
before = [loop.signatures for loop in loops]
assert all(len(signatures) == 1 for signatures in before), before
fixture = FixtureAhead("m", "x", 2021, "a", "c", standing.as_of)
for count in (1, 2, 5):
    Ahead(standing).features([fixture] * count)
assert [loop.signatures for loop in loops] == before
"""


def test_asking_compiles_no_loop_anew() -> None:
    subprocess.run([sys.executable, "-c", COMPILED], cwd=ROOT, check=True)
