"""POST /v1/predict."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from pitchline.serve import predicting
from pitchline.serve.asked import told
from pitchline.serve.errors import Problem
from pitchline.serve.guard import Direct
from pitchline.serve.routes.answers import problems, raw_answer
from pitchline.serve.schemas import PredictAnswer
from pitchline.serve.service import Model, Service

PATH = "/v1/predict"
JSON = "application/json"
MEDIA_TYPE = JSON.encode()
# Bytes of a body that holds others up for less than a thread would cost it: some 20 rows.
AT_ONCE = 32_768
WHEN = {"type": "string", "maxLength": 40}
EXAMPLE_LATER = timedelta(days=300)
TEXT = {"type": "string", "minLength": 1, "maxLength": 200}


class Batches:
    """The thread in which large bodies are worked on, one after another.

    The event loop goes on meanwhile; it is shut out while a body is decoded, some milliseconds.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._thread = ThreadPoolExecutor(1, "batches")

    async def answer(self, headers: Mapping[bytes, bytes], content: bytes) -> tuple[str, bytes]:
        """Version of the model and the answer's JSON.

        Args:
            headers: of the request, names in lower case.
            content: its body.

        Raises:
            Problem: there is no such answer.
        """
        if not headers.get(b"content-type", MEDIA_TYPE).lower().startswith(MEDIA_TYPE):
            raise Problem("wrong-media-type", f"Send it as {JSON}.")
        request_id = headers.get(b"x-request-id", b"").decode("latin-1") or None
        asked = self._service, content, request_id
        if len(content) <= AT_ONCE:
            return predicting.predict(*asked)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, predicting.predict, *asked)


def add(app: FastAPI, service: Service) -> Direct:
    """Add the route.

    Returns:
        What answers its requests without the framework, which takes longer than a forecast.
    """
    batches = Batches(service)

    @app.post(
        PATH, response_model=PredictAnswer, tags=["matches"], summary="Forecast now",
        responses=problems(400, 401, 404, 408, 409, 413, 415, 422, 429),
    )  # fmt: skip
    async def predict(request: Request) -> Response:
        """Forecast fixtures, or feature rows.

        A fixture is named by ``match_id``, or by ``home``, ``away`` (names or slugs) and
        ``kick_off`` (a moment with its zone, or the date in UTC). The features of one that no table
        holds are computed; ``competition`` is needed where the teams have no league in common. A
        row gives every column that the model reads; null is unknown. All of a batch is forecast, or
        nothing is. ``model`` names who made the forecasts; one by another model names it itself.
        """
        headers = dict(request.scope["headers"])
        return raw_answer(request, *await batches.answer(headers, await request.body()))

    return batches.answer


def body_schema(model: Model, batch_limit: int) -> dict[str, Any]:
    """The JSON schema of the body, for the columns that a model reads."""
    value = {
        "type": ["number", "null"],
        "minimum": -predicting.LARGEST,
        "maximum": predicting.LARGEST,
    }
    row = {
        "type": "object",
        "properties": dict.fromkeys(model.reads, value),
        "required": list(model.reads),
        "additionalProperties": False,
    }
    by_id = {
        "type": "object",
        "properties": {"match_id": TEXT},
        "required": ["match_id"],
        "additionalProperties": False,
    }
    by_teams = {
        "type": "object",
        "properties": {
            "home": TEXT,
            "away": TEXT,
            "kick_off": {"anyOf": [{**WHEN, "format": "date-time"}, {**WHEN, "format": "date"}]},
            "competition": {"type": "string", "maxLength": 100},
            "season": {"type": "string", "maxLength": 20},
        },
        "required": ["home", "away", "kick_off"],
        "additionalProperties": False,
    }
    batch = {"type": "array", "minItems": 1, "maxItems": batch_limit}
    return {
        "oneOf": [
            {
                "type": "object",
                "properties": {"fixtures": {**batch, "items": {"oneOf": [by_id, by_teams]}}},
                "required": ["fixtures"],
                "additionalProperties": False,
            },
            {
                "type": "object",
                "properties": {"rows": {**batch, "items": row}},
                "required": ["rows"],
                "additionalProperties": False,
            },
        ]
    }


def request_body(service: Service, model: Model) -> dict[str, Any]:
    """The body as the OpenAPI document tells it, with examples of the tables' first match."""
    now = service.now(model)
    to_come = [each for each in service.tables.fixtures.to_come if each.kick_off >= now]
    examples: dict[str, Any] = {
        "rows": {
            "summary": "a feature row, nothing known",
            "value": {"rows": [dict.fromkeys(model.reads)]},
        }
    }
    if to_come:
        first = to_come[0]
        by_teams = {
            "home": service.names.shown.get(first.home_team, first.home_team),
            "away": service.names.shown.get(first.away_team, first.away_team),
            "kick_off": told(first.kick_off),
        }
        examples = {
            "match_id": {"summary": "by id", "value": {"fixtures": [{"match_id": first.match_id}]}},
            "teams": {"summary": "by teams and kick-off", "value": {"fixtures": [by_teams]}},
            **examples,
        }
        if service.tables.standing.ahead is not None:
            last = now + timedelta(days=service.settings.horizon_days)
            later = min(first.kick_off + EXAMPLE_LATER, max(last, first.kick_off))
            ahead = {**by_teams, "kick_off": told(later), "competition": first.competition}
            examples["ahead"] = {
                "summary": "a fixture that no table holds",
                "value": {"fixtures": [ahead]},
            }
    schema = body_schema(model, service.settings.batch_limit)
    return {"required": True, "content": {JSON: {"schema": schema, "examples": examples}}}
