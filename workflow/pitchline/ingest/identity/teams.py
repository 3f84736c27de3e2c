"""Teams: two curated tables map what sources write, names and ids, to one slug a team.

Nothing is guessed: a name or id counts only as it is written in the tables, apart from Unicode
composition and white space. What isn't there stays unresolved and says why.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pitchline.errors import TableError
from pitchline.ingest.tables.base import SEASON_PATTERN, SLUG_PATTERN

TEAM_FIELDS = ("team", "name", "country", "first_season", "last_season", "note")
NAME_FIELDS = ("team", "source", "name", "id", "first_season", "last_season")
ASKED = ("source", "country", "season", "name", "id")
ANY_SOURCE = ""
INTERNATIONAL = ""
# How openfootball tells the country of a club: `Manchester City (ENG)`.
WITH_COUNTRY = re.compile(r"(.*\S)\s*\(([A-Z]{3})\)")

_COUNTRY = re.compile(r"[A-Z]{3}")
_SOURCE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_SEASON = re.compile(SEASON_PATTERN)
_SLUG = re.compile(SLUG_PATTERN)
_ALWAYS = (0, 9999)


class Span(NamedTuple):
    """Seasons something holds for, by the years they begin in; both ends included."""

    first: int
    last: int

    def holds(self, season: str) -> bool:
        """Whether a season lies in it."""
        return self.first <= int(season[:4]) <= self.last

    def meets(self, other: "Span") -> bool:
        """Whether two spans share a season."""
        return self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        """``from 1993 to 2003``: the years its first and last season begin in."""
        words = []
        if self.first != _ALWAYS[0]:
            words.append(f"from {self.first}")
        if self.last != _ALWAYS[1]:
            words.append(f"to {self.last}")
        return " ".join(words) or "always"


class Team(NamedTuple):
    """One team.

    Attributes:
        team: its slug.
        name: as shown to people.
        country: the association whose league it plays in, FIFA trigram.
        span: the seasons it exists in under this identity.
    """

    team: str
    name: str
    country: str
    span: Span
    note: str
    line: int


class Spelling(NamedTuple):
    """One name or id of a team, or both.

    Attributes:
        source: the column of competitions.csv the source has its codes in; empty for any source.
        span: the seasons the spelling means this team in.
        where: file and line it stands in.
    """

    team: str
    source: str
    name: str
    id: str
    span: Span
    where: str


Claims = tuple[Spelling, ...]


@dataclass(frozen=True)
class Teams:
    """The reference, ready to be asked.

    Attributes:
        teams: by slug, in the table's order.
        spellings: every line of team_names.csv, in its order.
        by_id: who has an id, by source and id.
        by_name: whom a name means, by source, country and name; under ``ANY_SOURCE`` as an "any"
            stand the spellings of all sources, under ``INTERNATIONAL`` those of all countries.
        ids: the ids a team has, by source and team.
    """

    teams: Mapping[str, Team]
    spellings: tuple[Spelling, ...]
    by_id: Mapping[tuple[str, str], Claims] = field(repr=False)
    by_name: Mapping[tuple[str, str, str], Claims] = field(repr=False)
    ids: Mapping[tuple[str, str], Claims] = field(repr=False)


class _Answer(NamedTuple):
    team: str | None
    reason: str | None = None
    detail: str | None = None


def normal(text: str) -> str:
    """A name as it is compared: Unicode composed (NFC), white space single."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def read_names(path: Path) -> dict[str, str]:
    """Map each team's slug to the name shown to people.

    Args:
        path: teams.csv.

    Raises:
        TableError: the file is missing or a line breaks a rule.
    """
    return {slug: team.name for slug, team in _teams(read_table(path), path).items()}


def read_teams(teams_csv: Path, names_csv: Path) -> Teams:
    """The curated teams with all their spellings.

    Args:
        teams_csv: CSV with the columns ``team,name,country,first_season,last_season,note``.
        names_csv: CSV with the columns ``team,source,name,id,first_season,last_season``, one line
            a spelling or id; ``Spelling`` tells what the columns mean.

    Raises:
        TableError: a file is missing, a line breaks a rule, or two teams of one country claim
            the same spelling or id in the same season; it names file, line, field and fix.
    """
    return teams_of(read_table(teams_csv), read_table(names_csv), teams_csv, names_csv)


def teams_of(teams_text: str, names_text: str, teams_csv: Path, names_csv: Path) -> Teams:
    """As ``read_teams``, from the files' texts.

    Raises:
        TableError: as there.
    """
    teams = _teams(teams_text, teams_csv)
    spellings = tuple(_spellings(names_text, names_csv, teams))
    own = [
        Spelling(t.team, ANY_SOURCE, normal(t.name), "", t.span, f"{teams_csv}, line {t.line}")
        for t in teams.values()
    ]
    return index_teams(teams, (*own, *spellings), spellings)


