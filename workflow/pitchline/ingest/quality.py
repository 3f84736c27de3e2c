"""How good the ingested data is: checks with evidence, and one score from 0 to 1."""

from typing import Any

import pandas as pd

from pitchline.ingest.staging import Quarantined


def season_completeness(matches: pd.DataFrame, as_of: pd.Timestamp) -> list[dict[str, Any]]:
    """Per competition and season: matches listed against a double round robin of its teams.

    A match whose result should be known by ``as_of`` but is missing counts as well.
    """
    rows = []
    for (competition, season), group in matches.groupby(["competition", "season"], sort=True):
        teams = len({*group["home_team"], *group["away_team"]})
        expected = teams * (teams - 1)
        overdue = int((group["result"].isna() & (group["known_at"] <= as_of)).sum())
        rows.append(
            {
                "competition": competition,
                "season": season,
                "teams": teams,
                "matches": len(group),
                "expected_matches": expected,
                "results_overdue": overdue,
                "score": round(max(0, min(len(group), expected) - overdue) / max(expected, 1), 6),
            }
        )
    return rows


def report(
    matches: pd.DataFrame,
    quarantined: list[Quarantined],
    unknown_names: list[str],
    snapshots: int,
    rows_parsed: int,
    rows_resolved: int,
    as_of: pd.Timestamp,
    rows_repeated: int = 0,
) -> dict[str, Any]:
    """The quality report of one ingest.

    Args:
        matches: the table ``Matches``.
        quarantined: the bodies set aside.
        unknown_names: team names the curated table lacks.
        snapshots: bodies read.
        rows_parsed: rows read from all bodies.
        rows_resolved: rows whose two teams are known.
        as_of: the moment up to which results are expected.
        rows_repeated: rows that tell a match their own body tells again.

    Returns:
        ``score`` (the lowest of the checks), ``checks``, and the evidence.
    """
    seasons = season_completeness(matches, as_of)
    checks = {
        "bodies_parsed": 1 - len(quarantined) / max(snapshots, 1),
        "matches_resolved": rows_resolved / max(rows_parsed, 1),
        "matches_told_once": 1 - rows_repeated / max(rows_parsed, 1),
        "seasons_complete": min((s["score"] for s in seasons), default=0.0),
    }
    checks = {name: round(score, 6) for name, score in checks.items()}
    return {
        "score": min(checks.values()),
        "checks": checks,
        "snapshots": snapshots,
        "matches": len(matches),
        "seasons": seasons,
        "unknown_team_names": unknown_names,
        "quarantined": [vars(item) for item in quarantined],
    }
