"""``pitchline teams``: who is who, what isn't known yet, and how a person settles it."""

import re
import shlex

import click
import pandas as pd

from pitchline import console, layout
from pitchline.collect import registry
from pitchline.collect.competitions import read_competitions
from pitchline.errors import TableError
from pitchline.files import read_parquet, write_text
from pitchline.ingest.identity.curate import Reference, unsorted_line, with_spelling, with_team
from pitchline.ingest.identity.suggest import UNKNOWN, plain, suggestions
from pitchline.ingest.identity.teams import Teams, normal, read_table

MADE_BY = "pitchline ingest tables"
# Spellings less alike, and no evidence: the team is likely a new one.
WORTH_A_COMMAND = 75.0
TABLES = (
    layout.UNRESOLVED,
    layout.MATCH_SOURCES,
    layout.SOURCE_TABLES / "matches.parquet",
)


@click.group()
def teams() -> None:
    """The curated teams: list them, find unknown names, accept what they mean."""


@teams.command("list")
@click.option("--country", help="Only teams of this association: ENG, ESP ...")
def list_teams(country: str | None) -> None:
    """Print every team with its spellings."""
    known = _reference().read()
    spellings: dict[str, set[str]] = {}
    for each in known.spellings:
        spellings.setdefault(each.team, set()).update(filter(None, [each.name]))
    for slug, team in known.teams.items():
        if country in (None, team.country):
            others = ", ".join(sorted(spellings.get(slug, set()) - {team.name}))
            seasons = "" if str(team.span) == "always" else f" ({team.span})"
            click.echo(f"{slug}  {team.name}  {team.country}{seasons}  {others}".rstrip())


@teams.command("unknown")
def list_unknown() -> None:
    """Print the names no team is known for, with suggestions and the command that accepts one."""
    known = _reference().read()
    unresolved = read_parquet(layout.UNRESOLVED, made_by=MADE_BY)
    found = _suggestions(known)
    by_name = found.groupby(["source", "country", "name"], sort=False)
    for _, candidates in by_name:
        for line in _told(candidates, known):
            click.echo(line)
    others = unresolved[~unresolved["reason"].isin(UNKNOWN)]
    for (source, reason), rows in others.groupby(["source", "reason"]):
        click.echo(f"{source}: {reason}, {_counted(len(rows), 'match')}, as {_shown(rows)}")
    console.say(
        "teams",
        f"{_counted(by_name.ngroups, 'unknown name')}, {len(others)} other unresolved rows",
    )


@teams.command()
@click.argument("name")
@click.argument("team")
@click.option(
    "--source",
    required=True,
    help="Whose spelling it is: a column of competitions.csv or a source; empty for any source.",
)
@click.option("--id", "id_", default="", help="The source's own id of the team.")
@click.option("--first-season", default="", help="First season the spelling means the team in.")
@click.option("--last-season", default="", help="Last season it does.")
def accept(
    name: str, team: str, source: str, id_: str, first_season: str, last_season: str
) -> None:
    """Note in team_names.csv that NAME, as the source writes it, is TEAM (a slug)."""
    reference = _reference()
    column = _column(source)
    line = {
        "team": team,
        "source": column,
        "name": name,
        "id": id_,
        "first_season": first_season,
        "last_season": last_season,
    }
    text = with_spelling(reference, line)
    if text == reference.names:
        console.say("teams", f"{name!r} is {team} for {column or 'any source'} already")
        return
    _refuse_other_evidence(reference.read(), column, normal(name), team)
    write_text(layout.TEAM_NAMES, text)
    console.say("teams", f"{layout.TEAM_NAMES}: {name!r} of {column or 'any source'} is {team}")


@teams.command()
@click.argument("slug")
@click.option("--name", required=True, help="As shown to people.")
@click.option("--country", required=True, help="Association whose league it plays in: ENG ...")
@click.option("--first-season", default="", help="First season of its existence, if it matters.")
@click.option("--last-season", default="", help="Last season of its existence.")
@click.option("--note", default="", help="What a reader should know.")
def add(slug: str, name: str, country: str, first_season: str, last_season: str, note: str) -> None:
    """Add a team to teams.csv under a new SLUG."""
    text = with_team(
        _reference(),
        {
            "team": slug,
            "name": name,
            "country": country,
            "first_season": first_season,
            "last_season": last_season,
            "note": note,
        },
    )
    write_text(layout.TEAMS, text)
    console.say("teams", f"{layout.TEAMS}: {slug} added")


