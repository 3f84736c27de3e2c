import copy
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline import layout
from pitchline.errors import ArtifactError, ParamsError
from pitchline.files import read_parquet
from pitchline.params import Evaluate, Params, PromotionGate, validate
from pitchline.params.promote import ALLOWED, Metric, Window
from pitchline.promote.comparison import (
    Comparison,
    by_pointer,
    compare,
    resampled_calibration_errors,
)
from pitchline.promote.gates import Gate, judge, passed_in_words, reason
from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.evaluate import evaluation, probabilities

NO_CHAMPION = Comparison("there is no champion yet", needed=False)
STEP = 1e-6
PARTS: tuple[Window, ...] = ("newest", "season_so_far", "last_season")
# Each metric with a window, a side and a threshold it is judged by.
CASES: list[tuple[Metric, Window, str, float]] = [
    ("quality_score", "lookback", "at least", 0.85),
    *(
        (metric, window, side, 300.0 if metric == "matches" else 0.25)
        for metric, allowed in ALLOWED.items()
        if metric != "quality_score"
        for window, side in itertools.product(allowed.windows, allowed.sides)
    ),
]
FIGURES: dict[str, Any] = {
    "matches": 1000,
    "log_loss_gain_over_base_rates": 0.1,
    "log_loss_gain_over_elo": 0.01,
    "market": {"matches": 990, "rps_gain_over_closing": -0.01},
    "model": {
        "confident_accuracy": 0.7,
        "confident_share": 0.5,
        "accuracy": 0.55,
        "log_loss": 0.97,
        "rps": 0.19,
        "brier": 0.57,
        "calibration_error": 0.01,
    },
}
GOOD_DATA = {"score": 1.0, "minimum": 0.85, "passed": True, "forced": False}


def setting(
    metric: str,
    window: str,
    side: str,
    threshold: float | None,
    minimum_matches: int | None = None,
) -> dict[str, Any]:
    """The parameters of a gate."""
    return {
        "metric": metric,
        "window": window,
        "comparison": side,
        "threshold": threshold,
        "minimum_matches": minimum_matches,
        "meaning": f"{metric} of the {window}",
    }


def figures() -> dict[str, Any]:
    """What metrics.json holds, with the parts of the test window."""
    return copy.deepcopy(FIGURES) | {"windows": {name: copy.deepcopy(FIGURES) for name in PARTS}}


def differing(above: float | None, matches: int = 1000) -> dict[str, Any] | None:
    """A comparison with the champion whose interval ends at ``above``."""
    if above is None:
        return None
    difference = {"log_loss": above - 0.1, "log_loss_interval": [above - 0.2, above]}
    return {"matches": matches, "candidate_minus_champion": difference}


def judged(
    metric: Metric,
    window: Window,
    side: str,
    threshold: float,
    value: float | None,
    minimum_matches: int | None = None,
) -> Gate:
    """The outcome of one gate when its figure is ``value``."""
    found, told, champion = figures(), dict(GOOD_DATA), NO_CHAMPION
    place = found if window == "test" else found["windows"].get(window)
    if metric == "quality_score":
        told["score"] = value
    elif metric == "log_loss_above_champion":
        champion = Comparison("the same", needed=True, windows={window: differing(value)})
    elif metric == "rps_gain_over_closing":
        place["market"][metric] = value
    else:
        (place["model"] if metric in place["model"] else place)[metric] = value
    gate = PromotionGate.model_validate(setting(metric, window, side, threshold, minimum_matches))
    (outcome,) = judge(found, told, champion, {"gate": gate})
    return outcome


def test_every_metric_and_window_is_tested_here() -> None:
    assert {case[0] for case in CASES} == set(ALLOWED)
    assert {case[1] for case in CASES} == {"lookback", "test", *PARTS}


