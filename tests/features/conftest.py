"""The settings, and the matches as the feature code sees them, in the order they became known."""

from typing import Any

import pandas as pd
import pytest

from pitchline.features.asof import as_known
from pitchline.features.build import with_xg
from pitchline.features.elo import EloSettings
from pitchline.features.strength import StrengthSettings
from pitchline.params import Params
from tests.conftest import features_as_of

LATE = pd.Timestamp("2026-11-24T00:00:00Z")
FIRST_DAY = pd.Timestamp("2020-01-01T15:00:00Z")

# home, away, home goals, away goals, season number
Result = tuple[str, str, int, int, int]


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def played_from(results: list[Result], **columns: Any) -> pd.DataFrame:
    """Played matches, one a day, in the order in which they became known."""
    kick_off = pd.Series(FIRST_DAY + pd.to_timedelta(range(len(results)), unit="D"))
    frame = pd.DataFrame(
        {
            "home_team": pd.Series([r[0] for r in results], dtype="str"),
            "away_team": pd.Series([r[1] for r in results], dtype="str"),
            "home_goals": pd.array([r[2] for r in results], dtype="Int64"),
            "away_goals": pd.array([r[3] for r in results], dtype="Int64"),
            "season_number": pd.Series([r[4] for r in results], dtype="int64"),
            "home_xg": pd.Series([None] * len(results), dtype="float64"),
            "away_xg": pd.Series([None] * len(results), dtype="float64"),
            "kick_off": kick_off,
            "known_at": kick_off + pd.Timedelta(hours=3),
        }
    )
    return frame.assign(**columns)


@pytest.fixture(scope="session")
def elo(params: Params) -> EloSettings:
    return EloSettings(**params.features.elo.model_dump())


@pytest.fixture(scope="session")
def strength(params: Params) -> StrengthSettings:
    return StrengthSettings(**params.features.strength.model_dump())


@pytest.fixture(scope="session")
def known(matches: pd.DataFrame, team_stats: pd.DataFrame) -> pd.DataFrame:
    """Every match of the archive with its xG and the number of its season."""
    seasons = sorted(matches["season"].unique())
    frame = with_xg(as_known(matches, LATE), team_stats)
    return frame.assign(season_number=frame["season"].map(seasons.index).astype("int64"))


@pytest.fixture(scope="session")
def played(known: pd.DataFrame) -> pd.DataFrame:
    """The same in the order in which the results became known."""
    return known.sort_values(["known_at", "match_id"], kind="stable").reset_index(drop=True)


@pytest.fixture(scope="session")
def full(matches: pd.DataFrame, team_stats: pd.DataFrame, params: Params) -> pd.DataFrame:
    """The features of the whole archive with every result known."""
    return features_as_of(matches, team_stats, params, LATE)
