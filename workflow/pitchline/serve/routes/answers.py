"""What the routes' answers share."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from pitchline.serve.errors import MEDIA_TYPE
from pitchline.serve.schemas import ProblemDocument
from pitchline.serve.service import Service, parsed

MODEL_HEADER = "x-model-version"
_encoder = msgspec.json.Encoder()


def answer(request: Request, model: str, content: Any) -> Response:
    """JSON that names the model, in a header too."""
    return raw_answer(request, model, _encoder.encode(content))


def raw_answer(request: Request, model: str, content: bytes) -> Response:
    """The same of bytes."""
    request.scope["model"] = model
    return Response(content, media_type="application/json", headers={MODEL_HEADER: model})


def challenger_told(service: Service, champion: str) -> dict[str, Any] | None:
    """Who challenges the champion, and how; None if nobody does."""
    challenge = service.contest.against(champion)
    if challenge is None:
        return None
    return {
        "model": challenge.model.version,
        "mode": challenge.mode,
        "share": challenge.share,
        "as_of": parsed(challenge.model.as_of),
    }


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for the OpenAPI document."""
    words = {
        400: "Malformed JSON", 401: "No valid bearer token",
        404: "No such team, competition or fixture", 408: "The body came too slowly",
        409: "Kicked off, or columns missing", 413: "Too large a body",
        415: "Not application/json", 422: "A value can't be used", 429: "Too many requests",
    }  # fmt: skip
    schema = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {
        status: {"description": words[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }
