"""The feature table as a whole: its rows, its bytes, rest days, and what as_of hides."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pitchline.features.build import DECIMALS, rest_days, with_xg
from pitchline.features.schema import KEYS, MatchFeatures, feature_columns
from pitchline.files import read_parquet, write_parquet
from pitchline.ingest import tables
from pitchline.params import Params
from tests.conftest import features_as_of
from tests.features.conftest import LATE, utc

SEASONS = ["2021-22", "2022-23"]


@pytest.fixture(scope="module")
def some(matches: pd.DataFrame) -> pd.DataFrame:
    """Two seasons, the second with xG."""
    return matches[matches["season"].isin(SEASONS)].reset_index(drop=True)


@pytest.fixture(scope="module")
def some_stats(some: pd.DataFrame, team_stats: pd.DataFrame) -> pd.DataFrame:
    return team_stats[team_stats["match_id"].isin(some["match_id"])].reset_index(drop=True)


def list_of_fixtures(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Home team, away team and kick-off of some matches."""
    return pd.DataFrame(
        {
            "home_team": pd.Series([row[0] for row in rows], dtype="str"),
            "away_team": pd.Series([row[1] for row in rows], dtype="str"),
            "kick_off": pd.DatetimeIndex([utc(row[2]) for row in rows]),
        }
    )


def test_one_row_a_match_in_the_order_of_the_matches(
    matches: pd.DataFrame, full: pd.DataFrame
) -> None:
    keys = list(KEYS)
    pd.testing.assert_frame_equal(full[keys], matches[keys])


def test_the_real_table_meets_its_schema(features: pd.DataFrame, full: pd.DataFrame) -> None:
    for frame in (features, full):
        tables.validated(MatchFeatures, frame, Path("features"))


def test_the_columns_to_learn_from_hold_no_key_and_follow_the_form_windows(
    some: pd.DataFrame, some_stats: pd.DataFrame, params: Params
) -> None:
    def columns(windows: list[int]) -> list[str]:
        section = params.features.model_copy(update={"form_windows": windows})
        chosen = params.model_copy(update={"features": section})
        return feature_columns(features_as_of(some, some_stats, chosen, LATE))

    five, seven = columns([5]), columns([5, 7])
    assert not set(five) & set(KEYS)
    assert set(seven) - set(five) == {
        f"difference_{measure}_7" for measure in ("points", "goal_difference", "xg_difference")
    }
    assert "result" not in five


def test_values_are_rounded(full: pd.DataFrame) -> None:
    for column in feature_columns(full):
        assert full[column].equals(full[column].round(DECIMALS)), column


def test_only_xg_form_is_null_once_every_team_has_played(full: pd.DataFrame) -> None:
    later = full[full["season"] > "2024-25"]
    nulls = set(later.columns[later.isna().any()])
    assert nulls <= {c for c in full if c.startswith("difference_")}
    before_xg = full[full["season"] < "2022-23"]
    for column in [c for c in full if "xg_difference" in c]:
        assert before_xg[column].isna().all()
        assert later[column].notna().mean() > 0.9


def test_the_same_tables_give_the_same_bytes(
    tmp_path: Path, some: pd.DataFrame, some_stats: pd.DataFrame, params: Params
) -> None:
    for name in ("one", "two"):
        write_parquet(tmp_path / name, features_as_of(some, some_stats, params, LATE))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_tables_read_from_files_give_the_same_features(
    tmp_path: Path, some: pd.DataFrame, some_stats: pd.DataFrame, params: Params
) -> None:
    tables.write_table(tmp_path / "matches", tables.Matches, some)
    tables.write_table(tmp_path / "stats", tables.TeamStats, some_stats)
    read = [read_parquet(tmp_path / name, made_by="x") for name in ("matches", "stats")]
    pd.testing.assert_frame_equal(
        features_as_of(*read, params, LATE), features_as_of(some, some_stats, params, LATE)
    )


def test_the_order_of_the_tables_decides_nothing(
    some: pd.DataFrame, some_stats: pd.DataFrame, params: Params
) -> None:
    expected = features_as_of(some, some_stats, params, LATE)
    shuffled = some.sample(frac=1, random_state=3).reset_index(drop=True)
    found = features_as_of(shuffled, some_stats.sample(frac=1, random_state=4), params, LATE)
    found = found.set_index("match_id").loc[expected["match_id"]].reset_index()
    pd.testing.assert_frame_equal(found, expected)


