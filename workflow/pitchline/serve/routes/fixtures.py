"""GET /v1/fixtures and GET /v1/predictions."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from pitchline.serve.routes.answers import answer, problems
from pitchline.serve.schemas import Filters, FixturesAnswer, PredictionsAnswer
from pitchline.serve.service import Service

Wanted = Callable[[datetime, str, str, str], bool]


def add(app: FastAPI, service: Service) -> None:
    """Add the routes."""

    @app.get(
        "/v1/fixtures", response_model=FixturesAnswer, responses=problems(401, 404, 422, 429),
        tags=["matches"], summary="Matches to come",
    )  # fmt: skip
    async def fixtures(request: Request, filters: Annotated[Filters, Query()]) -> Response:
        """The matches that can be forecast by ``match_id`` or by teams and kick-off."""
        model = service.champion.current
        wanted = _wanted(service, filters)
        found = [
            each
            for each in service.tables.fixtures.to_come
            if wanted(each.kick_off, each.competition, each.home_team, each.away_team)
        ]
        shown = service.names.shown
        told = [
            {
                "match_id": each.match_id,
                "competition": each.competition,
                "season": each.season,
                "kick_off": each.kick_off,
                "home_team": each.home_team,
                "away_team": each.away_team,
                "home_name": shown.get(each.home_team, each.home_team),
                "away_name": shown.get(each.away_team, each.away_team),
            }
            for each in found[: filters.limit]
        ]
        content = {"model": model.version, "total": len(found), "fixtures": told}
        return answer(request, model.version, content)

    @app.get(
        "/v1/predictions", response_model=PredictionsAnswer, responses=problems(401, 404, 422, 429),
        tags=["matches"], summary="Stored forecasts of matches to come",
    )  # fmt: skip
    async def predictions(request: Request, filters: Annotated[Filters, Query()]) -> Response:
        """What the pipeline last forecast; ``champion`` names the model of each forecast."""
        model = service.champion.current
        wanted = _wanted(service, filters)
        found: list[dict[str, Any]] = [
            row
            for row in service.tables.predictions.rows
            if wanted(row["kick_off"], row["competition"], row["home_team"], row["away_team"])
        ]
        found.sort(key=lambda row: (row["kick_off"], row["match_id"]))
        content = {
            "model": model.version,
            "total": len(found),
            "predictions": found[: filters.limit],
        }
        return answer(request, model.version, content)


def _wanted(service: Service, filters: Filters) -> Wanted:
    """Whether a match is asked for.

    Raises:
        Problem: the team or the competition is not known.
    """
    now = service.now(service.champion.current)
    teams = None if filters.team is None else set(service.team(filters.team, "?team"))
    competition = filters.competition
    if competition is not None:
        service.competition(competition, "?competition")

    def wanted(kick_off: datetime, played_in: str, home: str, away: str) -> bool:
        return (
            kick_off >= now
            and (filters.date is None or kick_off.date() == filters.date)
            and (competition is None or played_in == competition)
            and (teams is None or home in teams or away in teams)
        )

    return wanted
