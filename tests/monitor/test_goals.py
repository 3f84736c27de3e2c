"""Goals: what may be bet on them, and how soon a league's changed scoring rings."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scipy import stats

from pitchline.monitor.performance import detection
from pitchline.monitor.performance.figures import goals_of
from pitchline.monitor.performance.goals import FACTORS, goal_bets
from tests.monitor.seasons import LEAGUES, SETTINGS, honest, scoring, table

COUNTS = np.arange(60)
rate = st.floats(0.2, 4.0)
within = st.floats(-1.0, 1.0)


def mean_e_value(name: str, expected: np.ndarray, truth: np.ndarray, tolerance: float) -> float:
    """The mean of a match's e-value under true rates, summed over all scores."""
    home, away = np.meshgrid(COUNTS, COUNTS, indexing="ij")
    goals = np.column_stack([home.ravel(), away.ravel()])
    bets = goal_bets(np.tile(expected, (len(goals), 1)), goals, tolerance)[name]
    chance = stats.poisson.pmf(goals, truth).prod(axis=1)
    return float((chance * np.exp(bets)).sum())


@examples(deadline=None, max_examples=40)
@given(rate, rate, within, within, st.floats(0, 0.2), st.sampled_from(sorted(FACTORS)))
def test_no_bet_gains_under_rates_that_are_let_pass(
    home: float, away: float, more: float, less: float, tolerance: float, name: str
) -> None:
    expected = np.array([home, away])
    truth = expected * np.exp(tolerance * np.array([more, less]))
    assert mean_e_value(name, expected, truth, tolerance) <= 1 + 1e-6


@pytest.mark.parametrize("name", sorted(FACTORS))
def test_a_bet_gains_where_its_factors_are_true(name: str) -> None:
    expected = np.array([1.5, 1.2])
    assert mean_e_value(name, expected, expected * FACTORS[name], 0.05) > 1.05


@pytest.mark.parametrize(
    ("level", "leading"), [(0.5, "far fewer goals"), (1.0, None), (1.7, "far more goals")]
)
def test_a_changed_level_of_goals_rings_though_every_result_is_as_forecast(
    level: float, leading: str | None
) -> None:
    judged = scoring(honest(600, 5), 5)
    changed = scoring(judged, 5, level)
    goals = np.where(np.arange(600)[:, None] >= 400, changed.goals, judged.goals)
    found = detection.detect(replace(judged, goals=goals), SETTINGS)
    if leading is None:
        assert found.alarms == []
        return
    assert 400 <= found.alarms[0] < 450
    parts = found.parts[detection.EVERYWHERE]
    assert max(parts, key=lambda name: parts[name]) == leading


def test_one_league_whose_scoring_changed_rings_among_others_and_is_named() -> None:
    judged = scoring(honest(1200, 6, leagues=LEAGUES), 6)
    hit = (np.arange(1200) >= 800) & (judged.competition == LEAGUES[1])
    goals = np.where(hit[:, None], scoring(judged, 7, 0.5).goals, judged.goals)
    found = detection.detect(replace(judged, goals=goals), SETTINGS)
    assert found.alarms and found.alarms[0] >= 800
    highest = {scope: max(parts.values()) for scope, parts in found.parts.items()}
    assert highest[LEAGUES[1]] == max(highest.values())
    assert highest[LEAGUES[0]] < 5


def test_goals_drawn_as_expected_ring_no_more_often_than_stated() -> None:
    low = SETTINGS.model_copy(
        update={"seasons_between_false_alarms": 8.0, "rounds_a_season": 25, "goals_tolerance": 0.0}
    )
    runs, rounds = 40, 40
    most = stats.binom.ppf(0.999, runs, rounds / 200)
    rung = [bool(detection.detect(scoring(honest(400, s), s), low).alarms) for s in range(runs)]
    assert sum(rung) <= most


def test_matches_without_goals_are_left_out() -> None:
    judged = scoring(honest(200, 8), 8)
    half = np.arange(200)[:, None] % 2 == 0
    some = replace(judged, goals=np.where(half, judged.goals, np.nan))
    bets = next(b for b in detection.bets_of(some, SETTINGS) if "more goals" in b.names)
    assert bets.places.tolist() == list(range(0, 200, 2))
    assert np.isfinite(detection.detect(some, SETTINGS).evidence).all()


def test_what_is_bet_is_the_whole_whatever_is_known() -> None:
    for judged in (honest(200, 9), scoring(honest(200, 9), 9)):
        assert sum(bets.share for bets in detection.bets_of(judged, SETTINGS)) == pytest.approx(1)


def test_goals_a_match_are_told_where_both_are_known() -> None:
    rows = table(scoring(honest(50, 10), 10))
    rows.loc[:24, "expected_home_goals"] = np.nan
    told = goals_of(rows)
    assert told is not None
    assert told["home"]["came"] == pytest.approx(rows["home_goals"][25:].mean(), abs=1e-6)
    assert goals_of(table(honest(50, 10))) is None
