"""Small real models as bundles of a project, and pointers to them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pitchline import layout
from pitchline.files import json_bytes, read_json, write_bytes, write_json
from pitchline.promote.champion import describe_files
from pitchline.train.candidate import version_of
from pitchline.train.families.protocol import Recipe
from pitchline.train.golden import golden
from pitchline.train.model import CARD_FILE, Forecaster
from tests.train.recipes import any_recipe

AS_OF = "2026-05-08T00:00:00Z"


def fitted(name: str, rows: pd.DataFrame, market: str | None = None) -> Forecaster:
    """A small model of a family."""
    return Forecaster.fit(rows, any_recipe(name, rows, market), seed=1)


def fit(rows: pd.DataFrame, recipe: Recipe) -> Forecaster:
    """A model by a recipe."""
    return Forecaster.fit(rows, recipe, seed=1)


def bundle(
    root: Path,
    forecaster: Forecaster,
    rows: pd.DataFrame,
    change: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Write a model into the store of champions.

    Args:
        root: the project.
        forecaster: the model.
        rows: among which golden rows are chosen.
        change: what is done to the card before its hash is taken.

    Returns:
        A pointer to it.
    """
    made = root / "made"
    forecaster.save(made, {"as_of": AS_OF, "golden": golden(forecaster, rows)})
    card = read_json(made / CARD_FILE, made_by="")
    if change:
        change(card)
    write_bytes(made / CARD_FILE, json_bytes(card))
    return adopted(root, made)


def adopted(root: Path, made: Path) -> dict[str, Any]:
    """Move the model of a folder into the store of champions; a pointer to it."""
    write_json(made / "study.json", {})
    write_json(made / "metrics.json", {"matches": 300})
    write_bytes(made / "forecasts.parquet", b"not read when a model serves")
    version = version_of(made)
    pointer = {
        "version": version,
        "as_of": AS_OF,
        "files": describe_files(made),
        "decision": {"outcome": "promoted", "reasons": ["a test"]},
        "history": [],
    }
    folder = root / layout.CHAMPIONS / version
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made.rename(folder)
    return pointer


def point(root: Path, pointer: dict[str, Any]) -> None:
    """Make a model the champion."""
    write_json(root / layout.CHAMPION, pointer)


def table_of(rows: pd.DataFrame, reads: tuple[str, ...]) -> np.ndarray:
    """What a model reads of the rows."""
    return rows[list(reads)].to_numpy(dtype=np.float64)


def files_of(root: Path, pointer: dict[str, Any]) -> dict[str, bytes]:
    """The files of a bundle."""
    folder = root / layout.CHAMPIONS / pointer["version"]
    return {name: (folder / name).read_bytes() for name in pointer["files"]}
