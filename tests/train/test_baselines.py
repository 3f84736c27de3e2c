import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from pitchline.train.baselines import ELO, Logit, base_rates, targets
from pitchline.train.split import trainable

EXPECTED = ("difference_elo", "home_expected_goals", "away_expected_goals")


@pytest.fixture(scope="module")
def rows(features: pd.DataFrame) -> pd.DataFrame:
    return trainable(features, 9)


@pytest.fixture(scope="module")
def logit(rows: pd.DataFrame) -> Logit:
    return Logit.fit(rows, EXPECTED)


def results(text: str) -> pd.DataFrame:
    return pd.DataFrame({"result": list(text)})


def test_results_are_numbered_home_draw_away() -> None:
    assert targets(results("HDAAH")).tolist() == [0, 1, 2, 2, 0]


def test_base_rates_count_each_result_once_more_than_it_came() -> None:
    np.testing.assert_allclose(base_rates(results("HHHDA")), [4 / 8, 2 / 8, 2 / 8])
    np.testing.assert_allclose(base_rates(results("HH")), [3 / 5, 1 / 5, 1 / 5])


@given(st.text("HDA", min_size=1, max_size=200))
def test_base_rates_sum_to_one_and_leave_nothing_impossible(text: str) -> None:
    rates = base_rates(results(text))
    assert rates.sum() == pytest.approx(1)
    assert (rates > 0).all()


def test_base_rates_of_real_seasons_are_their_shares(rows: pd.DataFrame) -> None:
    shares = rows["result"].value_counts(normalize=True)[["H", "D", "A"]]
    np.testing.assert_allclose(base_rates(rows), shares, atol=0.001)
    assert shares["H"] > shares["A"] > shares["D"]


def test_the_logits_probabilities_sum_to_one(rows: pd.DataFrame, logit: Logit) -> None:
    p = logit.probabilities(rows)
    assert p.shape == (len(rows), 3)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    assert ((p > 0) & (p < 1)).all()


@given(
    st.lists(st.floats(-3000, 3000), min_size=1, max_size=20),
    st.floats(0.01, 20),
    st.floats(0.01, 20),
)
def test_probabilities_sum_to_one_however_extreme_the_features(
    logit: Logit, elo: list[float], home: float, away: float
) -> None:
    frame = pd.DataFrame(
        {"difference_elo": elo, "home_expected_goals": home, "away_expected_goals": away}
    )
    p = logit.probabilities(frame)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-9)
    assert ((p >= 0) & (p <= 1)).all()


def test_the_elo_logit_is_monotone_in_the_elo_difference(rows: pd.DataFrame) -> None:
    elo = Logit.fit(rows, ELO)
    p = elo.probabilities(pd.DataFrame({"difference_elo": np.linspace(-900, 900, 181)}))
    assert (np.diff(p[:, 0]) > 0).all()
    assert (np.diff(p[:, 2]) < 0).all()


def test_the_elo_logit_beats_the_base_rates_on_the_next_season(features: pd.DataFrame) -> None:
    rows = trainable(features, 6)
    train, test = rows[rows["season"] < "2025-26"], rows[rows["season"] == "2025-26"]
    p = Logit.fit(train, ELO).probabilities(test)
    at = (np.arange(len(test)), targets(test))
    assert np.log(p[at]).mean() > np.log(base_rates(train)[at[1]]).mean()


@pytest.mark.parametrize("columns", [ELO, EXPECTED])
def test_the_logit_equals_sklearns(rows: pd.DataFrame, columns: tuple[str, ...]) -> None:
    x = rows[list(columns)].to_numpy()
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    average_row_a_result = np.zeros((3, len(columns)))
    reference = LogisticRegression(tol=1e-10, max_iter=1000).fit(
        np.vstack([scaled, average_row_a_result]), np.concatenate([targets(rows), [0, 1, 2]])
    )
    ours = Logit.fit(rows, columns).probabilities(rows)
    np.testing.assert_allclose(ours, reference.predict_proba(scaled), atol=1e-5)


def test_logarithms_and_probabilities_agree(rows: pd.DataFrame, logit: Logit) -> None:
    np.testing.assert_allclose(np.exp(logit.log_probabilities(rows)), logit.probabilities(rows))


@pytest.mark.parametrize("missing", ["H", "D", "A"])
def test_a_result_that_never_came_keeps_a_small_share(rows: pd.DataFrame, missing: str) -> None:
    kept = rows[rows["result"] != missing]
    p = Logit.fit(kept, ELO).probabilities(kept)[:, "HDA".index(missing)]
    assert (p > 0).all()
    assert p.mean() < 0.01


def test_one_match_is_enough_to_fit(rows: pd.DataFrame) -> None:
    one = rows.head(1)
    p = Logit.fit(one, ELO).probabilities(one)
    assert p.sum() == pytest.approx(1)
    assert p.argmax() == targets(one)[0]


