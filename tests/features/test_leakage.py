"""Nothing of the future: cut the data at any moment, and the rows before it stay the same bytes."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect import starter
from pitchline.collect.archive import read_archive
from pitchline.features.market import market_columns
from pitchline.features.schema import feature_columns
from pitchline.ingest.identity.teams import Teams
from pitchline.ingest.staging import stage
from pitchline.params import Params
from pitchline.params.features import Features
from tests.bodies import as_snapshot
from tests.conftest import features_as_of, tables_of
from tests.features.worlds import LATE, OVER, World, utc

SATURDAY_AFTERNOON = utc("2022-10-01T14:00")
AFTER_THE_MATCH = "AFTER"
Cut = Callable[[World, pd.Timestamp], World]
CUTS: list[Cut] = [World.results_until, World.until]


def leaks(full: pd.DataFrame, cut: pd.DataFrame, moment: pd.Timestamp) -> list[str]:
    """The columns whose bytes differ in the rows that kick off by the moment."""
    left, right = (
        frame[frame["kick_off"] <= moment].reset_index(drop=True) for frame in (full, cut)
    )
    assert len(left) > 0
    assert left["match_id"].equals(right["match_id"])
    return [
        column
        for column in feature_columns(full)
        if left[column].to_numpy().tobytes() != right[column].to_numpy().tobytes()
    ]


@pytest.fixture(scope="module")
def everything(rich: World, chosen: Features) -> pd.DataFrame:
    """The features with every result known."""
    return rich.features(chosen)


@st.composite
def moments(draw: st.DrawFn, matches: pd.DataFrame) -> pd.Timestamp:
    """Any moment, or one at, just before or just after a kick-off or a result."""
    column = draw(st.sampled_from(["kick_off", "known_at", "between"]))
    if column == "between":
        first, last = matches["kick_off"].iloc[0], matches["known_at"].max()
        seconds = draw(st.integers(0, int((last - first).total_seconds())))
        return first + timedelta(seconds=seconds)
    row = draw(st.integers(1, len(matches) - 1))
    shift = draw(st.sampled_from([-1, 0, 1]))
    moment = matches[column].iloc[row] + timedelta(milliseconds=shift)
    return max(moment, matches["kick_off"].iloc[0])


def test_every_group_has_values_that_could_leak(everything: pd.DataFrame) -> None:
    values = everything[feature_columns(everything)]
    assert (values.max() > values.min()).all()


@pytest.mark.parametrize("cut", CUTS)
@given(data=st.data())
@settings(max_examples=12, deadline=None, derandomize=True)
def test_rows_before_any_moment_do_not_depend_on_what_came_later(
    rich: World, everything: pd.DataFrame, chosen: Features, cut: Cut, data: st.DataObject
) -> None:
    moment = data.draw(moments(rich.matches))
    assert leaks(everything, cut(rich, moment).features(chosen), moment) == []


@given(data=st.data())
@settings(max_examples=5, deadline=None, derandomize=True)
def test_an_earlier_as_of_changes_no_row_before_it(
    rich: World, everything: pd.DataFrame, chosen: Features, data: st.DataObject
) -> None:
    moment = data.draw(moments(rich.matches))
    assert leaks(everything, rich.features(chosen, moment), moment) == []


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("date", ["2021-12-26", "2022-05-22", "2022-10-01"])
def test_moments_of_a_full_day_are_without_leaks(
    rich: World, everything: pd.DataFrame, chosen: Features, cut: Cut, date: str
) -> None:
    day = rich.matches[rich.matches["kick_off"].dt.strftime("%Y-%m-%d") == date]
    assert len(day) >= 6
    for moment in sorted({*day["kick_off"], *day["known_at"]}):
        assert leaks(everything, cut(rich, moment).features(chosen), moment) == []


@given(data=st.data())
@settings(max_examples=5, deadline=None, derandomize=True)
def test_a_kick_off_moved_after_the_moment_changes_no_row_before_it(
    rich: World, everything: pd.DataFrame, chosen: Features, data: st.DataObject
) -> None:
    moment = data.draw(moments(rich.matches.iloc[:-50]))
    later = rich.matches[rich.matches["kick_off"] > moment]
    moved = rich.results_until(moment)
    for number in data.draw(st.sets(st.integers(0, len(later) - 1), min_size=1, max_size=5)):
        at = moment + timedelta(minutes=data.draw(st.integers(1, 300 * 24 * 60)))
        moved = moved.changed(later["match_id"].iloc[number], kick_off=at, known_at=at + OVER)
    assert leaks(everything, moved.features(chosen), moment) == []


@given(data=st.data())
@settings(max_examples=5, deadline=None, derandomize=True)
def test_other_results_after_the_moment_change_no_row_before_it(
    rich: World, everything: pd.DataFrame, chosen: Features, data: st.DataObject
) -> None:
    moment = data.draw(moments(rich.matches.iloc[:-50]))
    later = rich.matches[rich.matches["known_at"] > moment]
    other = rich
    for number in data.draw(st.sets(st.integers(0, len(later) - 1), min_size=1, max_size=5)):
        goals = data.draw(st.tuples(st.integers(0, 9), st.integers(0, 9)))
        other = other.changed(
            later["match_id"].iloc[number], home_goals=goals[0], away_goals=goals[1]
        )
    assert leaks(everything, other.features(chosen), moment) == []


def margins(world: World) -> pd.Series:
    return (world.matches["home_goals"] - world.matches["away_goals"]).astype("float64")


def same_match_goals(world: World, features: pd.DataFrame) -> pd.Series:
    return margins(world)


def same_match_xg(world: World, features: pd.DataFrame) -> pd.Series:
    home = world.team_stats[world.team_stats["is_home"]].set_index("match_id")["xg"]
    return world.matches["match_id"].map(home)


def form_with_the_match_itself(world: World, features: pd.DataFrame) -> pd.Series:
    goals = world.matches["home_goals"].astype("float64")
    return goals.groupby(world.matches["home_team"]).transform(
        lambda own: own.ffill().rolling(5).mean()
    )


def results_of_matches_still_played(world: World, features: pd.DataFrame) -> pd.Series:
    """Mean goals of all earlier kick-offs, whether over or not."""
    matches = world.matches
    goals = matches["home_goals"].astype("float64").groupby(matches["kick_off"]).sum()
    return matches["kick_off"].map(goals.cumsum().shift())


def mean_of_the_season(world: World, features: pd.DataFrame) -> pd.Series:
    matches = world.matches
    return matches["home_goals"].astype("float64").groupby(matches["season"]).transform("mean")


def scaled_by_the_whole_table(world: World, features: pd.DataFrame) -> pd.Series:
    return features["home_elo"] / features["home_elo"].std()


def days_to_the_next_match(world: World, features: pd.DataFrame) -> pd.Series:
    following = world.matches.groupby("home_team")["kick_off"].shift(-1)
    return (following - world.matches["kick_off"]).dt.total_seconds()


def elo_after_the_match(world: World, features: pd.DataFrame) -> pd.Series:
    return features["home_elo"] + np.sign(margins(world)).fillna(0)


def price_posted_after_the_match(world: World, features: pd.DataFrame) -> pd.Series:
    """A bookmaker whose prices are settled: it offers next to nothing for what came true."""
    over = world.matches[world.matches["result"].notna()]
    posted = world.odds.iloc[: len(over)].assign(
        match_id=over["match_id"].to_numpy(), bookmaker=AFTER_THE_MATCH, moment="closing"
    )
    for result, outcome in (("H", "home"), ("D", "draw"), ("A", "away")):
        posted[outcome] = np.where(over["result"] == result, 1.01, 50.0)
    columns = market_columns(world.matches["match_id"], posted, [AFTER_THE_MATCH])
    return columns["closing_home"]


def lineup_rating_of_the_match_itself(world: World, features: pd.DataFrame) -> pd.Series:
    starters = world.lineups[(world.lineups["role"] == "starter") & world.lineups["is_home"]]
    return world.matches["match_id"].map(starters.groupby("match_id")["rating"].mean())


PLANTED = [
    same_match_goals,
    same_match_xg,
    form_with_the_match_itself,
    results_of_matches_still_played,
    mean_of_the_season,
    scaled_by_the_whole_table,
    days_to_the_next_match,
    elo_after_the_match,
    price_posted_after_the_match,
    lineup_rating_of_the_match_itself,
]


@pytest.fixture(scope="module")
def parts(rich: World, chosen: Features) -> list[tuple[World, pd.DataFrame]]:
    cuts = [cut(rich, SATURDAY_AFTERNOON) for cut in CUTS]
    return [(part, part.features(chosen)) for part in cuts]


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_leak_is_found(
    rich: World,
    everything: pd.DataFrame,
    parts: list[tuple[World, pd.DataFrame]],
    planted: Callable[[World, pd.DataFrame], pd.Series],
) -> None:
    full = everything.assign(planted=planted(rich, everything))
    found = set()
    for part, features in parts:
        with_it = features.assign(planted=planted(part, features))
        found |= set(leaks(full, with_it, SATURDAY_AFTERNOON))
    assert found == {"planted"}


def features_of_bodies(seasons: list[dict[str, Any]], teams: Teams, params: Params) -> pd.DataFrame:
    """Features straight from the raw bodies of some seasons."""
    snapshots = [as_snapshot(json.dumps(season).encode(), season["season"]) for season in seasons]
    staged = stage(snapshots)
    assert not staged.quarantined
    found = tables_of(staged, teams, params)
    assert found["unresolved"].empty
    return features_as_of(found["matches"], found["team_stats"], params, LATE)


@pytest.mark.parametrize(
    ("moment", "keep_fixtures"),
    [
        ("2022-12-26T15:00", True),
        ("2023-05-28T15:30", False),
        ("2023-08-12T17:29:59.999", True),
        ("2024-01-13", False),
    ],
)
def test_a_raw_archive_cut_at_a_moment_gives_the_same_rows_before_it(
    teams: Teams, params: Params, moment: str, keep_fixtures: bool
) -> None:
    at = utc(moment)
    seasons = [
        json.loads(snapshot.body)
        for snapshot in read_archive(starter.PACKS)
        if snapshot.key[-7:] in ("2022-23", "2023-24")
    ]
    full = features_of_bodies(seasons, teams, params)
    over = pd.Timedelta(hours=params.ingest.result_known_after_hours)
    for season in seasons:
        kept = []
        for match in season["matches"]:
            kick_off = pd.Timestamp(match["kick_off"])
            if kick_off + over > at:
                for field in ("home_goals", "away_goals", "home_xg", "away_xg"):
                    match[field] = None
            if keep_fixtures or kick_off <= at:
                kept.append(match)
        season["matches"] = kept
    assert leaks(full, features_of_bodies(seasons, teams, params), at) == []
