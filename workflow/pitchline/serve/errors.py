"""Errors of the API in one format: RFC 9457, ``application/problem+json``."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

MEDIA_TYPE = "application/problem+json"
FAILED = "The log tells more under this request's id."
# Kind of problem: status and title.
KINDS = {
    "malformed-body": (400, "The body is not valid JSON"),
    "malformed-request": (400, "The request is not valid HTTP"),
    "unauthorized": (401, "A bearer token is needed"),
    "unknown-path": (404, "There is nothing at this path"),
    "wrong-method": (405, "The path knows other methods"),
    "slow-head": (408, "The request's head did not come in time"),
    "slow-body": (408, "The body did not come in time"),
    "features-not-here": (409, "The tables don't hold what the model reads"),
    "oversized-body": (413, "The body is too large"),
    "wrong-media-type": (415, "The body must be application/json"),
    "wrong-value": (422, "A value can't be used"),
    "unknown-team": (404, "No such team"),
    "unknown-competition": (404, "No such competition"),
    "unknown-column": (422, "No such feature"),
    "unknown-fixture": (404, "No table holds this fixture"),
    "competition-needed": (422, "The competition must be named"),
    "too-far-ahead": (422, "The kick-off is too far ahead"),
    "past-kick-off": (409, "The match has kicked off"),
    "batch-too-large": (422, "Too many fixtures or rows"),
    "rate-limited": (429, "Too many requests"),
    "oversized-head": (431, "The request's head is too large"),
    "internal": (500, "The service failed"),
}


class At(msgspec.Struct, omit_defaults=True):
    """One fault: where it is, what it is, and what may be meant.

    ``pointer`` is a JSON pointer into the body (RFC 6901), or ``?name`` of a query parameter.
    """

    pointer: str
    detail: str
    suggestions: list[str] = []


class Problem(Exception):
    """What a request can't have; its text is shown to the client, so it names no file."""

    def __init__(
        self,
        kind: str,
        detail: str,
        errors: Sequence[At] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind][0]

    @property
    def title(self) -> str:
        """What the kind of problem is called."""
        return KINDS[self.kind][1]

    def body(self, request_id: str) -> bytes:
        """The document of RFC 9457."""
        status, title = KINDS[self.kind]
        told: dict[str, Any] = {
            "type": f"urn:pitchline:problem:{self.kind}",
            "title": title,
            "status": status,
            "detail": self.detail,
            "instance": f"urn:pitchline:request:{request_id}",
        }
        if self.errors:
            told["errors"] = self.errors
        return msgspec.json.encode(told)


def wrong(pointer: str, text: str) -> Problem:
    """The problem of one value that can't be used."""
    return Problem("wrong-value", "A value can't be used.", [At(pointer, text)])
