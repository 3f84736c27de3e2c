"""Engines that end with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.schedule.engines.engines import Engines, engines


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Engines]:
    with engines(tmp_path) as made:
        yield made
