"""``pitchline predict``: the champion and the features in, predictions out."""

from pathlib import Path

import click
import pandas as pd

from pitchline import console, layout
from pitchline.errors import ArtifactError, PitchlineError
from pitchline.files import read_json, read_parquet, write_text
from pitchline.ingest.identity.teams import read_names
from pitchline.ingest.tables import validated, write_table
from pitchline.issued import pipeline
from pitchline.params import load
from pitchline.predict import forecast
from pitchline.predict.schema import Predictions
from pitchline.promote import champion as champions
from pitchline.train.goals import load_goals
from pitchline.train.model import Forecaster


@click.group()
def predict() -> None:
    """Forecast the next fixtures with the champion."""


@predict.command()
@click.pass_obj
def fixtures(params_file: Path) -> None:
    """Write data/predictions: probabilities and the likeliest result of each fixture."""
    params = load(params_file)
    champion = champions.read_champion()
    if champion is None:
        raise ArtifactError(
            f"{layout.CHAMPION}: no model was promoted yet. Run `snakemake --cores 2 promote`."
        )
    features = read_parquet(layout.FEATURES, made_by="snakemake --cores 1 features")
    quality = read_json(layout.QUALITY, made_by="snakemake --cores 1 ingest")
    champions.confirm_standing_decision(params.promote)
    as_of = pd.Timestamp(params.as_of or quality["newest_fetch"])
    folder = champions.locate(champion)
    rows = forecast.predictions(
        forecast.upcoming(features, as_of, params.predict.horizon_days),
        Forecaster.load(folder),
        load_goals(folder),
        read_names(layout.TEAMS),
        as_of,
        champion["version"],
    )
    table = validated(Predictions, rows, layout.PREDICTIONS)
    write_table(layout.PREDICTIONS, Predictions, table)
    write_text(
        layout.PREDICTIONS_CSV,
        table.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%SZ"),
    )
    console.say("predict", f"{len(table)} fixtures by champion {champion['version']}")
    _log(table, champion["version"], max(as_of, pd.Timestamp(champion.get("as_of", as_of))))


def _log(table: pd.DataFrame, version: str, as_of: pd.Timestamp) -> None:
    """Note in the log of forecasts what was issued; the predictions stand without it too."""
    try:
        pipeline.record(layout.ISSUED, table, version, as_of.to_pydatetime())
    except PitchlineError as error:
        console.warn("predict", f"these forecasts are not in the log: {error}")
