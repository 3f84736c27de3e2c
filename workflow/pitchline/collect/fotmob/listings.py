"""Listings of matches: all of one day, or one competition's season.

Shapes: ``/api/data/matches?date=`` (2020 to 2026) and ``/api/data/leagues?id=`` (its list of
matches has moved twice), and the bare list of a season that collections keep:
``{"league_id", "league_name", "season", "matches"}``.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from pitchline.collect.fotmob.contract import Contract, Findings, also_known
from pitchline.collect.fotmob.pages import unwrapped
from pitchline.collect.fotmob.status import (
    Goals,
    Id,
    Status,
    belongs,
    derived_season,
    kick_off,
    moment,
    printed_score,
    score,
    shootout,
    standing,
)
from pitchline.collect.rows import MatchRow, Parsed, Unreadable
from pitchline.collect.seasons import season_named

# A listing is of a local day: its matches may begin this long before or after the day in UTC.
_DAY_MARGIN = timedelta(days=1)
_DAY_KEY = re.compile(r"\d{8}", re.ASCII)


@also_known("redCards")
class _DayTeam(msgspec.Struct, rename="camel"):
    id: Id
    name: str
    long_name: str | None = None
    score: Goals | None = None
    pen_score: Goals | None = None


@also_known("leagueId", "time", "eliminatedTeamId", "statusId", "tv")
class _DayMatch(msgspec.Struct, rename="camel"):
    id: Id
    home: _DayTeam
    away: _DayTeam
    status: Status
    tournament_stage: str | None = None
    time_ts: int | None = msgspec.field(default=None, name="timeTS")


@also_known(
    *("ccode", "id", "isGroup", "groupName", "parentLeagueId"),
    *("internalRank", "liveRank", "localRank", "simpleLeague"),
)
class _DayLeague(msgspec.Struct, rename="camel"):
    primary_id: Id
    matches: list[_DayMatch]
    name: str | None = None
    parent_league_name: str | None = None


@also_known("userSettings")
class _Day(msgspec.Struct, rename="camel"):
    leagues: list[_DayLeague]
    date: str


@also_known("shortName", "longName", "score")
class _SeasonTeam(msgspec.Struct, rename="camel"):
    id: Id
    name: str


@also_known("pageUrl")
class _SeasonMatch(msgspec.Struct, rename="camel"):
    id: Id
    home: _SeasonTeam
    away: _SeasonTeam
    status: Status
    round: int | str | None = None
    round_name: int | str | None = None


@also_known("firstUnplayedMatch", "hasOngoingMatch", "fixtureInfo", "teamPositionData", "data")
class _AllMatches(msgspec.Struct, rename="camel"):
    all_matches: list[_SeasonMatch]


@also_known(
    *("type", "latestSeason", "shortName", "country", "faqJSONLD", "breadcrumbJSONLD"),
    *("leagueColor", "dataProvider", "gender", "canSyncCalendar", "seopath"),
)
class _Details(msgspec.Struct, rename="camel"):
    id: Id
    name: str | None = None
    selected_season: str | None = None


@also_known(
    *("tabs", "allAvailableSeasons", "seostr", "QAData", "table", "transfers", "overview"),
    *("stats", "seasons", "playoff", "action", "datasets", "collected_at"),
    *("fetchingLeagueData", "ssr", "fallback", "translations"),
)
class _Season(msgspec.Struct):
    details: _Details | None = None
    fixtures: _AllMatches | list[_SeasonMatch] | None = None
    matches: _AllMatches | list[_SeasonMatch] | None = None
    tab: str | None = None
    league_id: Id | None = None
    league_name: str | None = None
    season: str | None = None


_DAY = Contract(_Day, unwrapped)
_SEASON = Contract(_Season, unwrapped)


def parse_day(key: str, body: bytes) -> Parsed:
    """Every match of a day's listing, of whatever competition; a quiet day has none.

    Args:
        key: the day asked for, ``20251130``.
        body: the answer.

    Raises:
        Unreadable: it is no listing, or one of another day.
    """
    day, findings = _DAY.read(body)
    if day.date != key:
        raise Unreadable(f"date: {day.date[:40]!r} instead of {key!r}")
    rows = [
        (f"leagues.matches[{match.id}]", _day_row(league, match))
        for league in day.leagues
        for match in league.matches
    ]
    parsed = _parsed(rows, findings)
    _check_day(key, parsed.matches)
    return parsed


def day_of(body: bytes) -> str:
    """The day a listing is of, ``20251130``, by its own word.

    Raises:
        Unreadable: it is no listing of a day.
    """
    day, _ = _DAY.read(body)
    _first_moment(day.date)
    return day.date


def parse_season(key: str, body: bytes) -> Parsed:
    """Every match of a season's list.

    Args:
        key: the competition and season asked for, ``47/2025-26``.
        body: the answer.

    Raises:
        Unreadable: it has no list of matches, or is of another competition or season. FotMob
            answers an unknown season with the current one, so the dates of the matches are
            checked too.
    """
    competition, season = _competition_and_season(key)
    payload, findings = _SEASON.read(body)
    found = _competition_of(payload)
    if found != competition:
        raise Unreadable(f"details.id: {found[:40]!r} instead of {competition!r}")
    stated = _stated_season(payload)
    if stated and stated != season:
        raise Unreadable(f"details.selectedSeason: {stated} instead of {season}")
    rows = _season_rows(payload, competition, season)
    if rows is None:
        findings.faults.append("matches: a page of statistics of 2020 or 2021, without matches")
        rows = []
    parsed = _parsed(rows, findings)
    _keep_season(parsed, season)
    _check_label(payload, season, parsed.faults)
    return parsed


def _competition_and_season(key: str) -> tuple[str, str]:
    """``47/2025-26`` in two."""
    competition, _, season = key.partition("/")
    try:
        if season_named(season) == season:
            return competition, season
    except ValueError:
        pass
    raise Unreadable(f"{key[:40]!r} is no key such as 47/2025-26")


def season_of_list(body: bytes) -> tuple[str, str]:
    """Competition and season of a list, by its own word if the dates bear it out.

    Raises:
        Unreadable: it is no list of a season, or tells no season.
    """
    payload, _ = _SEASON.read(body)
    competition = _competition_of(payload)
    rows = _parsed(_season_rows(payload, competition, "") or [], Findings()).matches
    season = _stated_season(payload) or _commonest(
        derived_season(competition, row.kick_off) for row in rows
    )
    if season is None:
        raise Unreadable("details.selectedSeason: missing, and there are no matches")
    return competition, season


def _day_row(league: _DayLeague, match: _DayMatch) -> MatchRow | Unreadable:
    """The row of one match of a day, or why there is none."""
    competition = str(league.primary_id)
    now = standing(match.status)
    printed = (match.home.score, match.away.score)
    written = printed_score(match.status.score_str)
    if now.status == "finished" and written and written != printed:
        return Unreadable(f"scoreStr {written} is not the score {printed}")
    if now.status == "finished" and None in printed:
        return Unreadable("home.score: missing in a finished match")
    try:
        played, known = kick_off(match.status, match.time_ts)
    except Unreadable as error:
        return error
    goals = score(now, printed)
    decided_by_penalties = now.decided == "penalties"
    return MatchRow(
        match=str(match.id),
        competition=competition,
        season=derived_season(competition, played),
        kick_off=played,
        kick_off_known=known,
        home=match.home.long_name or match.home.name,
        away=match.away.long_name or match.away.name,
        status=now.status,
        home_goals=goals.home,
        away_goals=goals.away,
        decided=now.decided,
        home_goals_final=goals.home_final,
        away_goals_final=goals.away_final,
        home_shootout=match.home.pen_score if decided_by_penalties else None,
        away_shootout=match.away.pen_score if decided_by_penalties else None,
        round=match.tournament_stage or None,
        competition_name=league.parent_league_name or league.name,
        home_id=str(match.home.id),
        away_id=str(match.away.id),
    )


def _season_rows(
    payload: _Season, competition: str, season: str
) -> list[tuple[str, MatchRow | Unreadable]] | None:
    """The rows of a season's list; None for the pages of 2020 and 2021 that have no such list."""
    listed = payload.fixtures if payload.fixtures is not None else payload.matches
    if listed is None:
        if payload.tab:
            return None
        raise Unreadable("fixtures: missing, and matches too")
    matches = listed.all_matches if isinstance(listed, _AllMatches) else listed
    name = payload.details.name if payload.details else payload.league_name
    return [
        (f"matches[{match.id}]", _season_row(match, competition, season, name)) for match in matches
    ]


