"""Scores: of a rule, of a slice, of the days before a moment."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.errors import PitchlineError
from pitchline.ingest.quality import score

DAY = pd.Timestamp("2026-03-01", tz="UTC")
WEIGHTS = {"a": 1.0, "b": 2.0, "c": 0.0}


def checks(*rows: tuple[str, int, float, int]) -> pd.DataFrame:
    """Rows of the table Checks: rule, checked, bad, and days after the first."""
    return pd.DataFrame(
        {
            "rule": [rule for rule, *_ in rows],
            "source": None,
            "competition": "eng-premier-league",
            "season": "2025-26",
            "day": [DAY + pd.Timedelta(days=days) for *_, days in rows],
            "checked": pd.array([checked for _, checked, *_ in rows], dtype="Int64"),
            "bad": [float(bad) for _, _, bad, _ in rows],
        }
    )


ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 50), st.floats(0, 1), st.integers(0, 9)),
    min_size=1,
    max_size=12,
)


def of(found: pd.DataFrame, weights: dict[str, float] = WEIGHTS) -> float:
    return score.score_of(score.rule_scores(found, weights))


def test_a_rules_score_is_the_share_without_fault() -> None:
    (rule,) = score.rule_scores(checks(("a", 8, 1, 0), ("a", 2, 1, 1)), WEIGHTS)
    expected: dict[str, Any] = {"name": "a", "weight": 1.0, "checked": 10, "bad": 2.0}
    assert rule == expected | {"score": 0.8, "cost": pytest.approx(0.2)}


def test_a_slices_score_is_the_product_and_a_weight_the_price_of_a_fault() -> None:
    found = checks(("a", 10, 1, 0), ("b", 10, 1, 0), ("c", 10, 10, 0))
    assert of(found) == pytest.approx(0.9 * 0.9**2)
    assert [rule["name"] for rule in score.rule_scores(found, WEIGHTS)] == ["b", "a", "c"]


def test_nothing_checked_is_nothing_at_fault() -> None:
    assert of(checks().astype({"rule": "str"})) == 1.0


def test_a_rule_without_a_weight_is_named() -> None:
    with pytest.raises(PitchlineError, match=r"'d' has no weight.*ingest\.quality\.weights"):
        score.rule_scores(checks(("d", 1, 0, 0)), WEIGHTS)


@given(ROWS)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_score_lies_between_0_and_1_and_falls_with_each_fault(
    rows: list[tuple[str, int, float, int]],
) -> None:
    found = checks(*((rule, size, share * size, day) for rule, size, share, day in rows))
    before = of(found)
    assert 0 <= before <= 1
    worse = found.assign(bad=(found["bad"] + found["checked"].astype("float64")) / 2)
    assert of(worse) <= before + 1e-9


@given(ROWS)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_slice_scores_as_its_rows_alone_do(rows: list[tuple[str, int, float, int]]) -> None:
    found = checks(*((rule, size, share * size, day) for rule, size, share, day in rows))
    for line in score.sliced(found, WEIGHTS, ["day"]).to_dict("records"):
        rows_alone = found[found["day"] == line["day"]]
        assert line["score"] == pytest.approx(of(rows_alone), abs=1e-5)
        assert line["checked"] == rows_alone["checked"].sum()


# -- the days before a moment


def kick_offs(*days: float) -> pd.Series:
    return pd.Series([DAY + pd.Timedelta(days=day) for day in days]).astype("datetime64[ms, UTC]")


def test_in_season_the_window_ends_at_the_moment() -> None:
    as_of = DAY + pd.Timedelta(days=40, hours=9)
    found = score.window(kick_offs(0, 12, 39, 40.5), as_of, 30)
    assert (found.first, found.last) == (as_of - pd.Timedelta(days=30), as_of)
    assert (found.out_of_season, found.matches) == (False, 2)


def test_out_of_season_it_ends_with_the_last_match_and_says_so() -> None:
    as_of = DAY + pd.Timedelta(days=90)
    found = score.window(kick_offs(0, 12, 20, 200), as_of, 30)
    assert found.last == DAY + pd.Timedelta(days=20)
    assert (found.out_of_season, found.matches) == (True, 3)


def test_the_checks_of_a_window_are_those_of_its_days() -> None:
    found = checks(*(("a", 1, 0, day) for day in range(60)))
    as_of = DAY + pd.Timedelta(days=40, hours=9)
    days = score.within(found, score.window(kick_offs(39), as_of, 30))["day"]
    assert (days.min(), days.max()) == (DAY + pd.Timedelta(days=10), DAY + pd.Timedelta(days=40))


def test_no_match_before_the_moment_is_told_with_the_way_out() -> None:
    with pytest.raises(PitchlineError, match=r"as_of in params\.yaml"):
        score.window(kick_offs(5), DAY, 30)
