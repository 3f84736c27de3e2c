"""Seasons have one spelling, and dates belong where they should."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline.collect.seasons import lies_in_season, season_named, season_of

DATES = st.dates(date(2, 1, 1), date(9998, 12, 31))


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("2025/2026", "2025-26"),
        ("2025-2026", "2025-26"),
        ("2025/26", "2025-26"),
        ("2025-26", "2025-26"),
        ("2025\N{EN DASH}26", "2025-26"),
        (" 2025 / 2026\n", "2025-26"),
        ("2026", "2026"),
        ("1999/2000", "1999-00"),
        ("1999-00", "1999-00"),
        ("2009/10", "2009-10"),
        ("0999/1000", "0999-00"),
    ],
)
def test_every_spelling_becomes_the_one(text: str, spelt: str) -> None:
    assert season_named(text) == spelt
    assert season_named(spelt) == spelt


@pytest.mark.parametrize(
    "text",
    [
        "",
        "25/26",
        "2025/",
        "2025/6",
        "2025/20266",
        "2025-27",
        "2025/2025",
        "2025/1926",
        "2025/3026",
        "2025 2026",
        "2025/26/27",
        "x2025",
        "2025x",
        "-2025",
        "20250",
    ],
)
def test_what_is_no_season_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no season|doesn't follow"):
        season_named(text)


@given(st.text("0123456789-/ \N{EN DASH}x\N{ARABIC-INDIC DIGIT FIVE}", max_size=11))
def test_any_text_has_one_spelling_or_none(text: str) -> None:
    try:
        spelt = season_named(text)
    except ValueError:
        return
    assert len(spelt) in (4, 7)
    assert season_named(spelt) == spelt
    lies_in_season(date(2026, 1, 1), spelt)


@pytest.mark.parametrize(
    ("day", "season"),
    [
        (date(2025, 7, 1), "2025-26"),
        (date(2025, 12, 31), "2025-26"),
        (date(2026, 1, 1), "2025-26"),
        (date(2026, 6, 30), "2025-26"),
        (date(2026, 7, 1), "2026-27"),
        (date(1999, 8, 1), "1999-00"),
        (datetime(2026, 6, 30, 23, 59), "2025-26"),
    ],
)
def test_a_season_runs_from_july_to_june(day: date, season: str) -> None:
    assert season_of(day) == season
    assert season_of(day, one_year=True) == str(day.year)


@pytest.mark.parametrize(
    ("season", "first", "last"),
    [
        ("2025-26", date(2025, 7, 1), date(2026, 8, 31)),
        ("1999-00", date(1999, 7, 1), date(2000, 8, 31)),
        ("2026", date(2026, 1, 1), date(2027, 2, 28)),
        ("2023", date(2023, 1, 1), date(2024, 2, 29)),
    ],
)
def test_a_season_reaches_as_far_as_matches_were_ever_played(
    season: str, first: date, last: date
) -> None:
    day = timedelta(days=1)
    assert [lies_in_season(d, season) for d in (first - day, first, last, last + day)] == [
        False,
        True,
        True,
        False,
    ]
    assert lies_in_season(datetime(last.year, last.month, last.day, 23, 59, 59), season)


@given(DATES)
def test_a_date_lies_in_its_season_and_at_most_in_the_one_before(day: date) -> None:
    season = season_of(day)
    assert season_named(season) == season
    assert lies_in_season(day, season)
    one_year = season_of(day, one_year=True)
    assert season_named(one_year) == one_year
    assert lies_in_season(day, one_year)
    around = [
        season_of(day.replace(year=day.year + n, day=min(day.day, 28)))
        for n in (-1, 0, 1)
        if 3 < day.year < 9990
    ]
    holding = [s for s in around if lies_in_season(day, s)]
    if around:
        assert holding[-1] == season
        assert len(holding) == (2 if day.month in (7, 8) else 1)
