"""GET /: the page for people."""

from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from pitchline.serve.page import query, render
from pitchline.serve.page.cache import Page
from pitchline.serve.routes.answers import MODEL_HEADER
from pitchline.serve.service import Service

PATH = "/"


def add(app: FastAPI, service: Service, root: Path) -> None:
    """Add the route; it is none of the API's, so the OpenAPI document doesn't tell it."""
    page = Page(service, root)
    private = service.settings.token is not None
    fixed = {"Cache-Control": "private, no-cache" if private else "no-cache", **render.headers()}

    async def show(request: Request) -> Response:
        """Fixtures, record, data, model and runs; ``team``, ``date``, ``competition`` narrow it."""
        made = await page.get(query.read(service, request.query_params))
        request.scope["model"] = made.model
        headers = {**fixed, "ETag": made.tag, MODEL_HEADER: made.model}
        if _known(request.headers.get("if-none-match", ""), made.tag):
            return Response(status_code=304, headers=headers)
        return Response(made.content, headers=headers, media_type=render.MEDIA_TYPE)

    app.add_api_route(PATH, show, methods=["GET", "HEAD"], include_in_schema=False)


def _known(told: str, tag: str) -> bool:
    """Whether a client has these bytes (RFC 9110, 13.1.2: weak comparison)."""
    tags = [each.strip().removeprefix("W/") for each in told.split(",")]
    return tag in tags or told.strip() == "*"
