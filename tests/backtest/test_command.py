import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pitchline import layout
from pitchline.backtest.schema import FORECASTERS, BacktestForecasts
from pitchline.errors import ArtifactError, ParamsError, PitchlineError
from pitchline.files import read_parquet, write_parquet
from pitchline.ingest.tables import Odds, validated, write_table
from pitchline.train import metrics
from pitchline.train.families.registry import FAMILIES
from tests.backtest.conftest import prices
from tests.train.project import content_of, edit_params, pitchline, write_inputs

SPAN = {"first_season": "2025-26", "refit_steps": 12, "trials": 2}
BEGINS = pd.Timestamp("2025-08-12T00:00:00Z")


def backtest(*arguments: str) -> None:
    for verb in ("tune", "run"):
        pitchline("backtest", verb, *arguments)
    pitchline("backtest", "score")


def hashes() -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in layout.BACKTEST.iterdir()
    }


@pytest.fixture(scope="module")
def done(
    features: pd.DataFrame, matches: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A project whose newest season has been walked through once."""
    folder = tmp_path_factory.mktemp("backtest")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_inputs(features, matches)
        edit_params({"backtest": SPAN})
        rows = features[features["season"] >= "2025-26"].iloc[:200]
        p = 1 / rows[["home_elo", "away_elo", "home_elo"]].to_numpy()
        odds = prices(rows, p / p.sum(axis=1, keepdims=True))
        write_table(layout.ODDS, Odds, odds)
        backtest()
    return folder


@pytest.fixture
def project(done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That project, this test's own."""
    folder = tmp_path / "project"
    shutil.copytree(done, folder)
    monkeypatch.chdir(folder)
    return folder


def test_a_backtest_is_made_of_all_its_files(project: Path) -> None:
    assert sorted(hashes()) == [
        "forecasts.parquet",
        "log_loss_by_season.svg",
        "metrics.json",
        "reliability.svg",
        "sharpness.svg",
        "study.json",
        "summary.csv",
    ]
    found = read_parquet(layout.BACKTEST_FORECASTS, made_by="")
    validated(BacktestForecasts, found, layout.BACKTEST_FORECASTS)
    counts = found["forecaster"].value_counts()
    assert set(counts.index) == set(FORECASTERS)
    assert (counts[["market_opening", "market_closing"]] == 200).all()
    assert counts["model"] == counts["dixon_coles"] > 300
    assert content_of(layout.BACKTEST_METRICS)["common"]["matches"] == 200
    assert len(pd.read_csv(layout.BACKTEST_SUMMARY)) == 12


def test_the_same_inputs_give_the_same_bytes_on_two_threads(project: Path) -> None:
    before = hashes()
    shutil.rmtree(layout.BACKTEST)
    backtest("--threads", "2")
    assert hashes() == before


def test_tuning_never_sees_the_span(project: Path) -> None:
    before = layout.BACKTEST_STUDY.read_bytes()
    told = content_of(layout.BACKTEST_STUDY)
    assert {"family", "families", "best", "trials", "logit", "calibration"} == told.keys()
    features = read_parquet(layout.FEATURES, made_by="")
    other = features["result"].map({"H": "A", "D": "H", "A": "D"})
    late = features["known_at"] > BEGINS
    changed = features.assign(
        result=features["result"].mask(late, other),
        home_goals=features["home_goals"].mask(late, features["away_goals"] + 1),
        difference_elo=features["difference_elo"].mask(late, 0.0),
        difference_goals=features["difference_goals"].mask(late, 0.0),
    )
    assert (changed["result"] != features["result"])[late & features["result"].notna()].all()
    write_parquet(layout.FEATURES, changed)
    pitchline("backtest", "tune")
    assert layout.BACKTEST_STUDY.read_bytes() == before
    early = features["kick_off"] < BEGINS - pd.Timedelta(days=100)
    changed = features.assign(result=features["result"].mask(early, other))
    write_parquet(layout.FEATURES, changed)
    pitchline("backtest", "tune")
    assert layout.BACKTEST_STUDY.read_bytes() != before


def test_the_digest_follows_what_a_forecaster_is_made_with(project: Path) -> None:
    def made_with() -> dict[str, str]:
        found = read_parquet(layout.BACKTEST_FORECASTS, made_by="")
        return dict(found.groupby("forecaster")["made_with"].unique().map(",".join))

    before = made_with()
    assert before["market_closing"] == "PS closing"
    edit_params({"seed": 7})
    pitchline("backtest", "run")
    seeded = made_with()
    assert {name for name in before if seeded[name] != before[name]} == {"model"}
    settings = {"half_life_days": 100.0, "penalty": 1.0, "window_days": None}
    edit_params({"backtest": {"dixon_coles": settings, "market": {"moments": []}}})
    pitchline("backtest", "run")
    after = made_with()
    assert set(after) == {"model", "elo", "base", "dixon_coles"}
    assert {name for name in after if after[name] != seeded[name]} == {"dixon_coles"}


def test_a_backtest_without_the_market_needs_no_odds(project: Path) -> None:
    layout.ODDS.unlink()
    with pytest.raises(ArtifactError, match=f"{layout.ODDS}: missing.*snakemake.*ingest"):
        pitchline("backtest", "run")
    edit_params({"backtest": {"market": {"moments": []}}})
    pitchline("backtest", "run")
    pitchline("backtest", "score")
    told = content_of(layout.BACKTEST_METRICS)
    assert told["forecasters"] == ["model", "elo", "base", "dixon_coles"]
    assert told["ratios"] == {}


def test_odds_of_other_matches_are_told_and_stop_nothing(project: Path) -> None:
    odds = read_parquet(layout.ODDS, made_by="")
    write_table(layout.ODDS, Odds, odds[odds["moment"] == "opening"])
    told = pitchline("backtest", "run").stderr
    assert "no closing odds of these matches" in told
    pitchline("backtest", "score")
    assert "market_closing" not in content_of(layout.BACKTEST_METRICS)["forecasters"]


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "blend"])
def test_the_model_walked_with_is_of_the_family_that_tuning_chose(
    project: Path, family: str
) -> None:
    def forecasts() -> pd.DataFrame:
        found = read_parquet(layout.BACKTEST_FORECASTS, made_by="")
        return found[found["forecaster"] == "model"].reset_index(drop=True)

    before = forecasts()
    share_of_logit = content_of(layout.BACKTEST_STUDY)["logit"]["share"]
    edit_params({"train": {"family": "auto", "families": [family]}})
    backtest("--threads", "2")
    after = forecasts()
    assert content_of(layout.BACKTEST_STUDY)["family"] == family
    assert after["match_id"].tolist() == before["match_id"].tolist()
    assert not after["made_with"].isin(before["made_with"]).any()
    shares = ["home", "draw", "away"]
    # A blend without a share of the logit is its trees.
    same = family == "xgboost" and share_of_logit == 0
    differing = (after[shares].to_numpy() != before[shares].to_numpy()).mean()
    assert differing == 0 if same else differing > 0.5
    validated(BacktestForecasts, after, layout.BACKTEST_FORECASTS)


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("tune", layout.FEATURES),
        ("run", layout.FEATURES),
        ("run", layout.MATCHES),
        ("run", layout.BACKTEST_STUDY),
        ("score", layout.BACKTEST_FORECASTS),
    ],
)
def test_a_missing_file_is_named_with_what_makes_it(project: Path, verb: str, path: Path) -> None:
    path.unlink()
    with pytest.raises(ArtifactError, match=f"{path}: missing.*snakemake"):
        pitchline("backtest", verb)


