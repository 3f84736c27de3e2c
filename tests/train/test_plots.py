from collections.abc import Callable
from xml.etree import ElementTree

import pandas as pd
import pytest

from pitchline.train.plots import log_loss_svg, reliability_svg

RELIABILITY = pd.DataFrame(
    {"forecast": [0.1, 0.3, 0.6], "observed": [0.12, 0.28, 0.65], "forecasts": [50, 50, 50]}
)
BY_MONTH = pd.DataFrame(
    {
        "month": [f"2025-{month:02}" for month in range(1, 13)],
        "matches": 30,
        "model": [0.95 + month / 100 for month in range(12)],
        "elo": [0.97 + month / 100 for month in range(12)],
        "base": 1.07,
    }
)
PLOTS: list[tuple[Callable[[pd.DataFrame], bytes], pd.DataFrame]] = [
    (reliability_svg, RELIABILITY),
    (log_loss_svg, BY_MONTH),
]


@pytest.mark.parametrize(("draw", "table"), PLOTS)
def test_a_plot_is_an_svg_with_the_same_bytes_again(
    draw: Callable[[pd.DataFrame], bytes], table: pd.DataFrame
) -> None:
    picture = draw(table)
    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314
    assert draw(table) == picture
    assert b"<dc:date>" not in picture


@pytest.mark.parametrize(("draw", "table"), PLOTS)
def test_other_figures_give_another_plot(
    draw: Callable[[pd.DataFrame], bytes], table: pd.DataFrame
) -> None:
    other = table.copy()
    other.iloc[-1, -2] += 0.1
    column = "observed" if "observed" in other else "model"
    other[column] = other[column] * 0.9
    assert draw(other) != draw(table)


@pytest.mark.parametrize(("draw", "table"), PLOTS)
def test_one_row_can_be_plotted(draw: Callable[[pd.DataFrame], bytes], table: pd.DataFrame) -> None:
    assert ElementTree.fromstring(draw(table.head(1))) is not None  # noqa: S314


def test_a_plot_leaves_matplotlibs_settings_alone() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    log_loss_svg(BY_MONTH)
    assert dict(mpl.rcParams) == before
