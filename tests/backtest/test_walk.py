from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pitchline.backtest.goals import goal_histories
from pitchline.backtest.schema import FITTED, FORECASTERS, OUTCOMES, BacktestForecasts
from pitchline.backtest.steps import week_starts
from pitchline.backtest.walk import Known, digest, market_forecasts, planned, rounded
from pitchline.errors import PitchlineError, TableError
from pitchline.files import write_parquet
from pitchline.goals.dixon_coles import decay_weights, fit
from pitchline.goals.scores import result_probabilities, score_grid
from pitchline.ingest.tables import result_of, validated
from pitchline.params import Backtest, Params
from pitchline.train.baselines import ELO, Logit, base_rates
from pitchline.train.model import Forecaster
from pitchline.train.split import trainable
from tests.backtest.conftest import FIRST, WARM_UP, walked
from tests.conftest import features_as_of
from tests.train.recipes import recipe

DAY = pd.Timedelta(days=1)
PATH = Path("forecasts.parquet")


def of(forecasts: pd.DataFrame, name: str) -> pd.DataFrame:
    """One forecaster's rows, by match."""
    return forecasts[forecasts["forecaster"] == name].set_index("match_id").sort_index()


def figures(forecasts: pd.DataFrame, name: str) -> np.ndarray:
    return of(forecasts, name)[list(OUTCOMES)].to_numpy()


def bytes_of(forecasts: pd.DataFrame, folder: Path) -> bytes:
    path = folder / "forecasts.parquet"
    write_parquet(path, validated(BacktestForecasts, forecasts, path))
    return path.read_bytes()


def test_every_forecaster_forecasts_every_match_of_the_span_once(
    forecasts: pd.DataFrame, short: pd.DataFrame
) -> None:
    inside = short[short["season"] >= FIRST]
    assert len(inside) == 70
    assert tuple(forecasts["forecaster"].unique()) == FORECASTERS
    for name in FORECASTERS:
        assert of(forecasts, name).index.tolist() == sorted(inside["match_id"])
    assert forecasts["kick_off"].is_monotonic_increasing


def test_the_forecasts_keep_the_rules_of_their_table(forecasts: pd.DataFrame) -> None:
    found = validated(BacktestForecasts, forecasts, PATH)
    assert found["round"].notna().all()
    pd.testing.assert_series_equal(found["home"], forecasts["home"])


def test_forecasts_are_those_of_fits_on_what_was_known_on_tuesday(
    forecasts: pd.DataFrame, short: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest
) -> None:
    rows = trainable(short, WARM_UP)
    span = short[short["season"] >= FIRST].set_index("match_id", drop=False).sort_index()
    weeks = week_starts(span["kick_off"])
    goals = short[short["result"].notna()]
    settings = backtest.dixon_coles
    assert settings.window_days is not None
    for week in sorted(weeks.unique())[::3]:
        test = span[weeks == week]
        train = rows[rows["known_at"] <= week]
        model = Forecaster.fit(train, recipe(short, rounds=3), 1)
        learned = goals[
            (goals["known_at"] <= week) & (goals["kick_off"] > week - settings.window_days * DAY)
        ]
        teams = sorted({*learned["home_team"], *test["home_team"], *test["away_team"]})
        number = {team: place for place, team in enumerate(teams)}
        scored = fit(
            learned["home_team"].map(number).to_numpy(),
            learned["away_team"].map(number).to_numpy(),
            learned["home_goals"].to_numpy(dtype=float),
            learned["away_goals"].to_numpy(dtype=float),
            decay_weights(((week - learned["kick_off"]) / DAY).to_numpy(), settings.half_life_days),
            teams=teams,
            penalty=settings.penalty,
        )
        rates = scored.rates(test["home_team"].tolist(), test["away_team"].tolist())
        expected = {
            "model": model.probabilities(test),
            "elo": Logit.fit(train, ELO).probabilities(test),
            "base": np.tile(base_rates(train), (len(test), 1)),
            "dixon_coles": result_probabilities(score_grid(*rates, scored.rho)),
        }
        for name, p in expected.items():
            found = of(forecasts, name).loc[test["match_id"]]
            np.testing.assert_allclose(found[list(OUTCOMES)].to_numpy(), p, atol=2e-6)
            assert (found["fitted_at"] == week).all()
            source = learned if name == "dixon_coles" else train
            assert (found["trained_until"] == source["known_at"].max()).all()
            assert (found["trained_matches"] == len(source)).all()


# A Sunday within a round: its Saturday was forecast by the same fits, before these results.
SINCE = pd.Timestamp("2024-09-22T00:00:00Z")


