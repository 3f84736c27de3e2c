"""The match report: its match, events, line-ups, team stats, and shots while there were any."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Final

from pitchline.collect.fbref import pages
from pitchline.collect.fbref.pages import Element, Page
from pitchline.collect.fbref.scorebox import ScoreBox, Team, read_score_box
from pitchline.collect.fbref.teamstats import Summary, read_summary, team_stats
from pitchline.collect.rows import (
    Decided,
    EventRow,
    EventType,
    LineupRole,
    LineupRow,
    MatchRow,
    MatchStatus,
    Parsed,
    ShotRow,
    Unreadable,
    unknown_keys,
)

EVENTS: Final[Mapping[str, EventType]] = {
    "goal": "goal",
    "own_goal": "own goal",
    "penalty_goal": "penalty goal",
    "penalty_miss": "missed penalty",
    "yellow_card": "yellow card",
    "yellow_red_card": "second yellow card",
    "red_card": "red card",
    "substitute_in": "substitution",
    "penalty_shootout_goal": "shoot-out goal",
    "penalty_shootout_miss": "shoot-out miss",
}
_GOALS: Final = frozenset({"goal", "own goal", "penalty goal"})
_SHOOTOUT: Final = frozenset({"shoot-out goal", "shoot-out miss"})
_SHOTS: Final = frozenset(
    {"minute", "player", "team", "xg_shot", "psxg_shot", "outcome", "distance", "body_part"}
    | {"notes", "sca_1_player", "sca_1_type", "sca_2_player", "sca_2_type"}
)
_ON_TARGET: Final = frozenset({"Goal", "Saved"})
_HALF: Final = 45
_FULL: Final = 90

_MINUTE: Final = re.compile(r"(\d{1,3})(?:\+(\d{1,3}))?", re.ASCII)
_RUNNING: Final = re.compile(r"(\d{1,3}):(\d{1,3})", re.ASCII)
_FORMATION: Final = re.compile(r"\(([^()]+)\)$")


def parse_report(page: Page) -> Parsed:
    """The rows of a match report.

    The score box gives teams, goals and, until January 2026, expected goals. Events give the
    score at half-time and after 90 minutes where they account for every goal. Extra time shows in
    events or minutes of players after the 90th, a shoot-out in its kicks. An own goal stands on
    the side it counts for.

    Raises:
        Unreadable: the score box isn't whole.
    """
    box = read_score_box(page.root)
    teams = (box.home, box.away)
    parsed = Parsed()
    summaries = (read_summary(page, box.home, parsed), read_summary(page, box.away, parsed))
    parsed.events = list(_events(page, parsed))
    parsed.shots = _shots(page, teams, parsed)
    parsed.lineups = [
        row for side in (0, 1) for row in _lineup(page, side == 0, teams[side], summaries[side])
    ]
    parsed.matches = [_match(page.id, box, parsed.events, summaries)]
    parsed.team_stats = team_stats(page, teams, summaries, parsed)
    return parsed


def _match(
    match: str, box: ScoreBox, events: list[EventRow], summaries: tuple[Summary, Summary]
) -> MatchRow:
    home, away, meeting = box
    status = _status(box)
    row = MatchRow(
        match=match,
        competition=meeting.competition,
        season=meeting.season,
        kick_off=meeting.kick_off or datetime.combine(meeting.day, time(), UTC),
        kick_off_known=meeting.kick_off is not None,
        home=home.name,
        away=away.name,
        status=status,
        round=meeting.round,
        competition_name=meeting.competition_name,
        home_id=home.id,
        away_id=away.id,
        venue=meeting.venue,
        referee=meeting.referee,
        attendance=meeting.attendance,
    )
    if status not in ("finished", "awarded") or home.goals is None or away.goals is None:
        return row
    final = (home.goals, away.goals)
    decided = _decided(events, summaries)
    accounted = _goals_until(None, events) == final
    after_90 = final if decided == "regular time" else (None, None)
    if accounted and decided != "regular time":
        after_90 = _goals_until(_FULL, events)
    half = _goals_until(_HALF, events) if accounted else (None, None)
    kicks = _shootout(events) if decided == "penalties" else (None, None)
    return row._replace(
        decided=None if status == "awarded" else decided,
        home_goals=after_90[0],
        away_goals=after_90[1],
        home_goals_final=final[0],
        away_goals_final=final[1],
        home_goals_half=half[0],
        away_goals_half=half[1],
        home_shootout=kicks[0],
        away_shootout=kicks[1],
    )


def _status(box: ScoreBox) -> MatchStatus:
    goals = [team.goals is not None for team in (box.home, box.away)]
    if any(goals) and not all(goals):
        raise Unreadable("div.scorebox: goals of one team only")
    return box.meeting.status or ("finished" if all(goals) else "scheduled")


def _decided(events: list[EventRow], summaries: tuple[Summary, Summary]) -> Decided:
    if any(event.type in _SHOOTOUT for event in events):
        return "penalties"
    minutes = [event.minute for event in events]
    minutes += [played.minutes for summary in summaries for played in summary.players.values()]
    beyond = any(minute > _FULL for minute in minutes if minute is not None)
    return "extra time" if beyond else "regular time"


def _goals_until(minute: int | None, events: list[EventRow]) -> tuple[int, int]:
    """Goals of both sides up to a minute of play and the stoppage time after it."""
    goals = [event for event in events if event.type in _GOALS and event.minute is not None]
    sides = [goal.is_home for goal in goals if minute is None or (goal.minute or 0) <= minute]
    return sides.count(True), sides.count(False)


def _shootout(events: list[EventRow]) -> tuple[int, int]:
    sides = [event.is_home for event in events if event.type == "shoot-out goal"]
    return sides.count(True), sides.count(False)


def _events(page: Page, parsed: Parsed) -> Iterator[EventRow]:
    """``#events_wrap``: the minute and the running score beside an icon and the players."""
    wrap = pages.by_id(page.root, "events_wrap")
    blocks = pages.children(wrap, "div") if wrap is not None else []
    number = 0
    for event in (part for block in blocks for part in (block, *pages.children(block, "div"))):
        if not pages.has_class(event, "event"):
            continue
        side = next((name for name in ("a", "b") if pages.has_class(event, name)), None)
        parts = pages.children(event, "div")
        icons = (
            [part for part in pages.children(parts[-1], "div") if _is_icon(part)] if parts else []
        )
        if side is None or len(parts) != 2 or not icons:
            parsed.faults.append(f"event: {pages.words(event)[:80]!r} isn't whole")
            continue
        name = (icons[0].get("class") or "").replace("event_icon", "").strip()
        if name not in EVENTS:
            parsed.drift.add(f"events.{name[:60]}")
            continue
        yield _event(page.id, number, side == "a", EVENTS[name], parts)
        number += 1


