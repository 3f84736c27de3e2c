"""Attack and defence strengths: by hand, and against a plain replay of the real matches."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.features.strength import (
    StrengthSettings,
    expected_goals,
    goals_worth,
    strength_at,
    strengths_after,
)
from tests.features.conftest import Result, played_from
from tests.features.replay import Match, replay, teams_of_seasons

PLAIN = StrengthSettings(
    rate=0.1,
    level_rate=0.01,
    xg_weight=0.75,
    home_goals=2.0,
    away_goals=1.0,
    promoted=-0.2,
    season_carry=0.5,
)


def test_goals_count_alone_where_there_is_no_xg() -> None:
    goals = pd.Series([0, 3, 2], dtype="Int64")
    xg = pd.Series([None, 1.0, 0.0], dtype="float64")
    assert goals_worth(goals, xg, 0.75).tolist() == [0.0, 1.5, 0.5]
    assert goals_worth(goals, xg, 0.0).tolist() == [0.0, 3.0, 2.0]
    assert goals_worth(goals, xg, 1.0).tolist() == [0.0, 1.0, 0.0]


@given(goals=st.integers(0, 9), xg=st.none() | st.floats(0, 9), weight=st.floats(0, 1))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_worth_lies_between_goals_and_xg(goals: int, xg: float | None, weight: float) -> None:
    (worth,) = goals_worth(
        pd.Series([goals], dtype="Int64"), pd.Series([xg], dtype="float64"), weight
    )
    other = goals if xg is None else xg
    assert min(goals, other) - 1e-9 <= worth <= max(goals, other) + 1e-9


def test_one_match_by_hand() -> None:
    after = strengths_after(played_from([("a", "b", 4, 0, 0)]), PLAIN)
    # Expected 2 : 1, so the home team scored 2 more and the away team 1 less.
    assert after["team"].tolist() == ["a", "b"]
    assert after["attack"].tolist() == pytest.approx([0.2, -0.1])
    assert after["defence"].tolist() == pytest.approx([0.1, -0.2])
    assert after["home_level"].tolist() == pytest.approx([math.log(2) + 0.02] * 2)
    assert after["away_level"].tolist() == pytest.approx([-0.01] * 2)


def test_a_match_with_xg_by_hand() -> None:
    played = played_from([("a", "b", 4, 0, 0)], home_xg=[2.0], away_xg=[1.0])
    after = strengths_after(played, PLAIN)
    # 0.75 of xG and 0.25 of the goals: 2.5 : 0.75.
    assert after["attack"].tolist() == pytest.approx([0.05, -0.025])
    assert after["defence"].tolist() == pytest.approx([0.025, -0.05])


def test_what_is_expected_moves_nothing() -> None:
    after = strengths_after(played_from([("a", "b", 2, 1, 0)]), PLAIN)
    assert after["attack"].tolist() == pytest.approx([0.0, 0.0])
    assert after["defence"].tolist() == pytest.approx([0.0, 0.0])
    assert after["home_level"].tolist() == pytest.approx([math.log(2)] * 2)


def test_promoted_staying_and_returning_teams_by_hand() -> None:
    still = dataclasses.replace(PLAIN, rate=1e-12, level_rate=0.0)
    first = [("a", "b", 4, 0, 0)]
    learnt = strengths_after(played_from(first), PLAIN)
    attack, defence = learnt["attack"].iloc[0], learnt["defence"].iloc[0]
    later = played_from([*first, ("c", "a", 1, 1, 1), ("a", "b", 1, 1, 2)])
    after = strengths_after(later, still)
    assert after["attack"].tolist() == pytest.approx([0, 0, -0.2, 0, 0, -0.2], abs=1e-9)
    for since, expected in ((0, attack), (1, attack / 2), (2, -0.2)):
        state = pd.DataFrame({"attack": [attack], "defence": [defence], "season_number": [0.0]})
        seen = strength_at(state, "attack", pd.Series([since]), PLAIN)
        assert seen.tolist() == pytest.approx([expected])


@pytest.mark.parametrize("name", ["attack", "defence"])
def test_a_team_without_a_match_starts_at_zero_in_the_first_season_and_promoted_later(
    name: str,
) -> None:
    state = pd.DataFrame({name: [None, None], "season_number": [None, None]}, dtype="float64")
    assert strength_at(state, name, pd.Series([0, 3]), PLAIN).tolist() == [0.0, -0.2]


def test_expected_goals_by_hand() -> None:
    level, attack, defence = (pd.Series([x]) for x in (math.log(1.5), 0.3, 0.1))
    assert expected_goals(level, attack, defence).tolist() == pytest.approx([1.5 * math.exp(0.2)])


RESULTS = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from("efgh"),
        st.integers(0, 9),
        st.integers(0, 9),
        st.just(0),
    ),
    min_size=1,
    max_size=20,
)


@given(results=RESULTS)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_goals_scored_by_one_team_are_conceded_by_the_other(results: list[Result]) -> None:
    after = strengths_after(played_from(results), PLAIN).drop_duplicates("team", keep="last")
    assert after["attack"].sum() == pytest.approx(-after["defence"].sum())


def replayed_goals(known: pd.DataFrame, strength: StrengthSettings) -> pd.DataFrame:
    """Expected goals at kick-off by a plain loop over the matches."""
    seasons = teams_of_seasons(known)
    attack, defence = [dict.fromkeys(seasons[0], 0.0)], [dict.fromkeys(seasons[0], 0.0)]
    level = {"home": math.log(strength.home_goals), "away": math.log(strength.away_goals)}
    expected = {}

    def open_season(number: int) -> tuple[dict[str, float], dict[str, float]]:
        while len(attack) <= number:
            teams = seasons[len(attack)]
            for tables in (attack, defence):
                before = tables[-1]
                tables.append(
                    {
                        team: before[team] * strength.season_carry
                        if team in before
                        else strength.promoted
                        for team in teams
                    }
                )
        return attack[number], defence[number]

    def means(match: Match) -> tuple[float, float]:
        attacks, defences = open_season(match.season_number)
        return (
            math.exp(level["home"])
            * math.exp(attacks[match.home_team])
            / math.exp(defences[match.away_team]),
            math.exp(level["away"])
            * math.exp(attacks[match.away_team])
            / math.exp(defences[match.home_team]),
        )

    def worth(goals: int, xg: float) -> float:
        if math.isnan(xg):
            return float(goals)
        return strength.xg_weight * xg + (1 - strength.xg_weight) * goals

    def learn(match: Match) -> None:
        home_mean, away_mean = means(match)
        attacks, defences = open_season(match.season_number)
        home_more = worth(match.home_goals, match.home_xg) - home_mean
        away_more = worth(match.away_goals, match.away_xg) - away_mean
        attacks[match.home_team] += strength.rate * home_more
        defences[match.away_team] -= strength.rate * home_more
        attacks[match.away_team] += strength.rate * away_more
        defences[match.home_team] -= strength.rate * away_more
        level["home"] += strength.level_rate * home_more
        level["away"] += strength.level_rate * away_more

    for match in replay(known, learn):
        expected[match.match_id] = means(match)
    return pd.DataFrame.from_dict(expected, orient="index", columns=["home", "away"])


def test_every_real_expectation_equals_that_of_a_plain_replay(
    known: pd.DataFrame, full: pd.DataFrame, strength: StrengthSettings
) -> None:
    expected = replayed_goals(known, strength).loc[full["match_id"]]
    for side in ("home", "away"):
        np.testing.assert_allclose(
            full[f"{side}_expected_goals"], expected[side], rtol=0, atol=1e-6
        )


def test_real_expectations_are_near_the_goals_that_were_scored(
    known: pd.DataFrame, full: pd.DataFrame
) -> None:
    later = full["season"] > "2014-15"
    for side in ("home", "away"):
        scored = known[f"{side}_goals"].astype("float64")
        assert full.loc[later, f"{side}_expected_goals"].mean() == pytest.approx(
            scored[later].mean(), abs=0.08
        )
        assert full.loc[later, f"{side}_expected_goals"].corr(scored[later]) > 0.25
