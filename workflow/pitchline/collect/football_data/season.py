"""A season of a league in the columns of football-data.co.uk: matches and what teams did in them.

Dates are ``dd/mm/yy``, ``dd/mm/yyyy`` or ``yyyy-mm-dd``, times those of the United Kingdom. A
spreadsheet that takes ``14/08/04`` for year, month and day writes ``2014/8/4`` (and ``1930/8/4``
for the 30th): such a date is read both ways, and taken if just one of them lies in the season.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from pitchline.collect.csv_table import Table
from pitchline.collect.football_data.odds import Triple, prices
from pitchline.collect.rows import MatchRow, Parsed, TeamStatRow, Unreadable
from pitchline.collect.seasons import lies_in_season

REQUIRED = ("Date", "HomeTeam", "AwayTeam", "FTHG", "FTAG")
UK = ZoneInfo("Europe/London")

# What one team did, by the columns of the home and the away side.
STATISTICS = {
    "shots": ("HS", "AS"),
    "shots_on_target": ("HST", "AST"),
    "corners": ("HC", "AC"),
    "fouls": ("HF", "AF"),
    "offsides": ("HO", "AO"),
    "yellow_cards": ("HY", "AY"),
    "red_cards": ("HR", "AR"),
}
XG = ("HxG", "AxG")
OTHERS = {
    "Div", "Date", "Time", "HomeTeam", "AwayTeam", "FTHG", "FTAG", "FTR", "HTHG", "HTAG", "HTR",
    "Attendance", "Referee", "HHW", "AHW", "HFKC", "AFKC", "HBP", "ABP", "Bb1X2", "BbOU", "BbAH",
    "BbAHh", "AHh", "AHCh",
}  # fmt: skip
PLAIN = frozenset(OTHERS.union(XG, *STATISTICS.values()))

_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})", re.ASCII)


def parse_season(table: Table, code: str, season: str, odds: Sequence[Triple] = ()) -> Parsed:
    """The rows of a file; a line that can't be read is told as a fault with its number.

    Args:
        table: the file.
        code: the league, as the source calls it; the column ``Div``, where there is one, must
            say the same.
        season: ``2025-26``; the dates must lie in it.
        odds: the triples to read.

    Raises:
        Unreadable: most lines can't be read.
    """
    parsed = Parsed()
    for number, (line, row) in enumerate(table.rows):
        is_last = number == len(table.rows) - 1
        try:
            if is_last and table.is_torn and len(row) < table.width:
                raise ValueError(f"torn off after {len(row)} of {table.width} cells")
            match = _match(table, row, code, season)
            statistics = list(_statistics(table, row, match.match))
            priced = list(prices(row, odds, match.match))
        except (ValueError, OverflowError) as error:
            parsed.faults.append(f"line {line}: {error}")
            continue
        parsed.matches.append(match._replace(line=number))
        parsed.team_stats += statistics
        parsed.odds += priced
    if len(parsed.faults) > len(parsed.matches):
        raise Unreadable(
            f"{len(parsed.faults)} of {len(table.rows)} lines can't be read, "
            f"the first: {parsed.faults[0]}"
        )
    return parsed


def readings(text: str) -> set[date]:
    """The days that a date can mean."""
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
        # The oldest file is of 1993.
        first = {"2": "20" if year < "90" else "19", "4": ""}[str(len(year))]
        told = [(int(first + year), int(month), int(day))]
    elif found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found.groups()
        told = [(int(year), int(month), int(day))]
        if "/" in text:
            told.append((2000 + int(day), int(month), int(year[2:])))
    else:
        return set()
    return set(_days(told))


def _match(table: Table, row: Sequence[str], code: str, season: str) -> MatchRow:
    if any(cell.strip() for cell in row[table.width :]):
        raise ValueError(f"{len(row)} cells under {table.width} columns")
    if "Div" in table.columns and (division := table.cell(row, "Div")) != code:
        raise ValueError(f"Div: {division[:40]!r}, not {code!r}")
    home, away = table.cell(row, "HomeTeam"), table.cell(row, "AwayTeam")
    if not home or not away:
        raise ValueError("HomeTeam, AwayTeam: empty")
    day = _day(table.cell(row, "Date"), season)
    kick_off, known = _kick_off(day, table.cell(row, "Time"))
    goals = table.whole(row, "FTHG", 99), table.whole(row, "FTAG", 99)
    if (goals[0] is None) != (goals[1] is None):
        raise ValueError("FTHG, FTAG: one is there without the other")
    match = MatchRow(
        match=f"{day} {home} {away}",
        competition=code,
        season=season,
        kick_off=kick_off,
        kick_off_known=known,
        home=home,
        away=away,
        status="scheduled",
        referee=table.cell(row, "Referee") or None,
    )
    if goals[0] is None or goals[1] is None:
        return match
    result = table.cell(row, "FTR")
    if result and result != _result(goals[0], goals[1]):
        raise ValueError(f"FTR: {result[:10]!r} after {goals[0]}-{goals[1]}")
    return match._replace(
        status="finished",
        home_goals=goals[0],
        away_goals=goals[1],
        decided="regular time",
        home_goals_final=goals[0],
        away_goals_final=goals[1],
        home_goals_half=table.whole(row, "HTHG", 99),
        away_goals_half=table.whole(row, "HTAG", 99),
        attendance=table.whole(row, "Attendance", 1_000_000),
    )


def _result(home: int, away: int) -> str:
    return "D" if home == away else "H" if home > away else "A"


def _days(told: Sequence[tuple[int, int, int]]) -> Iterator[date]:
    for year, month, day in told:
        try:
            yield date(year, month, day)
        except ValueError:
            continue


def _day(text: str, season: str) -> date:
    possible = readings(text)
    if not possible:
        raise ValueError(f"Date: {text[:20]!r} is no date as dd/mm/yyyy")
    inside = [day for day in possible if lies_in_season(day, season)]
    if len(inside) != 1:
        told = "both readings lie" if inside else "it doesn't lie"
        raise ValueError(f"Date: {text!r}: {told} in the season {season}")
    return inside[0]


def _kick_off(day: date, text: str) -> tuple[datetime, bool]:
    if not text:
        return datetime.combine(day, time(), UTC), False
    try:
        local = datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise ValueError(f"Time: {text[:20]!r} is no time as 15:00") from None
    return datetime.combine(day, local, UK).astimezone(UTC), True


def _statistics(table: Table, row: Sequence[str], match: str) -> Iterator[TeamStatRow]:
    for side, is_home in enumerate((True, False)):
        counts = {
            field: table.whole(row, columns[side], 999) for field, columns in STATISTICS.items()
        }
        xg = table.number(row, XG[side], 99)
        if xg is not None or any(count is not None for count in counts.values()):
            yield TeamStatRow(match, is_home, xg=xg, **counts)
