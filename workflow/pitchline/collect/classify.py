"""What an answer means, as far as sources share it."""

import re

from pitchline.collect.source import Answer, Outcome

# Words of the pages that stand in front of a site and ask for a browser or a person.
_GATE = re.compile(
    rb"just a moment|verify you are human|checking your browser|ray id:|cf-challenge|"
    rb"cf_chl|please stand by|turnstile|captcha|access denied|unusual traffic",
    re.IGNORECASE,
)
SNIFFED = 4096
REFUSALS = {401: Outcome.UNAUTHORIZED, 403: Outcome.FORBIDDEN}


def is_html(body: bytes) -> bool:
    """Whether a body begins as a web page does."""
    start = body[:SNIFFED].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<!--"))


def is_gate(body: bytes) -> bool:
    """Whether a body is a challenge: a page, or a short refusal, that asks for a person."""
    return bool(_GATE.search(body[: SNIFFED * 4])) and (is_html(body) or len(body) < SNIFFED)


def by_status(answer: Answer) -> Outcome | None:
    """The meaning of an answer that isn't 200; None for one that is."""
    status = answer.status
    if status == 200:
        return None
    if status == 304:
        return Outcome.NOT_MODIFIED
    if status in (403, 503) and is_gate(answer.body):
        return Outcome.CHALLENGE
    if status in REFUSALS:
        return REFUSALS[status]
    if status in (404, 410):
        return Outcome.NOT_FOUND
    if status == 429:
        return Outcome.RATE_LIMITED
    if status >= 500:
        return Outcome.SERVER_ERROR
    return Outcome.UNEXPECTED


def data_answer(answer: Answer) -> Outcome:
    """An answer of a source of JSON or CSV: a web page in its place is a gate or a mistake."""
    outcome = by_status(answer)
    if outcome is not None:
        return outcome
    if is_html(answer.body):
        return Outcome.CHALLENGE if is_gate(answer.body) else Outcome.UNEXPECTED
    return Outcome.OK


def page_answer(answer: Answer, marks: bytes) -> Outcome:
    """An answer of a source of web pages.

    Args:
        answer: what came.
        marks: what stands in every page of the site that holds data.
    """
    outcome = by_status(answer)
    if outcome is not None:
        return outcome
    if marks in answer.body:
        return Outcome.OK
    return Outcome.CHALLENGE if is_gate(answer.body) else Outcome.UNEXPECTED
