"""Small pictures as inline SVG: no script, no font, the same bytes for the same figures.

Colours come from the page's style sheet by class. A picture that says more than the text beside it
has a title and a description.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 420, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 36
# Of a letter as it is on a phone, where the texts are larger.
LETTER_WIDTH = 9
OUTCOMES = ("home", "draw", "away")
BAR_LENGTH, BAR_HEIGHT, GAP = 200.0, 10, 1.0
STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
MOST_LINES = 6


@dataclass(frozen=True)
class Line:
    """Figures in their order.

    Attributes:
        name: whose they are.
        kind: its class in the style sheet.
        values: None where there is none.
        spans: an interval of each, where known.
    """

    name: str
    kind: str
    values: Sequence[float | None]
    spans: Sequence[tuple[float, float] | None] = ()


@dataclass(frozen=True)
class Scale:
    """From figures to places on the picture; ``low`` is at ``start``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a figure."""
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)


def bar(probabilities: Sequence[float]) -> Markup:
    """Home, draw and away as one bar; the numbers stand beside it, so readers skip it."""
    total = sum(probabilities)
    parts, x = [], 0.0
    for kind, each in zip(OUTCOMES, probabilities, strict=True):
        width = BAR_LENGTH * each / total
        shown = max(width - (GAP if kind != "away" else 0.0), 0.0)
        parts.append(
            f'<rect class="{kind}" x="{x:.2f}" width="{shown:.2f}" height="{BAR_HEIGHT}"/>'
        )
        x += width
    return Markup(  # noqa: S704 - made of numbers alone
        f'<svg class="bar" viewBox="0 0 {BAR_LENGTH:.0f} {BAR_HEIGHT}" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )


def axis(low: float, high: float) -> tuple[float, float, float]:
    """A range that holds some figures, at round numbers, and the distance of its lines."""
    for step in STEPS:
        first, last = int(low / step + 1e-9), -int(-high / step + 1e-9)
        while first * step > low + 1e-12:
            first -= 1
        while last * step < high - 1e-12:
            last += 1
        last = max(last, first + 1)
        if last - first <= MOST_LINES:
            return first * step, last * step, step
    raise ValueError(f"{low} to {high} is more than a chart shows")


def calibration(
    points: Sequence[tuple[float, float, tuple[float, float] | None, str]],
    title: str,
    description: str,
) -> Markup:
    """How often forecasts came true, beside the diagonal where they come true as often as said.

    Args:
        points: at least one: forecast and observed share, interval of the latter, its label.
        title: what is shown.
        description: the figures in words.
    """
    figures = [forecast for forecast, _, _, _ in points]
    figures += [observed for _, observed, _, _ in points]
    figures += [end for _, _, interval, _ in points for end in interval or ()]
    low, high, step = axis(min(figures), max(figures))
    across = Scale(low, high, LEFT, WIDTH - RIGHT)
    up = Scale(low, high, HEIGHT - BOTTOM, TOP)
    parts = _grid(up, low, high, step, percent=True)
    lines = round((high - low) / step)
    for number in range(lines + 1):
        value = low + number * step
        parts.append(
            f'<text class="tick" x="{across(value):.1f}" y="{HEIGHT - BOTTOM + 16}" '
            f'text-anchor="middle">{100 * value:.0f}</text>'
        )
    parts.append(
        f'<path class="ideal" d="M{across(low):.1f} {up(low):.1f}L{across(high):.1f} '
        f'{up(high):.1f}"/>'
    )
    for forecast, observed, interval, label in points:
        x = across(forecast)
        if interval:
            parts.append(
                f'<path class="whisker" d="M{x:.1f} {up(interval[0]):.1f}V{up(interval[1]):.1f}"/>'
            )
        parts.append(
            f'<circle class="point" cx="{x:.1f}" cy="{up(observed):.1f}" r="4.5">'
            f"<title>{escape(label)}</title></circle>"
        )
    parts.append(
        f'<text class="label" x="{(LEFT + WIDTH - RIGHT) / 2:.1f}" y="{HEIGHT - 4}" '
        'text-anchor="middle">probability given, %</text>'
    )
    return _picture(parts, title, description)


def lines(labels: Sequence[str], drawn: Sequence[Line], title: str, description: str) -> Markup:
    """Figures in time, a line for each who made them, named at its end.

    Args:
        labels: of the places, at least one.
        drawn: at least one, each with a value a label.
        title: what is shown.
        description: the figures in words.
    """
    known = [value for line in drawn for value in line.values if value is not None]
    known += [end for line in drawn for span in line.spans if span for end in span]
    low, high, step = axis(min(known), max(known))
    across = [
        LEFT + (WIDTH - RIGHT - LEFT) * (place + 0.5) / len(labels) for place in range(len(labels))
    ]
    up = Scale(low, high, HEIGHT - BOTTOM, TOP)
    parts = _grid(up, low, high, step, percent=False)
    room = LETTER_WIDTH * max(len(label) for label in labels) + LETTER_WIDTH
    every = math.ceil(room * len(labels) / (WIDTH - LEFT - RIGHT))
    for place, label in enumerate(labels):
        if place % every == 0:
            parts.append(
                f'<text class="tick" x="{across[place]:.1f}" y="{HEIGHT - BOTTOM + 16}" '
                f'text-anchor="middle">{escape(label)}</text>'
            )
    for line in drawn:
        parts += _drawn(line, across, up)
    return _picture(parts, title, description)


def _drawn(line: Line, across: Sequence[float], up: Scale) -> list[str]:
    places = [
        (x, up(value)) for x, value in zip(across, line.values, strict=True) if value is not None
    ]
    if not places:
        return []
    parts = [
        f'<path class="whisker" d="M{x:.1f} {up(span[0]):.1f}V{up(span[1]):.1f}"/>'
        for x, span in zip(across, line.spans, strict=False)
        if span
    ]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    parts.append(f'<path class="line {line.kind}" d="M{path}"/>')
    parts += [
        f'<circle class="point {line.kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>' for x, y in places
    ]
    return parts


def _grid(up: Scale, low: float, high: float, step: float, *, percent: bool) -> list[str]:
    decimals = max(2, math.ceil(-math.log10(step)))
    parts = []
    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        shown = f"{100 * value:.0f}" if percent else f"{value:.{decimals}f}"
        parts.append(f'<path class="grid" d="M{LEFT} {up(value):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 7}" y="{up(value) + 4:.1f}" text-anchor="end">'
            f"{shown}</text>"
        )
    return parts


def _picture(parts: Sequence[str], title: str, description: str) -> Markup:
    return Markup(  # noqa: S704 - texts are escaped, the rest is numbers
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(parts)}</svg>"
    )
