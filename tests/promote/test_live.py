"""Champion and challenger on settled matches: numbers by hand, who counts, what is recommended."""

from datetime import UTC, datetime, timedelta
from itertools import count
from math import log
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pitchline.issued.log import table_of
from pitchline.params import Challenge, Params
from pitchline.promote.live import Clock, compare, gains, paired, recommended
from pitchline.promote.verdict import page
from tests.issued.forecasts import CHALLENGER, CHAMPION, NOON, Game, batch

KICK_OFF = datetime(2026, 5, 10, 14, tzinfo=UTC)
RULE = Challenge(
    level=0.95, least_gain=0.0, largest_disagreement=0.5, minimum_matches=2, most_matches=None
)


def game(number: int) -> Game:
    return Game(match_id=f"m{number}", home_team=f"h{number}", kick_off=KICK_OFF)


def logged(*batches: Any) -> pd.DataFrame:
    frame: pd.DataFrame = table_of(list(batches), (f"f{n}" for n in count())).to_pandas()
    return frame


def both(
    number: int, request: str, champion: Any, challenger: Any, at: datetime = NOON
) -> tuple[Any, Any]:
    """What both say of a match for one request."""
    told = {"games": [game(number)], "request": request, "at": at, "mode": "shadow"}
    return (
        batch(p=champion, **told),
        batch(p=challenger, model=CHALLENGER, role="challenger", served=False, **told),
    )


def matches(*results: str | None) -> pd.DataFrame:
    kick_off = pd.Series([pd.Timestamp(KICK_OFF)] * len(results), dtype="datetime64[ms, UTC]")
    return pd.DataFrame(
        {
            "match_id": [f"m{n}" for n in range(len(results))],
            "kick_off": kick_off,
            "result": pd.Series(results, dtype="str"),
        }
    )


def found(
    log_rows: pd.DataFrame, results: pd.DataFrame, clock: Clock = "wall"
) -> tuple[list[str], dict[str, int]]:
    """The matches that count, and how many don't."""
    pairs = paired(log_rows, results, CHAMPION, CHALLENGER, clock)
    assert pairs.champion["match_id"].tolist() == pairs.challenger["match_id"].tolist()
    return pairs.champion["match_id"].tolist(), pairs.left_out


def test_scores_by_hand(params: Params) -> None:
    rows = logged(
        *both(0, "a", (0.5, 0.3, 0.2), (0.6, 0.25, 0.15)),
        *both(1, "b", (0.4, 0.3, 0.3), (0.35, 0.3, 0.35)),
        *both(2, "c", (0.2, 0.3, 0.5), (0.25, 0.3, 0.45)),
    )
    pairs = paired(rows, matches("H", "A", "D"), CHAMPION, CHALLENGER, "wall")
    told = compare(pairs, RULE, params.evaluate, seed=1)
    assert told["matches"] == 3
    scores = told["scores"]
    champion = -(log(0.5) + log(0.3) + log(0.3)) / 3
    challenger = -(log(0.6) + log(0.35) + log(0.3)) / 3
    assert scores["champion"]["log_loss"] == pytest.approx(champion, abs=1e-6)
    assert scores["challenger"]["log_loss"] == pytest.approx(challenger, abs=1e-6)
    difference = scores["challenger_minus_champion"]
    assert difference["log_loss"] == pytest.approx(challenger - champion, abs=2e-6)
    # RPS: ((p_H - o_H)^2 + (p_H + p_D - o_H - o_D)^2) / 2.
    rps = ((0.25 + 0.04) + (0.16 + 0.49) + (0.04 + 0.25)) / 6
    assert scores["champion"]["rps"] == pytest.approx(rps, abs=1e-6)
    assert scores["champion"]["accuracy"] == pytest.approx(1 / 3, abs=1e-6)
    assert told["evidence"]["gain"] == pytest.approx(champion - challenger, abs=1e-6)
    assert told["evidence"]["matches_that_count_less"] == 0
    low, high = told["evidence"]["interval"]
    assert low < champion - challenger < high


def test_the_last_request_before_the_kick_off_counts() -> None:
    late = KICK_OFF - timedelta(milliseconds=1)
    rows = logged(
        *both(0, "early", (0.1, 0.1, 0.8), (0.1, 0.2, 0.7)),
        *both(0, "late", (0.5, 0.3, 0.2), (0.6, 0.2, 0.2), at=late),
        *both(0, "after", (0.9, 0.05, 0.05), (0.9, 0.05, 0.05), at=KICK_OFF),
    )
    pairs = paired(rows, matches("H"), CHAMPION, CHALLENGER, "wall")
    assert pairs.champion["model_home"].tolist() == [0.5]
    assert pairs.challenger["model_home"].tolist() == [0.6]
    assert pairs.left_out == {}


def test_both_must_have_spoken_to_one_request() -> None:
    champion, _ = both(0, "first", (0.5, 0.3, 0.2), (0.5, 0.3, 0.2))
    _, challenger = both(0, "second", (0.5, 0.3, 0.2), (0.5, 0.3, 0.2))
    assert found(logged(champion, challenger), matches("H")) == (
        [], {"forecast by one model only": 1},
    )  # fmt: skip
    again = both(0, "third", (0.5, 0.3, 0.2), (0.5, 0.3, 0.2), at=NOON - timedelta(days=1))
    assert found(logged(champion, challenger, *again), matches("H")) == (["m0"], {})


