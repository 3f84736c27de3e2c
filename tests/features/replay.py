"""An independent way through time: at each kick-off, only results known by then were learnt."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

Match = Any


def replay(known: pd.DataFrame, learn: Callable[[Match], None]) -> Iterator[Match]:
    """Each match at its kick-off, after ``learn`` was called with every result known by then."""
    by_kick_off = list(known.sort_values("kick_off", kind="stable").itertuples())
    waiting = sorted(by_kick_off, key=lambda m: (m.known_at, m.match_id), reverse=True)
    for match in by_kick_off:
        while waiting and waiting[-1].known_at <= match.kick_off:
            learn(waiting.pop())
        yield match


def teams_of_seasons(known: pd.DataFrame) -> list[set[str]]:
    """The teams of each season, first season first."""
    return [
        {*season["home_team"], *season["away_team"]}
        for _, season in known.groupby("season_number", sort=True)
    ]
