"""Scores of equal windows of days, the newest against its past."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from scipy import stats

from pitchline.ingest.quality.score import DECIMALS, sliced
from pitchline.monitor.status import Reason
from pitchline.params import QualityMonitor

DAY = pd.Timedelta(days=1)
QUARANTINE = "bodies_readable"
# How sure it must be that quarantine has grown.
LEVEL = 0.01


def in_windows(days: pd.Series, end: pd.Timestamp, length: int) -> pd.Series:
    """How many windows back each day lies: 0 in the newest, which ends with ``end``; after it -1.

    Args:
        days: first moments of days, UTC.
        end: the last moment.
        length: days of a window.
    """
    back: pd.Series = (end.floor("D") - days).dt.days // length
    return back


def scores(
    checks: pd.DataFrame, score: Mapping[str, Any], settings: QualityMonitor
) -> list[dict[str, Any]]:
    """The score of each window, the newest first; those in which nothing was checked are left out.

    Rules that look at matches are windowed by the day of the match before ``as_of``, the others by
    the day of the fetch before the newest one.

    Args:
        checks: the table ``Checks``.
        score: the content of score.json.
        settings: windows.

    Returns:
        ``back`` (0 is the newest window), ``last`` (its last day), score, checked, bad.
    """
    dated = checks["rule"].map({name: rule["dated_by"] for name, rule in score["rules"].items()})
    of_match = in_windows(checks["day"], pd.Timestamp(score["as_of"]), settings.window_days)
    newest = pd.Timestamp(score["newest_fetch"])
    of_fetch = in_windows(checks["day"], newest, settings.window_days)
    back = of_match.where(dated == "match", of_fetch)
    kept = (back >= 0) & (back <= settings.past_windows)
    weights = {name: rule["weight"] for name, rule in score["rules"].items()}
    found = sliced(checks[kept].assign(back=back[kept]), weights, ["back"])
    end = pd.Timestamp(score["as_of"]).floor("D")
    return [
        {
            "back": int(line["back"]),
            "last": f"{end - int(line['back']) * settings.window_days * DAY:%Y-%m-%d}",
            "score": line["score"],
            "checked": int(line["checked"]),
            "bad": line["bad"],
        }
        for line in found.to_dict("records")
    ]


def judged_trend(windows: list[dict[str, Any]], minimum: float, settings: QualityMonitor) -> Reason:
    """Whether the newest window's score is too low, or lower than it ever was.

    Args:
        windows: as from ``scores``.
        minimum: the score training asks for.
        settings: how far it may fall.
    """
    newest = [line["score"] for line in windows if line["back"] == 0]
    past = [line["score"] for line in windows if line["back"] > 0]
    if not newest:
        return Reason("score", "unknown", "nothing was checked in the newest window")
    text = f"{newest[0]:.4f} in the newest {settings.window_days} days"
    if past:
        text += f", {min(past):.4f} to {max(past):.4f} in the {len(past)} windows before"
    if newest[0] < minimum:
        return Reason("score", "alarm", f"{text}; training asks for {minimum:g}")
    if past and newest[0] < min(past) - settings.fall:
        return Reason("score", "warning", text)
    return Reason("score", "good", text)


def quarantine(
    checks: pd.DataFrame, newest_fetch: pd.Timestamp, settings: QualityMonitor
) -> tuple[dict[str, Any], Reason]:
    """Bodies in quarantine among those of the newest window's fetches, and whether they have grown.

    Grown means more than the fetches before would give by chance (R. Fisher's exact test, 1934).
    """
    bodies = checks[checks["rule"] == QUARANTINE]
    back = in_windows(bodies["day"], newest_fetch, settings.window_days)
    new, old = bodies[back <= 0], bodies[back > 0]
    checked, bad = int(new["checked"].sum()), float(new["bad"].sum())
    earlier, bad_before = int(old["checked"].sum()), float(old["bad"].sum())
    p_value = 1.0
    if earlier and checked:
        table = [[bad, checked - bad], [bad_before, earlier - bad_before]]
        p_value = float(stats.fisher_exact(table, alternative="greater").pvalue)
    share = bad / checked if checked else 0.0
    grown = p_value <= LEVEL or (not earlier and bad > 0)
    told = {
        "checked": checked,
        "bad": round(bad, DECIMALS),
        "checked_before": earlier,
        "bad_before": round(bad_before, DECIMALS),
        "p_value": float(f"{p_value:.3g}"),
    }
    text = (
        f"{bad:.0f} of {checked} bodies of the newest {settings.window_days} days, "
        f"{bad_before:.0f} of {earlier} before"
    )
    if grown and share >= settings.quarantine_share:
        return told, Reason("quarantine", "alarm", text)
    return told, Reason("quarantine", "warning" if grown else "good", text)
