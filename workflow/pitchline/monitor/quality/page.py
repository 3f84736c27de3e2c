"""The quality monitor's page, from quality.json."""

from collections.abc import Mapping
from typing import Any

from pitchline.monitor.charts import Chart
from pitchline.monitor.page import Block, Grid, Page, number
from pitchline.monitor.status import Reason


def page_of(told: Mapping[str, Any]) -> Page:
    """The page of what ``review`` returned."""
    piled = told["quarantine"]
    facts = [
        ("score, newest window", number(told["newest_score"])),
        ("score of all", number(told["score"])),
        ("newest answer", told["newest_fetch"][:10]),
        ("in quarantine, newest", f"{piled['bad']:g} of {piled['checked']:,}"),
    ]
    reasons = [Reason(**reason) for reason in told["reasons"]]
    blocks = [_trend(told), _competitions(told), _sources(told)]
    return Page("Data quality over time", told["as_of"], told["status"], reasons, facts, blocks)


def _trend(told: Mapping[str, Any]) -> Block:
    windows = told["windows"][::-1]
    chart = Chart(
        "Score of each window",
        [line["last"] for line in windows],
        [line["score"] for line in windows],
        marks=[("alarm", told["minimum"])],
    )
    rows = [
        (line["last"], number(line["score"]), f"{line['checked']:,}", f"{line['bad']:g}")
        for line in told["windows"]
    ]
    text = "The dashed line is the score training asks for."
    return Block(
        "Score by window", text, chart, Grid(("window until", "score", "checked", "at fault"), rows)
    )


def _competitions(told: Mapping[str, Any]) -> Block:
    rows = [
        (
            line["competition"],
            line["status"],
            line["newest_result"] or "-",
            number(line["days_since_result"], 1),
            line["next_fixture"] or "-",
            f"{line['overdue']:g} of {line['due']}",
        )
        for line in told["competitions"]
    ]
    columns = ("competition", "verdict", "newest result", "days ago", "next fixture", "overdue")
    return Block("Competitions", grid=Grid(columns, rows))


def _sources(told: Mapping[str, Any]) -> Block:
    rows = [
        (
            line["source"],
            line["status"],
            line["newest_fetch"],
            line["newest_result"] or "-",
            f"{line['late']:g} of {line['due']}",
        )
        for line in told["sources"]
    ]
    columns = ("source", "verdict", "newest answer", "newest result", "late")
    return Block("Sources", grid=Grid(columns, rows))
