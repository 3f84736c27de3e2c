"""POST /v1/predict from the body's bytes to the answer's: no framework, no pandas."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any

import msgspec
import numpy as np

from pitchline.serve.asked import Asking, Unheld, Wanted, season_told, told
from pitchline.serve.engine import in_pieces
from pitchline.serve.errors import At, Problem, wrong
from pitchline.serve.schemas import DAY
from pitchline.serve.service import Model, Service
from pitchline.serve.tables import Fixture, Fixtures

# No feature comes near it, and every model can take it.
LARGEST = 1e9
TOLD_FAULTS = 20
OUTCOMES = "HDA"
MOMENT = re.compile(
    DAY.pattern + r"[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?([Zz]|[+-][0-9:]{5})?"
)
Value = Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A fixture: by ``match_id``, or by both teams and the kick-off.

    ``competition`` and ``season`` say more of a fixture by teams.
    """

    match_id: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    home: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    away: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    kick_off: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    competition: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    season: Annotated[str, msgspec.Meta(max_length=20)] | None = None


class Forecast(msgspec.Struct, omit_defaults=True, gc=False):
    """Probabilities of one fixture or row; a row has no fixture.

    ``features`` tells where a fixture's features come from: ``table``, or ``computed`` for one that
    no table holds, with the teams whose ratings start anew and the kick-off that the table has.
    ``model`` is told where another model than the answer's made it.
    """

    probability_home: float
    probability_draw: float
    probability_away: float
    most_likely: str
    match_id: str | None = None
    competition: str | None = None
    kick_off: datetime | None = None
    home_team: str | None = None
    away_team: str | None = None
    season: str | None = None
    features: str | None = None
    newcomers: list[str] = []
    moved_from: datetime | None = None
    model: str | None = None


class Answer(msgspec.Struct):
    """The forecasts, in the order asked, and the version of the model that made them.

    A forecast by another model than that names it itself.
    """

    model: str
    predictions: list[Forecast]


_encoder = msgspec.json.Encoder()


@lru_cache(maxsize=8)
def decoder(reads: tuple[str, ...]) -> "msgspec.json.Decoder[Any]":
    """The decoder of bodies for a model that reads these columns, in this order."""
    # Python allows no field that begins with an underscore or is a keyword; columns may.
    fields = [(f"column_{number}", Value | None) for number in range(len(reads))]
    renamed = {f"column_{number}": column for number, column in enumerate(reads)}
    row = msgspec.defstruct("Row", fields, forbid_unknown_fields=True, rename=renamed, gc=False)
    body = msgspec.defstruct(
        "Body",
        [("fixtures", list[Asked] | None, None), ("rows", list[row] | None, None)],  # type: ignore[valid-type]
        forbid_unknown_fields=True,
    )
    return msgspec.json.Decoder(body)


def predict(service: Service, content: bytes, request_id: str | None = None) -> tuple[str, bytes]:
    """Version of the model and the answer's JSON.

    Args:
        service: what the answer is made from.
        content: the body.
        request_id: for the log of forecasts.

    Raises:
        Problem: the body is malformed, too large a batch, or asks for what can't be forecast.
    """
    model = service.champion.current
    asked = _decoded(model, content)
    if (asked.fixtures is None) == (asked.rows is None):
        raise Problem(
            "wrong-value", "Give either `fixtures` or `rows`.", [At("", "one of the two")]
        )
    name, items = ("rows", asked.rows) if asked.fixtures is None else ("fixtures", asked.fixtures)
    limit = service.settings.batch_limit
    if not items:
        raise Problem("wrong-value", f"`{name}` is empty.", [At(f"/{name}", "give 1 at least")])
    if len(items) > limit:
        at = At(f"/{name}", f"{len(items)} given; allowed: {limit} in one request")
        raise Problem("batch-too-large", "Send the batch in parts.", [at])
    fixtures: list[Fixture] | None = None
    if name == "rows":
        table = np.array([msgspec.structs.astuple(row) for row in items], dtype=np.float64)
    else:
        asking = Asking(
            service, service.tables.fixtures, service.now(model), service.tables.standing.ahead
        )
        fixtures = asking.with_features(_looked_up(asking, items))
        table = _features(asking, fixtures, model.reads)
    probabilities = in_pieces(model.predict, table)
    if not np.isfinite(probabilities).all():
        number = int(np.flatnonzero(~np.isfinite(probabilities).all(axis=1))[0])
        at = At(f"/{name}/{number}", "the model gives no probabilities for these values")
        raise Problem("wrong-value", "The model can't take these features.", [at])
    if fixtures is None:
        service.measures.forecast(model.version, len(items))
        made = _forecasts(probabilities, None)
        return model.version, _encoder.encode(Answer(model.version, made))
    probabilities, by = service.contest.share_out(
        model, probabilities, fixtures, lambda reads: _features(asking, fixtures, reads),
        request_id, service.data_as_of(model),
    )  # fmt: skip
    made = _forecasts(probabilities, fixtures)
    return _by_their_models(service, model.version, made, by)


