"""Changes of the reference tables, text to text; one that contradicts what stands is refused."""

import csv
import difflib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pitchline.errors import TableError
from pitchline.ingest.identity.teams import (
    ANY_SOURCE,
    NAME_FIELDS,
    TEAM_FIELDS,
    Spelling,
    Teams,
    normal,
    table_lines,
    teams_of,
)


@dataclass(frozen=True)
class Reference:
    """The two tables as texts, and where they stand.

    Attributes:
        teams: teams.csv.
        names: team_names.csv.
    """

    teams_csv: Path
    names_csv: Path
    teams: str
    names: str

    def read(self) -> Teams:
        """The teams they tell.

        Raises:
            TableError: a line breaks a rule.
        """
        return teams_of(self.teams, self.names, self.teams_csv, self.names_csv)


def with_spelling(reference: Reference, line: Mapping[str, str]) -> str:
    """team_names.csv with one more spelling in its place.

    Args:
        reference: the tables as they stand.
        line: the columns of team_names.csv; what is left out is empty.

    Returns:
        The new text; the same where the line teaches nothing new.

    Raises:
        TableError: the team is unknown, or the name or id contradicts a line that stands there.
    """
    teams = reference.read()
    row = {field: line.get(field, "") for field in NAME_FIELDS}
    row["name"], row["id"] = normal(row["name"]), row["id"].strip()
    if row["team"] not in teams.teams:
        near = difflib.get_close_matches(row["team"], teams.teams, n=1)
        hint = f"Did you mean {near[0]}?" if near else "Add it with `pitchline teams add`."
        raise TableError(f"{reference.teams_csv}: no team {row['team']!r}. {hint}")
    same = [
        each
        for each in teams.spellings
        if (each.team, each.source, each.name) == (row["team"], row["source"], row["name"])
    ]
    if any(not row["id"] or each.id == row["id"] for each in same):
        return reference.names
    lines = [each for _, each in table_lines(reference.names, reference.names_csv, NAME_FIELDS)]
    # A line that lacked the id gets it.
    kept = [each for each in lines if each != row | {"id": ""}]
    text = _text(NAME_FIELDS, [*kept, row])
    changed = teams_of(reference.teams, text, reference.teams_csv, reference.names_csv)
    added = next(each for each in changed.spellings if _is(each, row))
    _refuse_another_meaning(changed, added)
    _refuse_another_id(changed, added)
    return text


def _is(spelling: Spelling, row: Mapping[str, str]) -> bool:
    fields = ("team", "source", "name", "id")
    return all(getattr(spelling, field) == row[field] for field in fields)


def _refuse_another_meaning(teams: Teams, added: Spelling) -> None:
    country = teams.teams[added.team].country
    for other in teams.by_name.get((ANY_SOURCE, country, added.name), ()):
        if other.team != added.team and other.span.meets(added.span):
            raise TableError(
                f"{added.name!r} is {other.team!r} for {other.source or 'any source'} "
                f"({other.where}); nothing was written. If {added.source or 'any source'} means "
                f"{added.team!r} by it all the same, add the line to the file by hand."
            )


def _refuse_another_id(teams: Teams, added: Spelling) -> None:
    for other in teams.ids.get((added.source, added.team), ()):
        if added.id and other.id != added.id and other.span.meets(added.span):
            raise TableError(
                f"{added.team!r} has the id {other.id} for {other.source} already "
                f"({other.where}), so {added.id} is likely another team's; nothing was written. "
                "If the source changed the id, limit the seasons of both lines by hand."
            )


def with_team(reference: Reference, line: Mapping[str, str]) -> str:
    """teams.csv with one more team in its place.

    Args:
        reference: the tables as they stand.
        line: the columns of teams.csv; what is left out is empty.

    Raises:
        TableError: the slug or the name stands there already, or a value breaks a rule.
    """
    teams = reference.read()
    row = {field: line.get(field, "").strip() for field in TEAM_FIELDS}
    if row["team"] in teams.teams:
        raise TableError(
            f"{reference.teams_csv}, line {teams.teams[row['team']].line}: {row['team']!r} stands "
            "there already; nothing was written. Choose another slug."
        )
    lines = [each for _, each in table_lines(reference.teams, reference.teams_csv, TEAM_FIELDS)]
    text = _text(TEAM_FIELDS, [*lines, row])
    teams_of(text, reference.names, reference.teams_csv, reference.names_csv)
    return text


def unsorted_line(reference: Reference) -> str | None:
    """Where the first line stands that isn't in its place; None if all are."""
    for path, text, fields in (
        (reference.teams_csv, reference.teams, TEAM_FIELDS),
        (reference.names_csv, reference.names, NAME_FIELDS),
    ):
        lines = table_lines(text, path, fields)
        keys = [tuple(row.values()) for _, row in lines]
        for (number, _), key, before in zip(lines[1:], keys[1:], keys, strict=False):
            if key < before:
                return f"{path}, line {number}"
    return None


def _text(fields: tuple[str, ...], rows: Iterable[Mapping[str, str]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows(sorted(tuple(row[field] for field in fields) for row in rows))
    return buffer.getvalue()
