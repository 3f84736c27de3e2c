"""Which forecast of a match counts, and what it is held against."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from pitchline.ingest.tables import Odds
from pitchline.issued import log
from pitchline.issued.pipeline import record
from pitchline.monitor.performance import sequence
from pitchline.train.baselines import ELO
from tests.issued.forecasts import CHALLENGER, CHAMPION, NOON, Game, batch

KICK_OFF = datetime(2026, 5, 10, 14, tzinfo=UTC)
MATCH = Game().match_id


def matches(kick_off: datetime = KICK_OFF, result: str | None = "H") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "match_id": [MATCH],
            "competition": ["eng-premier-league"],
            "season": ["2025-26"],
            "kick_off": pd.Series([kick_off]).astype("datetime64[ms, UTC]"),
            "result": pd.Series([result], dtype="str"),
        }
    )


def logged(*batches: log.Batch) -> "sequence.pa.Table":
    return log.table_of(batches, iter(f"id-{number}" for number in range(99)))


def chosen(*batches: log.Batch, kick_off: datetime = KICK_OFF) -> pd.DataFrame:
    return sequence.of_log(logged(*batches), matches(kick_off))


def test_the_last_forecast_before_the_kick_off_counts() -> None:
    early = batch(at=NOON, p=(0.6, 0.2, 0.2))
    late = batch(at=KICK_OFF - timedelta(minutes=1), p=(0.4, 0.4, 0.2))
    after = batch(at=KICK_OFF, p=(0.98, 0.01, 0.01))
    found = chosen(late, after, early)
    assert found[["model_home", "model_draw", "model_away"]].to_numpy().tolist() == [
        [0.4, 0.4, 0.2]
    ]
    assert found["origin"].tolist() == ["issued"]


def test_a_match_brought_forward_is_judged_by_when_it_was_played() -> None:
    late = batch(at=KICK_OFF - timedelta(hours=1))
    assert chosen(late, kick_off=KICK_OFF - timedelta(days=1)).empty
    assert len(chosen(late, kick_off=KICK_OFF + timedelta(days=30))) == 1


def test_a_forecast_nobody_saw_does_not_count_and_a_challengers_that_was_served_does() -> None:
    seen = batch(at=NOON, p=(0.5, 0.3, 0.2))
    unseen = batch(
        at=NOON + timedelta(hours=1), p=(0.1, 0.1, 0.8), model=CHALLENGER, role="challenger",
        mode="shadow", served=False,
    )  # fmt: skip
    assert chosen(seen, unseen)["champion"].tolist() == [CHAMPION]
    served = batch(at=NOON + timedelta(hours=2), model=CHALLENGER, role="challenger", mode="split")
    assert chosen(seen, unseen, served)["champion"].tolist() == [CHALLENGER]


def test_forecasts_of_what_no_table_holds_are_left_out() -> None:
    assert chosen(batch(games=(Game(match_id=None),))).empty
    assert chosen(batch(games=(Game(match_id="another"),))).empty


def test_the_pipelines_log_is_read(tmp_path) -> None:  # type: ignore[no-untyped-def]
    fixture = matches().drop(columns="result").assign(
        home_team="arsenal", away_team="chelsea",
        probability_home=0.5, probability_draw=0.3, probability_away=0.2,
    )  # fmt: skip
    soon = datetime.now(UTC) + timedelta(days=3)
    fixture["kick_off"] = pd.Series([soon]).astype("datetime64[ms, UTC]")
    record(tmp_path, fixture, CHAMPION, NOON)
    found = sequence.of_log(log.read(tmp_path), matches(soon))
    assert found["champion"].tolist() == [CHAMPION]


def test_no_log_is_an_empty_one(tmp_path) -> None:  # type: ignore[no-untyped-def]
    found = sequence.of_log(log.read(tmp_path / "nowhere"), matches())
    assert found.empty
    assert list(found)[:2] == ["match_id", "model_home"]


# -- put together


@pytest.fixture
def known(features: pd.DataFrame) -> pd.DataFrame:
    return features[features["season"] >= "2024-25"].reset_index(drop=True)


def forecasts(features: pd.DataFrame, champion: str = CHAMPION) -> pd.DataFrame:
    p = np.tile([0.5, 0.3, 0.2], (len(features), 1))
    columns = dict(zip(sequence.columns_of("model"), p.T, strict=True))
    return pd.DataFrame({"match_id": features["match_id"], **columns}).assign(
        champion=champion, origin=sequence.ISSUED
    )


def test_of_a_match_the_first_part_counts_and_the_test_forecast_last(known: pd.DataFrame) -> None:
    rows = known[known["result"].notna()].tail(30).reset_index(drop=True)
    tested = forecasts(rows).assign(
        origin=sequence.TESTED,
        **{name: rows[name] for name in sequence.KEY if name != "match_id"},
        **dict.fromkeys((*sequence.columns_of("elo"), *sequence.columns_of("base")), 1 / 3),
        **dict.fromkeys(sequence.columns_of("market"), np.nan),
        **{name: rows[name] for name in sequence.GOALS},
        **dict.fromkeys(sequence.EXPECTED, 1.0),
    )
    logged_one = forecasts(rows.iloc[20:25])
    predicted = forecasts(rows.iloc[22:28], CHALLENGER).assign(
        origin=sequence.PREDICTED, expected_home_goals=2.0, expected_away_goals=0.5
    )
    odds = Odds.empty()
    found = sequence.settled([logged_one, predicted], tested, rows, known, odds, ["PS"])
    assert len(found) == 30
    assert found["origin"].value_counts().to_dict() == {"test": 22, "issued": 5, "predicted": 3}
    assert found["kick_off"].is_monotonic_increasing
    assert found[sequence.columns_of("elo")].notna().all(axis=None)
    expected = found.groupby("origin")["expected_home_goals"]
    assert expected.min()["test"] == expected.max()["test"] == 1.0
    assert expected.min()["predicted"] == expected.max()["predicted"] == 2.0
    goals = found.merge(rows[["match_id", "home_goals"]], on="match_id")
    assert (goals["home_goals_x"] == goals["home_goals_y"]).all()


def test_goals_that_the_log_does_not_tell_are_those_of_tests_at_the_same_strengths(
    known: pd.DataFrame,
) -> None:
    rows = known[known["result"].notna()].tail(130).reset_index(drop=True)
    tested = forecasts(rows[:120]).assign(
        origin=sequence.TESTED,
        expected_home_goals=1.2 * rows["home_expected_goals"] ** 0.9,
        expected_away_goals=0.8 * rows["away_expected_goals"],
        **{name: rows[name] for name in [*sequence.KEY[1:], *sequence.GOALS]},
    )
    issued = forecasts(rows[120:])

    def settled(tests: pd.DataFrame) -> pd.DataFrame:
        found = sequence.settled([issued], tests, rows, known, Odds.empty(), ["PS"])
        return found[found["origin"] == sequence.ISSUED]

    found = settled(tested)
    assert len(found) == 10
    assert found["expected_home_goals"].to_numpy() == pytest.approx(
        1.2 * found["home_expected_goals"].to_numpy() ** 0.9
    )
    assert found["expected_away_goals"].to_numpy() == pytest.approx(
        0.8 * found["away_expected_goals"].to_numpy()
    )
    assert settled(tested[:50])["expected_home_goals"].isna().all()


def test_baselines_of_what_was_issued_know_no_result_from_after_the_first(
    known: pd.DataFrame,
) -> None:
    rows = known[known["result"].notna()].tail(20).reset_index(drop=True)
    issued = forecasts(rows)
    tested = issued.iloc[:0].assign(**{name: rows[name].iloc[:0] for name in sequence.KEY[1:]})

    def settled(features: pd.DataFrame) -> pd.DataFrame:
        return sequence.settled([issued], tested, rows, features, Odds.empty(), ["PS"])

    later = known["kick_off"] >= rows["kick_off"].min()
    changed = known.assign(result=known["result"].mask(later & known["result"].notna(), "A"))
    columns = [*sequence.columns_of("elo"), *sequence.columns_of("base")]
    assert settled(known)[columns].equals(settled(changed)[columns])
    assert settled(known)[columns].notna().all(axis=None)
    assert set(ELO) <= set(known.columns)


def test_closing_odds_are_taken_before_opening_ones(known: pd.DataFrame) -> None:
    rows = known[known["result"].notna()].tail(3).reset_index(drop=True)
    prices = [
        (rows["match_id"][0], "opening", 2.0), (rows["match_id"][0], "closing", 1.5),
        (rows["match_id"][1], "opening", 2.0),
    ]  # fmt: skip
    odds = pd.DataFrame(
        [{"match_id": m, "bookmaker": "PS", "moment": at, "home": h, "draw": 4.0, "away": 5.0}
         for m, at, h in prices]
    )  # fmt: skip
    issued = forecasts(rows)
    tested = issued.iloc[:0].assign(**{name: rows[name].iloc[:0] for name in sequence.KEY[1:]})
    found = sequence.settled([issued], tested, rows, known, odds, ["PS"])
    found = found.set_index("match_id")
    home = found.loc[rows["match_id"], "market_home"].tolist()
    assert home[0] > home[1]
    assert np.isnan(home[2])
