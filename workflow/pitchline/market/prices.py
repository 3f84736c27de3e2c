"""One price a match: the bookmaker preferred, its odds as probabilities."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pitchline.market.implied import power

OUTCOMES = ("home", "draw", "away")
COLUMNS = ["match_id", "bookmaker", *OUTCOMES]


def market_probabilities(
    odds: pd.DataFrame, moment: str, bookmakers: Sequence[str]
) -> pd.DataFrame:
    """The market's probabilities of each match, from the first bookmaker that priced it.

    The margin is taken out by ``implied.power``. A price with odds of 1 counts as none: nothing
    can be won on it, and no probability follows from it.

    Args:
        odds: the table ``Odds``.
        moment: ``opening`` or ``closing``.
        bookmakers: the codes of the table, the most preferred first; others are passed over.

    Returns:
        match_id, bookmaker, home, draw, away (probabilities, sum 1), a row a match, ordered by
        match_id; matches that none of the bookmakers priced are left out.
    """
    known = pa.array(list(bookmakers), pa.string())
    found = pc.index_in(pa.array(odds["bookmaker"], pa.string()), value_set=known)
    ranks = found.fill_null(-1).to_numpy(zero_copy_only=False)
    prices = np.column_stack([odds[outcome].to_numpy(dtype=np.float64) for outcome in OUTCOMES])
    offered = (odds["moment"] == moment).to_numpy() & (ranks >= 0) & (prices > 1).all(axis=1)
    places = np.flatnonzero(offered)
    match, _ = pd.factorize(odds["match_id"].iloc[places], sort=True)
    order = np.lexsort((ranks[places], match))
    first = places[order[np.unique(match[order], return_index=True)[1]]]
    chosen = odds.iloc[first][COLUMNS].reset_index(drop=True)
    chosen[list(OUTCOMES)] = power(prices[first])
    return chosen
