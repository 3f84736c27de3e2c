"""Figures as people read them."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline.serve.page import charts, words

PROBABILITIES = st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda p: sum(p) > 1e-3)


@given(PROBABILITIES)
def test_shares_sum_to_a_hundred_and_none_is_a_percent_off(p: list[float]) -> None:
    found = words.shares(p)
    assert sum(found) == 100
    for share, probability in zip(found, p, strict=True):
        assert abs(share - 100 * probability / math.fsum(p)) < 1 + 1e-9


@given(PROBABILITIES)
def test_a_larger_probability_never_has_the_smaller_share(p: list[float]) -> None:
    found = words.shares(p)
    for one, share_of_one in zip(p, found, strict=True):
        for other, share_of_other in zip(p, found, strict=True):
            assert one <= other or share_of_one >= share_of_other


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "0.5", True, []])
def test_what_is_no_figure_is_a_dash(value: object) -> None:
    assert words.figure(value) == words.percent(value) == words.count(value) == words.UNKNOWN


@pytest.mark.parametrize("pair", [None, [], [1], [1, None], "ab", [math.nan, 1]])
def test_what_is_no_interval_is_nothing(pair: object) -> None:
    assert words.span(pair) == words.percent_span(pair) == ""


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (0.2, "under 1 s"), (59, "59 s"), (61, "1 min 1 s"), (3600, "1 h"),
     (7260, "2 h 1 min"), (None, words.UNKNOWN)],
)  # fmt: skip
def test_durations(seconds: float | None, told: str) -> None:
    assert words.lasting(seconds) == told


def test_moments_are_utc_whatever_zone_they_are_told_in() -> None:
    assert words.told(words.moment("2026-05-09T13:30:00+02:00")) == "9 May 2026, 11:30 UTC"
    assert words.moment("2026-05-09") == datetime(2026, 5, 9, tzinfo=UTC)


@given(st.text(), st.integers(1, 50))
def test_clipped_texts_are_one_line_of_at_most_so_many_letters(text: str, length: int) -> None:
    found = words.clipped(text, length)
    assert len(found) <= length
    assert len(found.splitlines()) <= 1


@given(st.floats(0, 2), st.floats(0, 2))
def test_an_axis_holds_its_figures_with_few_lines_at_round_numbers(one: float, two: float) -> None:
    low, high, step = charts.axis(min(one, two), max(one, two))
    assert low - 1e-9 <= min(one, two) <= max(one, two) <= high + 1e-9
    assert 1 <= round((high - low) / step) <= charts.MOST_LINES
    assert abs(low / step - round(low / step)) < 1e-6


@given(PROBABILITIES)
def test_a_bar_is_filled_by_its_three_parts(p: list[float]) -> None:
    import re

    parts = re.findall(r'x="([0-9.]+)" width="([0-9.]+)"', charts.bar(p))
    assert len(parts) == 3
    starts = [float(x) for x, _ in parts]
    assert starts == sorted(starts)
    last = starts[2] + float(parts[2][1])
    assert abs(last - charts.BAR_LENGTH) < 0.02
