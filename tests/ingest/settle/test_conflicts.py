"""What sources tell differently is written down, with what was kept and why; and who gave what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from pitchline.collect.rows import OddsRow, TeamStatRow
from tests.ingest.conftest import match_row
from tests.ingest.told import FIRST, SECOND, THIRD, Body, plain, settled, sha

ID = "eng-premier-league_2025-26_liverpool_bournemouth"
DATE = datetime(2025, 8, 15, 19, tzinfo=UTC)


def conflicts(*bodies: Body) -> list[dict[str, Any]]:
    found = settled(*bodies)["conflicts"]
    return [
        {str(key): None if pd.isna(value) else value for key, value in row.items()}
        for row in found.to_dict("records")
    ]


def between(one: dict[str, Any], other: dict[str, Any]) -> list[dict[str, Any]]:
    """The conflicts of two sources that tell one match, each with its own fields."""
    return conflicts(Body(FIRST, [match_row(**one)]), Body(SECOND, [match_row(**other)]))


def test_a_conflict_says_what_was_kept_and_where_both_values_are_from() -> None:
    assert between({"home_goals": 2, "away_goals": 2}, {"home_goals": 3, "away_goals": 2}) == [
        {
            "match_id": ID,
            "table": "matches",
            "team": None,
            "field": "home_goals",
            "kept": "2",
            "kept_source": FIRST,
            "kept_snapshot": sha(1),
            "other": "3",
            "other_source": SECOND,
            "other_snapshot": sha(2),
            "difference": 1.0,
            "settled_by": "precedence",
        }
    ]


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("home_goals_half", {"home_goals_half": 0}, {"home_goals_half": 1}),
        ("home_goals_final", {"home_goals_final": 2}, {"home_goals_final": 3}),
        ("home_shootout", {"home_shootout": 5}, {"home_shootout": 4}),
        ("decided", {"decided": "extra time"}, {"decided": "penalties"}),
        ("round", {"round": "Matchday 3"}, {"round": "4"}),
        ("attendance", {"attendance": 40_000}, {"attendance": 40_001}),
        ("referee", {"referee": "Mike Dean"}, {"referee": "Mike Jones"}),
        ("venue", {"venue": "Anfield"}, {"venue": "Wembley"}),
    ],
)
def test_every_field_is_compared(field: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    away = {name.replace("home", "away"): 0 for name in one if name.startswith("home")}
    (found,) = between(one | away, other | away)
    assert (found["field"], found["settled_by"]) == (field, "precedence")
    assert (found["difference"] is None) == (field in ("decided", "referee", "venue"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"referee": "Mike Dean"}, {"referee": "M Dean"}),
        ({"referee": "José Luis Munuera"}, {"referee": "MUNUERA"}),
        ({"venue": "Anfield"}, {"venue": "Anfield Stadium"}),
        ({"venue": "Anfield"}, {}),
        ({"round": "Matchday 3"}, {"round": "3"}),
        ({"round": "Final"}, {"round": "Matchday 3"}),
        ({}, {"kick_off": DATE.replace(hour=0), "kick_off_known": False}),
        ({}, {"kick_off": DATE.replace(hour=0, day=16), "kick_off_known": False}),
        ({}, {"status": "scheduled", "home_goals": None, "away_goals": None}),
        ({}, {"status": "live", "home_goals": 1, "away_goals": 0}),
    ],
    ids=str,
)
def test_other_words_for_the_same_and_silence_are_no_conflict(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    found = between(one, other)
    if "venue" in one and other.get("venue"):
        # The last word of one must stand in the other, both ways.
        assert [c["field"] for c in found] == ["venue"]
    else:
        assert found == []


@pytest.mark.parametrize(
    ("kick_off", "known", "hours", "written"),
    [
        (DATE + timedelta(minutes=15), True, 0.25, "2025-08-15T19:15:00Z"),
        (DATE.replace(day=17, hour=0), False, 48.0, "2025-08-17"),
    ],
)
def test_kick_offs_differ_in_hours_or_by_more_than_a_day(
    kick_off: datetime, known: bool, hours: float, written: str
) -> None:
    (found,) = between({}, {"kick_off": kick_off, "kick_off_known": known})
    assert (found["field"], found["kept"], found["other"]) == (
        "kick_off",
        "2025-08-15T19:00:00Z",
        written,
    )
    assert found["difference"] == hours


def test_a_result_before_a_plan_and_a_time_before_a_date_are_said_so() -> None:
    plan = {"status": "scheduled", "home_goals": None, "away_goals": None}
    (found,) = between(plan | {"kick_off": DATE - timedelta(hours=4)}, {})
    assert (found["kept_source"], found["settled_by"]) == (SECOND, "finished before unfinished")
    date = {"kick_off": DATE.replace(hour=0), "kick_off_known": False}
    late = {"kick_off": DATE.replace(day=16, hour=19)}
    early = {"kick_off": DATE.replace(day=14, hour=0), "kick_off_known": False}
    found_of = conflicts(
        Body(FIRST, [match_row(**date)]),
        Body(SECOND, [match_row(**late)]),
        Body(THIRD, [match_row(**early)]),
    )
    assert [(c["kept_source"], c["other_source"], c["settled_by"]) for c in found_of] == [
        (SECOND, THIRD, "precedence")
    ]
    found_of = conflicts(
        Body(FIRST, [match_row(**date)]),
        Body(SECOND, [match_row(**early)]),
        Body(THIRD, [match_row(**late)]),
    )
    assert [(c["kept_source"], c["other_source"], c["settled_by"]) for c in found_of] == [
        (THIRD, SECOND, "time of day known")
    ]


@pytest.mark.parametrize("status", ["cancelled", "abandoned", "awarded"])
def test_whether_a_match_counts_is_a_conflict_of_its_own(status: str) -> None:
    off = {"status": status, "home_goals": None, "away_goals": None}
    (found,) = between(off, {})
    assert (found["field"], found["kept"], found["other"]) == ("status", status, "finished")
    assert found["match_id"] == ID
    (found,) = between({}, off)
    assert (found["field"], found["kept"], found["other"]) == ("status", "finished", status)


def test_two_plans_are_settled_by_the_newest() -> None:
    plan = match_row(status="scheduled", home_goals=None, away_goals=None)
    (found,) = conflicts(
        Body(FIRST, [plan], fetched_at="2026-06-01T00:00:00Z"),
        Body(SECOND, [plan._replace(status="postponed")], fetched_at="2026-06-02T00:00:00Z"),
    )
    assert (found["kept"], found["other"], found["settled_by"]) == (
        *("postponed", "scheduled"),
        "newest",
    )


@pytest.mark.parametrize(
    ("figure", "kept", "other", "differs"),
    [
        ("shots", 10, 11, True),
        ("shots", 10, 10, False),
        ("xg", 1.88, 1.9, False),
        ("xg", 0.85, 0.9, False),
        ("xg", 1.84, 1.9, True),
        ("possession", 52.5, 53.0, False),
        ("possession", 52.4, 53.0, True),
        ("yellow_cards", 0, 1, True),
        ("yellow_cards", 0, None, False),
    ],
)
def test_figures_differ_beyond_rounding(
    figure: str, kept: float, other: float | None, differs: bool
) -> None:
    found = conflicts(
        Body(FIRST, [match_row()], [TeamStatRow("1", False, **{figure: kept})]),  # type: ignore[arg-type]
        Body(SECOND, [match_row()], [TeamStatRow("1", False, **{figure: other})]),  # type: ignore[arg-type]
    )
    told = [(c["table"], c["team"], c["field"]) for c in found]
    assert told == ([("team_stats", "bournemouth", figure)] if differs else [])


def test_a_source_does_not_contradict_itself() -> None:
    bodies = [
        Body(
            FIRST,
            [match_row(home_goals=goals)],
            [TeamStatRow("1", True, shots=goals)],
            fetched_at=f"2026-06-0{goals}T00:00:00Z",
            odds=[OddsRow("1", "B365", "closing", 1.0 + goals, 3.0, 4.0)],
        )
        for goals in (1, 2)
    ]
    assert conflicts(*bodies) == []


def test_another_source_contradicts_once_by_its_newest_figure() -> None:
    older, newer = (
        Body(SECOND, [match_row()], [TeamStatRow("1", True, shots=shots)], fetched_at=fetched_at)
        for shots, fetched_at in ((12, "2026-06-01T00:00:00Z"), (11, "2026-06-02T00:00:00Z"))
    )
    found = conflicts(Body(FIRST, [match_row()], [TeamStatRow("1", True, shots=10)]), older, newer)
    assert [(c["kept"], c["other"], c["other_snapshot"]) for c in found] == [("10", "11", sha(3))]


def test_of_a_match_that_does_not_count_only_the_status_is_compared() -> None:
    off = match_row(status="cancelled", home_goals=None, away_goals=None)
    found = conflicts(
        Body(FIRST, [off]),
        Body(SECOND, [match_row(venue="Anfield")], [TeamStatRow("1", True, shots=10)]),
        Body(THIRD, [match_row(home_goals=0)], [TeamStatRow("1", True, shots=11)]),
    )
    assert [(c["field"], c["other_source"]) for c in found] == [
        ("status", SECOND),
        ("status", THIRD),
    ]


def test_prices_differ_beyond_rounding() -> None:
    found = conflicts(
        Body(FIRST, [match_row()], odds=[OddsRow("1", "B365", "closing", 2.0, 3.0, 4.0)]),
        Body(SECOND, [match_row()], odds=[OddsRow("1", "B365", "closing", 2.004, 3.0, 4.5)]),
    )
    assert [(c["table"], c["field"], c["kept"], c["other"]) for c in found] == [
        ("odds", "B365 closing away", "4", "4.5")
    ]
    assert [c["kept_snapshot"] for c in found] == [sha(1)]


# -- who gave what


def test_every_value_is_said_to_be_from_the_row_that_gave_it() -> None:
    found = settled(
        Body(
            FIRST,
            [match_row(kick_off=DATE.replace(hour=0), kick_off_known=False)],
            [TeamStatRow("1", True, xg=1.0)],
        ),
        Body(SECOND, [match_row(venue="Anfield")], [TeamStatRow("1", False, xg=0.5, shots=3)]),
        Body(THIRD, [match_row(attendance=5)]),
    )["match_sources"]
    gives = {row["source"]: set(row["gives"].split()) for _, row in found.iterrows()}
    assert gives == {
        FIRST: {"status", "home_goals", "away_goals", "team_stats.xg"},
        SECOND: {"kick_off", "kick_off_known", "venue", "team_stats.xg", "team_stats.shots"},
        THIRD: {"attendance"},
    }


def test_a_row_that_gives_nothing_and_a_match_called_off_stand_there_too() -> None:
    off = match_row(match="2", home="Arsenal", status="cancelled", venue="Emirates")
    found = settled(Body(FIRST, [match_row(), off]), Body(SECOND, [match_row()]))["match_sources"]
    told = {(r["home_team"], r["source"]): r["gives"] for _, r in found.iterrows()}
    assert told[("liverpool", SECOND)] == ""
    assert told[("arsenal", FIRST)] == ""


def test_of_a_match_that_does_not_count_nobody_gives_anything() -> None:
    off = match_row(status="cancelled", home_goals=None, away_goals=None)
    played = Body(SECOND, [match_row()], [TeamStatRow("1", True, shots=10)])
    found = settled(Body(FIRST, [off]), played)["match_sources"]
    assert found["gives"].tolist() == ["", ""]


def test_a_source_s_row_stands_as_it_told_it() -> None:
    rows = [match_row(home="Liverpool FC", home_goals=1, round="3")]
    found = settled(Body(SECOND, rows), Body(FIRST, [match_row()]))["match_sources"]
    assert found["source"].tolist() == [FIRST, SECOND]
    row = found.iloc[1]
    assert (row["home"], row["home_team"], row["home_goals"]) == ("Liverpool FC", "liverpool", 1)
    assert (row["snapshot"], row["line"]) == (sha(1), 0)
    live = settled(Body(FIRST, [match_row(status="live")]))["match_sources"]
    assert plain(live["home_goals"]) == [None]
