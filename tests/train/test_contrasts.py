import numpy as np
import pandas as pd
import pytest

from pitchline.train.contrasts import RATINGS, contrasts, ratings_of
from pitchline.train.split import trainable
from tests.train.recipes import columns_read


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 9)


@pytest.fixture(scope="module")
def columns(rows: pd.DataFrame) -> tuple[str, ...]:
    return columns_read(rows)


@pytest.fixture(scope="module")
def table(rows: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    return contrasts(rows, columns)


def pairs(columns: tuple[str, ...]) -> list[str]:
    """What is told of both teams apart."""
    home, away = (
        {c.removeprefix(side) for c in columns if c.startswith(side)} for side in ("home_", "away_")
    )
    return sorted(home & away)


def test_every_pair_of_columns_is_told_once(columns: tuple[str, ...], table: pd.DataFrame) -> None:
    assert not table.columns.has_duplicates
    told = pairs(columns)
    assert len(told) > 8
    for what in told:
        name = what.removeprefix("expected_")
        assert f"difference_{name}" in table
        assert (f"total_{name}" in table) is what.startswith("expected_")
        assert not {f"home_{what}", f"away_{what}"} & set(table.columns)


def test_no_feature_is_left_out_and_none_made_up(
    columns: tuple[str, ...], table: pd.DataFrame
) -> None:
    alone = {name for name in columns if not name.startswith(("home_", "away_"))}
    made = set(table.columns) - alone - {"result"}
    expected = {
        what.replace("expected_", "total_") if "expected_" in what else f"difference_{what}"
        for what in pairs(columns)
    }
    assert alone <= set(table.columns)
    assert made == expected - alone


def test_differences_of_the_table_are_taken_as_they_are(
    rows: pd.DataFrame, table: pd.DataFrame
) -> None:
    for name in ("difference_elo", "difference_goals", "league_draws", "head_to_head_surplus"):
        pd.testing.assert_series_equal(table[name], rows[name])
    difference = rows["home_rest_days"] - rows["away_rest_days"]
    pd.testing.assert_series_equal(table["difference_rest_days"], difference, check_names=False)


def test_totals_are_the_logarithm_of_both_teams_together(
    rows: pd.DataFrame, table: pd.DataFrame
) -> None:
    for name in ("goals", "shots", "corners"):
        home, away = (np.log(rows[f"{side}_expected_{name}"]) for side in ("home", "away"))
        np.testing.assert_allclose(table[f"total_{name}"], home + away, atol=1e-12)


def test_with_the_sides_changed_differences_turn_and_totals_stay(
    rows: pd.DataFrame, columns: tuple[str, ...], table: pd.DataFrame
) -> None:
    other = {"home_": "away_", "away_": "home_"}
    names = {c: other[c[:5]] + c[5:] for c in columns if c[:5] in other}
    turned = contrasts(rows.rename(columns=names), columns)
    for name in ("difference_rest_days", "difference_matches_played"):
        np.testing.assert_allclose(turned[name], -table[name])
    for name in ("total_goals", "total_shots_on_target"):
        np.testing.assert_allclose(turned[name], table[name])


def test_nothing_is_taken_from_the_result(
    rows: pd.DataFrame, columns: tuple[str, ...], table: pd.DataFrame
) -> None:
    other = rows.assign(
        result="H", home_goals=9, away_goals=0, known_at=rows["kick_off"], match_id="m"
    )
    found = contrasts(other, columns)
    pd.testing.assert_frame_equal(found.drop(columns="result"), table.drop(columns="result"))
    assert (found["result"] == "H").all()


def test_a_side_without_the_other_tells_nothing(rows: pd.DataFrame) -> None:
    found = contrasts(rows, ["home_rest_days", "difference_elo", "away_newcomer"])
    assert list(found.columns) == ["difference_elo", "result"]


def test_contrasts_stand_on_the_index_of_the_rows(
    rows: pd.DataFrame, columns: tuple[str, ...], table: pd.DataFrame
) -> None:
    some = rows.iloc[[7, 3, 400]]
    pd.testing.assert_frame_equal(contrasts(some, columns), table.loc[some.index])
    assert contrasts(rows.head(0), columns).shape == (0, table.shape[1])


@pytest.mark.parametrize(
    ("columns", "ratings"),
    [
        (["difference_pi"], RATINGS[2]),
        (["difference_pi", "difference_elo"], RATINGS[1]),
        (["difference_goals", "difference_elo"], RATINGS[1]),
        (
            ["home_expected_goals", "away_expected_goals", "difference_goals", "difference_elo"],
            RATINGS[0],
        ),
        (["home_rest_days", "away_rest_days"], ()),
    ],
)
def test_the_ratings_are_the_first_whose_columns_are_there(
    rows: pd.DataFrame, columns: list[str], ratings: tuple[str, ...]
) -> None:
    assert ratings_of(contrasts(rows, columns)) == ratings
