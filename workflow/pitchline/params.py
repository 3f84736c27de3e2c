"""The one typed model of params.yaml: every parameter with its meaning, unit and range.

No parameter has a default here: params.yaml states them all, so the file alone
says what a run used. The model makes the JSON schema that editors read and the
page docs/parameters.md.
"""

import difflib
from datetime import UTC, date, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Self, get_args, get_origin

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from pitchline.errors import ParamsError

PARAMS_FILE = Path("params.yaml")
LONGEST_FOUND = 200
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def _utc_moment(text: str) -> str:
    allowed = "an ISO 8601 moment in UTC, such as 2026-05-08T00:00:00Z"
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(allowed) from error
    return text


def _two_years_in_a_row(season: str) -> str:
    if len(season) > 4 and int(season[5:]) != (int(season[:4]) + 1) % 100:
        raise ValueError("a season's two years, the second in two digits, such as 2025-26")
    return season


def _ascending(values: list[float]) -> list[float]:
    low, high = values
    if low > high:
        raise ValueError("[lowest, highest], the lowest first")
    return values


def _distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) != len(values):
        raise ValueError("each entry once")
    return values


Moment = Annotated[
    str,
    AfterValidator(_utc_moment),
    Field(json_schema_extra={"examples": ["2026-05-08T00:00:00Z"]}),
]
Season = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d{2}$", examples=["2025-26"]),
    AfterValidator(_two_years_in_a_row),
]
Share = Annotated[float, Field(ge=0, le=1)]
DepthRange = Annotated[
    list[Annotated[int, Field(ge=1, le=12)]],
    Field(min_length=2, max_length=2),
    AfterValidator(_ascending),
]
PositiveRange = Annotated[
    list[Annotated[float, Field(gt=0, le=1000)]],
    Field(min_length=2, max_length=2),
    AfterValidator(_ascending),
]
ShareRange = Annotated[
    list[Annotated[float, Field(gt=0, le=1)]],
    Field(min_length=2, max_length=2),
    AfterValidator(_ascending),
]


class Section(BaseModel):
    """A block of parameters: unknown keys are refused, types are taken at their word."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


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
        list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]], AfterValidator(_distinct)
    ] = Field(min_length=1, description="sources to collect: starter, or a key of `network`")
    starter: Starter
    competitions: Annotated[
        list[Annotated[str, Field(pattern=SLUG)]], AfterValidator(_distinct)
    ] = Field(
        min_length=1,
        description="competitions asked of the network, of workflow/reference/competitions.csv",
    )
    seasons: Annotated[
        list[
            Annotated[
                str,
                Field(pattern=r"^\d{4}(-\d{2})?$", examples=["2025-26"]),
                AfterValidator(_two_years_in_a_row),
            ]
        ],
        AfterValidator(_distinct),
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


class Ingest(Section):
    """How raw answers become tables."""

    result_known_after_hours: float = Field(
        gt=1.5, le=24, description="hours after kick-off from which a result counts as known"
    )


class Elo(Section):
    """Elo ratings, in rating points unless said otherwise."""

    k: float = Field(gt=0, le=100, description="step of a rating after a full surprise")
    margin_exponent: float = Field(
        ge=0, le=2, description="power of (1 + goal margin) by which the step grows; 0 for none"
    )
    home_advantage: float = Field(ge=0, le=300, description="points added to the home team")
    initial: float = Field(
        ge=0, le=5000, description="rating of the teams of the archive's first season"
    )
    promoted: float = Field(
        ge=0, le=5000, description="rating of a team that was elsewhere the season before"
    )
    season_carry: Share = Field(
        description="share of a rating's distance to `initial` kept into the next season"
    )


class Strength(Section):
    """Attack and defence strengths, in logarithms of goals unless said otherwise."""

    rate: float = Field(
        gt=0, le=1, description="step of a strength for each goal above or below expectation"
    )
    level_rate: float = Field(ge=0, le=1, description="the same for the league's goal levels")
    xg_weight: Share = Field(description="weight of xG against goals scored, where a match has xG")
    home_goals: float = Field(
        gt=0, le=10, description="goals a match of the home team to start from, in goals"
    )
    away_goals: float = Field(
        gt=0, le=10, description="goals a match of the away team to start from, in goals"
    )
    promoted: float = Field(
        ge=-2, le=2, description="attack and defence of a team that was elsewhere the season before"
    )
    season_carry: Share = Field(description="share of a strength kept into the next season")


class Features(Section):
    """What is known of a match at its kick-off."""

    elo: Elo
    strength: Strength
    form_windows: Annotated[
        list[Annotated[int, Field(ge=1, le=200)]], AfterValidator(_distinct)
    ] = Field(min_length=1, description="numbers of matches over which recent form is averaged")
    longest_rest_days: float = Field(
        gt=0, le=200, description="days since the last match are cut off here"
    )


class Search(Section):
    """The ranges Optuna searches, [lowest, highest] each; XGBoost's names."""

    max_depth: DepthRange = Field(description="depth of a tree")
    learning_rate: ShareRange = Field(
        description="shrinkage of each round, searched on a log scale"
    )
    min_child_weight: PositiveRange = Field(
        description="least sum of hessians in a leaf, searched on a log scale"
    )
    subsample: ShareRange = Field(description="share of the matches each tree sees")
    colsample_bytree: ShareRange = Field(description="share of the features each tree sees")
    reg_lambda: PositiveRange = Field(description="L2 penalty of leaf weights, on a log scale")
    reg_alpha: PositiveRange = Field(description="L1 penalty of leaf weights, on a log scale")


