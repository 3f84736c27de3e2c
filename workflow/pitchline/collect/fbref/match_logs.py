"""Match logs of teams that others exported from FBref as CSV: a line a team and match.

``date,time?,comp,round?,venue,result?,gf,ga,opponent,xg?,xga?,poss?,...,season?,team``, of one team
or many. The line of the home team and that of the away team give one match; where just one of them
is there, the other side has what the line tells against it.

The site calls a club by a short name in its tables (``opponent``) and by a long one in its
addresses, from which exporters take ``team``. Both are brought together by the matches themselves.

Columns beyond the known ones are the exporter's own, and no drift.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from pitchline.collect.csv_table import Table
from pitchline.collect.fbref import pages
from pitchline.collect.fbref.competitions import ONE_YEAR
from pitchline.collect.fbref.outcomes import Outcome, outcome
from pitchline.collect.rows import MatchRow, Parsed, TeamStatRow, Unreadable
from pitchline.collect.seasons import lies_in_season, season_named, season_of

REQUIRED: Final = ("date", "comp", "venue", "gf", "ga", "opponent", "team")
# What the site's own tables call some columns.
ALIASES: Final = {
    "start_time": "time",
    "goals_for": "gf",
    "goals_against": "ga",
    "xg_for": "xg",
    "xg_against": "xga",
    "possession": "poss",
    "squad": "team",
    "shots": "sh",
    "shots_on_target": "sot",
}
# The site's ids of competitions, by the names of its logs; any other keeps its name as code.
# The logs call Austria's first division ``Bundesliga`` as well: its clubs are no German ones.
CODES: Final = {
    "Premier League": "9",
    "Championship": "10",
    "FA Cup": "514",
    "EFL Cup": "690",
    "La Liga": "12",
    "Copa del Rey": "569",
    "Serie A": "11",
    "Coppa Italia": "529",
    "Bundesliga": "20",
    "DFB-Pokal": "521",
    "Ligue 1": "13",
    "Champions Lg": "8",
    "Europa Lg": "19",
}
# Times are those of the place.
ZONES: Final = {
    **dict.fromkeys(("9", "10", "514", "690"), "Europe/London"),
    **dict.fromkeys(("12", "569"), "Europe/Madrid"),
    **dict.fromkeys(("11", "529"), "Europe/Rome"),
    **dict.fromkeys(("20", "521"), "Europe/Berlin"),
    "13": "Europe/Paris",
}
# The columns that tell what the team did, and those that tell what its opponent did.
OWN: Final = {
    "xg": ("xg",),
    "shots": ("sh",),
    "shots_on_target": ("sot",),
    "possession": ("poss",),
    "passes": ("tot_pass_att",),
    "accurate_passes": ("tot_pass_cmp",),
    "touches_in_opposition_box": ("att_box_touches",),
    "crosses": ("crosses", "cross"),
    "corners": ("ck",),
    "fouls": ("fouls",),
    "offsides": ("off",),
    "tackles": ("tkls",),
    "interceptions": ("int",),
    "clearances": ("clr",),
    "saves": ("saves",),
    "yellow_cards": ("yell",),
    "red_cards": ("red",),
}
AGAINST: Final = {"xg": "xga", "xg_on_target": "psxg", "shots_on_target": "sota"}
DECIMAL: Final = frozenset({"xg", "xg_on_target", "possession"})
MOST: Final = {"xg": 99, "xg_on_target": 99, "possession": 100}
# A spelling is a team's where at least so many matches are told alike from both sides ...
LEAST_ALIKE: Final = 2
# ... and no more than one in so many is told otherwise.
ALIKE_TO_OTHERWISE: Final = 10

_GOALS = re.compile(r"(\d{1,2})(?:\.0)?(?: ?\((\d{1,2})\))?", re.ASCII)
_YEAR = re.compile(r"(\d{4})(?:\.0)?", re.ASCII)
_PLAIN = re.compile(r"[^\w.-]+")
_MATCHWEEK = re.compile(r"Matchweek \d+", re.ASCII)


@dataclass(frozen=True)
class _Line:
    """What one team's line tells.

    Attributes:
        number: of the row in the file, from 0; ``line`` counts lines, with the header.
        score: goals and penalties of the shoot-out, of the home and the away side.
        stats: fields of the team's row; ``against`` of its opponent's.
    """

    number: int
    line: int
    day: date
    time: str
    competition: str
    name: str
    season: str
    round: str | None
    team: str
    opponent: str
    is_home: bool
    score: tuple[str, str, str, str]
    outcome: Outcome
    referee: str | None
    attendance: int | None
    stats: Mapping[str, Any]
    against: Mapping[str, Any]


def parse_logs(key: str, body: bytes) -> Parsed:
    """The matches of a file, and what each team did in them.

    Raises:
        Unreadable: it is no such file, not the one the key names, or most lines can't be read.
    """
    parsed = Parsed()
    table = _read(body)
    lines = _lines(table, parsed.faults)
    if len(parsed.faults) > len(lines):
        raise Unreadable(
            f"{len(parsed.faults)} of {len(table.rows)} lines can't be read, "
            f"the first: {parsed.faults[0]}"
        )
    # Which teams and columns a parser finds may change; competition and seasons are the file's.
    if (found := _key(table, lines)[1]) != key.rpartition("/")[0]:
        raise Unreadable(f"the file is of {found!r}, not of {key!r}")
    for sides in _matches(lines, parsed.faults):
        match = _match(sides)
        parsed.matches.append(match)
        parsed.team_stats += _team_stats(match.match, sides)
    return parsed


def identify_logs(body: bytes) -> tuple[str, str]:
    """Key and partition: ``<competition>/<first season>_<last>/<teams and columns>``.

    A file of the same teams, seasons and columns is a newer version; one of others stands beside.

    Raises:
        Unreadable: it is no such file, or no line can be read.
    """
    table = _read(body)
    faults: list[str] = []
    lines = _lines(table, faults)
    if not lines:
        raise Unreadable(f"no line can be read{': ' + faults[0] if faults else ''}")
    return _key(table, lines)


def _read(body: bytes) -> Table:
    return Table(body, REQUIRED, _named)


def _named(column: str) -> str:
    name = column.strip().lower().replace(" ", "_")
    return ALIASES.get(name, name)


def _key(table: Table, lines: Sequence[_Line]) -> tuple[str, str]:
    seasons = sorted({line.season for line in lines})
    if not seasons:
        return "", ""
    codes = {line.competition for line in lines}
    code = _PLAIN.sub("-", codes.pop()).strip("-") if len(codes) == 1 else ""
    span = seasons[0] if len(seasons) == 1 else f"{seasons[0]}_{seasons[-1]}"
    partition = f"{code or 'all-comps'}/{span}"
    teams = sorted({line.team for line in lines})
    told = "\n".join([*teams, "", *sorted(table.columns)])
    digest = hashlib.sha256(told.encode()).hexdigest()[:8]
    who = _PLAIN.sub("-", teams[0]) if len(teams) == 1 else f"{len(teams)}-teams"
    return f"{partition}/{who}-{digest}", partition


# -- lines


def _lines(table: Table, faults: list[str]) -> list[_Line]:
    offset = _first_year_offset(table)
    lines = []
    for number, (line, row) in enumerate(table.rows):
        try:
            if number == len(table.rows) - 1 and table.is_torn and len(row) < table.width:
                raise ValueError(f"torn off after {len(row)} of {table.width} cells")
            lines.append(_line(table, row, number, line, offset))
        except (ValueError, OverflowError) as error:
            faults.append(f"line {line}: {error}")
    return lines


def _line(table: Table, row: Sequence[str], number: int, line: int, offset: int) -> _Line:
    name, team, opponent = (table.cell(row, column) for column in ("comp", "team", "opponent"))
    for column, text in (("comp", name), ("team", team), ("opponent", opponent)):
        if not text:
            raise ValueError(f"{column}: empty")
    venue = table.cell(row, "venue")
    if venue not in ("Home", "Away"):
        raise ValueError(f"venue: {venue[:20]!r} doesn't tell which team is at home")
    is_home = venue == "Home"
    day = pages.day(table.cell(row, "date"))
    code = CODES.get(name, name)
    own, other = (_goals(table.cell(row, column), column) for column in ("gf", "ga"))
    home, away = (own, other) if is_home else (other, own)
    round_ = table.cell(row, "round") or None
    said = outcome(_score(home, away), table.cell(row, "notes"))
    if "notes" not in table.columns and not _MATCHWEEK.fullmatch(round_ or ""):
        # Nobody tells whether there was extra time.
        said = said._replace(home_goals=None, away_goals=None, decided=None)
    _check_result(table.cell(row, "result"), own, other)
    played = bool(own[0])
    return _Line(
        number=number,
        line=line,
        day=day,
        time=table.cell(row, "time"),
        competition=code,
        name=name,
        season=_season(table.cell(row, "season"), day, code, offset),
        round=round_,
        team=team,
        opponent=opponent,
        is_home=is_home,
        score=(*home, *away),
        outcome=said,
        referee=table.cell(row, "referee") or None,
        attendance=_whole(table, row, "attendance", 1_000_000),
        stats={field: _first(table, row, field, OWN[field]) for field in OWN} if played else {},
        against={f: _first(table, row, f, (c,)) for f, c in AGAINST.items()} if played else {},
    )


def _goals(text: str, column: str) -> tuple[str, str]:
    """Goals and penalties, each empty where none are told."""
    found = _GOALS.fullmatch(text)
    if text and not found:
        raise ValueError(f"{column}: {text[:20]!r} is no number of goals")
    return (found[1], found[2] or "") if found else ("", "")


def _score(home: tuple[str, str], away: tuple[str, str]) -> str:
    """The score as the site's schedules write it."""
    if bool(home[0]) != bool(away[0]):
        raise ValueError("gf, ga: one is there without the other")
    if not home[0]:
        return ""
    before = f"({home[1]}) " if home[1] else ""
    after = f" ({away[1]})" if away[1] else ""
    return f"{before}{home[0]}-{away[0]}{after}"


