"""The quality score: 1 for clean data, lower for each fault."""

from typing import Any

import pandas as pd
import pytest

from pitchline.ingest.build import Quarantined, repeated_rows
from pitchline.ingest.quality import report, season_completeness

LATE = pd.Timestamp("2026-11-24T00:00:00Z")
BROKEN = Quarantined("starter", "season", "two", "0" * 64, "match 2: field `away` is missing")


def scored(matches: pd.DataFrame, **changes: Any) -> dict[str, Any]:
    clean: dict[str, Any] = {
        "matches": matches,
        "quarantined": [],
        "unknown_names": [],
        "snapshots": 12,
        "rows_parsed": len(matches),
        "rows_resolved": len(matches),
        "as_of": LATE,
    }
    return report(**clean | changes)


def without_result(matches: pd.DataFrame, row: int) -> pd.DataFrame:
    return matches.assign(result=matches["result"].mask(matches.index == row))


def test_the_clean_archive_scores_one(matches: pd.DataFrame) -> None:
    found = scored(matches)
    assert found["score"] == 1.0
    assert set(found["checks"].values()) == {1.0}
    assert found["matches"] == 4560
    assert [s["score"] for s in found["seasons"]] == [1.0] * 12
    assert found["quarantined"] == found["unknown_team_names"] == []


def test_a_missing_match_lowers_the_score_and_its_season_is_shown(matches: pd.DataFrame) -> None:
    found = scored(matches.drop(index=4000))
    season = matches["season"].iloc[4000]
    assert found["score"] == pytest.approx(379 / 380, abs=1e-6)
    assert found["score"] == found["checks"]["seasons_complete"]
    assert [s["season"] for s in found["seasons"] if s["score"] < 1] == [season]
    assert [s["matches"] for s in found["seasons"] if s["season"] == season] == [379]


def test_an_overdue_result_lowers_the_score(matches: pd.DataFrame) -> None:
    found = scored(without_result(matches, 4000))
    assert found["score"] == pytest.approx(379 / 380, abs=1e-6)
    assert sum(s["results_overdue"] for s in found["seasons"]) == 1


def test_a_result_is_overdue_from_known_at_on(matches: pd.DataFrame) -> None:
    frame = without_result(matches, 4000)
    known_at = matches["known_at"].iloc[4000]
    before = scored(frame, as_of=known_at - pd.Timedelta(milliseconds=1))
    assert before["score"] == 1.0
    assert scored(frame, as_of=known_at)["score"] < 1.0


def test_a_match_to_come_lowers_nothing(matches: pd.DataFrame) -> None:
    as_of = pd.Timestamp("2026-05-01T00:00:00Z")
    frame = matches.assign(result=matches["result"].mask(matches["known_at"] > as_of))
    assert frame["result"].isna().any()
    assert scored(frame, as_of=as_of)["score"] == 1.0


def test_a_quarantined_body_lowers_the_score_and_is_told(matches: pd.DataFrame) -> None:
    found = scored(matches, quarantined=[BROKEN])
    assert found["score"] == found["checks"]["bodies_parsed"] == pytest.approx(11 / 12, abs=1e-6)
    assert found["quarantined"] == [vars(BROKEN)]


def test_an_unknown_name_lowers_the_score_and_is_told(matches: pd.DataFrame) -> None:
    found = scored(matches, unknown_names=["Accrington"], rows_parsed=4560, rows_resolved=4560 - 38)
    assert found["score"] == found["checks"]["matches_resolved"]
    assert found["score"] == pytest.approx(1 - 38 / 4560, abs=1e-6)
    assert found["unknown_team_names"] == ["Accrington"]


def test_the_score_is_that_of_the_worst_check(matches: pd.DataFrame) -> None:
    frame = matches.drop(index=range(100))
    found = scored(frame, quarantined=[BROKEN])
    assert found["score"] == min(found["checks"].values()) == pytest.approx(280 / 380, abs=1e-6)


def test_nothing_at_all_scores_zero(matches: pd.DataFrame) -> None:
    assert scored(matches.head(0), snapshots=0)["score"] == 0.0


def test_more_faults_never_score_higher(matches: pd.DataFrame) -> None:
    frame, scores = matches, []
    for row in (10, 20, 30):
        scores.append(scored(frame)["score"])
        frame = without_result(frame, row)
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 3


def test_seasons_are_told_in_order_with_what_is_expected(matches: pd.DataFrame) -> None:
    shuffled = matches.sample(frac=1, random_state=7)
    rows = season_completeness(shuffled, LATE)
    assert [row["season"] for row in rows] == sorted(matches["season"].unique())
    assert {(row["teams"], row["expected_matches"]) for row in rows} == {(20, 380)}


def test_a_match_told_twice_in_one_body_lowers_the_score(
    matches: pd.DataFrame, unique_rows: pd.DataFrame
) -> None:
    assert repeated_rows(unique_rows) == 0
    twice = pd.concat([unique_rows, unique_rows.iloc[[7]]], ignore_index=True)
    assert repeated_rows(twice) == 1
    assert scored(matches, rows_repeated=1)["score"] == pytest.approx(4559 / 4560, abs=1e-6)
