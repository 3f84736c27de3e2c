"""Status and score, by FotMob's flags and reasons."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect.fotmob.status import (
    Score,
    Standing,
    Status,
    belongs,
    checked_season,
    kick_off,
    moment,
    player_id,
    printed_score,
    score,
    shootout,
    standing,
)
from pitchline.collect.rows import Unreadable
from tests.collect.fotmob.bodies import encoded, status


def told(**changes: Any) -> Status:
    return msgspec.json.decode(encoded(status(**changes)), type=Status)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"started": False, "finished": False, "reason": ...}, "scheduled"),
        ({"started": None, "finished": None, "cancelled": None, "reason": ...}, "scheduled"),
        ({"finished": False, "reason": ...}, "live"),
        ({"finished": False, "reason": {"short": "HT"}}, "live"),
        ({}, "finished"),
        ({"reason": {"short": "AET", "longKey": "afterextra"}}, "finished"),
        ({"reason": {"short": "Pen", "longKey": "afterpenalties"}}, "finished"),
        # By the long key where the short word is another language's.
        ({"reason": {"short": "n.V.", "longKey": "afterextra"}}, "finished"),
        # FotMob's flags contradict the reason in old vintages: the reason tells.
        ({"cancelled": True, "started": False, "reason": {"short": "PP"}}, "postponed"),
        ({"cancelled": True, "finished": False, "reason": {"longKey": "postponed"}}, "postponed"),
        ({"cancelled": True, "reason": {"short": "Ab", "longKey": "aborted"}}, "abandoned"),
        ({"cancelled": True, "reason": {"short": "Can"}}, "cancelled"),
        ({"cancelled": True, "reason": ...}, "cancelled"),
        ({"reason": {"short": "AW", "longKey": "awarded_win"}}, "awarded"),
        ({"awarded": True}, "awarded"),
        # A result counts only if nothing speaks against it.
        ({"cancelled": True}, "unknown"),
        ({"reason": ...}, "unknown"),
        ({"reason": {"short": "??"}}, "unknown"),
        ({"started": True, "finished": False}, "live"),
    ],
)
def test_status_is_told_by_the_reason(flags: dict[str, Any], expected: str) -> None:
    assert standing(told(**flags)).status == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("FT", "regular time"), ("AET", "extra time"), ("Pen", "penalties")],
)
def test_how_a_match_was_decided(reason: str, expected: str) -> None:
    assert standing(told(reason={"short": reason})).decided == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"halfs": {"firstExtraHalfStarted": "30.06.2026 00:33:21"}},
        {"liveTime": {"short": "95", "maxTime": 105}},
    ],
)
def test_extra_time_shows_while_a_match_runs(changes: dict[str, Any]) -> None:
    running = {"finished": False, "reason": ...}
    assert standing(told(**running, **changes)).in_extra_time
    assert not standing(told(**running, liveTime={"maxTime": 90})).in_extra_time


@pytest.mark.parametrize(
    ("now", "regular", "expected"),
    [
        (Standing("finished", "regular time"), None, Score(2, 1, 2, 1)),
        (Standing("finished", "extra time"), (1, 1), Score(1, 1, 2, 1)),
        (Standing("finished", "extra time"), None, Score(None, None, 2, 1)),
        (Standing("finished", "penalties"), None, Score(None, None, 2, 1)),
        (Standing("live"), None, Score(2, 1)),
        (Standing("live", in_extra_time=True), None, Score()),
        (Standing("awarded"), None, Score(home_final=2, away_final=1)),
        *[
            (Standing(other), (1, 1), Score())
            for other in ("scheduled", "postponed", "cancelled", "abandoned", "unknown")
        ],
    ],
)
def test_which_goals_count(now: Standing, regular: tuple[int, int] | None, expected: Score) -> None:
    assert score(now, (2, 1), regular) == expected


def test_a_match_without_goals_had_none_after_90_minutes_either() -> None:
    assert score(Standing("finished", "penalties"), (0, 0)) == Score(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2 - 5", (2, 5)), ("10-0", (10, 0)), ("", None), (None, None), ("2 - x", None)],
)
def test_printed_scores(text: str | None, expected: tuple[int, int] | None) -> None:
    assert printed_score(text) == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ({"short": "Pen", "penalties": [3, 4], "long": "Pen 3 - 4"}, (3, 4)),
        ({"short": "Pen", "long": "Pen 2 - 3"}, (2, 3)),
        ({"short": "Pen", "long": "After penalties"}, None),
    ],
)
def test_the_shoot_out_is_in_the_reason(
    reason: dict[str, Any], expected: tuple[int, int] | None
) -> None:
    assert shootout(told(reason=reason).reason) == expected


def test_kick_off_by_moment_by_epoch_or_by_day() -> None:
    at_14 = datetime(2025, 8, 16, 14, tzinfo=UTC)
    assert kick_off(told()) == (at_14, True)
    assert kick_off(told(utcTime=...), 1_755_352_800_000) == (at_14, True)
    day = datetime(2020, 9, 21, tzinfo=UTC)
    assert kick_off(told(utcTime=..., startDateStr="Sep 21, 2020")) == (day, False)


@pytest.mark.parametrize(
    ("changes", "epoch"),
    [
        ({"utcTime": ...}, None),
        ({"utcTime": "soon"}, None),
        ({"utcTime": "0001-01-01T00:00:00+23:00"}, None),
        ({"utcTime": "9999-12-31T23:59:59-23:00"}, None),
        ({"utcTime": ...}, 10**30),
        ({"utcTime": ...}, -(10**14)),
        ({"utcTime": ..., "startDateStr": "Sep 41, 2020"}, None),
        ({"utcTime": ..., "startDateStr": "Sop 21, 2020"}, None),
    ],
)
def test_no_kick_off_is_unreadable(changes: dict[str, Any], epoch: int | None) -> None:
    with pytest.raises(Unreadable, match=r"utcTime|timeTS|startDateStr"):
        kick_off(told(**changes), epoch)


@given(st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_moment_or_unreadable(text: str) -> None:
    try:
        assert moment(text, "here").tzinfo is UTC
    except Unreadable as error:
        assert str(error).startswith("here: ")


def test_a_season_is_believed_only_if_the_date_bears_it_out() -> None:
    august = datetime(2025, 8, 15, tzinfo=UTC)
    faults: list[str] = []
    assert checked_season("2025/2026", "47", august, faults) == "2025-26"
    assert checked_season(None, "47", august, faults) == "2025-26"
    assert checked_season(None, "130", august, faults) == "2025"
    assert faults == []
    assert checked_season("2024/2025", "47", august, faults) == "2025-26"
    assert faults == ["season: states 2024-25, played 2025-08-15"]
    assert checked_season("next", "47", august, faults) == "2025-26"
    assert "next" in faults[1]


def test_august_is_a_new_seasons_but_for_2020() -> None:
    def may_be(day: str, season: str) -> bool:
        return belongs(datetime.fromisoformat(day).replace(tzinfo=UTC), season)

    assert may_be("2025-08-15", "2025-26")
    assert not may_be("2025-08-15", "2024-25")
    assert may_be("2020-08-23", "2019-20")
    assert may_be("2024-07-20", "2023-24")
    assert may_be("2025-08-15", "2025")
    assert not may_be("2026-08-15", "2025")


def test_an_unknown_player_has_no_id() -> None:
    assert [player_id(told) for told in (-1, "-1", None, 0, 7, "7")] == [
        *(None, None, None),
        *("0", "7", "7"),
    ]