def _check_result(result: str, own: tuple[str, str], other: tuple[str, str]) -> None:
    if not result or not own[0] or own[1]:
        return
    difference = int(own[0]) - int(other[0])
    expected = "D" if not difference else "W" if difference > 0 else "L"
    if result != expected:
        raise ValueError(f"result: {result[:10]!r} after {own[0]}-{other[0]}")


def _first(table: Table, row: Sequence[str], field: str, columns: Sequence[str]) -> float | None:
    for column in columns:
        read = table.number if field in DECIMAL else table.whole
        number = read(row, column, MOST.get(field, 9999))
        if number is not None:
            return number
    return None


def _whole(table: Table, row: Sequence[str], column: str, most: int) -> int | None:
    text = table.cell(row, column)
    return pages.whole(text) if "," in text else table.whole(row, column, most)


# -- seasons


def _first_year_offset(table: Table) -> int:
    """What is to be added to a year in ``season`` for the season's first.

    Some exporters name 2021-22 after its first year, some after its last; the dates tell which.
    """
    alike = Counter[int]()
    for _, row in table.rows:
        year = _YEAR.fullmatch(table.cell(row, "season"))
        code = CODES.get(table.cell(row, "comp"), "")
        if not year or code in ONE_YEAR:
            continue
        try:
            day = pages.day(table.cell(row, "date"))
        except ValueError:
            continue
        for offset in (0, -1):
            alike[offset] += lies_in_season(day, _two_years(int(year[1]) + offset))
    return 0 if alike[0] >= alike[-1] else -1


