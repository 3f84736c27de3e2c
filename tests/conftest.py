"""What the tests share: the project's folder, the recordings if they are here, a small slice."""

from pathlib import Path

import pandas as pd
import pytest

from pitchline.collect import starter
from pitchline.collect.archive import read_archive
from pitchline.features.build import build_features
from pitchline.features.elo import EloSettings
from pitchline.features.strength import StrengthSettings
from pitchline.ingest import build, tables, teams
from pitchline.params import Params, load
from tests.bodies import Season

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"


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
def aliases() -> dict[str, str]:
    """The curated team names."""
    return teams.read_aliases(ROOT / "workflow/reference/teams.csv")


@pytest.fixture(scope="session")
def unique_rows(aliases: dict[str, str]) -> pd.DataFrame:
    """Every match of the starter archive, resolved, one row each."""
    rows, quarantined = build.parse(read_archive(starter.PACKS))
    assert not quarantined
    resolved, unknown = build.resolve(rows, aliases)
    assert not unknown
    return build.newest_of_each_match(resolved)


@pytest.fixture(scope="session")
def matches(unique_rows: pd.DataFrame, params: Params) -> pd.DataFrame:
    """The table Matches of the whole starter archive."""
    rows = build.matches_table(unique_rows, params.ingest.result_known_after_hours)
    return tables.validated(tables.Matches, rows, Path("matches"))


@pytest.fixture(scope="session")
def team_stats(unique_rows: pd.DataFrame) -> pd.DataFrame:
    """The table TeamStats of the whole starter archive."""
    rows = build.team_stats_table(unique_rows)
    return tables.validated(tables.TeamStats, rows, Path("team_stats"))


@pytest.fixture(scope="session")
def features(matches: pd.DataFrame, team_stats: pd.DataFrame, params: Params) -> pd.DataFrame:
    """The feature table of the whole starter archive, as of the committed as_of."""
    assert params.as_of is not None
    return features_as_of(matches, team_stats, params, pd.Timestamp(params.as_of))


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
    return build_features(
        matches,
        team_stats,
        as_of,
        EloSettings(**params.features.elo.model_dump()),
        StrengthSettings(**params.features.strength.model_dump()),
        params.features.form_windows,
        params.features.longest_rest_days,
    )
