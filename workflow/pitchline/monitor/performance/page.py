"""The performance monitor's page, from performance.json."""

from collections.abc import Mapping
from typing import Any

from pitchline.monitor.charts import Chart
from pitchline.monitor.page import Block, Grid, Page, number, with_error
from pitchline.monitor.status import Reason

AGAINST = {"elo": "Elo", "base": "base rates", "market": "closing odds"}
ORIGINS = {"issued": "issued", "predicted": "the pipeline's", "test": "test window"}


def page_of(told: Mapping[str, Any]) -> Page:
    """The page of what ``review`` returned."""
    facts = [("settled forecasts", f"{told['matches']:,}")]
    facts += [(ORIGINS[name], f"{count:,}") for name, count in told["of"].items()]
    blocks: list[Block] = []
    if "evidence" in told:
        newest = told["windows"][0]
        facts += [
            (f"log loss, last {newest['matches']}", number(newest["log_loss"])),
            ("expected", number(newest["expected_log_loss"])),
        ]
        blocks = [_evidence(told["evidence"]), *_excess(told), _scores(told), _outcomes(told)]
    reasons = [Reason(**reason) for reason in told["reasons"]]
    return Page("Performance", told["as_of"], told["status"], reasons, facts, blocks)


def _evidence(told: Mapping[str, Any]) -> Block:
    labels, values = zip(*told["curve"], strict=True)
    chart = Chart(
        "Evidence of degradation over time",
        labels,
        values,
        marks=[("warning", told["warning"]), ("alarm", told["alarm"])],
    )
    rows = [
        (part["alternative"], part["where"], number(part["evidence"], 2))
        for part in told["leading"]
    ]
    text = (
        "Nats gathered against the forecasts being as good as they should be, after each day. "
        "The dashed lines are where it warns and where it rings."
    )
    return Block("Evidence of degradation", text, chart, Grid(("leading", "where", "nats"), rows))


def _excess(told: Mapping[str, Any]) -> list[Block]:
    curve = told["excess_curve"]
    if curve is None:
        return []
    labels, values, errors = zip(*curve["points"], strict=True)
    spread = [2 * error for error in errors]
    chart = Chart("Log loss beyond the expected", labels, values, spread, [("none", 0.0)])
    text = (
        f"Mean log loss of the last {curve['window']} matches minus what the forecasts expected of "
        "themselves (nats), with two standard errors. Above 0 they did worse than they said."
    )
    return [Block("Log loss beyond the expected", text, chart)]


def _parts(told: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    windows = {f"last {part['matches']}": part for part in told["windows"]}
    rest = {"since the test window": told["issued"], "all": told["all"]}
    return [(name, part) for name, part in (windows | rest).items() if part]


def _scores(told: Mapping[str, Any]) -> Block:
    rows = []
    for name, part in _parts(told):
        against = [
            with_error(part["against"][other]) if other in part["against"] else number(None)
            for other in AGAINST
        ]
        rows.append(
            (
                name,
                f"{part['matches']:,}",
                number(part["log_loss"]),
                number(part["expected_log_loss"]),
                with_error(part["excess"]),
                number(part["rps"]),
                number(part["expected_rps"]),
                number(part["accuracy"], 3),
                with_error(part["slope"], 2),
                *against,
            )
        )
    columns = (
        "window", "matches", "log loss", "expected", "beyond it", "RPS", "expected", "accuracy",
        "calibration slope", *(f"minus {name}" for name in AGAINST.values()),
    )  # fmt: skip
    text = "Means with their standard errors. A slope below 1: too sure; above 1: not sure enough."
    return Block("Scores", text, grid=Grid(columns, rows))


def _outcomes(told: Mapping[str, Any]) -> Block:
    rows = []
    for name, part in _parts(told):
        cells = [
            f"{told['came']:.1%} of {told['forecast']:.1%}" for told in part["outcomes"].values()
        ]
        goals = part["goals"] or {}
        cells += [
            f"{goals[side]['came']:.2f} of {goals[side]['forecast']:.2f}" if goals else number(None)
            for side in ("home", "away")
        ]
        rows.append((name, *cells))
    columns = ("window", "home wins", "draws", "away wins", "home goals", "away goals")
    text = "How often each came, of how often it was forecast; goals a match, of those expected."
    return Block("Results", text, grid=Grid(columns, rows))
