from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.train.split import Split, expanding_folds, split_at, trainable

ANY_MOMENT = st.integers(0, 12 * 365 * 24).map(
    lambda hours: pd.Timestamp("2014-08-01T00:00:00Z") + pd.Timedelta(hours=hours)
)


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 1)


def matches_on(days: list[int], hours_to_known: float = 3.0) -> pd.DataFrame:
    """Matches of the given days, one each, at noon."""
    kick_off = pd.to_datetime([f"2024-01-{day:02}T12:00:00Z" for day in sorted(days)])
    return pd.DataFrame(
        {"kick_off": kick_off, "known_at": kick_off + pd.Timedelta(hours=hours_to_known)}
    )


def assert_trained_on_the_past(rows: pd.DataFrame, split: Split) -> None:
    assert len(split.test) > 0
    first = rows["kick_off"].iloc[split.test].min()
    assert (rows["known_at"].iloc[split.train] <= first).all()
    assert not set(split.train) & set(split.test)


@settings(max_examples=60)
@given(start=ANY_MOMENT, days=st.integers(1, 1500))
def test_training_rows_are_known_before_the_first_test_match(
    rows: pd.DataFrame, start: pd.Timestamp, days: int
) -> None:
    end = start + pd.Timedelta(days=days)
    split = split_at(rows, start, end)
    inside = (rows["kick_off"] >= start) & (rows["kick_off"] < end)
    assert split.test.tolist() == np.flatnonzero(inside).tolist()
    if len(split.test):
        assert_trained_on_the_past(rows, split)
    else:
        assert (rows["known_at"].iloc[split.train] <= start).all()


@settings(max_examples=60)
@given(start=ANY_MOMENT)
def test_everything_known_at_the_first_kick_off_is_trained_on(
    rows: pd.DataFrame, start: pd.Timestamp
) -> None:
    split = split_at(rows, start)
    left = rows.drop(index=split.train)
    first = rows["kick_off"].iloc[split.test].min() if len(split.test) else start
    assert (left["known_at"] > first).all()


def test_a_match_still_under_way_at_the_first_kick_off_is_in_neither_part() -> None:
    rows = matches_on([1, 2, 3], hours_to_known=30)
    split = split_at(rows, pd.Timestamp("2024-01-02T00:00:00Z"))
    assert split.train.tolist() == []
    assert split.test.tolist() == [1, 2]


def test_a_result_known_at_the_very_kick_off_is_trained_on() -> None:
    rows = matches_on([1, 2], hours_to_known=24)
    split = split_at(rows, pd.Timestamp("2024-01-02T00:00:00Z"))
    assert split.train.tolist() == [0]


def test_the_start_is_in_the_window_and_the_end_is_not() -> None:
    rows = matches_on([1, 2, 3])
    noon = [pd.Timestamp(f"2024-01-0{day}T12:00:00Z") for day in (2, 3)]
    assert split_at(rows, noon[0], noon[1]).test.tolist() == [1]


@pytest.mark.parametrize("folds", [2, 3, 5, 10, 20])
def test_folds_are_ordered_disjoint_and_cover_all_but_the_first_block(
    rows: pd.DataFrame, folds: int
) -> None:
    splits = expanding_folds(rows, folds)
    assert len(splits) == folds
    for split in splits:
        assert_trained_on_the_past(rows, split)
    tested = np.concatenate([split.test for split in splits])
    assert tested.tolist() == list(range(tested[0], len(rows)))
    assert all(set(a.train) < set(b.train) for a, b in pairwise(splits))


@pytest.mark.parametrize("folds", [2, 5, 10])
def test_folds_are_of_about_equal_size(rows: pd.DataFrame, folds: int) -> None:
    sizes = [len(split.test) for split in expanding_folds(rows, folds)]
    ideal = len(rows) / (folds + 1)
    assert all(abs(size - ideal) <= 20 for size in sizes)


def test_no_day_is_shared_by_two_folds(rows: pd.DataFrame) -> None:
    days = [
        set(rows["kick_off"].iloc[split.test].dt.floor("D")) for split in expanding_folds(rows, 7)
    ]
    assert all(not a & b for a, b in pairwise(days))


@settings(max_examples=80)
@given(days=st.lists(st.integers(1, 28), max_size=40), folds=st.integers(2, 12))
def test_folds_of_any_fixture_list_are_sound_or_refused(days: list[int], folds: int) -> None:
    rows = matches_on(days)
    try:
        splits = expanding_folds(rows, folds)
    except ValueError as error:
        assert f"can't be cut into {folds} folds" in str(error)
        return
    for split in splits:
        assert_trained_on_the_past(rows, split)
    tested = np.concatenate([split.test for split in splits])
    assert tested.tolist() == list(range(tested[0], len(rows)))


def test_too_few_days_are_refused_with_the_fix() -> None:
    with pytest.raises(ValueError, match="4 matches on 2 days can't be cut into 3 folds") as caught:
        expanding_folds(matches_on([1, 1, 2, 2]), 3)
    assert "lower train.folds or collect more seasons" in str(caught.value)


def test_no_matches_at_all_are_refused_like_too_few() -> None:
    with pytest.raises(ValueError, match="0 matches on 0 days can't be cut into 3 folds"):
        expanding_folds(matches_on([]), 3)


@pytest.mark.parametrize("warm_up", [0, 1, 3, 12, 20])
def test_warm_up_seasons_are_left_out(features: pd.DataFrame, warm_up: int) -> None:
    kept = trainable(features, warm_up)
    assert sorted(kept["season"].unique()) == sorted(features["season"].unique())[warm_up:]


def test_matches_without_a_known_result_are_left_out(features: pd.DataFrame) -> None:
    kept = trainable(features, 0)
    assert features["result"].isna().sum() == 31
    assert set(features["match_id"]) - set(kept["match_id"]) == set(
        features.loc[features["result"].isna(), "match_id"]
    )


def test_trainable_rows_are_ordered_whatever_the_order_of_the_table(
    features: pd.DataFrame,
) -> None:
    shuffled = features.sample(frac=1, random_state=1)
    kept = trainable(shuffled, 1)
    pd.testing.assert_frame_equal(kept, trainable(features, 1))
    assert kept["kick_off"].is_monotonic_increasing
