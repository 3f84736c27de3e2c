"""From parameters and study to a recipe."""

from collections.abc import Mapping, Sequence
from typing import Any

from pitchline.params import Train
from pitchline.train.model import Recipe


def recipe_of(columns: Sequence[str], settings: Train, study: Mapping[str, Any]) -> Recipe:
    """How the model is made.

    Args:
        columns: the features of the groups that are on.
        settings: the section ``train``.
        study: the content of study.json.
    """
    best = study["best"]
    chosen = dict(best["params"])
    return Recipe(
        columns=tuple(columns),
        market=settings.market,
        start=chosen.pop("start"),
        c=study["logit"]["c"],
        share=study["logit"]["share"],
        settings=chosen,
        rounds=best["rounds"],
        temperature=study["calibration"]["temperature"],
    )
