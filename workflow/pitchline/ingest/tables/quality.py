"""Quality: what the rules checked, and what they found."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables.base import (
    SEASON_PATTERN,
    SHA256_PATTERN,
    SLUG_PATTERN,
    Table,
    UtcTime,
    column,
)

RULE_PATTERN = r"^[a-z][a-z0-9_]*$"


class Checks(Table):
    """How many things one rule checked of one source, competition, season and day."""

    rule: Series[str] = column("the rule", str_matches=RULE_PATTERN)
    source: Series[str] = column(
        "the source checked; null where the settled tables were", nullable=True
    )
    competition: Series[str] = column(
        "competition; null where a body tells none", str_matches=SLUG_PATTERN, nullable=True
    )
    season: Series[str] = column("season", str_matches=SEASON_PATTERN, nullable=True)
    day: Series[UtcTime] = column(
        "day of the match, or, for what belongs to no match, of the fetch; its first moment in UTC"
    )
    checked: Series[pd.Int64Dtype] = column("things checked", "things", ge=1)
    bad: Series[float] = column("how many of them were at fault", "things", ge=0)

    @pa.dataframe_check(error="more at fault than were checked")
    @classmethod
    def bad_within_checked(cls, frame: pd.DataFrame) -> pd.Series:
        """No more are at fault than were checked."""
        return frame["bad"] <= frame["checked"]


class Findings(Table):
    """One thing at fault, with its evidence."""

    rule: Series[str] = column("the rule that found it", str_matches=RULE_PATTERN)
    source: Series[str] = column("the source at fault, where there is one", nullable=True)
    competition: Series[str] = column("competition", str_matches=SLUG_PATTERN, nullable=True)
    season: Series[str] = column("season", str_matches=SEASON_PATTERN, nullable=True)
    day: Series[UtcTime] = column("day, as in checks")
    match_id: Series[str] = column("the match, where it is about one", nullable=True)
    bad: Series[float] = column("how much of a thing is at fault", "things", gt=0, le=1)
    message: Series[str] = column("what is wrong, with the values")
    snapshot: Series[str] = column(
        "SHA-256 of the raw body at fault, where there is one",
        str_matches=SHA256_PATTERN,
        nullable=True,
    )
