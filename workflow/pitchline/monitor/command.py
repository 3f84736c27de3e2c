"""``pitchline monitor``: tables, quality and forecasts in, reports/monitoring out."""

from pathlib import Path
from typing import Any

import click
import pandas as pd

from pitchline import console, layout
from pitchline.errors import ArtifactError
from pitchline.files import read_json, read_parquet, write_json, write_text
from pitchline.monitor import page as pages
from pitchline.monitor.settle import review, settle
from pitchline.params import Params, load
from pitchline.promote import champion as champions

BY_PREDICT = "snakemake --cores 2 predict"
BY_INGEST = "snakemake --cores 1 ingest"
BY_FEATURES = "snakemake --cores 1 features"
BY_TRAIN = "snakemake --cores 2 train"


@click.group()
def monitor() -> None:
    """See how the data and the predictions do, and what must follow."""


@monitor.command()
@click.pass_obj
def settled(params_file: Path) -> None:
    """Hold the predictions against the results that came in later."""
    load(params_file)
    predictions = read_parquet(layout.PREDICTIONS, made_by=BY_PREDICT)
    matches = read_parquet(layout.MATCHES, made_by=BY_INGEST)
    report = review(predictions, settle(predictions, matches))
    write_json(layout.SETTLED, report)
    text = f"{report['settled']} of {report['predicted']} predictions settled"
    if report["settled"]:
        text += f", log loss {report['log_loss']:.4f}, accuracy {report['accuracy']:.2f}"
    console.say("monitor", text)


@monitor.command()
@click.pass_obj
def performance(params_file: Path) -> None:
    """Hold the settled forecasts against what they expected of themselves."""
    from pitchline.monitor.performance import sequence
    from pitchline.monitor.performance.page import page_of
    from pitchline.monitor.performance.review import review as reviewed

    params = load(params_file)
    predictions = read_parquet(layout.PREDICTIONS, made_by=BY_PREDICT)
    matches = read_parquet(layout.MATCHES, made_by=BY_INGEST)
    features = read_parquet(layout.FEATURES, made_by=BY_FEATURES)
    odds = read_parquet(layout.ODDS, made_by=BY_INGEST)
    champion, folder = _champion()
    forecasts = read_parquet(folder / layout.FORECASTS.name, made_by=BY_TRAIN)
    rows = sequence.settled(
        [sequence.of_predictions(predictions)],
        sequence.of_test(forecasts, champion),
        matches,
        features,
        odds,
        params.features.market.bookmakers,
    )
    told = reviewed(rows, _as_of(params), params.monitor.performance)
    write_json(layout.PERFORMANCE_MONITOR, told)
    write_text(layout.PERFORMANCE_MONITOR_PAGE, pages.html(page_of(told)))
    _say(told)


def _champion() -> tuple[str, Path]:
    """The champion's version, and the folder of its files.

    Raises:
        ArtifactError: no model was promoted yet, or its files are on no machine known.
    """
    champion = champions.read_champion()
    if champion is None:
        raise ArtifactError(
            f"{layout.CHAMPION}: no model was promoted yet. Run `snakemake --cores 2 promote`."
        )
    return champion["version"], champions.locate(champion)


def _as_of(params: Params) -> str:
    ingest = read_json(layout.QUALITY, made_by=BY_INGEST)
    return str(params.as_of or ingest["newest_fetch"])


def _say(told: dict[str, Any]) -> None:
    for reason in told["reasons"]:
        say = console.say if reason["status"] in ("good", "unknown") else console.warn
        say("monitor", f"{told['monitor']}: {reason['status']}: {reason['name']}: {reason['text']}")


@monitor.command()
@click.pass_obj
def drift(params_file: Path) -> None:
    """Hold the newest features and predictions against the same weeks of past seasons."""
    from pitchline.monitor.drift import review as reviewing
    from pitchline.monitor.drift.page import page_of

    params = load(params_file)
    features = read_parquet(layout.FEATURES, made_by=BY_FEATURES)
    predictions = read_parquet(layout.PREDICTIONS, made_by=BY_PREDICT)
    _, folder = _champion()
    tested = read_parquet(folder / layout.FORECASTS.name, made_by=BY_TRAIN)
    as_of = _as_of(params)
    groups = [
        reviewing.features_group(features, pd.Timestamp(as_of)),
        reviewing.predictions_group(tested, predictions),
    ]
    told = reviewing.review(groups, as_of, params.monitor.drift)
    write_json(layout.DRIFT_MONITOR, told)
    write_text(layout.DRIFT_MONITOR_PAGE, pages.html(page_of(told)))
    _say(told)


@monitor.command()
@click.pass_obj
def quality(params_file: Path) -> None:
    """Hold the newest data's scores, freshness and quarantine against their past."""
    from pitchline.monitor.quality.page import page_of
    from pitchline.monitor.quality.review import review as reviewed

    params = load(params_file)
    told = reviewed(
        read_parquet(layout.CHECKS, made_by=BY_INGEST),
        read_json(layout.SCORE, made_by=BY_INGEST),
        read_parquet(layout.MATCHES, made_by=BY_INGEST),
        read_parquet(layout.MATCH_SOURCES, made_by=BY_INGEST),
        params.train.gate.minimum_score,
        params.monitor.quality,
    )
    write_json(layout.QUALITY_MONITOR, told)
    write_text(layout.QUALITY_MONITOR_PAGE, pages.html(page_of(told)))
    _say(told)
