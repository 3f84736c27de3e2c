from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import read_parquet
from pitchline.ingest.tables import Matches, write_table
from tests.train.project import content_of, pitchline


@pytest.fixture
def predicted(project: Path) -> pd.DataFrame:
    """The predictions of the project's champion."""
    pitchline("promote", "decide")
    pitchline("predict", "fixtures")
    return read_parquet(layout.PREDICTIONS, made_by="")


def without_results_since(moment: str) -> None:
    table = read_parquet(layout.MATCHES, made_by="")
    late = table["kick_off"] >= pd.Timestamp(moment)
    for column in ("home_goals", "away_goals", "result"):
        table[column] = table[column].mask(late)
    write_table(layout.MATCHES, Matches, table)


def test_predictions_are_held_against_the_results_of_the_archive(predicted: pd.DataFrame) -> None:
    shown = pitchline("monitor", "settled")
    assert "31 of 31 predictions settled, log loss " in shown.stderr
    report = content_of(layout.SETTLED)
    assert len(report["matches"]) == report["settled"] == 31
    assert report["champion"] == predicted["champion"].iloc[0]
    given = [match["probability_of_result"] for match in report["matches"]]
    assert report["log_loss"] == pytest.approx(-np.log(given).mean(), abs=1e-4)
    hits = [match["result"] == match["most_likely"] for match in report["matches"]]
    assert report["accuracy"] == pytest.approx(np.mean(hits), abs=1e-6)


def test_only_matches_with_a_result_are_settled(predicted: pd.DataFrame) -> None:
    without_results_since("2026-05-12T00:00:00Z")
    pitchline("monitor", "settled")
    report = content_of(layout.SETTLED)
    early = (predicted["kick_off"] < pd.Timestamp("2026-05-12T00:00:00Z")).sum()
    assert (report["predicted"], report["settled"]) == (31, early)
    assert 0 < early < 31


def test_nothing_settled_is_said_so(predicted: pd.DataFrame) -> None:
    without_results_since("2026-05-08T00:00:00Z")
    assert "0 of 31 predictions settled" in pitchline("monitor", "settled").stderr
    assert content_of(layout.SETTLED) == {"predicted": 31, "settled": 0, "matches": []}


def test_settling_again_gives_the_same_bytes(predicted: pd.DataFrame) -> None:
    pitchline("monitor", "settled")
    before = layout.SETTLED.read_bytes()
    pitchline("monitor", "settled")
    assert layout.SETTLED.read_bytes() == before


@pytest.mark.parametrize("path", [layout.PREDICTIONS, layout.MATCHES])
def test_a_missing_table_is_named_with_what_makes_it(predicted: pd.DataFrame, path: Path) -> None:
    path.unlink()
    with pytest.raises(ArtifactError, match=f"{path}: missing. Make it with `snakemake"):
        pitchline("monitor", "settled")
