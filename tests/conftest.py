"""What the tests share: the project's folder, the recordings if they are here, a small slice."""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from pitchline import layout
from pitchline.collect import starter
from pitchline.collect.archive import read_archive
from pitchline.collect.competitions import chosen_competitions
from pitchline.features.build import build_features
from pitchline.ingest import tables
from pitchline.ingest.identity.teams import ANY_SOURCE, Teams, read_teams
from pitchline.ingest.settle.tables import TABLES, settle
from pitchline.ingest.staging import Staged, stage
from pitchline.params import Params, load
from tests.bodies import Season
from tests.forked import at_work
from tests.once import computed_once, settle_in

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
NO_LINEUPS, NO_ODDS = tables.Lineups.empty(), tables.Odds.empty()


# No test tells a developer's own channels.
for name in [each for each in os.environ if each.startswith("PITCHLINE_ALERTS_")]:
    del os.environ[name]


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector need not go through it ever again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def place_of_what_is_made_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where ``tests.once`` keeps what it makes."""
    settle_in(tmp_path_factory)


@pytest.fixture(scope="session")
def quick_tools() -> Iterator[Path]:
    """The programs of this environment, of which ours, Snakemake and DVC start at once."""
    with (
        tempfile.TemporaryDirectory(prefix="pitchline-") as folder,
        at_work(Path(folder)) as tools,
    ):
        yield tools


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real recordings; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"the recordings are not here: {SHARED} is absent")
    return SHARED


@pytest.fixture(scope="session")
def params() -> Params:
    """The committed params.yaml."""
    return load(ROOT / "params.yaml")


@pytest.fixture(scope="session")
def teams() -> Teams:
    """The curated teams."""
    return read_teams(ROOT / layout.TEAMS, ROOT / layout.TEAM_NAMES)


@pytest.fixture(scope="session")
def aliases(teams: Teams) -> dict[str, str]:
    """The English teams' slugs, by every name any source has for them."""
    return {
        name: claims[0].team
        for (source, country, name), claims in teams.by_name.items()
        if (source, country) == (ANY_SOURCE, "ENG")
    }


@pytest.fixture(scope="session")
def starter_tables(teams: Teams, params: Params) -> dict[str, pd.DataFrame]:
    """All canonical tables of the whole starter archive."""

    def made() -> dict[str, pd.DataFrame]:
        staged = stage(read_archive(starter.PACKS))
        assert not staged.quarantined
        found = tables_of(staged, teams, params)
        assert found["unresolved"].empty
        return found

    tables_made: dict[str, pd.DataFrame] = computed_once("starter-tables", made)
    return tables_made


@pytest.fixture(scope="session")
def matches(starter_tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The table Matches of the whole starter archive."""
    return starter_tables["matches"]


@pytest.fixture(scope="session")
def team_stats(starter_tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The table TeamStats of the whole starter archive."""
    return starter_tables["team_stats"]


@pytest.fixture(scope="session")
def features(matches: pd.DataFrame, team_stats: pd.DataFrame, params: Params) -> pd.DataFrame:
    """The feature table of the whole starter archive, as of the committed as_of."""
    assert params.as_of is not None
    as_of = pd.Timestamp(params.as_of)
    made: pd.DataFrame = computed_once(
        "starter-features", lambda: features_as_of(matches, team_stats, params, as_of)
    )
    return made


@pytest.fixture
def season() -> Season:
    """A season of three matches: with a time and xG, with a date only, and still to come."""
    return {
        "competition": "eng-premier-league",
        "season": "2025-26",
        "matches": [
            {
                "round": 1,
                "kick_off": "2025-08-15T19:00:00Z",
                "home": "Liverpool",
                "away": "Bournemouth",
                "home_goals": 4,
                "away_goals": 2,
                "home_xg": 2.22,
                "away_xg": 0.0,
            },
            {
                "round": None,
                "kick_off": "2025-08-16",
                "home": "Aston Villa",
                "away": "Newcastle",
                "home_goals": 0,
                "away_goals": 0,
            },
            {"kick_off": "2026-05-24T15:00:00Z", "home": "Man City", "away": "Nott'm Forest"},
        ],
    }


def features_as_of(
    matches: pd.DataFrame, team_stats: pd.DataFrame, params: Params, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Features with the committed settings, as of any moment."""
    return build_features(matches, team_stats, NO_LINEUPS, NO_ODDS, as_of, params.features).table


def tables_of(staged: Staged, teams: Teams, params: Params) -> dict[str, pd.DataFrame]:
    """All canonical tables of the Premier League by the starter archive, validated."""
    made = settle(
        staged.frame,
        chosen_competitions(ROOT / layout.COMPETITIONS, ["eng-premier-league"]),
        teams,
        [starter.SOURCE],
        params.ingest.same_match_days,
        params.ingest.result_known_after_hours,
    )
    return {
        name: tables.validated(model, made.tables[name], Path(name))
        for name, model in TABLES.items()
    }
