"""What every source's bodies become: plain rows, in the source's own names and ids.

A value the source doesn't tell is None, never 0. Times are aware and in UTC.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

MatchStatus = Literal[
    "scheduled", "live", "finished", "postponed", "cancelled", "abandoned", "awarded", "unknown"
]
Decided = Literal["regular time", "extra time", "penalties"]
EventType = Literal[
    "goal",
    "own goal",
    "penalty goal",
    "missed penalty",
    "yellow card",
    "second yellow card",
    "red card",
    "substitution",
    "shoot-out goal",
    "shoot-out miss",
]
LineupRole = Literal["starter", "bench", "unavailable"]
OddsMoment = Literal["opening", "closing"]


class MatchRow(NamedTuple):
    """One match as one body tells it.

    Attributes:
        match: the source's id; where it has none, ``<date> <home> <away>``.
        competition: the source's own code (``47``, ``9``, ``en.1``, ``PL``, ``bl1``, ``E0``).
        season: ``2025-26``, or ``2026`` where a season lies in one year; checked against the date.
        kick_off: the moment; where only the date is known, its first moment in UTC.
        kick_off_known: whether the time of day is known.
        home, away: names as the source writes them.
        status: ``finished`` only for a result that counts. A live match has its current goals;
            postponed, cancelled, abandoned and scheduled ones have none.
        home_goals, away_goals: after 90 minutes and stoppage time; None where the source tells
            only the score after extra time.
        decided: how a finished match ended; None unless finished or awarded.
        home_goals_final, away_goals_final: as the source gives the end score, extra time included,
            shoot-out excluded.
        home_shootout, away_shootout: penalties scored in the shoot-out.
        home_goals_half, away_goals_half: at half-time.
        round: the round or stage as the source labels it.
        coverage: what the source says it covers (``xG``, ``ratings``).
        line: the number of the row in its body, from 0; tells matches of one body apart.
    """

    match: str
    competition: str
    season: str
    kick_off: datetime
    kick_off_known: bool
    home: str
    away: str
    status: MatchStatus
    home_goals: int | None = None
    away_goals: int | None = None
    decided: Decided | None = None
    home_goals_final: int | None = None
    away_goals_final: int | None = None
    home_shootout: int | None = None
    away_shootout: int | None = None
    home_goals_half: int | None = None
    away_goals_half: int | None = None
    round: str | None = None
    competition_name: str | None = None
    home_id: str | None = None
    away_id: str | None = None
    venue: str | None = None
    referee: str | None = None
    attendance: int | None = None
    coverage: str | None = None
    line: int = 0


class TeamStatRow(NamedTuple):
    """What one team did in one match; counts of the whole match, extra time included.

    Attributes:
        match: as in the match's row of the same body.
        xg: expected goals as the source prints them for the team.
        xg_on_target: expected goals after the shot (xGOT).
        xg_shots: sum over the shots, own goals and shoot-out left out; None without a shot map.
        possession: percent, 0 to 100.
        first_half_goals: not here; see the match's row.
    """

    match: str
    is_home: bool
    xg: float | None = None
    xg_on_target: float | None = None
    xg_shots: float | None = None
    shots: int | None = None
    shots_on_target: int | None = None
    shots_inside_box: int | None = None
    big_chances: int | None = None
    possession: float | None = None
    passes: int | None = None
    accurate_passes: int | None = None
    touches_in_opposition_box: int | None = None
    crosses: int | None = None
    corners: int | None = None
    fouls: int | None = None
    offsides: int | None = None
    tackles: int | None = None
    interceptions: int | None = None
    clearances: int | None = None
    saves: int | None = None
    yellow_cards: int | None = None
    red_cards: int | None = None


class ShotRow(NamedTuple):
    """One shot.

    Attributes:
        shot: the source's id.
        minute, added: minute of play, and the minute of stoppage time.
        period: as the source names it (``FirstHalf``, ``PenaltyShootout``).
        x, y: metres on a pitch of 105 by 68, the shooting team attacking towards x = 105.
        outcome: as the source names it (``Goal``, ``Miss``, ``AttemptSaved``, ``Post``).
    """

    match: str
    is_home: bool
    shot: str | None
    minute: int | None
    added: int | None
    period: str | None
    player: str | None
    player_id: str | None
    x: float | None
    y: float | None
    xg: float | None
    xg_on_target: float | None
    outcome: str | None
    body_part: str | None
    situation: str | None
    is_on_target: bool | None
    is_blocked: bool | None
    is_own_goal: bool | None


class EventRow(NamedTuple):
    """One goal, card or substitution, in the body's order.

    Attributes:
        is_home: the side the event is told for; an own goal counts for this side.
        other_player: who assisted, or who left the pitch.
        home_score, away_score: right after the event, where the source tells it.
    """

    match: str
    number: int
    is_home: bool
    type: EventType
    minute: int | None
    added: int | None
    player: str | None = None
    player_id: str | None = None
    other_player: str | None = None
    other_player_id: str | None = None
    home_score: int | None = None
    away_score: int | None = None


class LineupRow(NamedTuple):
    """One player of one team's sheet.

    Attributes:
        lineup_type: ``predicted`` before the teams are announced, else ``confirmed``.
        formation: of the team, ``4-3-3``.
        minutes: minutes played.
        rating: the source's rating, 0 to 10.
        reason: why an unavailable player is.
    """

    match: str
    is_home: bool
    role: LineupRole
    player: str
    player_id: str | None = None
    shirt: int | None = None
    position: str | None = None
    is_captain: bool | None = None
    minutes: int | None = None
    rating: float | None = None
    lineup_type: str | None = None
    formation: str | None = None
    reason: str | None = None


class OddsRow(NamedTuple):
    """1X2 decimal odds of one bookmaker at one moment.

    Attributes:
        bookmaker: the source's code (``B365``, ``PS``, ``Max``, ``Avg``).
        moment: ``opening`` (or simply before the match) or ``closing``.
    """

    match: str
    bookmaker: str
    moment: OddsMoment
    home: float
    draw: float
    away: float


@dataclass
class Parsed:
    """The rows of one body.

    Attributes:
        drift: unknown keys, each as a path (``general.newKey``); tolerated and reported.
        faults: single lines of the body no row could be taken from, each with its reason.
    """

    matches: list[MatchRow] = field(default_factory=list)
    team_stats: list[TeamStatRow] = field(default_factory=list)
    shots: list[ShotRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    lineups: list[LineupRow] = field(default_factory=list)
    odds: list[OddsRow] = field(default_factory=list)
    drift: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


class Unreadable(ValueError):
    """A body no row can be taken from; the text names the field and what is wrong with it."""


def unknown_keys(where: str, found: AbstractSet[str], known: AbstractSet[str]) -> set[str]:
    """The drift of one object: keys the parser has never seen, as paths."""
    return {f"{where}.{key}" if where else key for key in found - known}
