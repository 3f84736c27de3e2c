"""Small line charts over time as SVG text: no script, the same bytes for the same figures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 210
LEFT, RIGHT, TOP, BOTTOM = 54, 10, 10, 26
LINES = 5
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
LABELS = 8
TICK = 'class="tick" font-size="11" fill="#5d6967"'
GRID = 'class="grid" stroke="#e2e6e2"'
LINE = 'class="line" fill="none" stroke="#0b6e4f" stroke-width="1.6"'
BAND = 'class="band" fill="#0b6e4f" fill-opacity="0.13"'
MARKS = {"warning": "#8a5a00", "alarm": "#a3242f", "none": "#9aa5a2"}


@dataclass(frozen=True)
class Chart:
    """A line over time.

    Attributes:
        title: what is shown, for readers who can't see it.
        labels: of the points, in their order.
        values: of the points.
        spread: half the height of a band around each point; empty for none.
        marks: horizontal lines by kind (``warning``, ``alarm``, ``none``).
    """

    title: str
    labels: Sequence[str]
    values: Sequence[float]
    spread: Sequence[float] = ()
    marks: Sequence[tuple[str, float]] = field(default=())


def line_chart(chart: Chart) -> str:
    """An ``svg`` element; empty text for fewer than two points."""
    points = len(chart.values)
    if points < 2:
        return ""
    spread = chart.spread or [0.0] * points
    lows = [v - s for v, s in zip(chart.values, spread, strict=True)]
    highs = [v + s for v, s in zip(chart.values, spread, strict=True)]
    marked = [at for _, at in chart.marks]
    low, high, step = _axis(min([*lows, *marked]), max([*highs, *marked]))
    across = (WIDTH - LEFT - RIGHT) / (points - 1)
    xs = [LEFT + across * place for place in range(points)]

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(chart.title)}</title>",
    ]
    for number in range(round((high - low) / step) + 1):
        at = low + number * step
        parts.append(f'<path {GRID} d="M{LEFT} {y(at):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text {TICK} x="{LEFT - 6}" y="{y(at) + 4:.1f}" text-anchor="end">{at:g}</text>'
        )
    if chart.spread:
        above = [f"{x:.1f} {y(v):.1f}" for x, v in zip(xs, highs, strict=True)]
        below = [f"{x:.1f} {y(v):.1f}" for x, v in zip(xs, lows, strict=True)]
        parts.append(f'<path {BAND} d="M{"L".join(above + below[::-1])}Z"/>')
    for kind, at in chart.marks:
        parts.append(
            f'<path class="mark {kind}" stroke="{MARKS[kind]}" stroke-dasharray="5 4" '
            f'd="M{LEFT} {y(at):.1f}H{WIDTH - RIGHT}"/>'
        )
    path = "L".join(f"{x:.1f} {y(v):.1f}" for x, v in zip(xs, chart.values, strict=True))
    parts.append(f'<path {LINE} d="M{path}"/>')
    every = max(1, math.ceil(points / LABELS))
    for place in range(0, points, every):
        x = min(xs[place], WIDTH - 36)
        parts.append(
            f'<text {TICK} x="{x:.1f}" y="{HEIGHT - 7}" text-anchor="middle">'
            f"{escape(chart.labels[place])}</text>"
        )
    return "".join([*parts, "</svg>"])


def _axis(lowest: float, highest: float) -> tuple[float, float, float]:
    """Where the axis begins and ends, and the distance of its lines: round, and few of them."""
    reach = max(highest - lowest, 1e-6)
    power = 10.0 ** math.floor(math.log10(reach / LINES))
    step = next(power * size for size in STEPS if reach / (power * size) <= LINES)
    return math.floor(lowest / step) * step, math.ceil(highest / step + 1e-9) * step, step
