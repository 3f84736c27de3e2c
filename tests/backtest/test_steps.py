import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.backtest.steps import ROUND_REACH, fit_moments, round_starts, week_starts

Match = tuple[str, int | None, str]


def table(*rows: Match) -> pd.DataFrame:
    """Matches of a season: competition, round, kick-off."""
    frame = pd.DataFrame(rows, columns=["competition", "round", "kick_off"])
    return frame.assign(
        season="2024-25",
        round=frame["round"].astype("Int64"),
        kick_off=pd.to_datetime(frame["kick_off"], utc=True).dt.as_unit("ms"),
    )


def texts(moments: pd.Series) -> list[str | None]:
    return [None if pd.isna(m) else f"{m:%m-%d %H:%M}" for m in moments]


@st.composite
def seasons(draw: st.DrawFn) -> pd.DataFrame:
    """Any matches: rounds known or not, played together or anywhere."""
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["a", "b"]),
                st.one_of(st.none(), st.integers(1, 4)),
                st.integers(0, 24 * 120),
            ),
            min_size=1,
            max_size=40,
        )
    )
    start = pd.Timestamp("2024-08-01T00:00:00Z")
    return table(*((c, r, str(start + pd.Timedelta(hours=hours))) for c, r, hours in rows))


def test_weeks_begin_on_tuesday_at_midnight() -> None:
    # 2024-08-13 is a Tuesday.
    days = pd.to_datetime(
        pd.Series(["2024-08-12T23:59:59Z", "2024-08-13T00:00:00Z", "2024-08-19T20:00:00Z"])
    )
    assert texts(week_starts(days)) == ["08-06 00:00", "08-13 00:00", "08-13 00:00"]


@settings(max_examples=40)
@given(seasons())
def test_a_kick_off_lies_within_the_seven_days_of_its_week(matches: pd.DataFrame) -> None:
    starts = week_starts(matches["kick_off"])
    assert (starts.dt.day_name() == "Tuesday").all()
    assert (starts == starts.dt.normalize()).all()
    gap = matches["kick_off"] - starts
    assert ((gap >= pd.Timedelta(0)) & (gap < pd.Timedelta(days=7))).all()


ROUNDS = table(
    ("a", 1, "2024-08-16T19:00Z"),
    ("a", 1, "2024-08-17T14:00Z"),
    ("a", 1, "2024-08-17T16:00Z"),
    ("a", 1, "2024-11-06T20:00Z"),  # put off
    ("a", 2, "2024-08-24T14:00Z"),
    ("a", 2, "2024-08-25T14:00Z"),
    ("a", None, "2024-08-21T18:00Z"),
    ("b", 1, "2024-08-17T18:30Z"),
)


def test_a_round_begins_with_its_first_kick_off_and_a_moved_match_is_none_of_it() -> None:
    assert texts(round_starts(ROUNDS)) == [
        "08-16 19:00",
        "08-16 19:00",
        "08-16 19:00",
        None,
        "08-24 14:00",
        "08-24 14:00",
        None,
        "08-17 18:30",
    ]


def test_a_match_brought_forward_does_not_begin_its_round() -> None:
    early = table(
        ("a", 9, "2024-08-20T19:00Z"), *[("a", 9, f"2024-10-2{day}T14:00Z") for day in (5, 6, 6)]
    )
    assert texts(round_starts(early)) == [None, "10-25 14:00", "10-25 14:00", "10-25 14:00"]


def test_rounds_are_forecast_by_the_fit_at_their_beginning() -> None:
    found = texts(fit_moments(ROUNDS, "round", 1))
    # The match put off takes the newest fit of any competition. The one without a round is
    # forecast by the fit of its own week, which begins on the Tuesday before.
    assert found == [
        "08-16 19:00",
        "08-16 19:00",
        "08-16 19:00",
        "08-24 14:00",
        "08-24 14:00",
        "08-24 14:00",
        "08-20 00:00",
        "08-17 18:30",
    ]


def test_weeks_are_forecast_by_the_fit_on_tuesday() -> None:
    found = texts(fit_moments(ROUNDS, "week", 1))
    first, second, late = "08-13 00:00", "08-20 00:00", "11-05 00:00"
    assert found == [first, first, first, late, second, second, second, first]


@pytest.mark.parametrize(
    ("every", "fits"),
    [
        (1, ["08-13 00:00", "08-20 00:00", "11-05 00:00"]),
        (2, ["08-13 00:00", "11-05 00:00"]),
        (3, ["08-13 00:00"]),
    ],
)
def test_weeks_without_a_match_are_no_steps_to_the_next_fit(every: int, fits: list[str]) -> None:
    found = fit_moments(ROUNDS, "week", every)
    assert sorted(set(texts(found))) == fits


def test_a_moved_match_before_every_round_has_a_fit_of_its_own() -> None:
    early = table(
        ("a", 9, "2024-08-02T19:00Z"), *[("a", 9, f"2024-10-2{day}T14:00Z") for day in (5, 6, 6)]
    )
    found = texts(fit_moments(early, "round", 1))
    assert found == ["08-02 19:00", "10-25 14:00", "10-25 14:00", "10-25 14:00"]


@settings(max_examples=40)
@given(seasons(), st.sampled_from(["week", "round"]), st.integers(1, 5))
def test_no_fit_lies_after_the_kick_off_it_forecasts(
    matches: pd.DataFrame, step: str, every: int
) -> None:
    fits = fit_moments(matches, step, every)
    assert fits.notna().all()
    assert (fits <= matches["kick_off"]).all()


@settings(max_examples=40)
@given(seasons(), st.sampled_from(["week", "round"]))
def test_refitting_less_often_never_takes_a_newer_fit(matches: pd.DataFrame, step: str) -> None:
    every, third = (fit_moments(matches, step, n) for n in (1, 3))
    assert (third <= every).all()
    assert third.nunique() <= every.nunique()


@settings(max_examples=40)
@given(seasons())
def test_a_match_moved_within_its_round_still_belongs_to_it(matches: pd.DataFrame) -> None:
    starts = round_starts(matches)
    inside = starts.notna()
    assert inside[matches["round"].notna()].any() or matches["round"].isna().all()
    gap = matches["kick_off"][inside] - starts[inside]
    assert ((gap >= pd.Timedelta(0)) & (gap <= 2 * ROUND_REACH)).all()


@settings(max_examples=40)
@given(seasons(), st.sampled_from(["week", "round"]), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(matches: pd.DataFrame, step: str, random) -> None:
    order = list(matches.index)
    random.shuffle(order)
    found = fit_moments(matches.loc[order], step, 2)
    pd.testing.assert_series_equal(found.sort_index(), fit_moments(matches, step, 2))
