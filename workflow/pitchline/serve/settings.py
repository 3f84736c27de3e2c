"""Settings of the service, from the environment."""

import difflib
import ipaddress
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from pitchline.environment import DEFAULT, VARIABLE, Environment
from pitchline.errors import PitchlineError

PREFIX = "PITCHLINE_SERVE_"
# Where the Prometheus client lets several processes share their figures.
MEASURES_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class SettingsError(PitchlineError):
    """An environment variable of the service is unknown, of a wrong type or out of range."""


class Settings(BaseModel):
    """How the service runs; field ``port`` is the variable ``PITCHLINE_SERVE_PORT``, and so on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: Environment = Field(DEFAULT, description="where it runs; the variable is PITCHLINE_ENV")
    host: str = Field("127.0.0.1", description="address to listen on", min_length=1)
    port: Annotated[int, Field(ge=1, le=65535)] = Field(8000, description="TCP port")
    workers: Annotated[int, Field(ge=1, le=64)] = Field(1, description="processes")
    token: Annotated[SecretStr, Field(min_length=16)] | None = Field(
        None, description="bearer token that every call but /v1/health must bring; unset: none"
    )
    rate_limit: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        None,
        description="requests a second of one client address, counted by each worker for itself, "
        "twice as many at once; unset: no limit",
    )
    body_limit: Annotated[int, Field(ge=1024, le=256 * 1024**2)] = Field(
        4 * 1024**2, description="most bytes of a request's body"
    )
    batch_limit: Annotated[int, Field(ge=1, le=100_000)] = Field(
        1000, description="most fixtures or feature rows in one request"
    )
    horizon_days: Annotated[int, Field(ge=1, le=3660)] = Field(
        370, description="days ahead up to which fixtures that no table holds are forecast"
    )
    body_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        10.0, description="seconds within which a body must have come"
    )
    client_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        10.0,
        description="seconds within which a request's head must have come and an answer must "
        "have been read",
    )
    grace_seconds: Annotated[int, Field(ge=0, le=3600)] = Field(
        20, description="seconds that running requests have to end when the service stops"
    )
    poll_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        0.5, description="seconds between two looks at the pointer and the tables"
    )
    clock: Literal["auto", "wall", "data"] = Field(
        "auto",
        description="what tells a past kick-off: the wall's clock, or the moment up to which the "
        "predictions know results; auto: wall in prod, else data",
    )
    forecast_log: bool = Field(
        True, description="forecasts of matches go into the log data/log/forecasts"
    )
    forecast_log_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        30.0, description="seconds between two files of that log"
    )
    forecast_log_kept: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        200_000, description="most forecasts that wait while the log can't be written"
    )
    shadow_limit: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        20_000, description="most matches that wait for the challenger to forecast them unseen"
    )
    access_log: bool = Field(True, description="a log line for every request")

    @model_validator(mode="after")
    def _token_where_others_can_reach_it(self) -> Self:
        if self.env == "prod" and self.token is None and not is_loopback(self.host):
            raise ValueError(
                f"in prod a host that others can reach ({self.host}) needs {PREFIX}TOKEN"
            )
        return self

    @property
    def by_wall(self) -> bool:
        """Whether the wall's clock tells a past kick-off."""
        return self.clock == "wall" or (self.clock == "auto" and self.env == "prod")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that an environment tells.

    Raises:
        SettingsError: a variable ``PITCHLINE_SERVE_*`` is unknown, or a value is not allowed; it
            names every one of them.
    """
    known = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields if name != "env"}
    told = {VARIABLE: "env"} | known
    problems = [
        f"{name}: unknown variable.{_meant(name, list(known))}"
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known
    ]
    values = {field: environment[name] for name, field in told.items() if name in environment}
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        names = {field: name for name, field in told.items()}
        for problem in error.errors(include_url=False):
            where = names[str(problem["loc"][0])] if problem["loc"] else f"{PREFIX}HOST"
            problems.append(f"{where}: {problem['msg'].removeprefix('Value error, ')}.")
    if problems or settings is None:
        listed = "\n  ".join(problems)
        raise SettingsError(
            f"{len(problems)} environment variable(s) can't be used:\n  {listed}\n"
            "docs/serving.md lists all of them."
        )
    return settings


def _meant(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean `{near[0]}`?" if near else ""