def _season_row(
    match: _SeasonMatch, competition: str, season: str, name: str | None
) -> MatchRow | Unreadable:
    """The row of one match of a season, or why there is none."""
    now = standing(match.status)
    printed = printed_score(match.status.score_str) or (None, None)
    if now.status == "finished" and None in printed:
        return Unreadable("status.scoreStr: missing in a finished match")
    try:
        played, known = kick_off(match.status)
    except Unreadable as error:
        return error
    goals = score(now, printed)
    penalties = shootout(match.status.reason) if now.decided == "penalties" else None
    home_penalties, away_penalties = penalties or (None, None)
    label = match.round_name if match.round_name is not None else match.round
    return MatchRow(
        match=str(match.id),
        competition=competition,
        season=season,
        kick_off=played,
        kick_off_known=known,
        home=match.home.name,
        away=match.away.name,
        status=now.status,
        home_goals=goals.home,
        away_goals=goals.away,
        decided=now.decided,
        home_goals_final=goals.home_final,
        away_goals_final=goals.away_final,
        home_shootout=home_penalties,
        away_shootout=away_penalties,
        round=None if label is None else str(label),
        competition_name=name,
        home_id=str(match.home.id),
        away_id=str(match.away.id),
    )


def _parsed(rows: list[tuple[str, MatchRow | Unreadable]], findings: Findings) -> Parsed:
    """Rows numbered, and the faults of those there are none of.

    Raises:
        Unreadable: most of the matches can't be read.
    """
    parsed = Parsed(drift=findings.drift, faults=findings.faults)
    bad = 0
    for where, row in rows:
        if isinstance(row, Unreadable):
            bad += 1
            parsed.faults.append(f"{where}: {row}")
        else:
            parsed.matches.append(row._replace(line=len(parsed.matches)))
    if bad * 2 > len(rows):
        raise Unreadable(f"matches: {bad} of {len(rows)} can't be read, {parsed.faults[-1]}")
    return parsed


