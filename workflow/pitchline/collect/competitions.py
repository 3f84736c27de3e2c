"""The competitions there are, and how each source calls them."""

import csv
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pitchline.errors import TableError

Seasons = Literal["two years", "one year"]
Format = Literal["double round robin", "cup", "other"]
FIELDS = ("competition", "name", "seasons", "country", "format")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_COUNTRY = re.compile(r"[A-Z]{3}")
_CODE = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Competition:
    """One competition.

    Attributes:
        competition: slug, country first: ``eng-premier-league``.
        name: as shown to people.
        seasons: ``two years`` where a season is named 2025-26, ``one year`` where it is 2026.
        country: FIFA trigram of the association whose competition it is; empty if international.
        format: ``double round robin`` where each pair of teams meets exactly once at each ground
            in a season; ``cup`` where clubs meet that each have a league of their own; ``other``
            for leagues with play-offs and for tournaments of nations.
        codes: what each source that has it calls it, by the column's name.
    """

    competition: str
    name: str
    seasons: Seasons
    country: str
    format: Format
    codes: Mapping[str, str]


def read_competitions(path: Path) -> list[Competition]:
    """The table of competitions.

    Args:
        path: CSV with the columns ``competition``, ``name``, ``seasons``, ``country``, ``format``
            and one for each family of sources, which holds the source's own code; empty where it
            has none.

    Raises:
        TableError: the file is missing or a line breaks a rule; it names line, field and fix.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            columns = list(reader.fieldnames or ())
            _check_columns(path, columns)
            lines = [(reader.line_num, row) for row in reader]
    except FileNotFoundError as error:
        raise TableError(f"{path}: missing. Restore it from the repository.") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise TableError(f"{path}: no CSV in UTF-8 ({error}). Save it as one.") from error
    sources = [column for column in columns if column not in FIELDS]
    given: dict[tuple[str, str], int] = {}
    competitions = []
    for number, row in lines:
        where = f"{path}, line {number}"
        competition = _competition(where, row, sources)
        named = {"competition": competition.competition, **competition.codes}
        for field, value in named.items():
            earlier = given.setdefault((field, value), number)
            if earlier != number:
                raise TableError(
                    f"{where}, {field}: {value!r} stands in line {earlier} already. "
                    "Give it to one competition."
                )
        competitions.append(competition)
    return competitions


def chosen_competitions(path: Path, slugs: Sequence[str]) -> list[Competition]:
    """The competitions of some slugs, in their order.

    Raises:
        TableError: the table is faulty, or a slug isn't in it.
    """
    known = {each.competition: each for each in read_competitions(path)}
    for slug in slugs:
        if slug not in known:
            near = difflib.get_close_matches(slug, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise TableError(
                f"params.yaml: collect.competitions: {slug!r} stands in no line of {path}.{hint}"
            )
    return [known[slug] for slug in slugs]


def _check_columns(path: Path, columns: list[str]) -> None:
    for field in FIELDS:
        if field not in columns:
            raise TableError(
                f"{path}, line 1: no column {field!r}. Begin the file with "
                f"{','.join(FIELDS)} and a column for each source."
            )
    for field in columns:
        if columns.count(field) > 1:
            raise TableError(f"{path}, line 1: the column {field!r} stands twice. Drop one.")


def _competition(where: str, row: dict[str, str], sources: list[str]) -> Competition:
    if None in row or None in row.values():
        raise TableError(
            f"{where}: not as many cells as columns. Separate {len(FIELDS) + len(sources)} cells "
            "by commas; leave those empty that have no code."
        )
    slug, name, seasons, country, form = (row[field].strip() for field in FIELDS)
    if not _SLUG.fullmatch(slug):
        raise TableError(
            f"{where}, competition: {slug!r} is no slug. Write it in small letters, digits and "
            "hyphens, the country first, as in eng-premier-league."
        )
    if not name:
        raise TableError(f"{where}, name: empty. Write the name shown to people.")
    allowed = get_args(Seasons)
    kind = next((each for each in allowed if each == seasons), None)
    if kind is None:
        raise TableError(f"{where}, seasons: {seasons!r}. Write {' or '.join(allowed)}.")
    if country and not _COUNTRY.fullmatch(country):
        raise TableError(
            f"{where}, country: {country!r}. Write the association's FIFA trigram, as in ENG, or "
            "nothing for an international competition."
        )
    formats = get_args(Format)
    played = next((each for each in formats if each == form), None)
    if played is None:
        raise TableError(f"{where}, format: {form!r}. Write {' or '.join(formats)}.")
    codes = {source: row[source].strip() for source in sources if row[source].strip()}
    for source, code in codes.items():
        if not _CODE.fullmatch(code):
            raise TableError(
                f"{where}, {source}: {code!r} is no code. Write the source's own, in letters, "
                "digits, dots, hyphens and underscores."
            )
    return Competition(
        competition=slug, name=name, seasons=kind, country=country, format=played, codes=codes
    )
