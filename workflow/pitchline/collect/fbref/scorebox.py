"""The score box of a match report: both teams, and when, where and in what they met."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from pitchline.collect.fbref import pages
from pitchline.collect.fbref.competitions import ONE_YEAR, holds_date
from pitchline.collect.fbref.outcomes import read_notes
from pitchline.collect.fbref.pages import Element
from pitchline.collect.rows import MatchStatus, Unreadable
from pitchline.collect.seasons import season_named, season_of

_COMPETITION: Final = re.compile(
    rf"(?:https?://[^/]+)?/en/comps/(\d{{1,4}})/(?:({pages.SEASON})/)?[^/]*", re.ASCII
)
_IN_BRACKETS: Final = re.compile(r"\(([^()]+)\)$")
_REFEREE: Final = re.compile(r"(?:^|\u00b7 )([^\u00b7]+?) \(Referee\)")
_LABELLED: Final = re.compile(r"(Attendance|Venue|Officials): (.+)")


@dataclass(frozen=True)
class Team:
    """One team.

    Attributes:
        xg: expected goals, told until January 2026.
        captain: the player's id.
    """

    name: str
    id: str | None
    goals: int | None
    xg: float | None
    captain: str | None


@dataclass(frozen=True)
class Meeting:
    """When, where and in what competition.

    Attributes:
        season: of the link to the competition, which names one that is over; else by the date.
        day: at the venue.
        status: of a match that wasn't simply played.
    """

    competition: str
    competition_name: str
    season: str
    round: str | None
    day: date
    kick_off: datetime | None
    venue: str | None
    referee: str | None
    attendance: int | None
    status: MatchStatus | None


class ScoreBox(NamedTuple):
    """What the box holds."""

    home: Team
    away: Team
    meeting: Meeting


def read_score_box(root: Element) -> ScoreBox:
    """The score box of a page.

    Raises:
        Unreadable: there is none, or a team, the date, the competition or its season is missing
            or wrong.
    """
    box = next((found for found in root.iter("div") if pages.has_class(found, "scorebox")), None)
    if box is None:
        raise Unreadable("div.scorebox: missing")
    parts = pages.children(box, "div")
    halves = [part for part in parts if pages.with_class(part, "scores")]
    metas = [part for part in parts if pages.has_class(part, "scorebox_meta")]
    if len(halves) != 2 or len(metas) != 1:
        raise Unreadable(f"div.scorebox: {len(halves)} teams and {len(metas)} of scorebox_meta")
    try:
        return ScoreBox(_team(halves[0]), _team(halves[1]), _meeting(metas[0]))
    except ValueError as error:
        raise Unreadable(f"div.scorebox: {error}") from error


def _team(half: Element) -> Team:
    strong = next(half.iter("strong"), None)
    name = pages.words(strong) if strong is not None else ""
    if strong is None or not name:
        raise ValueError("a team without a name")
    points = pages.with_class(half, "datapoint")
    captain = next((point for point in points if pages.words(point).startswith("Captain")), None)
    return Team(
        name=name,
        id=pages.link_id(strong, "squads"),
        goals=pages.whole(_of_class(half, "score")),
        xg=pages.decimal(_of_class(half, "score_xg")),
        captain=pages.link_id(captain, "players") if captain is not None else None,
    )


def _of_class(half: Element, name: str) -> str:
    return next((pages.words(found) for found in pages.with_class(half, name)), "")


def _meeting(meta: Element) -> Meeting:
    link, competition, told = _competition(meta)
    name = pages.words(link)
    day, kick_off = _moment(meta)
    season = season_named(told) if told else season_of(day, competition in ONE_YEAR)
    if told and not holds_date(competition, season, day):
        raise ValueError(f"date: {day} isn't in the season {season}")
    lines = [pages.words(line) for line in pages.children(meta, "div")]
    labelled = {found[1]: found[2] for found in map(_LABELLED.fullmatch, lines) if found}
    held = next((line for line in lines if line.startswith(name)), "")
    round_ = _IN_BRACKETS.search(held.removeprefix(name))
    referee = _REFEREE.search(labelled.get("Officials", ""))
    notes = "; ".join(text for line in lines if (text := line.lstrip("* ")).startswith("Match "))
    return Meeting(
        competition=competition,
        competition_name=name,
        season=season,
        round=round_[1] if round_ else None,
        day=day,
        kick_off=kick_off,
        venue=labelled.get("Venue"),
        referee=referee[1] if referee else None,
        attendance=pages.whole(labelled.get("Attendance", "")),
        status=read_notes(notes).status,
    )


def _competition(meta: Element) -> tuple[Element, str, str | None]:
    for link in meta.iter("a"):
        found = _COMPETITION.fullmatch(link.get("href") or "")
        if found:
            return link, found[1], found[2]
    raise ValueError("no link to a competition")


def _moment(meta: Element) -> tuple[date, datetime | None]:
    kick_off = pages.moment(meta)
    told = next((span.get("data-venue-date") for span in meta.iter("span")), None)
    if not told:
        links = (link.get("href", "").rpartition("/en/matches/")[2] for link in meta.iter("a"))
        told = next((link for link in links if link), None)
    if not told:
        raise ValueError("no date")
    day = pages.day(told)
    pages.check_dates(day, kick_off)
    return day, kick_off
