"""The candidate held against the champion on the matches both forecast: pure functions."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pitchline.params import Evaluate
from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.evaluate import probabilities

DECIMALS = 6
WHOLE = "test"
Bounds = dict[str, tuple[pd.Timestamp, pd.Timestamp] | None]
MEASURES = {
    "log_loss": metrics.log_loss,
    "rps": metrics.ranked_probability_score,
    "accuracy": metrics.correct,
}


@dataclass(frozen=True)
class Comparison:
    """The candidate beside the champion.

    Attributes:
        note: what was compared, in words.
        needed: whether nothing to compare is a fault: there is a champion.
        windows: as from ``compare``; empty if the two could not be compared.
    """

    note: str
    needed: bool
    windows: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    def matches(self, window: str) -> int:
        """Matches in common in a window."""
        found = self.windows.get(window)
        return found["matches"] if found else 0

    def log_loss_above(self, window: str) -> float | None:
        """How much worse the candidate may be than the champion, nats.

        The upper end of the interval of the difference, or the difference itself where there is
        no interval; None without a common match.
        """
        found = self.windows.get(window)
        if not found:
            return None
        difference = found["candidate_minus_champion"]
        interval = difference["log_loss_interval"]
        above: float = interval[1] if interval else difference["log_loss"]
        return above


def compare(
    candidate: pd.DataFrame,
    champion: pd.DataFrame,
    bounds: Bounds,
    settings: Evaluate,
    seed: int,
) -> dict[str, dict[str, Any] | None]:
    """Both models' scores on the same matches, with paired bootstrap intervals.

    Args:
        candidate: the candidate's test forecasts, table ``Forecasts``.
        champion: the champion's.
        bounds: first and last kick-off of each part of the test window that is compared too;
            None for a part without matches.
        settings: bootstrap size and level, bins of the calibration error.
        seed: of the bootstrap.

    Returns:
        For the whole test window (``test``) and each part: ``matches`` in common, the scores of
        ``candidate`` and ``champion``, and ``candidate_minus_champion`` with intervals; None
        without a common match.
    """
    common = candidate[candidate["match_id"].isin(champion["match_id"])].reset_index(drop=True)
    old = champion.set_index("match_id").loc[common["match_id"]].reset_index()
    found = {WHOLE: _side_by_side(common, old, settings, seed)}
    for window, span in bounds.items():
        if span is None:
            found[window] = None
            continue
        inside = common["kick_off"].between(*span).to_numpy()
        found[window] = _side_by_side(common[inside], old[inside], settings, seed)
    return found


def _side_by_side(
    new: pd.DataFrame, old: pd.DataFrame, settings: Evaluate, seed: int
) -> dict[str, Any] | None:
    if new.empty:
        return None
    outcome, level = targets(new), settings.confidence_level
    forecasts = {
        "candidate": probabilities(new, "model"),
        "champion": probabilities(old, "model"),
    }
    counts = metrics.bootstrap_counts(len(new), settings.bootstrap_samples, seed)
    scores: dict[str, dict[str, Any]] = {who: {} for who in forecasts}
    difference: dict[str, Any] = {}

    def tell(name: str, means: dict[str, float], interval: tuple[float, float]) -> None:
        for who, mean in means.items():
            scores[who][name] = round(mean, DECIMALS)
        difference[name] = round(means["candidate"] - means["champion"], DECIMALS)
        difference[f"{name}_interval"] = [round(bound, DECIMALS) for bound in interval]

    for name, measure in MEASURES.items():
        values = {who: measure(p, outcome) for who, p in forecasts.items()}
        above = values["candidate"] - values["champion"]
        tell(
            name,
            {who: float(value.mean()) for who, value in values.items()},
            metrics.interval_of_mean(above, counts, level),
        )
    bins = settings.calibration_bins
    errors = {
        who: resampled_calibration_errors(p, outcome, counts, bins) for who, p in forecasts.items()
    }
    tell(
        "calibration_error",
        {who: metrics.calibration_error(p, outcome, bins) for who, p in forecasts.items()},
        metrics.percentile_interval(errors["candidate"] - errors["champion"], level),
    )
    return {"matches": len(new), **scores, "candidate_minus_champion": difference}


def resampled_calibration_errors(
    forecast: np.ndarray, outcome: np.ndarray, counts: np.ndarray, bins: int
) -> np.ndarray:
    """The calibration error of each resample, as ``metrics.calibration_error`` has it.

    A resample in the order of its forecasts is the sorted matches, each repeated: what its bins
    sum up to is read off running sums, without making the resample.

    Args:
        forecast: probabilities, shape (matches, 3).
        outcome: class numbers, shape (matches,).
        counts: how often each match is drawn, shape (samples, matches).
        bins: of equal numbers of forecasts.

    Returns:
        An error a resample, shape (samples,).
    """
    samples, matches = counts.shape
    sizes = [len(part) for part in np.array_split(np.arange(matches), bins)]
    ends = np.cumsum(sizes)[np.array(sizes) > 0]
    rows = np.arange(samples)[:, None]
    total = np.zeros(samples)
    for result in range(3):
        order = np.argsort(forecast[:, result], kind="stable")
        gaps = forecast[order, result] - (outcome[order] == result)
        drawn = counts[:, order]
        running = np.cumsum(drawn, axis=1)
        sums = np.cumsum(drawn * gaps, axis=1)
        last = np.stack([np.searchsorted(row, ends) for row in running])
        upto = sums[rows, last] - (running[rows, last] - ends) * gaps[last]
        total += np.abs(np.diff(upto, axis=1, prepend=0.0)).sum(axis=1)
    return np.asarray(total / (3 * matches))


def by_pointer(
    recorded: dict[str, Any], found: dict[str, Any]
) -> dict[str, dict[str, Any] | None] | None:
    """The mean scores that the pointer records of the champion, beside the candidate's.

    Args:
        recorded: the pointer's ``metrics``.
        found: the candidate's metrics.json.

    Returns:
        As from ``compare``, of the whole test window and without intervals; None if the two
        were tested on other matches.
    """
    window = ("matches", "first_kick_off", "last_kick_off")
    if any(recorded.get(key) != found[key] for key in window):
        return None
    names = (*MEASURES, "calibration_error")
    scores = {
        who: {name: told["model"].get(name) for name in names}
        for who, told in (("candidate", found), ("champion", recorded))
    }
    difference: dict[str, Any] = {}
    for name in names:
        new, old = scores["candidate"][name], scores["champion"][name]
        known = new is not None and old is not None
        difference[name] = round(new - old, DECIMALS) if known else None
        difference[f"{name}_interval"] = None
    return {WHOLE: {"matches": found["matches"], **scores, "candidate_minus_champion": difference}}
