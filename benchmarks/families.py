"""Each model family, and `auto`: out-of-fold and test-window figures, seconds of tuning and fit.

    python benchmarks/families.py DIR [--as-of 2023-07-01T00:00:00Z] [--warm-up 12] [--leagues]

DIR is a project with data/features. Parameters are those of params.yaml but for what the options
say. Everything is chosen before the test window, which is walked through as `pitchline train
evaluate` does. With --leagues only the five big leagues are forecast and scored. Prints a Markdown
table; differences are paired, on the same matches, with 95 % intervals.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from benchmarks.backtest import LEAGUES  # noqa: E402
from pitchline.features.schema import columns_of  # noqa: E402
from pitchline.params import Params, load  # noqa: E402
from pitchline.train import metrics  # noqa: E402
from pitchline.train.baselines import targets  # noqa: E402
from pitchline.train.evaluate import probabilities, walk_forward  # noqa: E402
from pitchline.train.families.protocol import Folds  # noqa: E402
from pitchline.train.families.registry import FAMILIES  # noqa: E402
from pitchline.train.model import Forecaster  # noqa: E402
from pitchline.train.recipe import recipe_of  # noqa: E402
from pitchline.train.split import expanding_folds, split_at, trainable  # noqa: E402
from pitchline.train.study import study_of, summary  # noqa: E402

SAMPLES = 2000
COMPARED = "blend"
WARMING = "dixon_coles"


def measured(
    name: str, features: pd.DataFrame, params: Params, told: argparse.Namespace
) -> dict[str, Any]:
    """One family's study, seconds and forecasts of the test window."""
    warm_up = params.train.warm_up_seasons if told.warm_up is None else told.warm_up
    rows = trainable(features, warm_up)
    end = pd.Timestamp(told.as_of or params.as_of)
    start = end - pd.Timedelta(days=params.train.test_days)
    rows = rows[rows["kick_off"] < end].reset_index(drop=True)
    columns = columns_of(features, params.train.groups.chosen())
    settings = params.train.model_copy(update={"family": name})
    before = rows.iloc[split_at(rows, start).train].reset_index(drop=True)
    splits = expanding_folds(before, settings.folds)
    clock = time.perf_counter()
    study = study_of(
        Folds(
            before,
            tuple(columns),
            splits,
            settings,
            settings.trials,
            params.seed,
            told.threads,
            lambda *_: None,
        )
    )
    tuning = time.perf_counter() - clock
    recipe = recipe_of(columns, settings, study)
    clock = time.perf_counter()
    Forecaster.fit(rows, recipe, params.seed)
    fitting = time.perf_counter() - clock
    forecasts = walk_forward(rows, recipe, start, end, params.evaluate.refit_days, params.seed)
    if told.leagues:
        forecasts = forecasts[forecasts["competition"].isin(LEAGUES)]
    for line in summary(study):
        print(f"{name}: {line}", file=sys.stderr, flush=True)
    chosen = {each["family"]: each["log_loss"] for each in study["families"]}
    return {
        "name": name if name != "auto" else f"auto ({study['family']})",
        "out_of_fold": chosen[study["family"]],
        "tuning": tuning,
        "fitting": fitting,
        "p": probabilities(forecasts, "model"),
        "outcome": targets(forecasts),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--as-of")
    parser.add_argument("--warm-up", type=int)
    parser.add_argument("--leagues", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--families", nargs="+", default=[*FAMILIES, "auto"])
    told = parser.parse_args()
    params = load(ROOT / "params.yaml")
    features = pd.read_parquet(told.folder / "data/features/matches.parquet")
    # Loading libraries and compiled loops is no family's time.
    measured(WARMING, features, params, told)
    found = {name: measured(name, features, params, told) for name in told.families}
    outcome = next(iter(found.values()))["outcome"]
    counts = metrics.bootstrap_counts(len(outcome), SAMPLES, params.seed)
    losses = {name: metrics.log_loss(each["p"], outcome) for name, each in found.items()}
    print(f"{len(outcome):,} matches")
    print(
        "| family | out-of-fold log loss | test log loss | minus blend's | RPS | ECE | tune | fit |"
    )
    print("|---" * 8 + "|")
    for name, each in found.items():
        difference = ""
        if COMPARED in found and name != COMPARED:
            own = losses[name] - losses[COMPARED]
            low, high = metrics.interval_of_mean(own, counts, 0.95)
            difference = f"{own.mean():+.4f} ({low:+.4f} to {high:+.4f})"
        rps = metrics.ranked_probability_score(each["p"], outcome).mean()
        error = metrics.calibration_error(each["p"], outcome, params.evaluate.calibration_bins)
        print(
            f"| {each['name']} | {each['out_of_fold']:.4f} | {np.mean(losses[name]):.4f} "
            f"| {difference} | {rps:.4f} | {error:.4f} | {each['tuning']:.1f} s "
            f"| {each['fitting']:.2f} s |"
        )


if __name__ == "__main__":
    main()
