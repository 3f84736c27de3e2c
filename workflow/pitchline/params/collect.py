"""The parameters of collect."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from pitchline.params.types import SLUG, Season, Section, distinct, two_years_in_a_row


class Starter(Section):
    """The embedded starter archive."""

    first_season: Season = Field(
        description="first season taken from the starter archive (2014-15 or later)"
    )
    last_season: Season = Field(
        description="last season taken from the starter archive (2025-26 or earlier)"
    )

    @model_validator(mode="after")
    def seasons_in_order(self) -> Self:
        """The first season isn't after the last, and the archive holds both."""
        if not "2014-15" <= self.first_season <= self.last_season <= "2025-26":
            raise ValueError("seasons from 2014-15 to 2025-26, the first not after the last")
        return self


class Acknowledgement(Section):
    """The user's word that they may collect a source whose terms ask for a permission."""

    right: str = Field(
        min_length=12, description="who gave the right to collect this, and when; your own words"
    )
    covers_machine_learning: bool = Field(
        description="whether that right covers training and running forecasting models"
    )
    covers_robots_txt: bool = Field(
        description="whether it covers addresses that the host's robots.txt closes to programs"
    )


class NetworkSource(Section):
    """One source on the network."""

    base_url: str = Field(
        pattern=r"^https?://[^\s/]+(/[^\s]*[^\s/])?$",
        description="where the source stands, without a slash at the end",
    )
    time_limit_minutes: float = Field(
        gt=0, le=60, description="minutes after which its run is ended"
    )
    seconds_between_requests: float = Field(
        ge=0,
        le=600,
        description="least seconds between two requests to its host; each source has a floor",
    )
    fresh_hours: float = Field(
        ge=0,
        le=24 * 366,
        description="hours an answer that may change stands before it's refreshed",
    )
    days_back: int = Field(
        ge=0, le=366, description="days before as_of it is asked for, day by day"
    )
    days_ahead: int = Field(
        ge=0, le=366, description="days after as_of it is asked for, day by day"
    )
    acknowledgement: Acknowledgement | None = Field(
        description="needed by sources whose terms ask for a permission; null for none"
    )


class Retries(Section):
    """What happens after a failure: only timeouts, 429 and 5xx are tried again."""

    times: int = Field(ge=0, le=10, description="further tries of one request")
    backoff_seconds: float = Field(
        ge=0,
        le=60,
        description="the wait before the n-th further try is random, up to this x 2^(n - 1)",
    )
    longest_backoff_seconds: float = Field(ge=0, le=600, description="and never longer than this")
    longest_retry_after_seconds: float = Field(
        ge=0,
        le=600,
        description="a server's Retry-After up to this is waited for; a longer one "
        "ends the source's run and is kept as its pause",
    )
    answer_seconds: float = Field(gt=0, le=600, description="seconds a whole answer may take")
    stop_after_failures: int = Field(
        ge=1, le=1000, description="failed requests in a row that end the source's run"
    )
    pause_hours: float = Field(
        gt=0,
        le=24 * 14,
        description="hours a source that refused (401, 403, challenge) is left alone",
    )


class Collect(Section):
    """What is brought into the raw archive."""

    sources: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]], AfterValidator(distinct)
    ] = Field(min_length=1, description="sources to collect: starter, or a key of `network`")
    starter: Starter
    competitions: Annotated[list[Annotated[str, Field(pattern=SLUG)]], AfterValidator(distinct)] = (
        Field(
            min_length=1,
            description="competitions asked of the network, of workflow/reference/competitions.csv",
        )
    )
    seasons: Annotated[
        list[
            Annotated[
                str,
                Field(pattern=r"^\d{4}(-\d{2})?$", examples=["2025-26"]),
                AfterValidator(two_years_in_a_row),
            ]
        ],
        AfterValidator(distinct),
    ] = Field(min_length=1, description="seasons asked of the network")
    contact: str | None = Field(
        description="an address or web page of yours, told to every host in the User-Agent"
    )
    retries: Retries
    network: dict[str, NetworkSource] = Field(description="the sources on the network, by name")

    @model_validator(mode="after")
    def sources_are_described(self) -> Self:
        """Every chosen source has its entry."""
        for name in self.sources:
            if name != "starter" and name not in self.network:
                raise ValueError(
                    f"`sources` names {name!r}, which has no entry in `network` "
                    f"({', '.join(['starter', *self.network])})"
                )
        return self
