"""The types that parameters share."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def utc_moment(text: str) -> str:
    """A moment in UTC, ISO 8601, as it stands."""
    allowed = "an ISO 8601 moment in UTC, such as 2026-05-08T00:00:00Z"
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(allowed) from error
    return text


def two_years_in_a_row(season: str) -> str:
    """A season whose two years follow each other."""
    if len(season) > 4 and int(season[5:]) != (int(season[:4]) + 1) % 100:
        raise ValueError("a season's two years, the second in two digits, such as 2025-26")
    return season


def ascending(values: list[float]) -> list[float]:
    """A pair, the lowest first."""
    low, high = values
    if low > high:
        raise ValueError("[lowest, highest], the lowest first")
    return values


def distinct(values: list[Any]) -> list[Any]:
    """A list without repetition."""
    if len(set(values)) != len(values):
        raise ValueError("each entry once")
    return values


def rising(values: list[float]) -> list[float]:
    """Numbers, each above the one before."""
    if any(low >= high for low, high in pairwise(values)):
        raise ValueError("each number above the one before")
    return values


Moment = Annotated[
    str,
    AfterValidator(utc_moment),
    Field(json_schema_extra={"examples": ["2026-05-08T00:00:00Z"]}),
]
Season = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d{2}$", examples=["2025-26"]),
    AfterValidator(two_years_in_a_row),
]
Share = Annotated[float, Field(ge=0, le=1)]
DepthRange = Annotated[
    list[Annotated[int, Field(ge=1, le=12)]],
    Field(min_length=2, max_length=2),
    AfterValidator(ascending),
]
PositiveRange = Annotated[
    list[Annotated[float, Field(gt=0, le=1000)]],
    Field(min_length=2, max_length=2),
    AfterValidator(ascending),
]
ShareRange = Annotated[
    list[Annotated[float, Field(gt=0, le=1)]],
    Field(min_length=2, max_length=2),
    AfterValidator(ascending),
]
Edges = Annotated[list[Annotated[float, Field(gt=0, lt=1)]], AfterValidator(rising)]


class Section(BaseModel):
    """A block of parameters: unknown keys are refused, types are taken at their word."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
