"""Rows and small models that the tests of the service share."""

import pandas as pd
import pytest
from hypothesis import settings

from pitchline.train.model import Forecaster
from pitchline.train.split import trainable
from tests.serve.models import fitted
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
