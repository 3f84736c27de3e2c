"""What each group of features is worth: the model without it, and the ratings with it alone.

    python benchmarks/ablation.py DIR [--first 2017-18] [--last 2022-23]

DIR is a project of the recordings with data/features and data/backtest/study.json, as
`benchmarks/backtest.py` leaves it. Each season of the big five is forecast by one fit on what was
known before it; hyperparameters are those of the study. Prints a Markdown table of log loss and of
its paired difference from the whole model, with 95 % intervals.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from benchmarks.backtest import LEAGUES, WARM_UP  # noqa: E402
from pitchline.features.schema import columns_of  # noqa: E402
from pitchline.params import load  # noqa: E402
from pitchline.train import metrics  # noqa: E402
from pitchline.train.baselines import targets  # noqa: E402
from pitchline.train.model import Forecaster, Recipe  # noqa: E402
from pitchline.train.recipe import recipe_of  # noqa: E402
from pitchline.train.split import split_at, trainable  # noqa: E402

GROUPS = ("elo", "pi", "strengths", "form", "rest", "season", "league", "head_to_head")
RATINGS = ("elo", "pi", "strengths")
SAMPLES = 2000


def losses(rows: pd.DataFrame, recipe: Recipe, seasons: Sequence[str], seed: int) -> np.ndarray:
    """Log loss of each match of the seasons, each season by a fit on what was known before it."""
    found = []
    for season in seasons:
        inside = rows[(rows["season"] == season) & rows["competition"].isin(LEAGUES)]
        train = rows.iloc[split_at(rows, inside["kick_off"].min()).train]
        p = Forecaster.fit(train, recipe, seed).probabilities(inside)
        found.append(metrics.log_loss(p, targets(inside)))
    return np.concatenate(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", default="2017-18")
    parser.add_argument("--last", default="2022-23")
    told = parser.parse_args()
    params = load(ROOT / "params.yaml")
    study = json.loads((told.folder / "data/backtest/study.json").read_text(encoding="utf-8"))
    features = pd.read_parquet(told.folder / "data/features/matches.parquet")
    rows = trainable(features, WARM_UP)
    played = rows.loc[rows["competition"].isin(LEAGUES), "season"].unique()
    seasons = sorted(season for season in played if told.first <= season <= told.last)
    recipe = recipe_of(columns_of(features, GROUPS), params.train, study)

    def of(groups: Sequence[str], market: str | None = None) -> np.ndarray:
        columns = tuple(columns_of(features, groups))
        return losses(rows, replace(recipe, columns=columns, market=market), seasons, params.seed)

    whole = of(GROUPS)
    counts = metrics.bootstrap_counts(len(whole), SAMPLES, params.seed)
    print(f"{len(whole):,} matches, {seasons[0]} to {seasons[-1]}")
    print("| features | log loss | difference from all | 95 % interval |")
    print("|---|---|---|---|")
    print(f"| all groups | {whole.mean():.4f} | | |", flush=True)
    others = [(f"without {name}", [g for g in GROUPS if g != name], None) for name in GROUPS]
    others += [(f"{name} alone", [name], None) for name in RATINGS]
    others += [
        (f"all, from {moment} odds", list(GROUPS), moment) for moment in ("opening", "closing")
    ]
    for name, groups, market in others:
        difference = of(groups, market) - whole
        low, high = metrics.interval_of_mean(difference, counts, 0.95)
        print(
            f"| {name} | {(whole + difference).mean():.4f} | {difference.mean():+.4f} "
            f"| {low:+.4f} to {high:+.4f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
