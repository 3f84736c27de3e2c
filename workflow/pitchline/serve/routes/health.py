"""GET /v1/health."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from pitchline.serve.routes.answers import answer, challenger_told
from pitchline.serve.schemas import Health
from pitchline.serve.service import Service, age_seconds, parsed


def add(app: FastAPI, service: Service) -> None:
    """Add the route."""

    @app.get("/v1/health", response_model=Health, tags=["service"], summary="Live and ready?")
    async def health(request: Request) -> Response:
        """Open to all: needs no token and counts for no limit."""
        model = service.champion.current
        made, data = parsed(model.as_of), service.data_as_of(model)
        watched = service.contest.challenger
        refused, others = (
            [{"version": each.get("version"), "at": str(each.get("at"))} for each in list(found)]
            for found in (service.champion.refused, watched.refused if watched else ())
        )
        told = {
            "status": "ok",
            "live": True,
            "ready": True,
            "model": model.version,
            "model_as_of": made,
            "model_age_seconds": age_seconds(made),
            "model_loaded_at": str(model.loaded_at),
            "data_as_of": data,
            "data_age_seconds": age_seconds(data),
            "now": service.now(model),
            "fixtures": len(service.tables.fixtures.to_come),
            "refused": refused,
            "challenger": challenger_told(service, model.version),
            "refused_challengers": others,
        }
        return answer(request, model.version, told)
