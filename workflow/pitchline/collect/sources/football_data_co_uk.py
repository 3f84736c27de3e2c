"""football-data.co.uk: a season of a division with match statistics and odds, as CSV.

``Div,Date,Time?,HomeTeam,AwayTeam,FTHG,FTAG,FTR,HTHG,HTAG,...,HS,AS,...,B365H,B365D,B365A,...``;
UTF-8 or Windows-1252. Times are of the United Kingdom. Odds come in triples ``<bookmaker>H/D/A``,
the closing ones with a ``C`` after the bookmaker.

Dates are ``dd/mm/yy`` or ``dd/mm/yyyy``. A spreadsheet that takes ``14/08/04`` for year, month and
day writes ``2014/8/4`` (and ``1930/8/4`` for the 30th): such a date is read both ways, and taken
if just one of them lies in the season.

Format: https://www.football-data.co.uk/notes.txt
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import PurePath
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pitchline.collect.classify import data_answer, is_html
from pitchline.collect.rows import MatchRow, OddsMoment, OddsRow, Parsed, TeamStatRow, Unreadable
from pitchline.collect.seasons import lies_in_season, season_of
from pitchline.collect.source import Answer, Ask, Outcome, Plan

UK = ZoneInfo("Europe/London")
REQUIRED = ("Div", "Date", "HomeTeam", "AwayTeam", "FTHG", "FTAG")
MOST_COLUMNS = 1000

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

TRIPLE = ("H", "D", "A")
# The endings of columns that belong together: results, goals over and under, Asian handicap.
FAMILIES = (TRIPLE, (">2.5", "<2.5"), ("_2_5", "_2_5_1"), ("AHH", "AHA"), ("AHH", "AHA", "AH"))
# Those who are known to have closing odds: theirs may stand alone.
BOOKMAKERS = {
    "1XB", "Avg", "B365", "BF", "BFD", "BFE", "BMGM", "BV", "BW", "CL", "IW", "LB", "Max", "P",
    "PS", "VC", "WH",
}  # fmt: skip

_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(\.\d{0,20})?|\.\d{1,20}", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})", re.ASCII)


class _Odds(NamedTuple):
    """Where a bookmaker's triple stands."""

    bookmaker: str
    moment: OddsMoment
    columns: tuple[int, int, int]


class _Table:
    """The lines of a file, by column.

    Attributes:
        rows: each with the number of its line, lines without a value left out.
    """

    def __init__(self, body: bytes) -> None:
        text = _text(body)
        reader = csv.reader(io.StringIO(text, newline=None), strict=False)
        try:
            header = [name.strip() for name in next(reader, [])]
            self.rows = [(reader.line_num, row) for row in reader if any(row)]
        except csv.Error as error:
            raise Unreadable(f"line {reader.line_num}: {error}") from error
        if len(header) > MOST_COLUMNS:
            raise Unreadable(f"the header has {len(header)} columns")
        self.columns: dict[str, int] = {}
        for index, name in enumerate(header):
            if name:
                self.columns.setdefault(name, index)
        for name in REQUIRED:
            if name not in self.columns:
                raise Unreadable(f"the header has no column {name!r}: {','.join(header)[:80]!r}")
        self.width = len(header)
        self.is_torn = not text.endswith(("\n", "\r"))

    def cell(self, row: Sequence[str], name: str) -> str:
        """What stands in a column, empty if nothing does."""
        index = self.columns.get(name)
        return row[index].strip() if index is not None and index < len(row) else ""

    def families(self, ends: Sequence[str]) -> list[str]:
        """What the columns of a family have in common, for each family that is complete."""
        stems = (name.removesuffix(ends[0]) for name in self.columns if name.endswith(ends[0]))
        return [s for s in stems if s and all(s + end in self.columns for end in ends)]

    def odds(self) -> list[_Odds]:
        """The triples; ``B365C`` is a closing one because there is, or may be, a ``B365``."""
        triples = self.families(TRIPLE)
        found = []
        for stem in triples:
            opening = stem.removesuffix("C")
            closes = opening != stem and (opening in triples or opening in BOOKMAKERS)
            home, draw, away = (self.columns[stem + end] for end in TRIPLE)
            found.append(
                _Odds(
                    opening if closes else stem,
                    "closing" if closes else "opening",
                    (home, draw, away),
                )
            )
        return found

    def drift(self) -> set[str]:
        """Columns that are neither known nor part of a family of odds."""
        odds = {stem + end for ends in FAMILIES for stem in self.families(ends) for end in ends}
        return set(self.columns) - PLAIN - odds


