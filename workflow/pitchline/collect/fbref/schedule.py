"""Scores & Fixtures: the matches of a season, or of a day."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final, TypeVar

from pitchline.collect.fbref import pages
from pitchline.collect.fbref.competitions import holds_date
from pitchline.collect.fbref.outcomes import Outcome, outcome
from pitchline.collect.fbref.pages import Element, Page
from pitchline.collect.rows import MatchRow, Parsed, TeamStatRow, Unreadable, unknown_keys
from pitchline.collect.seasons import season_named

# The names of 2020 to 2022.
ALIASES: Final = {
    "time": "start_time",
    "squad_a": "home_team",
    "squad_b": "away_team",
    "xg_a": "home_xg",
    "xg_b": "away_xg",
}
REQUIRED: Final = ("home_team", "score", "away_team")
KNOWN: Final = frozenset(
    {*REQUIRED, "round", "gameweek", "dayofweek", "date", "start_time", "home_xg", "away_xg"}
    | {"attendance", "venue", "referee", "match_report", "notes"}
)
_T = TypeVar("_T")
_DAY_TABLE = re.compile(rf"sched_({pages.SEASON})_(\d{{1,4}})", re.ASCII)
_SUFFIX = re.compile(r" Scores & Fixtures$")


@dataclass(frozen=True)
class _Listing:
    """What holds for every row of a table.

    Attributes:
        day: of rows without a date of their own.
    """

    competition: str
    season: str
    name: str | None
    day: date | None


def parse_schedule(page: Page) -> Parsed:
    """The matches of a competition's season.

    The table ``sched_all`` of a season with stages leaves stages out (qualifying rounds), so every
    table is read, ``sched_all`` first, and each match is taken once.

    Args:
        page: with tables whose ids contain ``sched``; their columns are told apart by the
            ``data-stat`` of the cells. Expected goals stood there until January 2026.

    Raises:
        Unreadable: there is no such table, a column is missing, or most rows can't be read or
            lie outside the season.
    """
    if page.season is None:
        raise Unreadable("the page tells no season, neither in its address nor in its heading")
    name = _SUFFIX.sub("", page.title) or None
    listing = _Listing(page.id, page.season, name, None)
    return _parse(page, lambda _table: listing)


def parse_day(page: Page) -> Parsed:
    """The matches of one day, one table for each competition (``sched_2023-2024_9``).

    Raises:
        Unreadable: as for a season's.
    """
    try:
        day = pages.day(page.id)
    except ValueError as error:
        raise Unreadable(f"date: {error}") from error

    def listing(table: Element) -> _Listing:
        found = _DAY_TABLE.match(table.get("id") or "")
        if not found:
            raise Unreadable(f"table {table.get('id')!r}: its id names no competition and season")
        try:
            season = season_named(found[1])
        except ValueError as error:
            raise Unreadable(f"table {table.get('id')!r}: {error}") from error
        return _Listing(found[2], season, None, day)

    return _parse(page, listing)


def _parse(page: Page, listing_of: Callable[[Element], _Listing]) -> Parsed:
    tables = page.tables("sched")
    if not tables:
        raise Unreadable("table: none whose id contains 'sched'")
    parsed = Parsed()
    seen: set[str] = set()
    number = 0
    for table in sorted(tables, key=lambda table: table.get("id") != "sched_all"):
        _check_columns(table, parsed)
        listing = listing_of(table)
        for row in pages.body_rows(table):
            _take(pages.cells(row, ALIASES), listing, number, seen, parsed)
            number += 1
    if len(parsed.faults) > len(parsed.matches):
        raise Unreadable(
            f"rows: {len(parsed.faults)} of {len(parsed.faults) + len(parsed.matches)} "
            f"can't be read, the first: {parsed.faults[0]}"
        )
    return parsed


def _check_columns(table: Element, parsed: Parsed) -> None:
    names = {ALIASES.get(name, name) for name in pages.columns(table)}
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise Unreadable(f"table {table.get('id')!r}: no column {missing[0]}")
    parsed.drift |= unknown_keys("schedule", names, KNOWN)


def _take(
    row: Mapping[str, Element], listing: _Listing, number: int, seen: set[str], parsed: Parsed
) -> None:
    try:
        match, said = _match(row, listing, number)
        stats = _expected_goals(match.match, row)
    except ValueError as error:
        fault = f"{_name(row, 'home_team')} v {_name(row, 'away_team')}: {error}"
        if fault not in seen:
            seen.add(fault)
            parsed.faults.append(fault)
        return
    if match.match in seen:
        return
    seen.add(match.match)
    parsed.matches.append(match)
    parsed.team_stats.extend(stats)
    parsed.drift.update(f"schedule.notes: {note}" for note in said.unknown_notes)


def _match(row: Mapping[str, Element], listing: _Listing, number: int) -> tuple[MatchRow, Outcome]:
    home, home_id = _team(row, "home_team")
    away, away_id = _team(row, "away_team")
    day, kick_off = _moment(row, listing)
    if listing.day is None and not holds_date(listing.competition, listing.season, day):
        raise ValueError(f"date: {day} isn't in the season {listing.season}")
    said = outcome(_text(row, "score"), _text(row, "notes"))
    match = MatchRow(
        match=_report(row) or f"{day} {home} {away}",
        competition=listing.competition,
        season=listing.season,
        kick_off=kick_off or datetime.combine(day, time(), UTC),
        kick_off_known=kick_off is not None,
        home=home,
        away=away,
        status=said.status,
        home_goals=said.home_goals,
        away_goals=said.away_goals,
        decided=said.decided,
        home_goals_final=said.home_goals_final,
        away_goals_final=said.away_goals_final,
        home_shootout=said.home_shootout,
        away_shootout=said.away_shootout,
        round=_text(row, "gameweek") or _text(row, "round") or None,
        competition_name=listing.name,
        home_id=home_id,
        away_id=away_id,
        venue=_text(row, "venue") or None,
        referee=_text(row, "referee") or None,
        attendance=_number(row, "attendance", pages.whole),
        line=number,
    )
    return match, said


def _expected_goals(match: str, row: Mapping[str, Element]) -> list[TeamStatRow]:
    home = _number(row, "home_xg", pages.decimal)
    away = _number(row, "away_xg", pages.decimal)
    sides = ((True, home), (False, away))
    return [TeamStatRow(match, is_home, xg=xg) for is_home, xg in sides if xg is not None]


def _moment(row: Mapping[str, Element], listing: _Listing) -> tuple[date, datetime | None]:
    """The date at the venue, and the moment where it is told."""
    kick_off = _kick_off(row)
    day = listing.day or _date(row)
    pages.check_dates(day, kick_off)
    return day, kick_off


def _date(row: Mapping[str, Element]) -> date:
    text = _text(row, "date")
    if not text:
        raise ValueError("date: missing")
    try:
        return pages.day(text)
    except ValueError as error:
        raise ValueError(f"date: {error}") from error


def _kick_off(row: Mapping[str, Element]) -> datetime | None:
    """The moment in ``data-venue-epoch``; the time shown is the venue's, of no known zone."""
    cell = row.get("start_time")
    return pages.moment(cell) if cell is not None else None


def _team(row: Mapping[str, Element], column: str) -> tuple[str, str | None]:
    name = _name(row, column)
    if not name:
        raise ValueError(f"{column}: empty")
    return name, pages.link_id(row[column], "squads")


def _name(row: Mapping[str, Element], column: str) -> str:
    """A team's name, without the country's flag and code beside it."""
    cell = row.get(column)
    if cell is None:
        return ""
    link = next(cell.iter("a"), None)
    if link is not None:
        return pages.words(link)
    return " ".join(" ".join([cell.text or "", *(part.tail or "" for part in cell)]).split())


def _report(row: Mapping[str, Element]) -> str | None:
    """The match's id, in the link of its report; an unplayed match has none."""
    for column in ("match_report", "score"):
        cell = row.get(column)
        found = pages.link_id(cell, "matches") if cell is not None else None
        if found:
            return found
    return None


def _text(row: Mapping[str, Element], column: str) -> str:
    cell = row.get(column)
    return pages.words(cell) if cell is not None else ""


def _number(row: Mapping[str, Element], column: str, read: Callable[[str], _T]) -> _T:
    try:
        return read(_text(row, column))
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from error
