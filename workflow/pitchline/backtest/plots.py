"""The backtest's pictures, as SVG with the same bytes for the same data."""

import io
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pitchline.train.plots import STYLE

COLOURS = {
    "model": "#0b6e4f",
    "elo": "#e08e45",
    "base": "#8d99ae",
    "dixon_coles": "#7b4fa3",
    "market_opening": "#8ab6d6",
    "market_closing": "#1f5f99",
}
NAMES = {
    "model": "model",
    "elo": "Elo",
    "base": "base rates",
    "dixon_coles": "Dixon-Coles",
    "market_opening": "market, opening",
    "market_closing": "market, closing",
}
BIN_WIDTH = 0.025


def _svg(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def reliability_svg(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Reliability diagram of some forecasters.

    Args:
        tables: of each forecaster forecast, observed, forecasts; a row a bin.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 5.0), layout="constrained")
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color="#8d99ae", linewidth=1, label="perfect")
        for name, table in tables.items():
            axes.plot(
                table["forecast"],
                table["observed"],
                "o-",
                ms=4,
                color=COLOURS[name],
                label=NAMES[name],
            )
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
    """Log loss of all forecasters, season by season.

    Args:
        table: season, matches, and a column a forecaster, null where it has no forecast.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.0, 4.4), layout="constrained")
        axes = figure.add_subplot()
        for name in table.columns[2:]:
            axes.plot(
                table["season"], table[name], "o-", ms=4, color=COLOURS[name], label=NAMES[name]
            )
        axes.set(title="Log loss by season (lower is better)", ylabel="log loss (nats)")
        axes.tick_params(axis="x", rotation=45 if len(table) > 8 else 0)
        axes.legend(frameon=False, ncols=3)
        return _svg(figure)


def sharpness_svg(highest: Mapping[str, np.ndarray]) -> bytes:
    """How bold the forecasts are: the distribution of the highest of the three probabilities.

    Args:
        highest: of each forecaster one probability a match.
    """
    edges = np.arange(0.325, 1.0 + BIN_WIDTH, BIN_WIDTH)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.0, 4.4), layout="constrained")
        axes = figure.add_subplot()
        for name, values in highest.items():
            shares = np.histogram(values, edges)[0] / len(values)
            axes.stairs(shares, edges, color=COLOURS[name], linewidth=1.6, label=NAMES[name])
        axes.set(
            title="Sharpness: how high the likeliest result was put",
            xlabel="highest of the three probabilities",
            ylabel="share of the matches",
            xlim=(0.325, 1),
        )
        axes.legend(frameon=False, ncols=2)
        return _svg(figure)
