"""Small recipes for the tests: a few shallow trees beside a logit, and one of each family."""

from typing import Any

import pandas as pd

from pitchline.features.schema import GROUPS, columns_of
from pitchline.train.families.blend import BlendRecipe
from pitchline.train.families.boosted import BoostedRecipe
from pitchline.train.families.dixon_coles import DixonColesRecipe
from pitchline.train.families.logit import LogitRecipe
from pitchline.train.families.protocol import Recipe
from pitchline.train.families.stacked import StackedRecipe

SETTINGS: dict[str, Any] = {
    "max_depth": 3,
    "learning_rate": 0.1,
    "min_child_weight": 10.0,
    "subsample": 0.7,
    "colsample_bytree": 0.7,
    "reg_lambda": 5.0,
    "reg_alpha": 0.1,
}
# All groups that are known days before kick-off, whichever params.yaml has on.
READ = tuple(name for name in GROUPS if name not in ("lineups", "opening", "closing"))


def columns_read(features: pd.DataFrame) -> tuple[str, ...]:
    """The features that models of the tests read."""
    return tuple(columns_of(features, READ))


def recipe(features: pd.DataFrame, **changes: Any) -> BlendRecipe:
    """Six trees from the ratings, half of the mean a logit; other figures as named.

    Args:
        features: the table ``MatchFeatures``; its columns are read.
        changes: attributes of ``BlendRecipe``.
    """
    chosen: dict[str, Any] = {
        "columns": columns_read(features),
        "market": None,
        "start": "ratings",
        "c": 0.001,
        "share": 0.5,
        "settings": SETTINGS,
        "rounds": 6,
    }
    return BlendRecipe(**(chosen | changes))


def any_recipe(name: str, features: pd.DataFrame, market: str | None = None) -> Recipe:
    """A small recipe of a family.

    Args:
        name: the family.
        features: the table ``MatchFeatures``; its columns are read.
        market: prices that trees start from, where the family has trees.
    """
    columns = columns_read(features)
    trees = BoostedRecipe(columns, market, "ratings", SETTINGS, 6)
    logit = LogitRecipe(columns, 0.001)
    goals = DixonColesRecipe(half_life_days=365.0, penalty=6.0, refit_days=28)
    known: dict[str, Recipe] = {
        "logit": logit,
        "dixon_coles": goals,
        "xgboost": trees,
        "blend": recipe(features, market=market),
        "stacked": StackedRecipe(trees, logit, goals, (0.5, 0.2, 0.3)),
    }
    return known[name]
