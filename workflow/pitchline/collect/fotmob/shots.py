"""The shots of a match."""

from typing import Annotated, TypeAlias

import msgspec

from pitchline.collect.fotmob.contract import also_known
from pitchline.collect.fotmob.status import Id, Minute, PlayerId, player_id
from pitchline.collect.rows import ShotRow

# Wider than the pitch, and than any chance: only what can't be meant is refused.
Metres: TypeAlias = Annotated[float, msgspec.Meta(ge=-20, le=125)]
ExpectedGoals: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=5)]

SHOOTOUT = "PenaltyShootout"


@also_known(
    *("blockedX", "blockedY", "goalCrossedY", "goalCrossedZ", "onGoalShot", "isSavedOffLine"),
    *("isFromInsideBox", "keeperId", "firstName", "lastName", "fullName", "shortName", "teamColor"),
)
class Shot(msgspec.Struct, rename="camel"):
    """One shot, in metres on a pitch of 105 by 68."""

    team_id: Id
    id: Id | None = None
    event_type: str | None = None
    player_id: PlayerId | None = None
    player_name: str | None = None
    x: Metres | None = None
    y: Metres | None = None
    min: Minute | None = None
    min_added: Minute | None = None
    is_blocked: bool | None = None
    is_on_target: bool | None = None
    expected_goals: ExpectedGoals | None = None
    expected_goals_on_target: ExpectedGoals | None = None
    shot_type: str | None = None
    situation: str | None = None
    period: str | None = None
    is_own_goal: bool | None = None


@also_known("Periods")
class Shotmap(msgspec.Struct, rename="camel"):
    """``content.shotmap``; empty where the match isn't covered."""

    shots: list[Shot]


def shot_rows(
    shotmap: Shotmap, match: str, home_id: str, away_id: str, faults: list[str]
) -> list[ShotRow]:
    """A row per shot, in the body's order; shots of a third team are faults."""
    rows = []
    for shot in shotmap.shots:
        team = str(shot.team_id)
        if team not in (home_id, away_id):
            faults.append(f"content.shotmap.shots[{shot.id}]: of team {team[:40]}")
            continue
        rows.append(
            ShotRow(
                match,
                team == home_id,
                None if shot.id is None else str(shot.id),
                shot.min,
                shot.min_added or None,
                shot.period,
                shot.player_name or None,
                player_id(shot.player_id),
                shot.x,
                shot.y,
                shot.expected_goals,
                shot.expected_goals_on_target,
                shot.event_type,
                shot.shot_type,
                shot.situation,
                shot.is_on_target,
                shot.is_blocked,
                shot.is_own_goal,
            )
        )
    return rows


def xg_of_shots(rows: list[ShotRow]) -> tuple[float | None, float | None]:
    """The sum of each team's shots, home first, shoot-out and own goals left out.

    Returns:
        None for a team with a shot of unknown expected goals, and for both where no shot has any.
    """
    counted = [row for row in rows if row.period != SHOOTOUT and not row.is_own_goal]
    if not any(row.xg is not None for row in counted):
        return None, None
    return _total(counted, True), _total(counted, False)


def _total(rows: list[ShotRow], is_home: bool) -> float | None:
    """The sum of one team, or None where a term is missing."""
    total = 0.0
    for row in rows:
        if row.is_home is is_home:
            if row.xg is None:
                return None
            total += row.xg
    return total
