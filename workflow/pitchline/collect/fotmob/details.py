"""The details of one match: ``/api/data/matchDetails`` and the pages that carry the same.

Recordings from December 2020 to July 2026 have about fifteen shapes; docstrings of the modules
beside this one tell what moved.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from pitchline.collect.fotmob.contract import Contract, also_known
from pitchline.collect.fotmob.events import (
    Events,
    HeaderEvents,
    event_rows,
    goals_by_time,
    shootout_score,
)
from pitchline.collect.fotmob.lineups import (
    Lineup,
    PlayerStats,
    lineup_rows,
    minutes_by_player,
)
from pitchline.collect.fotmob.pages import unwrapped
from pitchline.collect.fotmob.shots import Shotmap, shot_rows, xg_of_shots
from pitchline.collect.fotmob.status import (
    Goals,
    Id,
    Standing,
    Status,
    checked_season,
    kick_off,
    moment,
    printed_score,
    score,
    shootout,
    standing,
)
from pitchline.collect.fotmob.team_stats import Stats, team_values
from pitchline.collect.rows import MatchRow, Parsed, ShotRow, TeamStatRow, Unreadable

_TEAM_PAGE = re.compile(r"/teams/(\d{1,12})/", re.ASCII)
_LARGEST_CROWD = 500_000


@also_known("shortName")
class _Named(msgspec.Struct, rename="camel"):
    id: Id
    name: str


@also_known(
    *("matchName", "teamColors", "leagueRoundName", "countryCode", "parentLeagueTopScorerLink"),
    *("parentLeagueTournamentId", "matchTimeUTC", "started", "finished", "gender"),
)
class _General(msgspec.Struct, rename="camel"):
    match_id: Id
    home_team: _Named
    away_team: _Named
    league_id: Id
    league_name: str | None = None
    parent_league_id: Id | None = None
    parent_league_name: str | None = None
    parent_league_season: str | None = None
    match_round: str | None = None
    coverage_level: str | None = None
    match_time: str | None = msgspec.field(default=None, name="matchTimeUTCDate")


@also_known("imageUrl", "fifaRank", "penScore")
class _HeaderTeam(msgspec.Struct, rename="camel"):
    name: str
    id: Id | None = None
    score: Goals | None = None
    page_url: str | None = None


@also_known()
class _Header(msgspec.Struct, rename="camel"):
    teams: Annotated[list[_HeaderTeam], msgspec.Meta(min_length=2, max_length=2)]
    status: Status
    events: HeaderEvents | None = None


@also_known("link", "round", "roundName", "isCurrentSeason")
class _Tournament(msgspec.Struct, rename="camel"):
    id: Id | None = None
    parent_league_id: Id | None = None
    league_name: str | None = None
    text: str | None = None
    selected_season: str | None = None


@also_known("city", "country", "lat", "long", "capacity", "surface")
class _Stadium(msgspec.Struct, rename="camel"):
    name: str | None = None


@also_known("imgUrl", "country", "countryCode")
class _Referee(msgspec.Struct, rename="camel"):
    text: str | None = None


@also_known()
class _Crowd(msgspec.Struct, rename="camel"):
    number: int | None = None


@also_known("Match Date", "AwayAttendance", "legInfo")
class _InfoBox(msgspec.Struct, rename="pascal"):
    tournament: _Tournament | None = None
    stadium: _Stadium | str | None = None
    referee: _Referee | None = None
    attendance: _Crowd | int | None = None


@also_known(
    *("highlights", "playerOfTheMatch", "matchesInRound", "teamForm", "poll", "topPlayers"),
    *("insights", "topScorers", "momentum", "countryCode", "QAData", "postReview", "preReview"),
    *("odds", "matchInsightsConfig"),
)
class _MatchFacts(msgspec.Struct, rename="camel"):
    match_id: Id | None = None
    events: Events | None = None
    info_box: _InfoBox | None = None


# False stands for a section a match doesn't have.
@also_known(
    *("liveticker", "superlive", "buzz", "weather", "playoff", "hasPlayoff", "table", "h2h"),
    *("momentum", "attackingZones", "heatmapUrl", "highlightStories", "insights"),
)
class _Content(msgspec.Struct, rename="camel"):
    match_facts: _MatchFacts
    stats: Stats | bool | None = None
    shotmap: Shotmap | bool | None = None
    lineup: Lineup | bool | None = None
    lineup2: Lineup | bool | None = None
    match2_lineup: Lineup | bool | None = msgspec.field(default=None, name="match2Lineup")
    player_stats: dict[str, PlayerStats] | bool | None = None


@also_known(
    *("nav", "ongoing", "hasPendingVAR", "seo"),
    *("fetchingLeagueData", "ssr", "fallback", "translations"),
)
class _Payload(msgspec.Struct, rename="camel"):
    header: _Header
    content: _Content
    general: _General | None = None


@dataclass(frozen=True)
class _Facts:
    """What every part of a match needs to know."""

    match: str
    competition: str
    played: datetime
    played_known: bool
    home_id: str | None
    away_id: str | None


_PAYLOAD = Contract(_Payload, unwrapped)


def parse_match(key: str, body: bytes) -> Parsed:
    """The rows of one match.

    Args:
        key: the id asked for. A page's address names a pair of clubs, and their other match can
            come back.
        body: the answer.

    Raises:
        Unreadable: it is no match, or another one.
    """
    payload, findings = _PAYLOAD.read(body)
    facts = _facts(payload)
    if facts.match != key:
        raise Unreadable(f"general.matchId: {facts.match[:40]!r} instead of {key[:40]!r}")
    parsed = Parsed(drift=findings.drift, faults=findings.faults)
    content, header = payload.content, payload.header
    parsed.events = event_rows(content.match_facts.events, header.events, key, parsed.drift)
    if facts.home_id and facts.away_id and isinstance(content.shotmap, Shotmap):
        parsed.shots = shot_rows(content.shotmap, key, facts.home_id, facts.away_id, parsed.faults)
    parsed.matches = [_match_row(payload, facts, parsed)]
    parsed.team_stats = _team_stat_rows(content.stats, parsed.shots, key)
    lineups = (content.lineup, content.match2_lineup, content.lineup2)
    parsed.lineups = lineup_rows(
        [lineup for lineup in lineups if isinstance(lineup, Lineup)],
        key,
        facts.home_id or "",
        minutes_by_player(content.player_stats) if isinstance(content.player_stats, dict) else {},
    )
    return parsed


def identity_of(body: bytes) -> tuple[str, str, str]:
    """Match, competition and season of a body, by its own word.

    Raises:
        Unreadable: it is no match.
    """
    payload, _ = _PAYLOAD.read(body)
    facts = _facts(payload)
    return facts.match, facts.competition, _season(payload, facts, [])


def _facts(payload: _Payload) -> _Facts:
    """Ids and kick-off of a match.

    Raises:
        Unreadable: ``general`` is missing in a vintage that has it, or two ids contradict.
    """
    general, status = payload.general, payload.header.status
    if general is None and not status.start_date_str:
        raise Unreadable("general: missing")
    listed = payload.content.match_facts.match_id
    match = general.match_id if general else listed
    if match is None:
        raise Unreadable("content.matchFacts.matchId: missing")
    if listed is not None and str(listed) != str(match):
        raise Unreadable(f"general.matchId: {match}, but content.matchFacts.matchId: {listed}")
    played, known = _kick_off(general, status)
    home, away = (_team_id(team) for team in payload.header.teams)
    if general and (home, away) != (str(general.home_team.id), str(general.away_team.id)):
        raise Unreadable("header.teams: not the teams of general, in its order")
    return _Facts(str(match), _competition(payload), played, known, home, away)


def _kick_off(general: _General | None, status: Status) -> tuple[datetime, bool]:
    """The moment of kick-off, and whether its time of day is known."""
    if general and general.match_time and not status.utc_time:
        return moment(general.match_time, "general.matchTimeUTCDate"), True
    return kick_off(status)


def _team_id(team: _HeaderTeam) -> str | None:
    """A team's id; in 2020 only the address of its page held it."""
    if team.id is not None:
        return str(team.id)
    found = _TEAM_PAGE.search(team.page_url or "")
    return found[1] if found else None


