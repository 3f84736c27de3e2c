"""Made-up seasons of settled forecasts: honest ones, and the same with something planted."""

from dataclasses import replace

import numpy as np
import pandas as pd

from pitchline.monitor.performance import detection
from pitchline.monitor.performance.sequence import EXPECTED, GOALS, TESTED, columns_of
from pitchline.params import PerformanceMonitor, load
from tests.conftest import ROOT

LEAGUES = ("eng-premier-league", "esp-la-liga")
SETTINGS = load(ROOT / "params.yaml").monitor.performance
CHAMPION = "0123456789ab"


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def drawn(p: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Results drawn from probabilities."""
    return np.asarray((random.random(len(p))[:, None] >= np.cumsum(p, axis=1)[:, :2]).sum(axis=1))


def truth(matches: int, random: np.random.Generator) -> np.ndarray:
    """Probabilities as they are in football."""
    strength = random.normal(0.25, 0.75, matches)
    return softmax(np.stack([strength / 2, np.full(matches, -0.25), -strength / 2], axis=1))


def honest(
    matches: int, seed: int, a_round: int = 10, leagues: tuple[str, ...] = LEAGUES[:1]
) -> detection.Judged:
    """Forecasts that are exactly right, with an Elo that is a little worse."""
    random = np.random.default_rng(seed)
    p = truth(matches, random)
    noisy = softmax(np.log(p) + random.normal(0, 0.1, p.shape))
    distances = detection.distance(noisy, p)
    return detection.Judged(
        forecast=p,
        outcome=drawn(p, random),
        rounds=np.arange(matches) // a_round,
        competition=np.array(leagues, dtype=object)[np.arange(matches) % len(leagues)],
        champion=np.full(matches, CHAMPION, dtype=object),
        references={"Elo": noisy, "the base rates": np.tile(p.mean(axis=0), (matches, 1))},
        neighbours={"Elo": (noisy, np.full(matches, distances.mean()))},
        goals=np.full((matches, 2), np.nan),
        expected_goals=np.full((matches, 2), np.nan),
    )


def scoring(judged: detection.Judged, seed: int, level: float = 1.0) -> detection.Judged:
    """The same with goals, drawn from what is expected and by themselves: results stay."""
    random = np.random.default_rng(seed)
    expected = np.exp(random.normal([0.4, 0.15], 0.3, (len(judged.outcome), 2)))
    return replace(
        judged, expected_goals=expected, goals=random.poisson(expected * level).astype(float)
    )


def forecasting(judged: detection.Judged, p: np.ndarray, since: int) -> detection.Judged:
    """The same matches, forecast otherwise from one on."""
    whole = judged.forecast.copy()
    whole[since:] = p[since:]
    return replace(judged, forecast=whole)


def settings(**changes: float) -> PerformanceMonitor:
    """The committed settings with some changed."""
    return SETTINGS.model_copy(update=changes)


def table(judged: detection.Judged, origin: str = TESTED) -> pd.DataFrame:
    """The same as settled forecasts, a round each week."""
    start = pd.Timestamp("2024-08-10T14:00:00Z")
    day = start + pd.to_timedelta(judged.rounds * 7, unit="D")
    frame = pd.DataFrame(
        {
            "match_id": [f"m{number:05d}" for number in range(len(judged.outcome))],
            "competition": judged.competition,
            "season": "2024-25",
            "kick_off": pd.Series(day).astype("datetime64[ms, UTC]"),
            "result": np.array(["H", "D", "A"])[judged.outcome],
            "champion": judged.champion,
            "origin": origin,
        }
    )
    others = {"elo": judged.references["Elo"], "base": judged.references["the base rates"]}
    for name, p in {"model": judged.forecast, **others}.items():
        frame[columns_of(name)] = p
    frame[columns_of("market")] = np.nan
    frame[GOALS], frame[EXPECTED] = judged.goals, judged.expected_goals
    return frame
