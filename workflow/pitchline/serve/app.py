"""The application: routes, errors, OpenAPI."""

import gc
import os
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pitchline import __version__, layout
from pitchline.issued.writer import Writer
from pitchline.serve import alerting
from pitchline.serve.challenge import Challenger, Contest
from pitchline.serve.errors import FAILED, At, Problem
from pitchline.serve.guard import Guard
from pitchline.serve.measure import Measures
from pitchline.serve.names import read_names
from pitchline.serve.page import error as telling
from pitchline.serve.page import route as page
from pitchline.serve.routes import docs, fixtures, health, metrics, model, predict
from pitchline.serve.schemas import ProblemDocument
from pitchline.serve.service import Service
from pitchline.serve.settings import Settings, read_settings
from pitchline.serve.swap import SWITCH_SECONDS, Champion
from pitchline.serve.tables import Tables

# Waiting rows of the log that are written before their time.
FLUSH_ROWS = 20_000
DESCRIPTION = (
    "Football match predictions by the champion model. Every answer names the model that made it, "
    "in its body and in the header X-Model-Version; every error is a problem document (RFC 9457); "
    "send X-Request-ID to find a request in the log."
)


def create() -> Guard:
    """The application of one worker: settings from the environment, files of this folder."""
    settings = read_settings(os.environ)
    root = Path.cwd()
    champion = Champion(root, settings.poll_seconds, alerting.ModelAlerts(root))
    guard = build(assemble(root, settings, champion))
    # Other threads keep the event loop waiting no longer than this, 5 ms else.
    sys.setswitchinterval(SWITCH_SECONDS)
    # What was imported stays; looking through it for garbage holds requests up for 50 ms.
    gc.collect()
    gc.freeze()
    return guard


def assemble(root: Path, settings: Settings, champion: Champion) -> Service:
    """All that the routes need, of a project's folder."""
    measures = Measures()
    told = alerting.ModelAlerts(root, alerting.CHALLENGER)
    challenger = Challenger(root, settings.poll_seconds, told)
    writer = None
    if settings.forecast_log:
        writer = Writer(
            root / layout.ISSUED,
            settings.forecast_log_seconds,
            min(FLUSH_ROWS, settings.forecast_log_kept),
            settings.forecast_log_kept,
            measures.log_written,
            measures.log_lost,
        )
    return Service(
        settings, champion, Tables(root, settings.poll_seconds), read_names(root), measures,
        Contest(measures, challenger, writer, settings.shadow_limit),
    )  # fmt: skip


def build(service: Service) -> Guard:
    """The ASGI application."""
    app = FastAPI(
        title="Pitchline", version=__version__, description=DESCRIPTION,
        openapi_url="/v1/openapi.json", docs_url=None, redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )  # fmt: skip
    for route in (health, fixtures, model, metrics):
        route.add(app, service)
    docs.add(app)
    page.add(app, service, service.tables.root)
    direct = {("POST", predict.PATH): predict.add(app, service)}
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _failed)
    _document(app, service)
    return Guard(app, service, direct)


def _document(app: FastAPI, service: Service) -> None:
    """Make the OpenAPI document follow the model that serves."""
    made: dict[str, dict[str, Any]] = {}

    def openapi() -> dict[str, Any]:
        served = service.champion.current
        if served.version not in made:
            made.clear()
            made[served.version] = _openapi(app, service)
        return made[served.version]

    app.openapi = openapi  # type: ignore[method-assign]


def _openapi(app: FastAPI, service: Service) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas = document["components"]["schemas"]
    told = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= told.pop("$defs")
    schemas[ProblemDocument.__name__] = told
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    operation = document["paths"][predict.PATH]["post"]
    operation["requestBody"] = predict.request_body(service, service.champion.current)
    if service.settings.token is not None:
        document["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "password": {"type": "http", "scheme": "basic"},
        }
        document["security"] = [{"token": []}, {"password": []}]
        document["paths"]["/v1/health"]["get"]["security"] = []
    return document


async def _problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101
    told = telling.answer(problem, request.scope["request_id"], request.headers.get("accept", ""))
    return Response(told[0], problem.status, told[1])


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == 405:
        # Several routes may share a path; each alone tells its own methods.
        allowed = (error.headers or {}).get("Allow", "GET")
        problem = Problem("wrong-method", f"Allowed: {allowed}.", headers={"Allow": allowed})
    elif error.status_code == 404:
        problem = Problem("unknown-path", "/v1/openapi.json lists all paths.")
    else:
        problem = Problem("malformed-request", "The request can't be understood.")
    return await _problem(request, problem)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults = [
        At("?" + ".".join(map(str, each["loc"][1:]))[:200], str(each["msg"])[:300])
        for each in error.errors()
    ]
    detail = "Query parameters can't be used."
    return await _problem(request, Problem("wrong-value", detail, faults[:20]))


async def _failed(request: Request, error: Exception) -> Response:
    del error  # Raised again by the framework; the guard writes it into the log.
    return await _problem(request, Problem("internal", FAILED))
