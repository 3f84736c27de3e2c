"""The table of issued forecasts."""

from typing import Annotated, Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

UtcTime = Annotated[pd.DatetimeTZDtype, "ms", "UTC"]
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SUM_TOLERANCE = 2e-6


def column(meaning: str, unit: str | None = None, **checks: Any) -> Any:
    """A column: what it means, its unit, and what values it may hold."""
    return pa.Field(description=meaning, metadata={"unit": unit}, **checks)


class IssuedForecasts(pa.DataFrameModel):
    """One row a forecast, as it was issued; appended only.

    Where champion and challenger both forecast for one request, it has two rows a match.
    """

    forecast_id: Series[str] = column("the forecast's own id", unique=True)
    request_id: Series[str] = column("the request's id; null for the pipeline's", nullable=True)
    issued_at: Series[UtcTime] = column("when it was issued, by the wall's clock, UTC")
    via: Series[str] = column("who asked for it", isin=("api", "pipeline"))
    mode: Series[str] = column(
        "what the challenger did: nothing, answer its share, or forecast unseen",
        isin=("champion", "split", "shadow"),
    )
    role: Series[str] = column("the model's role then", isin=("champion", "challenger"))
    served: Series[bool] = column("whether the caller saw this forecast")
    model: Series[str] = column("the model's version", str_matches="^[0-9a-f]{12}$")
    match_id: Series[str] = column("the match, as in matches; null if in no table", nullable=True)
    competition: Series[str] = column("competition", str_matches=SLUG, nullable=True)
    season: Series[str] = column("season", str_matches=r"^\d{4}(-\d{2})?$", nullable=True)
    home_team: Series[str] = column("home team", str_matches=SLUG, nullable=True)
    away_team: Series[str] = column("away team", str_matches=SLUG, nullable=True)
    kick_off: Series[UtcTime] = column("kick-off as known then, UTC", nullable=True)
    probability_home: Series[float] = column("probability of H", "probability", ge=0, le=1)
    probability_draw: Series[float] = column("probability of D", "probability", ge=0, le=1)
    probability_away: Series[float] = column("probability of A", "probability", ge=0, le=1)
    as_of: Series[UtcTime] = column(
        "results up to here were known to the model or its features, UTC"
    )

    class Config:
        """Pandera's settings."""

        strict = True
        ordered = True
        coerce = True

    @pa.dataframe_check(error="the probabilities don't sum to 1")
    @classmethod
    def probabilities_sum_to_one(cls, frame: pd.DataFrame) -> pd.Series:
        """The three probabilities sum to 1."""
        total = frame["probability_home"] + frame["probability_draw"] + frame["probability_away"]
        return (total - 1).abs() <= SUM_TOLERANCE
