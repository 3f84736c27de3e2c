"""Windows of the evaluation: which matches are the newest, and which seasons run or are over."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

# Where no fixture is known, a season is over so long after its last match: winter breaks are
# shorter, summer breaks longer.
BREAK = pd.Timedelta(days=45)


@dataclass(frozen=True)
class Seasons:
    """Seasons at a moment, a label a competition.

    Attributes:
        running: of competitions whose season has begun, or is the next to begin.
        last: the one before it; between seasons, the one that ended.
    """

    running: Mapping[str, str]
    last: Mapping[str, str]


def seasons_at(matches: pd.DataFrame, as_of: pd.Timestamp) -> Seasons:
    """Which season of each competition is running at a moment, and which was the last before it.

    The running season is that of the next fixture; where none is known, that of the last match,
    if it was no longer than 45 days ago. In summer it has no match yet, or there is none.

    Args:
        matches: competition, season and kick_off, those to come included.
        as_of: the moment, UTC.
    """
    running, last = {}, {}
    ordered = matches.sort_values(["kick_off", "season"], kind="stable")
    for competition, part in ordered.groupby("competition", sort=True):
        played = part[part["kick_off"] < as_of]
        to_come = part[part["kick_off"] >= as_of]
        current = None
        if len(to_come):
            current = to_come["season"].iloc[0]
        elif played["kick_off"].iloc[-1] >= as_of - BREAK:
            current = played["season"].iloc[-1]
        before = (
            played["season"] if current is None else played["season"][played["season"] < current]
        )
        if current is not None:
            running[str(competition)] = str(current)
        if len(before):
            last[str(competition)] = str(before.max())
    return Seasons(running, last)


def of_seasons(matches: pd.DataFrame, seasons: Mapping[str, str]) -> pd.Series:
    """Whether each match belongs to its competition's season of those given."""
    return matches["season"] == matches["competition"].map(dict(seasons))


def newest_days(kick_off: pd.Series, days: int) -> pd.Series:
    """Whether each match is on one of the last days (UTC) that have matches.

    Args:
        kick_off: moments, UTC.
        days: how many such days.
    """
    day = kick_off.dt.floor("D")
    first = day.drop_duplicates().sort_values().iloc[-days:].min()
    inside: pd.Series = day >= first
    return inside
