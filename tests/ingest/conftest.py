"""Rows and tables to break on purpose."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from pitchline.collect import registry
from pitchline.collect.archive import Snapshot
from pitchline.collect.rows import MatchRow, Parsed, Unreadable
from tests.bodies import as_snapshot

# Puts bodies of a source of the test's own into snapshots, whose parser gives these rows back.
Telling = Callable[[Sequence[Parsed | Unreadable]], list[Snapshot]]


def match_row(**fields: Any) -> MatchRow:
    """A match with a result, as a source of the test's own tells it."""
    row = MatchRow(
        match="1",
        competition="eng-premier-league",
        season="2025-26",
        kick_off=datetime(2025, 8, 15, 19, tzinfo=UTC),
        kick_off_known=True,
        home="Liverpool",
        away="Bournemouth",
        status="finished",
        home_goals=4,
        away_goals=2,
    )
    return row._replace(**fields)


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch) -> Telling:
    """Snapshots of bodies that say just what a test wants."""
    told: dict[bytes, Parsed | Unreadable] = {}

    def parse(snapshot: Snapshot) -> Parsed:
        found = told[snapshot.body]
        if isinstance(found, Unreadable):
            raise found
        return found

    def tell(bodies: Sequence[Parsed | Unreadable]) -> list[Snapshot]:
        snapshots = []
        for body in bodies:
            number = len(told)
            told[str(number).encode()] = body
            snapshots.append(as_snapshot(str(number).encode(), key=str(number)))
        return snapshots

    monkeypatch.setattr(registry, "parse", parse)
    return tell


@pytest.fixture
def few(matches: pd.DataFrame) -> pd.DataFrame:
    """Ten real rows of the table Matches, free to change."""
    return matches.tail(10).reset_index(drop=True).copy()


@pytest.fixture
def few_stats(team_stats: pd.DataFrame) -> pd.DataFrame:
    """Six real rows of the table TeamStats, free to change."""
    return team_stats.tail(6).reset_index(drop=True).copy()
