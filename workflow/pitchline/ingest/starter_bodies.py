"""Parse the starter archive's season bodies: bytes to rows."""

from typing import Annotated

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

SHOWN_PROBLEMS = 3
# A season runs from July to the August after it: the longest one ended in August 2020.
SEASON_STARTS, SEASON_ENDS = "-07-01", "-09-01"
DATE_LENGTH = len("2014-08-16")

Name = Annotated[str, Field(min_length=1)]
Goals = Annotated[int, Field(ge=-(2**31), lt=2**31)]


class _Body(BaseModel):
    """Types at their word; a key the model doesn't know is no fault."""

    model_config = ConfigDict(strict=True)


class StarterMatch(_Body):
    """One match of a season's body; ranges are the table's business."""

    kick_off: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}")]
    home: Name
    away: Name
    round: Goals | None = None
    home_goals: Goals | None = None
    away_goals: Goals | None = None
    home_xg: float | None = None
    away_xg: float | None = None


class StarterSeason(_Body):
    """A season's body."""

    competition: Name
    season: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    matches: list[StarterMatch]


def parse_season(body: bytes) -> pd.DataFrame:
    """Rows of one season's body, names as the source writes them.

    Columns: competition, season, round, kick_off (UTC), kick_off_known, home, away,
    home_goals, away_goals, home_xg, away_xg; a value the source lacks is null.

    Raises:
        ValueError: the body isn't JSON, a field is missing or of a wrong type, or a match lies
            outside its season; the text names the match and the field.
    """
    try:
        season = StarterSeason.model_validate_json(body)
    except ValidationError as error:
        raise ValueError(_explain(error)) from error
    matches = season.matches
    stamps = pd.Series([match.kick_off for match in matches], dtype="str")
    try:
        kick_off = pd.to_datetime(stamps, utc=True, format="ISO8601")
    except ValueError as error:
        raise ValueError(f"field `kick_off`: {error}") from error
    first_year = int(season.season[:4])
    outside = (kick_off < pd.Timestamp(f"{first_year}{SEASON_STARTS}", tz="UTC")) | (
        kick_off >= pd.Timestamp(f"{first_year + 1}{SEASON_ENDS}", tz="UTC")
    )
    if outside.any():
        number = int(outside.argmax())
        raise ValueError(
            f"match {number}: field `kick_off`: {stamps[number]} isn't in season {season.season}"
        )

    def column(name: str, dtype: str) -> pd.Series:
        return pd.Series([getattr(match, name) for match in matches], dtype=dtype)

    return pd.DataFrame(
        {
            "competition": pd.Series([season.competition] * len(matches), dtype="str"),
            "season": pd.Series([season.season] * len(matches), dtype="str"),
            "round": column("round", "Int64"),
            "kick_off": kick_off,
            "kick_off_known": (stamps.str.len() > DATE_LENGTH).astype("bool"),
            "home": column("home", "str"),
            "away": column("away", "str"),
            "home_goals": column("home_goals", "Int64"),
            "away_goals": column("away_goals", "Int64"),
            "home_xg": column("home_xg", "float64"),
            "away_xg": column("away_xg", "float64"),
        }
    )


def _explain(error: ValidationError) -> str:
    told = []
    for problem in error.errors()[:SHOWN_PROBLEMS]:
        location = problem["loc"]
        if not location:
            told.append(problem["msg"])
            continue
        where = f"match {location[1]}: " if location[0] == "matches" and len(location) > 1 else ""
        if problem["type"] == "missing" or problem["input"] in (None, ""):
            told.append(f"{where}field `{location[-1]}` is missing")
        else:
            told.append(f"{where}field `{location[-1]}`: {problem['msg']}")
    return "; ".join(told)
