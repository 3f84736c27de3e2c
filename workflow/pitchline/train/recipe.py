"""From parameters and study to a recipe."""

from collections.abc import Mapping, Sequence
from typing import Any

from pitchline.params import Train
from pitchline.train.families import blend
from pitchline.train.families.protocol import Recipe
from pitchline.train.families.registry import FAMILIES


def recipe_of(columns: Sequence[str], settings: Train, study: Mapping[str, Any]) -> Recipe:
    """How the model is made.

    Args:
        columns: the features of the groups that are on.
        settings: the section ``train``.
        study: the content of study.json; its family counts, as ``auto`` may have chosen it. One
            from before there were families is of a blend.
    """
    return FAMILIES[study.get("family", blend.NAME)].recipe(columns, settings.market, study)