def test_a_feature_that_never_varies_changes_nothing(rows: pd.DataFrame) -> None:
    flat = rows.assign(constant=3.0)
    np.testing.assert_allclose(
        Logit.fit(flat, (*ELO, "constant")).probabilities(flat),
        Logit.fit(rows, ELO).probabilities(rows),
        atol=1e-5,
    )


def test_the_scale_of_a_feature_does_not_matter(rows: pd.DataFrame) -> None:
    in_tens = rows.assign(difference_elo=rows["difference_elo"] / 10)
    np.testing.assert_allclose(
        Logit.fit(in_tens, ELO).probabilities(in_tens),
        Logit.fit(rows, ELO).probabilities(rows),
        atol=1e-5,
    )


def test_a_logit_survives_json(rows: pd.DataFrame, logit: Logit) -> None:
    read = Logit.read(json.loads(json.dumps(vars(logit))))
    assert read == logit
    assert (read.probabilities(rows) == logit.probabilities(rows)).all()


def test_the_order_of_the_rows_does_not_matter(rows: pd.DataFrame, logit: Logit) -> None:
    shuffled = Logit.fit(rows.sample(frac=1, random_state=4), EXPECTED)
    np.testing.assert_allclose(shuffled.probabilities(rows), logit.probabilities(rows), atol=2e-6)


@pytest.mark.parametrize("told", [{}, {"columns": []}, [], None, 5])
def test_what_is_no_logit_is_refused(told: Any) -> None:
    with pytest.raises((KeyError, TypeError)):
        Logit.read(told)


def test_without_columns_the_logit_gives_the_base_rates(rows: pd.DataFrame) -> None:
    bare = Logit.fit(rows, ())
    assert Logit.read(json.loads(json.dumps(vars(bare)))) == bare
    np.testing.assert_allclose(
        bare.probabilities(rows), np.tile(base_rates(rows), (len(rows), 1)), atol=2e-6
    )


def test_a_strong_penalty_leaves_the_logit_of_the_free_columns(rows: pd.DataFrame) -> None:
    others = ("difference_points_6", "home_expected_shots", "league_draws")
    drawn = Logit.fit(rows, (*ELO, *others), c=1e-6, free=ELO).probabilities(rows)
    np.testing.assert_allclose(drawn, Logit.fit(rows, ELO).probabilities(rows), atol=1e-3)
    flat = Logit.fit(rows, (*ELO, *others), c=1e-6).probabilities(rows)
    assert np.ptp(flat, axis=0).max() < 3e-3


def test_a_weaker_penalty_fits_the_rows_better(rows: pd.DataFrame) -> None:
    columns = (*ELO, "difference_points_6", "difference_surplus_20", "home_expected_shots")
    at = (np.arange(len(rows)), targets(rows))
    fits = [
        -Logit.fit(rows, columns, c, free=ELO).log_probabilities(rows)[at].mean()
        for c in (1e-6, 1e-4, 1e-2, 1.0)
    ]
    assert fits == sorted(fits, reverse=True)


def test_at_a_c_of_1_no_column_is_freer_than_another(rows: pd.DataFrame) -> None:
    assert Logit.fit(rows, EXPECTED, 1.0, free=ELO) == Logit.fit(rows, EXPECTED)


def test_what_is_unknown_counts_as_the_mean(rows: pd.DataFrame, logit: Logit) -> None:
    gone = rows.assign(home_expected_goals=np.nan)
    mean = rows.assign(home_expected_goals=logit.centres[1])
    np.testing.assert_allclose(logit.probabilities(gone), logit.probabilities(mean), atol=1e-12)


def test_unknown_values_are_fitted_as_the_mean_of_the_known(rows: pd.DataFrame) -> None:
    every_other = np.arange(len(rows)) % 2 == 0
    gone = rows.assign(difference_elo=rows["difference_elo"].mask(every_other))
    found = Logit.fit(gone, ELO)
    known = rows["difference_elo"][~every_other]
    assert found.centres[0] == pytest.approx(known.mean(), abs=1e-5)
    assert found.scales[0] == pytest.approx(known.std(ddof=0), abs=1e-5)
    x = ((gone["difference_elo"] - known.mean()) / known.std(ddof=0)).fillna(0.0).to_numpy()
    reference = LogisticRegression(tol=1e-10, max_iter=1000).fit(
        np.append(x, np.zeros(3))[:, None], np.concatenate([targets(rows), [0, 1, 2]])
    )
    expected = reference.predict_proba(x[:, None])
    np.testing.assert_allclose(found.probabilities(gone), expected, atol=1e-5)


def test_a_column_nobody_knows_changes_nothing(rows: pd.DataFrame) -> None:
    dark = rows.assign(unknown=np.nan)
    np.testing.assert_allclose(
        Logit.fit(dark, (*ELO, "unknown")).probabilities(dark),
        Logit.fit(rows, ELO).probabilities(rows),
        atol=1e-5,
    )
