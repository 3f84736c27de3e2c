"""A project with a feature table and a standing of real matches, one fixture left out."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from pitchline import layout
from pitchline.features import standing
from pitchline.features.build import Built, build_features
from pitchline.files import sha256_of, write_parquet
from pitchline.ingest.tables import TeamStats
from pitchline.params import load
from tests.conftest import NO_LINEUPS, NO_ODDS, ROOT
from tests.serve.world import World, world, write_project

AS_OF = pd.Timestamp("2026-05-08T00:00:00Z")
SEASONS = ("2024-25", "2025-26")
LEFT_OUT = "eng-premier-league_2025-26_west-ham_leeds"
CUPS = frozenset({"eng-fa-cup", "eng-league-cup"})


def build_of(matches: pd.DataFrame, as_of: pd.Timestamp = AS_OF) -> Built:
    """The features of the newest seasons, without statistics."""
    chosen = matches[matches["season"].isin(SEASONS)].reset_index(drop=True)
    settings = load(ROOT / "params.yaml").features
    return build_features(chosen, TeamStats.empty(), NO_LINEUPS, NO_ODDS, as_of, settings, CUPS)


def write_build(root: Path, matches: pd.DataFrame, as_of: pd.Timestamp) -> None:
    """Table and standing, as the features stage writes them."""
    built = build_of(matches[matches["match_id"] != LEFT_OUT], as_of)
    write_parquet(root / layout.FEATURES, built.table)
    standing.save(root / layout.STANDING, built.standing, sha256_of(root / layout.FEATURES))


def write_asked(root: Path, matches: pd.DataFrame) -> None:
    """The project: predictions as of the moment of the features."""
    write_project(root)
    shutil.copy(ROOT / layout.COMPETITIONS, root / layout.COMPETITIONS)
    write_build(root, matches, AS_OF)


@contextmanager
def asking_world(root: Path, **variables: str) -> Iterator[World]:
    """A service that has taken its standing, however long that took."""
    with world(root, **variables) as made:
        made.service.tables.standing.refresh()
        yield made
