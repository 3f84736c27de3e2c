import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline.issued.table import IssuedForecasts
from pitchline.serve.challenge import Challenge, position
from pitchline.serve.tables import Fixture
from tests.serve.rivals import RIVAL, Rival, ring
from tests.serve.world import MATCHES, VERSION, match_id, write_project

TO_COME = [match_id(home, away) for home, away, kick_off, *_ in MATCHES if kick_off > "2026-05-08"]
EVERY = {"fixtures": [{"match_id": each} for each in TO_COME]}


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def fixture(number: int) -> Fixture:
    return Fixture(
        f"m{number}", "eng-premier-league", "2025-26", datetime(2026, 5, 10, tzinfo=UTC),
        f"home-{number}", f"away-{number}", 0,
    )  # fmt: skip


def probabilities(answer: Any) -> list[tuple[float, ...]]:
    sides = ("home", "draw", "away")
    return [tuple(each[f"probability_{s}"] for s in sides) for each in answer["predictions"]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path)
    return tmp_path


FIXTURES = [fixture(number) for number in range(20_000)]
PLACES = np.array([position(RIVAL, each) for each in FIXTURES])


@given(share=st.floats(0, 1))
def test_the_share_is_kept_within_what_chance_allows(share: float) -> None:
    taken = sum(Challenge(Rival(), "split", share).takes(each) for each in FIXTURES[:2000])
    spread = (2000 * share * (1 - share)) ** 0.5
    assert abs(taken - 2000 * share) <= 5 * spread + 1


def test_places_are_spread_evenly() -> None:
    counts, _ = np.histogram(PLACES, bins=20, range=(0, 1))
    # Chi-square with 19 degrees of freedom: 43.8 is passed once in a thousand.
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_takes_no_match_back(one: float, other: float) -> None:
    small, large = (Challenge(Rival(), "split", share) for share in sorted((one, other)))
    for each in FIXTURES[:200]:
        assert large.takes(each) or not small.takes(each)


def test_all_or_nothing() -> None:
    assert all(Challenge(Rival(), "split", 1.0).takes(each) for each in FIXTURES[:500])
    assert not any(Challenge(Rival(), "split", 0.0).takes(each) for each in FIXTURES[:500])


def test_a_match_keeps_its_model_when_it_is_put_off_or_gets_an_id() -> None:
    import msgspec

    later = datetime(2026, 6, 1, tzinfo=UTC)
    for each in FIXTURES[:50]:
        moved = msgspec.structs.replace(each, kick_off=later, match_id="other", row=7)
        assert position(RIVAL, moved) == position(RIVAL, each)


def test_the_place_is_the_same_on_every_machine() -> None:
    assert position(RIVAL, fixture(0)) == pytest.approx(0.8850074, abs=1e-7)


def test_another_challenger_has_other_matches() -> None:
    others = np.array([position("000000000000", each) for each in FIXTURES[:5000]])
    assert abs(np.corrcoef(PLACES[:5000], others)[0, 1]) < 0.06


def test_in_shadow_the_champion_answers_and_both_are_logged(root: Path) -> None:
    with ring(root) as world:
        answer = world.client.post(
            "/v1/predict", json=EVERY, headers={"X-Request-ID": "mine"}
        ).json()
        assert answer["model"] == VERSION
        assert not any("model" in each for each in answer["predictions"])
        assert world.rival.asked.wait(20)
    logged = IssuedForecasts.validate(world.logged().to_pandas())
    assert len(logged) == 2 * len(TO_COME)
    assert set(logged["request_id"]) == {"mine"}
    assert set(logged["mode"]) == {"shadow"}
    assert set(logged["via"]) == {"api"}
    by_role = dict(list(logged.groupby("role")))
    assert set(by_role["champion"]["model"]) == {VERSION}
    assert by_role["champion"]["served"].all()
    assert set(by_role["challenger"]["model"]) == {RIVAL}
    assert not by_role["challenger"]["served"].any()
    assert sorted(by_role["challenger"]["match_id"]) == sorted(TO_COME)
    assert set(by_role["challenger"]["probability_away"]) == {0.5}
    # What a model learned from counts as known, though the features are older.
    assert {str(each) for each in by_role["champion"]["as_of"]} == {"2026-05-08 00:00:00+00:00"}
    assert {str(each) for each in by_role["challenger"]["as_of"]} == {"2026-05-09 00:00:00+00:00"}
    assert by_role["champion"]["issued_at"].nunique() == 1
    assert world.figure('pitchline_issued_total{mode="shadow",role="challenger"}') == len(TO_COME)


def test_a_challenger_that_hangs_delays_no_answer_and_what_it_misses_is_counted(
    root: Path,
) -> None:
    with ring(root, waiting=2 * len(TO_COME)) as world:
        world.rival.may.clear()
        for _ in range(5):
            assert world.predict(EVERY).status_code == 200
        assert world.rival.asked.wait(20)
        assert world.figure("pitchline_shadow_dropped_total") == 3 * len(TO_COME)
        assert world.client.get("/v1/health").status_code == 200
        world.rival.may.set()
    logged = world.logged().to_pandas()
    assert (logged["role"] == "champion").sum() == 5 * len(TO_COME)
    assert (logged["role"] == "challenger").sum() == 2 * len(TO_COME)


