"""The map of shots."""

from tests.standin.fotmob.words import Json, View
from tests.standin.play import Kick, Play, Shot

PERIODS = {"FirstHalf": 45, "SecondHalf": 90, "FirstHalfExtra": 105, "SecondHalfExtra": 120}


def shot_map(view: View, play: Play, happened: bool) -> Json:
    shots = [shot_of(view, play, s) for s in play.shots] if happened else []
    shots += [_penalty_shot(view, play, k) for k in play.kicks] if happened else []
    if view.settings.vintage == "2022":
        return {"shots": shots}
    return {"shots": shots, "Periods": {"All": shots}}


def shot_of(view: View, play: Play, shot: Shot) -> Json:
    vintage = view.settings.vintage
    period = next((p for p, last in PERIODS.items() if shot.minute <= last), "PenaltyShootout")
    shown = {
        "id": shot.number,
        "eventType": shot.outcome,
        "teamId": play.side(shot.home).club.number,
        "playerId": shot.player.number,
        "playerName": shot.player.name,
        "x": shot.x,
        "y": shot.y,
        "min": shot.minute,
        "minAdded": shot.added,
        "isBlocked": shot.blocked,
        "isOnTarget": shot.on_target or shot.blocked,
        "blockedX": 97.5 if shot.blocked else None,
        "blockedY": 34.2 if shot.blocked else None,
        "goalCrossedY": 33.0,
        "goalCrossedZ": 1.22,
        "expectedGoals": None if shot.own else shot.xg,
        "expectedGoalsOnTarget": shot.xgot if vintage >= "2025" else shot.xgot or None,
        "shotType": shot.body,
        "situation": shot.situation,
        "period": period,
        "isOwnGoal": shot.own,
        "onGoalShot": {"x": 1.0, "y": 0.32, "zoomRatio": 1},
        "isSavedOffLine": False,
        "firstName": shot.player.first,
        "lastName": shot.player.last,
        "fullName": shot.player.name,
        "teamColor": "#1f5fa8" if shot.home else "#b02a2a",
    }
    if vintage >= "2025":
        shown["isFromInsideBox"] = shot.in_box
    if vintage == "2026":
        shown["keeperId"] = play.side(not shot.home).starters[0].number
    return shown


def _penalty_shot(view: View, play: Play, kick: Kick) -> Json:
    shot = Shot(
        number=8_000_000 + kick.number, home=kick.home, minute=121, added=None,
        player=kick.player, x=94.0, y=34.0, xg=0.7884, xgot=0.8 if kick.scored else 0.0,
        outcome="Goal" if kick.scored else "Miss", body="RightFoot", situation="Penalty",
        blocked=False,
    )  # fmt: skip
    return shot_of(view, play, shot)
