"""Degradation planted in honest forecasts or in what came, and the test that knows all of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pitchline.monitor.performance.alternatives import FLOOR, normalised, tempered, turned
from pitchline.monitor.performance.detection import Judged

HOME, DRAW, AWAY = range(3)


@dataclass(frozen=True)
class Planted:
    """Matches with a fault.

    Attributes:
        judged: as the monitor sees them.
        ratio: of each match the logarithm of the likelihood of what came under the truth minus
            that under the forecast: what a test told of the fault beforehand adds up.
    """

    judged: Judged
    ratio: np.ndarray


Fault = Callable[[Judged, np.random.Generator], Planted]


def forecast_otherwise(judged: Judged, p: np.ndarray) -> Planted:
    """Other forecasts of the same matches."""
    given = np.arange(len(p)), judged.outcome
    ratio = np.log(np.maximum(judged.forecast[given], FLOOR) / np.maximum(p[given], FLOOR))
    return Planted(replace(judged, forecast=p), ratio)


def surer(exponent: float) -> Fault:
    """Forecasts to a power."""
    return lambda judged, _: forecast_otherwise(judged, tempered(judged.forecast, exponent))


def swapped(share: float) -> Fault:
    """Home and away exchanged in some of the forecasts."""

    def fault(judged: Judged, random: np.random.Generator) -> Planted:
        p = judged.forecast
        chosen = random.random(len(p)) < share
        return forecast_otherwise(judged, np.where(chosen[:, None], p[:, [2, 1, 0]], p))

    return fault


def noisy(spread: float) -> Fault:
    """Noise in the log-odds."""

    def fault(judged: Judged, random: np.random.Generator) -> Planted:
        p = judged.forecast
        return forecast_otherwise(judged, normalised(p * np.exp(random.normal(0, spread, p.shape))))

    return fault


def shuffled(judged: Judged, random: np.random.Generator) -> Planted:
    """Forecasts of other matches."""
    return forecast_otherwise(judged, judged.forecast[random.permutation(len(judged.forecast))])


def became(share: float, taken: int | None, given: int) -> Fault:
    """A share of the results (all, or of one kind) become another, and their scores with them."""

    def fault(judged: Judged, random: np.random.Generator) -> Planted:
        y, p = judged.outcome, judged.forecast
        open_to = np.full(len(y), True) if taken is None else y == taken
        hit = open_to & (random.random(len(y)) < share) & (y != given)
        outcome = np.where(hit, given, y)
        goals = np.where(hit[:, None], _scored(judged.goals, given, random), judged.goals)
        q = normalised((1 - share) * p + share * np.eye(3)[given])
        if taken is not None:
            q = turned(p, taken, given, share)
        places = np.arange(len(y)), outcome
        ratio = np.log(q[places] / np.maximum(p[places], FLOOR))
        return Planted(replace(judged, outcome=outcome, goals=goals), ratio)

    return fault


def _scored(goals: np.ndarray, given: int, random: np.random.Generator) -> np.ndarray:
    """Scores changed to another result: the sides swapped, or a goal or more made level."""
    low, high = goals.min(axis=1), goals.max(axis=1)
    if given == DRAW:
        level = np.where(random.random(len(goals)) < 0.5, low, high)
        return np.column_stack([level, level])
    high = np.where(low == high, high + 1, high)
    return np.column_stack([high, low] if given == HOME else [low, high])


def scoring(home: float, away: float) -> Fault:
    """Goals of home and away teams multiplied, and the results that follow."""

    def fault(judged: Judged, random: np.random.Generator) -> Planted:
        factors = np.array([home, away])
        came = judged.goals.astype(np.int64)
        fewer = random.binomial(came, np.minimum(factors, 1.0))
        more = random.poisson(judged.expected_goals * np.maximum(factors - 1, 0.0))
        goals = np.where(factors < 1, fewer, came + more)
        outcome = 1 - np.sign(goals[:, 0] - goals[:, 1])
        expected = judged.expected_goals
        ratio = (goals * np.log(factors) - expected * (factors - 1)).sum(axis=1)
        changed = replace(judged, outcome=outcome, goals=goals.astype(np.float64))
        return Planted(changed, ratio)

    return fault


FORECASTS: dict[str, Fault] = {
    "forecasts of other matches": shuffled,
    "sides swapped: all": swapped(1.0),
    "half of the matches": swapped(0.5),
    "a quarter": swapped(0.25),
    "a tenth": swapped(0.1),
    "a third each": surer(0.0),
    "exponent 0.5 (half as sure)": surer(0.5),
    "exponent 0.75": surer(0.75),
    "exponent 1.5": surer(1.5),
    "exponent 2 (twice as sure)": surer(2.0),
    "exponent 3": surer(3.0),
    "noise in the log-odds, standard deviation 0.3": noisy(0.3),
    "noise of 0.5": noisy(0.5),
    "noise of 1.0": noisy(1.0),
}
CHANGES: dict[str, Fault] = {
    "all home wins become away wins": became(1.0, HOME, AWAY),
    "half of the home wins": became(0.5, HOME, AWAY),
    "a quarter of the home wins": became(0.25, HOME, AWAY),
    "four tenths of the results become draws": became(0.4, None, DRAW),
    "two tenths": became(0.2, None, DRAW),
    "a tenth": became(0.1, None, DRAW),
    "goals halved": scoring(0.5, 0.5),
    "a third fewer goals": scoring(0.67, 0.67),
    "a fifth fewer": scoring(0.8, 0.8),
    "a tenth fewer": scoring(0.9, 0.9),
    "a fifth more goals": scoring(1.2, 1.2),
    "half as many more": scoring(1.5, 1.5),
    "twice the goals": scoring(2.0, 2.0),
    "home advantage gone (goals 0.89, 1.12)": scoring(0.89, 1.12),
    "home advantage turned round (0.8, 1.25)": scoring(0.8, 1.25),
    "far more than that (0.6, 1.6)": scoring(0.6, 1.6),
}
