"""The market's probabilities as features."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pitchline.features.encode import rows_of
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
        place = rows_of(prices["match_id"], match_ids)
        told = place >= 0
        for outcome in OUTCOMES:
            values = np.full(len(match_ids), np.nan)
            values[place[told]] = prices[outcome].to_numpy(dtype=np.float64)[told]
            columns[f"{moment}_{outcome}"] = values
    return pd.DataFrame(columns, index=match_ids.index)