class Train(Section):
    """How the model is tuned and fitted."""

    warm_up_seasons: int = Field(
        ge=0,
        le=20,
        description="seasons at the start that only warm the ratings up and are not trained on",
    )
    test_days: int = Field(
        ge=7, le=1500, description="days before as_of held out from tuning to test the model on"
    )
    folds: int = Field(
        ge=2, le=20, description="validation blocks of the expanding-window cross-validation"
    )
    trials: int = Field(ge=1, le=10_000, description="hyperparameter sets that Optuna tries")
    trials_at_once: int = Field(
        ge=1,
        le=64,
        description="trials asked for together; part of the result, whatever the number of cores",
    )
    max_rounds: int = Field(ge=1, le=10_000, description="most boosting rounds of a model")
    early_stopping_rounds: int = Field(
        ge=1, le=1000, description="rounds without a better validation log loss before stopping"
    )
    search: Search


class Evaluate(Section):
    """How forecasts are scored."""

    refit_days: int = Field(
        ge=1, le=1500, description="days between refits while walking through the test window"
    )
    recent_days: int = Field(
        ge=1, le=365, description="newest days of the test window also reported on their own"
    )
    confident_pick: Share = Field(
        description="highest probability from which a forecast counts as a confident pick"
    )
    calibration_bins: int = Field(
        ge=2, le=100, description="equal-mass bins of the calibration error"
    )
    bootstrap_samples: int = Field(
        ge=100, le=100_000, description="resamples behind each confidence interval"
    )
    confidence_level: float = Field(
        gt=0.5, lt=1, description="level of the confidence intervals, 0.95 for 95 %"
    )


class Promote(Section):
    """The gates a candidate must pass on its test window; null switches a gate off."""

    minimum_matches: int | None = Field(ge=1, description="least matches in the test window")
    minimum_quality_score: Share | None = Field(description="least quality score of the data")
    minimum_confident_accuracy: Share | None = Field(
        description="least share of confident picks that come true"
    )
    minimum_confident_share: Share | None = Field(
        description="least share of matches with a confident pick"
    )
    minimum_accuracy: Share | None = Field(
        description="least accuracy over all matches; no forecaster reaches 0.6 here"
    )
    minimum_log_loss_gain_over_base_rates: float | None = Field(
        ge=-1, le=1, description="least log loss of the base rates minus the candidate's, nats"
    )
    minimum_log_loss_gain_over_elo: float | None = Field(
        ge=-1, le=1, description="least log loss of the Elo baseline minus the candidate's, nats"
    )
    maximum_calibration_error: Share | None = Field(
        description="most calibration error (ECE, mean over the three results)"
    )
    maximum_log_loss_above_champion: float | None = Field(
        ge=0,
        le=1,
        description="most log loss above the champion's on the same matches, nats: "
        "the upper end of a paired bootstrap interval",
    )


