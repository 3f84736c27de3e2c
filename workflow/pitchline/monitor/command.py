"""``pitchline monitor``: tables, quality and forecasts in, reports/monitoring out."""

import shlex
from pathlib import Path
from typing import Any

import click
import pandas as pd

from pitchline import console, layout
from pitchline.errors import ArtifactError
from pitchline.files import read_json, read_parquet, write_json, write_text
from pitchline.issued import log
from pitchline.monitor import alerting
from pitchline.monitor import page as pages
from pitchline.monitor.settle import review, settle
from pitchline.params import Params, load
from pitchline.promote import champion as champions

BY_PREDICT = "snakemake --cores 2 predict"
BY_INGEST = "snakemake --cores 1 ingest"
BY_FEATURES = "snakemake --cores 1 features"
BY_TRAIN = "snakemake --cores 2 train"
BY_MONITOR = "snakemake --cores 1 monitor"
# Exit status of an emergency retraining that is due and wasn't started.
DUE = 10


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
    champion = _pointer()
    issued = log.read(layout.ISSUED)
    rows = sequence.settled(
        [sequence.of_log(issued, matches), sequence.of_predictions(predictions)],
        sequence.of_test(_tests_of(champion), champion["version"]),
        matches,
        features,
        odds,
        params.features.market.bookmakers,
    )
    told = reviewed(rows, _as_of(params), params.monitor.performance)
    _report(told, pages.html(page_of(told)), layout.PERFORMANCE_MONITOR)


def _pointer() -> dict[str, Any]:
    """What is known of the champion.

    Raises:
        ArtifactError: no model was promoted yet.
    """
    champion = champions.read_champion()
    if champion is None:
        raise ArtifactError(
            f"{layout.CHAMPION}: no model was promoted yet. Run `snakemake --cores 2 promote`."
        )
    return champion


def _tests_of(champion: dict[str, Any]) -> pd.DataFrame:
    """The champion's test forecasts: the table ``Forecasts``."""
    path = champions.locate(champion) / layout.FORECASTS.name
    return read_parquet(path, made_by=BY_TRAIN)


def _as_of(params: Params) -> str:
    ingest = read_json(layout.QUALITY, made_by=BY_INGEST)
    return str(params.as_of or ingest["newest_fetch"])


def _report(told: dict[str, Any], page: str, file: Path) -> None:
    """Write a monitor's JSON and its page beside it, and tell what it found."""
    write_json(file, told)
    write_text(file.with_suffix(".html"), page)
    alerting.tell(told, str(file.with_suffix(".html")))
    _say(told)


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
    as_of = _as_of(params)
    groups = [
        reviewing.features_group(features, pd.Timestamp(as_of)),
        reviewing.predictions_group(_tests_of(_pointer()), predictions),
    ]
    told = reviewing.review(groups, as_of, params.monitor.drift)
    _report(told, pages.html(page_of(told)), layout.DRIFT_MONITOR)


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
    _report(told, pages.html(page_of(told)), layout.QUALITY_MONITOR)


@monitor.command()
@click.option("--start", is_flag=True, help="Queue the retraining if one is due.")
@click.pass_context
def emergency(ctx: click.Context, start: bool) -> None:
    """Decide from the monitors whether to retrain out of turn; exit status 10 if one is due."""
    from pitchline.monitor.emergency import rule, starting

    params = load(ctx.obj)
    made = {
        "quality": layout.QUALITY_MONITOR,
        "performance": layout.PERFORMANCE_MONITOR,
        "drift": layout.DRIFT_MONITOR,
    }
    monitors = {name: read_json(path, made_by=BY_MONITOR) for name, path in made.items()}
    settings = params.monitor.emergency
    told = rule.decide(monitors, _pointer(), starting.started_before(), settings)
    write_json(layout.EMERGENCY, told)
    alerting.tell_emergency(told)
    _say(told)
    if told["decision"] == "none":
        console.say("monitor", "emergency: no cause to retrain out of turn")
    elif told["decision"] == "held back":
        console.warn("monitor", f"emergency: held back by {', '.join(told['held_back_by'])}")
    elif start:
        starting.remember(told)
        asked = starting.asked_elsewhere(told)
        run = None if asked else starting.start(told["command"], ctx.obj)
        how = f"asked for in {asked}" if asked else f"queued as {run}"
        console.warn("monitor", f"emergency: {told['reason']}; retraining {how}")
    else:
        console.warn("monitor", f"emergency: retrain with `{shlex.join(told['command'])}`")
        ctx.exit(DUE)
