"""The evaluation's pictures, as SVG with the same bytes for the same data."""

import io
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

STYLE: Any = {
    "svg.hashsalt": "pitchline",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
COLOURS = {"model": "#0b6e4f", "elo": "#e08e45", "base": "#8d99ae"}
NAMES = {"model": "model", "elo": "Elo", "base": "base rates"}


def _svg(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def reliability_svg(table: pd.DataFrame) -> bytes:
    """Reliability diagram of the model.

    Args:
        table: forecast, observed, forecasts; a row a bin.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 5.0), layout="constrained")
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color="#8d99ae", linewidth=1, label="perfect")
        axes.plot(table["forecast"], table["observed"], "o-", color=COLOURS["model"], label="model")
        axes.set(
            title="Reliability: what was forecast, what came true",
            xlabel="forecast probability (home win, draw and away win together)",
            ylabel="observed frequency",
            xlim=(0, 1),
            ylim=(0, 1),
        )
        axes.legend(frameon=False)
        return _svg(figure)


def log_loss_svg(table: pd.DataFrame) -> bytes:
    """Log loss of the model and the baselines, month by month.

    Args:
        table: month, matches, model, elo, base.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.0, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for name, colour in COLOURS.items():
            axes.plot(table["month"], table[name], "o-", ms=3, color=colour, label=NAMES[name])
        axes.set(
            title="Log loss by month of the test window (lower is better)", ylabel="log loss (nats)"
        )
        shown = range(0, len(table), max(1, len(table) // 12))
        axes.set_xticks(list(shown), [table["month"][i] for i in shown], rotation=45, ha="right")
        axes.legend(frameon=False, ncols=3)
        return _svg(figure)