def _by_their_models(
    service: Service, champion: str, made: list[Forecast], by: list[str]
) -> tuple[str, bytes]:
    """The answer that names one model of all, or the champion and whom else a forecast is by."""
    models = set(by)
    named = champion if champion in models else by[0]
    for version in models:
        service.measures.forecast(version, by.count(version))
    if len(models) > 1:
        for forecast, version in zip(made, by, strict=True):
            forecast.model = None if version == named else version
    return named, _encoder.encode(Answer(named, made))


def _forecasts(probabilities: np.ndarray, fixtures: list[Fixture] | None) -> list[Forecast]:
    likeliest = probabilities.argmax(axis=1).tolist()
    made = [
        Forecast(home, draw, away, OUTCOMES[best])
        for (home, draw, away), best in zip(probabilities.tolist(), likeliest, strict=True)
    ]
    for forecast, fixture in zip(made, fixtures or (), strict=False):
        forecast.match_id = fixture.match_id
        forecast.competition = fixture.competition
        forecast.kick_off = fixture.kick_off
        forecast.home_team = fixture.home_team
        forecast.away_team = fixture.away_team
        forecast.season = fixture.season
        forecast.features = "table"
        if isinstance(fixture, Unheld):
            forecast.features = "computed"
            forecast.newcomers = list(fixture.newcomers)
            forecast.moved_from = fixture.moved_from
    return made