@pytest.mark.parametrize(("metric", "window", "side", "threshold"), CASES)
def test_a_gate_passes_on_its_side_and_at_the_threshold(
    metric: Metric, window: Window, side: str, threshold: float
) -> None:
    step = 1 if metric == "matches" else STEP
    better = threshold + step if side == "at least" else threshold - step
    worse = threshold - step if side == "at least" else threshold + step
    for value, passes in ((better, True), (threshold, True), (worse, False)):
        gate = judged(metric, window, side, threshold, value)
        assert (gate.metric, gate.window) == (metric, window)
        assert (gate.comparison, gate.threshold) == (side, threshold)
        assert gate.value == pytest.approx(value, abs=1e-9)
        assert (gate.passed, gate.judged, gate.note) == (passes, True, None)


@given(st.sampled_from(CASES), st.floats(0, 1), st.floats(0, 1))
def test_a_better_figure_never_fails_where_a_worse_one_passes(
    case: tuple[Metric, Window, str, float], one: float, two: float
) -> None:
    worse, better = sorted((one, two), reverse=case[2] == "at most")
    assert judged(*case, better).passed >= judged(*case, worse).passed


@pytest.mark.parametrize("case", [case for case in CASES if case[0] != "matches"])
def test_a_gate_without_a_figure_fails(case: tuple[Metric, Window, str, float]) -> None:
    gate = judged(*case, None)
    assert (gate.value, gate.passed, gate.judged) == (None, False, True)
    assert reason(gate).startswith(f"{gate.meaning}: nothing to measure, asked for ")


@pytest.mark.parametrize(
    "case", [case for case in CASES if case[0] not in ("matches", "quality_score")]
)
def test_on_fewer_matches_than_asked_for_a_figure_is_not_judged(
    case: tuple[Metric, Window, str, float],
) -> None:
    gate = judged(*case, None, minimum_matches=5000)
    assert (gate.passed, gate.judged) == (True, False)
    assert gate.note is not None
    assert gate.note.endswith("matches, judged from 5000 on")
    assert not judged(*case, None, minimum_matches=None).passed


@pytest.mark.parametrize("window", ["test", *PARTS])
def test_confident_accuracy_rests_on_the_confident_picks(window: Window) -> None:
    case: tuple[Metric, Window, str, float] = ("confident_accuracy", window, "at least", 0.6)
    assert judged(*case, 0.5, minimum_matches=500).judged
    gate = judged(*case, 0.5, minimum_matches=501)
    assert (gate.matches, gate.judged) == (500, False)


@pytest.mark.parametrize("window", PARTS)
def test_a_window_that_the_metrics_lack_is_named_with_the_gate_and_the_fix(window: Window) -> None:
    found = figures()
    del found["windows"][window]
    gate = PromotionGate.model_validate(setting("log_loss", window, "at most", 1.0))
    with pytest.raises(ArtifactError) as caught:
        judge(found, GOOD_DATA, NO_CHAMPION, {"lately": gate})
    others = ", ".join(name for name in PARTS if name != window)
    text = str(caught.value)
    assert text.startswith(f"{layout.METRICS}: holds no window `{window}`")
    for part in ("promote.gates.lately", f"it has test, {others}", "snakemake --cores 2 train"):
        assert part in text
    del found["windows"]
    with pytest.raises(ArtifactError, match=r"it has test\)"):
        judge(found, GOOD_DATA, NO_CHAMPION, {"lately": gate})


@pytest.mark.parametrize(
    ("metric", "missing"),
    [("brier", "model"), ("log_loss_gain_over_elo",) * 2, ("rps_gain_over_closing", "market")],
)
def test_a_figure_that_the_metrics_lack_is_named_with_the_gate(metric: str, missing: str) -> None:
    found = figures()
    del found["windows"]["newest"][missing]
    gate = PromotionGate.model_validate(setting(metric, "newest", "at most", 0.5))
    with pytest.raises(ArtifactError, match=f"holds no `{missing}` of the window `newest`.*lately"):
        judge(found, GOOD_DATA, NO_CHAMPION, {"lately": gate})


