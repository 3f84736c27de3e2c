"""The quality report for people: one page that needs nothing but itself.

The page is made of what the machine-readable files hold: ``score.json``, ``checks.parquet``,
``findings.parquet`` and the raw snapshots they name. It has no script and asks for nothing, so it
opens from a disk, from a mail, and within Snakemake's report.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from pitchline.ingest.quality import score as scoring
from pitchline.ingest.quality.charts import Point, score_chart
from pitchline.ingest.quality.snapshots import SHOWN_DIGITS, Origin, show_command

TEMPLATE = Path(__file__).with_name("report.html.j2")
SHOWN_FINDINGS = 100
SHOWN_A_RULE = 10
SHOWN_ROWS = 10
SHOWN_NAMES = 100
SHOWN_CONFLICTS = 60
# From here up a score is shown as good; below the gate's minimum as bad.
GOOD = 0.97
NOT_OF_A_SOURCE = "settled tables"


@dataclass(frozen=True)
class Evidence:
    """What the page is made of.

    Attributes:
        score: the content of score.json: ``as_of``, ``score``, and ``rules`` by name, each with
            ``meaning``, ``weight`` and ``dated_by`` (``match`` or ``fetch``).
        minimum: the score training asks for, 0 to 1.
        checks: the table ``Checks``.
        findings: the table ``Findings``.
        quarantined: bodies no row could be taken from: source, kind, key, sha256, fetched_at,
            reason.
        unresolved: the table ``Unresolved``.
        conflicts: the table ``Conflicts``.
        origins: where the raw bodies named by findings and quarantine came from, by hash.
        rows: the sources' own rows of matches with a finding: ``match_id``, ``snapshot`` and what
            the source tells; the table ``MatchSources`` will do.
        matches: how many matches there are.
    """

    score: Mapping[str, Any]
    minimum: float
    checks: pd.DataFrame
    findings: pd.DataFrame
    quarantined: Sequence[Mapping[str, Any]]
    unresolved: pd.DataFrame
    conflicts: pd.DataFrame
    origins: Mapping[str, Origin]
    rows: pd.DataFrame
    matches: int


def html(evidence: Evidence) -> str:
    """The page as text; equal evidence gives equal bytes."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "score": shown_score,
        "grade": _grader(evidence.minimum),
        "short": lambda sha256: sha256[:SHOWN_DIGITS],
        "anchor": anchor,
        "show": show_command,
        "count": lambda number: f"{number:,}",
        "amount": lambda number: f"{number:,.1f}".removesuffix(".0"),
    }
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(_page(evidence))


def _page(evidence: Evidence) -> dict[str, Any]:
    weights = {name: rule["weight"] for name, rule in evidence.score["rules"].items()}
    rules = rule_lines(evidence.checks, evidence.score["rules"])
    findings = costly(evidence.findings, evidence.checks, weights)
    shown = shown_findings(findings)
    linked = _linked(shown, evidence)
    return {
        "as_of": evidence.score["as_of"],
        "overall": evidence.score["score"],
        "minimum": evidence.minimum,
        "good": GOOD,
        "matches": evidence.matches,
        "costly": [rule for rule in rules if rule["bad"]],
        "faultless": [rule for rule in rules if not rule["bad"]],
        "charts": _charts(evidence, weights),
        "tables": _tables(evidence.checks, weights),
        "findings": _records(shown),
        "findings_by_rule": findings["rule"].value_counts().to_dict(),
        "all_findings": len(findings),
        "snapshots": linked,
        "linked": {snapshot["sha256"] for snapshot in linked},
        "quarantined": sorted(
            evidence.quarantined, key=lambda q: (q["source"], q["kind"], q["key"], q["fetched_at"])
        ),
        "names": unknown_names(evidence.unresolved),
        "others": other_unresolved(evidence.unresolved),
        "shown_names": SHOWN_NAMES,
        "all_unresolved": len(evidence.unresolved),
        "conflicts": conflict_counts(evidence.conflicts),
        "all_conflicts": len(evidence.conflicts),
    }


# -- scores of slices