def _tournament(payload: _Payload) -> _Tournament:
    """The tournament of the information box; empty where there is none."""
    box = payload.content.match_facts.info_box
    return (box.tournament if box else None) or _Tournament()


def _competition(payload: _Payload) -> str:
    """The competition's id; of a group or stage, its parent's."""
    general, tournament = payload.general, _tournament(payload)
    candidates = (
        general.parent_league_id if general else None,
        tournament.parent_league_id,
        general.league_id if general else None,
        tournament.id,
    )
    for candidate in candidates:
        if candidate is not None:
            return str(candidate)
    raise Unreadable("content.matchFacts.infoBox.Tournament.id: missing")


def _season(payload: _Payload, facts: _Facts, faults: list[str]) -> str:
    """The season stated, if the date bears it out; else the date's."""
    stated = payload.general.parent_league_season if payload.general else None
    stated = stated or _tournament(payload).selected_season
    return checked_season(stated, facts.competition, facts.played, faults)


def _match_row(payload: _Payload, facts: _Facts, parsed: Parsed) -> MatchRow:
    """The row of the match itself."""
    header, general = payload.header, payload.general
    home, away = header.teams
    now = _checked_standing(header, parsed.faults)
    by_time = None
    if now.status == "finished" and home.score is not None and away.score is not None:
        by_time = goals_by_time(parsed.events, home.score, away.score)
    goals = score(now, (home.score, away.score), by_time.regular if by_time else None)
    penalties = None
    if now.decided == "penalties":
        penalties = shootout(header.status.reason) or shootout_score(parsed.events)
    home_penalties, away_penalties = penalties or (None, None)
    home_half, away_half = by_time.half if by_time else (None, None)
    tournament = _tournament(payload)
    box = payload.content.match_facts.info_box or _InfoBox()
    return MatchRow(
        match=facts.match,
        competition=facts.competition,
        season=_season(payload, facts, parsed.faults),
        kick_off=facts.played,
        kick_off_known=facts.played_known,
        home=home.name,
        away=away.name,
        status=now.status,
        home_goals=goals.home,
        away_goals=goals.away,
        decided=now.decided,
        home_goals_final=goals.home_final,
        away_goals_final=goals.away_final,
        home_shootout=home_penalties,
        away_shootout=away_penalties,
        home_goals_half=home_half,
        away_goals_half=away_half,
        round=(general.match_round if general else None) or None,
        competition_name=(general.parent_league_name or general.league_name if general else None)
        or tournament.league_name
        or tournament.text,
        home_id=facts.home_id,
        away_id=facts.away_id,
        venue=_venue(box),
        referee=(box.referee.text if box.referee else None) or None,
        attendance=_attendance(box),
        coverage=general.coverage_level if general else None,
    )


