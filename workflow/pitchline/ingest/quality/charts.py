"""Small line charts as SVG text: no script, no font, the same bytes for the same figures.

The page's style sheet sets the colours, so that a chart follows its light or dark scheme; the
attributes here are for where there is none.
"""

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

WIDTH = 760
HEIGHT = 190
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 10, 24
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)
MOST_LINES = 5
LETTER_WIDTH = 6.5
TICK = 'class="tick" font-size="11" fill="#5d6967"'
GRID = 'class="grid" stroke="#e2e6e2"'
MINIMUM = 'class="minimum" stroke="#a3242f" stroke-dasharray="4 4"'
LINE = 'class="line" fill="none" stroke="#0b6e4f" stroke-opacity="0.5"'
DOT = 'class="dot" fill="#0b6e4f"'
LOW = 'class="dot low" fill="#a3242f"'

# Label, score, and what is shown under the pointer.
Point = tuple[str, float, str]


def score_chart(points: Sequence[Point], minimum: float | None, title: str) -> str:
    """Scores in their order, 0 to 1, as a line with a dot for each.

    Args:
        points: at least one.
        minimum: drawn as a line of its own, if it lies in the range shown.
        title: what is shown, for readers who can't see it.

    Returns:
        An ``svg`` element.
    """
    low, step = _axis(min(score for _, score, _ in points))
    across = (WIDTH - LEFT - RIGHT) / len(points)
    places = [LEFT + across * (place + 0.5) for place in range(len(points))]

    def y(score: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - score) / (1 - low)

    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
    ]
    for line in range(round((1 - low) / step) + 1):
        score = 1 - line * step
        parts.append(f'<path {GRID} d="M{LEFT} {y(score):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text {TICK} x="{LEFT - 6}" y="{y(score) + 4:.1f}" text-anchor="end">'
            f"{score:.{_decimals(step)}f}</text>"
        )
    if minimum is not None and low <= minimum < 1:
        parts.append(f'<path {MINIMUM} d="M{LEFT} {y(minimum):.1f}H{WIDTH - RIGHT}"/>')
    pairs = zip(places, points, strict=True)
    path = "L".join(f"{x:.1f} {y(score):.1f}" for x, (_, score, _) in pairs)
    parts.append(f'<path {LINE} d="M{path}"/>')
    radius = max(1.2, min(3.5, across / 2.4))
    for x, (_, score, told) in zip(places, points, strict=True):
        kind = LOW if minimum is not None and score < minimum else DOT
        parts.append(
            f'<circle {kind} cx="{x:.1f}" cy="{y(score):.1f}" r="{radius:.1f}">'
            f"<title>{escape(told)}</title></circle>"
        )
    room = max(len(label) for label, _, _ in points) * LETTER_WIDTH + 14
    every = math.ceil(room / across)
    for place, (label, _, _) in enumerate(points):
        if place % every == 0:
            x = min(places[place], WIDTH - room / 2)
            parts.append(
                f'<text {TICK} x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">'
                f"{escape(label)}</text>"
            )
    return "".join([*parts, "</svg>"])


def _axis(lowest: float) -> tuple[float, float]:
    """Where the axis begins, and the distance of its lines: few lines, the lowest point in view."""
    for step in STEPS:
        lines = max(1, math.ceil(round((1 - lowest) / step, 6)))
        if lines <= MOST_LINES:
            return round(max(0.0, 1 - lines * step), 6), step
    raise ValueError(f"{lowest} is no score: it must lie between 0 and 1")


def _decimals(step: float) -> int:
    return max(1, math.ceil(-math.log10(step)))
