"""The forms of the answers, as the OpenAPI document tells them."""

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Probability = Annotated[float, Field(ge=0, le=1)]
Version = Annotated[str, Field(description="version of the model", examples=["686f02566867"])]
KickOff = Annotated[dt.datetime, Field(description="kick-off, UTC")]


class Fault(BaseModel):
    """One fault of a request."""

    pointer: str = Field(description="JSON pointer into the body, or ?name of a query parameter")
    detail: str
    suggestions: list[str] = Field([], description="what may be meant, the likeliest first")


class ProblemDocument(BaseModel):
    """An error: RFC 9457."""

    type: str = Field(pattern="^urn:pitchline:problem:[a-z-]+$")
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    instance: str = Field(pattern="^urn:pitchline:request:")
    errors: list[Fault] = []


class Refused(BaseModel):
    """A newer model that was not taken; the log tells why."""

    version: str | None
    at: str


class ChallengerTold(BaseModel):
    """The model that challenges the champion, and how."""

    model: Version
    mode: Literal["shadow", "split"] = Field(
        description="shadow: it forecasts unseen; split: it answers a share of the fixtures"
    )
    share: Probability = Field(description="share of the fixtures that it answers")
    as_of: dt.datetime = Field(description="results up to here made it")


class Health(BaseModel):
    """Whether the service lives and can answer, and how old what it knows is."""

    status: Literal["ok"]
    live: bool
    ready: bool
    model: Version
    model_as_of: dt.datetime = Field(description="results up to here made the model")
    model_age_seconds: Annotated[float, Field(ge=0)]
    model_loaded_at: str
    data_as_of: dt.datetime = Field(description="results up to here are in the tables")
    data_age_seconds: Annotated[float, Field(ge=0)]
    now: dt.datetime = Field(description="the moment before which a kick-off is past")
    fixtures: int = Field(description="matches to come in the tables")
    refused: list[Refused]
    challenger: ChallengerTold | None = None
    refused_challengers: list[Refused] = []


class FixtureTold(BaseModel):
    """A match to come."""

    match_id: str
    competition: str
    season: str
    kick_off: KickOff
    home_team: str
    away_team: str
    home_name: str
    away_name: str


class FixturesAnswer(BaseModel):
    """Matches to come, ordered by kick-off; ``total`` counts those beyond the limit too."""

    model: Version
    total: int
    fixtures: list[FixtureTold]


class Prediction(FixtureTold):
    """A stored forecast."""

    probability_home: Probability
    probability_draw: Probability
    probability_away: Probability
    most_likely: Literal["H", "D", "A"]
    expected_home_goals: float
    expected_away_goals: float
    over_2_5: Probability
    both_score: Probability
    score_1: str
    score_2: str
    score_3: str
    score_1_probability: Probability
    score_2_probability: Probability
    score_3_probability: Probability
    as_of: dt.datetime = Field(description="results up to here were known")
    champion: str = Field(description="version of the model that made the forecast")


class PredictionsAnswer(BaseModel):
    """Stored forecasts, ordered by kick-off; each names its model, ``model`` is who serves now."""

    model: Version
    total: int
    predictions: list[Prediction]


class ForecastTold(BaseModel):
    """A forecast made now; one of a feature row names no fixture."""

    probability_home: Probability
    probability_draw: Probability
    probability_away: Probability
    most_likely: Literal["H", "D", "A"]
    match_id: str | None = None
    competition: str | None = None
    kick_off: dt.datetime | None = None
    home_team: str | None = None
    away_team: str | None = None
    season: str | None = None
    features: Literal["table", "computed"] | None = Field(
        None, description="computed: of a fixture that no table holds as it was asked"
    )
    newcomers: list[str] = Field(
        [], description="teams whose ratings start anew, as nothing is known of them in the league"
    )
    moved_from: dt.datetime | None = Field(
        None, description="kick-off that the table has for this match"
    )
    model: str | None = Field(
        None, description="version of the model that made it, where the answer names another"
    )


class PredictAnswer(BaseModel):
    """Forecasts in the order asked, by the model named where they name no other."""

    model: Version
    predictions: list[ForecastTold]


class ModelAnswer(BaseModel):
    """The model that serves: its card, metrics, and the gates it passed."""

    model: Version
    as_of: dt.datetime
    reads: list[str] = Field(description="the columns of a feature row, in order")
    card: dict[str, Any]
    metrics: dict[str, Any]
    gates: list[dict[str, Any]]
    decision: dict[str, Any]
    challenger: ChallengerTold | None = None


def _day(text: object) -> object:
    """A date is written as one; a number of seconds is none."""
    if not (isinstance(text, str) and DAY.fullmatch(text)):
        raise ValueError("not a date: 2026-05-24")
    return text


class Filters(BaseModel):
    """Which matches are asked for."""

    model_config = ConfigDict(extra="forbid")

    date: Annotated[
        Annotated[dt.date, BeforeValidator(_day)] | None,
        Field(description="day of the kick-off, UTC"),
    ] = None
    competition: Annotated[
        str | None, Field(max_length=100, description="slug", examples=["eng-premier-league"])
    ] = None
    team: Annotated[
        str | None,
        Field(max_length=200, description="name or slug, at home or away", examples=["Arsenal"]),
    ] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="most matches in the answer")] = 200
