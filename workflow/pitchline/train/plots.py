"""The evaluation's pictures, as SVG with the same bytes for the same data."""

import io
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.evaluate import probabilities

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
SHOWN_FEATURES = 16
# Title and unit of each part's panel. What trees start from is not drawn.
LEANINGS = {
    "trees": ("What the trees lean on", "mean move of the log-odds"),
    "logit": ("What the logit leans on", "mean move of the log-odds"),
    "dixon_coles": ("Strongest by Dixon-Coles", "logarithm of goals"),
}
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


def sharpness_svg(forecasts: pd.DataFrame) -> bytes:
    """How sure the model is: matches by the highest probability, and how often that came true.

    Args:
        forecasts: the table ``Forecasts``.
    """
    p = probabilities(forecasts, "model")
    highest, hit = p.max(axis=1), metrics.correct(p, targets(forecasts))
    edges = np.arange(0.3, 1.0001, 0.05)
    counts, _ = np.histogram(highest, edges)
    true, _ = np.histogram(highest, edges, weights=hit)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.add_subplot()
        axes.bar(edges[:-1], counts, width=0.05, align="edge", color="#cfd8d3", label="matches")
        axes.bar(
            edges[:-1], true, width=0.05, align="edge", color=COLOURS["model"], label="came true"
        )
        axes.set(
            title="Sharpness: how sure the forecasts were",
            xlabel="probability of the likeliest result",
            ylabel="matches",
        )
        axes.legend(frameon=False)
        return _svg(figure)


def importances_svg(table: pd.DataFrame) -> bytes:
    """What each part of the model leans on most.

    Args:
        table: part, name, group, importance; the greatest of each part first.
    """
    shown = [part for part in LEANINGS if (table["part"] == part).any()] or list(LEANINGS)[:1]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.0, 5.2), layout="constrained")
        panels = figure.subplots(1, len(shown), squeeze=False)[0]
        for axes, part in zip(panels, shown, strict=True):
            title, unit = LEANINGS[part]
            greatest = table[table["part"] == part].head(SHOWN_FEATURES).iloc[::-1]
            axes.barh(greatest["name"], greatest["importance"], color=COLOURS["model"])
            axes.set(title=title, xlabel=unit)
            axes.tick_params(axis="y", labelsize=8)
        return _svg(figure)
