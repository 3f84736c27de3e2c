"""A choice from a list: each setting tried on all folds, told in the form of ``tuning.search``."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pitchline.train import metrics

DECIMALS = 6


def grid(
    settings: Sequence[dict[str, Any]],
    forecasts: Sequence[Sequence[np.ndarray]],
    outcomes: Sequence[np.ndarray],
) -> dict[str, Any]:
    """The setting with the lowest log loss over matches not fitted on; of equals the first.

    Args:
        settings: what is tried, the simplest first.
        forecasts: of each setting, probabilities of each fold's matches, shapes (matches, 3).
        outcomes: class numbers, one array a fold.

    Returns:
        ``trials`` in their order, each with number, state, params, folds (its log loss on each
        fold), rounds (0, there are no trees) and log_loss, and ``best``, one of them.
    """
    trials: list[dict[str, Any]] = []
    for number, (params, folds) in enumerate(zip(settings, forecasts, strict=True)):
        losses = [metrics.log_loss(p, y) for p, y in zip(folds, outcomes, strict=True)]
        trials.append(
            {
                "number": number,
                "state": "complete",
                "params": params,
                "folds": [round(float(each.mean()), DECIMALS) for each in losses],
                "rounds": 0,
                "log_loss": round(float(np.concatenate(losses).mean()), DECIMALS),
            }
        )
    return {"best": min(trials, key=lambda trial: trial["log_loss"]), "trials": trials}
