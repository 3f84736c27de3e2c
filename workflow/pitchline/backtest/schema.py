"""The table of forecasts of past seasons."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables import RESULTS, SEASON_PATTERN, SLUG_PATTERN, Table, UtcTime, column

FITTED = ("model", "elo", "base", "dixon_coles")
MARKET = ("market_opening", "market_closing")
FORECASTERS = (*FITTED, *MARKET)
OUTCOMES = ("home", "draw", "away")
PROBABILITY_SUM_TOLERANCE = 2e-6
MADE_WITH_PATTERN = r"^([0-9a-f]{12}|\S+ (opening|closing))$"


class BacktestForecasts(Table):
    """One forecast of a match of the past by one forecaster, made before its kick-off.

    ``model`` is the 1X2 model, ``elo`` the Elo baseline, ``base`` the base rates,
    ``dixon_coles`` the model of Dixon and Coles, ``market_`` the odds of a bookmaker without
    their margin.
    """

    match_id: Series[str] = column("the match, as in matches")
    competition: Series[str] = column("competition", str_matches=SLUG_PATTERN)
    season: Series[str] = column("season", str_matches=SEASON_PATTERN)
    round: Series[pd.Int64Dtype] = column(
        "round, as in matches", "ordinal", ge=1, le=60, nullable=True
    )
    kick_off: Series[UtcTime] = column("kick-off, UTC")
    home_team: Series[str] = column("home team", str_matches=SLUG_PATTERN)
    away_team: Series[str] = column("away team", str_matches=SLUG_PATTERN)
    result: Series[str] = column("H, D or A", isin=RESULTS)
    forecaster: Series[str] = column("who forecast", isin=FORECASTERS)
    home: Series[float] = column("probability of H", "probability", ge=0, le=1)
    draw: Series[float] = column("probability of D", "probability", ge=0, le=1)
    away: Series[float] = column("probability of A", "probability", ge=0, le=1)
    fitted_at: Series[UtcTime] = column(
        "moment of the fit, UTC; null for the market", nullable=True
    )
    trained_until: Series[UtcTime] = column(
        "when the newest result the fit learned from was known, UTC; null for the market",
        nullable=True,
    )
    trained_matches: Series[pd.Int64Dtype] = column(
        "matches the fit learned from; null for the market", "matches", ge=1, nullable=True
    )
    made_with: Series[str] = column(
        "digest of the forecaster's settings, features and parameters; for the market the "
        "bookmaker and the moment of its odds",
        str_matches=MADE_WITH_PATTERN,
    )

    @pa.dataframe_check(error="more than one row for the same match and forecaster")
    @classmethod
    def one_row_a_forecast(cls, frame: pd.DataFrame) -> pd.Series:
        """A match and a forecaster name one row."""
        return ~frame.duplicated(["match_id", "forecaster"])

    @pa.dataframe_check(error="fitted_at lies after kick_off")
    @classmethod
    def fitted_before_kick_off(cls, frame: pd.DataFrame) -> pd.Series:
        """No forecast is from a fit made after the kick-off."""
        return frame["fitted_at"].isna() | (frame["fitted_at"] <= frame["kick_off"])

    @pa.dataframe_check(error="trained_until lies after fitted_at")
    @classmethod
    def known_when_fitted(cls, frame: pd.DataFrame) -> pd.Series:
        """No fit knows a result from after its moment."""
        return frame["trained_until"].isna() | (frame["trained_until"] <= frame["fitted_at"])

    @pa.dataframe_check(
        error="fitted_at, trained_until and trained_matches don't fit the forecaster"
    )
    @classmethod
    def fits_are_told(cls, frame: pd.DataFrame) -> pd.Series:
        """A fitted forecaster tells its fit; the market has none."""
        told = frame[["fitted_at", "trained_until", "trained_matches"]].notna()
        fitted = frame["forecaster"].isin(FITTED)
        return (told.all(axis=1) & fitted) | (~told.any(axis=1) & ~fitted)

    @pa.dataframe_check(error="the probabilities don't sum to 1")
    @classmethod
    def probabilities_sum_to_one(cls, frame: pd.DataFrame) -> pd.Series:
        """The three probabilities sum to 1."""
        return (frame[list(OUTCOMES)].sum(axis=1) - 1).abs() <= PROBABILITY_SUM_TOLERANCE