def test_what_is_not_settled_or_came_too_late_is_counted() -> None:
    rows = logged(
        *both(0, "a", (0.5, 0.3, 0.2), (0.5, 0.3, 0.2)),
        *both(1, "b", (0.5, 0.3, 0.2), (0.5, 0.3, 0.2), at=KICK_OFF + timedelta(hours=3)),
        *both(2, "c", (0.5, 0.3, 0.2), (0.5, 0.3, 0.2)),
    )
    left_out = {"not settled": 1, "forecast after the kick-off": 1}
    assert found(rows, matches("H", "H", None)) == (["m0"], left_out)


def test_by_the_clock_of_the_data_it_counts_what_was_known() -> None:
    rows = logged(*both(0, "a", (0.5, 0.3, 0.2), (0.5, 0.3, 0.2), at=KICK_OFF + timedelta(days=90)))
    assert found(rows, matches("H"), "wall")[0] == []
    assert found(rows, matches("H"), "data")[0] == ["m0"]
    knowing = rows.assign(as_of=rows["as_of"].where(rows["model"] == CHAMPION, KICK_OFF))
    assert found(knowing, matches("H"), "data")[0] == []


def test_a_request_that_asks_twice_for_a_match_counts_once() -> None:
    pair = both(0, "a", (0.5, 0.3, 0.2), (0.6, 0.2, 0.2))
    assert found(logged(*pair, *pair), matches("H")) == (["m0"], {})


def test_other_models_forecasts_are_nobodys() -> None:
    champion, challenger = both(0, "a", (0.5, 0.3, 0.2), (0.6, 0.2, 0.2))
    rows = logged(champion, challenger)
    other = rows.assign(model=rows["model"].replace(CHALLENGER, "c" * 12))
    assert found(other, matches("H")) == ([], {"forecast by one model only": 1})


def test_a_match_of_wide_disagreement_counts_less_in_either_direction() -> None:
    one, other = np.array([[0.2, 0.3, 0.5]]), np.array([[0.5, 0.3, 0.2]])
    widest = log(0.5 / 0.2)
    for champion, challenger, sign in ((one, other, 1), (other, one, -1)):
        gain, weight = gains(champion, challenger, np.array([0]), 0.5)
        assert weight == pytest.approx(0.5 / widest)
        assert gain == pytest.approx(sign * 0.5)
    gain, weight = gains(one, other, np.array([0]), 1.0)
    assert (weight[0], gain[0]) == (1.0, pytest.approx(widest))
    assert np.isfinite(gains(np.array([[0.0, 0.5, 0.5]]), one, np.array([0]), 0.5)[0]).all()


def test_nothing_logged_waits(params: Params) -> None:
    empty = logged(*both(0, "a", (0.5, 0.3, 0.2), (0.6, 0.2, 0.2))).iloc[:0]
    told = compare(paired(empty, matches("H"), CHAMPION, CHALLENGER, "wall"), RULE,
                   params.evaluate, 1)  # fmt: skip
    assert (told["matches"], told["scores"], told["recommendation"]) == (0, None, "wait")
    assert told["more_matches"] is None


@pytest.mark.parametrize(
    ("gain", "matches_seen", "rule", "expected"),
    [
        (0.05, 1000, {}, "promote"),
        (-0.05, 1000, {}, "keep"),
        (0.0, 1000, {}, "wait"),
        (0.0, 1000, {"most_matches": 1000}, "keep"),
        (0.05, 1000, {"most_matches": 1000}, "promote"),
        (0.05, 99, {"minimum_matches": 100}, "wait"),
        (0.05, 1000, {"least_gain": 0.1}, "keep"),
        (0.05, 1000, {"least_gain": 0.05}, "wait"),
    ],
)
def test_the_rule(gain: float, matches_seen: int, rule: dict[str, Any], expected: str) -> None:
    from pitchline.promote import sequential

    spread = np.tile([0.1, -0.1], matches_seen)[:matches_seen]
    seen = gain + spread
    interval = sequential.interval(seen, 0.5, 0.95)
    told = recommended(seen, interval, RULE.model_copy(update=rule))
    assert told["recommendation"] == expected
    assert len(told["reasons"]) == 1
    assert (told["more_matches"] is None) == (
        expected != "wait" or gain == rule.get("least_gain", 0.0)
    )


def test_waiting_tells_how_many_more_it_takes() -> None:
    from pitchline.promote import sequential

    seen = 0.004 + np.tile([0.1, -0.1], 200)
    interval = sequential.interval(seen, 0.5, 0.95)
    told = recommended(seen, interval, RULE)
    needed = sequential.matches_needed(seen, 0.5, 0.95, 0.0)
    assert told["recommendation"] == "wait"
    assert needed is not None
    assert told["more_matches"] == needed - 400
    capped = recommended(seen, interval, RULE.model_copy(update={"most_matches": 450}))
    assert capped["more_matches"] == 50


def test_the_page_tells_all_of_it(params: Params) -> None:
    from rich.console import Console

    rows = logged(*both(0, "a", (0.5, 0.3, 0.2), (0.1, 0.4, 0.5)))
    pairs = paired(rows, matches("H", "H"), CHAMPION, CHALLENGER, "data")
    told = {"champion": CHAMPION, "challenger": CHALLENGER, "clock": "data"}
    told |= compare(pairs, RULE, params.evaluate, 1)
    screen = Console(width=160, record=True)
    screen.print(page(told))
    text = screen.export_text()
    assert f"challenger {CHALLENGER} against champion {CHAMPION}: 1 settled matches" in text
    for name in ("log loss", "RPS", "accuracy", "calibration error"):
        assert name in text
    assert "1 of them of wide disagreement count less" in text
    assert "recommendation: wait: 1 settled matches of 2" in text
