from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline.errors import TableError
from pitchline.ingest.identity.teams import read_names
from pitchline.ingest.tables import validated
from pitchline.params import Params
from pitchline.predict.forecast import predictions, upcoming
from pitchline.predict.schema import Predictions
from pitchline.train.goals import GoalModel, read_off
from pitchline.train.model import Forecaster
from pitchline.train.split import trainable
from tests.conftest import ROOT
from tests.train.recipes import recipe

SHARES = ["probability_home", "probability_draw", "probability_away"]
AS_OF = pd.Timestamp("2026-05-08T00:00:00Z")
CHAMPION = "0123456789ab"


@pytest.fixture(scope="module")
def forecaster(features: pd.DataFrame) -> Forecaster:
    return Forecaster.fit(trainable(features, 10), recipe(features), seed=1)


@pytest.fixture(scope="module")
def goals(features: pd.DataFrame) -> GoalModel:
    return GoalModel.fit(trainable(features, 8))


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    return read_names(ROOT / "workflow/reference/teams.csv")


@pytest.fixture(scope="module")
def fixtures(features: pd.DataFrame) -> pd.DataFrame:
    return upcoming(features, AS_OF, 21)


@pytest.fixture(scope="module")
def table(
    fixtures: pd.DataFrame, forecaster: Forecaster, goals: GoalModel, names: dict[str, str]
) -> pd.DataFrame:
    return predictions(fixtures, forecaster, goals, names, AS_OF, CHAMPION)


def kicking_off(hours: list[float], played: list[bool] | None = None) -> pd.DataFrame:
    """Matches that kick off so many hours after AS_OF."""
    return pd.DataFrame(
        {
            "match_id": [f"match-{number}" for number in range(len(hours))],
            "kick_off": [AS_OF + pd.Timedelta(hours=h) for h in hours],
            "result": ["H" if p else None for p in played or [False] * len(hours)],
        }
    )


def test_the_horizon_includes_its_first_and_last_moment() -> None:
    found = upcoming(kicking_off([-0.01, 0, 24, 48, 48.01]), AS_OF, 2)
    assert found["match_id"].tolist() == ["match-1", "match-2", "match-3"]


def test_a_match_with_a_known_result_is_no_fixture() -> None:
    found = upcoming(kicking_off([1, 2], [True, False]), AS_OF, 2)
    assert found["match_id"].tolist() == ["match-1"]


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=30), st.integers(1, 4))
def test_fixtures_are_ordered_and_within_the_horizon(hours: list[float], days: int) -> None:
    found = upcoming(kicking_off(hours), AS_OF, days)
    wanted = sorted(hour for hour in hours if 0 <= hour <= 24 * days)
    assert ((found["kick_off"] - AS_OF) / pd.Timedelta(hours=1)).tolist() == wanted
    assert found.index.tolist() == list(range(len(wanted)))


def test_the_fixtures_of_the_archive_are_those_without_a_result(
    features: pd.DataFrame, fixtures: pd.DataFrame
) -> None:
    assert len(fixtures) == 31
    assert set(fixtures["match_id"]) == set(features.loc[features["result"].isna(), "match_id"])
    assert len(upcoming(features, AS_OF, 3)) < 31


def test_predictions_fulfil_their_table(table: pd.DataFrame) -> None:
    assert len(validated(Predictions, table, Path("fixtures.parquet"))) == 31


def test_the_most_likely_result_has_the_highest_probability(table: pd.DataFrame) -> None:
    for row in table.itertuples():
        shares = {"H": row.probability_home, "D": row.probability_draw, "A": row.probability_away}
        assert shares[row.most_likely] == max(shares.values())


def test_probabilities_are_the_forecasters(
    table: pd.DataFrame, fixtures: pd.DataFrame, forecaster: Forecaster
) -> None:
    p = table[SHARES].to_numpy()
    assert (p == forecaster.probabilities(fixtures)).all()
    assert len(np.unique(p[:, 0])) > 5


def test_teams_are_named_as_shown_to_people(table: pd.DataFrame, names: dict[str, str]) -> None:
    for row in table.itertuples():
        assert row.home_name == names[row.home_team]
        assert row.away_name == names[row.away_team]
    assert "Wolves" in {*table["home_name"], *table["away_name"]}


