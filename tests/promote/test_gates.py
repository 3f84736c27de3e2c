import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline import layout
from pitchline.files import read_parquet
from pitchline.params import Evaluate, Params, Promote
from pitchline.promote.gates import Comparison, Gate, above_champion, judge, reason
from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.evaluate import probabilities

NO_CHAMPION = Comparison("there is no champion yet", None, needed=False)
STEP = 1e-6
# Each gate with a threshold, and whether a figure must reach it or stay below.
GATES: list[tuple[str, float, str]] = [
    ("minimum_matches", 300, "at least"),
    ("minimum_confident_accuracy", 0.6, "at least"),
    ("minimum_confident_share", 0.3, "at least"),
    ("minimum_accuracy", 0.5, "at least"),
    ("minimum_log_loss_gain_over_base_rates", 0.02, "at least"),
    ("minimum_log_loss_gain_over_elo", 0.0, "at least"),
    ("maximum_calibration_error", 0.05, "at most"),
    ("maximum_log_loss_above_champion", 0.01, "at most"),
]
FIGURES: dict[str, Any] = {
    "matches": 1000,
    "log_loss_gain_over_base_rates": 0.1,
    "log_loss_gain_over_elo": 0.01,
    "market": None,
    "model": {
        "confident_accuracy": 0.7,
        "confident_share": 0.5,
        "accuracy": 0.55,
        "calibration_error": 0.01,
    },
}
NO_SUSPICION = {
    "minimum_matches": 1500,
    "maximum_accuracy": None,
    "maximum_rps_gain_over_closing": None,
}
GOOD_DATA = {"score": 1.0, "minimum": 0.85, "passed": True, "forced": False}
NAMES = [name for name, _, _ in GATES]


def thresholds(**chosen: float | None) -> Promote:
    """All gates off but the chosen ones."""
    return Promote.model_validate(
        dict.fromkeys(Promote.model_fields) | {"suspicion": NO_SUSPICION} | chosen
    )


def judged(name: str, value: float | None, threshold: float) -> list[Gate]:
    """The outcome when only one gate is on and its figure is ``value``."""
    found = copy.deepcopy(FIGURES)
    model = found["model"]
    champion = NO_CHAMPION
    if name == "maximum_log_loss_above_champion":
        champion = Comparison("the same matches", value, needed=True)
    else:
        key = name.partition("_")[2]
        place = model if key in model else found
        assert key in place
        place[key] = value
    return judge(found, GOOD_DATA, champion, thresholds(**{name: threshold}))[1:]


def test_every_gate_of_the_parameters_is_tested_here() -> None:
    # Those of suspicion: test_leak.py.
    assert set(Promote.model_fields) == {*NAMES, "suspicion"}


@pytest.mark.parametrize(("name", "threshold", "side"), GATES)
def test_a_gate_passes_on_its_side_and_at_the_threshold(
    name: str, threshold: float, side: str
) -> None:
    step = 1 if name == "minimum_matches" else STEP
    better = threshold + step if side == "at least" else threshold - step
    worse = threshold - step if side == "at least" else threshold + step
    for value, passes in ((better, True), (threshold, True), (worse, False)):
        (gate,) = judged(name, value, threshold)
        assert (gate.name, gate.comparison, gate.threshold) == (name, side, threshold)
        assert gate.value == pytest.approx(value, abs=1e-9)
        assert gate.passed is passes


@given(st.sampled_from(GATES[1:]), st.floats(0, 1), st.floats(0, 1))
def test_a_better_figure_never_fails_where_a_worse_one_passes(
    gate: tuple[str, float, str], one: float, two: float
) -> None:
    name, threshold, side = gate
    worse, better = sorted((one, two), reverse=side == "at most")
    assert judged(name, better, threshold)[0].passed >= judged(name, worse, threshold)[0].passed


@pytest.mark.parametrize("name", [name for name in NAMES if name != "minimum_matches"])
def test_a_gate_without_a_figure_fails(name: str) -> None:
    (gate,) = judged(name, None, 0.5)
    assert (gate.value, gate.passed) == (None, False)


def test_null_thresholds_are_no_gates() -> None:
    assert [gate.name for gate in judge(FIGURES, GOOD_DATA, NO_CHAMPION, thresholds())] == [
        "training_data"
    ]


def test_a_threshold_of_zero_is_a_gate() -> None:
    assert [gate.passed for gate in judged("minimum_log_loss_gain_over_elo", -0.001, 0.0)] == [
        False
    ]


def test_without_a_champion_its_gate_is_passed() -> None:
    limit = thresholds(maximum_log_loss_above_champion=0.01)
    gate = judge(FIGURES, GOOD_DATA, NO_CHAMPION, limit)[-1]
    assert (gate.value, gate.passed) == (None, True)


def test_a_champion_that_could_not_be_compared_with_fails_the_gate() -> None:
    (gate,) = judged("maximum_log_loss_above_champion", None, 0.01)
    assert not gate.passed


def test_gates_stand_in_the_order_of_the_parameters() -> None:
    chosen = {name: threshold for name, threshold, _ in GATES}
    gates = judge(FIGURES, GOOD_DATA, NO_CHAMPION, thresholds(**chosen))
    names = [name for name in Promote.model_fields if name != "suspicion"]
    assert [gate.name for gate in gates] == ["training_data", *names]
    assert len({gate.meaning for gate in gates}) == len(gates)


