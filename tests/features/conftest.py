"""The settings, and the worlds the tests build features of."""

from pathlib import Path

import pandas as pd
import pytest

from pitchline import layout
from pitchline.collect.archive import read_archive
from pitchline.collect.competitions import chosen_competitions
from pitchline.ingest.identity.teams import Teams
from pitchline.ingest.settle.tables import settle
from pitchline.ingest.staging import stage
from pitchline.ingest.tables import Lineups, Odds
from pitchline.params import Params
from pitchline.params.features import Features
from tests import everything
from tests.conftest import ROOT, features_as_of
from tests.features.worlds import (
    LATE,
    World,
    with_made_lineups,
    with_made_odds,
    with_made_statistics,
)

# Dates only, then times; no xG, then xG.
SEASONS = ("2021-22", "2022-23")
CUP = "uefa-champions-league"
LEAGUES = ("eng-premier-league", "esp-la-liga", CUP)
RECORDED_SEASONS = ("2018-19", "2019-20")


@pytest.fixture(scope="session")
def chosen(params: Params) -> Features:
    """The committed settings."""
    return params.features


@pytest.fixture(scope="session")
def starter_world(matches: pd.DataFrame, team_stats: pd.DataFrame) -> World:
    """The whole starter archive."""
    return World(matches, team_stats, Lineups.empty(), Odds.empty())


@pytest.fixture(scope="session")
def some(starter_world: World) -> World:
    """Two seasons of the starter archive."""
    return starter_world.only(starter_world.matches["season"].isin(SEASONS))


@pytest.fixture(scope="session")
def rich(some: World) -> World:
    """The same with made shots, line-ups and prices; xG is real."""
    return with_made_odds(with_made_lineups(with_made_statistics(some, 1), 2), 3)


@pytest.fixture(scope="session")
def full(matches: pd.DataFrame, team_stats: pd.DataFrame, params: Params) -> pd.DataFrame:
    """The features of the whole starter archive with every result known."""
    return features_as_of(matches, team_stats, params, LATE)


@pytest.fixture(scope="session")
def recorded(
    shared: Path, teams: Teams, params: Params, tmp_path_factory: pytest.TempPathFactory
) -> World:
    """Two seasons as recorded: two leagues with statistics and odds, and a cup of both."""
    raw = tmp_path_factory.mktemp("recorded")
    sources = (everything.CO_UK, everything.OPENFOOTBALL)
    built = everything.build(raw, shared, everything.Choice(sources, LEAGUES, RECORDED_SEASONS))
    assert not built.refused
    staged = stage([body for source in sources for body in read_archive(raw / source)])
    tables = settle(
        staged.frame,
        chosen_competitions(ROOT / layout.COMPETITIONS, list(LEAGUES)),
        teams,
        list(sources),
        params.ingest.same_match_days,
        params.ingest.result_known_after_hours,
    ).tables
    return World(
        tables["matches"],
        tables["team_stats"],
        tables["lineups"],
        tables["odds"],
        frozenset({CUP}),
    )
