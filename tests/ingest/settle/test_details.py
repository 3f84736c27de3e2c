"""Team statistics, shots, events, line-ups and odds: from which source, and whose."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from pitchline.collect.rows import EventRow, LineupRow, OddsRow, ShotRow, TeamStatRow
from tests.ingest.conftest import match_row
from tests.ingest.told import FIRST, SECOND, THIRD, Body, plain, settled, sha

OTHER = {"match": "2", "home": "Arsenal", "kick_off": datetime(2025, 8, 14, 19, tzinfo=UTC)}
LATER = datetime(2025, 8, 16, 19, tzinfo=UTC)


def shot(match: str, is_home: bool, player: str) -> ShotRow:
    return ShotRow(
        *(match, is_home, None, 10, None, None, player, None, 90.0, 30.0, 0.1, None),
        *(None, None, None, None, None, None),
    )


def stats_of(found: dict[str, pd.DataFrame], *columns: str) -> list[list[Any]]:
    frame = found["team_stats"][list(columns)]
    return [plain(row) for _, row in frame.astype(object).iterrows()]


# -- team statistics


def test_every_finished_match_has_two_rows_home_first_in_the_matches_order() -> None:
    rows = [match_row(match="1"), match_row(**OTHER)]
    live = match_row(match="3", home="Leeds United", status="live", kick_off=LATER)
    found = settled(Body(FIRST, [*rows, live], [TeamStatRow("3", True, xg=1.0)]))
    assert stats_of(found, "team", "is_home", "xg", "source") == [
        ["arsenal", True, None, None],
        ["bournemouth", False, None, None],
        ["liverpool", True, None, None],
        ["bournemouth", False, None, None],
    ]
    assert found["team_stats"]["match_id"].tolist() == [
        m for m in found["matches"]["match_id"].head(2) for _ in range(2)
    ]


def test_each_figure_is_from_the_first_source_that_tells_it() -> None:
    found = settled(
        Body(THIRD, [match_row()], [TeamStatRow("1", True, xg=3.0, shots=30, corners=3)]),
        Body(FIRST, [match_row()], [TeamStatRow("1", True, shots=10)]),
        Body(SECOND, [match_row()], [TeamStatRow("1", True, xg=0.0), TeamStatRow("1", False)]),
    )
    assert stats_of(found, "team", "xg", "shots", "corners", "source", "snapshot") == [
        ["liverpool", 0.0, 10, 3, FIRST, sha(2)],
        ["bournemouth", None, None, None, None, None],
    ]


def test_figures_are_those_of_the_same_body_and_side() -> None:
    bodies = [
        Body(
            FIRST,
            [match_row(match="1"), match_row(**OTHER)],
            [
                TeamStatRow("1", False, xg=home / 2),
                TeamStatRow("1", True, xg=home, xg_shots=9.0),
                TeamStatRow("2", True, xg=None, xg_shots=8.0),
                TeamStatRow("3", True, xg=7.0),
            ],
            fetched_at=f"2026-06-0{day}T00:00:00Z",
        )
        for day, home in ((1, 1.0), (2, 3.0))
    ]
    assert stats_of(settled(*bodies), "xg", "xg_shots") == [
        [None, 8.0],
        [None, None],
        [3.0, 9.0],
        [1.5, None],
    ]


def test_the_last_of_two_rows_of_one_body_and_side_counts() -> None:
    stats = [TeamStatRow("1", True, xg=xg) for xg in (1.0, 2.0)]
    assert stats_of(settled(Body(FIRST, [match_row()], stats)), "xg") == [[2.0], [None]]


def test_a_report_gives_what_a_schedule_fetched_later_lacks() -> None:
    report = Body(
        FIRST,
        [match_row()],
        [TeamStatRow("1", True, xg=1.0, shots=9)],
        shots=[shot("1", True, "A")],
        fetched_at="2026-06-01T00:00:00Z",
    )
    schedule = Body(
        FIRST, [match_row()], [TeamStatRow("1", True, xg=2.0)], fetched_at="2026-06-02T00:00:00Z"
    )
    for bodies in ([report, schedule], [schedule, report]):
        found = settled(*bodies)
        assert stats_of(found, "xg", "shots")[0] == [2.0, 9]
        assert found["shots"]["player"].tolist() == ["A"]
        assert found["match_sources"]["gives"].str.contains("team_stats.shots").tolist() == [True]


def test_figures_of_a_match_in_play_are_not_those_of_the_match() -> None:
    live = Body(
        FIRST,
        [match_row(status="live", home_goals=1, away_goals=0)],
        [TeamStatRow("1", True, shots=3)],
        shots=[shot("1", True, "A")],
    )
    found = settled(live, Body(SECOND, [match_row()]))
    assert stats_of(found, "shots") == [[None], [None]]
    assert found["shots"].empty


# -- shots, events, line-ups


def test_all_details_of_a_match_are_from_the_first_source_that_has_any() -> None:
    found = settled(
        Body(FIRST, [match_row()]),
        Body(SECOND, [match_row()], shots=[shot("1", False, "B"), shot("1", True, "A")]),
        Body(
            THIRD,
            [match_row()],
            shots=[shot("1", True, "C")],
            events=[
                EventRow("1", 0, True, "goal", 5, None),
                EventRow("1", 1, False, "red card", 6, 1),
            ],
            lineups=[LineupRow("1", False, "starter", "D")],
        ),
    )
    assert found["shots"][["team", "player", "source"]].values.tolist() == [
        ["bournemouth", "B", SECOND],
        ["liverpool", "A", SECOND],
    ]
    assert found["events"][["number", "team", "type", "source", "snapshot"]].values.tolist() == [
        [0, "liverpool", "goal", THIRD, sha(3)],
        [1, "bournemouth", "red card", THIRD, sha(3)],
    ]
    assert found["lineups"]["team"].tolist() == ["bournemouth"]


def test_details_stand_in_the_order_of_the_matches_then_of_the_body() -> None:
    rows = [match_row(match="1"), match_row(**OTHER)]
    shots = [shot("1", True, "B"), shot("2", True, "C"), shot("1", True, "A"), shot("9", True, "D")]
    assert settled(Body(FIRST, rows, shots=shots))["shots"]["player"].tolist() == ["C", "B", "A"]


def test_a_line_up_is_known_before_the_match_shots_are_not() -> None:
    to_come = match_row(status="scheduled", home_goals=None, away_goals=None)
    body = Body(
        FIRST,
        [to_come],
        shots=[shot("1", True, "A")],
        lineups=[LineupRow("1", True, "starter", "A", lineup_type="predicted")],
    )
    found = settled(body)
    assert found["lineups"]["player"].tolist() == ["A"]
    assert found["shots"].empty


@pytest.mark.parametrize("status", ["cancelled", "abandoned", "awarded"])
def test_a_match_called_off_has_no_details(status: str) -> None:
    body = Body(
        FIRST,
        [match_row(status=status), match_row(**OTHER)],
        [TeamStatRow("1", True, xg=1.0), TeamStatRow("2", True, xg=2.0)],
        shots=[shot("1", True, "A"), shot("2", True, "B")],
        lineups=[LineupRow("1", True, "starter", "A")],
        odds=[OddsRow("1", "B365", "closing", 2, 3, 4)],
    )
    found = settled(body)
    assert plain(found["team_stats"]["xg"]) == [2.0, None]
    assert found["shots"]["player"].tolist() == ["B"]
    assert found["lineups"].empty
    assert found["odds"].empty


# -- odds


def test_a_price_is_from_the_first_source_that_tells_it() -> None:
    first = [
        OddsRow("1", "PS", "closing", 2.5, 3.0, 4.0),
        OddsRow("1", "B365", "closing", 2.0, 3.0, 4.0),
        OddsRow("1", "B365", "opening", 2.1, 3.1, 4.1),
        OddsRow("9", "B365", "opening", 9.0, 9.0, 9.0),
    ]
    second = [
        OddsRow("1", "B365", "closing", 2.2, 3.0, 4.0),
        OddsRow("1", "Avg", "closing", 2.3, 3.3, 4.3),
    ]
    found = settled(
        Body(SECOND, [match_row()], odds=second), Body(FIRST, [match_row()], odds=first)
    )["odds"]
    assert found[["bookmaker", "moment", "home", "source"]].values.tolist() == [
        ["Avg", "closing", 2.3, SECOND],
        ["B365", "opening", 2.1, FIRST],
        ["B365", "closing", 2.0, FIRST],
        ["PS", "closing", 2.5, FIRST],
    ]


def test_the_last_of_two_prices_of_one_body_counts() -> None:
    odds = [OddsRow("1", "B365", "closing", home, 3.0, 4.0) for home in (2.0, 2.5)]
    found = settled(Body(FIRST, [match_row()], odds=odds))
    assert found["odds"]["home"].tolist() == [2.5]
    assert found["conflicts"].empty


def test_odds_of_a_match_to_come_are_kept() -> None:
    to_come = match_row(status="scheduled", home_goals=None, away_goals=None)
    odds = [OddsRow("1", "B365", "opening", 2.0, 3.0, 4.0)]
    assert len(settled(Body(FIRST, [to_come], odds=odds))["odds"]) == 1
