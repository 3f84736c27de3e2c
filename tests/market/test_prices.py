import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline.market.implied import power
from pitchline.market.prices import COLUMNS, market_probabilities

ODDS = [
    ("a", "PS", "opening", 2.1, 3.5, 3.7),
    ("a", "PS", "closing", 2.0, 3.6, 3.9),
    ("a", "B365", "closing", 1.95, 3.5, 3.8),
    ("b", "B365", "closing", 1.3, 5.5, 10.0),
    ("b", "Avg", "closing", 1.28, 5.6, 9.8),
    ("c", "Max", "closing", 3.0, 3.3, 2.6),
    ("d", "PS", "closing", 1.0, 15.0, 50.0),
    ("d", "Avg", "closing", 1.02, 14.0, 40.0),
]
PREFERRED = ["PS", "B365", "Avg"]


def table(rows: list[tuple[str, str, str, float, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["match_id", "bookmaker", "moment", "home", "draw", "away"])


def test_each_match_takes_the_first_bookmaker_that_priced_it() -> None:
    found = market_probabilities(table(ODDS), "closing", PREFERRED)
    assert list(found.columns) == COLUMNS
    assert found["match_id"].tolist() == ["a", "b", "d"]
    assert found["bookmaker"].tolist() == ["PS", "B365", "Avg"]
    expected = power(np.array([[2.0, 3.6, 3.9], [1.3, 5.5, 10.0], [1.02, 14.0, 40.0]]))
    np.testing.assert_array_equal(found[["home", "draw", "away"]].to_numpy(), expected)


def test_only_the_moment_asked_for_counts() -> None:
    found = market_probabilities(table(ODDS), "opening", PREFERRED)
    assert found["match_id"].tolist() == ["a"]
    np.testing.assert_array_equal(
        found[["home", "draw", "away"]].to_numpy(), power(np.array([[2.1, 3.5, 3.7]]))
    )


def test_the_order_of_preference_decides() -> None:
    found = market_probabilities(table(ODDS), "closing", PREFERRED[::-1])
    assert found["bookmaker"].tolist() == ["B365", "Avg", "Avg"]


@pytest.mark.parametrize("bookmakers", [["nobody"], []])
def test_no_bookmaker_preferred_gives_no_row(bookmakers: list[str]) -> None:
    found = market_probabilities(table(ODDS), "closing", bookmakers)
    assert found.empty
    assert list(found.columns) == COLUMNS


@given(st.permutations(ODDS))
def test_the_order_of_the_rows_does_not_matter(
    rows: list[tuple[str, str, str, float, float, float]],
) -> None:
    expected = market_probabilities(table(ODDS), "closing", PREFERRED)
    pd.testing.assert_frame_equal(market_probabilities(table(rows), "closing", PREFERRED), expected)
