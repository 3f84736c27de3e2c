"""``pitchline ingest``: raw archive in, tables and quality report out."""

from collections.abc import Sequence
from pathlib import Path

import click
import pandas as pd

from pitchline import console, layout
from pitchline.collect.competitions import Competition, chosen_competitions
from pitchline.collect.registry import codes_of
from pitchline.errors import TableError
from pitchline.files import write_json
from pitchline.ingest import build, quality, staging, tables, teams
from pitchline.ingest.source_tables import SOURCE_TABLES
from pitchline.params import load

SHOWN_FAULTS = 5
SHOWN_NAMES = 10


@click.group()
def ingest() -> None:
    """Turn the raw archive into validated tables."""


@ingest.command("tables")
@click.pass_obj
def make_tables(params_file: Path) -> None:
    """Write data/tables and data/quality from data/raw."""
    params = load(params_file)
    staged = staging.stage_sources(layout.RAW, params.collect.sources)
    _tell(staged)
    source_tables = {
        layout.SOURCE_TABLES / f"{name}.parquet": (model, staged.frame(name))
        for name, model in SOURCE_TABLES.items()
    }
    quarantined = staged.quarantined
    for item in quarantined:
        console.warn("ingest", f"set aside {item.source} {item.kind} {item.key}: {item.reason}")
    slugs = competition_slugs(
        chosen_competitions(layout.COMPETITIONS, params.collect.competitions),
        params.collect.sources,
    )
    rows = build.of_competitions(build.rows_of(staged), slugs)
    if rows.empty:
        raise TableError(
            f"{layout.RAW}: none of its {staged.snapshots} snapshots holds a match of "
            f"{', '.join(params.collect.competitions)}; see `pitchline raw list`."
        )
    resolved, unknown = build.resolve(rows, teams.read_aliases(layout.TEAMS))
    for name in unknown[:SHOWN_NAMES]:
        console.warn("ingest", f"team name {name!r} is unknown; add it to {layout.TEAMS}")
    if len(unknown) > SHOWN_NAMES:
        console.warn(
            "ingest", f"and {len(unknown) - SHOWN_NAMES} more names; {layout.QUALITY} has them all"
        )
    if resolved.empty:
        raise TableError(
            f"{layout.TEAMS}: knows no team of any of the {len(rows)} matches; add their names."
        )
    unique = build.newest_of_each_match(resolved, params.collect.sources)
    newest_fetch = staged.newest_fetch
    matches = tables.validated(
        tables.Matches,
        build.matches_table(unique, params.ingest.result_known_after_hours),
        layout.MATCHES,
    )
    report = quality.report(
        matches,
        quarantined,
        unknown,
        snapshots=staged.snapshots,
        rows_parsed=len(rows),
        rows_resolved=len(resolved),
        as_of=pd.Timestamp(params.as_of or newest_fetch),
        rows_repeated=build.repeated_rows(resolved),
    )
    tables.write_tables(
        source_tables
        | {
            layout.TEAM_STATS: (tables.TeamStats, build.team_stats_table(unique)),
            layout.MATCHES: (tables.Matches, matches),
        }
    )
    write_json(layout.QUALITY, {"newest_fetch": newest_fetch} | report)
    console.say(
        "ingest",
        f"{len(matches):,} matches of {matches['season'].nunique()} seasons, "
        f"quality score {report['score']:.3f}",
    )


def competition_slugs(
    competitions: Sequence[Competition], sources: Sequence[str]
) -> dict[tuple[str, str], str]:
    """The slug of each competition, by source and the source's own code."""
    return {
        (source, codes[column] if column else c.competition): c.competition
        for source in sources
        for column in [codes_of(source)]
        for c in competitions
        for codes in [c.codes]
        if column is None or column in codes
    }


def _tell(staged: staging.Staged) -> None:
    """Report what stands in readable bodies and could not be used."""
    for fault in staged.faults[:SHOWN_FAULTS]:
        console.warn("ingest", f"left out {fault}")
    if len(staged.faults) > SHOWN_FAULTS:
        console.warn("ingest", f"and {len(staged.faults) - SHOWN_FAULTS} more lines")
    for path in sorted(staged.drift):
        console.warn("ingest", f"key no parser knows: {path}")