def _two_years(first: int) -> str:
    return f"{first:04d}-{(first + 1) % 100:02d}"


def _season(text: str, day: date, code: str, offset: int) -> str:
    year = _YEAR.fullmatch(text)
    if not text:
        season = season_of(day, one_year=code in ONE_YEAR)
    elif year and code not in ONE_YEAR:
        season = _two_years(int(year[1]) + offset)
    else:
        season = season_named(year[1] if year else text)
    if not lies_in_season(day, season):
        raise ValueError(f"date: {day} doesn't lie in the season {season}")
    return season


# -- both sides of a match


def _matches(
    lines: Sequence[_Line], faults: list[str]
) -> Iterator[tuple[str, str, dict[bool, _Line]]]:
    """Names of the home and the away side, and the lines by side, in the file's order."""
    short = _spellings(lines)
    found: dict[tuple[date, str, str, str], dict[bool, _Line]] = defaultdict(dict)
    for line in lines:
        team = short.get(line.team, line.team)
        home, away = (team, line.opponent) if line.is_home else (line.opponent, team)
        sides = found[line.day, line.competition, home, away]
        first = next(iter(sides.values()), line)
        if line.is_home in sides:
            faults.append(f"line {line.line}: {line.team} has this match in line {first.line}")
        elif line.score != first.score:
            faults.append(
                f"line {line.line}: {home} v {away} ends {_told(line)}, "
                f"in line {first.line} {_told(first)}"
            )
        else:
            sides[line.is_home] = line
    for (_, _, home, away), sides in found.items():
        yield home, away, sides


