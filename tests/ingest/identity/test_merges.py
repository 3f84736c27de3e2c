"""A person read a random sample of merged rows: none was wrong, and they are merged still.

The sample is of all recordings, which take minutes to read. Here a part of them is read; all of
it is checked by ``benchmarks/merges.py``.
"""

from pathlib import Path

import pandas as pd
import pytest

from pitchline.ingest import staging
from pitchline.params import Params
from tests import everything
from tests.everything import CO_UK, DATASETS, DETAILS, OPENFOOTBALL, Choice
from tests.merges import BIG_FIVE, CHECKED, LEAST, SAMPLE, hashes, merged_pairs, sample

PART = (DETAILS, CO_UK, DATASETS, OPENFOOTBALL)
SEASONS = ("2013-14", "2015-16", "2016-17", "2017-18", "2020-21", "2021-22", "2022-23")


@pytest.fixture(scope="module")
def checked() -> pd.DataFrame:
    """The verdicts: ``hash``, ``verdict``, ``season`` and ``sources``."""
    return pd.read_csv(CHECKED)


@pytest.fixture(scope="module")
def pairs(shared: Path, params: Params, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """All pairs merged in the part."""
    raw = tmp_path_factory.mktemp("merges")
    choice = Choice(sources=PART, leagues=BIG_FIVE, seasons=SEASONS)
    sources = list(everything.build(raw, shared, choice).sources)
    matches = staging.stage_sources(raw, sources).frame("matches")
    return merged_pairs(matches, sources, params.ingest.same_match_days)


def test_a_person_read_the_whole_sample_and_found_no_wrong_merge(checked: pd.DataFrame) -> None:
    assert len(checked) == checked["hash"].nunique() == SAMPLE
    assert set(checked["verdict"]) == {"same"}
    assert checked["sources"].value_counts().min() >= LEAST


def test_what_was_read_is_merged_still(pairs: pd.DataFrame, checked: pd.DataFrame) -> None:
    of_part = checked["sources"].str.split().map(set(PART).issuperset)
    wanted = checked[of_part & checked["season"].isin(SEASONS)]
    assert len(wanted) >= 50
    assert set(wanted["sources"]) == set(pairs["sources"])
    assert set(wanted["hash"]) <= set(hashes(pairs["line"]))


def test_no_two_scores_of_a_merged_pair_differ(pairs: pd.DataFrame) -> None:
    score = r" (\d+:\d+)(?: \(\d+:\d+\))? finished"
    scores = pairs["line"].str.extract(f"{score}.*{score}").dropna()
    assert len(scores) > 30_000
    assert (scores[0] == scores[1]).all()


def test_the_sample_is_the_same_every_time_and_of_all_sources(pairs: pd.DataFrame) -> None:
    drawn = sample(pairs)
    assert len(drawn) == drawn["line"].nunique() == SAMPLE
    assert drawn["sources"].value_counts().min() >= LEAST
    assert drawn.equals(sample(pairs))
