"""The gates: pure functions from figures to a decision with its reasons."""

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from pitchline.params import Evaluate, Promote, Suspicion
from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.evaluate import probabilities

DECIMALS = 6
Side = Literal["at least", "at most"]


@dataclass(frozen=True)
class Gate:
    """One gate's outcome.

    Attributes:
        name: the parameter that sets the threshold, under ``promote``; or ``training_data``.
        meaning: what is compared, in words.
        value: the figure found; None where there is nothing to compare.
        comparison: ``at least`` or ``at most``.
        threshold: the figure asked for.
        passed: whether the gate is passed; without a value only where that is no fault.
        forced: whether it is passed though the figure is not, because the user said so.
    """

    name: str
    meaning: str
    value: float | None
    comparison: Side
    threshold: float
    passed: bool
    forced: bool = False


@dataclass(frozen=True)
class Comparison:
    """The candidate held against the champion.

    Attributes:
        note: what was compared, in words.
        log_loss_above: the candidate's log loss above the champion's (nats); None if the two
            could not be compared.
        needed: whether that is a fault: there is a champion to compare with.
    """

    note: str
    log_loss_above: float | None
    needed: bool


def above_champion(
    candidate: pd.DataFrame, champion: pd.DataFrame, settings: Evaluate, seed: int
) -> tuple[int, float] | None:
    """How much worse the candidate may be than the champion on the same matches.

    Args:
        candidate: the candidate's test forecasts, table ``Forecasts``.
        champion: the champion's.
        settings: bootstrap size and level.
        seed: of the bootstrap.

    Returns:
        The number of common matches, and the upper end of the paired bootstrap interval of the
        candidate's log loss minus the champion's (nats); None without a common match.
    """
    common = candidate.merge(champion, on="match_id", suffixes=("", "_champion"))
    if common.empty:
        return None
    outcome = targets(common)
    old = champion.set_index("match_id").loc[common["match_id"]].reset_index()
    loss = metrics.log_loss(probabilities(common, "model"), outcome) - metrics.log_loss(
        probabilities(old, "model"), outcome
    )
    counts = metrics.bootstrap_counts(len(common), settings.bootstrap_samples, seed)
    return len(common), metrics.interval_of_mean(loss, counts, settings.confidence_level)[1]


def judge(
    found: dict[str, Any],
    training_data: dict[str, Any] | None,
    champion: Comparison,
    thresholds: Promote,
) -> list[Gate]:
    """Hold the figures against the thresholds; a threshold of None is no gate.

    Args:
        found: the content of metrics.json.
        training_data: what the model's card tells of the quality of its data; None if nothing.
        champion: the comparison with the champion.
        thresholds: the section ``promote`` of the parameters.
    """
    model = found["model"]
    figures: list[tuple[str, str, float | None, Side]] = [
        ("minimum_matches", "matches in the test window", found["matches"], "at least"),
        (
            "minimum_confident_accuracy",
            "confident picks that came true",
            model["confident_accuracy"],
            "at least",
        ),
        (
            "minimum_confident_share",
            "matches with a confident pick",
            model["confident_share"],
            "at least",
        ),
        ("minimum_accuracy", "accuracy over all matches", model["accuracy"], "at least"),
        (
            "minimum_log_loss_gain_over_base_rates",
            "log loss of the base rates minus the model's",
            found["log_loss_gain_over_base_rates"],
            "at least",
        ),
        (
            "minimum_log_loss_gain_over_elo",
            "log loss of Elo minus the model's",
            found["log_loss_gain_over_elo"],
            "at least",
        ),
        (
            "maximum_calibration_error",
            "calibration error",
            model["calibration_error"],
            "at most",
        ),
    ]
    gates = [_training_data(training_data)]
    for name, meaning, value, comparison in figures:
        threshold = getattr(thresholds, name)
        if threshold is not None:
            gates.append(
                Gate(
                    name,
                    meaning,
                    value,
                    comparison,
                    threshold,
                    _holds(value, comparison, threshold),
                )
            )
    gates += _suspicion(found, thresholds.suspicion)
    limit = thresholds.maximum_log_loss_above_champion
    if limit is not None:
        above = champion.log_loss_above
        if above is not None:
            above = round(above, DECIMALS)
        gates.append(
            Gate(
                "maximum_log_loss_above_champion",
                "log loss above the champion's on the same matches, upper end",
                above,
                "at most",
                limit,
                _holds(above, "at most", limit) or not champion.needed,
            )
        )
    return gates


def _suspicion(found: dict[str, Any], thresholds: Suspicion) -> list[Gate]:
    """Gates against figures that only a leak of the future reaches.

    Where a figure rests on too few matches, or there are no closing odds, its gate is left out.
    """
    market = found["market"]
    figures = [
        (
            "maximum_accuracy",
            "accuracy over all matches, more of which points to a leak of the future",
            found["model"]["accuracy"],
            found["matches"],
        )
    ]
    if market:
        figures.append(
            (
                "maximum_rps_gain_over_closing",
                "RPS of closing odds minus the model's, more of which points to a leak of the "
                "future",
                market["rps_gain_over_closing"],
                market["matches"],
            )
        )
    gates = []
    for name, meaning, value, matches in figures:
        threshold = getattr(thresholds, name)
        if threshold is not None and matches >= thresholds.minimum_matches:
            holds = _holds(value, "at most", threshold)
            gates.append(Gate(f"suspicion.{name}", meaning, value, "at most", threshold, holds))
    return gates


def _training_data(told: dict[str, Any] | None) -> Gate:
    meaning = "quality score of the training data"
    if told is None:
        return Gate("training_data", meaning, None, "at least", 1.0, passed=False)
    value, minimum = told["score"], told["minimum"]
    holds = _holds(value, "at least", minimum)
    forced = bool(told["forced"]) and not holds
    return Gate("training_data", meaning, value, "at least", minimum, holds or forced, forced)


def _holds(value: float | None, comparison: Side, threshold: float) -> bool:
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
            value = f"{gate.value:.{DECIMALS}f}"
    forced = "; forced" if gate.forced else ""
    return f"{gate.meaning}: {value}, asked for {gate.comparison} {gate.threshold:.4g}{forced}"
