"""Problem documents, or for browsers a small page that says the same."""

import re
from typing import Any
from urllib.parse import urlencode

from pitchline.serve.errors import MEDIA_TYPE, At, Problem
from pitchline.serve.page import render

# What a problem's pointer names of the page's own query.
CHOICES = {"?team": "team", "?competition": "competition"}
REALM = 'Basic realm="Pitchline", charset="UTF-8"'
QUALITY = re.compile(r";\s*q\s*=\s*([0-9.]+)")


def answer(problem: Problem, request_id: str, accept: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a problem, in the form that the client asks for."""
    if not wants_html(accept):
        return problem.body(request_id), {
            "Content-Type": MEDIA_TYPE, "Vary": "Accept", **problem.headers
        }  # fmt: skip
    headers = {
        "Content-Type": render.MEDIA_TYPE, "Vary": "Accept", "Cache-Control": "no-store",
        **render.headers(), **problem.headers,
    }  # fmt: skip
    if problem.kind == "unauthorized":
        # A browser asks for a password, and can't send a bearer token.
        headers["WWW-Authenticate"] = REALM
    return page(problem, request_id), headers


def wants_html(accept: str) -> bool:
    """Whether a client names HTML, and no JSON that it likes as much."""
    likes = {"text/html": 0.0, "json": 0.0}
    for part in accept.lower().split(","):
        kind = part.partition(";")[0].strip()
        told = QUALITY.search(part)
        try:
            like = float(told.group(1)) if told else 1.0
        except ValueError:
            like = 0.0
        name = "json" if kind in {"application/json", MEDIA_TYPE} else kind
        if name in likes:
            likes[name] = max(likes[name], like)
    return likes["text/html"] > likes["json"]


def page(problem: Problem, request_id: str) -> bytes:
    """The small page."""
    told: dict[str, Any] = {
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "faults": [_fault(each) for each in problem.errors],
        "request_id": request_id,
        "unauthorized": problem.kind == "unauthorized",
    }
    return render.rendered("error.html.j2", told)


def _fault(at: At) -> dict[str, Any]:
    choice = CHOICES.get(at.pointer)
    links = [
        {"name": each, "link": "/?" + urlencode({choice: each}) if choice else None}
        for each in at.suggestions
    ]
    return {"where": at.pointer.removeprefix("?"), "detail": at.detail, "suggestions": links}
