"""Values out of range are left empty; all others stay as they are."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.ingest.ranges import bounded, within_range
from pitchline.ingest.source_tables import SOURCE_TABLES
from pitchline.ingest.staging import ROW_TYPES, schema_of


def test_every_table_with_numbers_has_its_ranges() -> None:
    goals = {column.name: column for column in bounded("matches")}["home_goals"]
    assert (goals.low, goals.high, goals.nullable) == (0, 30, True)
    price = {column.name: column for column in bounded("odds")}["home"]
    assert (price.low, price.high, price.nullable) == (1, 10_000, False)
    assert all(bounded(name) for name in SOURCE_TABLES)


def table_of(name: str, **columns: list[Any]) -> pa.Table:
    schema = schema_of(ROW_TYPES[name])
    size = len(next(iter(columns.values())))
    arrays = [pa.array(columns.get(field.name, [None] * size), field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


COUNTS = st.lists(st.none() | st.integers(-3, 120), min_size=1, max_size=12)


@given(shots=COUNTS, cards=COUNTS, cut=st.integers(0, 12))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_just_the_values_out_of_range_go(
    shots: list[int | None], cards: list[int | None], cut: int
) -> None:
    size = min(len(shots), len(cards))
    shots, cards = shots[:size], cards[:size]
    rows = table_of("team_stats", match=["m"] * size, shots=shots, yellow_cards=cards)
    bodies = (np.arange(size) >= cut).astype(np.int64)

    kept, told = within_range("team_stats", rows, bodies)

    expected = {
        "shots": [v if v is not None and 0 <= v <= 100 else None for v in shots],
        "yellow_cards": [v if v is not None and 0 <= v <= 20 else None for v in cards],
    }
    for column, values in expected.items():
        assert kept[column].to_pylist() == values
    gone = {
        (body, column): sum(
            old is not None and new is None and b == body
            for old, new, b in zip(given, expected[column], bodies, strict=True)
        )
        for column, given in (("shots", shots), ("yellow_cards", cards))
        for body in (0, 1)
    }
    found = {(each.body, each.text.split(":")[0].split(".")[1]): each.values for each in told}
    assert found == {key: number for key, number in gone.items() if number}


@pytest.mark.parametrize("price", [0.5, 20_000.0, float("inf")])
def test_a_row_that_needs_the_value_goes_whole(price: float) -> None:
    rows = table_of("odds", match=["a", "b"], home=[price, 2.0], draw=[3.0, 3.0], away=[4.0, 4.0])

    kept, (told,) = within_range("odds", rows, np.array([5, 5]))

    assert kept["match"].to_pylist() == ["b"]
    assert (told.body, told.values) == (5, 1)
    assert "odds.home" in told.text
    assert "of match a, outside 1 to 10000: its row is left out" in told.text
