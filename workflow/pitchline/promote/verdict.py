"""What the comparison of champion and challenger shows a person."""

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from pitchline.promote.live import AFTER

MEASURES = {
    "log_loss": "log loss",
    "rps": "RPS",
    "accuracy": "accuracy",
    "calibration_error": "calibration error",
}


def page(told: dict[str, Any]) -> Group:
    """The comparison, as ``promote compare`` makes it."""
    clock = "" if told["clock"] == "wall" else ", by what was known and not by when they were made"
    parts: list[Any] = [
        Text(
            f"challenger {told['challenger']} against champion {told['champion']}: "
            f"{told['matches']:,} settled matches that both forecast before the kick-off{clock}"
        )
    ]
    if told["left_out"]:
        counts = ", ".join(f"{count:,} {why}" for why, count in told["left_out"].items())
        parts.append(Text(f"left out: {counts}"))
    if told["clock"] == "wall" and told["left_out"].get(AFTER):
        parts.append(Text("`--clock data` counts them by what they knew, not by when they came"))
    if told["scores"]:
        parts.append(_scores(told["scores"]))
        parts.append(_evidence(told["evidence"]))
    more = told["more_matches"]
    waits = f"; it takes some {more:,} more matches like these" if more and told["matches"] else ""
    parts.append(
        Text(f"recommendation: {told['recommendation']}: {'; '.join(told['reasons'])}{waits}")
    )
    return Group(*parts)


def _scores(scores: dict[str, Any]) -> Table:
    table = Table()
    for name in ("metric", "challenger", "champion", "difference (for one look)"):
        table.add_column(name, justify="left" if name == "metric" else "right")
    difference = scores["challenger_minus_champion"]
    for key, name in MEASURES.items():
        low, high = difference[f"{key}_interval"]
        table.add_row(
            name,
            f"{scores['challenger'][key]:.4f}",
            f"{scores['champion'][key]:.4f}",
            f"{difference[key]:+.4f} ({low:+.4f} to {high:+.4f})",
        )
    return table


def _evidence(evidence: dict[str, Any]) -> Text:
    low, high = evidence["interval"]
    less = evidence["matches_that_count_less"]
    weighed = f"; {less:,} of them of wide disagreement count less" if less else ""
    return Text(
        f"gain in log loss: {evidence['gain']:+.4f} nats a match, {evidence['level']:.0%} interval "
        f"{low:+.4f} to {high:+.4f}, however often one looks{weighed}"
    )
