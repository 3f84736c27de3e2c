"""Elo ratings: the formula by hand, what seasons do to them, and a replay of the real matches."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.features.asof import state_at_kick_off
from pitchline.features.elo import (
    EloSettings,
    carried,
    expected_home_score,
    ratings_after,
    ratings_at,
)
from tests.features.conftest import Result, played_from
from tests.features.replay import Match, replay, teams_of_seasons

PLAIN = EloSettings(
    k=20.0,
    margin_exponent=0.0,
    home_advantage=0.0,
    initial=1500.0,
    promoted=1300.0,
    season_carry=0.5,
)
TEAMS = st.sampled_from("abcdef")
RESULTS = st.lists(
    st.tuples(TEAMS, TEAMS, st.integers(0, 9), st.integers(0, 9), st.just(0)).filter(
        lambda result: result[0] != result[1]
    ),
    min_size=1,
    max_size=30,
)


def last_ratings(results: list[Result], settings_: EloSettings = PLAIN) -> dict[str, float]:
    after = ratings_after(played_from(results), settings_)
    return dict(zip(after["team"], after["elo"], strict=True))


def test_expected_scores_by_hand() -> None:
    assert expected_home_score(1500, 1500, 0) == pytest.approx(0.5)
    assert expected_home_score(1900, 1500, 0) == pytest.approx(10 / 11)
    assert expected_home_score(1500, 1500, 400) == pytest.approx(10 / 11)
    assert expected_home_score(1500, 1900, 0) == pytest.approx(1 / 11)


@given(home=st.floats(0, 4000), away=st.floats(0, 4000))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_expected_scores_of_both_teams_make_one(home: float, away: float) -> None:
    assert expected_home_score(home, away, 50) + expected_home_score(away, home, -50) == (
        pytest.approx(1.0)
    )


@pytest.mark.parametrize(
    ("goals", "changes", "home_step"),
    [
        ((1, 0), {}, 10.0),
        ((0, 0), {}, 0.0),
        ((0, 1), {}, -10.0),
        ((1, 0), {"home_advantage": 400.0}, 20 / 11),
        ((2, 2), {"home_advantage": 400.0}, 20 * (0.5 - 10 / 11)),
        ((0, 1), {"home_advantage": 400.0}, -200 / 11),
        ((3, 0), {"margin_exponent": 1.0}, 40.0),
        ((3, 0), {"margin_exponent": 0.5}, 20.0),
        ((0, 8), {"margin_exponent": 0.5}, -30.0),
        ((1, 0), {"k": 32.0}, 16.0),
    ],
    ids=str,
)
def test_one_match_by_hand(
    goals: tuple[int, int], changes: dict[str, float], home_step: float
) -> None:
    settings_ = dataclasses.replace(PLAIN, **changes)
    found = last_ratings([("a", "b", *goals, 0)], settings_)
    assert found == pytest.approx({"a": 1500 + home_step, "b": 1500 - home_step})


def test_two_matches_by_hand() -> None:
    # 1510 against 1490 at b's ground: b is expected to score 1 / (1 + 10 ** (20 / 400)).
    expected = 1 / (1 + 10 ** (20 / 400))
    found = last_ratings([("a", "b", 1, 0, 0), ("b", "a", 1, 1, 0)])
    step = 20 * (0.5 - expected)
    assert found == pytest.approx({"a": 1510 - step, "b": 1490 + step})


def test_every_match_gives_a_row_for_each_team_with_the_moment_it_became_known() -> None:
    played = played_from([("a", "b", 1, 0, 0), ("b", "c", 0, 2, 0)])
    after = ratings_after(played, PLAIN)
    assert after["team"].tolist() == ["a", "b", "b", "c"]
    assert after["known_at"].tolist() == [t for t in played["known_at"] for _ in range(2)]
    assert after["season_number"].tolist() == [0, 0, 0, 0]


@given(results=RESULTS, exponent=st.floats(0, 2), advantage=st.floats(0, 300))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_what_one_team_wins_the_other_loses(
    results: list[Result], exponent: float, advantage: float
) -> None:
    settings_ = dataclasses.replace(PLAIN, margin_exponent=exponent, home_advantage=advantage)
    found = last_ratings(results, settings_)
    assert sum(found.values()) == pytest.approx(len(found) * PLAIN.initial)


@given(results=RESULTS)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_a_winner_never_falls_and_more_goals_never_give_less(results: list[Result]) -> None:
    settings_ = dataclasses.replace(PLAIN, margin_exponent=0.5)
    before = {"a": 1500.0, "b": 1500.0} | last_ratings(results, settings_)
    steps = [
        last_ratings([*results, ("a", "b", goals, 0, 0)], settings_)["a"] - before["a"]
        for goals in (1, 2, 5)
    ]
    assert 0 < steps[0] < steps[1] < steps[2]


def test_a_rating_is_carried_one_season_and_forgotten_after_an_absence() -> None:
    assert carried(1600.0, 0, PLAIN) == 1600.0
    assert carried(1600.0, 1, PLAIN) == 1550.0
    assert carried(1400.0, 1, PLAIN) == 1450.0
    assert carried(1600.0, 2, PLAIN) == PLAIN.promoted
    assert carried(1600.0, 5, PLAIN) == PLAIN.promoted


def test_promoted_staying_and_returning_teams_by_hand() -> None:
    results = [
        ("a", "b", 1, 0, 0),  # a 1510, b 1490
        ("a", "c", 0, 0, 1),  # a starts from 1505, c from 1300
        ("a", "b", 0, 0, 2),  # b was away for a season: 1300
    ]
    after = ratings_after(played_from(results), PLAIN)
    first = 20 * (0.5 - 1 / (1 + 10 ** (-205 / 400)))
    carried_on = 1500 + 0.5 * (1505 + first - 1500)
    second = 20 * (0.5 - 1 / (1 + 10 ** (-(carried_on - 1300) / 400)))
    expected = [1510, 1490, 1505 + first, 1300 - first, carried_on + second, 1300 - second]
    assert after["elo"].tolist() == pytest.approx(expected)


def test_ratings_seen_at_kick_off_by_hand() -> None:
    state = pd.DataFrame(
        {
            "elo": [1600.0, 1600.0, 1600.0, None, None],
            "season_number": [3.0, 2.0, 1.0, None, None],
        }
    )
    seen = ratings_at(state, pd.Series([3, 3, 3, 3, 0]), PLAIN)
    assert seen.tolist() == [1600.0, 1550.0, 1300.0, 1300.0, 1500.0]


@given(rating=st.floats(0, 4000), since=st.integers(0, 4))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_a_kick_off_sees_a_rating_as_the_next_match_takes_it(rating: float, since: int) -> None:
    state = pd.DataFrame({"elo": [rating], "season_number": [1.0]})
    seen = ratings_at(state, pd.Series([1 + since]), PLAIN)
    assert seen.tolist() == [carried(rating, since, PLAIN)]


def replayed_ratings(known: pd.DataFrame, elo: EloSettings) -> pd.DataFrame:
    """Ratings at kick-off by a plain loop that opens each season with a table of its teams."""
    seasons = teams_of_seasons(known)
    tables = [dict.fromkeys(seasons[0], elo.initial)]
    pre_match = {}

    def open_season(number: int) -> dict[str, float]:
        while len(tables) <= number:
            before, teams = tables[-1], seasons[len(tables)]
            tables.append(
                {
                    team: (1 - elo.season_carry) * elo.initial + elo.season_carry * before[team]
                    if team in before
                    else elo.promoted
                    for team in teams
                }
            )
        return tables[number]

    def learn(match: Match) -> None:
        table = open_season(match.season_number)
        lead = table[match.home_team] + elo.home_advantage - table[match.away_team]
        goals = int(match.home_goals) - int(match.away_goals)
        score = {True: 1.0, False: 0.0}[goals > 0] if goals else 0.5
        weight = elo.k * (1 + abs(goals)) ** elo.margin_exponent
        step = weight * (score - 1 / (1 + 10 ** (-lead / 400)))
        table[match.home_team] += step
        table[match.away_team] -= step

    for match in replay(known, learn):
        table = open_season(match.season_number)
        pre_match[match.match_id] = (table[match.home_team], table[match.away_team])
    return pd.DataFrame.from_dict(pre_match, orient="index", columns=["home", "away"])


def test_every_real_rating_equals_that_of_a_plain_replay(
    known: pd.DataFrame, played: pd.DataFrame, full: pd.DataFrame, elo: EloSettings
) -> None:
    expected = replayed_ratings(known, elo).loc[known["match_id"]]
    after = ratings_after(played, elo)
    for side in ("home", "away"):
        state = state_at_kick_off(known, f"{side}_team", after)
        seen = ratings_at(state, known["season_number"], elo)
        np.testing.assert_allclose(seen, expected[side], rtol=0, atol=1e-8)
        np.testing.assert_allclose(full[f"{side}_elo"], expected[side], rtol=0, atol=1e-6)
    lead = expected["home"] + elo.home_advantage - expected["away"]
    np.testing.assert_allclose(full["difference_elo"], lead, rtol=0, atol=1e-6)


def test_real_ratings_order_the_teams_of_a_season(full: pd.DataFrame) -> None:
    last_day = full[full["season"] == "2023-24"].tail(10)
    ratings = pd.concat(
        [last_day.set_index(f"{side}_team")[f"{side}_elo"] for side in ("home", "away")]
    )
    assert len(ratings) == 20
    assert set(ratings.nlargest(3).index) == {"man-city", "arsenal", "liverpool"}
    assert "sheffield-utd" in ratings.nsmallest(3).index
