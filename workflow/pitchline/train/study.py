"""A whole study: hyperparameters of the trees, the logit's part, the temperature."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pitchline.params import Train
from pitchline.train.blend import choose
from pitchline.train.calibrate import calibration
from pitchline.train.recipe import recipe_of
from pitchline.train.split import Split
from pitchline.train.tuning.search import Progress, Resumed, search
from pitchline.train.tuning.store import Folder, Store, data_digest, open_folder


def store_of(
    root: Path,
    rows: pd.DataFrame,
    columns: Sequence[str],
    splits: list[Split],
    settings: Train,
    seed: int,
) -> Folder:
    """Where the fits of this search are kept, under a key over all that decides them.

    Args:
        root: holds a folder a search.
        rows: features and results, ordered by kick-off.
        columns: the features to read.
        splits: the folds.
        settings: the section ``train``.
        seed: of the sampler and of the fits.
    """
    decides = {
        "data": data_digest(rows, columns, splits, settings.market),
        "market": settings.market,
        "max_rounds": settings.max_rounds,
        "early_stopping_rounds": settings.early_stopping_rounds,
        "search": settings.search.model_dump(),
        "seed": seed,
    }
    return open_folder(root, decides, settings.trials_at_once)


def searched(
    rows: pd.DataFrame,
    columns: Sequence[str],
    splits: list[Split],
    settings: Train,
    trials: int,
    seed: int,
    threads: int,
    progress: Progress,
    *,
    store: Store | None = None,
    resumed: Resumed | None = None,
) -> dict[str, Any]:
    """Search the trees' hyperparameters; arguments as in ``study_of``, result of ``search``."""
    return search(
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
        store=store,
        resumed=resumed,
    )


def study_of(
    rows: pd.DataFrame,
    columns: Sequence[str],
    splits: list[Split],
    settings: Train,
    trials: int,
    seed: int,
    threads: int,
    progress: Progress,
    *,
    store: Store | None = None,
    resumed: Resumed | None = None,
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
        progress: as in ``search``.
        store: where results of fits are found and kept; None to keep them in memory.
        resumed: as in ``search``.

    Returns:
        The content of study.json: ``best`` and ``trials`` as from ``search``, ``logit`` as from
        ``blend.choose``, ``calibration`` as from ``calibrate.calibration``.
    """
    study = searched(
        rows,
        columns,
        splits,
        settings,
        trials,
        seed,
        threads,
        progress,
        store=store,
        resumed=resumed,
    )
    found = {"best": study["best"], "logit": FIRST, "calibration": {"temperature": 1.0}}
    found["logit"] = choose(rows, splits, recipe_of(columns, settings, found), settings.logit, seed)
    found["calibration"] = calibration(rows, splits, recipe_of(columns, settings, found), seed)
    return {**found, "trials": study["trials"]}


# Stands in for the logit's part while it is chosen.
FIRST: dict[str, Any] = {"c": 1.0, "share": 0.0}
