"""football-data.org v4: every match of a competition's season in one answer, with a token.

``{"competition": {"code"}, "matches": [{"id", "utcDate", "status", "season": {"startDate",
"endDate"}, "homeTeam": {"id", "name"}, "awayTeam", "score": {"duration", "fullTime", "halfTime",
"regularTime"?, "extraTime"?, "penalties"?}, ...}]}``. ``fullTime`` counts everything, the
shoot-out too; ``extraTime`` and ``penalties`` count what was scored in them alone.

Format: https://docs.football-data.org/general/v4/match.html and overtime.html
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from pathlib import PurePath
from typing import Annotated, NamedTuple

import msgspec

from pitchline.collect.classify import data_answer
from pitchline.collect.rows import (
    Decided,
    MatchRow,
    MatchStatus,
    Parsed,
    Unreadable,
    unknown_keys,
)
from pitchline.collect.seasons import lies_in_season
from pitchline.collect.source import Answer, Ask, Outcome, Plan

STATUSES: dict[str, MatchStatus] = {
    "SCHEDULED": "scheduled",
    "TIMED": "scheduled",
    "LIVE": "live",
    "IN_PLAY": "live",
    "PAUSED": "live",
    "EXTRA_TIME": "live",
    "PENALTY_SHOOTOUT": "live",
    "FINISHED": "finished",
    "SUSPENDED": "abandoned",
    "POSTPONED": "postponed",
    "CANCELLED": "cancelled",
    "AWARDED": "awarded",
}
DURATIONS: dict[str, Decided] = {
    "REGULAR": "regular time",
    "EXTRA_TIME": "extra time",
    "PENALTY_SHOOTOUT": "penalties",
}
# The competitions whose seasons lie within one year.
ONE_YEAR = frozenset({"BSA", "EC", "WC"})

# Every key of the documented shapes; several come with a paid plan only.
KNOWN = {
    "": {"filters", "resultSet", "competition", "matches"},
    "matches": {
        "area", "attendance", "awayTeam", "bookings", "competition", "goals", "group", "homeTeam",
        "id", "injuryTime", "lastUpdated", "matchday", "minute", "odds", "penalties", "referees",
        "score", "season", "stage", "status", "substitutions", "utcDate", "venue",
    },
    "matches.season": {"id", "startDate", "endDate", "currentMatchday", "winner", "stages"},
    "matches.score": {
        "winner", "duration", "fullTime", "halfTime", "regularTime", "extraTime", "penalties",
    },
    "matches.homeTeam": {
        "id", "name", "shortName", "tla", "crest", "coach", "leagueRank", "formation", "lineup",
        "bench", "statistics",
    },
}  # fmt: skip
KNOWN["matches.awayTeam"] = KNOWN["matches.homeTeam"]

Name = Annotated[str, msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Goals = Annotated[int, msgspec.Meta(ge=0, le=99)]


class _Pair(msgspec.Struct):
    home: Goals | None = None
    away: Goals | None = None


class _Score(msgspec.Struct, rename="camel"):
    full_time: _Pair
    duration: str | None = None
    half_time: _Pair | None = None
    regular_time: _Pair | None = None
    extra_time: _Pair | None = None
    penalties: _Pair | None = None


class _Team(msgspec.Struct):
    id: int | None = None
    name: Name | None = None


class _Dates(msgspec.Struct, rename="camel"):
    start_date: date
    end_date: date


class _Referee(msgspec.Struct):
    name: str | None = None
    type: str | None = None


class _Match(msgspec.Struct, rename="camel"):
    id: int
    utc_date: datetime
    status: str
    season: _Dates
    home_team: _Team
    away_team: _Team
    score: _Score
    matchday: int | None = None
    stage: str | None = None
    group: str | None = None
    venue: str | None = None
    attendance: Count | None = None
    referees: list[_Referee] | None = None


class _Competition(msgspec.Struct):
    code: Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]+\Z")]
    name: str | None = None


class _Answer(msgspec.Struct):
    competition: _Competition
    matches: list[dict[str, object]]


class _Sums(NamedTuple):
    """A match's goals after 90 minutes, at the end, and in the shoot-out; None where not told."""

    regular: tuple[int, int] | None
    final: tuple[int, int] | None
    shootout: tuple[int, int] | None


