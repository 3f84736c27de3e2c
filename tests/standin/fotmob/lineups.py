"""Line-ups, old and new."""

from collections.abc import Iterable
from datetime import timedelta

from tests.standin.fotmob.words import Json, View, profile
from tests.standin.names import Player
from tests.standin.play import Play, Side
from tests.standin.simulate import Match, State


def lineups_of(view: View, match: Match, state: State, play: Play) -> Json | None:
    vintage = view.settings.vintage
    kind = lineup_type(view, state)
    if vintage in ("2020", "2022", "2023"):
        return _old_lineup(view, play) if kind == "standard" else None
    if kind is None:
        return None
    return {
        "matchId": match.number,
        "lineupType": kind,
        "source": "enetpulse",
        "availableFilters": ["age", "countries"],
        "homeTeam": _new_side(play.sides[0], state.home is not None),
        "awayTeam": _new_side(play.sides[1], state.home is not None),
    }


def lineup_type(view: View, state: State) -> str | None:
    """Which line-ups there are: the teams are announced an hour before the kick-off."""
    left = state.kick_off - view.settings.now
    if left <= timedelta(hours=1):
        return "standard"
    return "predicted" if left <= timedelta(days=7) else None


def _old_lineup(view: View, play: Play) -> Json:
    sides = [_old_side(view, side, home=i == 0) for i, side in enumerate(play.sides)]
    if view.settings.vintage == "2020":
        return {
            "lineup": sides,
            "bench": [side["bench"] for side in sides],
            "coaches": [side["coach"] for side in sides],
        }
    which = ["home", "away"]
    return {
        "lineup": sides,
        "bench": {"sides": which, "benchArr": [side["bench"] for side in sides]},
        "naPlayers": {
            "sides": which,
            "naPlayersArr": [side["nonAvailablePlayers"] for side in sides],
        },
        "coaches": {"sides": which, "coachesArr": [side["coach"] for side in sides]},
        "teamRatings": {side: {"num": 6.9, "bgcolor": "#1ec853"} for side in which},
        "hasFantasy": False,
        "usingEnetpulseLineup": True,
        "usingOptaLineup": False,
        "simpleLineup": False,
    }  # fmt: skip


def _old_side(view: View, side: Side, home: bool) -> Json:
    def row(players: Iterable[Player]) -> list[Json]:
        return [_old_player(view, side, p, home) for p in players]

    rows = [row(p for p in side.starters if p.position == i) for i in range(4)]
    shown: Json = {
        "teamId": side.club.number,
        "teamName": side.club.full,
        "bench": row(side.bench),
        "coach": [],
        "players": rows,
        "lineup": side.formation.replace("-", " - "),
    }
    if view.settings.vintage != "2020":
        shown["nonAvailablePlayers"] = [
            {
                "id": str(p.number),
                "name": {"firstName": p.first, "lastName": p.last, "fullName": p.name},
                "isHomeTeam": home,
                "naInfo": {"id": p.number, "name": p.name, "naReason": "Injury",
                           "naReasonKey": "injury_1", "injury": True,
                           "expectedReturn": {"expectedReturnFallback": "Unknown"}},
            }
            for p in side.unavailable
        ]  # fmt: skip
    return shown


def _old_player(view: View, side: Side, player: Player, home: bool) -> Json:
    rating = side.ratings.get(player.number)
    num = f"{rating:.1f}" if rating is not None else None
    shown: Json = {
        "id": str(player.number),
        "usingOptaId": False,
        "name": player.name,
        "pageUrl": profile(player),
        "shirt": player.shirt,
        "positionRow": player.position,
        "role": ("Keeper", "Defender", "Midfielder", "Attacker")[player.position],
        "rating": {"num": num, "bgcolor": "#f08022", "isTop": False},
    }
    if view.settings.vintage == "2020":
        return shown
    on, off = side.subbed_on.get(player.number), side.subbed_off.get(player.number)
    return shown | {
        "positionId": 11 if player.position == 0 else 30 + player.position,
        "position": ("Keeper", "Centre Back", "Midfielder", "Striker")[player.position],
        "name": {"firstName": player.first, "lastName": player.last, "fullName": player.name},
        "usualPosition": player.position,
        "teamId": str(side.club.number),
        "isHomeTeam": home,
        "timeSubbedOn": on,
        "timeSubbedOff": off,
        "isCaptain": player == side.starters[1],
        "events": {"sub": {"subbedIn": on}} if on else {},
        "minutesPlayed": side.minutes.get(player.number),
        "shotmap": [],
        "stats": [],
        "isGoalkeeper": player.position == 0,
    }


def _new_side(side: Side, played_on: bool) -> Json:
    def player(p: Player, starts: bool) -> Json:
        shown: Json = {
            "id": p.number,
            "age": 20 + p.number % 15,
            "name": p.name,
            "usualPlayingPositionId": p.position,
            "shirtNumber": str(p.shirt),
            "countryName": "Nowhere",
            "countryCode": "NOW",
            "firstName": p.first,
            "lastName": p.last,
            "performance": {},
        }
        if starts:
            shown["positionId"] = 11 if p.position == 0 else 30 + p.position
            if p == side.starters[1]:
                shown["isCaptain"] = True
        if played_on and p.number in side.ratings:
            shown["performance"] = {"rating": side.ratings[p.number]}
            changes = [
                {"time": minutes[p.number], "type": kind, "reason": "tactical"}
                for kind, minutes in (("subIn", side.subbed_on), ("subOut", side.subbed_off))
                if p.number in minutes
            ]
            if changes:
                shown["performance"]["substitutionEvents"] = changes
        return shown

    return {
        "id": side.club.number,
        "name": side.club.full,
        "rating": 6.9,
        "formation": side.formation,
        "starters": [player(p, True) for p in side.starters],
        "coach": {},
        "subs": [player(p, False) for p in side.bench],
        "unavailable": [
            {
                "id": p.number,
                "name": p.name,
                "firstName": p.first,
                "lastName": p.last,
                "unavailability": {"injuryId": 12, "type": "injury", "expectedReturn": "Unknown"},
            }
            for p in side.unavailable
        ],
    }
