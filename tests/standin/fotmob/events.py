"""Goals, cards, substitutions and the kicks of a shoot-out."""

from tests.standin.fotmob.shots import shot_of
from tests.standin.fotmob.words import Json, View, named, profile
from tests.standin.play import Event, Kick, Play, Shot
from tests.standin.simulate import END, HALF_TIME, Match, State

CARDS = {"yellow card": "Yellow", "red card": "Red", "second yellow card": "YellowRed"}


def events_of(view: View, match: Match, state: State, play: Play) -> list[Json]:
    shown = [event_of(view, play, e, number) for number, e in enumerate(play.events)]
    marks = [(45, "HT"), (90, "FT" if not match.extra_time else "")]
    for minute, half in marks:
        if on_this_clock(state, minute) and half:
            shown.append(_half(view, minute, half))
    return sorted(shown, key=lambda e: (e["time"], e["type"] == "Half"))


def _half(view: View, minute: int, short: str) -> Json:
    event: Json = {
        "reactKey": f"{minute}HalfNaNundefinedundefined",
        "timeStr": minute,
        "type": "Half",
        "time": minute,
        "overloadTime": None,
        "halfStrShort": short,
        "halfStrKey": "halftime_short" if short == "HT" else "fulltime_short",
    }
    if view.settings.vintage != "2020":
        event["player"] = {"id": None, "profileUrl": ""}
    return event


def event_of(view: View, play: Play, event: Event, number: int) -> Json:
    vintage = view.settings.vintage
    kinds = {"substitution": "Substitution", "missed penalty": "MissedPenalty"}
    kind = "Card" if event.kind in CARDS else kinds.get(event.kind, "Goal")
    shown = _event_head(view, event, kind, number)
    goal = kind == "Goal"
    if vintage == "2026":
        home, away = event.score
        shown |= {
            "homeScore": home - (goal and event.home),
            "awayScore": away - (goal and not event.home),
        }
    if kind == "Substitution":
        return shown | _swap(view, event)
    shown["nameStr"] = event.player.name
    if vintage == "2020" and event.kind == "penalty goal":
        shown["nameStr"] += ", Penalty"
    if kind == "Card":
        shown |= {"card": CARDS[event.kind], "cardDescription": None}
    elif kind == "MissedPenalty":
        shown |= {"isPenaltyShootoutEvent": False, "penShootoutScore": None}
    else:
        shown |= _goal(view, play, event)
    if vintage == "2020":
        for key in ("player", "playerId", "eventId", "firstName", "lastName", "fullName"):
            shown.pop(key, None)
    return shown


def _event_head(view: View, event: Event, kind: str, number: int) -> Json:
    vintage = view.settings.vintage
    minute = event.minute
    if event.added:
        text: int | str = f"{minute} + {event.added}"
    else:
        text = f"{minute}\u2019" if vintage == "2020" else minute
    return {
        "reactKey": f"{number}{minute}{kind}{event.player.number}undefined",
        "timeStr": text,
        "type": kind,
        "time": minute,
        "overloadTime": event.added,
        "eventId": 9_000_000 + number,
        "player": named(event.player),
        "profileUrl": profile(event.player),
        "overloadTimeStr": f"+{event.added}" if event.added else False,
        "isHome": event.home,
    }


def _swap(view: View, event: Event) -> Json:
    assert event.other
    shown: Json = {
        "overloadTime": event.added or 0,
        "injuredPlayerOut": False,
        "swap": [
            {"name": p.name, "id": str(p.number), "profileUrl": profile(p)}
            for p in (event.player, event.other)
        ],
        "player": {"id": None, "profileUrl": ""},
        "profileUrl": "",
    }
    if view.settings.vintage == "2020":
        for player in shown["swap"]:
            del player["id"]
        del shown["injuredPlayerOut"]
    return shown


def _goal(view: View, play: Play, event: Event) -> Json:
    own, penalty = event.kind == "own goal", event.kind == "penalty goal"
    description = "Own goal" if own else "Penalty" if penalty else None
    shown: Json = {
        "ownGoal": True if own else None,
        "goalDescription": description,
        "goalDescriptionKey": "owngoal" if own else "penalty" if penalty else None,
        "suffix": "OG" if own else "Pen" if penalty else None,
        "suffixKey": "own_goal_short" if own else "penalties_short" if penalty else None,
        "isPenaltyShootoutEvent": False,
        "firstName": event.player.first,
        "lastName": event.player.last,
        "fullName": event.player.name,
        "playerId": event.player.number,
        "newScore": list(event.score),
        "penShootoutScore": None,
        "assistStr": f"assist by {event.other.name}" if event.other else None,
        "assistProfileUrl": profile(event.other) if event.other else None,
    }
    if event.other:
        shown |= {
            "assistPlayerId": event.other.number,
            "assistKey": "assist_by",
            "assistInput": event.other.name,
        }
    if view.settings.vintage == "2020":
        kept = ("ownGoal", "newScore", "assistStr", "assistProfileUrl")
        shown = {key: shown[key] for key in kept}
    elif view.settings.vintage != "2022":
        shot = _shot_that_scored(play, event)
        shown |= {"shotmapEvent": shot_of(view, play, shot)} if shot else {}
    return shown


def kick_of(view: View, play: Play, kick: Kick) -> Json:
    kind = "Goal" if kick.scored else "MissedPenalty"
    score = played_score(play)
    shown: Json = {
        "reactKey": f"{kick.number}121{kind}{kick.player.number}undefined",
        "timeStr": 121,
        "type": kind,
        "time": 121,
        "overloadTime": None,
        "eventId": 9_500_000 + kick.number,
        "player": named(kick.player),
        "homeScore": score[0],
        "awayScore": score[1],
        "profileUrl": profile(kick.player),
        "overloadTimeStr": False,
        "isHome": kick.home,
        "nameStr": kick.player.name,
        "isPenaltyShootoutEvent": True,
        "penShootoutScore": list(kick.score),
    }
    if kick.scored:
        shown |= {
            "ownGoal": None,
            "goalDescription": "Penalty",
            "goalDescriptionKey": "penalty",
            "newScore": [score[0] + kick.score[0], score[1] + kick.score[1]],
        }
    return shown


def on_this_clock(state: State, minute: int) -> bool:
    """Whether a half that ends at a minute is over."""
    return state.elapsed >= (HALF_TIME if minute == 45 else END)


def played_score(play: Play) -> tuple[int, int]:
    """The score at the end of play, without the shoot-out."""
    return play.events[-1].score if play.events else (0, 0)


def _shot_that_scored(play: Play, event: Event) -> Shot | None:
    home = event.home != (event.kind == "own goal")
    return next(
        (s for s in play.shots if s.home == home and s.outcome == "Goal"
         and (s.minute, s.added, s.player) == (event.minute, event.added, event.player)),
        None,
    )  # fmt: skip
