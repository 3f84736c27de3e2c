"""The model that serves: what it is, what it was fitted on, why it was promoted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pitchline.serve.page import words
from pitchline.serve.page.evidence import Content, Gap
from pitchline.serve.service import Model

# A path that begins at the root, or at a drive, says where the service is installed.
ABSOLUTE = re.compile(r"(?<![\w.])(?:[A-Za-z]:\\|/)[^\s:;,'\"()]*[/\\]")
UNEXPECTED = re.compile(r"can't be loaded \(.*", re.DOTALL)
OUTCOMES = {
    "promoted": "promoted",
    "confirmed": "confirmed as champion",
    "accepted": "accepted by hand",
    "rolled back": "returned to by a rollback",
}


@dataclass(frozen=True)
class Gate:
    """One gate of the decision."""

    meaning: str
    found: str
    asked: str
    outcome: str
    kind: str


@dataclass(frozen=True)
class Facts:
    """The section."""

    version: str
    family: str
    about: str
    as_of: str
    as_of_iso: str
    loaded: str
    loaded_iso: str
    placed: str
    placed_iso: str
    trained: str
    outcome: str
    reasons: tuple[str, ...]
    before: str | None
    gates: tuple[Gate, ...]
    gates_passed: int
    gates_judged: int
    candidate: str | None
    challenge: str | None


@dataclass(frozen=True)
class Refusal:
    """A newer model that the service did not take."""

    version: str
    reason: str
    at: str
    at_iso: str


def view(
    model: Model,
    placed: datetime | None,
    decision_on_candidate: Content | Gap,
    challenge: Mapping[str, Any] | None = None,
) -> Facts:
    """The section.

    Args:
        model: the one that serves.
        placed: when its pointer was written.
        decision_on_candidate: the newest decision, which may be on another model.
        challenge: who challenges it, and how; None if nobody does.
    """
    as_of = words.moment(model.as_of)
    loaded = _moment(model.loaded_at)
    decision = model.decision
    gates = [_gate(each) for each in decision.get("gates") or []]
    outcome = str(decision.get("outcome", "unknown"))
    reasons = decision.get("reasons") or []
    if rollback := decision.get("rollback"):
        reasons = [*reasons, f"rollback: {rollback.get('reason')}"]
    return Facts(
        version=model.version,
        family=str(model.card.get("family", words.UNKNOWN)),
        about=str(model.card.get("model", "")),
        as_of=words.told(as_of),
        as_of_iso=words.iso(as_of),
        loaded=words.told(loaded),
        loaded_iso=words.iso(loaded),
        placed=words.told(placed) if placed else words.UNKNOWN,
        placed_iso=words.iso(placed) if placed else "",
        trained=_trained(model.card.get("trained_on")),
        outcome=OUTCOMES.get(outcome, outcome),
        reasons=tuple(words.clipped(each) for each in reasons),
        before=decision.get("champion_before"),
        gates=tuple(gates),
        gates_passed=sum(gate.kind == "passed" for gate in gates),
        gates_judged=sum(gate.kind != "open" for gate in gates),
        candidate=_candidate(decision_on_candidate),
        challenge=_challenge(challenge),
    )


def _candidate(decision: Content | Gap) -> str | None:
    if isinstance(decision, Gap) or "candidate" not in decision:
        return None
    outcome = str(decision.get("outcome"))
    reasons = [words.clipped(each) for each in decision.get("reasons") or []]
    text = f"{decision['candidate']} was {OUTCOMES.get(outcome, outcome)}"
    return f"{text}: {'; '.join(reasons)}" if reasons else text


def _challenge(told: Mapping[str, Any] | None) -> str | None:
    if told is None:
        return None
    if told["mode"] == "split":
        return f"{told['model']} answers {words.percent(told['share'])} of the fixtures"
    return f"{told['model']} forecasts the same, unseen"


def _moment(told: Any) -> datetime:
    return words.moment(told.isoformat() if isinstance(told, datetime) else str(told))


def _trained(told: Mapping[str, Any] | None) -> str:
    if not told:
        return words.UNKNOWN
    text = words.counted(told["matches"], "match", "matches")
    competitions = told.get("competitions") or {}
    if competitions:
        text += f" of {words.counted(len(competitions), 'competition')}"
    first, last = (words.moment(told[f"{end}_kick_off"]) for end in ("first", "last"))
    return f"{text}, {words.short_day(first)} to {words.short_day(last)}"


def _gate(told: Mapping[str, Any]) -> Gate:
    if not told.get("judged", True):
        outcome, kind = "not judged", "open"
        if told.get("note"):
            outcome += f": {told['note']}"
    elif told.get("forced"):
        outcome, kind = "failed, forced", "failed"
    elif told.get("passed"):
        outcome, kind = "passed", "passed"
    elif "passed" in told:
        outcome, kind = "failed", "failed"
    else:
        outcome, kind = "not told", "open"
    asked = words.UNKNOWN
    if words.is_number(told.get("threshold")):
        asked = f"{told.get('comparison', '')} {_figure(told['threshold'])}".strip()
    value = told.get("value")
    return Gate(
        meaning=str(told.get("meaning") or told["name"]),
        found=_figure(value),
        asked=asked,
        outcome=outcome,
        kind=kind,
    )


def _figure(value: Any) -> str:
    """Whole numbers in full, others with four digits."""
    if not words.is_number(value):
        return words.UNKNOWN
    return words.count(value) if value == int(value) and abs(value) > 1 else f"{value:.4g}"


def refusals(refused: Sequence[Mapping[str, Any]]) -> tuple[Refusal, ...]:
    """The newest refusal of each version, the newest first."""
    newest = {each.get("version"): each for each in refused}
    return tuple(
        Refusal(
            version=str(each.get("version") or "of an unreadable pointer"),
            reason=reason_told(str(each.get("reason") or "The log tells why.")),
            at=words.told(_moment(each["at"])),
            at_iso=words.iso(_moment(each["at"])),
        )
        for each in reversed(list(newest.values()))
    )


def reason_told(reason: str) -> str:
    """A reason without what is nobody's business: exceptions, and where the service stands."""
    plain = UNEXPECTED.sub("can't be loaded; the log tells more.", reason)
    return words.clipped(ABSOLUTE.sub("…/", plain), 400)
