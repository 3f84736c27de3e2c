"""The groups of columns: each pattern holds its group's columns and no others."""

import re
from pathlib import Path

import pandas as pd
import pytest

from pitchline.errors import TableError
from pitchline.features.groups import groups_of
from pitchline.features.market import MOMENTS, OUTCOMES
from pitchline.features.schema import GROUPS, KEYS, MatchFeatures, columns_of, feature_columns
from pitchline.ingest.tables import validated
from pitchline.params.features import Features
from tests.features.worlds import World


def columns_by_group(chosen: Features) -> dict[str, tuple[str, ...]]:
    """What the code adds to the table, by group."""
    found = {group.name: group.columns for group in groups_of(chosen)}
    for moment in MOMENTS:
        found[moment] = tuple(f"{moment}_{outcome}" for outcome in OUTCOMES)
    return found


@pytest.fixture(scope="module")
def table(rich: World, chosen: Features) -> pd.DataFrame:
    return rich.features(chosen)


def test_every_group_has_a_pattern_and_every_pattern_a_group(chosen: Features) -> None:
    assert set(columns_by_group(chosen)) == set(GROUPS)


@pytest.mark.parametrize("lives", [[1], [3, 40, 200]])
def test_a_group_matches_its_own_pattern_and_no_other(chosen: Features, lives: list[int]) -> None:
    form = chosen.form.model_copy(update={"half_lives": lives})
    rest = chosen.rest.model_copy(update={"windows_days": lives})
    other = chosen.model_copy(update={"form": form, "rest": rest})
    for group, columns in columns_by_group(other).items():
        for column in columns:
            matching = [name for name, pattern in GROUPS.items() if re.fullmatch(pattern, column)]
            assert matching == [group], column


def test_every_column_of_the_table_belongs_to_one_group(
    table: pd.DataFrame, chosen: Features
) -> None:
    listed = [column for group in GROUPS for column in columns_of(table, [group])]
    assert sorted(listed) == sorted(feature_columns(table))
    assert list(table.columns) == [*KEYS, *feature_columns(table)]
    for group, columns in columns_by_group(chosen).items():
        assert columns_of(table, [group]) == list(columns)


def test_groups_are_chosen_in_the_order_of_the_table(table: pd.DataFrame) -> None:
    assert columns_of(table, GROUPS) == feature_columns(table)
    assert columns_of(table, ["pi", "elo"]) == columns_of(table, ["elo", "pi"])
    assert columns_of(table, []) == []


def test_no_key_is_learned_from(table: pd.DataFrame) -> None:
    assert not set(feature_columns(table)) & set(KEYS)
    for key in KEYS:
        assert not any(re.fullmatch(pattern, key) for pattern in GROUPS.values())


def test_real_tables_meet_the_schema(table: pd.DataFrame, features: pd.DataFrame) -> None:
    for frame in (table, features):
        found = validated(MatchFeatures, frame, Path("features"))
        pd.testing.assert_frame_equal(found, frame, check_like=True)


def test_recorded_tables_meet_the_schema(recorded: World, chosen: Features) -> None:
    validated(MatchFeatures, recorded.features(chosen), Path("features"))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("unheard_of", 1.0),
        ("difference_elo_5", 1.0),
        ("home_elo", 1e6),
        ("home_newcomer", 0.5),
        ("closing_home", 1.1),
        ("home_expected_goals", 0.0),
        ("league_draws", None),
    ],
)
def test_an_unknown_column_or_value_is_refused(
    table: pd.DataFrame, column: str, value: float | None
) -> None:
    broken = table.head(20).assign(**{column: value})
    with pytest.raises(TableError, match=column):
        validated(MatchFeatures, broken, Path("features"))


def test_a_missing_column_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(TableError, match="difference_elo"):
        validated(MatchFeatures, table.head(20).drop(columns="difference_elo"), Path("features"))
