"""Figures too good to be true: what only a leak of the future reaches is not promoted.

Shots of the very match are the usual leak: tables of results hold them beside the score.
"""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pitchline import layout
from pitchline.collect.competitions import chosen_competitions
from pitchline.errors import GateError
from pitchline.features.build import build_features
from pitchline.files import write_json
from pitchline.ingest import staging
from pitchline.ingest.identity.teams import Teams
from pitchline.ingest.settle.tables import settle
from pitchline.ingest.tables import validated
from pitchline.params import Params, Promote
from pitchline.promote.comparison import Comparison
from pitchline.promote.gates import Gate, judge, reason
from pitchline.train.evaluate import evaluation, walk_forward
from pitchline.train.schema import Forecasts
from pitchline.train.split import trainable
from tests import everything
from tests.conftest import NO_LINEUPS, ROOT
from tests.everything import CO_UK, Choice
from tests.train.project import content_of, edit_params, pitchline
from tests.train.recipes import recipe

NO_CHAMPION = Comparison("there is no champion yet", needed=False)
GOOD_DATA = {"score": 1.0, "minimum": 0.85, "passed": True, "forced": False}
FIGURES: dict[str, Any] = {
    "matches": 1500,
    "log_loss_gain_over_base_rates": 0.1,
    "log_loss_gain_over_elo": 0.01,
    "model": {
        "confident_accuracy": 0.7,
        "confident_share": 0.5,
        "accuracy": 0.55,
        "calibration_error": 0.01,
    },
    "market": {"matches": 1500, "rps_gain_over_closing": -0.002},
}
SUSPECTED_FROM = 1500
ACCURACY, RPS = "suspicious_accuracy", "suspicious_gain_over_closing"


def suspicions(found: dict[str, Any], settings: Promote) -> dict[str, Gate]:
    """The gates of suspicion that were judged, by name."""
    gates = judge(found, GOOD_DATA, NO_CHAMPION, settings.gates)
    return {gate.name: gate for gate in gates if gate.name in (ACCURACY, RPS) and gate.judged}


def figures(
    accuracy: float = 0.55, gain: float | None = -0.002, matches: int = 1500, priced: int = 1500
) -> dict[str, Any]:
    """Figures of a candidate; no closing odds where the gain over them is None."""
    found = copy.deepcopy(FIGURES)
    found["model"]["accuracy"], found["matches"] = accuracy, matches
    found["market"] = {"matches": priced, "rps_gain_over_closing": gain} if gain else None
    return found


def test_the_committed_thresholds(params: Params) -> None:
    told = [params.promote.gates[name] for name in (ACCURACY, RPS)]
    assert [gate.minimum_matches for gate in told] == [1500, 1500]
    assert [gate.threshold for gate in told] == [0.58, 0.002]
    assert [gate.comparison for gate in told] == ["at most", "at most"]


@pytest.mark.parametrize(
    ("accuracy", "passed"), [(0.5, True), (0.58, True), (0.580001, False), (0.61, False)]
)
def test_accuracy_above_058_is_blocked(params: Params, accuracy: float, passed: bool) -> None:
    gates = suspicions(figures(accuracy=accuracy), params.promote)
    assert (gates[ACCURACY].value, gates[ACCURACY].passed) == (accuracy, passed)
    assert gates[RPS].passed


@pytest.mark.parametrize(
    ("gain", "passed"), [(-0.01, True), (0.002, True), (0.002001, False), (0.02, False)]
)
def test_an_rps_clearly_better_than_closing_odds_is_blocked(
    params: Params, gain: float, passed: bool
) -> None:
    gates = suspicions(figures(gain=gain), params.promote)
    assert (gates[RPS].value, gates[RPS].passed) == (gain, passed)
    assert gates[ACCURACY].passed


def test_on_fewer_matches_nothing_is_suspected(params: Params) -> None:
    few = suspicions(figures(0.7, 0.05, matches=1499, priced=1499), params.promote)
    assert few == {}
    enough = suspicions(figures(0.7, 0.05), params.promote)
    assert [gate.passed for gate in enough.values()] == [False, False]


def test_each_figure_needs_enough_matches_of_its_own(params: Params) -> None:
    found = suspicions(figures(0.7, 0.05, matches=3000, priced=1499), params.promote)
    assert list(found) == [ACCURACY]


def test_without_closing_odds_accuracy_alone_is_judged(params: Params) -> None:
    assert list(suspicions(figures(0.7, None), params.promote)) == [ACCURACY]


def test_null_switches_a_suspicion_off(params: Params) -> None:
    for name in (ACCURACY, RPS):
        off = params.promote.gates[name].model_copy(update={"threshold": None})
        gates = params.promote.gates | {name: off}
        settings = params.promote.model_copy(update={"gates": gates})
        assert name not in suspicions(figures(0.7, 0.05), settings)


def test_the_reason_names_the_figure_and_says_why(params: Params) -> None:
    gates = suspicions(figures(0.613, 0.0213), params.promote)
    assert reason(gates[ACCURACY]) == (
        "accuracy over all matches, more of which points to a leak of the future: 0.613, "
        "asked for at most 0.58"
    )
    assert reason(gates[RPS]) == (
        "RPS of closing odds minus the model's, more of which points to a leak of the future: "
        "0.0213, asked for at most 0.002"
    )


