"""Numbers as FotMob prints them."""

import pytest

from pitchline.collect.fotmob.numbers import count, decimal


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        *((401, 401), ("401", 401), ("401 (82%)", 401), ("29 (53%)", 29), ("77%", 77), (0, 0)),
        *(("-", None), ("", None), (None, None), (-1, None), ("-3", None), (1.5, None)),
        *(("12.5", None), ("9" * 50, None), (10**30, None), ("٣", None)),
    ],
)
def test_counts(printed: int | float | str | None, expected: int | None) -> None:
    assert count(printed) == expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        *(("2.38", 2.38), (2.38, 2.38), (68, 68.0), ("45%", 45.0), ("0.00", 0.0)),
        *(("-", None), ("2.38 xG", None), (None, None), (-0.5, None), (10**30, None)),
        *(("1e9", None), ("9" * 50, None), ("nan", None)),
    ],
)
def test_decimals(printed: int | float | str | None, expected: float | None) -> None:
    assert decimal(printed) == expected