@pytest.fixture(scope="module")
def turned(
    short: pd.DataFrame, matches: pd.DataFrame, team_stats: pd.DataFrame, params: Params
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and matches of a world in which every result from ``SINCE`` on was another."""
    late = matches["kick_off"] >= SINCE
    home = matches["home_goals"].mask(late, matches["away_goals"] + 1)
    away = matches["away_goals"].mask(late, matches["home_goals"])
    other = matches.assign(home_goals=home, away_goals=away, result=result_of(home, away))
    assert params.as_of is not None
    made = features_as_of(other, team_stats, params, pd.Timestamp(params.as_of))
    return made[made["match_id"].isin(short["match_id"])].reset_index(drop=True), other


@pytest.mark.parametrize("step", ["week", "round"])
def test_later_results_do_not_change_earlier_forecasts(
    short: pd.DataFrame,
    matches: pd.DataFrame,
    turned: tuple[pd.DataFrame, pd.DataFrame],
    backtest: Backtest,
    step: str,
) -> None:
    settings = backtest.model_copy(update={"step": step})
    before, after = walked(short, matches, settings), walked(*turned, settings)
    pd.testing.assert_series_equal(before["match_id"], after["match_id"])
    same = (before[list(OUTCOMES)] == after[list(OUTCOMES)]).all(axis=1)
    known = before["kick_off"] < SINCE + pd.Timedelta(hours=3)
    assert known.sum() > 100
    assert same[known].all()
    # The features of the matches to come do change, and so do the fits.
    assert not same[before["fitted_at"] >= SINCE + 3 * DAY].any()


def test_the_number_of_threads_does_not_change_a_byte(
    short: pd.DataFrame,
    matches: pd.DataFrame,
    backtest: Backtest,
    odds: pd.DataFrame,
    forecasts: pd.DataFrame,
    tmp_path: Path,
) -> None:
    again = walked(short, matches, backtest, odds, threads=2)
    assert bytes_of(again, tmp_path) == bytes_of(forecasts, tmp_path)


def test_the_matches_of_a_round_are_forecast_together_and_a_moved_one_later(
    short: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest
) -> None:
    third = matches[(matches["season"] == FIRST) & (matches["round"] == 3)]
    moved = third["match_id"].iloc[4]
    kick_off = pd.Timestamp("2024-10-02T19:00:00Z")
    changed = short.assign(
        kick_off=short["kick_off"].mask(short["match_id"] == moved, kick_off),
        known_at=short["known_at"].mask(
            short["match_id"] == moved, kick_off + pd.Timedelta(hours=3)
        ),
    ).sort_values(["kick_off", "match_id"])
    found = of(walked(changed, matches, backtest.model_copy(update={"step": "round"})), "model")
    others = found.loc[sorted(set(third["match_id"]) - {moved})]
    assert (others["fitted_at"] == others["kick_off"].min()).all()
    newest = found.loc[found["kick_off"] <= kick_off, "fitted_at"].max()
    assert found.loc[moved, "fitted_at"] == newest
    assert newest > others["kick_off"].max()
    assert found.loc[found["round"] != 3].groupby("round")["fitted_at"].nunique().eq(1).all()


def test_a_fit_serves_the_steps_until_the_next(
    short: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest, forecasts: pd.DataFrame
) -> None:
    rare = walked(short, matches, backtest.model_copy(update={"refit_steps": 3}))
    every = of(forecasts, "model")
    found = of(rare, "model")
    weeks = sorted(every["fitted_at"].unique())
    assert sorted(found["fitted_at"].unique()) == weeks[::3]
    fresh = found["fitted_at"] == every["fitted_at"]
    assert fresh.any()
    assert (found[list(OUTCOMES)] == every[list(OUTCOMES)]).all(axis=1)[fresh].all()


def test_the_market_says_what_its_odds_say(
    short: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest, odds: pd.DataFrame
) -> None:
    plan = planned(short, matches, backtest)
    first = plan["match_id"].iloc[0]
    by_pinnacle = (odds["match_id"] == first) & (odds["bookmaker"] == "PS")
    some = odds[~by_pinnacle & (odds["match_id"] != plan["match_id"].iloc[1])]
    found = of(market_forecasts(plan, some, "closing", ["PS", "B365"]), "market_closing")
    assert len(found) == len(plan) - 1
    assert found.loc[first, "made_with"] == "B365 closing"
    assert (found["made_with"].drop(first) == "PS closing").all()
    assert found[["fitted_at", "trained_until", "trained_matches"]].isna().all(axis=None)
    elo = Logit.fit(trainable(short, WARM_UP), ELO).probabilities(plan)
    expected = pd.DataFrame(elo, index=plan["match_id"]).loc[found.index]
    # The odds were made of these with margins of the kind `power` takes out, to three decimals.
    np.testing.assert_allclose(found[list(OUTCOMES)].to_numpy(), expected, atol=5e-3)


def test_no_odds_give_no_forecast(
    short: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest, odds: pd.DataFrame
) -> None:
    plan = planned(short, matches, backtest)
    assert market_forecasts(plan, odds, "closing", ["nobody"]).empty


def test_a_competition_without_a_past_has_no_forecast_by_its_goals(
    short: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest
) -> None:
    late = short["season"] >= FIRST
    new = short.assign(competition=short["competition"].mask(late, "eng-championship"))
    found = walked(new, matches, backtest)
    weeks = sorted(of(found, "model")["fitted_at"].unique())
    assert (of(found, "dixon_coles")["fitted_at"] > weeks[0]).all()
    assert len(of(found, "dixon_coles")) >= 50
    assert len(of(found, "model")) == 70
    validated(BacktestForecasts, found, PATH)


def test_only_the_seasons_and_competitions_chosen_are_forecast(
    features: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest
) -> None:
    settings = backtest.model_copy(update={"first_season": "2020-21", "last_season": "2021-22"})
    plan = planned(features, matches, settings)
    assert sorted(plan["season"].unique()) == ["2020-21", "2021-22"]
    assert len(plan) == 760
    other = features.assign(
        competition=features["competition"].mask(features["season"] == "2021-22", "esp-la-liga")
    )
    chosen = settings.model_copy(update={"competitions": ["esp-la-liga"]})
    assert planned(other, matches, chosen)["season"].unique().tolist() == ["2021-22"]


def test_matches_still_to_be_played_are_not_forecast(
    features: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest
) -> None:
    plan = planned(features, matches, backtest)
    assert plan["result"].notna().all()
    assert features.loc[features["season"] >= FIRST, "result"].isna().any()


def test_an_unknown_competition_is_named_with_those_there_are(
    features: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest
) -> None:
    wrong = backtest.model_copy(update={"competitions": ["eng-premier-leage"]})
    told = r"backtest\.competitions: .*'eng-premier-leage'.*holds eng-premier-league"
    with pytest.raises(PitchlineError, match=told):
        planned(features, matches, wrong)


def test_a_span_without_a_match_is_refused(
    features: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest
) -> None:
    with pytest.raises(PitchlineError, match=r"backtest\.first_season = 2031-32.*no result"):
        planned(features, matches, backtest.model_copy(update={"first_season": "2031-32"}))


def test_a_span_with_nothing_before_it_is_refused(
    short: pd.DataFrame, matches: pd.DataFrame, backtest: Backtest
) -> None:
    only = short[short["season"] >= FIRST].reset_index(drop=True)
    with pytest.raises(PitchlineError, match=r"no result to learn from.*2024-08-13.*later season"):
        walked(only, matches, backtest, warm_up_seasons=0)


def test_results_without_goals_are_refused(short: pd.DataFrame, matches: pd.DataFrame) -> None:
    gone = short["match_id"].iloc[0]
    with pytest.raises(PitchlineError, match=f"no home_goals and away_goals of {gone}"):
        goal_histories(short, matches[matches["match_id"] != gone])


def test_what_was_known_is_a_view_where_the_results_came_in_their_order(
    short: pd.DataFrame,
) -> None:
    rows = trainable(short, WARM_UP)
    known = Known.of(rows)
    for moment in rows["known_at"].iloc[[0, 40, 300]]:
        found = known.by(int(moment.timestamp() * 1000))
        pd.testing.assert_frame_equal(found, rows[rows["known_at"] <= moment])
        assert np.shares_memory(found["home_elo"].to_numpy(), rows["home_elo"].to_numpy())
    late = rows.assign(known_at=rows["known_at"].mask(rows.index == 5, rows["known_at"].iloc[50]))
    moment = late["known_at"].iloc[20]
    found = Known.of(late).by(int(moment.timestamp() * 1000))
    pd.testing.assert_frame_equal(found, late[late["known_at"] <= moment])
    assert 5 not in found.index


def test_rounded_probabilities_sum_to_one() -> None:
    p = np.random.default_rng(1).dirichlet([3, 2, 2], size=2000)
    found = rounded(p)
    assert (found.round(6) == found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(found, p, atol=2e-6)


def test_the_digest_tells_settings_apart_and_nothing_else() -> None:
    settings = {"forecaster": "model", "columns": ["a", "b"], "seed": 1}
    assert digest(settings) == digest(dict(settings))
    assert len({digest(settings), digest(settings | {"seed": 2}), digest({"seed": 1})}) == 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"fitted_at": "kick_off"}, "fitted_at lies after kick_off"),
        ({"trained_until": "fitted_at"}, "trained_until lies after fitted_at"),
    ],
)
def test_forecasts_of_the_future_are_refused_by_the_table(
    forecasts: pd.DataFrame, changes: dict[str, str], told: str
) -> None:
    fitted = forecasts[forecasts["forecaster"].isin(FITTED)]
    late = {column: fitted[limit] + pd.Timedelta(seconds=1) for column, limit in changes.items()}
    with pytest.raises(TableError, match=told):
        validated(BacktestForecasts, fitted.assign(**late), PATH)


def test_broken_rows_are_refused_by_the_table(forecasts: pd.DataFrame) -> None:
    for wrong, told in (
        (pd.concat([forecasts, forecasts.iloc[:1]]), "same match and forecaster"),
        (forecasts.assign(home=forecasts["home"] * 0.999), "don't sum to 1"),
        (
            forecasts.assign(fitted_at=forecasts["fitted_at"].mask(forecasts.index == 0)),
            "don't fit",
        ),
        (forecasts.assign(made_with="PS"), "made_with"),
        (forecasts.assign(forecaster="oracle"), "forecaster"),
    ):
        with pytest.raises(TableError, match=told):
            validated(BacktestForecasts, wrong, PATH)
