"""The drift monitor's page, from drift.json."""

from collections.abc import Mapping
from typing import Any

from pitchline.monitor.page import Block, Grid, Page, number
from pitchline.monitor.status import Reason

GROUPS = ("features", "predictions")
COLUMNS = (
    "column", "verdict", "PSI", "usual PSI", "largest gap", "p-value", "mean now", "mean before",
    "known now", "known before",
)  # fmt: skip


def page_of(told: Mapping[str, Any]) -> Page:
    """The page of what ``review`` returned."""
    facts = [(f"matches, {name}", f"{told[name]['matches']:,}") for name in GROUPS]
    blocks = [_block(name, told[name]) for name in GROUPS if "columns" in told[name]]
    reasons = [Reason(**reason) for reason in told["reasons"]]
    return Page("Drift", told["as_of"], told["status"], reasons, facts, blocks)


def _block(name: str, part: Mapping[str, Any]) -> Block:
    rows = [
        (
            line["column"],
            _verdict(line),
            number(line["psi"], 3),
            number(line["usual_psi"], 3),
            number(line["distance"], 3),
            f"{line['p_value']:.1e}",
            number(line["now"], 3),
            number(line["before"], 3),
            f"{line['known_now']:.0%}",
            f"{line['known_before']:.0%}",
        )
        for line in part["columns"]
    ]
    text = (
        f"{part['matches']:,} matches of {part['first']} to {part['last']} against the same weeks "
        f"of {', '.join(part['seasons'])}. What is usual was measured on {part['blocks']} windows "
        "of past seasons of the same length."
    )
    return Block(name.capitalize(), text, grid=Grid(COLUMNS, rows))


def _verdict(line: Mapping[str, Any]) -> str:
    if not line["drifted"]:
        return "as usual"
    return "drifted: coverage" if line["coverage"] else "drifted"