def _event(
    match: str, number: int, is_home: bool, kind: EventType, parts: list[Element]
) -> EventRow:
    minute = _MINUTE.match(pages.words(parts[0]))
    running = [_RUNNING.fullmatch(pages.words(span)) for span in parts[0].iter("span")]
    score = next((found for found in running if found), None) if kind not in _SHOOTOUT else None
    info = [part for part in pages.children(parts[1], "div") if not _is_icon(part)]
    names = pages.children(info[0], "div") if info else []
    small = next(info[0].iter("small"), None) if info else None
    other = next(small.iter("a"), None) if small is not None else None
    return EventRow(
        match=match,
        number=number,
        is_home=is_home,
        type=kind,
        minute=int(minute[1]) if minute else None,
        added=int(minute[2]) if minute and minute[2] else None,
        player=(pages.words(names[0]) or None) if names else None,
        player_id=pages.link_id(names[0], "players") if names else None,
        other_player=(pages.words(other) or None) if other is not None else None,
        other_player_id=pages.link_id(other, "players") if other is not None else None,
        home_score=int(score[1]) if score else None,
        away_score=int(score[2]) if score else None,
    )


def _is_icon(part: Element) -> bool:
    return pages.has_class(part, "event_icon")


def _lineup(page: Page, is_home: bool, team: Team, summary: Summary) -> Iterator[LineupRow]:
    """``div.lineup``: the team and its formation, the starters, then under ``Bench`` the rest."""
    boxes = [box for box in page.root.iter("div") if pages.has_class(box, "lineup")]
    box = next((box for box in boxes if box.get("id") == ("a" if is_home else "b")), None)
    formation: str | None = None
    role: LineupRole = "starter"
    for row in box.iter("tr") if box is not None else ():
        heads, values = pages.children(row, "th"), pages.children(row, "td")
        if heads:
            text = pages.words(heads[0])
            found = _FORMATION.search(text)
            formation = found[1] if found else formation
            role = "bench" if text == "Bench" else role
        elif len(values) == 2 and (link := next(values[1].iter("a"), None)) is not None:
            player = pages.link_id(link, "players")
            played = summary.players.get(player or "")
            shirt = pages.words(values[0])
            yield LineupRow(
                match=page.id,
                is_home=is_home,
                role=role,
                player=pages.words(link),
                player_id=player,
                shirt=int(shirt)
                if shirt.isascii() and shirt.isdecimal() and len(shirt) < 4
                else None,
                position=played.position if played else None,
                is_captain=player == team.captain if player and team.captain else None,
                minutes=played.minutes if played else None,
                lineup_type="confirmed",
                formation=formation,
            )


def _shots(page: Page, teams: tuple[Team, Team], parsed: Parsed) -> list[ShotRow]:
    """``shots_all``, told until January 2026; the distance is all it tells of the place."""
    table = page.table("shots_all")
    if table is None:
        return []
    parsed.drift |= unknown_keys("shots_all", pages.columns(table), _SHOTS)
    shots = []
    for row in pages.body_rows(table):
        try:
            shots.append(_shot(page.id, teams, pages.cells(row, {})))
        except ValueError as error:
            parsed.faults.append(f"shots_all: {error}")
    return shots


def _shot(match: str, teams: tuple[Team, Team], cells: Mapping[str, Element]) -> ShotRow:
    texts = {name: pages.words(cell) for name, cell in cells.items()}
    team = pages.link_id(cells["team"], "squads") if "team" in cells else None
    if team is None or team not in (teams[0].id, teams[1].id):
        raise ValueError(f"team: {texts.get('team', '')[:60]!r} is neither of both")
    minute = _MINUTE.match(texts.get("minute", ""))
    outcome = texts.get("outcome") or None
    return ShotRow(
        match=match,
        is_home=team == teams[0].id,
        shot=None,
        minute=int(minute[1]) if minute else None,
        added=int(minute[2]) if minute and minute[2] else None,
        period=None,
        player=texts.get("player") or None,
        player_id=pages.link_id(cells["player"], "players") if "player" in cells else None,
        x=None,
        y=None,
        xg=pages.decimal(texts.get("xg_shot", "")),
        xg_on_target=pages.decimal(texts.get("psxg_shot", "")),
        outcome=outcome,
        body_part=texts.get("body_part") or None,
        situation=texts.get("notes") or None,
        is_on_target=outcome in _ON_TARGET if outcome else None,
        is_blocked=outcome == "Blocked" if outcome else None,
        is_own_goal=False,
    )
