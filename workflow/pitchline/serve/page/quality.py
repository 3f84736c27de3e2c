"""How good the data are: the score, its trend, the worst findings, freshness."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pitchline.serve.page import charts, words
from pitchline.serve.page.evidence import Content, Gap

MONTHS = 24
SHOWN_WORST = 6
SHOWN_RULES = 5


@dataclass(frozen=True)
class Finding:
    """What costs the score the most."""

    rule: str
    where: str
    message: str
    findings: str
    cost: str


@dataclass(frozen=True)
class Rule:
    """A rule that found something at fault."""

    name: str
    meaning: str
    score: str
    bad: str


@dataclass(frozen=True)
class Source:
    """How fresh a source is."""

    name: str
    score: str
    fetched: str
    fetched_iso: str
    matches: str
    status: str


@dataclass(frozen=True)
class Quality:
    """The section."""

    score: str
    grade: str
    matches: str
    as_of: str
    fetched: str
    fetched_iso: str
    trend: Markup | None
    trend_words: str
    rules_at_fault: int
    rules: int
    worst_rules: tuple[Rule, ...]
    worst: tuple[Finding, ...]
    sources: tuple[Source, ...]
    quarantined: int | None
    unresolved: int | None
    conflicts: int | None


def view(score: Content, ingest: Content | Gap, receipts: Sequence[Content]) -> Quality:
    """The section.

    Args:
        score: data/quality/score.json.
        ingest: what the ingest counted.
        receipts: of the last collection, one a source.
    """
    rules: Mapping[str, Mapping[str, Any]] = score["rules"]
    costly = sorted(
        ((name, rule) for name, rule in rules.items() if rule["bad"]),
        key=lambda each: (-each[1]["cost"], each[0]),
    )
    fetched = words.moment(score["newest_fetch"])
    trend, trend_words = _trend(score.get("by_month") or [])
    counted = {} if isinstance(ingest, Gap) else ingest
    return Quality(
        score=words.figure(score["score"]),
        grade="good" if score["score"] >= 0.95 else "fair" if score["score"] >= 0.85 else "poor",
        matches=words.count(score["matches"]),
        as_of=words.told(words.moment(score["as_of"])),
        fetched=words.short_day(fetched),
        fetched_iso=words.iso(fetched),
        trend=trend,
        trend_words=trend_words,
        rules_at_fault=len(costly),
        rules=len(rules),
        worst_rules=tuple(
            Rule(
                spoken(name),
                rule["meaning"],
                words.figure(rule["score"]),
                f"{words.count(rule['bad'])} of {words.count(rule['checked'])}",
            )
            for name, rule in costly[:SHOWN_RULES]
        ),
        worst=tuple(_finding(each) for each in (score.get("worst") or [])[:SHOWN_WORST]),
        sources=_sources(score, counted, receipts),
        quarantined=len(counted["quarantined"]) if "quarantined" in counted else None,
        unresolved=_sum(counted.get("unresolved")),
        conflicts=_sum(counted.get("conflicts")),
    )


def spoken(rule: str) -> str:
    """A rule's name in words."""
    return rule.replace("_", " ")


def _finding(told: Mapping[str, Any]) -> Finding:
    where = [str(told[key]) for key in ("source", "competition", "season") if told.get(key)]
    return Finding(
        rule=spoken(told["rule"]),
        where=", ".join(where),
        message=words.clipped(told["message"]),
        findings=words.count(told["findings"]),
        cost=words.figure(100 * told["cost"], 2) + f"{words.THIN}%",
    )


def _trend(months: Sequence[Mapping[str, Any]]) -> tuple[Markup | None, str]:
    shown = months[-MONTHS:]
    if len(shown) < 2:
        return None, ""
    scores = [each["score"] for each in shown]
    first, last = shown[0]["month"], shown[-1]["month"]
    if min(scores) == max(scores):
        return None, f"{words.figure(scores[0])} in every month from {first} to {last}."
    lowest = min(shown, key=lambda each: each["score"])
    text = (
        f"{first} to {last}: lowest {words.figure(lowest['score'])} in {lowest['month']}, "
        f"newest {words.figure(scores[-1])}."
    )
    line = charts.Line("score", "model", scores)
    labels = [str(each["month"]) for each in shown]
    drawn = charts.lines(labels, [line], "Quality score by month of the matches", text)
    return drawn, text


def _sources(
    score: Mapping[str, Any], ingest: Mapping[str, Any], receipts: Sequence[Content]
) -> tuple[Source, ...]:
    scores = {each["source"]: each["score"] for each in score.get("by_source") or []}
    newest: dict[str, str] = {}
    lines: dict[str, int] = {}
    for body in ingest.get("bodies") or []:
        name = body["source"]
        newest[name] = max(newest.get(name, ""), body["day"])
        lines[name] = lines.get(name, 0) + body["lines"]
    statuses = {each.get("source"): each.get("status") for each in receipts}
    return tuple(
        Source(
            name=name,
            score=words.figure(scores.get(name)),
            fetched=words.short_day(words.moment(newest[name]))
            if name in newest
            else words.UNKNOWN,
            fetched_iso=newest.get(name, ""),
            matches=words.count(lines.get(name)),
            status=str(statuses.get(name) or words.UNKNOWN),
        )
        for name in sorted(scores.keys() | newest.keys())
    )


def _sum(counts: Any) -> int | None:
    """How many rows a mapping counts, however deep."""
    if isinstance(counts, dict):
        return sum(_sum(each) or 0 for each in counts.values())
    if isinstance(counts, list):
        return len(counts)
    return int(counts) if words.is_number(counts) else None