@teams.command()
def check() -> None:
    """Check both tables: every rule, every source's column, the order of the lines."""
    reference = _reference()
    known = reference.read()
    columns = _columns()
    for each in known.spellings:
        if each.source and each.source not in columns:
            raise TableError(
                f"{each.where}, source: {each.source!r} is no column of {layout.COMPETITIONS}. "
                f"Write one of {', '.join(sorted(columns))}, or nothing for any source."
            )
    if where := unsorted_line(reference):
        raise TableError(
            f"{where}: not in its place. Sort the lines, as `sort` does under LC_ALL=C."
        )
    ids = sum(bool(each.id) for each in known.spellings)
    console.say(
        "teams",
        f"{len(known.teams)} teams, {len(known.spellings)} spellings, {ids} of them with an id: "
        "no contradiction",
    )


def _reference() -> Reference:
    return Reference(
        layout.TEAMS, layout.TEAM_NAMES, read_table(layout.TEAMS), read_table(layout.TEAM_NAMES)
    )


def _columns() -> set[str]:
    table = read_competitions(layout.COMPETITIONS)
    return {column for competition in table for column in competition.codes}


def _families() -> dict[str, str]:
    """The column of each source that has one; the starter archive has none."""
    return {name: column for name in registry.names() if (column := registry.codes_of(name))}


def _column(source: str) -> str:
    families, columns = _families(), _columns()
    if source and source not in columns and source not in families:
        raise TableError(
            f"--source {source}: neither a source nor a column of {layout.COMPETITIONS}. Write one "
            f"of {', '.join(sorted(columns))}, or '' for any source."
        )
    return families.get(source, source)


def _suggestions(known: Teams, most: int = 3) -> pd.DataFrame:
    unresolved, match_sources, source_matches = (
        read_parquet(path, made_by=MADE_BY) for path in TABLES
    )
    table = read_competitions(layout.COMPETITIONS)
    return suggestions(
        unresolved,
        match_sources,
        source_matches,
        known,
        {each.competition: each.country for each in table},
        _families(),
        most,
    )


def _refuse_other_evidence(known: Teams, column: str, name: str, team: str) -> None:
    """Refuse a spelling where other sources name another team in its matches.

    Raises:
        TableError: they do so in more matches than they name this one.
    """
    if not all(path.exists() for path in TABLES):
        console.warn("teams", f"no tables to compare with; `{MADE_BY}` makes them")
        return
    found = _suggestions(known, most=len(known.teams))
    country = known.teams[team].country
    same = (found["source"] == column) & (found["name"].map(normal) == name)
    found = found[same & found["country"].isin([country, ""])]
    counted = found.groupby("team")["evidence"].sum()
    if len(counted) and counted.max() > counted.get(team, 0):
        raise TableError(
            f"{name!r}: in {_counted(int(counted.max()), 'match')} other sources name "
            f"{counted.idxmax()!r} in its place, and {team!r} in {int(counted.get(team, 0))}; "
            "nothing was written. See `pitchline teams unknown`."
        )


def _told(candidates: pd.DataFrame, known: Teams) -> list[str]:
    """What to print of one unknown name: where it stands, what it may mean, the next command."""
    rows = candidates.to_dict("records")
    first = rows[0]
    lines = [
        f"{first['source'] or 'any source'}: {first['name']!r}, "
        f"{first['country'] or 'international'}, {first['competitions']}, {first['seasons']}, "
        f"{_counted(first['matches'], 'match')}"
    ]
    usable = None
    for each in rows if pd.notna(first["team"]) else []:
        team = known.teams[each["team"]]
        told = (
            f"{int(each['evidence'])} of {_counted(each['told'], 'match')} that others tell"
            if each["told"]
            else "no other source to compare with"
        )
        lines.append(
            f"    {team.team} ({team.name}, {team.country}): {told}; "
            f"spelling {each['score']:.0f} of 100"
        )
        worth = each["evidence"] > 0 or each["score"] >= WORTH_A_COMMAND
        if usable is None and each["same_country"] and worth:
            usable = team.team
    name = shlex.quote(first["name"])
    if usable:
        of_id = f" --id {shlex.quote(first['id'])}" if pd.notna(first["id"]) else ""
        source = shlex.quote(first["source"])
        lines.append(f"    pitchline teams accept --source {source} {name} {usable}{of_id}")
    else:
        slug = re.sub("[^a-z0-9]+", "-", plain(first["name"])).strip("-") or "..."
        country = first["country"] or "..."
        lines.append(f"    pitchline teams add {slug} --name {name} --country {country}")
    return lines


def _shown(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    return f"{first['home']} - {first['away']} ({first['season']}): {first['detail']}"


def _counted(number: int, what: str) -> str:
    plural = "es" if what.endswith("ch") else "s"
    return f"{number:,} {what}{'' if number == 1 else plural}"
