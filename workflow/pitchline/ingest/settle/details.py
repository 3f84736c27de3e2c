"""Shots, events and line-ups: all of one match from the first source that has any."""

import numpy as np
import pandas as pd

from pitchline.ingest.groups import NONE, Flags, Numbers, firsts
from pitchline.ingest.settle.tellings import Tellings, row_of


def details_table(
    details: pd.DataFrame,
    told: Tellings,
    usable: Flags,
    matches: pd.DataFrame,
    number: Numbers,
) -> pd.DataFrame:
    """The rows of one body for each match, in the body's order.

    Args:
        details: the sources' shots, events or line-ups.
        told: all tellings.
        usable: the tellings whose details may be taken.
        matches: the table ``Matches``; the rows stand in its order.
        number: the number of each of its matches.

    Returns:
        The rows with ``match_id`` and ``team``.
    """
    telling = row_of(details, told)
    has_any = np.zeros(len(told.match), dtype=bool)
    has_any[telling[telling != NONE]] = True
    first = firsts(told.match, has_any & usable, told.size)
    place = np.full(told.size, NONE, dtype="int64")
    place[number] = np.arange(len(number))
    rows = np.flatnonzero(telling != NONE)
    of = told.match[telling[rows]]
    rows = rows[(first[of] == telling[rows]) & (place[of] != NONE)]
    at = place[told.match[telling[rows]]]
    order = np.argsort(at, kind="stable")
    rows, at = rows[order], at[order]
    found = details.take(rows).reset_index(drop=True)
    home, away = (matches[c].take(at).reset_index(drop=True) for c in ("home_team", "away_team"))
    return found.drop(columns=["match", "fetched_at"]).assign(
        match_id=matches["match_id"].take(at).reset_index(drop=True),
        team=home.where(found["is_home"], away),
    )
