"""Odds: what bookmakers paid for each result."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables.base import SHA256_PATTERN, Table, column

MOMENTS = ("opening", "closing")


class Odds(Table):
    """1X2 decimal odds of one bookmaker for one match at one moment."""

    match_id: Series[str] = column("the match, as in matches")
    bookmaker: Series[str] = column("the source's code of the bookmaker; Avg and Max of several")
    moment: Series[str] = column("opening (or simply before the match) or closing", isin=MOMENTS)
    home: Series[float] = column("odds of a home win", "payout per stake", ge=1, le=10_000)
    draw: Series[float] = column("odds of a draw", "payout per stake", ge=1, le=10_000)
    away: Series[float] = column("odds of an away win", "payout per stake", ge=1, le=10_000)
    source: Series[str] = column("the source")
    snapshot: Series[str] = column(
        "SHA-256 of the raw body the row came from", str_matches=SHA256_PATTERN
    )

    @pa.dataframe_check(error="more than one row for the same match, bookmaker and moment")
    @classmethod
    def one_row_a_price(cls, frame: pd.DataFrame) -> pd.Series:
        """A match, a bookmaker and a moment name one row."""
        return ~frame.duplicated(["match_id", "bookmaker", "moment"])