@pytest.mark.parametrize("nothing", [None, {"matches": 0}])
def test_a_window_without_matches_is_nothing_to_measure(nothing: dict[str, int] | None) -> None:
    found = figures()
    found["windows"]["newest"] = nothing
    asked = PromotionGate.model_validate(setting("accuracy", "newest", "at least", 0.1))
    lenient = asked.model_copy(update={"minimum_matches": 5})
    gates = judge(found, GOOD_DATA, NO_CHAMPION, {"strict": asked, "lenient": lenient})
    assert [(gate.value, gate.passed, gate.judged) for gate in gates] == [
        (None, False, True),
        (None, True, False),
    ]


def test_without_closing_odds_there_is_nothing_to_measure() -> None:
    found = figures() | {"market": None}
    gate = PromotionGate.model_validate(setting("rps_gain_over_closing", "test", "at most", 0.5))
    (outcome,) = judge(found, GOOD_DATA, NO_CHAMPION, {"odds": gate})
    assert (outcome.value, outcome.passed) == (None, False)


def test_null_thresholds_are_no_gates() -> None:
    off = PromotionGate.model_validate(setting("accuracy", "test", "at least", None))
    assert judge(FIGURES, GOOD_DATA, NO_CHAMPION, {"off": off}) == []
    assert judge(FIGURES, GOOD_DATA, NO_CHAMPION, {}) == []


def test_a_threshold_of_zero_is_a_gate() -> None:
    assert not judged("log_loss_gain_over_elo", "test", "at least", 0.0, -0.001).passed


def test_without_a_champion_its_gate_is_passed_and_says_why() -> None:
    setting_of = setting("log_loss_above_champion", "test", "at most", 0.01)
    gate = PromotionGate.model_validate(setting_of)
    (outcome,) = judge(FIGURES, GOOD_DATA, NO_CHAMPION, {"champion": gate})
    assert (outcome.value, outcome.passed, outcome.judged) == (None, True, False)
    assert outcome.note == "there is no champion yet"


def test_gates_stand_in_the_order_of_the_parameters(params: Params) -> None:
    gates = judge(figures(), GOOD_DATA, NO_CHAMPION, params.promote.gates)
    on = [name for name, gate in params.promote.gates.items() if gate.threshold is not None]
    assert [gate.name for gate in gates] == on
    assert len({gate.meaning for gate in gates}) == len(gates)
    assert passed_in_words(gates) == "passed all 7 gates (3 more: nothing to judge)"


def test_the_committed_gates_ask_for_what_the_mission_asks_for(params: Params) -> None:
    asked = {
        (gate.metric, gate.window, gate.comparison): gate.threshold
        for gate in params.promote.gates.values()
    }
    assert asked == {
        ("quality_score", "lookback", "at least"): 0.85,
        ("matches", "test", "at least"): 300,
        ("confident_accuracy", "test", "at least"): 0.6,
        ("confident_share", "test", "at least"): 0.3,
        ("accuracy", "test", "at least"): None,
        ("log_loss_gain_over_base_rates", "test", "at least"): 0,
        ("log_loss_gain_over_elo", "test", "at least"): 0,
        ("calibration_error", "test", "at most"): 0.05,
        ("log_loss_above_champion", "test", "at most"): 0.01,
        ("accuracy", "test", "at most"): 0.58,
        ("rps_gain_over_closing", "test", "at most"): 0.002,
    }
    assert params.train.gate.minimum_score == 0.85


@pytest.mark.parametrize(
    ("score", "set_by_force", "passed", "forced"),
    [
        (0.9, False, True, False),
        (0.85, False, True, False),
        (0.84, False, False, False),
        (0.84, True, True, True),
        (0.9, True, True, False),
        (None, False, False, False),
    ],
)
def test_the_training_data_count_as_the_card_tells(
    score: float | None, set_by_force: bool, passed: bool, forced: bool
) -> None:
    told = None if score is None else {"score": score, "forced": set_by_force}
    quality = PromotionGate.model_validate(setting("quality_score", "lookback", "at least", 0.85))
    (gate,) = judge(FIGURES, told, NO_CHAMPION, {"quality": quality})
    assert (gate.value, gate.passed, gate.forced) == (score, passed, forced)
    assert ("; forced" in reason(gate)) is forced