# The demonstration, on real matches with shots and closing odds.
LEAGUE = "eng-premier-league"
SEASONS = [f"{year}-{(year + 1) % 100:02}" for year in range(2012, 2023)]
END = pd.Timestamp("2023-07-01T00:00:00Z")
OF_THE_MATCH = ("shots", "shots_on_target")
RATINGS = ("difference_elo", "difference_goals", "home_expected_goals", "away_expected_goals")
LEAKED = (*RATINGS, *(f"{side}_{what}" for side in ("home", "away") for what in OF_THE_MATCH))
KNOWN = (
    *RATINGS,
    *(f"{side}_expected_{what}" for side in ("home", "away") for what in OF_THE_MATCH),
)
TESTED = 0.45


@pytest.fixture(scope="module")
def real(
    shared: Path, teams: Teams, params: Params, tmp_path_factory: pytest.TempPathFactory
) -> pd.DataFrame:
    """Features of ten seasons, and beside them the shots of the very match."""
    raw = tmp_path_factory.mktemp("leak")
    built = everything.build(raw, shared, Choice([CO_UK], [LEAGUE], SEASONS))
    assert not built.refused
    tables = settle(
        staging.stage_sources(raw, [CO_UK]).frame,
        chosen_competitions(ROOT / layout.COMPETITIONS, [LEAGUE]),
        teams,
        [CO_UK],
        params.ingest.same_match_days,
        params.ingest.result_known_after_hours,
    ).tables
    shots, odds = tables["team_stats"], tables["odds"]
    features = build_features(tables["matches"], shots, NO_LINEUPS, odds, END, params.features)
    rows = trainable(features.table, 1)
    for side, at_home in (("home", True), ("away", False)):
        own = shots[shots["is_home"] == at_home].set_index("match_id").reindex(rows["match_id"])
        for what in OF_THE_MATCH:
            rows[f"{side}_{what}"] = own[what].to_numpy(dtype=np.float64)
    assert len(rows) > 3000
    assert rows[[*LEAKED, "closing_home"]].notna().all(axis=None)
    return rows


def report_on(rows: pd.DataFrame, columns: tuple[str, ...], params: Params) -> dict[str, Any]:
    """The report on the last matches, forecast by a fit on the earlier ones."""
    start = rows["kick_off"].iloc[int(len(rows) * (1 - TESTED))].floor("D")
    model = recipe(rows, columns=columns, rounds=40, c=1.0)
    forecasts = walk_forward(rows, model, start, END, refit_days=10_000, seed=1)
    settings = params.evaluate.model_copy(update={"bootstrap_samples": 100})
    return evaluation(
        validated(Forecasts, forecasts, Path("forecasts.parquet")), settings, params.seed
    )


@pytest.fixture(scope="module")
def leaked(real: pd.DataFrame, params: Params) -> dict[str, Any]:
    """The report on a model that reads shots of the match, after a random split.

    The matches change their dates at random, so the split in time is a random one of them.
    """
    dates = {name: real[name].array for name in ("kick_off", "known_at")}
    anyhow = real.sample(frac=1, random_state=2).reset_index(drop=True).assign(**dates)
    return report_on(anyhow, LEAKED, params)


def test_shots_of_the_match_and_a_random_split_look_splendid_and_are_blocked(
    leaked: dict[str, Any], params: Params
) -> None:
    assert leaked["matches"] >= SUSPECTED_FROM
    assert leaked["model"]["accuracy"] == pytest.approx(0.61, abs=0.02)
    gates = suspicions(leaked, params.promote)
    assert [gate.passed for gate in gates.values()] == [False, False]
    told = reason(gates[ACCURACY])
    assert f"{leaked['model']['accuracy']:.4g}, asked for at most 0.58" in told
    assert "leak of the future" in told


def test_what_was_known_at_kick_off_and_a_split_in_time_are_not_blocked(
    real: pd.DataFrame, params: Params
) -> None:
    honest = report_on(real, KNOWN, params)
    assert honest["matches"] >= SUSPECTED_FROM
    assert 0.5 < honest["model"]["accuracy"] < 0.57
    assert honest["market"]["rps_gain_over_closing"] < 0
    gates = suspicions(honest, params.promote)
    assert list(gates) == [ACCURACY, RPS]
    assert all(gate.passed for gate in gates.values())


def test_the_command_rejects_a_leaking_candidate_and_says_why(
    project: Path, leaked: dict[str, Any], params: Params
) -> None:
    edit_params({"promote": params.promote.model_dump()})
    write_json(layout.METRICS, leaked)
    with pytest.raises(GateError) as caught:
        pitchline("promote", "decide")
    assert "more of which points to a leak of the future: 0.6" in str(caught.value)
    decision = content_of(layout.DECISION)
    failed = [gate["name"] for gate in decision["gates"] if not gate["passed"]]
    assert failed == [ACCURACY, RPS]
    assert decision["outcome"] == "rejected"
    assert not layout.CHAMPION.exists()
