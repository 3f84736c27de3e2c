"""Parse the starter archive's season bodies: bytes to rows."""

import json
from typing import Any

import pandas as pd

REQUIRED = ("kick_off", "home", "away")
DATE_LENGTH = len("2014-08-16")


def parse_season(body: bytes) -> pd.DataFrame:
    """Rows of one season's body, names as the source writes them.

    Columns: competition, season, round, kick_off (UTC), kick_off_known, home, away,
    home_goals, away_goals, home_xg, away_xg; a value the source lacks is null.

    Raises:
        ValueError: the body isn't JSON, or a match lacks a required field; the text says which.
    """
    season = json.loads(body)
    for field in ("competition", "season", "matches"):
        if field not in season:
            raise ValueError(f"field `{field}` is missing")
    rows: list[dict[str, Any]] = season["matches"]
    for number, row in enumerate(rows):
        missing = [field for field in REQUIRED if row.get(field) in (None, "")]
        if missing:
            raise ValueError(f"match {number}: field `{missing[0]}` is missing")
    stamps = [row["kick_off"] for row in rows]
    try:
        kick_off = pd.to_datetime(pd.Series(stamps, dtype="str"), utc=True, format="ISO8601")
    except ValueError as error:
        raise ValueError(f"field `kick_off`: {error}") from error
    return pd.DataFrame(
        {
            "competition": season["competition"],
            "season": season["season"],
            "round": pd.array([row.get("round") for row in rows], dtype="Int64"),
            "kick_off": kick_off,
            "kick_off_known": [len(stamp) > DATE_LENGTH for stamp in stamps],
            "home": [row["home"] for row in rows],
            "away": [row["away"] for row in rows],
            "home_goals": pd.array([row.get("home_goals") for row in rows], dtype="Int64"),
            "away_goals": pd.array([row.get("away_goals") for row in rows], dtype="Int64"),
            "home_xg": pd.array([row.get("home_xg") for row in rows], dtype="float64"),
            "away_xg": pd.array([row.get("away_xg") for row in rows], dtype="float64"),
        }
    )
