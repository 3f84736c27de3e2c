"""How the data stand: trend, freshness, quarantine, and the verdict."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pitchline.monitor.quality import freshness, trend
from pitchline.monitor.status import told
from pitchline.params import QualityMonitor


def review(
    checks: pd.DataFrame,
    score: Mapping[str, Any],
    matches: pd.DataFrame,
    tellings: pd.DataFrame,
    minimum: float,
    settings: QualityMonitor,
) -> dict[str, Any]:
    """What quality.json holds.

    Args:
        checks: the table ``Checks``.
        score: the content of score.json.
        matches: the table ``Matches``.
        tellings: the table ``MatchSources``.
        minimum: the score training asks for.
        settings: when it rings.
    """
    as_of, newest_fetch = pd.Timestamp(score["as_of"]), pd.Timestamp(score["newest_fetch"])
    windows = trend.scores(checks, score, settings)
    competitions = freshness.competitions(matches, checks, as_of, settings)
    sources = freshness.sources(tellings, checks, as_of, settings)
    piled, of_quarantine = trend.quarantine(checks, newest_fetch, settings)
    reasons = [
        trend.judged_trend(windows, minimum, settings),
        freshness.judged(competitions, "results", "overdue"),
        freshness.judged(sources, "sources", "late"),
        of_quarantine,
    ]
    return told("quality", score["as_of"], reasons) | {
        "score": score["score"],
        "newest_score": next((line["score"] for line in windows if line["back"] == 0), None),
        "minimum": minimum,
        "newest_fetch": score["newest_fetch"],
        "windows": windows,
        "competitions": competitions,
        "sources": sources,
        "quarantine": piled,
    }