@pytest.mark.parametrize(
    ("told", "passed", "forced"),
    [
        ({"score": 0.9, "minimum": 0.85, "forced": False}, True, False),
        ({"score": 0.85, "minimum": 0.85, "forced": False}, True, False),
        ({"score": 0.84, "minimum": 0.85, "forced": False}, False, False),
        ({"score": 0.84, "minimum": 0.85, "forced": True}, True, True),
        ({"score": 0.9, "minimum": 0.85, "forced": True}, True, False),
        (None, False, False),
    ],
)
def test_the_training_data_count_as_the_card_tells(
    told: dict[str, Any] | None, passed: bool, forced: bool
) -> None:
    gate = judge(FIGURES, told, NO_CHAMPION, thresholds())[0]
    assert (gate.name, gate.passed, gate.forced) == ("training_data", passed, forced)
    assert gate.value == (told["score"] if told else None)


def test_the_reason_of_a_forced_gate_says_so() -> None:
    told = {"score": 0.7, "minimum": 0.85, "forced": True}
    text = reason(judge(FIGURES, told, NO_CHAMPION, thresholds())[0])
    assert text == "quality score of the training data: 0.7, asked for at least 0.85; forced"


def test_reasons_tell_what_was_found_and_what_was_asked_for() -> None:
    (low,) = judged("minimum_confident_accuracy", 0.58, 0.6)
    assert reason(low) == "confident picks that came true: 0.58, asked for at least 0.6"
    (high,) = judged("maximum_calibration_error", 0.07, 0.05)
    assert reason(high) == "calibration error: 0.07, asked for at most 0.05"
    (none,) = judged("minimum_confident_accuracy", None, 0.6)
    assert reason(none).endswith(": nothing to measure, asked for at least 0.6")
    (few,) = judged("minimum_matches", 12, 300)
    assert reason(few) == "matches in the test window: 12, asked for at least 300"


@pytest.mark.parametrize(("name", "threshold", "side"), GATES[1:])
def test_the_reason_of_a_near_miss_shows_two_different_figures(
    name: str, threshold: float, side: str
) -> None:
    (gate,) = judged(name, threshold + (STEP if side == "at most" else -STEP), threshold)
    shown, asked = reason(gate).rpartition(": ")[2].split(f", asked for {side} ")
    assert shown != asked


@pytest.fixture
def forecasts(project: Path) -> pd.DataFrame:
    return read_parquet(layout.FORECASTS, made_by="")


@pytest.fixture(scope="module")
def scoring(params: Params) -> Evaluate:
    return params.evaluate.model_copy(update={"bootstrap_samples": 400})


def blurred(forecasts: pd.DataFrame, share: float) -> pd.DataFrame:
    """Forecasts mixed with a third for each result."""
    columns = ["model_home", "model_draw", "model_away"]
    return forecasts.assign(**{c: forecasts[c] * (1 - share) + share / 3 for c in columns})


def test_a_candidate_is_not_above_itself(forecasts: pd.DataFrame, scoring: Evaluate) -> None:
    assert above_champion(forecasts, forecasts, scoring, 1) == (len(forecasts), 0)


def test_the_order_of_the_champions_rows_does_not_matter(
    forecasts: pd.DataFrame, scoring: Evaluate
) -> None:
    shuffled = forecasts.sample(frac=1, random_state=1)
    assert above_champion(forecasts, shuffled, scoring, 1) == (len(forecasts), 0)


def test_a_worse_candidate_is_above_and_a_better_one_below(
    forecasts: pd.DataFrame, scoring: Evaluate
) -> None:
    truth = pd.get_dummies(forecasts["result"])[["H", "D", "A"]].to_numpy()
    better = forecasts.copy()
    columns = ["model_home", "model_draw", "model_away"]
    better[columns] = 0.5 * forecasts[columns].to_numpy() + 0.5 * truth
    worse = above_champion(forecasts, better, scoring, 1)
    assert worse is not None
    assert worse[1] > 0.3
    improved = above_champion(better, forecasts, scoring, 1)
    assert improved is not None
    assert improved[1] < -0.3


def test_it_is_the_upper_end_of_a_paired_bootstrap(
    forecasts: pd.DataFrame, scoring: Evaluate
) -> None:
    candidate = blurred(forecasts, 0.3)
    found = above_champion(candidate, forecasts, scoring, 7)
    outcome = targets(forecasts)
    loss = metrics.log_loss(probabilities(candidate, "model"), outcome) - metrics.log_loss(
        probabilities(forecasts, "model"), outcome
    )
    draws = np.random.default_rng(7).integers(len(loss), size=(400, len(loss)))
    level = (1 + scoring.confidence_level) / 2
    assert found == (len(loss), pytest.approx(np.quantile(loss[draws].mean(axis=1), level)))
    assert found is not None
    assert found[1] > loss.mean()


@pytest.mark.parametrize(("kept", "offset"), [(1, 0), (40, 30), (60, 0)])
def test_only_common_matches_count(
    forecasts: pd.DataFrame, scoring: Evaluate, kept: int, offset: int
) -> None:
    champion = forecasts.iloc[offset : offset + kept]
    found = above_champion(blurred(forecasts, 0.2), champion, scoring, 1)
    alone = above_champion(blurred(champion, 0.2), champion, scoring, 1)
    assert found == alone
    assert found is not None
    assert found[0] == len(champion)


def test_without_a_common_match_there_is_no_figure(
    forecasts: pd.DataFrame, scoring: Evaluate
) -> None:
    assert above_champion(forecasts.head(20), forecasts.tail(20), scoring, 1) is None
