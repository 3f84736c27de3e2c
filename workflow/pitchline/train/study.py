"""A whole study: the family, and all that its recipe needs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pitchline.params import Train
from pitchline.train.calibrate import loss_out_of_time
from pitchline.train.families import trees
from pitchline.train.families.protocol import Folds
from pitchline.train.families.registry import FAMILIES
from pitchline.train.split import Split
from pitchline.train.tuning.store import Folder, data_digest, open_folder


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


def searched(folds: Folds) -> None:
    """Search the trees' hyperparameters, if any family that is tried has trees."""
    if any(FAMILIES[name].TREES for name in folds.settings.tried()):
        trees.search(folds)


def study_of(folds: Folds) -> dict[str, Any]:
    """Choose all that a recipe needs, on folds ordered in time.

    Every family that the settings name is tuned on the same folds. The one with the lowest log
    loss on the folds after the first is taken; of equals the simplest.

    Returns:
        The content of study.json: ``family``, the chosen one; ``families``: name and log loss of
        each that was tuned, the simplest first; and what the chosen family's ``choose`` tells.
    """
    tried = [name for name in FAMILIES if name in folds.settings.tried()]
    studies = {name: FAMILIES[name].choose(folds) for name in tried}
    losses = {name: loss_out_of_time(study["calibration"]) for name, study in studies.items()}
    chosen = min(tried, key=lambda name: losses[name])
    return {
        "family": chosen,
        "families": [{"family": name, "log_loss": losses[name]} for name in tried],
        **studies[chosen],
    }


def summary(study: Mapping[str, Any]) -> list[str]:
    """What a study chose, a line each.

    Args:
        study: the content of study.json.
    """
    lines = FAMILIES[study["family"]].summary(study)
    if len(study["families"]) > 1:
        losses = ", ".join(f"{each['family']} {each['log_loss']:.4f}" for each in study["families"])
        lines.insert(0, f"family {study['family']}, the lowest log loss on the folds: {losses}")
    return lines