class FootballDataCoUk:
    """The source; see pitchline.collect.source.Source."""

    name = "football_data_co_uk"
    kinds: Mapping[str, str] = {"season": "results, match statistics and odds of a season"}
    licence = "football-data.co.uk: free for private individuals, for league match prediction only"
    needs_right = (
        "football-data.co.uk's data are for private individuals only, not for commercial or "
        "data training products that use automated bots, scrapers or AI."
    )
    forbids_learning = True
    obeys_robots = True
    least_seconds_between_requests = 2.0
    token_variable = None
    codes_of = "football_data_co_uk"
    after = ()

    def plan(self, plan: Plan) -> Iterator[Ask]:
        """One file for each division and season of two years; the site has no others there."""
        for code in plan.competitions.values():
            for season in (s for s in plan.seasons if len(s) > 4):
                yield Ask(
                    kind="season",
                    key=f"{code}/{season}",
                    url=f"{plan.base_url}/mmz4281/{season[2:4]}{season[5:]}/{code}.csv",
                    partition=f"{code}/{season}",
                    fresh_for=plan.fresh_for,
                    final_from=datetime(int(season[:4]) + 2, 1, 1, tzinfo=UTC),
                )

    def classify(self, answer: Answer) -> Outcome:
        """A page that is sent in the place of a file isn't one, whatever its status."""
        outcome = data_answer(answer)
        if outcome is Outcome.OK and not _begins_as_csv(answer.body):
            return Outcome.UNEXPECTED
        return outcome

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:  # noqa: ARG002
        """Matches, statistics and odds of ``<division>/<season>``.

        A line that can't be read is told as a fault with its number.
        """
        code, _, season = key.partition("/")
        table = _Table(body)
        odds = table.odds()
        parsed = Parsed(drift=table.drift())
        for number, (line, row) in enumerate(table.rows):
            is_last = number == len(table.rows) - 1
            try:
                if is_last and table.is_torn and len(row) < table.width:
                    raise ValueError(f"torn off after {len(row)} of {table.width} cells")
                match = _match(table, row, code, season)
                statistics = list(_statistics(table, row, match.match))
                prices = list(_prices(row, odds, match.match))
            except (ValueError, OverflowError) as error:
                parsed.faults.append(f"line {line}: {error}")
                continue
            parsed.matches.append(match._replace(line=number))
            parsed.team_stats += statistics
            parsed.odds += prices
        if len(parsed.faults) > len(parsed.matches):
            raise Unreadable(
                f"{len(parsed.faults)} of {len(table.rows)} lines can't be read, "
                f"the first: {parsed.faults[0]}"
            )
        return parsed

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:  # noqa: ARG002
        """The division by its column, the season by the dates."""
        table = _Table(body)
        divisions = Counter(table.cell(row, "Div") for _, row in table.rows)
        seasons = Counter(
            season_of(day) for _, row in table.rows for day in _readings(table.cell(row, "Date"))
        )
        if not seasons:
            raise Unreadable("Date: no line has one that can be read")
        code, season = divisions.most_common(1)[0][0], seasons.most_common(1)[0][0]
        if not (code.isascii() and code.isalnum()):
            raise Unreadable(f"Div: {code[:40]!r} names no division")
        return f"{code}/{season}", f"{code}/{season}"


