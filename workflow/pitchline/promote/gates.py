"""The gates: pure functions from figures to a decision with its reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.params import PromotionGate
from pitchline.params.promote import Side
from pitchline.promote.comparison import WHOLE, Comparison

OF_THE_MODEL = (
    "accuracy",
    "confident_accuracy",
    "confident_share",
    "log_loss",
    "rps",
    "brier",
    "calibration_error",
)


@dataclass(frozen=True)
class Gate:
    """One gate's outcome.

    Attributes:
        name: its name in ``promote.gates``.
        metric: the figure judged.
        window: the matches it is of.
        meaning: what is compared, in words.
        value: the figure found; None where there is nothing to measure.
        matches: how many matches the figure rests on; None where that is unknown.
        comparison: ``at least`` or ``at most``.
        threshold: the figure asked for.
        passed: whether the gate is passed.
        judged: whether the figure was held against the threshold; else the gate is passed.
        forced: whether it is passed though the figure is not, because the user said so.
        note: why it is passed without being judged, or all the same; None elsewhere.
    """

    name: str
    metric: str
    window: str
    meaning: str
    value: float | None
    matches: int | None
    comparison: Side
    threshold: float
    passed: bool
    judged: bool = True
    forced: bool = False
    note: str | None = None


@dataclass(frozen=True)
class Figure:
    """A figure and the number of matches it rests on; None where that is unknown."""

    value: float | None
    matches: int | None


def judge(
    found: dict[str, Any],
    training_data: dict[str, Any] | None,
    champion: Comparison,
    gates: Mapping[str, PromotionGate],
) -> list[Gate]:
    """Hold the figures against the thresholds; a threshold of None is no gate.

    Args:
        found: the content of metrics.json.
        training_data: what the model's card tells of the quality of its data; None if nothing.
        champion: the comparison with the champion.
        gates: ``promote.gates`` of the parameters.

    Raises:
        ArtifactError: metrics.json lacks a window or a figure that a gate asks for.
    """
    return [
        _held(name, gate, gate.threshold, found, training_data, champion)
        for name, gate in gates.items()
        if gate.threshold is not None
    ]


def _held(
    name: str,
    gate: PromotionGate,
    threshold: float,
    found: dict[str, Any],
    training_data: dict[str, Any] | None,
    champion: Comparison,
) -> Gate:
    figure = _figure(name, gate, found, training_data, champion)
    passed, judged, forced, note = (
        holds(figure.value, gate.comparison, threshold),
        True,
        False,
        None,
    )
    enough = gate.minimum_matches
    if enough is not None and (figure.matches or 0) < enough:
        passed, judged = True, False
        note = f"rests on {figure.matches or 0} matches, judged from {enough} on"
    elif gate.metric == "log_loss_above_champion" and not champion.needed:
        passed, judged, note = True, False, champion.note
    elif gate.metric == "quality_score" and not passed and (training_data or {}).get("forced"):
        passed, forced, note = True, True, "train.gate.force was set"
    return Gate(
        name,
        gate.metric,
        gate.window,
        gate.meaning,
        figure.value,
        figure.matches,
        gate.comparison,
        threshold,
        passed,
        judged,
        forced,
        note,
    )


def _figure(
    name: str,
    gate: PromotionGate,
    found: dict[str, Any],
    training_data: dict[str, Any] | None,
    champion: Comparison,
) -> Figure:
    if gate.metric == "quality_score":
        if training_data is None:
            return Figure(None, None)
        return Figure(training_data["score"], training_data.get("window", {}).get("matches"))
    place = _window(name, gate, found)
    if not place or not place["matches"]:
        return Figure(None, 0)
    if gate.metric == "log_loss_above_champion":
        return Figure(champion.log_loss_above(gate.window), champion.matches(gate.window))
    if gate.metric == "rps_gain_over_closing":
        market = _entry(name, gate, place, "market")
        if not market:
            return Figure(None, 0)
        return Figure(_entry(name, gate, market, gate.metric), market["matches"])
    if gate.metric in OF_THE_MODEL:
        model = _entry(name, gate, place, "model")
        matches = place["matches"]
        if gate.metric == "confident_accuracy":
            matches = round(matches * _entry(name, gate, model, "confident_share"))
        return Figure(_entry(name, gate, model, gate.metric), matches)
    return Figure(_entry(name, gate, place, gate.metric), place["matches"])


def _window(name: str, gate: PromotionGate, found: dict[str, Any]) -> dict[str, Any] | None:
    if gate.window == WHOLE:
        return found
    windows = found.get("windows") or {}
    if gate.window not in windows:
        raise ArtifactError(
            f"{layout.METRICS}: holds no window `{gate.window}`, which the gate "
            f"promote.gates.{name} asks for (it has {', '.join([WHOLE, *windows])}). Make it "
            "anew with `snakemake --cores 2 train`, or give the gate another window."
        )
    place: dict[str, Any] | None = windows[gate.window]
    return place


def _entry(name: str, gate: PromotionGate, place: dict[str, Any], key: str) -> Any:
    if key not in place:
        raise ArtifactError(
            f"{layout.METRICS}: holds no `{key}` of the window `{gate.window}`, which the gate "
            f"promote.gates.{name} asks for. Make it anew with `snakemake --cores 2 train`, or "
            "give the gate another window or metric."
        )
    return place[key]


def holds(value: float | None, comparison: Side, threshold: float) -> bool:
    """Whether a figure is on its side of the threshold, or at it; None never is."""
    if value is None:
        return False
    return value >= threshold if comparison == "at least" else value <= threshold


def reason(gate: Gate) -> str:
    """A failed or forced gate in words."""
    if gate.value is None:
        value = "nothing to measure"
    else:
        value = f"{gate.value:.4g}"
        if value == f"{gate.threshold:.4g}":
            value = f"{gate.value:.6f}"
    forced = "; forced" if gate.forced else ""
    return f"{gate.meaning}: {value}, asked for {gate.comparison} {gate.threshold:.4g}{forced}"


def passed_in_words(gates: list[Gate]) -> str:
    """How many gates were passed, and how many had nothing to judge."""
    judged = sum(gate.judged for gate in gates)
    left = len(gates) - judged
    return f"passed all {judged} gates" + (f" ({left} more: nothing to judge)" if left else "")
