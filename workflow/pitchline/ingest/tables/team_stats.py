"""Team statistics: what each team did in a match."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables.base import SHA256_PATTERN, SLUG_PATTERN, Table, column


class TeamStats(Table):
    """Two rows a finished match: what each team did in it, extra time included."""

    match_id: Series[str] = column("the match, as in matches")
    team: Series[str] = column("the team", str_matches=SLUG_PATTERN)
    is_home: Series[bool] = column("whether the team played at home")
    xg: Series[float] = column(
        "expected goals as the source prints them; null where it has none",
        "goals",
        ge=0,
        le=15,
        nullable=True,
    )
    xg_on_target: Series[float] = column(
        "expected goals after the shot (xGOT)", "goals", ge=0, le=15, nullable=True
    )
    xg_shots: Series[float] = column(
        "expected goals summed over the shots; own goals and shoot-out left out",
        "goals",
        ge=0,
        le=15,
        nullable=True,
    )
    shots: Series[pd.Int64Dtype] = column("shots", "shots", ge=0, le=100, nullable=True)
    shots_on_target: Series[pd.Int64Dtype] = column(
        "shots on target", "shots", ge=0, le=60, nullable=True
    )
    shots_inside_box: Series[pd.Int64Dtype] = column(
        "shots from inside the box", "shots", ge=0, le=100, nullable=True
    )
    big_chances: Series[pd.Int64Dtype] = column(
        "big chances", "chances", ge=0, le=40, nullable=True
    )
    possession: Series[float] = column("share of the ball", "percent", ge=0, le=100, nullable=True)
    passes: Series[pd.Int64Dtype] = column("passes", "passes", ge=0, le=2000, nullable=True)
    accurate_passes: Series[pd.Int64Dtype] = column(
        "passes that arrived", "passes", ge=0, le=2000, nullable=True
    )
    touches_in_opposition_box: Series[pd.Int64Dtype] = column(
        "touches in the opposition's box", "touches", ge=0, le=300, nullable=True
    )
    crosses: Series[pd.Int64Dtype] = column("crosses", "crosses", ge=0, le=150, nullable=True)
    corners: Series[pd.Int64Dtype] = column("corners", "corners", ge=0, le=60, nullable=True)
    fouls: Series[pd.Int64Dtype] = column("fouls committed", "fouls", ge=0, le=80, nullable=True)
    offsides: Series[pd.Int64Dtype] = column("offsides", "offsides", ge=0, le=40, nullable=True)
    tackles: Series[pd.Int64Dtype] = column("tackles", "tackles", ge=0, le=150, nullable=True)
    interceptions: Series[pd.Int64Dtype] = column(
        "interceptions", "interceptions", ge=0, le=150, nullable=True
    )
    clearances: Series[pd.Int64Dtype] = column(
        "clearances", "clearances", ge=0, le=200, nullable=True
    )
    saves: Series[pd.Int64Dtype] = column(
        "saves of the goalkeeper", "saves", ge=0, le=60, nullable=True
    )
    yellow_cards: Series[pd.Int64Dtype] = column(
        "yellow cards", "cards", ge=0, le=20, nullable=True
    )
    red_cards: Series[pd.Int64Dtype] = column("red cards", "cards", ge=0, le=11, nullable=True)
    source: Series[str] = column(
        "first source of the row; null where none tells anything", nullable=True
    )
    snapshot: Series[str] = column(
        "SHA-256 of the raw body of that source", str_matches=SHA256_PATTERN, nullable=True
    )

    @pa.dataframe_check(error="more than one row for the same match and team")
    @classmethod
    def one_row_a_team(cls, frame: pd.DataFrame) -> pd.Series:
        """A match and team name one row."""
        return ~frame.duplicated(["match_id", "team"])
