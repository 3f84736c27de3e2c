"""``pitchline features``: tables in, the feature table out."""

from pathlib import Path

import click
import pandas as pd

from pitchline import console, layout
from pitchline.collect.competitions import read_competitions
from pitchline.features import standing, state
from pitchline.features.build import build_features
from pitchline.features.schema import MatchFeatures, feature_columns
from pitchline.features.timeline import told_by
from pitchline.files import read_json, read_parquet, sha256_of
from pitchline.ingest.tables import write_table
from pitchline.params import load

MADE_BY = "snakemake --cores 1 ingest"


@click.group()
def features() -> None:
    """Compute what was known of every match at its kick-off."""


@features.command()
@click.option("--anew", is_flag=True, help="Start from nothing; the bytes are the same.")
@click.pass_obj
def build(params_file: Path, anew: bool) -> None:
    """Write data/features from data/tables, going on from where the last build stood."""
    params = load(params_file)
    newest_fetch = read_json(layout.QUALITY, made_by=MADE_BY)["newest_fetch"]
    as_of = pd.Timestamp(params.as_of or newest_fetch)
    cups = sorted(
        each.competition for each in read_competitions(layout.COMPETITIONS) if each.format == "cup"
    )
    key = state.key_of({"features": params.features.model_dump(), "cups": cups})
    matches = read_parquet(layout.MATCHES, made_by=MADE_BY)
    lineups = read_parquet(layout.LINEUPS, made_by=MADE_BY)
    odds = read_parquet(layout.ODDS, made_by=MADE_BY)
    if as_of < pd.Timestamp(newest_fetch):
        lineups, odds = (told_by(rows, matches, as_of) for rows in (lineups, odds))
    built = build_features(
        matches,
        read_parquet(layout.TEAM_STATS, made_by=MADE_BY),
        lineups,
        odds,
        as_of,
        params.features,
        frozenset(cups),
        None if anew else state.load(layout.FEATURES_STATE, key),
    )
    write_table(layout.FEATURES, MatchFeatures, built.table)
    standing.save(layout.STANDING, built.standing, sha256_of(layout.FEATURES))
    state.save(layout.FEATURES_STATE, key, built.memory)
    known = int(built.table["result"].notna().sum())
    console.say(
        "features",
        f"{len(feature_columns(built.table))} features of {known:,} results and "
        f"{len(built.table) - known} fixtures, as of {as_of:%Y-%m-%d %H:%M} UTC; "
        f"went through {built.events:,} of {known + len(built.table):,} events",
    )