def test_a_span_that_leaves_too_little_to_tune_on_is_refused(project: Path) -> None:
    edit_params({"backtest": {"first_season": "2023-24"}})
    with pytest.raises(PitchlineError, match=r"0 matches.*2023-08-08.*backtest\.first_season"):
        pitchline("backtest", "tune")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"last_season": "2024-25"}, "backtest: .*last_season at first_season or after it"),
        ({"step": "day"}, "backtest.step: found 'day'; allowed: 'week' or 'round'"),
        ({"confidence_edges": [0.5, 0.4]}, "each number above the one before"),
        ({"refit_steps": 0}, "backtest.refit_steps: found 0"),
        ({"compare_with": ["model"]}, "backtest.compare_with.0: found 'model'"),
        ({"competitions": ["Premier League"]}, "backtest.competitions.0: found 'Premier League'"),
        ({"market": {"moments": ["closing", "closing"]}}, "each entry once"),
        ({"steps": 1}, "backtest.steps: unknown key. Did you mean `step`"),
    ],
)
def test_parameters_out_of_range_are_refused(
    project: Path, change: dict[str, object], told: str
) -> None:
    edit_params({"backtest": change})
    with pytest.raises(ParamsError, match=told):
        pitchline("backtest", "tune")


def test_a_backtest_from_prices_follows_them_where_there_are_any(project: Path) -> None:
    features = read_parquet(layout.FEATURES, made_by="")
    played = features["result"].notna()
    priced = played & (features.index % 2 == 0)
    came_true = pd.get_dummies(features["result"])[["H", "D", "A"]].to_numpy(dtype=float)
    # Prices that know more than any rating: half of what happened.
    told = pd.DataFrame(0.5 * came_true + 0.5 / 3, index=features.index)
    columns = [f"opening_{outcome}" for outcome in ("home", "draw", "away")]
    for number, column in enumerate(columns):
        features[column] = told[number].where(priced)
    write_parquet(layout.FEATURES, features)
    edit_params({"train": {"market": "opening", "max_rounds": 10}})
    backtest()
    found = read_parquet(layout.BACKTEST_FORECASTS, made_by="")
    model = found[found["forecaster"] == "model"].set_index("match_id")
    known = features.set_index("match_id").loc[model.index]
    given = known["opening_home"].notna()
    assert given.sum() > 100
    assert (~given).sum() > 100
    outcome = model["result"].map({"H": 0, "D": 1, "A": 2}).to_numpy()
    forecast = model[["home", "draw", "away"]].to_numpy()
    loss = metrics.log_loss(forecast, outcome)
    # What the prices themselves would lose: each result that came true had 2/3.
    assert loss[given].mean() < -np.log(2 / 3) + 0.3
    assert 0.9 < loss[~given].mean() < 1.2
