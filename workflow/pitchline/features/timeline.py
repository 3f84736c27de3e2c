"""The order of events: the one place where features meet the clock.

Two things happen with a match: it kicks off, which is when its row is read, and its result becomes
known, which is when ratings move. All of both, in order of time, are the timeline; whatever is
computed along it holds nothing that came later.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Timeline:
    """Kick-offs and results in the order of time.

    At the same moment results come before kick-offs; within each, matches in the order of the
    table.

    Attributes:
        is_result: whether the event is a result, shape (events,).
        match: row of the match, shape (events,).
        moment: when it happens, milliseconds since 1970, shape (events,).
    """

    is_result: np.ndarray
    match: np.ndarray
    moment: np.ndarray

    def __len__(self) -> int:
        """Number of events."""
        return len(self.match)


def in_order(matches: "pd.DataFrame") -> "pd.DataFrame":
    """The matches by kick-off, those of one moment by match_id."""
    return matches.sort_values(["kick_off", "match_id"], kind="stable").reset_index(drop=True)


def as_known(matches: "pd.DataFrame", as_of: "pd.Timestamp") -> "pd.DataFrame":
    """The matches as they were known at ``as_of``: later results become null.

    Args:
        matches: the table ``Matches``.
        as_of: the moment, UTC.
    """
    later = matches["known_at"] > as_of
    return matches.assign(
        **{column: matches[column].mask(later) for column in ("home_goals", "away_goals", "result")}
    )


def told_by(
    rows: "pd.DataFrame", matches: "pd.DataFrame", moment: "pd.Timestamp"
) -> "pd.DataFrame":
    """The rows of matches that kicked off by a moment.

    Prices and line-ups carry no time of their own. Where the tables hold more than was known at
    ``as_of``, those of later matches may be from after it, and are left out.

    Args:
        rows: with match_id.
        matches: the table ``Matches``.
        moment: UTC.
    """
    begun = matches.loc[matches["kick_off"] <= moment, "match_id"]
    return rows[rows["match_id"].isin(begun)].reset_index(drop=True)


def timeline(matches: "pd.DataFrame") -> Timeline:
    """All events of the matches.

    Args:
        matches: kick_off, known_at and result (null if not known), as ``in_order`` leaves them.
    """
    rows = np.arange(len(matches))
    played = matches["result"].notna().to_numpy()
    moment = np.concatenate(
        [milliseconds(matches["known_at"])[played], milliseconds(matches["kick_off"])]
    )
    is_result = np.concatenate([np.ones(played.sum(), dtype=bool), np.zeros(len(rows), dtype=bool)])
    match = np.concatenate([rows[played], rows])
    order = np.lexsort((match, ~is_result, moment))
    return Timeline(is_result[order], match[order], moment[order])


def milliseconds(moments: "pd.Series") -> np.ndarray:
    """Moments as milliseconds since 1970."""
    return np.asarray(moments.dt.as_unit("ms").astype("int64"))
