"""A whole study: hyperparameters of the trees, the logit's part, the temperature."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pitchline.params import Train
from pitchline.train.blend import choose
from pitchline.train.calibrate import calibration
from pitchline.train.recipe import recipe_of
from pitchline.train.split import Split
from pitchline.train.tuning import Progress, search


def study_of(
    rows: pd.DataFrame,
    columns: Sequence[str],
    splits: list[Split],
    settings: Train,
    trials: int,
    seed: int,
    threads: int,
    progress: Progress,
) -> dict[str, Any]:
    """Choose all that a recipe needs, on folds ordered in time.

    Args:
        rows: features and results, ordered by kick-off.
        columns: the features to read.
        splits: the folds.
        settings: the section ``train``.
        trials: hyperparameter sets to try.
        seed: of the sampler and of the fits.
        threads: fits at a time; changes the duration only.
        progress: as in ``tuning.search``.

    Returns:
        The content of study.json: ``best`` and ``trials`` as from ``tuning.search``, ``logit`` as
        from ``blend.choose``, ``calibration`` as from ``calibrate.calibration``.
    """
    study = search(
        rows,
        columns,
        splits,
        settings.search,
        market=settings.market,
        trials=trials,
        at_once=settings.trials_at_once,
        max_rounds=settings.max_rounds,
        patience=settings.early_stopping_rounds,
        seed=seed,
        threads=threads,
        progress=progress,
    )
    found = {"best": study["best"], "logit": FIRST, "calibration": {"temperature": 1.0}}
    found["logit"] = choose(rows, splits, recipe_of(columns, settings, found), settings.logit, seed)
    found["calibration"] = calibration(rows, splits, recipe_of(columns, settings, found), seed)
    return {**found, "trials": study["trials"]}


# Stands in for the logit's part while it is chosen.
FIRST: dict[str, Any] = {"c": 1.0, "share": 0.0}