def test_reasons_tell_what_was_found_and_what_was_asked_for() -> None:
    low = judged("confident_accuracy", "test", "at least", 0.6, 0.58)
    assert reason(low) == "confident_accuracy of the test: 0.58, asked for at least 0.6"
    high = judged("calibration_error", "test", "at most", 0.05, 0.07)
    assert reason(high) == "calibration_error of the test: 0.07, asked for at most 0.05"
    few = judged("matches", "test", "at least", 300, 12)
    assert reason(few) == "matches of the test: 12, asked for at least 300"


@pytest.mark.parametrize("case", [case for case in CASES if case[0] != "matches"])
def test_the_reason_of_a_near_miss_shows_two_different_figures(
    case: tuple[Metric, Window, str, float],
) -> None:
    side, threshold = case[2:]
    gate = judged(*case, threshold + (STEP if side == "at most" else -STEP))
    shown, asked = reason(gate).rpartition(": ")[2].split(f", asked for {side} ")
    assert shown != asked


# What params.yaml may ask for.


def refusal(params: Params, name: str, gate: dict[str, Any]) -> str:
    content = params.model_dump()
    content["promote"]["gates"][name] = gate
    with pytest.raises(ParamsError) as caught:
        validate(content, "params.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("gate", "why"),
    [
        (setting("quality_score", "test", "at least", 0.9), "has window lookback"),
        (setting("accuracy", "lookback", "at least", 0.5), "has window test or newest or"),
        (setting("log_loss_above_champion", "test", "at least", 0.0), "has comparison at most"),
        (setting("calibration_error", "test", "at least", 0.0), "has comparison at most"),
        (setting("matches", "test", "at most", 9.0), "has comparison at least"),
        (setting("matches", "test", "at least", 9.5), "has a whole number as threshold"),
        (setting("matches", "test", "at least", 0.0), "has threshold ≥ 1"),
        (setting("accuracy", "test", "at least", 1.2), "has threshold ≥ 0, ≤ 1"),
        (setting("log_loss_above_champion", "test", "at most", -0.1), "has threshold ≥ 0, ≤ 1"),
        (setting("log_loss_gain_over_elo", "newest", "at least", -2.0), "has threshold ≥ -1, ≤ 1"),
        (setting("quality_score", "lookback", "at least", 0.9, 10), "has minimum_matches null"),
        (setting("matches", "test", "at least", 9.0, 10), "has minimum_matches null"),
    ],
)
def test_a_combination_that_makes_no_sense_is_refused_by_the_gates_name(
    params: Params, gate: dict[str, Any], why: str
) -> None:
    text = refusal(params, "mine", gate)
    assert "  promote.gates.mine" in text
    assert f"`{gate['metric']}` {why}" in text


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("metric", "acuracy"),
        ("window", "last_week"),
        ("comparison", "above"),
        ("threshold", float("nan")),
        ("threshold", float("inf")),
        ("minimum_matches", 0),
        ("meaning", "short"),
    ],
)
def test_a_word_or_number_that_is_none_is_refused_by_its_key(
    params: Params, key: str, wrong: Any
) -> None:
    gate = setting("accuracy", "test", "at least", 0.5) | {key: wrong}
    assert f"  promote.gates.mine.{key}: found {wrong!r}; allowed: " in refusal(
        params, "mine", gate
    )


def test_a_name_that_is_not_plain_and_an_unknown_key_are_refused(params: Params) -> None:
    gate = setting("accuracy", "test", "at least", 0.5)
    assert "'My gate'" in refusal(params, "My gate", gate)
    text = refusal(params, "mine", gate | {"treshold": 1.0})
    assert "promote.gates.mine.treshold: unknown key. Did you mean `threshold`?" in text


