"""How fresh the data are: the newest result and fixture of each competition, and each source."""

from typing import Any

import pandas as pd

from pitchline.monitor.quality.trend import in_windows
from pitchline.monitor.status import MOMENT, Reason, Status
from pitchline.params import QualityMonitor

DAY = pd.Timedelta(days=1)
OVERDUE, LATE = "results_on_time", "sources_on_time"


def _moment(at: Any) -> str | None:
    return None if at is None or pd.isna(at) else f"{at:{MOMENT}}"


def _share(checks: pd.DataFrame, rule: str, by: str) -> dict[str, tuple[int, float]]:
    """What a rule checked and found at fault, by competition or source."""
    sums = checks[checks["rule"] == rule].groupby(by)[["checked", "bad"]].sum()
    return {
        str(name): (int(checked), float(bad)) for name, checked, bad in sums.itertuples(name=None)
    }


def playing_since(results: pd.Series, pause: float) -> pd.Timestamp | None:
    """The first of the newest results with no longer pause among them.

    Args:
        results: moments.
        pause: days.
    """
    ordered = results.sort_values()
    begins = ordered[~(ordered.diff() <= pause * DAY)]
    return begins.iloc[-1] if len(begins) else None


def competitions(
    matches: pd.DataFrame, checks: pd.DataFrame, as_of: pd.Timestamp, settings: QualityMonitor
) -> list[dict[str, Any]]:
    """Each competition's newest result, next fixture and overdue results.

    Args:
        matches: the table ``Matches``.
        checks: the table ``Checks``.
        as_of: the moment, UTC.
        settings: the window, and what counts as late.

    Returns:
        competition, newest_result, playing_since (the first result after the last pause longer
        than ``result_days``), next_fixture (moments or null), days_since_result, due and overdue
        (matches of the newest window), status.
    """
    newest = checks[in_windows(checks["day"], as_of, settings.window_days) == 0]
    found = _share(newest, OVERDUE, "competition")
    told = []
    for name, part in matches.groupby("competition", sort=True):
        results = part.loc[part["result"].notna() & (part["kick_off"] <= as_of), "kick_off"]
        played = results.max()
        to_come = part.loc[part["kick_off"] > as_of, "kick_off"].min()
        due, overdue = found.get(str(name), (0, 0.0))
        days = None if pd.isna(played) else max(0.0, (as_of - played) / DAY)
        soon = pd.notna(to_come) and (to_come - as_of) / DAY <= settings.result_days
        late = days is not None and days > settings.result_days and (soon or overdue > 0)
        status: Status = "warning" if late or overdue else "good"
        if due and overdue / due >= settings.overdue_share:
            status = "alarm"
        told.append(
            {
                "competition": str(name),
                "newest_result": _moment(played),
                "playing_since": _moment(playing_since(results, settings.result_days)),
                "next_fixture": _moment(to_come),
                "days_since_result": None if days is None else round(days, 1),
                "due": due,
                "overdue": round(overdue, 2),
                "status": status,
            }
        )
    return told


def sources(
    tellings: pd.DataFrame, checks: pd.DataFrame, as_of: pd.Timestamp, settings: QualityMonitor
) -> list[dict[str, Any]]:
    """Each source's newest answer and newest result, and what it is late with.

    Args:
        tellings: the table ``MatchSources``.
        checks: the table ``Checks``.
        as_of: the moment, UTC.
        settings: the window, and what counts as late.

    Returns:
        source, newest_fetch, newest_result, due and late (rows of the newest window), status.
    """
    newest = checks[in_windows(checks["day"], as_of, settings.window_days) == 0]
    found = _share(newest, LATE, "source")
    told = []
    for name, part in tellings.groupby("source", sort=True):
        played = part.loc[part["home_goals"].notna() & (part["kick_off"] <= as_of), "kick_off"]
        due, late = found.get(str(name), (0, 0.0))
        behind = bool(due) and late / due >= settings.overdue_share
        told.append(
            {
                "source": str(name),
                "newest_fetch": part["fetched_at"].max(),
                "newest_result": _moment(played.max()),
                "due": due,
                "late": round(late, 2),
                "status": "warning" if behind else "good",
            }
        )
    return told


def judged(parts: list[dict[str, Any]], name: str, late: str) -> Reason:
    """The worst of the competitions, or of the sources, by name.

    Args:
        parts: as from ``competitions`` or ``sources``.
        name: of the reason.
        late: the field that counts what is late.
    """
    bad = [part for part in parts if part["status"] != "good"]
    status: Status = "alarm" if any(part["status"] == "alarm" for part in bad) else "warning"
    if not bad:
        return Reason(name, "good", f"none of {len(parts)} is behind")
    text = "; ".join(
        f"{next(iter(part.values()))}: {part[late]:g} of {part['due']} late, newest result "
        f"{part['newest_result'] or 'none'}"
        for part in bad
    )
    return Reason(name, status, text)
