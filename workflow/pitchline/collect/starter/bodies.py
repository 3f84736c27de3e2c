"""Parse the starter archive's season bodies: bytes to rows."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pitchline.collect.rows import MatchRow, Parsed, TeamStatRow, Unreadable
from pitchline.collect.seasons import lies_in_season

SHOWN_PROBLEMS = 3
KIND = "season"
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


def parse(kind: str, body: bytes) -> Parsed:
    """Rows of one season's body, names as the source writes them.

    Raises:
        Unreadable: the body isn't JSON, a field is missing or of a wrong type, or a match lies
            outside its season; the text names the match and the field.
    """
    if kind != KIND:
        raise Unreadable(f"no parser for source starter, kind {kind}")
    try:
        season = StarterSeason.model_validate_json(body)
    except ValidationError as error:
        raise Unreadable(_explain(error)) from error
    parsed = Parsed()
    for line, match in enumerate(season.matches):
        row = _row(season, match, line)
        parsed.matches.append(row)
        for is_home, xg in ((True, match.home_xg), (False, match.away_xg)):
            parsed.team_stats.append(TeamStatRow(match=row.match, is_home=is_home, xg=xg))
    return parsed


def _row(season: StarterSeason, match: StarterMatch, line: int) -> MatchRow:
    try:
        kick_off = datetime.fromisoformat(match.kick_off)
        if kick_off.tzinfo is None:
            kick_off = kick_off.replace(tzinfo=UTC)
        kick_off = kick_off.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"match {line}: field `kick_off`: {error}") from error
    if not lies_in_season(kick_off, season.season):
        raise Unreadable(
            f"match {line}: field `kick_off`: {match.kick_off} isn't in season {season.season}"
        )
    is_played = match.home_goals is not None and match.away_goals is not None
    return MatchRow(
        match=f"{match.kick_off[:DATE_LENGTH]} {match.home} {match.away}",
        competition=season.competition,
        season=season.season,
        kick_off=kick_off,
        kick_off_known=len(match.kick_off) > DATE_LENGTH,
        home=match.home,
        away=match.away,
        status="finished" if is_played else "scheduled",
        home_goals=match.home_goals,
        away_goals=match.away_goals,
        round=None if match.round is None else str(match.round),
        line=line,
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