class FootballDataOrg:
    """The source; see pitchline.collect.source.Source."""

    name = "football_data_org"
    kinds: Mapping[str, str] = {"season": "every fixture and result of a competition's season"}
    licence = "football-data.org's terms; the free plan is for personal use, 10 requests a minute"
    needs_right = None
    forbids_learning = False
    obeys_robots = False
    least_seconds_between_requests = 6.0
    token_variable = "FOOTBALL_DATA_ORG_TOKEN"  # noqa: S105
    codes_of = "football_data_org"
    after = ()

    def plan(self, plan: Plan) -> Iterator[Ask]:
        """One answer for each competition and season; a past season's is settled in the end."""
        for code in plan.competitions.values():
            for season in _seasons(code, plan.seasons):
                yield Ask(
                    kind="season",
                    key=f"{code}/{season}",
                    url=f"{plan.base_url}/v4/competitions/{code}/matches?season={season[:4]}",
                    partition=f"{code}/{season}",
                    fresh_for=plan.fresh_for,
                    final_from=datetime(int(season[:4]) + 2, 1, 1, tzinfo=UTC),
                    headers={"X-Auth-Token": plan.token} if plan.token else {},
                )

    def classify(self, answer: Answer) -> Outcome:
        """A token that isn't known is refused with 400, one of too small a plan with 403."""
        if answer.status == 400 and b"token" in answer.body[:1000].lower():
            return Outcome.UNAUTHORIZED
        return data_answer(answer)

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:  # noqa: ARG002
        """The matches of ``<competition>/<season>``; one that can't be read is told as a fault.

        A fixture of a knock-out round whose teams aren't known yet is left out.
        """
        code, _, season = key.partition("/")
        content, drift = _decoded(body)
        if content.competition.code != code:
            raise Unreadable(f"competition.code: {content.competition.code!r}, not {code!r}")
        parsed = Parsed(drift=drift)
        for line, raw in enumerate(content.matches):
            try:
                match = msgspec.convert(raw, _Match)
                _check_season(match, season)
                if match.home_team.name and match.away_team.name:
                    row = _row(match, match.home_team.name, match.away_team.name)
                    parsed.matches.append(
                        row._replace(
                            competition=code,
                            season=season,
                            competition_name=content.competition.name,
                            line=line,
                        )
                    )
            except (ValueError, OverflowError) as error:
                parsed.faults.append(f"matches[{line}]: {error}")
            parsed.drift |= _drift(raw)
        if len(parsed.faults) > len(content.matches) / 2:
            raise Unreadable(
                f"matches: {len(parsed.faults)} of {len(content.matches)} can't be read, "
                f"the first: {parsed.faults[0]}"
            )
        return parsed

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:  # noqa: ARG002
        """Competition and season by what the answer itself says of them."""
        content, _ = _decoded(body)
        if not content.matches:
            raise Unreadable("matches: empty, so nothing tells the season")
        try:
            dates = msgspec.convert(content.matches[0].get("season"), _Dates)
        except ValueError as error:
            raise Unreadable(f"matches[0].season: {error}") from error
        code, first = content.competition.code, dates.start_date.year
        one_year = code in ONE_YEAR or first == dates.end_date.year
        season = f"{first}" if one_year else f"{first}-{(first + 1) % 100:02d}"
        return f"{code}/{season}", f"{code}/{season}"


def _seasons(code: str, chosen: tuple[str, ...]) -> list[str]:
    """The chosen seasons as the competition has them: 2025-26 stands for its season of 2025."""
    if code in ONE_YEAR:
        return list(dict.fromkeys(season[:4] for season in chosen))
    return [season for season in chosen if len(season) > 4]


def _decoded(body: bytes) -> tuple[_Answer, set[str]]:
    try:
        raw = msgspec.json.decode(body, type=dict[str, object])
        return msgspec.convert(raw, _Answer), unknown_keys("", raw.keys(), KNOWN[""])
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no list of matches of football-data.org: {error}") from error


def _check_season(match: _Match, season: str) -> None:
    dates = match.season
    if dates.start_date.year != int(season[:4]) or not lies_in_season(dates.end_date, season):
        raise ValueError(
            f"season: it goes from {dates.start_date} to {dates.end_date}, "
            f"which is not the season {season}"
        )
    day = match.utc_date.date()
    # Qualifying rounds can begin before July.
    if not (lies_in_season(day, season) or dates.start_date <= day <= dates.end_date):
        raise ValueError(f"utcDate: {day} lies outside the season {season}")


