"""One detector of degradation: every alternative, in all matches and in each competition."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
# A single match whose odds follow from what no model knows must not decide: a distance counts as
# no more than this many times its mean.
LONGEST_DISTANCE = 5.0
STAKES = (0.2, 0.5, 0.9)
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
            they say nothing. What the results may have been drawn from instead.
        neighbours: of some of them, by name, the probabilities, and the mean distance to them that
            is usual in the match's competition, NaN where unknown. What forecasts must stay near.
    """

    forecast: np.ndarray
    outcome: np.ndarray
    rounds: np.ndarray
    competition: np.ndarray
    champion: np.ndarray
    references: Mapping[str, np.ndarray]
    neighbours: Mapping[str, tuple[np.ndarray, np.ndarray]]


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


def distance(other: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """What forecasts lose if the other's are right: the divergence of Kullback and Leibler, nats.

    It needs no result, and varies far less than what is lost on the result that came.
    """
    p, q = np.maximum(forecast, FLOOR), np.maximum(other, FLOOR)
    return np.asarray((q * np.log(q / p)).sum(axis=1))


@dataclass(frozen=True)
class Bets:
    """Bets of one kind.

    Attributes:
        names: what each is on.
        places: the matches they are made on.
        bets: logarithms of e-values, shape (places, names).
        share: of the whole, to be divided among them equally.
    """

    names: list[str]
    places: np.ndarray
    bets: np.ndarray
    share: float


def bets_of(judged: Judged, settings: PerformanceMonitor) -> list[Bets]:
    """All bets: on what else the results may have been drawn from, and on the distances."""
    p = normalised(judged.forecast)
    near = [_on_distance(p, told, name, settings) for name, told in judged.neighbours.items()]
    near = [bets for bets in near if len(bets.places)]
    share = settings.distance_share / len(near) if near else 0.0
    likelihoods = _on_results(p, judged, settings, 1 - share * len(near))
    return [likelihoods, *(replace(bets, share=share) for bets in near)]


def _on_results(p: np.ndarray, judged: Judged, settings: PerformanceMonitor, share: float) -> Bets:
    let_pass = tolerated(p, settings.slope_tolerance, settings.shift_tolerance)
    known = {
        name: np.where(np.isnan(q).any(axis=1, keepdims=True), p, q)
        for name, q in judged.references.items()
    }
    found = alternatives(p, known)
    bets = [likelihood_bets(q, let_pass, judged.outcome) for q in found.values()]
    return Bets(list(found), np.arange(len(p)), np.column_stack(bets), share)


def _on_distance(
    p: np.ndarray, told: tuple[np.ndarray, np.ndarray], name: str, settings: PerformanceMonitor
) -> Bets:
    other, usual = told
    ratio = distance(other, p) / usual
    places = np.flatnonzero(np.isfinite(ratio))
    known = np.minimum(ratio[places], LONGEST_DISTANCE)
    most = np.full(len(known), settings.distance_tolerance)
    bets = [mean_bets(known, most, stake) for stake in STAKES]
    names = [f"far from {name}, stake {stake:g}" for stake in STAKES]
    return Bets(names, places, np.column_stack(bets), 0.0)


def detect(judged: Judged, settings: PerformanceMonitor) -> Detected:
    """The evidence of degradation after each match; it begins anew with a champion after an alarm.

    Half of it is bet on all matches together, half on each competition by itself.
    """
    bets = bets_of(judged, settings)
    alarm = threshold(settings.seasons_between_false_alarms, settings)
    quiet = threshold(settings.seasons_between_false_warnings, settings)
    matches = len(judged.outcome)
    evidence, ringing = np.full(matches, -np.inf), np.zeros(matches, dtype=bool)
    alarms: list[int] = []
    parts: dict[str, dict[str, float]] = {}
    start = 0
    while start < matches:
        found, parts = _together(bets, judged, start, alarm + SLACK)
        rung = _ringing(found, alarm, quiet)
        end = _replaced(rung, judged.champion[start:])
        evidence[start : start + end], ringing[start : start + end] = found[:end], rung[:end]
        begins = rung[:end] & ~np.concatenate([[False], rung[: end - 1]])
        alarms += [start + int(place) for place in np.flatnonzero(begins)]
        start += end
    return Detected(evidence, parts, alarms, ringing)


def _together(
    bets: list[Bets], judged: Judged, start: int, cap: float
) -> tuple[np.ndarray, dict[str, dict[str, float]]]:
    """The evidence from a match on, and its parts by scope and name after the last match."""
    matches = len(judged.outcome) - start
    names = sorted(set(judged.competition[start:].tolist()))
    inside = {EVERYWHERE: np.ones(len(judged.outcome), dtype=bool)}
    if len(names) > 1:
        inside |= {name: judged.competition == name for name in names}
    found, shares = [], []
    parts: dict[str, dict[str, float]] = {}
    for scope, within in inside.items():
        half = 1.0 if len(inside) == 1 else 0.5
        for part in bets:
            chosen = within[part.places] & (part.places >= start)
            parts.setdefault(scope, {})
            shares.append(part.share * (half if scope == EVERYWHERE else half / len(names)))
            if not chosen.any():
                found.append(np.full(matches, -np.inf))
                continue
            places = part.places[chosen]
            own = detector(part.bets[chosen], judged.rounds[places], cap)
            weights = np.full(len(part.names), 1 / len(part.names))
            found.append(carried(mixed(own, weights), places - start, matches))
            parts[scope] |= dict(zip(part.names, own[-1].tolist(), strict=True))
    return mixed(np.column_stack(found), np.array(shares)), parts


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
