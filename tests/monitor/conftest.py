"""The fixture ``project`` (see tests/train/project.py), and one whose monitors can run."""

from pathlib import Path

import pandas as pd
import pytest

from pitchline import layout
from pitchline.files import read_json, write_json
from pitchline.ingest.tables import MatchSources, Odds, write_table
from tests.train.project import FIRST_SEASON, pitchline, project

__all__ = ["project"]


@pytest.fixture
def monitored(project: Path, starter_tables: dict[str, pd.DataFrame]) -> Path:
    """The project with a champion, its predictions and all that the monitors read."""
    pitchline("promote", "decide")
    pitchline("predict", "fixtures")
    told = starter_tables["match_sources"]
    write_table(layout.MATCH_SOURCES, MatchSources, told[told["season"] >= FIRST_SEASON])
    write_table(layout.ODDS, Odds, Odds.empty())
    score = read_json(layout.SCORE, made_by="")
    write_json(layout.SCORE, score | {"newest_fetch": "2026-11-24T00:00:00Z"})
    return project
