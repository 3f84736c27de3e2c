"""``pitchline dictionary``: the page that tells what every column of every table means.

The page is made from the pandera models alone, so it can't tell anything else than what is checked.
"""

import re
from pathlib import Path
from typing import Any

import click
import pandera.pandas as pa

from pitchline import console, layout
from pitchline.backtest.schema import BacktestForecasts
from pitchline.features.schema import MatchFeatures
from pitchline.files import write_text
from pitchline.ingest import tables
from pitchline.ingest.source_tables import SOURCE_TABLES
from pitchline.issued.table import IssuedForecasts
from pitchline.predict.schema import Predictions
from pitchline.train.schema import Forecasts

Model = type[pa.DataFrameModel]

PAGE_FILE = Path("docs/data-dictionary.md")
# Each part of the page: its heading, what its tables have in common, and each file's model.
PARTS: dict[str, tuple[str, dict[Path, Model]]] = {
    "Tables": (
        "One truth from all sources: teams and matches have one identity each, and where sources "
        "differ, `conflicts` tells which value was kept. Made by `pitchline ingest tables`.",
        {
            layout.MATCHES: tables.Matches,
            layout.TEAM_STATS: tables.TeamStats,
            layout.ODDS: tables.Odds,
            layout.SHOTS: tables.Shots,
            layout.EVENTS: tables.Events,
            layout.LINEUPS: tables.Lineups,
            layout.MATCH_SOURCES: tables.MatchSources,
            layout.CONFLICTS: tables.Conflicts,
            layout.UNRESOLVED: tables.Unresolved,
        },
    ),
    "Quality": (
        "What the quality rules checked and found. Made by `pitchline ingest quality`.",
        {layout.CHECKS: tables.Checks, layout.FINDINGS: tables.Findings},
    ),
    "Features, forecasts, predictions": (
        "What the model learns from, and what it says.",
        {
            layout.FEATURES: MatchFeatures,
            layout.FORECASTS: Forecasts,
            layout.BACKTEST_FORECASTS: BacktestForecasts,
            layout.PREDICTIONS: Predictions,
            layout.ISSUED: IssuedForecasts,
        },
    ),
    "Sources": (
        "Every row of every body as its source tells it, names and ids untouched; the tables above "
        "are settled from these. Made by `pitchline ingest tables`.",
        {layout.SOURCE_TABLES / f"{name}.parquet": model for name, model in SOURCE_TABLES.items()},
    ),
}
TYPES = {
    "string[pyarrow]": "text",
    "str": "text",
    "Int64": "whole number",
    "float64": "number",
    "bool": "true or false",
    "boolean": "true or false",
    "datetime64[ms, UTC]": "moment, UTC",
}
NUMBERS = ("whole number", "number")
BOUNDS = {
    "greater_than": "> {min_value:,}",
    "greater_than_or_equal_to": "≥ {min_value:,}",
    "less_than": "< {max_value:,}",
    "less_than_or_equal_to": "≤ {max_value:,}",
    "str_matches": "like `{pattern}`",
}


@click.command()
def dictionary() -> None:
    """Write docs/data-dictionary.md: every table, every column, from the models."""
    write_text(PAGE_FILE, page_text())
    columns = sum(
        len(model.to_schema().columns) for _, part in PARTS.values() for model in part.values()
    )
    console.say("tables", f"wrote {PAGE_FILE}: {columns} columns")


def page_text() -> str:
    """The page as text."""
    lines = [
        "# Data dictionary",
        "",
        "Every table and every column. This page is made by `pitchline dictionary` from the",
        "pandera models that check each table before it is written; a test fails when they differ.",
        "All files are Parquet. A missing value is null, never 0. Times are UTC.",
        "",
    ]
    for part, (_, files) in PARTS.items():
        lines.append(f"- [{part}](#{_anchor(part)})")
        lines += [
            f"  - [{_name(path)}](#{_anchor(_name(path))}): {_summary(m)}"
            for path, m in files.items()
        ]
    for part, (about, files) in PARTS.items():
        lines += ["", f"## {part}", "", about]
        for path, model in files.items():
            lines += ["", *_table(path, model)]
    return "\n".join(lines) + "\n"


def _table(path: Path, model: Model) -> list[str]:
    schema = model.to_schema()
    lines = [f"### {_name(path)}", "", f"`{path}`: {_text(model.__doc__ or '')}", ""]
    rules = [str(check.error) for check in schema.checks]
    if rules:
        lines += [f"Refused if: {'; '.join(rules)}.", ""]
    lines += [
        "| column | type | unit | allowed | null | meaning |",
        "|---|---|---|---|---|---|",
    ]
    for name, column in schema.columns.items():
        cells = (
            f"`{_shown(name)}`",
            type_of(column),
            unit_of(column) or "",
            allowed(column),
            "yes" if column.nullable else "",
            column.description or "",
        )
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return lines


def type_of(column: pa.Column) -> str:
    """A column's type, in words.

    Raises:
        KeyError: it has a type the page has no word for.
    """
    return TYPES[str(column.dtype)]


def unit_of(column: pa.Column) -> str | None:
    """A column's unit; None for names, times and flags."""
    unit: str | None = (column.metadata or {}).get("unit")
    return unit


def allowed(column: pa.Column) -> str:
    """What values a column may hold, in words."""
    parts = [_check(check.name, check.statistics) for check in column.checks]
    if column.unique:
        parts.append("each once")
    return ", ".join(parts)


def _check(name: str, statistics: dict[str, Any]) -> str:
    if name == "isin":
        return " or ".join(f"`{value}`" for value in statistics["allowed_values"])
    return BOUNDS[name].format(**statistics)


def _shown(name: str) -> str:
    """A pattern of column names as a person would write it: ``difference_points_<n>``."""
    return re.sub(r"\\d\+", "<n>", name).removeprefix("^").removesuffix("$")


def _name(path: Path) -> str:
    """A table's name on the page: its file's, from the folder below ``data`` on."""
    parts = path.with_suffix("").parts
    return "/".join(parts[2:] if parts[:2] == ("data", "tables") else parts[1:])


def _summary(model: Model) -> str:
    return _text((model.__doc__ or "").partition("\n\n")[0])


def _text(docstring: str) -> str:
    return re.sub(r"``(.*?)``", r"`\1`", " ".join(docstring.split()))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _anchor(heading: str) -> str:
    """The anchor GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
