"""How good the model was, beside the baselines: test windows, backtest, settled forecasts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pitchline.serve.page import charts, words
from pitchline.serve.page.evidence import Content, Gap

FORECASTERS = {
    "model": "Pitchline's model",
    "market_closing": "Closing odds",
    "market_opening": "Opening odds",
    "dixon_coles": "Dixon-Coles",
    "elo": "Elo",
    "base": "Base rates",
}
WINDOWS = {
    "season_so_far": "This season so far",
    "last_season": "Last season",
    "newest": "The newest days",
}
SHOWN_SETTLED = 12
CAME = {"H": "home win", "D": "draw", "A": "away win"}


@dataclass(frozen=True)
class Cell:
    """A figure and its interval."""

    figure: str
    span: str


@dataclass(frozen=True)
class Forecaster:
    """One row of a window."""

    name: str
    own: bool
    log_loss: Cell
    rps: Cell
    accuracy: Cell
    confident: Cell
    confident_share: str


@dataclass(frozen=True)
class Window:
    """Forecasters on the same matches."""

    name: str
    about: str
    rows: tuple[Forecaster, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Settled:
    """One forecast whose result is known."""

    kick_off: str
    day: str
    fixture: str
    score: str
    forecast: str
    came: str
    true: bool


@dataclass(frozen=True)
class Settling:
    """The forecasts that the pipeline issued, held against results."""

    settled: int
    predicted: int
    figures: tuple[tuple[str, str], ...]
    rows: tuple[Settled, ...]
    model: str | None


@dataclass(frozen=True)
class Record:
    """The section: ``shown`` stands open, ``more`` is folded."""

    level: str
    shown: tuple[Window, ...]
    more: tuple[Window, ...]
    calibration: Markup | None
    seasons: Markup | None
    settling: Settling | Gap


def view(metrics: Content, backtest: Content | Gap, settled: Content | Gap) -> Record:
    """The section.

    Args:
        metrics: the serving model's metrics.json.
        backtest: metrics of the backtest.
        settled: the monitor's report.
    """
    shown = [_window(metrics, "Walk-forward test")]
    windows = metrics.get("windows") or {}
    found = {key: _window(windows[key], name) for key, name in WINDOWS.items() if windows.get(key)}
    more = list(found.values())
    walked = None if isinstance(backtest, Gap) else _backtest(backtest)
    if walked:
        shown.append(walked)
    return Record(
        level=words.percent(metrics.get("confidence_level", 0.95)),
        shown=tuple(shown),
        more=tuple(more),
        calibration=_calibration(metrics.get("by_confidence") or {}),
        seasons=_seasons(metrics.get("by_season") or {}),
        settling=settled if isinstance(settled, Gap) else settling(settled),
    )


def _window(told: Mapping[str, Any], name: str) -> Window:
    rows = [_forecaster(who, told[who]) for who in FORECASTERS if told.get(who)]
    notes = [note for note in (_gains(told), _market(told.get("market"))) if note]
    return Window(name, _about(told), tuple(rows), tuple(notes))


def _backtest(told: Content) -> Window | None:
    common = told.get("common") or {}
    figures = common.get("forecasters") or {}
    rows = [_forecaster(who, figures[who]) for who in FORECASTERS if who in figures]
    if not rows:
        return None
    about = _about(told | {"matches": common.get("matches")})
    return Window("Backtest of the recipe", about, tuple(rows), ())


def _about(told: Mapping[str, Any]) -> str:
    if "matches" not in told:
        return ""
    text = words.counted(told["matches"], "match", "matches")
    if told.get("first_kick_off") and told.get("last_kick_off"):
        first, last = (words.moment(told[f"{end}_kick_off"]) for end in ("first", "last"))
        text += f", {words.short_day(first)} to {words.short_day(last)}"
    return text


def _forecaster(who: str, told: Mapping[str, Any]) -> Forecaster:
    return Forecaster(
        name=FORECASTERS[who],
        own=who == "model",
        log_loss=_cell(told, "log_loss"),
        rps=_cell(told, "rps"),
        accuracy=_share(told, "accuracy"),
        confident=_share(told, "confident_accuracy"),
        confident_share=words.percent(told.get("confident_share")),
    )


def _cell(told: Mapping[str, Any], key: str) -> Cell:
    return Cell(words.figure(told.get(key)), words.span(told.get(f"{key}_interval")))


def _share(told: Mapping[str, Any], key: str) -> Cell:
    return Cell(words.percent(told.get(key)), words.percent_span(told.get(f"{key}_interval")))


def _gains(told: Mapping[str, Any]) -> str:
    """How far below the baselines the model's log loss is."""
    parts = []
    for key, name in (("elo", "Elo's"), ("base_rates", "the base rates'")):
        gain: Any = told.get(f"log_loss_gain_over_{key}")
        if words.is_number(gain):
            side = "below" if gain >= 0 else "above"
            interval = told.get(f"log_loss_gain_over_{key}_interval")
            parts.append(f"{abs(gain):.3f} {side} {name}{_within(interval, gain)}")
    return f"The model's log loss is {' and '.join(parts)}." if parts else ""


