"""The market's probabilities as features."""

from collections.abc import Sequence

import pandas as pd

from pitchline.market.prices import OUTCOMES, market_probabilities

MOMENTS = ("opening", "closing")
COLUMNS = tuple(f"{moment}_{outcome}" for moment in MOMENTS for outcome in OUTCOMES)


def market_columns(
    match_ids: pd.Series, odds: pd.DataFrame, bookmakers: Sequence[str]
) -> pd.DataFrame:
    """Probabilities of H, D and A, without the margin, at both moments.

    Args:
        match_ids: the matches.
        odds: the table ``Odds``.
        bookmakers: their codes, the most preferred first.

    Returns:
        The columns on the matches' index, null where no bookmaker priced the match.
    """
    columns = {}
    for moment in MOMENTS:
        prices = market_probabilities(odds, moment, bookmakers)
        place = pd.Index(prices["match_id"]).get_indexer(pd.Index(match_ids))
        for outcome in OUTCOMES:
            values = prices[outcome].to_numpy(dtype="float64")
            columns[f"{moment}_{outcome}"] = (
                pd.Series(values, dtype="float64").reindex(place).set_axis(match_ids.index)
            )
    return pd.DataFrame(columns, index=match_ids.index)
