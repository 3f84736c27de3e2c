"""Nothing of the future: cut the data at any moment, and the rows before it stay the same bytes."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect import starter
from pitchline.collect.archive import read_archive
from pitchline.features.asof import as_known
from pitchline.features.schema import feature_columns
from pitchline.ingest.identity.teams import Teams
from pitchline.ingest.staging import stage
from pitchline.params import Params
from tests.bodies import as_snapshot
from tests.conftest import features_as_of, tables_of
from tests.features.conftest import LATE, utc

# Dates only, then times; no xG, then xG; teams that leave and return.
SEASONS = ["2018-19", "2019-20", "2020-21", "2021-22", "2022-23"]
SATURDAY = "2022-10-01"
SATURDAY_AFTERNOON = utc("2022-10-01T14:00")

Tables = tuple[pd.DataFrame, pd.DataFrame]
Cut = Callable[[Tables, pd.Timestamp], Tables]
Builder = Callable[[Tables], pd.DataFrame]


def results_after_removed(whole: Tables, moment: pd.Timestamp) -> Tables:
    """All fixtures; of those whose result isn't known at the moment, no result and no stats."""
    matches, stats = whole
    known = set(matches.loc[matches["known_at"] <= moment, "match_id"])
    return as_known(matches, moment), stats[stats["match_id"].isin(known)].reset_index(drop=True)


def fixtures_after_removed(whole: Tables, moment: pd.Timestamp) -> Tables:
    """The same without the matches that kick off after the moment."""
    matches, stats = results_after_removed(whole, moment)
    return matches[matches["kick_off"] <= moment].reset_index(drop=True), stats


CUTS = [results_after_removed, fixtures_after_removed]


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
def whole(matches: pd.DataFrame, team_stats: pd.DataFrame) -> Tables:
    chosen = matches[matches["season"].isin(SEASONS)].reset_index(drop=True)
    stats = team_stats[team_stats["match_id"].isin(chosen["match_id"])].reset_index(drop=True)
    return chosen, stats


@pytest.fixture(scope="module")
def real(params: Params) -> Builder:
    return lambda both: features_as_of(*both, params, LATE)


@pytest.fixture(scope="module")
def everything(whole: Tables, real: Builder) -> pd.DataFrame:
    """The features with every result known."""
    return real(whole)


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


@pytest.mark.parametrize("cut", CUTS)
@given(data=st.data())
@settings(max_examples=25, deadline=None, derandomize=True)
def test_rows_before_any_moment_do_not_depend_on_what_came_later(
    whole: Tables, everything: pd.DataFrame, real: Builder, cut: Cut, data: st.DataObject
) -> None:
    moment = data.draw(moments(whole[0]))
    assert leaks(everything, real(cut(whole, moment)), moment) == []


@given(data=st.data())
@settings(max_examples=15, deadline=None, derandomize=True)
def test_an_earlier_as_of_changes_no_row_before_it(
    whole: Tables, everything: pd.DataFrame, params: Params, data: st.DataObject
) -> None:
    moment = data.draw(moments(whole[0]))
    assert leaks(everything, features_as_of(*whole, params, moment), moment) == []


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("date", ["2018-12-26", "2022-05-22", SATURDAY])
def test_every_moment_of_a_full_day_is_without_leaks(
    whole: Tables, everything: pd.DataFrame, real: Builder, cut: Cut, date: str
) -> None:
    day = whole[0][whole[0]["kick_off"].dt.strftime("%Y-%m-%d") == date]
    assert len(day) >= 7
    for moment in sorted({*day["kick_off"], *day["known_at"]}):
        assert leaks(everything, real(cut(whole, moment)), moment) == []


def same_match_goals(both: Tables, features: pd.DataFrame) -> pd.Series:
    return (both[0]["home_goals"] - both[0]["away_goals"]).astype("float64")


def same_match_xg(both: Tables, features: pd.DataFrame) -> pd.Series:
    home = both[1][both[1]["is_home"]].set_index("match_id")["xg"]
    return both[0]["match_id"].map(home)


def form_with_the_match_itself(both: Tables, features: pd.DataFrame) -> pd.Series:
    goals = both[0]["home_goals"].astype("float64")
    return goals.groupby(both[0]["home_team"]).transform(lambda own: own.ffill().rolling(5).mean())


def results_of_matches_still_played(both: Tables, features: pd.DataFrame) -> pd.Series:
    """Mean goals of all earlier kick-offs, whether over or not."""
    matches = both[0]
    goals = matches["home_goals"].astype("float64").groupby(matches["kick_off"]).sum()
    return matches["kick_off"].map(goals.cumsum().shift())


def mean_of_the_season(both: Tables, features: pd.DataFrame) -> pd.Series:
    return both[0]["home_goals"].astype("float64").groupby(both[0]["season"]).transform("mean")


def scaled_by_the_whole_table(both: Tables, features: pd.DataFrame) -> pd.Series:
    return features["home_elo"] / features["home_elo"].std()


def days_to_the_next_match(both: Tables, features: pd.DataFrame) -> pd.Series:
    following = both[0].groupby("home_team")["kick_off"].shift(-1)
    return (following - both[0]["kick_off"]).dt.total_seconds()


PLANTED = [
    same_match_goals,
    same_match_xg,
    form_with_the_match_itself,
    results_of_matches_still_played,
    mean_of_the_season,
    scaled_by_the_whole_table,
    days_to_the_next_match,
]


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_leak_is_found(
    whole: Tables,
    everything: pd.DataFrame,
    real: Builder,
    planted: Callable[[Tables, pd.DataFrame], pd.Series],
) -> None:
    full = everything.assign(planted=planted(whole, everything))
    found = set()
    for cut in CUTS:
        part = cut(whole, SATURDAY_AFTERNOON)
        features = real(part)
        found |= set(
            leaks(full, features.assign(planted=planted(part, features)), SATURDAY_AFTERNOON)
        )
    assert found == {"planted"}


def features_of_bodies(seasons: list[dict[str, Any]], teams: Teams, params: Params) -> pd.DataFrame:
    """Features straight from the raw bodies of some seasons."""
    snapshots = [as_snapshot(json.dumps(season).encode(), season["season"]) for season in seasons]
    staged = stage(snapshots)
    assert not staged.quarantined
    found = tables_of(staged, teams, params)
    assert found["unresolved"].empty
    return features_as_of(found["matches"], found["team_stats"], params, LATE)


@pytest.mark.parametrize("keep_fixtures", [True, False])
@pytest.mark.parametrize(
    "moment", ["2022-12-26T15:00", "2023-05-28T15:30", "2023-08-12T17:29:59.999", "2024-01-13"]
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