def _first_moment(day: str) -> datetime:
    """The first moment of a day written ``20251130``."""
    if _DAY_KEY.fullmatch(day):
        return moment(day, "date")
    raise Unreadable(f"date: {day[:40]!r} is no day such as 20251130")


def _check_day(key: str, rows: list[MatchRow]) -> None:
    """Refuses a listing whose matches are of another day than its label."""
    first = _first_moment(key) - _DAY_MARGIN
    last = first + 3 * _DAY_MARGIN
    outside = [row for row in rows if not first <= row.kick_off < last]
    if len(outside) * 2 > len(rows):
        raise Unreadable(
            f"date: {key}, but {len(outside)} of {len(rows)} matches are of other days, "
            f"such as {outside[0].match} of {outside[0].kick_off:%Y-%m-%d}"
        )


def _competition_of(payload: _Season) -> str:
    """The id of the competition a list is of."""
    if payload.details is not None:
        return str(payload.details.id)
    if payload.league_id is not None:
        return str(payload.league_id)
    raise Unreadable("details.id: missing")


def _stated_season(payload: _Season) -> str | None:
    """The season FotMob states; the label of a bare list is its collector's and no evidence."""
    if payload.details is None or not payload.details.selected_season:
        return None
    try:
        return season_named(payload.details.selected_season)
    except ValueError as error:
        raise Unreadable(f"details.selectedSeason: {error}"[:200]) from None


def _keep_season(parsed: Parsed, season: str) -> None:
    """Leaves out matches whose date isn't of the season.

    Raises:
        Unreadable: most are not.
    """
    outside = [row for row in parsed.matches if not belongs(row.kick_off, season)]
    if len(outside) * 2 > len(parsed.matches):
        raise Unreadable(
            f"matches: {len(outside)} of {len(parsed.matches)} are not of {season}, "
            f"such as {outside[0].match} of {outside[0].kick_off:%Y-%m-%d}"
        )
    parsed.faults += [
        f"matches[{row.match}]: of {row.kick_off:%Y-%m-%d}, not of {season}" for row in outside
    ]
    parsed.matches = [row for row in parsed.matches if belongs(row.kick_off, season)]


def _check_label(payload: _Season, season: str, faults: list[str]) -> None:
    """Tells where the label of a bare list is another season than its matches are of."""
    if payload.season is None:
        return
    try:
        labelled = season_named(payload.season)
    except ValueError as error:
        faults.append(f"season: {error}"[:200])
        return
    if labelled != season:
        faults.append(f"season: labelled {labelled}, played in {season}")


def _commonest(texts: Iterable[str]) -> str | None:
    """The text that occurs most often, or None if there is none."""
    listed = list(texts)
    return max(sorted(set(listed)), key=listed.count, default=None)
