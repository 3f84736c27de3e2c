"""A whole study: the family, and all that its recipe needs."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pitchline.params import Train
from pitchline.train.calibrate import loss_out_of_time
from pitchline.train.families.protocol import Folds, Progress
from pitchline.train.families.registry import FAMILIES
from pitchline.train.split import Split


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

    Every family that ``settings`` names is tuned on the same folds. The one with the lowest log
    loss on the folds after the first is taken; of equals the simplest.

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
        The content of study.json: ``family``, the chosen one; ``families``: name and log loss of
        each that was tuned, the simplest first; and what the chosen family's ``choose`` tells.
    """
    folds = Folds(rows, tuple(columns), splits, settings, trials, seed, threads, progress)
    tried = [name for name in FAMILIES if name in settings.tried()]
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