def _row(match: _Match, home: str, away: str) -> MatchRow:
    kick_off = match.utc_date.replace(tzinfo=match.utc_date.tzinfo or UTC).astimezone(UTC)
    # SCHEDULED has a date, TIMED a time as well.
    known = match.status != "SCHEDULED"
    if not known:
        kick_off = datetime.combine(kick_off.date(), time(), UTC)
    round_parts = (
        match.stage if match.stage != "REGULAR_SEASON" else None,
        match.group,
        match.matchday,
    )
    referees = [r.name for r in match.referees or () if r.type == "REFEREE" and r.name]
    row = MatchRow(
        match=str(match.id),
        competition="",
        season="",
        kick_off=kick_off,
        kick_off_known=known,
        home=home,
        away=away,
        status=STATUSES.get(match.status, "unknown"),
        round=" ".join(str(part) for part in round_parts if part is not None) or None,
        home_id=None if match.home_team.id is None else str(match.home_team.id),
        away_id=None if match.away_team.id is None else str(match.away_team.id),
        venue=match.venue,
        referee=referees[0] if referees else None,
        attendance=match.attendance,
    )
    return _with_score(row, match.score)


def _with_score(row: MatchRow, score: _Score) -> MatchRow:
    if row.status not in ("live", "finished", "awarded"):
        return row
    sums = _sums(score)
    if row.status == "live":
        sums = sums._replace(regular=sums.regular or sums.final, shootout=None)
    elif row.status == "finished" and not (sums.regular or sums.final):
        raise ValueError("score: no goals of the finished match can be told from it")
    home, away = sums.regular or (None, None)
    home_final, away_final = sums.final or (None, None)
    home_shootout, away_shootout = sums.shootout or (None, None)
    home_half, away_half = _told(score.half_time) or (None, None)
    ended = row.status == "finished"
    return row._replace(
        home_goals=home,
        away_goals=away,
        decided=DURATIONS.get(score.duration or "REGULAR") if ended else None,
        home_goals_final=home_final,
        away_goals_final=away_final,
        home_shootout=home_shootout,
        away_shootout=away_shootout,
        home_goals_half=home_half,
        away_goals_half=away_half,
    )


def _told(pair: _Pair | None) -> tuple[int, int] | None:
    if pair is None or pair.home is None or pair.away is None:
        return None
    return pair.home, pair.away


def _less(whole: tuple[int, int], part: tuple[int, int]) -> tuple[int, int] | None:
    home, away = whole[0] - part[0], whole[1] - part[1]
    return (home, away) if home >= 0 and away >= 0 else None


def _sums(score: _Score) -> _Sums:
    """Take ``fullTime`` apart; what doesn't add up is left out."""
    full, regular, extra, penalties = map(
        _told, (score.full_time, score.regular_time, score.extra_time, score.penalties)
    )
    if score.duration in ("REGULAR", None):
        return _Sums(full, full, None)
    if score.duration == "EXTRA_TIME":
        return _Sums(regular or (_less(full, extra) if full and extra else None), full, None)
    if score.duration != "PENALTY_SHOOTOUT":
        return _Sums(None, full, None)
    if regular and extra:
        final: tuple[int, int] | None = (regular[0] + extra[0], regular[1] + extra[1])
    else:
        final = _less(full, penalties) if full and penalties else None
        regular = regular or (_less(final, extra) if final and extra else None)
    return _Sums(regular, final, _shootout(full, final, penalties))


def _shootout(
    full: tuple[int, int] | None,
    final: tuple[int, int] | None,
    penalties: tuple[int, int] | None,
) -> tuple[int, int] | None:
    """The shoot-out, unless it is level or ``penalties`` contradicts ``fullTime``: both occur."""
    rest = _less(full, final) if full and final else None
    told = penalties or rest
    return told if told and told == rest and told[0] != told[1] else None


def _drift(match: Mapping[str, object]) -> set[str]:
    drift = unknown_keys("matches", match.keys(), KNOWN["matches"])
    for key in ("season", "score", "homeTeam", "awayTeam"):
        if isinstance(part := match.get(key), dict):
            drift |= unknown_keys(f"matches.{key}", part.keys(), KNOWN[f"matches.{key}"])
    return drift


SOURCE = FootballDataOrg()
