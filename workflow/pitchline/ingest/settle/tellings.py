"""What each source tells of each match, in the order in which it is believed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pitchline.ingest.groups import Flags, Numbers, codes, places, size_of
from pitchline.ingest.identity.meetings import order_told, precedence
from pitchline.ingest.tables.matches import WITHOUT_RESULT

# A source that has the result is believed before one that still waits for it.
FINISHED, OPEN, POSTPONED, VOID = range(4)
ORIGIN = ("source", "snapshot", "match")


@dataclass(frozen=True)
class Tellings:
    """Rows of matches, ordered by match, then as they are believed.

    Attributes:
        rows: the rows; a match and a source name one of them, unless it is ``all_rows``.
        match: number of each row's match, ascending.
        state: ``FINISHED``, ``OPEN``, ``POSTPONED`` or ``VOID``.
        rank: place of the row's source in the order of precedence.
        telling: when its body was fetched, as an order.
        size: how many matches there are.
    """

    rows: pd.DataFrame
    match: Numbers
    state: Numbers
    rank: Numbers
    telling: Numbers
    size: int

    @property
    def is_finished(self) -> Flags:
        """Rows that tell a result that counts."""
        flags: Flags = self.state == FINISHED
        return flags

    @property
    def is_void(self) -> Flags:
        """Rows that tell of a match called off for good."""
        flags: Flags = self.state == VOID
        return flags

    def of_sources(self) -> "Tellings":
        """Only the rows that count: one a match and source."""
        counts = self.rows["counts"].to_numpy()
        return Tellings(
            self.rows[counts].reset_index(drop=True),
            self.match[counts],
            self.state[counts],
            self.rank[counts],
            self.telling[counts],
            self.size,
        )


def tellings(rows: pd.DataFrame, sources: Sequence[str]) -> Tellings:
    """All rows with a match, in the order in which they are believed.

    Within a match: a result first, then what is open, put off, called off; then by the
    precedence of the sources; then the newest of a source first.

    Args:
        rows: with ``match_id`` and ``counts``.
        sources: in order of precedence.
    """
    match = codes(rows["match_id"])
    state, rank, told = (
        state_of(rows["status"]),
        precedence(rows["source"], sources),
        order_told(rows),
    )
    counts = rows["counts"].to_numpy()
    order = np.lexsort((rows["line"].to_numpy(dtype="int64"), ~counts, -told, rank, state, match))
    return Tellings(
        rows.take(order).reset_index(drop=True),
        match[order],
        state[order],
        rank[order],
        told[order],
        size_of(match),
    )


def state_of(status: pd.Series) -> Numbers:
    """How far along a match is by its status."""
    kinds, values = pd.factorize(status)
    states = {"finished": FINISHED, "postponed": POSTPONED} | dict.fromkeys(WITHOUT_RESULT, VOID)
    return np.array([states.get(value, OPEN) for value in values], dtype="int64")[kinds]


def row_of(details: pd.DataFrame, told: Tellings) -> Numbers:
    """The telling each row of a details table belongs to: of the same body and match.

    Returns:
        Its position in ``told.rows``, or ``NONE``.
    """
    return places(details, told.rows, list(ORIGIN))
