"""``pitchline ingest``: raw archive in, tables and quality report out."""

from pathlib import Path

import click
import pandas as pd

from pitchline import console, layout
from pitchline.collect.competitions import chosen_competitions
from pitchline.errors import TableError
from pitchline.files import write_json
from pitchline.ingest import staging, tables
from pitchline.ingest.identity.teams import read_teams
from pitchline.ingest.quality.command import make_quality
from pitchline.ingest.settle.tables import TABLES, settle, summary, unknown_names
from pitchline.ingest.source_tables import SOURCE_TABLES
from pitchline.params import load

SHOWN_FAULTS = 5
SHOWN_NAMES = 10


@click.group()
def ingest() -> None:
    """Turn the raw archive into validated tables."""


ingest.add_command(make_quality)


@ingest.command("tables")
@click.pass_obj
def make_tables(params_file: Path) -> None:
    """Write data/tables and data/quality from data/raw."""
    params = load(params_file)
    staged = staging.stage_sources(layout.RAW, params.collect.sources)
    _tell(staged)
    sources, chosen = params.collect.sources, params.collect.competitions
    settled = settle(
        staged.frame,
        chosen_competitions(layout.COMPETITIONS, chosen),
        read_teams(layout.TEAMS, layout.TEAM_NAMES),
        sources,
        params.ingest.same_match_days,
        params.ingest.result_known_after_hours,
    )
    if not settled.in_scope:
        raise TableError(
            f"{layout.RAW}: none of its {staged.snapshots} snapshots holds a match of "
            f"{', '.join(chosen)}; see `pitchline raw list`."
        )
    _tell_unresolved(settled.tables["unresolved"])
    matches = settled.tables["matches"]
    if matches.empty:
        raise TableError(
            f"{layout.TEAM_NAMES}: not one of the {settled.in_scope} matches has two known teams; "
            "`pitchline teams unknown` lists the names to add."
        )
    canonical = {
        layout.MATCHES.with_name(f"{name}.parquet"): (model, settled.tables[name])
        for name, model in TABLES.items()
    }
    of_sources = {
        layout.SOURCE_TABLES / f"{name}.parquet": (model, staged.frame(name))
        for name, model in SOURCE_TABLES.items()
    }
    tables.write_tables(of_sources | canonical)
    write_json(layout.QUALITY, staging.summary_of(staged) | summary(settled))
    console.say(
        "ingest",
        f"{len(matches):,} matches of {matches['season'].nunique()} seasons; "
        f"{len(settled.tables['unresolved']):,} rows unresolved, "
        f"{len(settled.tables['conflicts']):,} values told differently",
    )


def _tell_unresolved(unresolved: pd.DataFrame) -> None:
    """Report what found no match, and how to mend it."""
    names = unknown_names(unresolved)
    for name in names[:SHOWN_NAMES]:
        console.warn("ingest", f"team name {name!r} is unknown; see `pitchline teams unknown`")
    if len(names) > SHOWN_NAMES:
        console.warn(
            "ingest", f"and {len(names) - SHOWN_NAMES} more names; {layout.UNRESOLVED} has them all"
        )
    others = unresolved[unresolved["reason"] != "unknown team"]
    for row in others.head(SHOWN_FAULTS).itertuples():
        console.warn(
            "ingest",
            f"{row.source} {row.season} {row.home} - {row.away}: {row.reason} ({row.detail})",
        )
    if len(others) > SHOWN_FAULTS:
        console.warn("ingest", f"and {len(others) - SHOWN_FAULTS} more; see {layout.UNRESOLVED}")


def _tell(staged: staging.Staged) -> None:
    """Report what stands in readable bodies and could not be used."""
    for fault in staged.faults[:SHOWN_FAULTS]:
        console.warn("ingest", f"left out {fault}")
    if len(staged.faults) > SHOWN_FAULTS:
        console.warn("ingest", f"and {len(staged.faults) - SHOWN_FAULTS} more lines")
    for emptied in staged.emptied[:SHOWN_FAULTS]:
        console.warn("ingest", str(emptied))
    if len(staged.emptied) > SHOWN_FAULTS:
        console.warn(
            "ingest", f"and {len(staged.emptied) - SHOWN_FAULTS} more; see {layout.QUALITY}"
        )
    for path in sorted(staged.drift):
        console.warn("ingest", f"key no parser knows: {path}")
