"""Small bodies and tables to break on purpose."""

import copy
import json
from typing import Any

import pandas as pd
import pytest

from pitchline.collect.archive import Snapshot

Season = dict[str, Any]


def as_body(season: Any) -> bytes:
    return json.dumps(season).encode()


def as_snapshot(
    body: bytes, key: str = "one", fetched_at: str = "2026-06-01T00:00:00Z", kind: str = "season"
) -> Snapshot:
    return Snapshot("starter", kind, key, "file:x", fetched_at, 200, None, body)


def changed(season: Season, number: int, **fields: Any) -> Season:
    """The season with some fields of one match changed."""
    other = copy.deepcopy(season)
    other["matches"][number] |= fields
    return other


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


@pytest.fixture
def few(matches: pd.DataFrame) -> pd.DataFrame:
    """Ten real rows of the table Matches, free to change."""
    return matches.tail(10).reset_index(drop=True).copy()


@pytest.fixture
def few_stats(team_stats: pd.DataFrame) -> pd.DataFrame:
    """Six real rows of the table TeamStats, free to change."""
    return team_stats.tail(6).reset_index(drop=True).copy()