def _text(body: bytes) -> str:
    if is_html(body):
        raise Unreadable("a web page, not a CSV file")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("neither UTF-8 nor Windows-1252")


def _begins_as_csv(body: bytes) -> bool:
    return body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"Div,", b'"Div",'))


def _match(table: _Table, row: Sequence[str], code: str, season: str) -> MatchRow:
    if any(cell.strip() for cell in row[table.width :]):
        raise ValueError(f"{len(row)} cells under {table.width} columns")
    if (division := table.cell(row, "Div")) != code:
        raise ValueError(f"Div: {division[:40]!r}, not {code!r}")
    home, away = table.cell(row, "HomeTeam"), table.cell(row, "AwayTeam")
    if not home or not away:
        raise ValueError("HomeTeam, AwayTeam: empty")
    day = _day(table.cell(row, "Date"), season)
    kick_off, known = _kick_off(day, table.cell(row, "Time"))
    goals = _whole(table, row, "FTHG", 99), _whole(table, row, "FTAG", 99)
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
        home_goals_half=_whole(table, row, "HTHG", 99),
        away_goals_half=_whole(table, row, "HTAG", 99),
        attendance=_whole(table, row, "Attendance", 1_000_000),
    )


def _result(home: int, away: int) -> str:
    return "D" if home == away else "H" if home > away else "A"


def _readings(text: str) -> set[date]:
    """The days that a date can mean."""
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
        # The oldest file is of 1993.
        first = {"2": "20" if year < "90" else "19", "4": ""}[str(len(year))]
        readings = [(int(first + year), int(month), int(day))]
    elif found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found.groups()
        readings = [(int(year), int(month), int(day))]
        if "/" in text:
            readings.append((2000 + int(day), int(month), int(year[2:])))
    else:
        return set()
    return set(_days(readings))


def _days(readings: Sequence[tuple[int, int, int]]) -> Iterator[date]:
    for year, month, day in readings:
        try:
            yield date(year, month, day)
        except ValueError:
            continue


def _day(text: str, season: str) -> date:
    readings = _readings(text)
    if not readings:
        raise ValueError(f"Date: {text[:20]!r} is no date as dd/mm/yyyy")
    inside = [day for day in readings if lies_in_season(day, season)]
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


def _number(table: _Table, row: Sequence[str], name: str, most: float) -> float | None:
    text = table.cell(row, name)
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{name}: {text[:20]!r} is no number")
    if (number := float(text)) > most:
        raise ValueError(f"{name}: {text} is more than {most}")
    return number


def _whole(table: _Table, row: Sequence[str], name: str, most: int) -> int | None:
    number = _number(table, row, name, most)
    if number is not None and number != int(number):
        raise ValueError(f"{name}: {number} isn't a whole number")
    return None if number is None else int(number)


def _statistics(table: _Table, row: Sequence[str], match: str) -> Iterator[TeamStatRow]:
    for side, is_home in enumerate((True, False)):
        counts = {
            field: _whole(table, row, columns[side], 999) for field, columns in STATISTICS.items()
        }
        xg = _number(table, row, XG[side], 99)
        if xg is not None or any(count is not None for count in counts.values()):
            yield TeamStatRow(match, is_home, xg=xg, **counts)


def _prices(row: Sequence[str], odds: Sequence[_Odds], match: str) -> Iterator[OddsRow]:
    """The complete triples; a price of 1 or less is none."""
    for each in odds:
        if max(each.columns) >= len(row):
            continue
        cells = [row[index].strip() for index in each.columns]
        if all(map(_NUMBER.fullmatch, cells)):
            home, draw, away = map(float, cells)
            if min(home, draw, away) > 1:
                yield OddsRow(match, each.bookmaker, each.moment, home, draw, away)


SOURCE = FootballDataCoUk()
