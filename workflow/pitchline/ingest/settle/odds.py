"""Odds: each bookmaker's price at each moment from the first source that tells it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pitchline.ingest.groups import NONE, Flags, Numbers, codes
from pitchline.ingest.settle.tellings import Tellings, row_of
from pitchline.ingest.tables.odds import MOMENTS

PRICES = ("home", "draw", "away")
DECIMALS = 6


@dataclass(frozen=True)
class Prices:
    """The sources' prices of the matches, as they are believed.

    Attributes:
        odds: the sources' rows, ordered by match, bookmaker and moment, then as believed.
        price: number of match, bookmaker and moment, ascending.
        telling: position of each row's telling.
        first: whether the row is the one taken.
    """

    odds: pd.DataFrame
    price: Numbers
    telling: Numbers
    first: Flags


def prices(odds: pd.DataFrame, told: Tellings, number: Numbers) -> Prices:
    """The prices of some matches, in their order.

    Args:
        odds: the sources' rows.
        told: all tellings.
        number: the numbers of the matches, in the order of the table ``Matches``.
    """
    telling = row_of(odds, told)
    place = np.full(told.size, NONE, dtype="int64")
    place[number] = np.arange(len(number))
    rows = np.flatnonzero(telling != NONE)
    at = place[told.match[telling[rows]]]
    rows, at = rows[at != NONE], at[at != NONE]
    bookmaker, names = pd.factorize(odds["bookmaker"].take(rows), sort=True)
    moment = (odds["moment"].take(rows) != MOMENTS[0]).to_numpy(dtype="int64")
    price = (at * max(len(names), 1) + bookmaker) * len(MOMENTS) + moment
    # Of several rows of one body, the last counts.
    order = np.lexsort((-rows, telling[rows], price))
    rows, price = rows[order], price[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = price[1:] != price[:-1]
    return Prices(
        odds.take(rows).reset_index(drop=True), codes(pd.Series(price)), telling[rows], first
    )


def odds_table(found: Prices, told: Tellings) -> pd.DataFrame:
    """Rows of the table ``Odds``, ordered by match, bookmaker, opening before closing."""
    rows = np.flatnonzero(found.first)
    table = found.odds.take(rows).drop(columns=["match", "fetched_at"]).reset_index(drop=True)
    ids = told.rows["match_id"].take(found.telling[rows]).reset_index(drop=True)
    return table.assign(match_id=ids, **{name: table[name].round(DECIMALS) for name in PRICES})