def test_the_tables_are_left_as_they_were(
    some: pd.DataFrame, some_stats: pd.DataFrame, params: Params
) -> None:
    before, before_stats = some.copy(), some_stats.copy()
    features_as_of(some, some_stats, params, utc("2022-01-01"))
    pd.testing.assert_frame_equal(some, before)
    pd.testing.assert_frame_equal(some_stats, before_stats)


def test_results_not_known_at_as_of_are_null(
    features: pd.DataFrame, matches: pd.DataFrame, params: Params
) -> None:
    as_of = pd.Timestamp(params.as_of)
    known = matches["known_at"] <= as_of
    assert 0 < (~known).sum() < 100
    assert features["result"].notna().equals(known)
    assert features.loc[known, "result"].equals(matches.loc[known, "result"])


def test_fixtures_after_as_of_see_the_ratings_of_as_of(
    features: pd.DataFrame, params: Params
) -> None:
    fixtures = features[features["kick_off"] > pd.Timestamp(params.as_of)]
    ratings = pd.concat(
        [
            fixtures[[f"{side}_team", f"{side}_elo"]].set_axis(["team", "elo"], axis=1)
            for side in ("home", "away")
        ]
    )
    assert len(ratings) > 40
    assert len(ratings.drop_duplicates()) == 20


def test_before_the_first_match_every_team_is_alike(
    some: pd.DataFrame, some_stats: pd.DataFrame, params: Params
) -> None:
    found = features_as_of(some, some_stats, params, utc("2021-07-01"))
    first = found[found["season"] == SEASONS[0]]
    elo, strength = params.features.elo, params.features.strength
    assert found["result"].isna().all()
    assert set(first["home_elo"]) == set(first["away_elo"]) == {elo.initial}
    assert set(first["difference_elo"]) == {elo.home_advantage}
    np.testing.assert_allclose(first["home_expected_goals"], strength.home_goals, atol=1e-6)
    np.testing.assert_allclose(first["away_expected_goals"], strength.away_goals, atol=1e-6)
    form = [c for c in found if c.startswith("difference_") and c != "difference_elo"]
    assert found[form].isna().all().all()


def test_xg_joins_its_match_and_side_and_stays_null_without_one(
    some: pd.DataFrame, some_stats: pd.DataFrame
) -> None:
    match_id = some["match_id"].iloc[-1]
    without = some_stats[some_stats["match_id"] != some["match_id"].iloc[-2]]
    found = with_xg(some, without).set_index("match_id")
    own = some_stats[some_stats["match_id"] == match_id].set_index("team")["xg"]
    assert found.loc[match_id, "home_xg"] == own[found.loc[match_id, "home_team"]]
    assert found.loc[match_id, "away_xg"] == own[found.loc[match_id, "away_team"]]
    assert found[["home_xg", "away_xg"]].iloc[-2].isna().all()
    assert found["home_xg"].notna().sum() == 379


def test_rest_days_by_hand() -> None:
    frame = list_of_fixtures(
        ("a", "b", "2022-10-01T14:00"),
        ("c", "a", "2022-10-04T20:00"),
        ("b", "c", "2022-10-08T14:00"),
        ("a", "c", "2022-12-26T15:00"),
    )
    found = rest_days(frame, 14.0)
    assert found["home"].tolist() == [14.0, 14.0, 7.0, 14.0]
    assert found["away"].tolist() == [14.0, 3.25, 3.75, 14.0]
    uncut = rest_days(frame, 200.0)
    assert uncut["home"].iloc[3] == 82.0 + 19 / 24
    assert uncut["home"].iloc[0] == 200.0


def test_real_rest_days_equal_a_naive_count(
    matches: pd.DataFrame, full: pd.DataFrame, params: Params
) -> None:
    longest = params.features.longest_rest_days
    last: dict[str, pd.Timestamp] = {}
    expected: dict[str, list[float]] = {"home": [], "away": []}
    for match in matches.itertuples():
        for side, team in (("home", match.home_team), ("away", match.away_team)):
            since = (match.kick_off - last[team]).total_seconds() if team in last else np.inf
            expected[side].append(min(since / 86_400, longest))
            last[team] = match.kick_off
    for side, days in expected.items():
        np.testing.assert_allclose(full[f"{side}_rest_days"], days, rtol=0, atol=1e-6)