def _checked_standing(header: _Header, faults: list[str]) -> Standing:
    """The status; of a finished match only if it has one score.

    Raises:
        Unreadable: a finished match has no score.
    """
    now = standing(header.status)
    if now.status != "finished":
        return now
    printed = (header.teams[0].score, header.teams[1].score)
    if None in printed:
        raise Unreadable("header.teams.score: missing in a finished match")
    written = printed_score(header.status.score_str)
    if written and written != printed:
        faults.append(f"header.status.scoreStr: {written} is not the teams' score {printed}")
        return Standing("unknown")
    return now


def _venue(box: _InfoBox) -> str | None:
    """The stadium's name."""
    stadium = box.stadium
    return (stadium.name if isinstance(stadium, _Stadium) else stadium) or None


def _attendance(box: _InfoBox) -> int | None:
    """The number of spectators."""
    told = box.attendance.number if isinstance(box.attendance, _Crowd) else box.attendance
    return told if told is not None and 0 <= told <= _LARGEST_CROWD else None


def _team_stat_rows(
    stats: Stats | bool | None, shots: list[ShotRow], match: str
) -> list[TeamStatRow]:
    """A row per team, home first; none where neither statistics nor shots are told."""
    sides = team_values(stats) if isinstance(stats, Stats) else ({}, {})
    sums = xg_of_shots(shots)
    if not any(sides) and sums == (None, None):
        return []
    return [
        TeamStatRow(match=match, is_home=is_home, xg_shots=total, **values)
        for is_home, values, total in zip((True, False), sides, sums, strict=True)
    ]