def read_table(path: Path) -> str:
    """The text of a reference table.

    Raises:
        TableError: it is missing or isn't UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise TableError(f"{path}: missing. Restore it from the repository.") from error
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: no CSV in UTF-8 ({error}). Save it as one.") from error


def index_teams(
    teams: Mapping[str, Team], claims: Iterable[Spelling], spellings: tuple[Spelling, ...]
) -> Teams:
    """Index checked lines by what is asked for.

    Raises:
        TableError: two teams claim the same in the same season.
    """
    by_id: dict[tuple[str, str], list[Spelling]] = {}
    by_name: dict[tuple[str, str, str], list[Spelling]] = {}
    ids: dict[tuple[str, str], list[Spelling]] = {}
    everywhere: dict[tuple[str, str], list[Spelling]] = {}
    for claim in claims:
        country = teams[claim.team].country
        if claim.name:
            _refuse_rivals(everywhere.setdefault((country, claim.name), []), claim, "name")
            for source in {claim.source, ANY_SOURCE}:
                for land in (country, INTERNATIONAL):
                    by_name.setdefault((source, land, claim.name), []).append(claim)
        if claim.id:
            _refuse_rivals(by_id.setdefault((claim.source, claim.id), []), claim, "id")
            ids.setdefault((claim.source, claim.team), []).append(claim)
    return Teams(
        teams=teams,
        spellings=spellings,
        by_id={key: tuple(found) for key, found in by_id.items()},
        by_name={key: tuple(found) for key, found in by_name.items()},
        ids={key: tuple(found) for key, found in ids.items()},
    )


def _refuse_rivals(claims: list[Spelling], claim: Spelling, what: str) -> None:
    """Add a claim to those of the same name in a country, or of the same id in a source."""
    for other in claims:
        sources = {claim.source, other.source}
        if not claim.span.meets(other.span) or (len(sources) == 2 and ANY_SOURCE not in sources):
            continue
        value = getattr(claim, what)
        if other.team != claim.team:
            raise TableError(
                f"{claim.where}, {what}: {value!r} names both {other.team!r} and {claim.team!r} "
                f"(the other in {other.where}). Give it to one team, or limit the seasons."
            )
        if (claim.source, claim.name, claim.id) == (other.source, other.name, other.id):
            raise TableError(
                f"{claim.where}, {what}: {value!r} stands in {other.where} already. Drop one."
            )
    claims.append(claim)


def resolve_teams(asked: pd.DataFrame, teams: Teams) -> pd.DataFrame:
    """Who is meant, asked for by name and id.

    The id of the same source counts first, then the name as this source writes it in this
    country, then the name as any source does. In international competitions the country comes
    from a suffix such as ``(ENG)``; without one the name must mean one team of all countries. An
    id that contradicts the name resolves nothing.

    Args:
        asked: ``source`` (column of competitions.csv, empty for the starter archive), ``country``
            (trigram, empty for international), ``season``, ``name`` and ``id`` (null if none).
        teams: the curated teams.

    Returns:
        With the same index: ``team`` (slug), or null and then ``reason`` (one of
        ``tables.matches.REASONS``) and ``detail``.
    """
    keys = asked[list(ASKED)]
    number = keys.groupby(list(ASKED), sort=False, dropna=False).ngroup().to_numpy()
    unique = keys.drop_duplicates()
    columns = [unique[c].astype(object).where(unique[c].notna(), "").tolist() for c in ASKED]
    answers = [_answer(teams, *ask) for ask in zip(*columns, strict=True)]
    told = pd.DataFrame(answers, columns=list(_Answer._fields), dtype="str")
    return told.take(number).set_axis(asked.index)


def _answer(teams: Teams, source: str, country: str, season: str, name: str, id_: str) -> _Answer:
    name, id_ = normal(name), id_.strip()
    by_name = _by_name(teams, source, country, season, name)
    if not id_:
        return by_name
    claims = teams.by_id.get((source, id_), ())
    if not claims:
        own = _in_season(teams.ids.get((source, by_name.team or ""), ()), season)
        if own:
            known = ", ".join(sorted({c.id for c in own}))
            return _Answer(
                None,
                "id and name disagree",
                f"{name!r} is {by_name.team}, whose id is {known}, not {id_}",
            )
        return by_name
    by_id = _settle(teams, claims, season, f"id {id_}")
    if by_id.team and by_name.team and by_id.team != by_name.team:
        return _Answer(
            None,
            "id and name disagree",
            f"id {id_} is {by_id.team}, {name!r} is {by_name.team}",
        )
    return by_id


def _by_name(teams: Teams, source: str, country: str, season: str, name: str) -> _Answer:
    asks = [(country, name)]
    if country == INTERNATIONAL and (found := WITH_COUNTRY.fullmatch(name)):
        asks.append((found[2], found[1]))
    first: _Answer | None = None
    for land, spelling in asks:
        for asked_source in (source, ANY_SOURCE):
            claims = teams.by_name.get((asked_source, land, spelling), ())
            if claims:
                answer = _settle(teams, claims, season, repr(name))
                if answer.team:
                    return answer
                first = first or answer
    return first or _Answer(None, "unknown team", repr(name))


def _in_season(claims: Claims, season: str) -> list[Spelling]:
    return [claim for claim in claims if claim.span.holds(season)]


def _settle(teams: Teams, claims: Claims, season: str, asked: str) -> _Answer:
    """The one team that claims of the same name or id mean in a season."""
    meant = sorted({claim.team for claim in _in_season(claims, season)})
    valid = [slug for slug in meant if teams.teams[slug].span.holds(season)]
    if len(valid) == 1:
        return _Answer(valid[0])
    if valid:
        return _Answer(None, "ambiguous team", f"{asked} is {' or '.join(valid)}")
    spans = sorted({f"{c.team} ({_narrower(c.span, teams.teams[c.team].span)})" for c in claims})
    return _Answer(
        None,
        "team not valid in the season",
        f"{asked} in {season}; it is {' or '.join(spans)}",
    )


def _narrower(one: Span, other: Span) -> Span:
    return Span(max(one.first, other.first), min(one.last, other.last))


def _teams(text: str, path: Path) -> dict[str, Team]:
    teams: dict[str, Team] = {}
    for number, row in table_lines(text, path, TEAM_FIELDS):
        where = f"{path}, line {number}"
        slug = row["team"]
        if not _SLUG.fullmatch(slug):
            raise TableError(
                f"{where}, team: {slug!r} is no slug. Write small letters, digits and hyphens."
            )
        if slug in teams:
            raise TableError(
                f"{where}, team: {slug!r} stands in line {teams[slug].line} already. Drop one."
            )
        if not row["name"]:
            raise TableError(f"{where}, name: empty. Write the name shown to people.")
        if not _COUNTRY.fullmatch(row["country"]):
            raise TableError(
                f"{where}, country: {row['country']!r}. Write the association's FIFA trigram, "
                "as in ENG."
            )
        span = _span(where, row)
        teams[slug] = Team(slug, row["name"], row["country"], span, row["note"], number)
    return teams


def _spellings(text: str, path: Path, teams: Mapping[str, Team]) -> Iterator[Spelling]:
    for number, row in table_lines(text, path, NAME_FIELDS):
        where = f"{path}, line {number}"
        if row["team"] not in teams:
            raise TableError(
                f"{where}, team: {row['team']!r} stands in no line of teams.csv. Add it there, or "
                "correct the slug."
            )
        if row["source"] and not _SOURCE.fullmatch(row["source"]):
            raise TableError(
                f"{where}, source: {row['source']!r}. Write a column of competitions.csv, or "
                "nothing for any source."
            )
        if not row["name"] and not row["id"]:
            raise TableError(f"{where}, name: empty, and so is id. Write one of them.")
        if row["id"] and not row["source"]:
            raise TableError(f"{where}, source: empty. Write whose id {row['id']!r} is.")
        name, span = normal(row["name"]), _span(where, row)
        yield Spelling(row["team"], row["source"], name, row["id"], span, where)


def _span(where: str, row: Mapping[str, str]) -> Span:
    years = []
    for name, otherwise in zip(("first_season", "last_season"), _ALWAYS, strict=True):
        season = row[name]
        if season and not _is_season(season):
            raise TableError(
                f"{where}, {name}: {season!r} is no season. Write it as 2003-04 or 2026, or "
                "nothing for no limit."
            )
        years.append(int(season[:4]) if season else otherwise)
    if years[0] > years[1]:
        raise TableError(
            f"{where}, last_season: {row['last_season']} is before first_season "
            f"{row['first_season']}. Swap them."
        )
    return Span(*years)


def _is_season(text: str) -> bool:
    if not _SEASON.fullmatch(text):
        return False
    return len(text) == 4 or int(text[5:]) == (int(text[:4]) + 1) % 100


def table_lines(text: str, path: Path, fields: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Every line of a table as a dict of stripped cells, with its number.

    Raises:
        TableError: other columns than ``fields``, or a line with more or fewer cells.
    """
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise TableError(f"{path}: no CSV ({error}). Save it as one.") from error
    if tuple(header) != fields:
        lacking = [name for name in fields if name not in header]
        raise TableError(
            f"{path}, line 1: the columns are {','.join(header)}"
            + (f"; {', '.join(lacking)} missing" if lacking else "")
            + f". Begin the file with {','.join(fields)}."
        )
    for number, cells in lines:
        if len(cells) != len(fields):
            raise TableError(
                f"{path}, line {number}: {len(cells)} cells, not {len(fields)}. Separate "
                f"{','.join(fields)} by commas; leave those empty that have no value."
            )
    return [
        (number, dict(zip(fields, (cell.strip() for cell in cells), strict=True)))
        for number, cells in lines
    ]
