"""One detector of degradation: every alternative, in all matches and in each competition."""

from collections.abc import Mapping, Sequence
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
from pitchline.monitor.performance.goals import goal_bets
from pitchline.params import PerformanceMonitor

EVERYWHERE = "all competitions"
# A single match whose odds follow from what no model knows must not decide: a distance counts as
# no more than this many times its mean.
LONGEST_DISTANCE = 5.0
STAKES = (0.2, 0.5, 0.9)
TUESDAY = pd.Timestamp("1970-01-06", tz="UTC")
MIDWEEK_DAYS = 3
NEVER = -(2**31)


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
        goals: of the home and the away team, shape (matches, 2), NaN where unknown.
        expected_goals: as forecast, the same shape, NaN where they were not.
    """

    forecast: np.ndarray
    outcome: np.ndarray
    rounds: np.ndarray
    competition: np.ndarray
    champion: np.ndarray
    references: Mapping[str, np.ndarray]
    neighbours: Mapping[str, tuple[np.ndarray, np.ndarray]]
    goals: np.ndarray
    expected_goals: np.ndarray


@dataclass(frozen=True)
class Detected:
    """The evidence of degradation after each match, nats.

    Attributes:
        evidence: of all bets together; it begins anew after a ring.
        rings: positions at which it reached the alarm.
        ringing: whether an alarm stands, after each match.
        parts: the evidence of each competition and of all, by what it is for: at the last ring
            while that stands, else after the last match.
    """

    evidence: np.ndarray
    rings: list[int]
    ringing: np.ndarray
    parts: dict[str, dict[str, float]]

    @property
    def alarms(self) -> list[int]:
        """Positions at which an alarm began: rings while one stands make it last."""
        before = np.concatenate([[False], self.ringing[:-1]])
        return [int(place) for place in np.flatnonzero(self.ringing & ~before)]


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
    """All bets: results have the share that distances and goals leave."""
    others = [*on_goals(judged, settings), *on_distances(judged, settings)]
    return [on_results(judged, settings, 1 - sum(bets.share for bets in others)), *others]


def on_results(judged: Judged, settings: PerformanceMonitor, share: float) -> Bets:
    """Bets on what else the results may have been drawn from."""
    p = normalised(judged.forecast)
    let_pass = tolerated(p, settings.slope_tolerance, settings.shift_tolerance)
    known = {
        name: np.where(np.isnan(q).any(axis=1, keepdims=True), p, q)
        for name, q in judged.references.items()
    }
    found = alternatives(p, known)
    bets = [likelihood_bets(q, let_pass, judged.outcome) for q in found.values()]
    return Bets(list(found), np.arange(len(p)), np.column_stack(bets), share)


def on_goals(judged: Judged, settings: PerformanceMonitor) -> list[Bets]:
    """Bets on what else the goals may have been drawn from; none where no goals are known."""
    known = np.isfinite(judged.goals + judged.expected_goals).all(axis=1)
    places = np.flatnonzero(known & (judged.expected_goals > 0).all(axis=1))
    if not len(places):
        return []
    found = goal_bets(judged.expected_goals[places], judged.goals[places], settings.goals_tolerance)
    bets = np.column_stack(list(found.values()))
    return [Bets(list(found), places, bets, settings.goals_share)]


def on_distances(judged: Judged, settings: PerformanceMonitor) -> list[Bets]:
    """Bets on the distances to those neighbours whose usual distance is known."""
    p = normalised(judged.forecast)
    found = []
    for name, (other, usual) in judged.neighbours.items():
        ratio = distance(other, p) / usual
        places = np.flatnonzero(np.isfinite(ratio))
        if len(places):
            known = np.minimum(ratio[places], LONGEST_DISTANCE)
            most = np.full(len(known), settings.distance_tolerance)
            bets = np.column_stack([mean_bets(known, most, stake) for stake in STAKES])
            names = [f"far from {name}, stake {stake:g}" for stake in STAKES]
            found.append(Bets(names, places, bets, 0.0))
    return [replace(bets, share=settings.distance_share / len(found)) for bets in found]


def detect(judged: Judged, settings: PerformanceMonitor) -> Detected:
    """The evidence of degradation after each match, and when it rang.

    Half of it is bet on all matches together, half on each competition by itself. After a ring it
    begins anew; the alarm stands for some rounds after the last ring, or until a model serves that
    was never seen before. A challenger that answers its share all along ends none.
    """
    bets = bets_of(judged, settings)
    alarm = threshold(settings.seasons_between_false_alarms, settings)
    matches = len(judged.outcome)
    evidence, ringing = np.full(matches, -np.inf), np.zeros(matches, dtype=bool)
    rings: list[int] = []
    start, until, segment = 0, NEVER, (0, matches)
    while start < matches:
        found = together(bets, judged, start)
        reached = np.flatnonzero(found >= alarm)
        end = start + int(reached[0]) + 1 if len(reached) else matches
        replaced = _replaced(judged, start, end, until)
        rang = len(reached) > 0 and replaced is None
        end = end if replaced is None else replaced
        evidence[start:end] = found[: end - start]
        ringing[start:end] = judged.rounds[start:end] <= until
        if rang:
            rings.append(end - 1)
            ringing[end - 1] = True
            until = int(judged.rounds[end - 1]) + settings.alarm_rounds
        elif replaced is not None:
            until = NEVER
        if rang or (end == matches and not ringing[-1]):
            segment = (start, end)
        start = end
    return Detected(evidence, rings, ringing, _parts(bets, judged, *segment))


def _replaced(judged: Judged, start: int, end: int, until: int) -> int | None:
    """The first match, while an alarm stands, of a model never seen before."""
    firsts = np.sort(np.unique(judged.champion, return_index=True)[1])
    inside = firsts[(firsts >= max(start, 1)) & (firsts < end)]
    new = inside[judged.rounds[inside] <= until]
    return int(new[0]) if len(new) else None


def _scopes(judged: Judged, names: Sequence[str]) -> dict[str, tuple[np.ndarray, float]]:
    """Which matches belong to all and to each competition, and the share of each."""
    every = np.ones(len(judged.outcome), dtype=bool)
    if len(names) < 2:
        return {EVERYWHERE: (every, 1.0)}
    each = {name: (judged.competition == name, 0.5 / len(names)) for name in names}
    return {EVERYWHERE: (every, 0.5)} | each


def together(bets: list[Bets], judged: Judged, start: int) -> np.ndarray:
    """The evidence from a match on."""
    matches = len(judged.outcome) - start
    names = sorted(set(judged.competition.tolist()))
    found, shares = [], []
    for inside, half in _scopes(judged, names).values():
        for part in bets:
            chosen = inside[part.places] & (part.places >= start)
            if chosen.any():
                places = part.places[chosen]
                own = detector(part.bets[chosen], judged.rounds[places])
                weights = np.full(len(part.names), 1 / len(part.names))
                found.append(carried(mixed(own, weights), places - start, matches))
                shares.append(part.share * half)
    return mixed(np.column_stack(found), np.array(shares))


def _parts(bets: list[Bets], judged: Judged, start: int, end: int) -> dict[str, dict[str, float]]:
    """The evidence of some matches after the last of them, by scope and by what it is for."""
    names = sorted(set(judged.competition.tolist()))
    parts: dict[str, dict[str, float]] = {}
    for scope, (inside, _) in _scopes(judged, names).items():
        parts[scope] = {}
        for part in bets:
            chosen = inside[part.places] & (part.places >= start) & (part.places < end)
            if chosen.any():
                own = detector(part.bets[chosen], judged.rounds[part.places[chosen]])[-1]
                parts[scope] |= dict(zip(part.names, own.tolist(), strict=True))
    return parts
