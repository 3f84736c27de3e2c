"""Clean worlds: the starter archive alone, and one league by several sources' recordings."""

from pathlib import Path

import pytest

from pitchline.collect import starter
from tests import everything
from tests.ingest.quality.breaking import CO_UK, DATASETS, DETAILS, LEAGUE, OPEN
from tests.ingest.quality.worlds import Judged, World, at, judged, of_seasons, world_of

AS_OF = "2026-05-08T00:00:00Z"
# The moment the gate looks back from, in the season that is broken.
MOMENT = "2023-04-24T00:00:00Z"
BROKEN = {"one": "2023-24", "several": "2022-23"}
UNDER_WAY = {"one": "2025-26", "several": "2022-23"}
SEASONS = ("2019-20", "2020-21", "2021-22", "2022-23")


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The starter archive: one source."""
    raw = tmp_path_factory.mktemp("one")
    starter.collect(raw / starter.SOURCE, "2022-23", "2025-26")
    return world_of(raw, [starter.SOURCE], [LEAGUE], AS_OF)


@pytest.fixture(scope="session")
def several(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Four seasons of the Premier League by four sources, one of them for the last season only."""
    raw = tmp_path_factory.mktemp("several")
    for sources, seasons in (((DETAILS,), BROKEN["several"]), ((CO_UK, DATASETS, OPEN), SEASONS)):
        wanted = (seasons,) if isinstance(seasons, str) else seasons
        everything.build(raw, shared, everything.Choice(sources, (LEAGUE,), wanted))
    return world_of(raw, [DETAILS, CO_UK, DATASETS, OPEN], [LEAGUE])


@pytest.fixture(scope="session")
def last_season(several: World) -> World:
    """The last season alone."""
    return of_seasons(several, SEASONS[-1], SEASONS[-1])


@pytest.fixture(scope="session")
def one_under_way(one: World) -> World:
    """The starter archive ends in a season under way."""
    return one


@pytest.fixture(scope="session")
def several_under_way(several: World) -> World:
    """The same in the middle of the last season."""
    return at(several, MOMENT)


@pytest.fixture(scope="session")
def of_one(one: World) -> Judged:
    """What the rules say of the starter archive."""
    return judged(one)


@pytest.fixture(scope="session")
def of_several(several: World) -> Judged:
    """What the rules say of the recordings."""
    return judged(several)
