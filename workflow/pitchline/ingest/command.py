"""``pitchline ingest``: raw archive in, tables and quality report out."""

from itertools import chain
from pathlib import Path

import click
import pandas as pd

from pitchline import console, layout
from pitchline.collect.archive import read_archive
from pitchline.errors import TableError
from pitchline.files import write_json
from pitchline.ingest import build, quality, tables, teams
from pitchline.params import load


@click.group()
def ingest() -> None:
    """Turn the raw archive into validated tables."""


@ingest.command("tables")
@click.pass_obj
def make_tables(params_file: Path) -> None:
    """Write data/tables and data/quality from data/raw."""
    params = load(params_file)
    snapshots = list(
        chain.from_iterable(read_archive(layout.RAW / s) for s in params.collect.sources)
    )
    rows, quarantined = build.parse(snapshots)
    for item in quarantined:
        console.warn("ingest", f"set aside {item.source} {item.kind} {item.key}: {item.reason}")
    if rows.empty:
        raise TableError(
            f"{layout.RAW}: none of its {len(snapshots)} snapshots holds a match; "
            "see `pitchline raw list`."
        )
    resolved, unknown = build.resolve(rows, teams.read_aliases(layout.TEAMS))
    for name in unknown:
        console.warn("ingest", f"team name {name!r} is unknown; add it to {layout.TEAMS}")
    if resolved.empty:
        raise TableError(
            f"{layout.TEAMS}: knows no team of any of the {len(rows)} matches; add their names."
        )
    unique = build.newest_of_each_match(resolved)
    newest_fetch = max(s.fetched_at for s in snapshots)
    matches = tables.validated(
        tables.Matches,
        build.matches_table(unique, params.ingest.result_known_after_hours),
        layout.MATCHES,
    )
    report = quality.report(
        matches,
        quarantined,
        unknown,
        snapshots=len(snapshots),
        rows_parsed=len(rows),
        rows_resolved=len(resolved),
        as_of=pd.Timestamp(params.as_of or newest_fetch),
        rows_repeated=build.repeated_rows(resolved),
    )
    tables.write_table(layout.TEAM_STATS, tables.TeamStats, build.team_stats_table(unique))
    tables.write_table(layout.MATCHES, tables.Matches, matches)
    write_json(layout.QUALITY, {"newest_fetch": newest_fetch} | report)
    console.say(
        "ingest",
        f"{len(matches):,} matches of {matches['season'].nunique()} seasons, "
        f"quality score {report['score']:.3f}",
    )