def test_a_gate_may_be_added_or_left_out(params: Params) -> None:
    content = params.model_dump()
    del content["promote"]["gates"]["calibration"]
    content["promote"]["gates"]["lately"] = setting("rps", "newest", "at most", 0.25, 8)
    gates = validate(content, "params.yaml").promote.gates
    assert "calibration" not in gates
    assert list(gates)[-1] == "lately"


# The comparison with the champion.


@pytest.fixture
def forecasts(project: Any) -> pd.DataFrame:
    return read_parquet(layout.FORECASTS, made_by="")


@pytest.fixture(scope="module")
def scoring(params: Params) -> Evaluate:
    return params.evaluate.model_copy(update={"bootstrap_samples": 400})


def blurred(forecasts: pd.DataFrame, share: float) -> pd.DataFrame:
    """Forecasts mixed with a third for each result."""
    columns = ["model_home", "model_draw", "model_away"]
    return forecasts.assign(**{c: forecasts[c] * (1 - share) + share / 3 for c in columns})


def whole(candidate: pd.DataFrame, champion: pd.DataFrame, scoring: Evaluate) -> dict[str, Any]:
    found = compare(candidate, champion, {}, scoring, 7)["test"]
    assert found is not None
    return found


def test_a_candidate_is_not_above_itself(forecasts: pd.DataFrame, scoring: Evaluate) -> None:
    shuffled = forecasts.sample(frac=1, random_state=1)
    for champion in (forecasts, shuffled):
        found = whole(forecasts, champion, scoring)
        assert found["matches"] == len(forecasts)
        assert found["candidate"] == found["champion"]
        difference = found["candidate_minus_champion"]
        assert {v for k, v in difference.items() if not k.endswith("_interval")} == {0}
        assert all(v == [0, 0] for k, v in difference.items() if k.endswith("_interval"))


def test_a_worse_candidate_is_above_and_a_better_one_below(
    forecasts: pd.DataFrame, scoring: Evaluate
) -> None:
    truth = pd.get_dummies(forecasts["result"])[["H", "D", "A"]].to_numpy()
    better = forecasts.copy()
    columns = ["model_home", "model_draw", "model_away"]
    better[columns] = 0.5 * forecasts[columns].to_numpy() + 0.5 * truth
    for candidate, champion, sign in ((forecasts, better, 1), (better, forecasts, -1)):
        difference = whole(candidate, champion, scoring)["candidate_minus_champion"]
        assert sign * difference["log_loss"] > 0.3
        assert sign * difference["rps"] > 0.05
        assert sign * difference["accuracy"] < 0
        low, high = difference["log_loss_interval"]
        assert low < difference["log_loss"] < high
        assert min(sign * low, sign * high) > 0.3


def test_its_scores_are_those_of_the_evaluation(forecasts: pd.DataFrame, scoring: Evaluate) -> None:
    found = whole(blurred(forecasts, 0.3), forecasts, scoring)
    told = evaluation(forecasts, scoring, 7)["model"]
    assert found["champion"] == {name: told[name] for name in found["champion"]}


def test_it_is_a_paired_bootstrap(forecasts: pd.DataFrame, scoring: Evaluate) -> None:
    candidate = blurred(forecasts, 0.3)
    outcome, size = targets(forecasts), len(forecasts)
    draws = np.random.default_rng(7).integers(size, size=(400, size))
    difference = whole(candidate, forecasts, scoring)["candidate_minus_champion"]
    new, old = (probabilities(table, "model") for table in (candidate, forecasts))
    tail = (1 - scoring.confidence_level) / 2
    measures: dict[str, Callable[..., np.ndarray]] = {
        "log_loss": metrics.log_loss,
        "rps": metrics.ranked_probability_score,
        "accuracy": metrics.correct,
    }
    for name, measure in measures.items():
        means = (measure(new, outcome) - measure(old, outcome))[draws].mean(axis=1)
        ends = np.quantile(means, [tail, 1 - tail])
        assert difference[f"{name}_interval"] == pytest.approx(ends, abs=1e-6)
    bins = scoring.calibration_bins
    errors = [
        metrics.calibration_error(new[rows], outcome[rows], bins)
        - metrics.calibration_error(old[rows], outcome[rows], bins)
        for rows in np.sort(draws, axis=1)
    ]
    ends = np.quantile(errors, [tail, 1 - tail])
    assert difference["calibration_error_interval"] == pytest.approx(ends, abs=1e-6)


