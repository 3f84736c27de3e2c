"""Recent form against a naive reading of each team's last matches."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.features.form import MEASURES, form_after, team_matches
from tests.features.conftest import Result, played_from
from tests.features.replay import Match, replay

RESULTS: list[Result] = [("a", "b", 3, 0, 0), ("b", "a", 1, 1, 0), ("a", "c", 0, 2, 0)]


def mean(values: list[float]) -> float:
    found = [value for value in values if not math.isnan(value)]
    return sum(found) / len(found) if found else math.nan


def test_a_match_seen_from_both_sides() -> None:
    played = played_from(RESULTS, home_xg=[2.0, None, 0.5], away_xg=[0.5, None, 1.5])
    long = team_matches(played)
    assert long["team"].tolist() == ["a", "b", "b", "a", "a", "c"]
    assert long["points"].tolist() == [3, 0, 1, 1, 0, 3]
    assert long["goal_difference"].tolist() == [3, -3, 0, 0, -2, 2]
    np.testing.assert_array_equal(long["xg_difference"], [1.5, -1.5, np.nan, np.nan, -1.0, 1.0])
    assert long["known_at"].tolist() == [t for t in played["known_at"] for _ in range(2)]


def test_form_by_hand() -> None:
    form = form_after(played_from(RESULTS), [2])
    own = form[form["team"] == "a"]
    assert own["points_2"].tolist() == [3.0, 2.0, 0.5]
    assert own["goal_difference_2"].tolist() == [3.0, 1.5, -1.0]


def test_xg_form_is_null_until_a_match_has_xg() -> None:
    played = played_from(RESULTS, home_xg=[None, None, 0.5], away_xg=[None, None, 1.5])
    own = form_after(played, [5]).query("team == 'a'")
    np.testing.assert_array_equal(own["xg_difference_5"], [np.nan, np.nan, -1.0])


def test_every_window_and_measure_has_a_column() -> None:
    form = form_after(played_from(RESULTS), [3, 7])
    expected = [f"{measure}_{window}" for window in (3, 7) for measure in MEASURES]
    assert list(form.columns) == ["team", "known_at", *expected]


def test_no_match_yet_gives_no_form() -> None:
    assert len(form_after(played_from([]), [5])) == 0


@given(
    results=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from("def"),
            st.integers(0, 9),
            st.integers(0, 9),
            st.just(0),
        ),
        min_size=1,
        max_size=25,
    ),
    window=st.integers(1, 12),
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_form_is_the_mean_of_the_last_matches(results: list[Result], window: int) -> None:
    form = form_after(played_from(results), [window])
    history: dict[str, list[float]] = {}
    expected = []
    for home, away, home_goals, away_goals, _ in results:
        for team, margin in ((home, home_goals - away_goals), (away, away_goals - home_goals)):
            history.setdefault(team, []).append(float(margin))
            expected.append(mean(history[team][-window:]))
    np.testing.assert_allclose(form[f"goal_difference_{window}"], expected, atol=1e-9)


@pytest.mark.parametrize("window", [5, 38])
def test_every_real_form_equals_the_mean_of_the_last_known_matches(
    known: pd.DataFrame, full: pd.DataFrame, window: int
) -> None:
    history: dict[str, list[tuple[float, float, float]]] = {}

    def learn(match: Match) -> None:
        margin = float(match.home_goals - match.away_goals)
        xg = match.home_xg - match.away_xg
        home_points = {"H": 3.0, "D": 1.0, "A": 0.0}[match.result]
        away_points = {"H": 0.0, "D": 1.0, "A": 3.0}[match.result]
        history.setdefault(match.home_team, []).append((home_points, margin, xg))
        history.setdefault(match.away_team, []).append((away_points, -margin, -xg))

    expected = {}
    for match in replay(known, learn):
        home, away = (
            [mean([row[m] for row in history.get(team, [])[-window:]]) for m in range(3)]
            for team in (match.home_team, match.away_team)
        )
        expected[match.match_id] = [h - a for h, a in zip(home, away, strict=True)]
    table = pd.DataFrame.from_dict(expected, orient="index", columns=list(MEASURES))
    table = table.loc[full["match_id"]]
    for measure in MEASURES:
        np.testing.assert_allclose(
            full[f"difference_{measure}_{window}"], table[measure], rtol=0, atol=1e-6
        )