def rule_lines(
    checks: pd.DataFrame, rules: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What each rule did, the costliest first.

    Returns:
        name, meaning, weight, checked, bad, score, and ``cost``: the share of the whole score the
        rule takes away on its own.
    """
    sums = checks.groupby("rule")[["checked", "bad"]].sum().to_dict("index")
    lines = []
    for name, rule in rules.items():
        of_rule = sums.get(name, {"checked": 0, "bad": 0.0})
        checked, bad = int(of_rule["checked"]), float(of_rule["bad"])
        score = 1 - bad / checked if checked else 1.0
        lines.append(
            {
                "name": name,
                "meaning": rule["meaning"],
                "weight": rule["weight"],
                "checked": checked,
                "bad": bad,
                "score": score,
                "cost": 1 - score ** rule["weight"],
            }
        )
    return sorted(lines, key=lambda line: (-line["cost"], line["name"]))


def _tables(checks: pd.DataFrame, weights: Mapping[str, float]) -> list[dict[str, Any]]:
    told = checks.assign(source=checks["source"].fillna(NOT_OF_A_SOURCE))
    cuts = [
        ("By source", ["source"], told),
        ("By competition", ["competition"], told[told["competition"].notna()]),
        (
            "By season, the newest first",
            ["competition", "season"],
            told[told["competition"].notna() & told["season"].notna()],
        ),
    ]
    return [_table(heading, by, cut, weights) for heading, by, cut in cuts if not cut.empty]


def _table(
    heading: str, by: list[str], checks: pd.DataFrame, weights: Mapping[str, float]
) -> dict[str, Any]:
    slices = scoring.sliced(checks, weights, by)
    if len(by) > 1:
        slices = slices.sort_values(by[::-1], ascending=[False, True], kind="stable")
    sums = checks.groupby([*by, "rule"], observed=True)[["checked", "bad"]].sum()
    crossed = (1 - sums["bad"] / sums["checked"].astype("float64")).unstack("rule")  # noqa: PD010
    # Of a rule that found nothing anywhere a whole column of ones tells little.
    lowest = crossed.min().sort_values(kind="stable")
    names = [str(name) for name in lowest.index[lowest < 1]]
    rows = []
    for line in slices.to_dict("records"):
        key = tuple(line[name] for name in by)
        cells = crossed[names].loc[[key if len(by) > 1 else key[0]]].to_numpy()[0]
        rows.append(
            {
                "name": " ".join(key),
                "score": line["score"],
                "cells": [None if pd.isna(cell) else float(cell) for cell in cells],
                "checked": int(line["checked"]),
            }
        )
    return {
        "heading": heading,
        "rules": names,
        "faultless": len(lowest) - len(names),
        "rows": rows,
        "id": anchor(heading),
    }


# -- over time


def _charts(evidence: Evidence, weights: Mapping[str, float]) -> list[dict[str, Any]]:
    of_matches = [n for n, rule in evidence.score["rules"].items() if rule["dated_by"] == "match"]
    is_match = evidence.checks["rule"].isin(of_matches)
    charts = [
        (
            "By month of the match",
            "What the rules that look at matches found of the matches of each month.",
            points_over_time(evidence.checks[is_match], weights, "%Y-%m"),
        ),
        (
            "By day of the fetch",
            "What the rules that look at the sources' answers found of the answers of each day.",
            points_over_time(evidence.checks[~is_match], weights, "%Y-%m-%d"),
        ),
    ]
    shown = []
    for heading, about, points in charts:
        if points:
            # One point makes no line.
            svg = score_chart(points, evidence.minimum, heading) if len(points) > 1 else ""
            shown.append(
                {
                    "heading": heading,
                    "about": about,
                    "svg": Markup(svg),  # noqa: S704
                    "only": points[0][2],
                }
            )
    return shown


def points_over_time(
    checks: pd.DataFrame, weights: Mapping[str, float], moment: str
) -> list[Point]:
    """The score of each month or day that was checked, in their order.

    Args:
        checks: the table ``Checks``, or some of its rows.
        weights: of the rules, by name.
        moment: how a month or day is written, as ``strftime`` takes it.
    """
    if checks.empty:
        return []
    scores = scoring.sliced(
        checks.assign(moment=checks["day"].dt.strftime(moment)), weights, ["moment"]
    )
    return [
        (str(line["moment"]), line["score"],
         f"{line['moment']}: {shown_score(line['score'])}, {int(line['checked']):,} checks")
        for line in scores.to_dict("records")
    ]  # fmt: skip


# -- worst offenders


def costly(
    findings: pd.DataFrame, checks: pd.DataFrame, weights: Mapping[str, float]
) -> pd.DataFrame:
    """The findings with ``cost``, about the share of the whole score each takes, costliest first.

    One thing at fault among ``n`` that its rule checked costs about ``weight / n``.
    """
    checked = checks.groupby("rule")["checked"].sum()
    weight = findings["rule"].map(dict(weights)).astype("float64").fillna(1.0)
    cost = weight * findings["bad"] / findings["rule"].map(checked).astype("float64")
    return (
        findings.assign(cost=cost.fillna(0.0))
        .sort_values(
            ["cost", "day", "rule", "match_id", "message"],
            ascending=[False, False, True, True, True],
            kind="stable",
        )
        .reset_index(drop=True)
    )


def shown_findings(findings: pd.DataFrame) -> pd.DataFrame:
    """The findings the page names: the costliest of each rule, so that none hides the others."""
    of_rule = findings.groupby("rule", sort=False).cumcount()
    return findings[of_rule < SHOWN_A_RULE].head(SHOWN_FINDINGS).reset_index(drop=True)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values, null as None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


# -- raw snapshots


def _linked(shown: pd.DataFrame, evidence: Evidence) -> list[dict[str, Any]]:
    """A section for each raw body that a shown finding or the quarantine names."""
    named = [*shown["snapshot"].dropna(), *(item["sha256"] for item in evidence.quarantined)]
    sections = []
    for sha256 in sorted(set(named)):
        origin = evidence.origins.get(sha256)
        if origin is None:
            continue
        here = shown[shown["snapshot"] == sha256]
        told = evidence.rows[
            (evidence.rows["snapshot"] == sha256)
            & evidence.rows["match_id"].isin(here["match_id"].dropna())
        ]
        sections.append(
            {
                "sha256": sha256,
                "origin": origin,
                "findings": _records(here),
                "rows": [
                    {k: v for k, v in row.items() if v is not None and k != "snapshot"}
                    for row in _records(told.head(SHOWN_ROWS))
                ],
                "more_rows": max(0, len(told) - SHOWN_ROWS),
            }
        )
    return sorted(sections, key=lambda s: (s["origin"].source, s["origin"].kind, s["origin"].key))


# -- what found no place, and what disagrees


def unknown_names(unresolved: pd.DataFrame) -> list[dict[str, Any]]:
    """The names that mean no team, those of most rows first.

    Returns:
        source, name, rows, first and last (season), and ``accept``: the command that takes the name
        into the curated table, but for the team.
    """
    sides = [
        unresolved.loc[unresolved[f"{side}_team"].isna(), ["source", "season", side]].rename(
            columns={side: "name"}
        )
        for side in ("home", "away")
    ]
    grouped = (
        pd.concat(sides)
        .groupby(["source", "name"], sort=True)["season"]
        .agg(rows="size", first="min", last="max")
        .reset_index()
        .sort_values("rows", ascending=False, kind="stable")
    )
    return [
        line | {"accept": _accepting(line["source"], line["name"])} for line in _records(grouped)
    ]


def _accepting(source: str, name: str) -> str:
    return f"pitchline teams accept {shlex.quote(name)} TEAM --source {source}"


def other_unresolved(unresolved: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows whose teams are known, by source and reason: rows, and one of them as an example."""
    both = unresolved[unresolved["home_team"].notna() & unresolved["away_team"].notna()]
    example = both["home"] + " - " + both["away"] + " (" + both["season"] + "): " + both["detail"]
    grouped = (
        both.assign(example=example)
        .groupby(["source", "reason"], sort=True)
        .agg(rows=("match", "size"), example=("example", "first"))
        .reset_index()
    )
    return _records(grouped)


def conflict_counts(conflicts: pd.DataFrame) -> list[dict[str, Any]]:
    """How often two sources differ in a field: table, field, kept_source, other_source, count."""
    if conflicts.empty:
        return []
    counted = (
        conflicts.groupby(["table", "field", "kept_source", "other_source"], sort=True)
        .agg(count=("match_id", "size"), largest=("difference", "max"))
        .reset_index()
        .sort_values("count", ascending=False, kind="stable")
    )
    return _records(counted.head(SHOWN_CONFLICTS))


# -- how it is shown


def shown_score(score: float) -> str:
    """A score with as many digits as tell it from 1: 0.85, 0.9993; never 1 for less than 1."""
    for digits in range(3, 7):
        text = f"{score:.{digits}f}"
        if float(text) < 1 or score == 1:
            return text
    return "0.999999"


def _grader(minimum: float) -> Any:
    def grade(score: float | None) -> str:
        if score is None:
            return "none"
        return "good" if score >= GOOD else "fair" if score >= minimum else "poor"

    return grade


def anchor(text: str) -> str:
    """A text as part of an address within the page."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
