"""GET /v1/metrics."""

from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response

from pitchline.serve.measure import MEDIA_TYPE
from pitchline.serve.routes.answers import MODEL_HEADER, problems
from pitchline.serve.service import Service


def add(app: FastAPI, service: Service) -> None:
    """Add the route."""

    @app.get(
        "/v1/metrics", response_class=PlainTextResponse, responses=problems(401, 429),
        tags=["service"], summary="Figures for Prometheus",
    )  # fmt: skip
    async def metrics() -> Response:
        """Requests, their seconds, rows forecast and who serves, of all workers."""
        version = service.champion.current.version
        service.measures.serves(version)
        text = service.measures.text(len(service.champion.refused))
        return Response(text, headers={"content-type": MEDIA_TYPE, MODEL_HEADER: version})
