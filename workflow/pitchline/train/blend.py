"""How much the logit is penalised and how much it counts, chosen on the folds of the search."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pitchline.params import Blend
from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.contrasts import contrasts
from pitchline.train.model import Forecaster, Recipe, market_of, mixed, priced, wide_logit
from pitchline.train.split import Split

DECIMALS = 6


def choose(
    rows: pd.DataFrame, splits: Sequence[Split], recipe: Recipe, ranges: Blend, seed: int
) -> dict[str, Any]:
    """The penalty and share with the lowest log loss over matches not fitted on.

    Args:
        rows: features and results, ordered by kick-off.
        splits: the folds of the search.
        recipe: of the trees; its ``c``, ``share`` and ``temperature`` are left aside.
        ranges: what is tried.
        seed: of the fits.

    Returns:
        ``c``, ``share`` and ``log_loss`` of the best; ``tried``: all of them. Of equals the one
        with the stronger penalty and the smaller share.
    """
    trees, outcomes, with_price = [], [], []
    logits: dict[float, list[np.ndarray]] = {c: [] for c in ranges.c}
    for split in splits:
        train, test = rows.iloc[split.train], rows.iloc[split.test]
        fitted = Forecaster.fit(train, recipe, seed)
        trees.append(fitted.trees(test))
        outcomes.append(targets(test))
        known = np.zeros(len(test), dtype=bool)
        if recipe.market:
            known = priced(market_of(test, recipe.market))
        with_price.append(known)
        learned, asked = contrasts(train, recipe.columns), contrasts(test, recipe.columns)
        for c, found in logits.items():
            found.append(wide_logit(learned, c).probabilities(asked))
    outcome, prices, ours = np.concatenate(outcomes), np.concatenate(with_price), np.vstack(trees)
    tried = []
    for c in sorted(ranges.c):
        p = np.vstack(logits[c])
        for share in sorted(ranges.share):
            loss = metrics.log_loss(mixed(p, ours, share, prices), outcome).mean()
            tried.append({"c": c, "share": share, "log_loss": round(float(loss), DECIMALS)})
    best = min(tried, key=lambda each: each["log_loss"])
    return {**best, "tried": tried}
