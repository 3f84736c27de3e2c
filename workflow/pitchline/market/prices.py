"""One price a match: the bookmaker preferred, its odds as probabilities."""

from collections.abc import Sequence

import pandas as pd

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
    rank = {bookmaker: number for number, bookmaker in enumerate(bookmakers)}
    offered = (odds["moment"] == moment) & odds["bookmaker"].isin(rank)
    priced = odds[offered & (odds[list(OUTCOMES)] > 1).all(axis=1)]
    order = priced.assign(rank=priced["bookmaker"].map(rank).astype("int64"))
    order = order.sort_values(["match_id", "rank"], kind="stable")
    chosen = order.drop_duplicates("match_id")[COLUMNS].reset_index(drop=True)
    chosen[list(OUTCOMES)] = power(chosen[list(OUTCOMES)].to_numpy())
    return chosen
