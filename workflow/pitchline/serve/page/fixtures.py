"""The next fixtures, as the page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from markupsafe import Markup

from pitchline.serve.names import Names
from pitchline.serve.page import charts, words
from pitchline.serve.page.query import Query, link

# So many are shown at once, and no more than so many at all.
OPEN, MOST = 24, 300
OUTCOMES = ("home", "draw", "away")
LETTERS = ("H", "D", "A")
PREDICT = "snakemake --cores 2 predict"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Match:
    """One fixture and its forecast."""

    kick_off: str
    clock: str
    home: str
    away: str
    home_link: str
    away_link: str
    competition: str
    shares: tuple[int, ...]
    likeliest: str
    bar: Markup
    score: str
    score_share: str
    goals: str
    came: str | None
    other_model: str | None


@dataclass(frozen=True)
class Day:
    """The fixtures of a day, UTC."""

    date: str
    name: str
    link: str
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class Choice:
    """A link that narrows the page, or widens it."""

    name: str
    link: str
    current: bool


@dataclass(frozen=True)
class Fixtures:
    """The section.

    Attributes:
        heading: what is shown.
        days: those shown at once.
        more: those that follow.
        more_matches: how many matches ``more`` holds.
        left_out: matches beyond ``MOST``.
        empty: why there is none; with what to run, if that helps.
        competitions, dates: what can be chosen.
        teams: names for the form's suggestions.
        several: whether fixtures of several competitions are shown.
        any_came: whether a result of any is known by now.
        query: what was chosen, for the form: team, date, competition.
    """

    heading: str
    total: int
    days: tuple[Day, ...]
    more: tuple[Day, ...]
    more_matches: int
    left_out: int
    empty: str | None
    make: str | None
    competitions: tuple[Choice, ...]
    dates: tuple[Choice, ...]
    teams: tuple[str, ...]
    several: bool
    any_came: bool
    query: Mapping[str, str]


def to_come(rows: Sequence[Row], now: datetime) -> list[Row]:
    """The forecasts of matches that have not kicked off, by kick-off."""
    found = [row for row in rows if row["kick_off"] >= now]
    return sorted(found, key=lambda row: (row["kick_off"], row["match_id"]))


def view(
    upcoming: Sequence[Row],
    forecast_any: bool,
    names: Names,
    query: Query,
    settled: Mapping[str, str],
    version: str,
) -> Fixtures:
    """The section of a choice.

    Args:
        upcoming: rows of the table of predictions, by kick-off.
        forecast_any: whether that table holds any match at all.
        names: teams and competitions.
        query: the choice.
        settled: scores known by now, by match_id.
        version: of the model that serves.
    """
    found = [row for row in upcoming if _wanted(row, query)]
    shown = found[:MOST]
    cut = _whole_days(shown, MOST if query.chosen else OPEN)
    several = len({row["competition"] for row in found}) > 1
    empty = _empty(upcoming, found, forecast_any, names, query)
    return Fixtures(
        heading=heading(names, query),
        total=len(found),
        days=_days(shown[:cut], names, settled, version),
        more=_days(shown[cut:], names, settled, version),
        more_matches=len(shown) - cut,
        left_out=len(found) - len(shown),
        empty=empty[0] if empty else None,
        make=empty[1] if empty else None,
        competitions=_competitions(upcoming, names, query),
        dates=_dates(upcoming, query),
        teams=tuple(sorted({row[f"{side}_name"] for row in upcoming for side in OUTCOMES[::2]})),
        several=several,
        any_came=any(row["match_id"] in settled for row in shown),
        query={
            "team": names.shown.get(query.teams[0], query.teams[0]) if query.teams else "",
            "date": query.date.isoformat() if query.date else "",
            "competition": query.competition or "",
        },
    )


def heading(names: Names, query: Query) -> str:
    """What a choice is called."""
    parts = []
    if query.teams:
        shown = dict.fromkeys(names.shown.get(slug, slug) for slug in query.teams)
        parts.append(" or ".join(shown))
    if query.competition:
        parts.append(names.competitions.get(query.competition, query.competition))
    if query.date:
        parts.append(words.day(query.date))
    return ", ".join(parts) or "Next fixtures"


def _wanted(row: Row, query: Query) -> bool:
    return (
        (not query.teams or row["home_team"] in query.teams or row["away_team"] in query.teams)
        and (query.date is None or row["kick_off"].date() == query.date)
        and (query.competition is None or row["competition"] == query.competition)
    )


def _whole_days(rows: Sequence[Row], most: int) -> int:
    """How many of the first rows to show: whole days, at least one, no more than ``most`` else."""
    cut = 0
    for _, of_day in groupby(rows, key=lambda row: row["kick_off"].date()):
        size = len(list(of_day))
        if cut and cut + size > most:
            break
        cut += size
    return cut


def _days(
    rows: Sequence[Row], names: Names, settled: Mapping[str, str], version: str
) -> tuple[Day, ...]:
    return tuple(
        Day(
            when.isoformat(),
            words.day(when),
            link(day=when),
            tuple(_match(row, names, settled, version) for row in of_day),
        )
        for when, of_day in groupby(rows, key=lambda row: row["kick_off"].date())
    )


def _match(row: Row, names: Names, settled: Mapping[str, str], version: str) -> Match:
    p = [row[f"probability_{outcome}"] for outcome in OUTCOMES]
    goals = [words.figure(row.get(f"expected_{side}_goals"), 1) for side in OUTCOMES[::2]]
    return Match(
        kick_off=words.iso(row["kick_off"]),
        clock=words.clock(row["kick_off"]),
        home=str(row["home_name"]),
        away=str(row["away_name"]),
        home_link=link(team=row["home_team"]),
        away_link=link(team=row["away_team"]),
        competition=names.competitions.get(row["competition"], row["competition"]),
        shares=words.shares(p),
        likeliest=OUTCOMES[LETTERS.index(row["most_likely"])],
        bar=charts.bar(p),
        score=words.dashed(row.get("score_1")),
        score_share=words.percent(row.get("score_1_probability")),
        goals=words.DASH.join(goals) if words.UNKNOWN not in goals else words.UNKNOWN,
        came=words.dashed(settled[row["match_id"]]) if row["match_id"] in settled else None,
        other_model=str(row["champion"]) if row.get("champion") != version else None,
    )


def _competitions(rows: Sequence[Row], names: Names, query: Query) -> tuple[Choice, ...]:
    slugs = sorted({row["competition"] for row in rows})
    if len(slugs) < 2:
        return ()
    return tuple(
        Choice(
            names.competitions.get(slug, slug), link(competition=slug), query.competition == slug
        )
        for slug in slugs
    )


def _dates(rows: Sequence[Row], query: Query) -> tuple[Choice, ...]:
    days: dict[date, None] = dict.fromkeys(row["kick_off"].date() for row in rows)
    return tuple(
        Choice(words.weekday(day), link(day=day), query.date == day) for day in list(days)[:10]
    )


def _empty(
    upcoming: Sequence[Row],
    found: Sequence[Row],
    forecast_any: bool,
    names: Names,
    query: Query,
) -> tuple[str, str | None] | None:
    """Why there is nothing to show, and the command that helps, if one does."""
    if found:
        return None
    if not forecast_any:
        return "No fixture has been forecast yet.", PREDICT
    if not upcoming:
        return (
            "Every fixture that was forecast has kicked off.",
            "snakemake --cores 2 collect predict",
        )
    last = words.short_day(upcoming[-1]["kick_off"])
    first = words.short_day(upcoming[0]["kick_off"])
    return f"No forecast for {heading(names, query)}. There are some for {first} to {last}.", None
