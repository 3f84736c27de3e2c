from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pitchline.goals.history import DAY, GoalHistory, histories, milliseconds
from pitchline.train.baselines import base_rates
from pitchline.train.families.dixon_coles import HALF_LIVES, DixonColesModel, DixonColesRecipe
from pitchline.train.split import expanding_folds, trainable

RECIPE = DixonColesRecipe(half_life_days=200.0, penalty=4.0, refit_days=35)
LEAGUE = "eng-premier-league"


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 8)


@pytest.fixture(scope="module")
def fitted(rows: pd.DataFrame) -> DixonColesModel:
    return RECIPE.fit(rows, seed=1)


def test_the_forecast_is_that_of_a_fit_at_the_newest_result(
    rows: pd.DataFrame, fitted: DixonColesModel
) -> None:
    fixtures = rows.tail(40)
    moment = int(milliseconds(rows["known_at"]).max())
    history = GoalHistory.of(rows)
    expected = history.learned_by(moment, HALF_LIVES * 200.0).probabilities(
        fixtures["home_team"].tolist(), fixtures["away_team"].tolist(), moment, 200.0, 4.0
    )
    assert expected is not None
    np.testing.assert_allclose(fitted.probabilities(fixtures), expected, atol=2e-6)


def test_a_fold_is_walked_with_fits_on_what_was_known(rows: pd.DataFrame) -> None:
    split = expanding_folds(rows, 3)[1]
    tested = rows.iloc[split.test]
    found = RECIPE.out_of_fold(rows, split, seed=1)
    first = int(milliseconds(tested["kick_off"]).min())
    step = (milliseconds(tested["kick_off"]) - first) // (35 * DAY)
    assert len(np.unique(step)) > 5
    history = GoalHistory.of(rows)
    for number in np.unique(step):
        moment, inside = first + int(number) * 35 * DAY, step == number
        part = tested[inside]
        learned = history.learned_by(moment, HALF_LIVES * 200.0)
        expected = learned.probabilities(
            part["home_team"].tolist(), part["away_team"].tolist(), moment, 200.0, 4.0
        )
        assert expected is not None
        # The walk starts each fit from the one before, these start anew.
        np.testing.assert_allclose(found[inside], expected, atol=1e-5)


def test_competitions_are_fitted_apart(rows: pd.DataFrame, fitted: DixonColesModel) -> None:
    twin = rows.assign(competition="eng-championship", home_goals=0, away_goals=1, result="A")
    both = pd.concat([rows, twin], ignore_index=True).sort_values(
        ["kick_off", "match_id", "competition"], ignore_index=True
    )
    found = RECIPE.fit(both, seed=1)
    ours = both["competition"] == LEAGUE
    one = found.strengths[LEAGUE]
    assert one.attack.tolist() == fitted.strengths[LEAGUE].attack.tolist()
    assert (found.probabilities(both[ours]) == fitted.probabilities(rows)).all()


def test_a_competition_without_strengths_gets_the_base_rates(
    rows: pd.DataFrame, fitted: DixonColesModel
) -> None:
    elsewhere = rows.tail(3).assign(competition="esp-la-liga")
    expected = np.tile(base_rates(rows), (3, 1))
    np.testing.assert_allclose(fitted.probabilities(elsewhere), expected, atol=1e-6)
    # No home team ever scores: nothing determines that competition.
    barren = rows.head(30).assign(competition="esp-la-liga", home_goals=0, away_goals=0, result="D")
    found = RECIPE.fit(pd.concat([barren, rows], ignore_index=True), seed=1)
    assert list(found.strengths) == [LEAGUE]


def test_within_a_fold_a_competition_waits_for_its_first_fit(rows: pd.DataFrame) -> None:
    split = expanding_folds(rows, 2)[0]
    new = rows.assign(
        competition=rows["competition"].mask(rows.index >= split.test[0], "eng-championship")
    )
    found = RECIPE.out_of_fold(new, split, seed=1)
    days = (new["kick_off"] - new["kick_off"].iloc[split.test[0]]).dt.days.iloc[split.test]
    early = (days < 35).to_numpy()
    assert early.any()
    assert (found[early] == base_rates(new.iloc[split.train])).all()
    assert not (found[~early] == base_rates(new.iloc[split.train])).any()


def test_a_team_without_a_result_counts_as_a_newcomer(
    rows: pd.DataFrame, fitted: DixonColesModel
) -> None:
    strange = rows.tail(2).assign(home_team=["atlantis", "avalon"], away_team="arsenal")
    found = fitted.probabilities(strange)
    assert (found[0] == found[1]).all()
    model = fitted.strengths[LEAGUE]
    newcomer = model.teams.index("")
    weakest = np.argsort(model.attack[:newcomer] + model.defence[:newcomer])[:3]
    assert model.attack[newcomer] == pytest.approx(model.attack[weakest].mean(), abs=2e-6)
    assert model.defence[newcomer] == pytest.approx(model.defence[weakest].mean(), abs=2e-6)


def test_old_results_fade(rows: pd.DataFrame) -> None:
    old = rows["kick_off"] < rows["kick_off"].max() - pd.Timedelta(days=365)
    swapped = rows.assign(
        home_goals=rows["home_goals"].mask(old, rows["away_goals"]),
        away_goals=rows["away_goals"].mask(old, rows["home_goals"]),
    )

    def moved(half_life_days: float) -> float:
        recipe = replace(RECIPE, half_life_days=half_life_days)
        one, other = (recipe.fit(table, 1).probabilities(rows) for table in (rows, swapped))
        return float(np.abs(one - other).mean())

    assert moved(30.0) < 0.001 < 0.02 < moved(1000.0)


def test_a_history_holds_each_competitions_results_in_their_order(rows: pd.DataFrame) -> None:
    found = histories(rows)
    assert list(found) == [LEAGUE]
    assert len(found[LEAGUE]) == len(rows)
    home = [found[LEAGUE].teams[number] for number in found[LEAGUE].home]
    assert home == rows["home_team"].tolist()
    assert (np.diff(found[LEAGUE].kick_off) >= 0).all()
