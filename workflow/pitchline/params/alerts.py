"""The parameters of alerts: what is grouped, repeated and retried, and who is told."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pitchline.params.types import Section, distinct

ROUTE_NAME = re.compile(r"[a-z][a-z0-9_]*")

Severity = Literal["info", "warning", "error", "critical"]
Environment = Literal["dev", "test", "prod"]


def span_of_a_day(text: str) -> str:
    """Two moments of a day, as they stand."""
    begin, end = text.split("-")
    if begin == end or max(begin, end) > "23:59":
        raise ValueError("two different moments of a day, such as 22:00-06:30")
    return text


class Route(Section):
    """Who is told of what."""

    minimum_severity: Severity = Field(description="alerts below this are not sent by it")
    urls_from: str = Field(
        pattern=r"^[A-Z][A-Z0-9_]*$",
        max_length=100,
        description="environment variable that holds its apprise URLs, with white space between "
        "them; unset: the route is not configured",
    )
    quiet_hours: (
        Annotated[
            str,
            Field(pattern=r"^[0-2]\d:[0-5]\d-[0-2]\d:[0-5]\d$", examples=["22:00-06:30"]),
            AfterValidator(span_of_a_day),
        ]
        | None
    ) = Field(
        description="UTC, such as 22:00-06:30, in which only critical alerts are sent; null: never"
    )
    only_environments: (
        Annotated[list[Environment], AfterValidator(distinct), Field(min_length=1)] | None
    ) = Field(description="values of PITCHLINE_ENV it is used in; null: in all")


def plain_names(routes: dict[str, Route]) -> dict[str, Route]:
    """Routes whose names are plain."""
    for name in routes:
        if not ROUTE_NAME.fullmatch(name):
            raise ValueError(f"routes with names such as `chat`, not {name!r}")
    return routes


class Alerts(Section):
    """What becomes of an alert."""

    group_seconds: float = Field(
        ge=0,
        le=3600,
        description="alerts within so many seconds go in one message; critical ones don't wait",
    )
    repeat_hours: float = Field(
        gt=0,
        le=24 * 14,
        description="hours within which a repeated alert is counted and not sent again",
    )
    send_seconds: float = Field(
        gt=0, le=600, description="seconds that the sending of one message may take"
    )
    first_retry_seconds: float = Field(
        gt=0,
        le=3600,
        description="the wait after the n-th failure in a row of a route is this x 2^(n - 1)",
    )
    longest_retry_seconds: float = Field(
        gt=0, le=24 * 3600, description="and never longer than this"
    )
    longest_wait_hours: float = Field(
        gt=0, le=24 * 30, description="hours after which what can't be sent is dropped and counted"
    )
    most_waiting: int = Field(
        ge=1,
        le=10_000,
        description="alerts that may wait for one address; beyond it the mildest and oldest are "
        "dropped and counted",
    )
    keep_days: float = Field(
        gt=0,
        le=3660,
        description="days after which an alert that nothing was heard of is forgotten",
    )
    routes: Annotated[dict[str, Route], AfterValidator(plain_names)] = Field(
        description="who is told of what, by name"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.longest_retry_seconds < self.first_retry_seconds:
            raise ValueError("`longest_retry_seconds` not below `first_retry_seconds`")
        if self.keep_days * 24 < self.longest_wait_hours:
            raise ValueError("`keep_days` not below `longest_wait_hours`")
        return self
