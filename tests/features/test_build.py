"""The feature table as a whole: its rows, its bytes, what as_of hides, and the order of events."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pitchline.features.encode import with_statistics
from pitchline.features.groups import DECIMALS
from pitchline.features.market import market_columns
from pitchline.features.schema import KEYS, columns_of, feature_columns
from pitchline.features.timeline import as_known, in_order, timeline
from pitchline.files import read_parquet, write_parquet
from pitchline.ingest import tables
from pitchline.params import Params
from pitchline.params.features import Features
from tests.features.worlds import LATE, World, utc


def test_one_row_a_match_in_the_order_of_the_matches(
    matches: pd.DataFrame, full: pd.DataFrame
) -> None:
    keys = list(KEYS)
    pd.testing.assert_frame_equal(full[keys], in_order(matches)[keys])


def test_values_are_rounded_and_no_zero_is_negative(full: pd.DataFrame) -> None:
    for column in feature_columns(full):
        assert full[column].equals(full[column].round(DECIMALS)), column
        assert not np.signbit(full.loc[full[column] == 0, column]).any(), column


def test_form_is_null_for_newcomers_and_xg_form_without_xg(full: pd.DataFrame) -> None:
    form = columns_of(full, ["form"])
    other = [column for column in form if "xg_" not in column and "shots" not in column]
    first = (full["home_newcomer"] == 1) & (full["home_matches_played"] == 0)
    assert first.sum() > 15
    assert full.loc[first, form].isna().all(axis=None)
    begun = (full["home_matches_played"] > 3) & (full["away_matches_played"] > 3)
    assert full.loc[begun, other].notna().all(axis=None)
    xg = [column for column in form if "xg_" in column]
    assert full.loc[full["season"] < "2022-23", xg].isna().all(axis=None)
    assert full.loc[full["season"] > "2022-23", xg].notna().mean().min() > 0.9


def test_without_lineups_and_prices_their_columns_are_null(full: pd.DataFrame) -> None:
    empty = columns_of(full, ["lineups", "opening", "closing"])
    assert len(empty) == 11
    assert full[empty].isna().all(axis=None)


def test_the_same_tables_give_the_same_bytes(tmp_path: Path, rich: World, chosen: Features) -> None:
    for name in ("one", "two"):
        write_parquet(tmp_path / name, rich.features(chosen))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_tables_read_from_files_give_the_same_features(
    tmp_path: Path, recorded: World, chosen: Features
) -> None:
    of = {
        "matches": tables.Matches,
        "team_stats": tables.TeamStats,
        "lineups": tables.Lineups,
        "odds": tables.Odds,
    }
    read = {}
    for name, model in of.items():
        tables.write_table(tmp_path / name, model, getattr(recorded, name))
        read[name] = read_parquet(tmp_path / name, made_by="x")
    found = dataclasses.replace(recorded, **read).features(chosen)
    pd.testing.assert_frame_equal(found, recorded.features(chosen), check_dtype=False)


def test_the_order_of_the_tables_decides_nothing(rich: World, chosen: Features) -> None:
    shuffled = {
        name: getattr(rich, name).sample(frac=1, random_state=number).reset_index(drop=True)
        for number, name in enumerate(("matches", "team_stats", "lineups", "odds"))
    }
    found = dataclasses.replace(rich, **shuffled).features(chosen)
    pd.testing.assert_frame_equal(found, rich.features(chosen))


def test_the_tables_are_left_as_they_were(rich: World, chosen: Features) -> None:
    before = {
        name: getattr(rich, name).copy() for name in ("matches", "team_stats", "lineups", "odds")
    }
    rich.features(chosen, utc("2022-01-01"))
    for name, table in before.items():
        pd.testing.assert_frame_equal(getattr(rich, name), table)


def test_results_not_known_at_as_of_are_null(
    features: pd.DataFrame, matches: pd.DataFrame, params: Params
) -> None:
    known = in_order(matches)["known_at"] <= pd.Timestamp(params.as_of)
    assert 0 < (~known).sum() < 100
    assert features["result"].notna().equals(known)
    assert features.loc[known, "result"].equals(in_order(matches).loc[known, "result"])


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


def test_before_the_first_match_every_team_is_alike(some: World, chosen: Features) -> None:
    found = some.features(chosen, utc("2021-07-01"))
    assert found["result"].isna().all()
    assert set(found["home_elo"]) == set(found["away_elo"]) == {chosen.elo.initial}
    assert found[["home_newcomer", "away_newcomer", "difference_pi"]].eq(0).all(axis=None)
    assert found[columns_of(found, ["form"])].isna().all(axis=None)


def test_later_results_are_hidden_and_earlier_ones_kept(matches: pd.DataFrame) -> None:
    moment = matches["known_at"].iloc[2000]
    found = as_known(matches, moment)
    later = matches["known_at"] > moment
    assert later.sum() > 2000
    for column in ("home_goals", "away_goals", "result"):
        assert found[column].isna().equals(later)
        assert found.loc[~later, column].equals(matches.loc[~later, column])
    untouched = [c for c in matches if c not in ("home_goals", "away_goals", "result")]
    pd.testing.assert_frame_equal(found[untouched], matches[untouched])


def test_a_result_appears_exactly_at_known_at(matches: pd.DataFrame) -> None:
    row = 3000
    moment = matches["known_at"].iloc[row]
    before = as_known(matches, moment - pd.Timedelta(milliseconds=1))
    assert pd.isna(before["result"].iloc[row])
    assert as_known(matches, moment)["result"].iloc[row] == matches["result"].iloc[row]


def test_events_stand_in_the_order_of_time_results_first(recorded: World) -> None:
    matches = in_order(recorded.matches)
    events = timeline(matches)
    assert len(events) == len(matches) + matches["result"].notna().sum()
    keys = list(zip(events.moment, ~events.is_result, events.match, strict=True))
    assert keys == sorted(keys)
    for is_result, column in ((True, "known_at"), (False, "kick_off")):
        chosen = events.match[events.is_result == is_result]
        moments = matches[column].dt.as_unit("ms").astype("int64").to_numpy()[chosen]
        assert (moments == events.moment[events.is_result == is_result]).all()
        assert len(set(chosen)) == len(chosen)


def test_statistics_join_their_match_and_side_and_stay_null_without_one(rich: World) -> None:
    match_id, without = rich.matches["match_id"].iloc[-1], rich.matches["match_id"].iloc[-2]
    stats = rich.team_stats[rich.team_stats["match_id"] != without]
    found = with_statistics(rich.matches, stats).set_index("match_id")
    own = stats[stats["match_id"] == match_id].set_index("team")["xg"]
    assert own.notna().all()
    for side in ("home", "away"):
        assert found.loc[match_id, f"{side}_xg"] == own[found.loc[match_id, f"{side}_team"]]
        assert np.isnan(found.loc[without, f"{side}_xg"])


def test_prices_join_their_match_in_any_order(rich: World, chosen: Features) -> None:
    ids = rich.matches["match_id"]
    whole = market_columns(ids, rich.odds, chosen.market.bookmakers)
    part = ids.sample(50, random_state=1)
    pd.testing.assert_frame_equal(
        market_columns(part, rich.odds, chosen.market.bookmakers), whole.loc[part.index]
    )
    one = rich.odds[rich.odds["match_id"] != ids.iloc[7]]
    found = market_columns(ids, one, chosen.market.bookmakers)
    assert found.iloc[7].isna().all()
    assert found.drop(index=7).equals(whole.drop(index=7))
    for moment in ("opening", "closing"):
        total = whole[[f"{moment}_{outcome}" for outcome in ("home", "draw", "away")]].sum(axis=1)
        np.testing.assert_allclose(total, 1)


def test_a_bookmaker_nobody_asked_for_gives_no_price(rich: World) -> None:
    ids = rich.matches["match_id"]
    assert market_columns(ids, rich.odds, ["XX"]).isna().all(axis=None)
    second = market_columns(ids, rich.odds, ["WH", "B365"])
    first = market_columns(ids, rich.odds, ["B365", "WH"])
    only_one = np.arange(len(ids)) % 3 == 0
    assert second[only_one].equals(first[only_one])
    assert (second[~only_one] != first[~only_one]).all(axis=None)


@pytest.mark.parametrize("hours", [0, 3, 26])
def test_simultaneous_matches_do_not_see_each_other(
    some: World, chosen: Features, hours: int
) -> None:
    """Ten matches at once: each row is that of a table where it alone has a result."""
    last_day = utc("2022-05-22T15:00")
    both = some.matches["kick_off"] == last_day
    assert both.sum() == 10
    world = some.with_matches(
        some.matches.assign(
            known_at=some.matches["known_at"].mask(both, last_day + pd.Timedelta(hours=hours))
        )
    )
    rows = world.features(chosen, LATE).loc[both.to_numpy()]
    unseen = world.features(chosen, last_day - pd.Timedelta(milliseconds=1)).loc[both.to_numpy()]
    same = rows[feature_columns(rows)].equals(unseen[feature_columns(rows)])
    # A result of the moment itself counts, as one from a table without times may.
    assert same == (hours > 0)
