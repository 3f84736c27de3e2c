from collections.abc import Callable
from xml.etree import ElementTree

import pandas as pd
import pytest

from pitchline.train.evaluate import FORECASTERS
from pitchline.train.plots import importances_svg, log_loss_svg, reliability_svg, sharpness_svg

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
IMPORTANCES = pd.DataFrame(
    {
        "part": ["trees"] * 3 + ["logit"] * 2,
        "name": ["home_elo", "away_elo", "home_rest_days", "difference_elo", "total_goals"],
        "group": ["elo", "elo", "rest", "elo", "strengths"],
        "importance": [0.3, 0.2, 0.01, 0.4, 0.1],
    }
)
FORECASTS = pd.DataFrame(
    {
        f"{name}_{outcome}": share
        for name in FORECASTERS
        for outcome, share in (
            ("home", [0.5, 0.6, 0.2, 0.4]),
            ("draw", [0.3, 0.3, 0.3, 0.3]),
            ("away", [0.2, 0.1, 0.5, 0.3]),
        )
    }
).assign(result=["H", "A", "A", "D"])
PLOTS: list[tuple[Callable[[pd.DataFrame], bytes], pd.DataFrame]] = [
    (reliability_svg, RELIABILITY),
    (log_loss_svg, BY_MONTH),
    (importances_svg, IMPORTANCES),
    (sharpness_svg, FORECASTS),
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
    changed = {
        "observed": table.get("observed", 0) * 0.9,
        "model": table.get("model", 0) * 0.9,
        "importance": table.get("importance", 0) ** 2,
        "result": "H",
    }
    other = table.assign(**{name: value for name, value in changed.items() if name in table})
    assert draw(other) != draw(table)


@pytest.mark.parametrize(("draw", "table"), PLOTS)
def test_one_row_can_be_plotted(draw: Callable[[pd.DataFrame], bytes], table: pd.DataFrame) -> None:
    assert ElementTree.fromstring(draw(table.head(1))) is not None  # noqa: S314


def test_of_many_features_the_greatest_are_shown() -> None:
    many = pd.concat([IMPORTANCES] * 9, ignore_index=True)
    many["name"] = [f"{name}_{number}" for number, name in enumerate(many["name"])]
    many = many.sort_values("importance", ascending=False, ignore_index=True)
    few = many.groupby("part").head(16)
    assert importances_svg(few) == importances_svg(many)


def test_a_plot_leaves_matplotlibs_settings_alone() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    log_loss_svg(BY_MONTH)
    assert dict(mpl.rcParams) == before
