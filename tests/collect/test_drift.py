"""An unknown key is told once, across runs."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect.drift import DriftLog

MOMENT = "2026-05-08T12:00:00Z"


def test_a_key_is_told_once_and_remembered(tmp_path: Path) -> None:
    path = tmp_path / "source" / "drift.json"
    log = DriftLog(path)
    assert log.news({"b.new", "a.new"}, MOMENT) == ["a.new", "b.new"]
    assert log.news({"a.new", "c"}, "2026-05-09T12:00:00Z") == ["c"]
    assert DriftLog(path).news({"a.new", "b.new", "c", "d"}, MOMENT) == ["d"]
    seen = json.loads(path.read_bytes())
    assert seen == {"a.new": MOMENT, "b.new": MOMENT, "c": "2026-05-09T12:00:00Z", "d": MOMENT}
    assert list(seen) == sorted(seen)


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "drift.json"
    assert DriftLog(path).news(set(), MOMENT) == []
    assert not path.exists()
    DriftLog(path).news(["a"], MOMENT)
    written = path.stat().st_mtime_ns, path.stat().st_ino
    assert DriftLog(path).news(["a", "a"], MOMENT) == []
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == written


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1]", b"5", b"null", b'["abc"]', b"[[[]]]"])
def test_a_damaged_log_starts_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "drift.json"
    path.write_bytes(content)
    assert DriftLog(path).news({"a"}, MOMENT) == ["a"]
    assert DriftLog(path).news({"a"}, MOMENT) == []


@settings(max_examples=25, deadline=None)
@given(runs=st.lists(st.lists(st.frozensets(st.text(max_size=3), max_size=4), max_size=3)))
def test_every_key_is_told_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[frozenset[str]]]
) -> None:
    path = tmp_path_factory.mktemp("drift") / "drift.json"
    told: list[str] = []
    for run in runs:
        log = DriftLog(path)
        for drift in run:
            told += log.news(drift, MOMENT)
    assert sorted(told) == sorted({key for run in runs for drift in run for key in drift})