def _told(line: _Line) -> str:
    home, home_pens, away, away_pens = line.score
    return _score((home, home_pens), (away, away_pens)) or "nothing yet"


def _spellings(lines: Sequence[_Line]) -> dict[str, str]:
    """How each team is called as an opponent, where the matches leave no doubt.

    A team has one match a day. Where somebody plays ``Wolves`` on a day, the team that is called so
    has a line of that day, from the other side and with the same score. A spelling is taken where
    nearly all its matches are those of one team, and the team never meets it.
    """
    of_team = {(line.team, line.day): line for line in lines}
    met: defaultdict[str, set[str]] = defaultdict(set)
    of_opponent: defaultdict[str, list[_Line]] = defaultdict(list)
    for line in lines:
        met[line.team].add(line.opponent)
        of_opponent[line.opponent].append(line)
    teams = sorted(met)
    found: dict[str, list[str]] = defaultdict(list)
    for spelling, told in of_opponent.items():
        if spelling in met:
            found[spelling].append(spelling)
            continue
        for team in teams:
            if team in of_opponent or spelling in met[team]:
                continue
            own = [of_team.get((team, line.day)) for line in told]
            pairs = [(mine, line) for mine, line in zip(own, told, strict=True) if mine]
            alike = sum(
                (mine.competition, mine.is_home, mine.score)
                == (line.competition, not line.is_home, line.score)
                for mine, line in pairs
            )
            otherwise = len(pairs) - alike
            if alike >= LEAST_ALIKE and otherwise * ALIKE_TO_OTHERWISE <= alike:
                found[team].append(spelling)
    taken = Counter(spelling for spellings in found.values() for spelling in spellings)
    return {
        team: spellings[0]
        for team, spellings in found.items()
        if len(spellings) == 1 and taken[spellings[0]] == 1
    }


# -- rows


def _match(found: tuple[str, str, dict[bool, _Line]]) -> MatchRow:
    home, away, sides = found
    line = min(sides.values(), key=lambda side: side.number)
    kick_off, known = _kick_off(line)
    said = line.outcome
    attendance = [sides[side].attendance for side in (True, False) if side in sides]
    return MatchRow(
        match=f"{line.day} {home} {away}",
        competition=line.competition,
        season=line.season,
        kick_off=kick_off,
        kick_off_known=known,
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
        round=line.round,
        competition_name=line.name,
        referee=line.referee,
        attendance=next((number for number in attendance if number is not None), None),
        line=line.number,
    )


def _kick_off(line: _Line) -> tuple[datetime, bool]:
    zone = ZONES.get(line.competition)
    if not line.time or not zone:
        return datetime.combine(line.day, time(), UTC), False
    try:
        local = datetime.strptime(line.time[:5], "%H:%M").time()
    except ValueError:
        return datetime.combine(line.day, time(), UTC), False
    return datetime.combine(line.day, local, ZoneInfo(zone)).astimezone(UTC), True


def _team_stats(match: str, found: tuple[str, str, dict[bool, _Line]]) -> Iterator[TeamStatRow]:
    """A row for each side of which anything is told; its own line comes first."""
    sides = found[2]
    for is_home in (True, False):
        own = sides[is_home].stats if is_home in sides else {}
        against = sides[not is_home].against if (not is_home) in sides else {}
        fields = {
            name: own[name] if own.get(name) is not None else against.get(name)
            for name in (*OWN, *AGAINST)
        }
        if any(value is not None for value in fields.values()):
            yield TeamStatRow(match, is_home, **fields)
