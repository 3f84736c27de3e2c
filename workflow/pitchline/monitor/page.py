"""A monitor's page: one file that needs nothing but itself, as the quality report is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
from markupsafe import Markup

from pitchline.monitor.charts import Chart, line_chart
from pitchline.monitor.status import Reason, Status

TEMPLATE = Path(__file__).with_name("page.html.j2")
WORDS = {
    "good": "nothing to report",
    "unknown": "can't be judged yet",
    "warning": "worth a look",
    "alarm": "needs action",
}


@dataclass(frozen=True)
class Grid:
    """A table: the names of its columns, and its rows as text; the first column names the row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Block:
    """A part of a page: a heading, a few words, a chart, a table; each but the heading may lack."""

    heading: str
    text: str = ""
    chart: Chart | None = None
    grid: Grid | None = None


@dataclass(frozen=True)
class Page:
    """What a monitor's page tells.

    Attributes:
        title: what is monitored.
        as_of: the moment the data are of.
        status: the verdict.
        reasons: what it follows from.
        facts: a few figures, by what they are.
        blocks: the rest.
    """

    title: str
    as_of: str
    status: Status
    reasons: Sequence[Reason]
    facts: Sequence[tuple[str, str]] = ()
    blocks: Sequence[Block] = field(default=())


def html(page: Page) -> str:
    """The page as text; equal pages give equal bytes."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    charts = [Markup(line_chart(b.chart)) if b.chart else "" for b in page.blocks]  # noqa: S704
    return template.render(
        page=page, words=WORDS, blocks=list(zip(page.blocks, charts, strict=True))
    )


def number(value: float | None, decimals: int = 4) -> str:
    """A figure of a table; a dash where there is none."""
    return "-" if value is None else f"{value:,.{decimals}f}"


def with_error(told: dict[str, float], decimals: int = 4) -> str:
    """A mean and its standard error."""
    if "standard_error" not in told:
        return number(told["mean"], decimals)
    return f"{told['mean']:.{decimals}f} ± {told['standard_error']:.{decimals}f}"