def test_as_of_and_the_champion_stand_in_every_row(table: pd.DataFrame) -> None:
    assert set(table["as_of"]) == {AS_OF}
    assert set(table["champion"]) == {CHAMPION}


def test_no_fixtures_give_an_empty_table(
    features: pd.DataFrame,
    forecaster: Forecaster,
    goals: GoalModel,
    names: dict[str, str],
    params: Params,
) -> None:
    later = AS_OF + pd.Timedelta(days=100)
    none = upcoming(features, later, params.predict.horizon_days)
    empty = predictions(none, forecaster, goals, names, later, CHAMPION)
    assert len(validated(Predictions, empty, Path("fixtures.parquet"))) == 0


def test_a_team_without_a_name_is_refused_by_the_table(
    fixtures: pd.DataFrame, forecaster: Forecaster, goals: GoalModel, names: dict[str, str]
) -> None:
    nameless = {team: name for team, name in names.items() if team != "wolves"}
    rows = predictions(fixtures, forecaster, goals, nameless, AS_OF, CHAMPION)
    with pytest.raises(TableError, match="wolves"):
        validated(Predictions, rows, Path("fixtures.parquet"))


@pytest.mark.parametrize(
    ("column", "wrong", "reason"),
    [
        ("probability_draw", 0.9, "don't sum to 1"),
        ("probability_home", -0.1, "probability_home"),
        ("most_likely", "X", "most_likely"),
        ("champion", "latest", "champion"),
        ("over_2_5", 1.1, "over_2_5"),
        ("expected_away_goals", -0.1, "expected_away_goals"),
        ("score_1", "2:1", "score_1"),
        ("score_3_probability", None, "score_3_probability"),
    ],
)
def test_the_table_refuses_wrong_values(
    table: pd.DataFrame, column: str, wrong: Any, reason: str
) -> None:
    with pytest.raises(TableError, match=reason):
        validated(Predictions, table.head(1).assign(**{column: wrong}), Path("fixtures.parquet"))


@pytest.fixture(scope="module")
def grid(fixtures: pd.DataFrame, table: pd.DataFrame, goals: GoalModel) -> np.ndarray:
    """Probability of every score of the predicted fixtures."""
    return goals.grid(fixtures, table[SHARES].to_numpy())


def test_goals_agree_with_the_1x2(table: pd.DataFrame, grid: np.ndarray) -> None:
    home, away = np.arange(grid.shape[1])[:, None], np.arange(grid.shape[2])[None, :]
    for column, region in zip(SHARES, (home > away, home == away, home < away), strict=True):
        np.testing.assert_allclose(grid[:, region].sum(axis=1), table[column], atol=1e-9)
    for name, values in read_off(grid).items():
        assert (table[name] == values).all()
    assert table["over_2_5"].to_numpy() + grid[:, home + away <= 2].sum(axis=1) == pytest.approx(
        1, abs=1e-6
    )


def test_favourites_are_expected_to_score_more(table: pd.DataFrame) -> None:
    ahead = table["expected_home_goals"] - table["expected_away_goals"]
    surplus = table["probability_home"] - table["probability_away"]
    clear = surplus.abs() > 0.1
    assert clear.sum() > 10
    assert (np.sign(ahead[clear]) == np.sign(surplus[clear])).all()
    for side in ("home", "away"):
        assert table[f"expected_{side}_goals"].between(0.3, 4).all()


def test_the_three_likeliest_scores_are_those_of_the_grid(
    table: pd.DataFrame, grid: np.ndarray
) -> None:
    for match in range(len(table)):
        ranked = sorted(
            (-round(p, 12), home, away)
            for home, row in enumerate(grid[match])
            for away, p in enumerate(row)
        )[:3]
        for rank, (minus, home, away) in enumerate(ranked, start=1):
            assert table[f"score_{rank}"].iloc[match] == f"{home}-{away}"
            told = table[f"score_{rank}_probability"].iloc[match]
            assert told == pytest.approx(-minus, abs=1e-6)


def test_the_likeliest_scores_are_told_in_order_and_each_once(table: pd.DataFrame) -> None:
    chances = table[[f"score_{rank}_probability" for rank in (1, 2, 3)]].to_numpy()
    assert (np.diff(chances, axis=1) <= 0).all()
    assert (chances.sum(axis=1) < 1).all()
    assert (table[["score_1", "score_2", "score_3"]].nunique(axis=1) == 3).all()