@pytest.mark.parametrize("mode", ["shadow", "split"])
@pytest.mark.parametrize(
    "fault", [{"says": (float("nan"),) * 3}, {"says": (0.5, 0.5)}, {"reads": ("unheard_of",)}]
)
def test_a_challenger_that_fails_leaves_the_champions_answer(
    root: Path, mode: str, fault: dict[str, Any]
) -> None:
    with ring(root, mode, 1.0, **fault) as world:
        answer = world.predict(EVERY).json()
        assert answer["model"] == VERSION
        assert not any("model" in each for each in answer["predictions"])
        until(lambda: world.figure("pitchline_challenger_failed_total") > 0)
    logged = world.logged().to_pandas()
    assert set(logged["role"]) == {"champion"}
    assert logged["served"].all()


def test_in_a_split_each_forecast_is_by_its_model_and_both_are_logged(root: Path) -> None:
    share = sorted(position(RIVAL, each) for each in fixtures_of(root))[1] + 1e-9
    with ring(root, "split", share) as world:
        alone = {each: world.predict({"fixtures": [{"match_id": each}]}) for each in TO_COME}
        models = {each: answer.json()["model"] for each, answer in alone.items()}
        assert sorted(models.values()) == sorted([RIVAL, RIVAL] + [VERSION] * (len(TO_COME) - 2))
        for each, answer in alone.items():
            assert answer.headers["x-model-version"] == models[each]
            assert (probabilities(answer.json())[0] == (0.2, 0.3, 0.5)) == (models[each] == RIVAL)
        together = world.client.post(
            "/v1/predict", json=EVERY, headers={"X-Request-ID": "together"}
        ).json()
        assert together["model"] == VERSION
        for each in together["predictions"]:
            assert each.get("model", VERSION) == models[each["match_id"]]
        assert probabilities(together) == [probabilities(alone[each].json())[0] for each in TO_COME]
    logged = IssuedForecasts.validate(world.logged().to_pandas())
    logged = logged[logged["request_id"] == "together"]
    assert len(logged) == 2 * len(TO_COME)
    for row in logged.itertuples():
        assert row.served == (models[row.match_id] == row.model)
    assert logged[logged["served"]]["match_id"].is_unique


def fixtures_of(root: Path) -> list[Fixture]:
    from pitchline import layout
    from pitchline.serve.tables import read_fixtures

    found = read_fixtures(root / layout.FEATURES).by_id
    return [found[each] for each in TO_COME]


def test_by_id_or_by_teams_a_match_has_one_model(root: Path) -> None:
    share = sorted(position(RIVAL, each) for each in fixtures_of(root))[1] + 1e-9
    with ring(root, "split", share) as world:
        for each in fixtures_of(root):
            by_teams = {
                "home": each.home_team, "away": each.away_team,
                "kick_off": each.kick_off.date().isoformat(),
            }  # fmt: skip
            one, other = (
                world.predict({"fixtures": [asked]}).json()["model"]
                for asked in ({"match_id": each.match_id}, by_teams)
            )
            assert one == other


def test_all_by_the_challenger_names_it_alone(root: Path) -> None:
    with ring(root, "split", 1.0) as world:
        answer = world.predict(EVERY)
        assert answer.json()["model"] == answer.headers["x-model-version"] == RIVAL
        assert not any("model" in each for each in answer.json()["predictions"])
        assert world.figure(f'pitchline_predictions_total{{model="{RIVAL}"}}') == len(TO_COME)


def test_rows_are_the_champions_and_are_not_logged(root: Path) -> None:
    with ring(root, "split", 1.0) as world:
        rows = {"rows": [{"difference_elo": 10.0, "league_goals": 2.8}]}
        assert world.predict(rows).json()["model"] == VERSION
    assert world.logged().num_rows == 0


def test_without_a_challenger_the_champions_forecasts_are_logged(root: Path) -> None:
    with ring(root) as world:
        world.challenging.current = None
        world.predict(EVERY)
    logged = IssuedForecasts.validate(world.logged().to_pandas())
    assert len(logged) == len(TO_COME)
    assert set(logged["mode"]) == set(logged["role"]) == {"champion"}


def test_the_champion_does_not_challenge_itself(root: Path) -> None:
    with ring(root, version=VERSION) as world:
        assert world.predict(EVERY).json()["model"] == VERSION
        assert world.client.get("/v1/health").json()["challenger"] is None
    assert set(world.logged()["mode"].to_pylist()) == {"champion"}


def test_health_and_model_tell_of_the_challenger(root: Path) -> None:
    with ring(root, "split", 0.25) as world:
        told = {
            "model": RIVAL, "mode": "split", "share": 0.25, "as_of": "2026-05-09T00:00:00Z",
        }  # fmt: skip
        world.challenging.refused = [{"version": "0" * 12, "reason": "secret", "at": "now"}]
        health = world.client.get("/v1/health").json()
        assert health["challenger"] == told
        assert health["refused_challengers"] == [{"version": "0" * 12, "at": "now"}]
        assert world.client.get("/v1/model").json()["challenger"] == told
        assert world.client.get("/v1/model").json()["model"] == VERSION


def test_a_refused_request_is_not_logged(root: Path) -> None:
    with ring(root) as world:
        asked = {"fixtures": [{"match_id": TO_COME[0]}, {"match_id": "nobody"}]}
        assert world.predict(asked).status_code == 404
    assert world.logged().num_rows == 0


def test_a_log_that_can_not_be_written_fails_no_request(root: Path) -> None:
    (root / "data" / "log").write_text("in the way")
    with ring(root) as world:
        assert world.predict(EVERY).status_code == 200