def _decoded(model: Model, content: bytes) -> Any:
    try:
        return decoder(model.reads).decode(content)
    except msgspec.ValidationError as error:
        text, pointer = _pointed(str(error))
        unknown = "unknown field" in text and pointer.startswith("/rows")
        kind = "unknown-column" if unknown else "wrong-value"
        detail = f"The model {model.version} reads {len(model.reads)} columns; GET /v1/model."
        if not pointer.startswith("/rows"):
            detail = "The body is not of the form that /v1/openapi.json tells."
        raise Problem(kind, detail, [At(pointer, text)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("malformed-body", f"Not valid JSON: {str(error)[:200]}.") from None


def _pointed(text: str) -> tuple[str, str]:
    """The text and the JSON pointer of an error of msgspec: ``... - at `$.rows[0].x```."""
    text, _, where = text.partition(" - at `")
    path = where.rstrip("`").removeprefix("$").removeprefix("key in ")
    return text[:300], path.replace("[", "/").replace("]", "").replace(".", "/")[:300]


def _features(asking: Asking, fixtures: list[Fixture], reads: tuple[str, ...]) -> np.ndarray:
    """What a model reads of the fixtures, shape (fixtures, reads)."""
    table = np.empty((len(fixtures), len(reads)))
    unheld = [fixture for fixture in fixtures if isinstance(fixture, Unheld)]
    held: Any = slice(None)
    if unheld:
        asked = np.array([isinstance(fixture, Unheld) for fixture in fixtures], dtype=bool)
        table[asked], held = asking.read(unheld, reads), ~asked
    if len(unheld) == len(fixtures):
        return table
    places = np.array([fixture.row for fixture in fixtures], dtype=np.intp)[held]
    for number, column in enumerate(reads):
        if column not in asking.found.features:
            raise Problem(
                "features-not-here",
                f"The model reads {column!r}, which the feature table lacks; ask with `rows`.",
            )
        table[held, number] = asking.found.features[column][places]
    return table


def _looked_up(asking: Asking, asked: list[Asked]) -> list[Fixture]:
    fixtures: list[Fixture] = []
    faults: list[tuple[str, At]] = []
    for number, each in enumerate(asked):
        at = f"/fixtures/{number}"
        try:
            fixture = _one(asking, each, at)
            if fixture.kick_off < asking.now:
                raise past(fixture.kick_off, at)
            fixtures.append(fixture)
        except Problem as problem:
            faults += [(problem.kind, error) for error in problem.errors]
    if faults:
        listed = [error for _, error in faults[:TOLD_FAULTS]]
        detail = f"{len(faults)} fault(s), the first of this kind; nothing was forecast."
        raise Problem(faults[0][0], detail, listed)
    return fixtures


def past(kick_off: datetime, pointer: str) -> Problem:
    """The problem of a match that has kicked off."""
    at = At(pointer, f"the match kicked off at {told(kick_off)}")
    return Problem("past-kick-off", "Forecasts are for matches to come.", [at])


def _one(asking: Asking, asked: Asked, pointer: str) -> Fixture:
    service, found = asking.service, asking.found
    by_teams = (asked.home, asked.away, asked.kick_off, asked.competition, asked.season)
    if asked.match_id is not None and not any(part is not None for part in by_teams):
        return _by_id(found, asked.match_id, f"{pointer}/match_id")
    if asked.match_id is not None or asked.home is None or asked.away is None:
        raise wrong(pointer, "give `match_id` alone, or `home`, `away` and `kick_off`")
    if asked.kick_off is None:
        raise wrong(f"{pointer}/kick_off", "missing: the kick-off's moment or date")
    day, moment = _when(asked.kick_off, f"{pointer}/kick_off")
    faults = [
        service.no_team(name, f"{pointer}/{side}")
        for side, name in (("home", asked.home), ("away", asked.away))
        if not service.names.meant(name)
    ]
    if faults:
        raise Problem("unknown-team", "A team's name is not known.", faults)
    pairs = [
        (home, away)
        for home in service.names.meant(asked.home)
        for away in service.names.meant(asked.away)
    ]
    if all(home == away for home, away in pairs):
        raise wrong(pointer, "home and away are the same team")
    if asked.competition is not None:
        service.competition(asked.competition, f"{pointer}/competition")
    season = None if asked.season is None else season_told(asked.season, f"{pointer}/season")
    wanted = Wanted(pairs, day, moment, asked.competition, season, pointer)
    meetings = [
        fixture
        for pair in pairs
        for fixture in found.by_teams.get(pair, ())
        if wanted.fits(fixture)
    ]
    for fixture in meetings:
        if fixture.kick_off == moment or (moment is None and fixture.kick_off.date() == day):
            return fixture
    for pair in pairs:
        for kick_off in found.played_by_teams.get(pair, ()):
            if kick_off.date() == day:
                raise past(kick_off, pointer)
    if day < asking.now.date():
        raise past(wanted.kick_off, pointer)
    return asking.fixture(wanted)


def _by_id(found: Fixtures, match_id: str, pointer: str) -> Fixture:
    fixture = found.by_id.get(match_id)
    if fixture is None:
        if match_id in found.played:
            raise past(found.played[match_id], pointer)
        at = At(pointer, f"no table holds the match {match_id!r}")
        raise Problem("unknown-fixture", "No table holds this fixture.", [at])
    return fixture


def _when(text: str, pointer: str) -> tuple[date, datetime | None]:
    """The day in UTC, and the moment where more than a date is told."""
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text), None
        if not MOMENT.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text.upper())
        if moment.tzinfo is None:
            raise wrong(pointer, "a moment needs its zone: 2026-05-24T15:00:00Z")
        moment = moment.astimezone(UTC)
        return moment.date(), moment
    except (ValueError, OverflowError):
        raise wrong(pointer, "not a moment or a date: 2026-05-24T15:00:00Z or 2026-05-24") from None
