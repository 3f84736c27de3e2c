"""What a fitted model leans on."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.features.schema import GROUPS
from pitchline.train.baselines import Logit

if TYPE_CHECKING:
    from pitchline.train.families.protocol import Leaning
    from pitchline.train.model import Forecaster

DECIMALS = 6
NEWEST_ROWS = 5000


def importances(forecaster: "Forecaster", rows: pd.DataFrame) -> pd.DataFrame:
    """By how much each feature moves the log-odds of the three results, on average.

    Trees: mean absolute SHAP values (S. Lundberg, G. Erion and S.-I. Lee, 2018). Start, the small
    logit that the trees begin from, and logit: mean absolute contribution of each contrast around
    the mean of the three results. Dixon-Coles reads no features; it tells each team's attack and
    defence, logarithms of goals with their sign, and the home advantage.

    Args:
        forecaster: the fitted model.
        rows: features; of many, the newest 5,000 are looked at.

    Returns:
        part (trees, start, logit or dixon_coles), name, group (of features; of Dixon-Coles the
        competition), importance; the greatest first.
    """
    found = forecaster.model.leanings(rows.tail(NEWEST_ROWS))
    table = pd.DataFrame(found, columns=["part", "name", "group", "importance"])
    table["importance"] = table["importance"].astype("float64").round(DECIMALS)
    return table.sort_values(
        ["part", "importance", "name"], ascending=[False, False, True], ignore_index=True
    )


def group_of(name: str) -> str:
    """The group of ``train.groups`` a feature, or a contrast of features, belongs to."""
    for spelled in (
        name,
        name.replace("difference_", "home_"),
        name.replace("total_", "home_expected_"),
    ):
        for group, pattern in GROUPS.items():
            if re.fullmatch(pattern, spelled):
                return group
    raise ValueError(f"{name!r} belongs to no group of features")


def of_trees(booster: xgb.Booster, columns: Sequence[str], rows: pd.DataFrame) -> "list[Leaning]":
    """Mean absolute SHAP value of each feature."""
    names = list(columns)
    data = xgb.DMatrix(rows[names].to_numpy(dtype=np.float32), feature_names=names, nthread=1)
    shap = booster.predict(data, pred_contribs=True)
    mean = np.abs(shap[:, :, :-1]).mean(axis=(0, 1)).tolist()
    return [("trees", name, group_of(name), m) for name, m in zip(names, mean, strict=True)]


def of_logit(part: str, logit: Logit, table: pd.DataFrame) -> "list[Leaning]":
    """Mean absolute contribution of each contrast of a table."""
    found = []
    for number, name in enumerate(logit.columns):
        z = (table[name].to_numpy(dtype=np.float64) - logit.centres[number]) / logit.scales[number]
        slopes = np.array([row[number] for row in logit.slopes])
        moved = float(np.abs(np.nan_to_num(z)).mean() * np.abs(slopes - slopes.mean()).mean())
        found.append((part, name, group_of(name), moved))
    return found
