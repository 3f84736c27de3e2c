"""One match from several sources: whose word counts for which value."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pandas as pd
import pytest

from tests.ingest.conftest import match_row
from tests.ingest.told import CUP, FIRST, SECOND, SOURCES, THIRD, Body, plain, settled, sha

DATE = datetime(2025, 8, 15, tzinfo=UTC)
Fields = dict[str, Any]


def told_at(day: int) -> str:
    return f"2026-06-{day:02d}T00:00:00Z"


def the_match(*bodies: Body, **options: Any) -> pd.Series:
    (row,) = [row for _, row in settled(*bodies, **options)["matches"].iterrows()]
    return row


def waiting(**fields: Any) -> Fields:
    return {"status": "scheduled", "home_goals": None, "away_goals": None} | fields


@pytest.mark.parametrize("order", list(permutations(SOURCES)), ids="-".join)
@pytest.mark.parametrize("written", [SOURCES, SOURCES[::-1]], ids="-".join)
def test_the_first_source_that_tells_a_match_is_believed(
    order: tuple[str, ...], written: tuple[str, ...]
) -> None:
    fields: dict[str, Fields] = {
        FIRST: {"home_goals": 1, "venue": "A"},
        SECOND: {"home_goals": 2, "venue": "B"},
        THIRD: {"home_goals": 3, "venue": "C"},
    }
    bodies = [
        Body(source, [match_row(**fields[source])], fetched_at=told_at(3 - SOURCES.index(source)))
        for source in written
    ]
    row = the_match(*bodies, sources=order)
    assert (row["source"], row["sources"]) == (order[0], 3)
    assert row["snapshot"] == sha(written.index(order[0]) + 1)
    assert {"home_goals": row["home_goals"], "venue": row["venue"]} == fields[order[0]]


def test_a_source_that_comes_last_gives_what_no_other_has() -> None:
    row = the_match(
        Body(THIRD, [match_row(home_goals=1, attendance=5)]),
        Body(FIRST, [match_row(home_goals=2)]),
        sources=[FIRST, THIRD],
    )
    assert (row["source"], row["home_goals"], row["attendance"]) == (FIRST, 2, 5)


def test_what_the_first_does_not_tell_comes_from_the_next_that_does() -> None:
    none = {"home_goals": None, "away_goals": None}
    row = the_match(
        Body(FIRST, [match_row(**none)]),
        Body(SECOND, [match_row(home_goals=0, away_goals=0, venue="B")]),
        Body(THIRD, [match_row(home_goals=5, away_goals=5, venue="C", round="Matchday 3")]),
    )
    assert (row["home_goals"], row["away_goals"], row["result"]) == (0, 0, "D")
    assert (row["venue"], row["round"], row["stage"]) == ("B", 3, "Matchday 3")
    assert pd.isna(row["attendance"])


def test_a_score_is_never_pieced_together() -> None:
    row = the_match(
        Body(FIRST, [match_row(home_goals=7, away_goals=None, home_goals_half=1)]),
        Body(SECOND, [match_row(home_goals=0, away_goals=0, away_goals_half=2)]),
        Body(THIRD, [match_row(home_goals=1, away_goals=3, home_goals_half=0, away_goals_half=3)]),
    )
    assert (row["home_goals"], row["away_goals"]) == (0, 0)
    assert (row["home_goals_half"], row["away_goals_half"]) == (0, 3)


def test_extra_time_and_a_shoot_out_stay_beside_the_ninety_minutes() -> None:
    final = {"home_goals_final": 2, "away_goals_final": 2, "home_shootout": 5, "away_shootout": 4}
    body = Body(
        FIRST,
        [match_row(home_goals=1, away_goals=1, decided="penalties", round="final", **final)],
        competition=CUP,
    )
    row = the_match(body)
    assert (row["result"], row["decided"], row["stage"]) == ("D", "penalties", "final")
    assert pd.isna(row["round"])
    assert {name: row[name] for name in final} == final


# -- what became of it


def test_a_result_is_believed_before_a_source_that_still_waits() -> None:
    row = the_match(
        Body(FIRST, [match_row(**waiting(venue="A"))], fetched_at=told_at(9)),
        Body(SECOND, [match_row()], fetched_at=told_at(1)),
    )
    assert (row["status"], row["source"], row["home_goals"], row["venue"]) == (
        *("finished", SECOND, 4),
        "A",
    )


@pytest.mark.parametrize("status", ["cancelled", "abandoned", "awarded"])
@pytest.mark.parametrize("other", ["scheduled", "finished"])
def test_the_first_that_decides_says_whether_a_match_counts(status: str, other: str) -> None:
    off = match_row(**(waiting(status=status)))
    on = match_row() if other == "finished" else match_row(**waiting())
    found = settled(Body(FIRST, [off]), Body(SECOND, [on]))
    assert found["matches"].empty
    assert found["match_sources"]["status"].tolist() == [status, other]
    found = settled(Body(SECOND, [off]), Body(FIRST, [on]))
    assert len(found["matches"]) == (other == "finished")
    assert sorted(found["match_sources"]["status"]) == sorted([status, other])


def test_an_open_match_has_the_status_fetched_last() -> None:
    bodies = [
        Body(FIRST, [match_row(**waiting())], fetched_at=told_at(1)),
        Body(SECOND, [match_row(**waiting(status="postponed"))], fetched_at=told_at(2)),
    ]
    assert the_match(*bodies)["status"] == "postponed"
    assert the_match(*bodies, sources=[SECOND, FIRST])["status"] == "postponed"


@pytest.mark.parametrize("status", ["live", "scheduled", "postponed", "unknown"])
def test_only_a_finished_match_has_scores(status: str) -> None:
    scores = {"home_goals_half": 1, "away_goals_half": 0, "home_goals_final": 2}
    scores |= {"away_goals_final": 1, "home_shootout": 3, "away_shootout": 2}
    row = the_match(Body(FIRST, [match_row(status=status, **scores)]))
    assert row["status"] == status
    assert all(pd.isna(row[name]) for name in ("home_goals", "away_goals", "result", *scores))


# -- kick-off


@pytest.mark.parametrize(
    ("times", "kick_off"),
    [
        ([None, None, None], DATE),
        ([19, 20, 21], DATE.replace(hour=19)),
        ([None, 20, 21], DATE.replace(hour=20)),
        ([None, None, 21], DATE.replace(hour=21)),
        ([None, 0, 21], DATE),
    ],
)
def test_the_kick_off_is_that_of_the_first_that_knows_the_time(
    times: list[int | None], kick_off: datetime
) -> None:
    row = the_match(
        *(
            Body(
                source,
                [
                    match_row(
                        kick_off=DATE if hour is None else DATE.replace(hour=hour),
                        kick_off_known=hour is not None,
                    )
                ],
            )
            for source, hour in zip(SOURCES, times, strict=True)
        )
    )
    assert row["kick_off"] == kick_off
    assert row["kick_off_known"] == any(hour is not None for hour in times)
    assert row["source"] == FIRST


@pytest.mark.parametrize(("apart", "timed"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_time_of_day_of_another_date_does_not_beat_the_date(apart: int, timed: bool) -> None:
    other = (DATE + timedelta(days=apart)).replace(hour=19)
    row = the_match(
        Body(FIRST, [match_row(kick_off=DATE, kick_off_known=False)]),
        Body(SECOND, [match_row(kick_off=other, kick_off_known=True)]),
    )
    assert row["kick_off"] == (other if timed else DATE)
    assert row["kick_off_known"] == timed


def test_a_stale_timed_kick_off_does_not_beat_a_played_match_s_date() -> None:
    stale = waiting(kick_off=DATE.replace(hour=14), kick_off_known=True)
    played = DATE + timedelta(days=2)
    row = the_match(
        Body(FIRST, [match_row(**stale)]),
        Body(SECOND, [match_row(kick_off=played, kick_off_known=False)]),
    )
    assert (row["kick_off"], row["kick_off_known"]) == (played, False)


@pytest.mark.parametrize("hours", [2.0, 3.0, 24.0])
def test_a_result_is_known_some_hours_after_kick_off_or_at_the_end_of_its_date(
    hours: float,
) -> None:
    timed = match_row(match="1", kick_off=DATE.replace(hour=19))
    dated = match_row(match="2", home="Arsenal", kick_off=DATE, kick_off_known=False)
    found = settled(Body(FIRST, [timed, dated]), hours=hours)["matches"].set_index("home_team")
    assert found.loc["liverpool", "known_at"] == DATE + timedelta(hours=19 + hours)
    assert found.loc["arsenal", "known_at"] == DATE + timedelta(days=1)


def test_matches_are_ordered_by_kick_off_then_match() -> None:
    rows = [
        match_row(match="1", home="Leeds United", kick_off=DATE + timedelta(days=3)),
        match_row(match="2", home="Liverpool"),
        match_row(match="3", home="Arsenal"),
    ]
    found = settled(Body(FIRST, rows))["matches"]
    assert found["home_team"].tolist() == ["arsenal", "liverpool", "leeds"]


# -- the round


@pytest.mark.parametrize(
    ("label", "number"),
    [
        ("1", 1),
        ("38", 38),
        ("60", 60),
        ("Matchday 12", 12),
        ("Championship Round - Round 7", 7),
        (None, None),
        ("", None),
        ("0", None),
        ("61", None),
        ("99", None),
        ("100", None),
        ("-5", None),
        ("1/16", None),
        ("1/2", None),
        ("Round of 16", None),
        ("Round of 64", None),
        ("final", None),
        ("Quarter-finals", None),
        ("2nd Round", None),
        ("2025", None),
    ],
)
def test_a_round_has_the_number_its_label_ends_in(label: str | None, number: int | None) -> None:
    found = settled(Body(FIRST, [match_row(round=label)]))["matches"]
    assert plain(found["round"]) == [number]
    assert plain(found["stage"]) == [label]
