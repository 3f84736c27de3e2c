"""What FotMob's answers mean, and under what terms they come."""

from typing import Any

from pitchline.collect.classify import SNIFFED, data_answer, is_gate
from pitchline.collect.fotmob.contract import decoded
from pitchline.collect.rows import Unreadable
from pitchline.collect.source import Answer, Outcome

LICENCE = "FotMob's terms: personal, non-commercial use; no redistribution"
NEEDS_RIGHT = (
    "FotMob's terms forbid automated retrieval, and any use of its data without its express "
    "written consent; its robots.txt keeps programs out of /api/. State that you have that consent."
)


def classify(answer: Answer) -> Outcome:
    """The meaning of an answer; a refusal may come as JSON, with status 200 or 403.

    ``{"error": "Verification required", "code": "TURNSTILE_REQUIRED"}`` asks for a person.
    """
    outcome = data_answer(answer)
    if outcome is Outcome.OK and "error" in _small_object(answer.body):
        return Outcome.CHALLENGE if is_gate(answer.body) else Outcome.UNEXPECTED
    return outcome


def _small_object(body: bytes) -> dict[str, Any]:
    """A short JSON object; empty for anything else, which the parser will judge."""
    if len(body) >= SNIFFED:
        return {}
    try:
        tree = decoded(body)
    except Unreadable:
        return {}
    return tree if isinstance(tree, dict) else {}