def _within(interval: Any, gain: float) -> str:
    if not words.span(interval):
        return ""
    ends = interval if gain >= 0 else [-interval[1], -interval[0]]
    return f" (paired: {words.span(ends)})"


def _market(told: Mapping[str, Any] | None) -> str:
    if not told:
        return ""
    matches = words.counted(told.get("matches"), "match", "matches")
    return (
        f"On the {matches} with closing odds: log loss {words.figure(told.get('log_loss'))}, "
        f"the odds' {words.figure(told.get('closing_log_loss'))}; "
        f"RPS {words.figure(told.get('rps'))}, the odds' {words.figure(told.get('closing_rps'))}."
    )


def _calibration(bins: Mapping[str, Any]) -> Markup | None:
    points, told = [], []
    for each in bins.values():
        if not (words.is_number(each.get("forecast")) and words.is_number(each.get("accuracy"))):
            continue
        interval = each.get("accuracy_interval")
        ends = (interval[0], interval[1]) if words.span(interval) else None
        text = (
            f"forecast {words.percent(each['forecast'])}, came true "
            f"{words.percent(each['accuracy'])}, "
            f"{words.counted(each['matches'], 'match', 'matches')}"
        )
        points.append((each["forecast"], each["accuracy"], ends, text))
        told.append(text)
    if not points:
        return None
    title = "How often the likeliest result came, by the probability it was given"
    return charts.calibration(points, title, "; ".join(told) + ".")


def _seasons(seasons: Mapping[str, Any]) -> Markup | None:
    if len(seasons) < 2:
        return None
    drawn = []
    told = []
    for who in ("model", "elo", "base"):
        values = [(each.get(who) or {}).get("log_loss") for each in seasons.values()]
        known = [value if words.is_number(value) else None for value in values]
        drawn.append(charts.Line(FORECASTERS[who], who, known))
        figures = ", ".join(
            f"{season} {words.figure(value)}" for season, value in zip(seasons, known, strict=True)
        )
        told.append(f"{FORECASTERS[who]}: {figures}")
    if not any(value is not None for line in drawn for value in line.values):
        return None
    title = "Log loss by season of the test window, lower is better"
    return charts.lines(list(seasons), drawn, title, "; ".join(told) + ".")


def settling(told: Content) -> Settling:
    """The forecasts that were settled, the newest first."""
    names = {
        "log_loss": "log loss",
        "expected_log_loss": "log loss the model expected",
        "uniform_log_loss": "log loss of a third each",
        "rps": "RPS",
    }
    figures = [(name, words.figure(told[key])) for key, name in names.items() if key in told]
    if "accuracy" in told:
        figures.append(("likeliest result came", words.percent(told["accuracy"])))
    matches: Sequence[Mapping[str, Any]] = told["matches"]
    newest = sorted(matches, key=lambda row: (row["kick_off"], row["match_id"]), reverse=True)
    return Settling(
        settled=told["settled"],
        predicted=told["predicted"],
        figures=tuple(figures),
        rows=tuple(_settled(row) for row in newest[:SHOWN_SETTLED]),
        model=told.get("champion"),
    )


def _settled(row: Mapping[str, Any]) -> Settled:
    when = words.moment(row["kick_off"])
    return Settled(
        kick_off=words.iso(when),
        day=words.weekday(when),
        fixture=f"{row['home_name']} {words.DASH} {row['away_name']}",
        score=words.dashed(row["score"]),
        forecast=words.percent(row["probability_of_result"]),
        came=CAME[row["result"]],
        true=row["result"] == row["most_likely"],
    )


def scores(settled: Content | Gap) -> dict[str, str]:
    """Scores known by now, by match_id; none where the report is not what it should be."""
    rows = [] if isinstance(settled, Gap) else settled.get("matches")
    if not isinstance(rows, list):
        return {}
    return {
        str(row["match_id"]): str(row["score"])
        for row in rows
        if isinstance(row, dict) and "match_id" in row and "score" in row
    }
