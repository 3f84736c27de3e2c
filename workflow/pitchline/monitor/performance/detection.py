"""One detector of degradation: every alternative, in all matches and in each competition."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pitchline.monitor.performance.alternatives import FLOOR, alternatives, normalised, tolerated
from pitchline.monitor.performance.evidence import (
    carried,
    detector,
    likelihood_bets,
    mean_bets,
    mixed,
)
from pitchline.params import PerformanceMonitor

EVERYWHERE = "all competitions"
DISTANCE = "far from the closing odds"
# A single match whose odds follow from what no model knows must not decide: a distance counts as
# no more than this many times its mean.
LONGEST_DISTANCE = 5.0
STAKES = (0.2, 0.5)
# Above the alarm, where evidence stops growing.
SLACK = 7.0
TUESDAY = pd.Timestamp("1970-01-06", tz="UTC")
MIDWEEK_DAYS = 3


@dataclass(frozen=True)
class Judged:
    """Settled forecasts in the order of their kick-offs.

    Attributes:
        forecast: probabilities, shape (matches, 3).
        outcome: class numbers.
        rounds: as from ``rounds_of``.
        competition: of each match.
        champion: version of the model behind each forecast.
        references: what others say of the same matches, by name; shape (matches, 3), NaN where
            they say nothing.
        market: probabilities of the closing odds, NaN where there are none.
        usual_distance: the past's mean distance to them in the match's competition, NaN where
            unknown.
    """

    forecast: np.ndarray
    outcome: np.ndarray
    rounds: np.ndarray
    competition: np.ndarray
    champion: np.ndarray
    references: Mapping[str, np.ndarray]
    market: np.ndarray
    usual_distance: np.ndarray


@dataclass(frozen=True)
class Detected:
    """The evidence of degradation after each match, nats.

    Attributes:
        evidence: of all bets together.
        parts: of each competition and of all, by alternative, after the last match.
        alarms: positions at which an alarm began.
        ringing: whether the alarm stands, after each match.
    """

    evidence: np.ndarray
    parts: dict[str, dict[str, float]]
    alarms: list[int]
    ringing: np.ndarray


def rounds_of(kick_off: pd.Series) -> np.ndarray:
    """Half-weeks, numbered: from Friday to Monday and from Tuesday to Thursday (UTC)."""
    days = (kick_off.dt.floor("D") - TUESDAY).dt.days.to_numpy()
    return np.asarray(days // 7 * 2 + (days % 7 >= MIDWEEK_DAYS))


def threshold(seasons: float, settings: PerformanceMonitor) -> float:
    """The evidence that rings once in so many seasons, at most, nats."""
    return float(np.log(seasons * settings.rounds_a_season))


def distance(market: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """What forecasts lose if the odds are right: the divergence of Kullback and Leibler, nats.

    It needs no result, and varies far less than what is lost on the result that came.
    """
    p, q = np.maximum(forecast, FLOOR), np.maximum(market, FLOOR)
    return np.asarray((q * np.log(q / p)).sum(axis=1))


def bets_of(judged: Judged, settings: PerformanceMonitor) -> tuple[dict[str, np.ndarray], int]:
    """Logarithms of the e-values of each match, by alternative, and how many are of likelihoods."""
    p = normalised(judged.forecast)
    let_pass = tolerated(p, settings.slope_tolerance, settings.shift_tolerance)
    known = {
        name: np.where(np.isnan(q).any(axis=1, keepdims=True), p, q)
        for name, q in judged.references.items()
    }
    bets = {
        name: likelihood_bets(q, let_pass, judged.outcome)
        for name, q in alternatives(p, known).items()
    }
    likelihoods = len(bets)
    ratio = distance(judged.market, p) / judged.usual_distance
    told = np.isfinite(ratio)
    ratio = np.minimum(np.where(told, ratio, 1.0), LONGEST_DISTANCE)
    for stake in STAKES:
        found = mean_bets(ratio, np.full(len(ratio), settings.distance_tolerance), stake)
        bets[f"{DISTANCE}, stake {stake:g}"] = np.where(told, found, 0.0)
    return bets, likelihoods


def detect(judged: Judged, settings: PerformanceMonitor) -> Detected:
    """The evidence of degradation after each match; it begins anew with a champion after an alarm.

    Half of it is bet on all matches together, half on each competition by itself.
    """
    bets, likelihoods = bets_of(judged, settings)
    stacked = np.column_stack(list(bets.values()))
    weights = np.concatenate(
        [
            np.full(likelihoods, (1 - settings.distance_share) / likelihoods),
            np.full(len(STAKES), settings.distance_share / len(STAKES)),
        ]
    )
    alarm = threshold(settings.seasons_between_false_alarms, settings)
    quiet = threshold(settings.seasons_between_false_warnings, settings)
    matches = len(stacked)
    evidence, ringing = np.full(matches, -np.inf), np.zeros(matches, dtype=bool)
    alarms: list[int] = []
    parts: dict[str, dict[str, float]] = {}
    start = 0
    while start < matches:
        run = slice(start, matches)
        found, last = _together(
            stacked[run], weights, judged.rounds[run], judged.competition[run], alarm + SLACK
        )
        rung = _ringing(found, alarm, quiet)
        end = _replaced(rung, judged.champion[run])
        evidence[start : start + end], ringing[start : start + end] = found[:end], rung[:end]
        begins = rung[:end] & ~np.concatenate([[False], rung[: end - 1]])
        alarms += [start + int(place) for place in np.flatnonzero(begins)]
        parts = {scope: dict(zip(bets, told.tolist(), strict=True)) for scope, told in last.items()}
        start += end
    return Detected(evidence, parts, alarms, ringing)


def _together(
    bets: np.ndarray,
    weights: np.ndarray,
    rounds: np.ndarray,
    competition: np.ndarray,
    cap: float,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    names = sorted(set(competition.tolist()))
    scopes = {EVERYWHERE: np.arange(len(bets))}
    if len(names) > 1:
        scopes |= {name: np.flatnonzero(competition == name) for name in names}
    found, last = [], {}
    for scope, places in scopes.items():
        own = detector(bets[places], rounds[places], cap)
        found.append(carried(mixed(own, weights), places, len(bets)))
        last[scope] = own[-1]
    shares = np.full(len(scopes), 0.5 / max(1, len(names)))
    shares[0] = 1.0 if len(scopes) == 1 else 0.5
    return mixed(np.column_stack(found), shares), last


def _ringing(evidence: np.ndarray, alarm: float, quiet: float) -> np.ndarray:
    """From where the evidence reaches the alarm to where it has fallen below ``quiet``."""
    state = np.where(evidence >= alarm, 1, np.where(evidence < quiet, 0, -1))
    places = np.maximum.accumulate(np.where(state >= 0, np.arange(len(state)), -1))
    return np.asarray((places >= 0) & (state[np.maximum(places, 0)] == 1))


def _replaced(ringing: np.ndarray, champion: np.ndarray) -> int:
    """Up to which match the evidence counts: a model never seen before, after an alarm, ends it.

    A challenger that answers its share all along ends none.
    """
    firsts = np.sort(np.unique(champion, return_index=True)[1])
    ends = firsts[1:][ringing[firsts[1:] - 1]]
    return int(ends[0]) if len(ends) else len(ringing)
