"""Going on from the memory of an earlier build gives the bytes of a full build, and saves work."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.features import state
from pitchline.features.build import Built
from pitchline.features.replay import Memory
from pitchline.features.schema import feature_columns
from pitchline.files import write_parquet
from pitchline.params.features import Features
from tests.features.worlds import OVER, World, made_worlds, utc, with_made_lineups

MOMENT = utc("2023-02-18T20:00")
KEY = "k"
Change = Callable[[World], World]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("written")


def written(built: Built, folder: Path) -> bytes:
    path = folder / "features.parquet"
    write_parquet(path, built.table)
    return path.read_bytes()


def stored(memory: Memory, folder: Path) -> Memory:
    """The memory as the next run finds it."""
    state.save(folder / "memory", KEY, memory)
    found = state.load(folder / "memory", KEY)
    assert found is not None
    return found


def both_ways(world: World, memory: Memory, chosen: Features, folder: Path) -> tuple[Built, Built]:
    """The builds from a memory and from nothing, after their bytes were found the same."""
    full = world.build(chosen)
    further = world.build(chosen, memory=memory)
    assert written(further, folder) == written(full, folder)
    return further, full


@pytest.fixture(scope="module")
def earlier(rich: World, chosen: Features, scratch: Path) -> Memory:
    """What the build of an evening in mid-season kept."""
    return stored(rich.results_until(MOMENT).build(chosen).memory, scratch)


@pytest.fixture(scope="module")
def before_the_change(rich: World, chosen: Features) -> pd.DataFrame:
    return rich.results_until(MOMENT).features(chosen)


@given(data=st.data())
@settings(max_examples=5, deadline=None, derandomize=True)
def test_any_two_moments(rich: World, chosen: Features, scratch: Path, data: st.DataObject) -> None:
    first, last = rich.matches["kick_off"].iloc[0], rich.matches["known_at"].max()
    hours = st.integers(0, int((last - first) / pd.Timedelta(hours=1)) + 24)
    before, now = (first + timedelta(hours=data.draw(hours)) for _ in range(2))
    cut = data.draw(st.sampled_from([World.results_until, World.until]))
    memory = cut(rich, before).build(chosen).memory
    further, full = both_ways(cut(rich, now), memory, chosen, scratch)
    # The memory it leaves is as good as the one it had.
    again = cut(rich, now).build(chosen, memory=further.memory)
    assert written(again, scratch) == written(full, scratch)
    assert again.events <= further.events


@given(world=made_worlds(), data=st.data())
@settings(max_examples=5, deadline=None, derandomize=True)
def test_any_made_world(world: World, chosen: Features, scratch: Path, data: st.DataObject) -> None:
    hours = st.integers(0, 4 * 365 * 24)
    before, now = (utc("2020-01-01") + timedelta(hours=data.draw(hours)) for _ in range(2))
    memory = world.until(before).build(chosen).memory
    both_ways(world.results_until(now), memory, chosen, scratch)


def test_a_new_match_day_takes_the_events_of_its_day_alone(
    rich: World, earlier: Memory, chosen: Features, scratch: Path
) -> None:
    world = rich.until(MOMENT + timedelta(days=1))
    memory = rich.until(MOMENT).build(chosen).memory
    further, full = both_ways(world, memory, chosen, scratch)
    assert full.events > 1_000
    assert further.events < 40
    tomorrow = rich.results_until(MOMENT + timedelta(days=1))
    further, _ = both_ways(tomorrow, earlier, chosen, scratch)
    assert further.events < 40 + (rich.matches["kick_off"] > MOMENT).sum()


def test_nothing_new_goes_through_no_earlier_day(
    rich: World, earlier: Memory, chosen: Features, scratch: Path
) -> None:
    again, _ = both_ways(rich.results_until(MOMENT), earlier, chosen, scratch)
    today = rich.matches["kick_off"] >= MOMENT.normalize()
    assert again.events <= 2 * today.sum()


def id_at(world: World, date: str) -> str:
    """The first match of a day."""
    on = world.matches["kick_off"].dt.strftime("%Y-%m-%d") == date
    return str(world.matches.loc[on, "match_id"].iloc[0])


OLD, RECENT, TO_COME = "2021-10-16", "2023-02-18", "2023-04-01"


def corrected_result(date: str) -> Change:
    return lambda world: world.changed(id_at(world, date), home_goals=8, away_goals=0)


def changed_statistic(name: str) -> Change:
    def change(world: World) -> World:
        stats = world.team_stats.copy()
        row = stats["match_id"] == id_at(world, OLD)
        stats.loc[row, name] = [17.0, 0.0]
        return dataclasses.replace(world, team_stats=stats)

    return change


def moved_kick_off(date: str, days: int) -> Change:
    def change(world: World) -> World:
        match_id = id_at(world, date)
        at = world.matches.set_index("match_id").loc[match_id, "kick_off"] + timedelta(days=days)
        return world.changed(match_id, kick_off=at, known_at=at + OVER)

    return change


def result_known_later(world: World) -> World:
    match_id = id_at(world, OLD)
    at = world.matches.set_index("match_id").loc[match_id, "known_at"] + timedelta(days=30)
    return world.changed(match_id, known_at=at)


def changed_lineups(column: str, value: object) -> Change:
    def change(world: World) -> World:
        lineups = world.lineups.copy()
        row = (lineups["match_id"] == id_at(world, OLD)) & (lineups["role"] == "starter")
        lineups.loc[lineups.index[row][0], column] = value
        return dataclasses.replace(world, lineups=lineups)

    return change


def no_lineup_any_more(world: World) -> World:
    gone = world.lineups["match_id"] == id_at(world, OLD)
    return dataclasses.replace(world, lineups=world.lineups[~gone].reset_index(drop=True))


def other_name(old: str, new: str) -> Change:
    """A team that has another name, and so is another."""

    def change(world: World) -> World:
        teams = {side: world.matches[f"{side}_team"].replace(old, new) for side in ("home", "away")}
        return world.with_matches(
            world.matches.assign(home_team=teams["home"], away_team=teams["away"])
        )

    return change


def new_match(kick_off: str, home: str, away: str, competition: str = "") -> Change:
    """A fixture without a result."""

    def change(world: World) -> World:
        row = world.matches.iloc[[-1]].assign(
            match_id="new",
            kick_off=utc(kick_off),
            known_at=utc(kick_off) + OVER,
            home_team=home,
            away_team=away,
            result=None,
            home_goals=pd.NA,
            away_goals=pd.NA,
        )
        if competition:
            row["competition"] = competition
        kept = dict(world.matches.dtypes)
        return world.with_matches(pd.concat([world.matches, row]).astype(kept))

    return change


def fewer(date: str) -> Change:
    return lambda world: world.only(world.matches["match_id"] != id_at(world, date))


def without_team(team: str) -> Change:
    """A team none of whose matches are known any more."""

    def change(world: World) -> World:
        plays = (world.matches["home_team"] == team) | (world.matches["away_team"] == team)
        return world.only(~plays)

    return change


def other_table_order(world: World) -> World:
    return dataclasses.replace(
        world,
        matches=world.matches.sample(frac=1, random_state=1),
        team_stats=world.team_stats.sample(frac=1, random_state=2),
        lineups=world.lineups.sample(frac=1, random_state=3),
        odds=world.odds.sample(frac=1, random_state=4),
    )


CHANGES: dict[str, tuple[Change, bool]] = {
    # Whether features of matches before the moment change too.
    "an old result": (corrected_result(OLD), True),
    "a recent result": (corrected_result(RECENT), True),
    "an old xG": (changed_statistic("xg"), True),
    "old shots": (changed_statistic("shots"), True),
    "old corners": (changed_statistic("corners"), True),
    "a kick-off moved into the past": (moved_kick_off(TO_COME, -90), True),
    "an old kick-off moved": (moved_kick_off(OLD, -3), True),
    "a later kick-off moved": (moved_kick_off(TO_COME, 3), False),
    "a result known later": (result_known_later, True),
    "another player": (changed_lineups("player_id", "someone-else"), True),
    "another rating": (changed_lineups("rating", 1.0), True),
    "a player on the bench": (changed_lineups("role", "bench"), True),
    "no line-up any more": (no_lineup_any_more, True),
    "another team": (other_name("brentford", "new-town"), False),
    "a fixture among the old": (new_match("2022-10-26T15:00", "arsenal", "chelsea"), True),
    "a fixture to come": (new_match("2023-04-03T15:00", "arsenal", "chelsea"), False),
    "teams never seen, before all": (new_match("2021-08-01T15:00", "a", "b", "new-cup"), False),
    "teams never seen, at the end": (new_match("2024-01-01T15:00", "a", "b", "new-cup"), False),
    "an old match gone": (fewer(OLD), True),
    "a fixture gone": (fewer(TO_COME), False),
    "a team gone": (without_team("fulham"), True),
    "rows in another order": (other_table_order, False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_what_was_known_is_seen(
    rich: World,
    earlier: Memory,
    before_the_change: pd.DataFrame,
    chosen: Features,
    scratch: Path,
    name: str,
) -> None:
    change, of_the_past = CHANGES[name]
    after = change(rich.results_until(MOMENT))
    _, full = both_ways(after, earlier, chosen, scratch)
    old, new = (
        table[table["kick_off"] < MOMENT].set_index("match_id")
        for table in (before_the_change, full.table)
    )
    shared = old.index.intersection(new.index)
    columns = feature_columns(old)
    differ = not old.loc[shared, columns].equals(new.loc[shared, columns])
    assert differ == of_the_past


def test_a_team_that_only_had_fixtures_may_vanish(
    rich: World, chosen: Features, scratch: Path
) -> None:
    known = rich.results_until(MOMENT)
    more = new_match("2023-06-01T15:00", "new-town", "old-town", "new-cup")(known)
    memory = stored(more.build(chosen).memory, scratch)
    further, full = both_ways(known, memory, chosen, scratch)
    assert further.events < full.events / 2


@pytest.mark.parametrize(
    "as_of", ["2023-02-11T18:00", "2022-09-01", "2021-08-14T15:00", "2020-01-01"]
)
def test_an_earlier_as_of(
    rich: World, earlier: Memory, chosen: Features, scratch: Path, as_of: str
) -> None:
    full = rich.build(chosen, utc(as_of))
    further = rich.build(chosen, utc(as_of), earlier)
    assert written(further, scratch) == written(full, scratch)


def test_no_match_at_all(chosen: Features, rich: World, scratch: Path) -> None:
    empty = rich.only(rich.matches["match_id"] == "")
    memory = stored(empty.build(chosen).memory, scratch)
    assert memory.checkpoints == ()
    both_ways(rich.until(utc("2021-10-01")), memory, chosen, scratch)


def test_a_memory_comes_back_as_it_was(earlier: Memory, scratch: Path) -> None:
    again = stored(earlier, scratch)
    assert again.rows.tobytes() == earlier.rows.tobytes()
    assert len(again.checkpoints) == len(earlier.checkpoints) > 10
    for one, other in zip(again.checkpoints, earlier.checkpoints, strict=True):
        assert (one.event, one.digest) == (other.event, other.digest)
        for group, arrays in one.states.items():
            for slot, array in arrays.items():
                np.testing.assert_array_equal(array, other.states[group][slot])


def test_a_memory_of_another_key_is_not_used(earlier: Memory, tmp_path: Path) -> None:
    state.save(tmp_path / "memory", KEY, earlier)
    assert state.load(tmp_path / "memory", "another") is None
    assert state.load(tmp_path / "absent", KEY) is None


def test_the_key_follows_settings_cups_and_code(
    chosen: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def key(k: float = 20.0, cups: tuple[str, ...] = ()) -> str:
        elo = chosen.elo.model_copy(update={"k": k})
        told = chosen.model_copy(update={"elo": elo}).model_dump()
        return state.key_of({"features": told, "cups": list(cups)})

    assert key() == key()
    assert len({key(), key(k=21.0), key(cups=("a-cup",))}) == 3
    before = key()
    for path in state._CODE.glob("*.py"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(state, "_CODE", tmp_path)
    assert key() == before
    (tmp_path / "elo.py").write_text("# changed")
    assert key() != before


@given(data=st.data())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_damaged_memory_is_no_memory(earlier: Memory, scratch: Path, data: st.DataObject) -> None:
    path = scratch / "damaged"
    state.save(path, KEY, dataclasses.replace(earlier, checkpoints=earlier.checkpoints[:1]))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    how = data.draw(st.sampled_from(["flipped", "cut", "longer"]))
    if how == "flipped":
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "cut":
        del content[place:]
    else:
        content.insert(place, 0)
    path.write_bytes(content)
    assert state.load(path, KEY) is None


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04", bytes(1000)])
def test_no_file_of_ours_is_no_memory(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "memory").write_bytes(content)
    assert state.load(tmp_path / "memory", KEY) is None


def test_lineups_with_and_without_ids_of_players(
    some: World, chosen: Features, scratch: Path
) -> None:
    world = with_made_lineups(some.until(utc("2021-12-01")), 5)
    lineups = world.lineups.copy()
    lineups.loc[lineups["player"] == "Player 3", "player_id"] = None
    world = dataclasses.replace(world, lineups=lineups)
    memory = world.results_until(utc("2021-11-01")).build(chosen).memory
    further, full = both_ways(world, memory, chosen, scratch)
    assert further.events < full.events - 100