@given(st.integers(1, 40), st.integers(1, 20), st.integers(0, 2**20))
def test_resampled_calibration_errors_are_those_of_the_resamples(
    matches: int, bins: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    # Rounded, so that equal forecasts occur.
    forecast = random.dirichlet([3, 2, 2], size=matches).round(1)
    outcome = random.integers(3, size=matches)
    counts = metrics.bootstrap_counts(matches, 5, seed)
    expected = [
        metrics.calibration_error(forecast[rows], outcome[rows], bins)
        for rows in (np.repeat(np.arange(matches), count) for count in counts)
    ]
    found = resampled_calibration_errors(forecast, outcome, counts, bins)
    assert found == pytest.approx(np.array(expected), abs=1e-12)


@pytest.mark.parametrize(("kept", "offset"), [(1, 0), (40, 30), (60, 0)])
def test_only_common_matches_count(
    forecasts: pd.DataFrame, scoring: Evaluate, kept: int, offset: int
) -> None:
    champion = forecasts.iloc[offset : offset + kept]
    found = whole(blurred(forecasts, 0.2), champion, scoring)
    assert found == whole(blurred(champion, 0.2), champion, scoring)
    assert found["matches"] == len(champion)


def test_a_part_of_the_window_is_compared_on_its_own(
    forecasts: pd.DataFrame, scoring: Evaluate
) -> None:
    candidate = blurred(forecasts, 0.2)
    part = forecasts.iloc[20:50]
    span = (part["kick_off"].min(), part["kick_off"].max())
    inside = forecasts[forecasts["kick_off"].between(*span)]
    far = pd.Timestamp("2031-01-01T00:00:00Z")
    bounds = {"newest": span, "last_season": None, "season_so_far": (far, far)}
    found = compare(candidate, forecasts, bounds, scoring, 7)
    assert found["newest"] == whole(blurred(inside, 0.2), inside, scoring)
    assert found["last_season"] is None
    assert found["season_so_far"] is None
    told = Comparison("the same", needed=True, windows=found)
    assert told.matches("newest") == len(inside)
    assert told.log_loss_above("newest") != told.log_loss_above("test")
    assert (told.log_loss_above("last_season"), told.matches("last_season")) == (None, 0)


def test_without_a_common_match_there_is_no_figure(
    forecasts: pd.DataFrame, scoring: Evaluate
) -> None:
    assert compare(forecasts.head(20), forecasts.tail(20), {}, scoring, 1) == {"test": None}


def test_by_the_pointer_the_same_window_alone_is_compared() -> None:
    window = {"matches": 10, "first_kick_off": "a", "last_kick_off": "b"}
    new = window | {"model": {"log_loss": 1.0, "rps": 0.2, "accuracy": 0.5}}
    old = window | {"model": {"log_loss": 0.9, "rps": 0.25}}
    found = by_pointer(old, new)
    assert found is not None
    assert found["test"] is not None
    difference = found["test"]["candidate_minus_champion"]
    assert difference["log_loss"] == pytest.approx(0.1)
    assert difference["rps"] == pytest.approx(-0.05)
    assert (difference["accuracy"], difference["log_loss_interval"]) == (None, None)
    assert (
        Comparison("", needed=True, windows=found).log_loss_above("test") == difference["log_loss"]
    )
    for key in window:
        assert by_pointer(old | {key: "other"}, new) is None
