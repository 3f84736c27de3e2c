"""``pitchline features``: tables in, the feature table out."""

from pathlib import Path

import click
import pandas as pd

from pitchline import console, layout
from pitchline.features.build import build_features
from pitchline.features.elo import EloSettings
from pitchline.features.schema import MatchFeatures, feature_columns
from pitchline.features.strength import StrengthSettings
from pitchline.files import read_json, read_parquet
from pitchline.ingest.tables import write_table
from pitchline.params import load

MADE_BY = "snakemake --cores 1 ingest"


@click.group()
def features() -> None:
    """Compute what was known of every match at its kick-off."""


@features.command()
@click.pass_obj
def build(params_file: Path) -> None:
    """Write data/features from data/tables."""
    params = load(params_file)
    newest_fetch = read_json(layout.QUALITY, made_by=MADE_BY)["newest_fetch"]
    as_of = pd.Timestamp(params.as_of or newest_fetch)
    frame = build_features(
        read_parquet(layout.MATCHES, made_by=MADE_BY),
        read_parquet(layout.TEAM_STATS, made_by=MADE_BY),
        as_of,
        EloSettings(**params.features.elo.model_dump()),
        StrengthSettings(**params.features.strength.model_dump()),
        params.features.form_windows,
        params.features.longest_rest_days,
    )
    write_table(layout.FEATURES, MatchFeatures, frame)
    known = int(frame["result"].notna().sum())
    console.say(
        "features",
        f"{len(feature_columns(frame))} features of {known:,} results and "
        f"{len(frame) - known} fixtures, as of {as_of:%Y-%m-%d %H:%M} UTC",
    )
