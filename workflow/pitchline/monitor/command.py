"""``pitchline monitor``: predictions and tables in, reports/monitoring out."""

from pathlib import Path

import click

from pitchline import console, layout
from pitchline.files import read_parquet, write_json
from pitchline.monitor.settle import review, settle
from pitchline.params import load


@click.group()
def monitor() -> None:
    """See how the predictions did."""


@monitor.command()
@click.pass_obj
def settled(params_file: Path) -> None:
    """Hold the predictions against the results that came in later."""
    load(params_file)
    predictions = read_parquet(layout.PREDICTIONS, made_by="snakemake --cores 2 predict")
    matches = read_parquet(layout.MATCHES, made_by="snakemake --cores 1 ingest")
    report = review(predictions, settle(predictions, matches))
    write_json(layout.SETTLED, report)
    text = f"{report['settled']} of {report['predicted']} predictions settled"
    if report["settled"]:
        text += f", log loss {report['log_loss']:.4f}, accuracy {report['accuracy']:.2f}"
    console.say("monitor", text)
