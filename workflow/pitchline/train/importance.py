"""What a fitted model leans on."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.features.schema import GROUPS
from pitchline.train.baselines import Logit
from pitchline.train.contrasts import contrasts
from pitchline.train.model import Forecaster

DECIMALS = 6
NEWEST_ROWS = 5000


def importances(forecaster: Forecaster, rows: pd.DataFrame) -> pd.DataFrame:
    """By how much each feature moves the log-odds of the three results, on average.

    Trees: mean absolute SHAP values (S. Lundberg, G. Erion and S.-I. Lee, 2018). Start, the small
    logit that the trees begin from, and logit: mean absolute contribution of each contrast around
    the mean of the three results.

    Args:
        forecaster: the fitted model.
        rows: features; of many, the newest 5,000 are looked at.

    Returns:
        part (trees, start or logit), name, group, importance (log-odds); the greatest first.
    """
    newest, columns = rows.tail(NEWEST_ROWS), forecaster.recipe.columns
    parts = [
        pd.DataFrame({"part": part, "name": list(found), "importance": list(found.values())})
        for part, found in (
            ("trees", _of_trees(forecaster, newest)),
            ("start", _of_logit(forecaster.beginning.logit, newest, columns)),
            ("logit", _of_logit(forecaster.logit, newest, columns)),
        )
        if found
    ]
    table = pd.concat(parts, ignore_index=True)
    table.insert(2, "group", [group_of(name) for name in table["name"]])
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


def _of_trees(forecaster: Forecaster, rows: pd.DataFrame) -> dict[str, float]:
    columns = list(forecaster.recipe.columns)
    data = xgb.DMatrix(rows[columns].to_numpy(dtype=np.float32), feature_names=columns, nthread=1)
    shap = forecaster.booster.predict(data, pred_contribs=True)
    mean = np.abs(shap[:, :, :-1]).mean(axis=(0, 1))
    return dict(zip(columns, mean.tolist(), strict=True))


def _of_logit(logit: Logit, rows: pd.DataFrame, columns: Sequence[str]) -> dict[str, float]:
    table = contrasts(rows, columns)
    found = {}
    for number, name in enumerate(logit.columns):
        z = (table[name].to_numpy(dtype=np.float64) - logit.centres[number]) / logit.scales[number]
        slopes = np.array([row[number] for row in logit.slopes])
        found[name] = float(np.abs(np.nan_to_num(z)).mean() * np.abs(slopes - slopes.mean()).mean())
    return found
