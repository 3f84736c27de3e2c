"""Every group of features equals a plain re-computation, on real matches and on made ones."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.features.groups import groups_of
from pitchline.features.schema import GROUPS, columns_of
from pitchline.params.features import Features
from tests.features.plain import recomputed
from tests.features.worlds import (
    World,
    made_worlds,
    utc,
    with_made_lineups,
    with_made_statistics,
)

# Values are rounded to six decimals.
ROUNDING = 5.1e-7
PRICES = {"opening", "closing"}


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame, group: str) -> None:
    found = found.set_index("match_id")
    columns = columns_of(found, [group])
    assert columns
    for column in columns:
        if column not in expected:
            assert found[column].isna().all(), column
            continue
        np.testing.assert_allclose(
            found[column],
            expected.loc[found.index, column],
            rtol=0,
            atol=ROUNDING,
            err_msg=column,
        )


@pytest.fixture(scope="module")
def of_rich(rich: World, chosen: Features) -> tuple[pd.DataFrame, pd.DataFrame]:
    return rich.features(chosen), recomputed(rich, chosen)


@pytest.fixture(scope="module")
def of_recorded(recorded: World, chosen: Features) -> tuple[pd.DataFrame, pd.DataFrame]:
    return recorded.features(chosen), recomputed(recorded, chosen)


@pytest.mark.parametrize("group", sorted(set(GROUPS) - PRICES))
@pytest.mark.parametrize("world", ["of_rich", "of_recorded"])
def test_real_matches(world: str, group: str, request: pytest.FixtureRequest) -> None:
    assert_equal(*request.getfixturevalue(world), group)


def test_the_real_matches_hold_what_makes_the_groups_differ(
    of_rich: tuple[pd.DataFrame, pd.DataFrame],
    of_recorded: tuple[pd.DataFrame, pd.DataFrame],
    chosen: Features,
) -> None:
    life = chosen.form.half_lives[0]
    for found, columns in (
        (of_rich[0], ["home_lineup_rating", f"difference_xg_difference_{life}", "home_newcomer"]),
        (of_recorded[0], [f"difference_shots_on_target_difference_{life}", "away_newcomer"]),
    ):
        assert (found[columns].max() > found[columns].min()).all()
    recorded = of_recorded[0]
    assert recorded.groupby("competition")["home_elo"].nunique().gt(100).all()


@given(data=st.data(), world=made_worlds())
@settings(max_examples=12, deadline=None, derandomize=True)
def test_made_matches_of_leagues_and_a_cup(
    data: st.DataObject, world: World, chosen: Features
) -> None:
    seed = data.draw(st.integers(0, 1000))
    world = with_made_lineups(with_made_statistics(world, seed), seed)
    moment = data.draw(st.sampled_from([utc("2021-01-03"), utc("2022-01-05"), utc("2030-01-01")]))
    world = world.results_until(moment)
    found, expected = world.features(chosen), recomputed(world, chosen)
    for group in groups_of(chosen):
        assert_equal(found, expected, group.name)
