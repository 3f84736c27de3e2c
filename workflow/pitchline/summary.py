"""``pitchline summary``: what was built, how good it is, and what comes next."""

import io
from pathlib import Path
from typing import Any

import click
import pandas as pd
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from pitchline import layout
from pitchline.files import read_json, read_parquet
from pitchline.params import load
from pitchline.promote.showing import gate_table

SHOWN_FIXTURES = 10
BAR_WIDTH = 16
MADE_BY = "snakemake --cores 2"
WIDTH = 100
COLOURS = ("green", "yellow", "blue")


@click.command()
@click.option(
    "--svg",
    "svg_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Also draw the summary into this SVG file.",
)
@click.pass_obj
def summary(params_file: Path, svg_file: Path | None) -> None:
    """Show what was built, the metrics, the decision and the next fixtures."""
    load(params_file)
    page = _page()
    screen = Console()
    screen.width = max(screen.width, WIDTH)
    screen.print(page)
    if svg_file is not None:
        recorder = Console(record=True, width=WIDTH, file=io.StringIO())
        recorder.print(page)
        svg_file.parent.mkdir(parents=True, exist_ok=True)
        recorder.save_svg(str(svg_file), title="pitchline summary", unique_id="pitchline")


def _page() -> Group:
    decision = read_json(layout.DECISION, made_by=MADE_BY)
    champion = read_json(layout.CHAMPION, made_by=MADE_BY)
    metrics = read_json(layout.METRICS, made_by=MADE_BY)
    features = read_parquet(layout.FEATURES, made_by=MADE_BY)
    score = read_json(layout.SCORE, made_by=MADE_BY)["score"]
    training_data = read_json(layout.TRAINING_DATA, made_by=MADE_BY)
    predictions = read_parquet(layout.PREDICTIONS, made_by=MADE_BY)
    settled = read_json(layout.SETTLED, made_by=MADE_BY)
    return Group(
        Text(),
        _built(features, champion),
        _quality(score, training_data),
        Text(),
        _metrics(metrics),
        Text(),
        _decision(decision),
        Text(),
        _fixtures(predictions, settled),
        Text(),
    )


def _built(features: pd.DataFrame, champion: dict[str, Any]) -> Text:
    text = Text()
    text.append("Built  ", style="bold")
    text.append(f"{len(features):,} matches of {features['season'].nunique()} seasons; champion ")
    text.append(champion["version"], style="bold green")
    text.append(
        f", fitted on {champion['trained_on']['matches']:,} matches up to {champion['as_of'][:10]}"
    )
    return text


def _quality(score: float, training_data: dict[str, Any]) -> Text:
    window, text = training_data["window"], Text()
    text.append("Data   ", style="bold")
    text.append(f"quality score {score:.3f}; of the data judged for training ")
    colour = "green" if training_data["passed"] else "red"
    text.append(f"{training_data['score']:.3f}", style=f"bold {colour}")
    text.append(
        f" (asked for {training_data['minimum']:g}), {window['first'][:10]} to "
        f"{window['last'][:10]}"
    )
    if window["out_of_season"]:
        text.append(", out of season")
    if training_data["forced"]:
        text.append("; training was forced", style="bold red")
    return text


def _metrics(metrics: dict[str, Any]) -> Table:
    table = Table(
        title=f"Walk-forward test, {metrics['matches']:,} matches, "
        f"{metrics['first_kick_off'][:10]} to {metrics['last_kick_off'][:10]}",
        title_justify="left",
        title_style="bold",
    )
    level = f"{metrics['confidence_level']:.0%}"
    table.add_column("metric")
    table.add_column("model", justify="right", style="bold")
    table.add_column(f"{level} interval", justify="right")
    table.add_column("Elo", justify="right")
    table.add_column("base rates", justify="right")
    names = {
        "log_loss": "log loss (nats)",
        "rps": "RPS",
        "brier": "Brier",
        "accuracy": "accuracy",
        "calibration_error": "calibration error",
    }
    for key, name in names.items():
        low, high = metrics["model"][f"{key}_interval"]
        figures = [f"{metrics[who][key]:.4f}" for who in ("model", "elo", "base")]
        table.add_row(name, figures[0], f"{low:.4f} to {high:.4f}", figures[1], figures[2])
    model, elo = metrics["model"], metrics["elo"]
    table.add_row(
        "confident picks",
        _confident(model),
        "",
        _confident(elo),
        _confident(metrics["base"]),
    )
    return table


def _confident(figures: dict[str, Any]) -> str:
    if figures["confident_accuracy"] is None:
        return "none"
    return f"{figures['confident_accuracy']:.3f} of {figures['confident_share']:.0%}"


def _decision(decision: dict[str, Any]) -> Table:
    colour = "red" if decision["outcome"] == "rejected" else "green"
    title = Text("Candidate ", style="bold")
    title.append(decision["candidate"])
    title.append(f" {decision['outcome']}", style=f"bold {colour}")
    title.append(f": {'; '.join(decision['reasons'])}")
    return gate_table(decision, title)


def _bar(row: Any) -> Text:
    bar = Text()
    used = 0
    shares = (row.probability_home, row.probability_draw, row.probability_away)
    for share, colour in zip(shares[:2], COLOURS[:2], strict=True):
        length = round(share * BAR_WIDTH)
        used += length
        bar.append("█" * length, style=colour)
    return bar.append("█" * (BAR_WIDTH - used), style=COLOURS[2])


def _fixtures(predictions: pd.DataFrame, settled: dict[str, Any]) -> Group | Text:
    if predictions.empty:
        return Text("No fixtures after as_of within predict.horizon_days.", style="yellow")
    scores = {row["match_id"]: row["score"] for row in settled["matches"]}
    table = Table(
        title=f"Next fixtures after {predictions['as_of'].iloc[0]:%Y-%m-%d %H:%M} UTC "
        f"({min(SHOWN_FIXTURES, len(predictions))} of {len(predictions)})",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("kick-off", no_wrap=True)
    table.add_column("fixture", no_wrap=True)
    for name, colour in zip(("H", "D", "A"), COLOURS, strict=True):
        table.add_column(name, justify="right", style=colour)
    table.add_column("")
    table.add_column("score", justify="center", no_wrap=True)
    table.add_column("came", justify="center")
    for row in predictions.head(SHOWN_FIXTURES).itertuples():
        table.add_row(
            f"{row.kick_off:%a %d %b %H:%M}",
            f"{row.home_name} - {row.away_name}",
            f"{row.probability_home:.0%}",
            f"{row.probability_draw:.0%}",
            f"{row.probability_away:.0%}",
            _bar(row),
            str(row.score_1),
            scores.get(row.match_id, ""),
        )
    if not settled["settled"]:
        return Group(table)
    return Group(
        table,
        Text(
            f"How they did: {settled['settled']} of {settled['predicted']} settled, log loss "
            f"{settled['log_loss']:.4f} (the model expected {settled['expected_log_loss']:.4f}, "
            f"a third each gives {settled['uniform_log_loss']:.4f}), "
            f"accuracy {settled['accuracy']:.2f}"
        ),
    )