class Predict(Section):
    """Which fixtures are forecast."""

    horizon_days: int = Field(
        ge=1, le=366, description="fixtures up to so many days after as_of are forecast"
    )


class Tracking(Section):
    """Where runs are logged."""

    experiment_name: str = Field(
        min_length=1, max_length=200, description="MLflow experiment the runs belong to"
    )


class Params(Section):
    """All parameters, as params.yaml states them."""

    as_of: Moment | None = Field(
        description="moment up to which results are used, ISO 8601 in UTC; "
        "null for the newest fetch of the raw archive"
    )
    seed: int = Field(
        ge=0, lt=2**31, description="seed of every random choice: tuning, training, bootstrap"
    )
    collect: Collect
    ingest: Ingest
    features: Features
    train: Train
    evaluate: Evaluate
    promote: Promote
    predict: Predict
    tracking: Tracking


def _lookup(value: Any, location: tuple[int | str, ...]) -> Any:
    for step in location:
        value = value[step]
    return value


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Params
    for step in location:
        if get_origin(model) is dict:
            model = get_args(model)[1]
            continue
        if isinstance(step, int) or step not in model.model_fields:
            return []
        model = model.model_fields[step].annotation
        if get_origin(model) is UnionType:
            model = next(part for part in get_args(model) if part is not NoneType)
    return list(getattr(model, "model_fields", ()))


def _explain(error: ValidationError, content: Any, origin: str) -> str:
    lines = []
    for problem in error.errors():
        location = problem["loc"]
        key = ".".join(str(step) for step in location) or "(the whole file)"
        message = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        if problem["type"] == "extra_forbidden":
            known = _known_keys(location[:-1])
            near = difflib.get_close_matches(str(location[-1]), known, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            lines.append(f"  {key}: unknown key.{hint} Allowed here: {', '.join(known)}.")
        elif problem["type"] == "missing":
            lines.append(f"  {key}: missing. Add it; docs/parameters.md tells what it means.")
        else:
            try:
                found = f"found {_lookup(content, location)!r}"
            except (KeyError, IndexError, TypeError):
                found = f"found {problem['input']!r}"
            if problem["type"] == "string_type" and isinstance(problem["input"], date):
                message = 'the same in quotes, as in "2026-05-08T00:00:00Z"'
            elif problem["type"] == "model_type":
                message = "a section with keys of its own"
            if problem["type"] == "value_error" and len(found) > LONGEST_FOUND:
                lines.append(f"  {key}: {message}.")
                continue
            lines.append(f"  {key}: {found}; allowed: {message}.")
    return f"{origin}: {len(lines)} parameter(s) can't be used:\n" + "\n".join(lines)


def validate(content: Any, origin: str) -> Params:
    """Check a whole configuration.

    Args:
        content: what the YAML file holds.
        origin: the file's name, for the error.

    Raises:
        ParamsError: naming each key at fault, what was found and what is allowed.
    """
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise ParamsError(_explain(error, content, origin)) from error


class _EachKeyOnce(yaml.SafeLoader):
    """YAML's safe loader, which would let the last of two equal keys win, refusing them."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping; a key that stands twice is an error."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key `{key}` stands twice", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)


def load(path: Path) -> Params:
    """Read and check a parameter file.

    Raises:
        ParamsError: the file is missing, no YAML, or a parameter is at fault.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _EachKeyOnce)  # noqa: S506
    except FileNotFoundError as error:
        raise ParamsError(
            f"{path}: missing. Run from the project's folder, or name the file with --params."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ParamsError(f"{path}: not valid YAML: {error}") from error
    return validate(content, str(path))


def json_schema() -> dict[str, Any]:
    """The JSON schema that editors use."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Params.model_json_schema()
