"""A receipt tells what a run did; several of them tell whether the run was one."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline.collect.receipts import (
    SHOWN_PROBLEMS,
    Receipt,
    Status,
    overall_status,
    read_receipt,
    run_result,
    table,
    write_receipt,
)

END = datetime(2026, 5, 8, 12, 0, 5, tzinfo=UTC)


def receipt(source: str = "shots", **counts: object) -> Receipt:
    made = Receipt(source, "run-1", "2026-05-08T12:00:00Z")
    for name, value in counts.items():
        setattr(made, name, value)
    return made


def closed(**counts: object) -> Receipt:
    made = receipt(**counts)
    made.close(END, 5.00049)
    return made


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ({}, "success"),
        ({"fetched": 3}, "success"),
        ({"cached": 3}, "success"),
        ({"unchanged": 1, "missing": 2}, "success"),
        ({"missing": 2}, "failed"),
        ({"fetched": 1, "failed": 1}, "partial"),
        ({"cached": 1, "quarantined": 1}, "partial"),
        ({"failed": 1}, "failed"),
        ({"quarantined": 4}, "failed"),
    ],
)
def test_a_run_is_judged_by_what_is_missing_and_what_is_there(
    counts: dict[str, int], status: str
) -> None:
    made = closed(**counts)
    assert made.status == status
    assert (made.finished_at, made.seconds) == ("2026-05-08T12:00:05Z", 5.0)
    assert bool(made.reason) == (status != "success")


def test_a_reason_tells_the_counts() -> None:
    assert closed(failed=2, quarantined=3, missing=4).reason == (
        "2 without an answer, 3 unreadable, 4 not there"
    )


@pytest.mark.parametrize("status", ["partial", "failed", "skipped"])
def test_a_status_that_was_set_stays_with_its_reason(status: Status) -> None:
    made = closed(status=status, reason="the site refused", fetched=3, failed=1)
    assert (made.status, made.reason) == (status, "the site refused")


COUNT = st.integers(0, 3)


@given(COUNT, COUNT, COUNT, COUNT, COUNT, COUNT)
def test_a_success_misses_nothing_and_a_failure_has_nothing(
    fetched: int, unchanged: int, cached: int, quarantined: int, missing: int, failed: int
) -> None:
    made = closed(
        fetched=fetched,
        unchanged=unchanged,
        cached=cached,
        quarantined=quarantined,
        missing=missing,
        failed=failed,
    )
    assert made.answered == fetched + unchanged + cached
    if made.status == "success":
        assert not failed
        assert not quarantined
    elif made.status == "partial":
        assert made.answered
    else:
        assert not made.answered


def test_only_the_first_problems_are_kept() -> None:
    made = receipt()
    for n in range(SHOWN_PROBLEMS + 5):
        made.problem(f"match {n}: timeout")
    assert made.problems == [f"match {n}: timeout" for n in range(SHOWN_PROBLEMS)]
    assert receipt().problems == []


def test_a_receipt_is_read_back_as_written(tmp_path: Path) -> None:
    made = closed(fetched=2, drift=["a.b"], problems=["é"], next_allowed_at="2026-05-09T00:00:00Z")
    write_receipt(tmp_path / "reports", made)
    assert read_receipt(tmp_path / "reports", "shots") == made
    assert read_receipt(tmp_path / "reports", "other") is None


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"5", b"[]", b"null", b"{}", b'{"source": "shots", "other": 1}']
)
def test_a_receipt_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "shots.json").write_bytes(content)
    assert read_receipt(tmp_path, "shots") is None


@pytest.mark.parametrize(
    ("statuses", "overall"),
    [
        (["success"], "success"),
        (["success", "success"], "success"),
        (["success", "failed"], "partial"),
        (["success", "skipped"], "partial"),
        (["failed", "partial"], "partial"),
        (["partial"], "partial"),
        (["failed", "failed"], "failed"),
        (["failed", "skipped"], "failed"),
        (["skipped"], "failed"),
    ],
)
def test_a_run_over_several_sources(statuses: list[Status], overall: str) -> None:
    receipts = [receipt(f"s{n}", status=status) for n, status in enumerate(statuses)]
    assert overall_status(receipts) == overall
    assert overall_status(receipts[::-1]) == overall


def test_the_result_holds_every_receipt_and_spans_them(tmp_path: Path) -> None:
    first = dataclasses.replace(closed(source="a"), started_at="2026-05-08T11:00:00Z")
    second = dataclasses.replace(closed(source="b"), finished_at="2026-05-08T13:00:00Z")
    result = run_result("run-1", [second, first])
    assert result["started_at"] == "2026-05-08T11:00:00Z"
    assert result["finished_at"] == "2026-05-08T13:00:00Z"
    assert result["sources_requested"] == ["b", "a"]
    assert result["tasks"] == {"a": dataclasses.asdict(first), "b": dataclasses.asdict(second)}
    assert (result["flow"], result["run"], result["overall_status"]) == (
        "collect",
        "run-1",
        "success",
    )


def test_the_table_shows_each_source_in_line_and_its_reasons_below() -> None:
    made = closed(source="shots", fetched=12345, bytes=2_340_000, failed=1, requests=7)
    made.drift = [f"key{n}" for n in range(10)]
    paused = receipt("a_source_of_long_name", status="skipped", reason="needs a token")
    paused.next_allowed_at = "2026-05-09T00:00:00Z"
    lines = table([made, paused]).splitlines()
    assert lines[0].split() == [
        "source", "status", "new", "same", "cached", "unread", "missing", "failed", "requests",
        "MB", "s",
    ]  # fmt: skip
    assert lines[1].split() == [
        "shots", "partial", "12345", "0", "0", "0", "0", "1", "7", "2.3", "5.0",
    ]  # fmt: skip
    ends = [line.index(word) + len(word) for line, word in zip(lines[:2], ["new", "12345"])]  # noqa: B905
    assert ends[0] == ends[1]
    below = lines[3:]
    assert any("shots: 1 without an answer" in line for line in below)
    assert any("key7 ..." in line and "key8" not in line for line in below)
    assert any("a_source_of_long_name: needs a token" in line for line in below)
    assert any("asked again from 2026-05-09T00:00:00Z" in line for line in below)
