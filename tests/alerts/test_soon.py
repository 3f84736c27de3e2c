"""What waits is sent by whoever comes by."""

import fcntl
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitchline import alerts, layout
from pitchline.alerts import book as books
from pitchline.alerts import reading, soon, spool
from pitchline.alerts.book import Book, Trouble


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """Senders started; the project's folder is an empty one."""
    monkeypatch.chdir(tmp_path)
    found: list[Path | None] = []
    monkeypatch.setattr(soon, "send_soon", found.append)
    return found


def look_was(ago: timedelta) -> None:
    layout.ALERTS_LOG.parent.mkdir(parents=True, exist_ok=True)
    layout.ALERTS_LOG.touch()
    moment = (datetime.now(UTC) - ago).timestamp()
    os.utime(layout.ALERTS_LOG, (moment, moment))


def test_nothing_is_started_where_nothing_waits(started: list[Path | None]) -> None:
    alerts.send_waiting()
    assert started == []


def test_what_a_task_told_is_sent(started: list[Path | None]) -> None:
    alerts.tell("monitor/quality", "warning", "It fell")
    alerts.send_waiting()
    assert len(started) == 1


def test_nobody_is_started_beside_a_sender(started: list[Path | None]) -> None:
    alerts.tell("monitor/quality", "warning", "It fell")
    with (layout.ALERTS / soon.LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        alerts.send_waiting()
    assert started == []
    alerts.send_waiting()
    assert len(started) == 1


@pytest.mark.parametrize(("ago", "due", "times"), [(30, -1, 0), (90, -1, 1), (90, 60, 0)])
def test_an_address_that_failed_is_tried_again_but_not_all_the_time(
    started: list[Path | None], ago: float, due: float, times: int
) -> None:
    next_at = datetime.now(UTC).timestamp() + due
    trouble = Trouble(failures=3, since=next_at - 100, next_at=next_at, problem="HTTP 500")
    layout.ALERTS.mkdir(parents=True)
    books.write(Book(trouble={"chat": trouble}), layout.ALERTS)
    look_was(timedelta(seconds=ago))
    alerts.send_waiting()
    assert len(started) == times


@pytest.mark.parametrize(("ago", "times"), [(90, 0), (700, 1)])
def test_what_quiet_hours_held_back_is_looked_at_now_and_then(
    started: list[Path | None], ago: float, times: int
) -> None:
    alerts.tell("monitor/quality", "warning", "It fell")
    told = list(spool.waiting(layout.ALERTS))
    books.write(reading.heard(Book(), [each for _, each in told if each]), layout.ALERTS)
    for path, _ in told:
        path.unlink()
    look_was(timedelta(seconds=ago))
    alerts.send_waiting()
    assert len(started) == times
