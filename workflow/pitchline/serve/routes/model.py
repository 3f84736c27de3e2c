"""GET /v1/model."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from pitchline.serve.routes.answers import answer, challenger_told, problems
from pitchline.serve.schemas import ModelAnswer
from pitchline.serve.service import Service, parsed


def add(app: FastAPI, service: Service) -> None:
    """Add the route."""

    @app.get(
        "/v1/model", response_model=ModelAnswer, responses=problems(401, 429),
        tags=["service"], summary="The model that serves",
    )  # fmt: skip
    async def model(request: Request) -> Response:
        """Its card, its metrics, the gates it was held against and the decision."""
        served = service.champion.current
        told = {
            "model": served.version,
            "as_of": parsed(served.as_of),
            "reads": served.reads,
            "card": served.card,
            "metrics": served.metrics,
            "gates": served.decision.get("gates", []),
            "decision": {key: each for key, each in served.decision.items() if key != "gates"},
            "challenger": challenger_told(service, served.version),
        }
        return answer(request, served.version, told)
