"""How the settled forecasts stand: scores, evidence of degradation, and the verdict."""

from typing import Any

import numpy as np
import pandas as pd

from pitchline.monitor.performance import detection
from pitchline.monitor.performance.figures import DECIMALS, figures_of, rolling_excess
from pitchline.monitor.performance.sequence import ISSUED, PREDICTED, TESTED, judged
from pitchline.monitor.status import MOMENT, Reason, Status, told
from pitchline.params import PerformanceMonitor

SHOWN_PARTS = 5
CURVE_POINTS = 400


def review(rows: pd.DataFrame, as_of: str, settings: PerformanceMonitor) -> dict[str, Any]:
    """What performance.json holds.

    Args:
        rows: as from ``sequence.settled``.
        as_of: the moment the data are of.
        settings: when it rings.

    Returns:
        The verdict with its reasons; counts; the scores of each window, of all and of what was
        issued; the evidence with its thresholds, its leading parts, past alarms and its curve.
    """
    counts: dict[str, Any] = {
        "matches": len(rows),
        "of": {name: int((rows["origin"] == name).sum()) for name in (ISSUED, PREDICTED, TESTED)},
    }
    if len(rows) < settings.minimum_matches:
        text = f"not enough matches yet: {len(rows)} of {settings.minimum_matches}"
        return told("performance", as_of, [Reason("degradation", "unknown", text)]) | counts
    given = judged(rows)
    found = detection.detect(given, settings)
    alarm = detection.threshold(settings.seasons_between_false_alarms, settings)
    warning = detection.threshold(settings.seasons_between_false_warnings, settings)
    leading = _leading(found)
    reason = _degradation(rows, found, (warning, alarm), leading)
    issued = rows[rows["origin"] != TESTED]
    return (
        told("performance", as_of, [reason])
        | counts
        | {
            "windows": [figures_of(rows.tail(size)) for size in settings.windows],
            "all": figures_of(rows),
            "issued": figures_of(issued) if len(issued) else None,
            "evidence": {
                "now": _plain(found.evidence[-1]),
                "highest": _plain(found.evidence.max()),
                "warning": _plain(warning),
                "alarm": _plain(alarm),
                "alarms": [f"{rows['kick_off'].iloc[place]:{MOMENT}}" for place in found.alarms],
                "leading": leading,
                "curve": _curve(rows, found),
            },
            "excess_curve": _excess_curve(rows, settings),
        }
    )


def _degradation(
    rows: pd.DataFrame,
    found: detection.Detected,
    levels: tuple[float, float],
    leading: list[dict[str, Any]],
) -> Reason:
    warning, alarm = levels
    now = float(found.evidence[-1])
    status: Status = "alarm" if found.ringing[-1] else "warning" if now >= warning else "good"
    text = f"evidence {now:.1f} nats of the {alarm:.1f} that ring"
    if status == "alarm":
        text = f"rang on {rows['kick_off'].iloc[found.rings[-1]]:%Y-%m-%d}"
    if status != "good":
        first = leading[0]
        text += f"; most evidence for {first['alternative']!r} in {first['where']}"
    return Reason("degradation", status, text)


def _leading(found: detection.Detected) -> list[dict[str, Any]]:
    every: list[dict[str, Any]] = [
        {"where": scope, "alternative": name, "evidence": _plain(nats)}
        for scope, parts in found.parts.items()
        for name, nats in parts.items()
    ]
    return sorted(every, key=lambda part: -part["evidence"])[:SHOWN_PARTS]


def _curve(rows: pd.DataFrame, found: detection.Detected) -> list[list[Any]]:
    """Day and evidence after it, at most so many points, the last among them."""
    after = pd.Series(found.evidence).groupby(rows["kick_off"].dt.strftime("%Y-%m-%d")).last()
    return _thinned([[day, _plain(nats)] for day, nats in after.items()])


def _excess_curve(rows: pd.DataFrame, settings: PerformanceMonitor) -> dict[str, Any] | None:
    window = next((size for size in sorted(settings.windows)[::-1] if size <= len(rows) // 2), None)
    if window is None:
        return None
    rolled = rolling_excess(rows, window)
    points = zip(
        rolled["kick_off"].dt.strftime("%Y-%m-%d"),
        rolled["excess"].round(DECIMALS),
        rolled["standard_error"].round(DECIMALS),
        strict=True,
    )
    return {"window": window, "points": _thinned([list(point) for point in points])}


def _thinned(points: list[list[Any]]) -> list[list[Any]]:
    every = max(1, -(-len(points) // CURVE_POINTS))
    return points[::-1][::every][::-1]


def _plain(nats: float) -> float:
    return round(float(np.maximum(nats, -99.0)), 4)
