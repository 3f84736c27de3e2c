"""Goals, cards and substitutions of a match."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from pitchline.collect.fotmob.contract import also_known
from pitchline.collect.fotmob.status import Goals, Minute, PlayerId, player_id
from pitchline.collect.rows import EventRow, EventType

_CARDS: dict[str, EventType] = {
    "Yellow": "yellow card",
    "YellowRed": "second yellow card",
    "Red": "red card",
}
_SHOOTOUT: dict[str, EventType] = {
    "Goal": "shoot-out goal",
    "MissedPenalty": "shoot-out miss",
}
# Events no row is made of.
_PASSED_OVER = frozenset(
    {"AddedTime", "Half", "VAR", "Comment", "Assist", "PenaltyShootout", "DisallowedPenaltyMiss"}
)
_GOALS = frozenset({"goal", "own goal", "penalty goal"})
_ASSIST_BY = "assist by "
_HALF_MINUTES, _REGULAR_MINUTES = 45, 90


@also_known("profileUrl")
class Person(msgspec.Struct, rename="camel"):
    """A player of an event; empty where the event has none."""

    id: PlayerId | None = None
    name: str | None = None


@also_known(
    *("reactKey", "timeStr", "eventId", "profileUrl", "overloadTimeStr", "goalDescription"),
    *("suffixKey", "firstName", "lastName", "fullName", "shortName", "penShootoutScore"),
    *("assistProfileUrl", "assistKey", "minutesAddedStr", "minutesAddedKey"),
    *("minutesAddedInput", "halfStrShort", "halfStrKey", "injuredPlayerOut", "VAR"),
    *("missedPenaltyStr", "missedPeanltyKey", "addedTime", "penalty", "cardDescription"),
    *("shotmapEvent", "penaltyScore"),
)
class Event(msgspec.Struct, rename="camel"):
    """One line of the match's events; ``homeScore`` of a goal is the score before it."""

    type: str
    time: Minute | None = None
    overload_time: Minute | None = None
    is_home: bool | None = None
    player: Person | None = None
    player_id: PlayerId | None = None
    name_str: str | None = None
    own_goal: bool | None = None
    goal_description_key: str | None = None
    suffix: str | None = None
    is_penalty_shootout_event: bool | None = None
    new_score: list[Goals] | None = None
    home_score: Goals | None = None
    away_score: Goals | None = None
    assist_input: str | None = None
    assist_str: str | None = None
    assist_player_id: PlayerId | None = None
    card: str | None = None
    swap: list[Person] | None = None


@also_known("ongoing", "eventTypes")
class Events(msgspec.Struct, rename="camel"):
    """``content.matchFacts.events``."""

    events: list[Event] | None = None
    penalty_shootout_events: list[Event] | None = None


@also_known()
class HeaderEvents(msgspec.Struct, rename="camel"):
    """``header.events``: goals and red cards by the player's last name."""

    home_team_goals: dict[str, list[Event]] | None = None
    away_team_goals: dict[str, list[Event]] | None = None
    home_team_red_cards: dict[str, list[Event]] | None = None
    away_team_red_cards: dict[str, list[Event]] | None = None


class GoalsByTime(NamedTuple):
    """Goals of home and away at half-time and after 90 minutes."""

    half: tuple[int, int]
    regular: tuple[int, int]


def event_rows(
    told: Events | None, header: HeaderEvents | None, match: str, drift: set[str]
) -> list[EventRow]:
    """A row per goal, missed penalty, card and substitution, those of a shoot-out last.

    The header's goals and red cards are read only where there are no other events.
    """
    events = (told.events if told else None) or []
    shootout = (told.penalty_shootout_events if told else None) or []
    if not events and header:
        events = sorted(_header_events(header), key=lambda event: event.time or 0)
    rows: list[EventRow] = []
    for is_shootout, event in [(False, event) for event in events] + [
        (True, event) for event in shootout
    ]:
        kind = _kind(event, is_shootout, drift)
        if kind and event.is_home is not None:
            rows.append(_row(event, kind, event.is_home, match, len(rows)))
    return rows


def goals_by_time(rows: list[EventRow], home: int, away: int) -> GoalsByTime | None:
    """The scores on the way to an end score; None where the goals told don't add up to it."""
    goals = [row for row in rows if row.type in _GOALS]
    if any(row.minute is None for row in goals):
        return None
    if _scored(goals, None) != (home, away):
        return None
    return GoalsByTime(_scored(goals, _HALF_MINUTES), _scored(goals, _REGULAR_MINUTES))


def shootout_score(rows: list[EventRow]) -> tuple[int, int] | None:
    """Penalties scored in the shoot-out; None where none is told."""
    scored = [row.is_home for row in rows if row.type == "shoot-out goal"]
    return (scored.count(True), scored.count(False)) if scored else None


def _scored(goals: list[EventRow], until: int | None) -> tuple[int, int]:
    """Goals of home and away up to a minute."""
    sides = [row.is_home for row in goals if until is None or (row.minute or 0) <= until]
    return sides.count(True), sides.count(False)


def _header_events(header: HeaderEvents) -> Iterator[Event]:
    """All events of the header."""
    for by_name in (
        header.home_team_goals,
        header.away_team_goals,
        header.home_team_red_cards,
        header.away_team_red_cards,
    ):
        for events in (by_name or {}).values():
            yield from events


def _kind(event: Event, is_shootout: bool, drift: set[str]) -> EventType | None:
    """What row an event becomes, if any; a type never seen is drift."""
    if is_shootout or event.is_penalty_shootout_event:
        return _SHOOTOUT.get(event.type)
    if event.type == "Goal":
        return _goal(event)
    if event.type == "Card":
        return _CARDS.get(event.card or "")
    if event.type == "Substitution":
        return "substitution"
    if event.type == "MissedPenalty":
        return "missed penalty"
    if event.type not in _PASSED_OVER:
        drift.add(f"content.matchFacts.events.events.type={event.type[:40]}")
    return None


def _goal(event: Event) -> EventType:
    """Which of the three kinds of goal."""
    if event.own_goal:
        return "own goal"
    if event.goal_description_key == "penalty" or (event.suffix or "").strip("()") == "Pen":
        return "penalty goal"
    return "goal"


def _row(event: Event, kind: EventType, is_home: bool, match: str, number: int) -> EventRow:
    """The row of an event."""
    player, other = _people(event, kind)
    home, away = _score_after(event, kind)
    return EventRow(
        match,
        number,
        is_home,
        kind,
        event.time,
        event.overload_time or None,
        player.name or None,
        player_id(player.id),
        other.name or None,
        player_id(other.id),
        home,
        away,
    )


def _people(event: Event, kind: EventType) -> tuple[Person, Person]:
    """The player, and who assisted or left the pitch."""
    if kind == "substitution":
        on, off = event.swap if event.swap and len(event.swap) == 2 else (Person(), Person())
        return on, off
    player = event.player or Person()
    named = Person(
        id=event.player_id if player.id is None else player.id, name=player.name or event.name_str
    )
    assist = event.assist_input or (event.assist_str or "").removeprefix(_ASSIST_BY)
    return named, Person(id=event.assist_player_id, name=assist)


def _score_after(event: Event, kind: EventType) -> tuple[int | None, int | None]:
    """The score right after an event; a shoot-out doesn't change it and isn't told."""
    if kind in ("shoot-out goal", "shoot-out miss"):
        return None, None
    if kind in _GOALS:
        after = event.new_score
        return (after[0], after[1]) if after and len(after) == 2 else (None, None)
    return event.home_score, event.away_score
