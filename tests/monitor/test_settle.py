import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.files import json_bytes
from pitchline.monitor.settle import review, settle

FORECASTS = [
    # home, draw, away
    ("a", "2026-05-09T14:00:00Z", 0.5, 0.3, 0.2),
    ("b", "2026-05-09T11:30:00Z", 0.2, 0.3, 0.5),
    ("c", "2026-05-10T15:00:00Z", 0.6, 0.3, 0.1),
]


def predictions(rows: list[tuple[str, str, float, float, float]]) -> pd.DataFrame:
    shares = ["probability_home", "probability_draw", "probability_away"]
    frame = pd.DataFrame(rows, columns=["match_id", "kick_off", *shares])
    p = frame[shares].to_numpy()
    return frame.assign(
        kick_off=pd.to_datetime(frame["kick_off"]),
        home_name=frame["match_id"].str.upper(),
        away_name="Visitors",
        most_likely=np.array(["H", "D", "A"])[p.argmax(axis=1)],
        champion="0123456789ab",
    )


def matches(goals: dict[str, tuple[int, int] | None]) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for match_id, score in goals.items():
        if score is None:
            rows.append((match_id, None, None, None))
        else:
            home, away = score
            result = "H" if home > away else "A" if home < away else "D"
            rows.append((match_id, home, away, result))
    frame = pd.DataFrame(rows, columns=["match_id", "home_goals", "away_goals", "result"])
    return frame.astype({"home_goals": "Int64", "away_goals": "Int64", "result": "str"})


def reviewed(goals: dict[str, tuple[int, int] | None]) -> dict[str, Any]:
    made = predictions(FORECASTS)
    return review(made, settle(made, matches(goals)))


def test_a_review_worked_out_by_hand() -> None:
    found = reviewed({"a": (2, 1), "b": (0, 0), "c": None, "z": (1, 0)})
    assert (found["predicted"], found["settled"]) == (3, 2)
    assert found["champion"] == "0123456789ab"
    assert found["log_loss"] == pytest.approx(-(math.log(0.5) + math.log(0.3)) / 2, abs=1e-6)
    # RPS: a is H: ((0.5 - 1)² + (0.8 - 1)²) / 2; b is D: (0.2² + (0.5 - 1)²) / 2.
    assert found["rps"] == pytest.approx(((0.25 + 0.04) / 2 + (0.04 + 0.25) / 2) / 2, abs=1e-6)
    assert found["accuracy"] == 0.5
    own = -sum(p * math.log(p) for p in (0.5, 0.3, 0.2))
    assert found["expected_log_loss"] == pytest.approx(own, abs=1e-6)
    assert found["uniform_log_loss"] == pytest.approx(math.log(3), abs=1e-6)


def test_settled_matches_are_listed_by_kick_off() -> None:
    found = reviewed({"a": (2, 1), "b": (0, 0), "c": None})
    assert found["matches"] == [
        {
            "match_id": "b",
            "kick_off": "2026-05-09T11:30:00Z",
            "home_name": "B",
            "away_name": "Visitors",
            "result": "D",
            "most_likely": "A",
            "score": "0-0",
            "probability_of_result": 0.3,
        },
        {
            "match_id": "a",
            "kick_off": "2026-05-09T14:00:00Z",
            "home_name": "A",
            "away_name": "Visitors",
            "result": "H",
            "most_likely": "H",
            "score": "2-1",
            "probability_of_result": 0.5,
        },
    ]


@pytest.mark.parametrize("goals", [{}, {"a": None, "b": None, "c": None}, {"z": (1, 0)}])
def test_with_nothing_settled_only_the_counts_are_told(
    goals: dict[str, tuple[int, int] | None],
) -> None:
    assert reviewed(goals) == {"predicted": 3, "settled": 0, "matches": []}


def test_no_predictions_are_reviewed_as_none() -> None:
    none = predictions(FORECASTS).head(0)
    found = review(none, settle(none, matches({"a": (2, 1)})))
    assert found == {"predicted": 0, "settled": 0, "matches": []}


def test_a_certain_forecast_that_comes_true_costs_nothing() -> None:
    sure = predictions([("a", "2026-05-09T14:00:00Z", 1.0, 0.0, 0.0)])
    found = review(sure, settle(sure, matches({"a": (1, 0)})))
    assert (found["log_loss"], found["expected_log_loss"], found["rps"]) == (0, 0, 0)
    assert found["accuracy"] == 1


def test_a_result_held_impossible_gives_a_finite_review() -> None:
    sure = predictions([("a", "2026-05-09T14:00:00Z", 1.0, 0.0, 0.0)])
    found = review(sure, settle(sure, matches({"a": (0, 1)})))
    assert 30 < found["log_loss"] < math.inf
    assert json.loads(json_bytes(found)) == found


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 100),
            st.integers(1, 100),
            st.integers(1, 100),
            st.integers(0, 9),
            st.integers(0, 9),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_review_is_the_mean_over_its_matches(rows: list[tuple[int, int, int, int, int]]) -> None:
    forecasts, goals, losses, hits = [], {}, [], []
    for number, (*weights, home, away) in enumerate(rows):
        p = [weight / sum(weights) for weight in weights]
        name = f"m{number}"
        forecasts.append((name, "2026-05-09T14:00:00Z", *p))
        goals[name] = (home, away)
        came = 0 if home > away else 2 if home < away else 1
        losses.append(-math.log(p[came]))
        hits.append(p.index(max(p)) == came)
    made = predictions(forecasts)
    found = review(made, settle(made, matches(goals)))
    assert found["settled"] == len(rows)
    assert found["log_loss"] == pytest.approx(sum(losses) / len(losses), abs=1e-6)
    assert found["accuracy"] == pytest.approx(sum(hits) / len(hits), abs=1e-6)
    listed = [match["probability_of_result"] for match in found["matches"]]
    assert -np.log(listed).mean() == pytest.approx(found["log_loss"], abs=1e-3)
    assert {match["score"] for match in found["matches"]} == {
        f"{home}-{away}" for home, away in goals.values()
    }
