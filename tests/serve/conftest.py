"""Rows, small models and written projects that the tests of the service share."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from pitchline.train.model import Forecaster
from pitchline.train.split import trainable
from tests.serve.asked_project import asking_world, write_asked
from tests.serve.models import fitted
from tests.serve.world import World, world, write_project
from tests.train.simulated import drawn, priced_at

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    """Matches of three seasons with results, and closing prices of every second one."""
    found = trainable(features, 9)
    found, p = drawn(found, seed=1)
    priced = priced_at(found, p)
    closing = [name for name in priced if name.startswith("closing_")]
    priced.loc[priced.index[::2], closing] = float("nan")
    return priced


@pytest.fixture(scope="session")
def models(rows: pd.DataFrame) -> dict[str, Forecaster]:
    """A small model of each family that is served, and one that starts from prices."""
    found = {name: fitted(name, rows) for name in ("blend", "xgboost", "logit")}
    return found | {"priced": fitted("blend", rows, "closing")}


@pytest.fixture(scope="session")
def served_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A written project that no test changes."""
    root = tmp_path_factory.mktemp("served")
    write_project(root)
    return root


@pytest.fixture(scope="module")
def api(served_project: Path) -> Iterator[World]:
    """A service with the default settings."""
    with world(served_project) as made:
        yield made


@pytest.fixture(scope="session")
def asked_project(tmp_path_factory: pytest.TempPathFactory, matches: pd.DataFrame) -> Path:
    """A project with a standing; no test changes it."""
    root = tmp_path_factory.mktemp("asked")
    write_asked(root, matches)
    return root


@pytest.fixture(scope="module")
def asked(asked_project: Path) -> Iterator[World]:
    """A service of that project."""
    with asking_world(asked_project) as made:
        yield made
