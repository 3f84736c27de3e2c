"""Missed due times are made up for once, lost runs are closed, what is overdue is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitchline import alerts
from pitchline.params import Params, Schedule
from pitchline.schedule import clock, ledger, room, tending, turns
from pitchline.schedule.beats import Beat, Outcome
from tests.schedule.conftest import SetClock

DAY = 86400.0
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def table(params: Params) -> Schedule:
    """The committed table, its collect and retrain alone on."""
    tasks = {
        name: task.model_copy(update={"enabled": name in ("collect", "retrain")})
        for name, task in params.schedule.tasks.items()
    }
    return params.schedule.model_copy(update={"tasks": tasks})


def with_task(table: Schedule, name: str, **changes: object) -> Schedule:
    tasks = table.tasks | {name: table.tasks[name].model_copy(update=changes)}
    return table.model_copy(update={"tasks": tasks})


def answer(table: Schedule, name: str, status: str = "succeeded") -> None:
    """A run of a task for its latest due time."""
    from pitchline.schedule.due import latest_due

    task = table.tasks[name]
    run_id = turns.new_run_id(name)
    with Beat(run_id), ledger.opened() as connection:
        due = latest_due(task.cron, clock.now())
        run = turns.enter(
            connection, run_id, turns.wanted_of(name, task, "cron", "due", due), task.cron
        )
        assert turns.take_turn(connection, run, 60.0).mine
        outcome = Outcome(status, 0, clock.milliseconds(clock.now()))  # type: ignore[arg-type]
        turns.close(connection, run, outcome, {}, {})


def test_a_new_schedule_has_missed_nothing(table: Schedule, set_clock: SetClock) -> None:
    look = tending.tend(table)
    assert (look.to_catch_up, look.overdue, look.closed) == ({}, {}, [])


def test_days_of_absence_are_caught_up_by_one_run(table: Schedule, set_clock: SetClock) -> None:
    tending.tend(table)
    set_clock.add(10 * DAY)
    look = tending.tend(table)
    assert {name: span.count for name, span in look.to_catch_up.items()} == {
        "collect": 10,
        "retrain": 1,
    }
    assert set(look.overdue) == {"collect", "retrain"}
    answer(table, "collect")
    assert set(tending.tend(table).to_catch_up) == {"retrain"}
    (run,) = ledger.recent_runs()
    assert run.covers == 10


def test_nothing_is_caught_up_on_a_full_disk(
    table: Schedule, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tending.tend(table)
    set_clock.add(8 * DAY)
    with monkeypatch.context() as full:
        full.setattr(room, "free_bytes", lambda: room.LEAST_BYTES - 1)
        assert tending.tend(table).to_catch_up == {}
    assert set(tending.tend(table).to_catch_up) == {"collect", "retrain"}


def test_what_is_on_its_way_by_its_own_timer_is_left_to_it(
    table: Schedule, set_clock: SetClock
) -> None:
    tending.tend(table)
    set_clock.set(datetime(2026, 3, 4, 2, 0, 30, tzinfo=UTC))
    assert tending.tend(table).to_catch_up == {}
    set_clock.add(40)
    assert set(tending.tend(table).to_catch_up) == {"collect"}
    assert tending.tend(table).overdue == {}


def test_a_task_without_catch_up_is_told_and_not_made_up_for(
    table: Schedule, set_clock: SetClock
) -> None:
    changed = with_task(table, "collect", catch_up=False)
    tending.tend(changed)
    set_clock.add(DAY)
    look = tending.tend(changed)
    assert look.to_catch_up == {}
    assert set(look.overdue) == {"collect"}


def test_a_task_that_never_began_is_told_once_and_taken_back(
    table: Schedule, set_clock: SetClock
) -> None:
    tending.tend(table)
    set_clock.add(DAY)
    tending.tend(table)
    assert alerts.is_open("schedule/collect/overdue")
    assert not alerts.is_open("schedule/retrain/overdue")
    spool = list((Path("data/state/alerts")).rglob("*.json"))
    tending.tend(table)
    assert list((Path("data/state/alerts")).rglob("*.json")) == spool
    answer(table, "collect")
    tending.tend(table)
    assert not alerts.is_open("schedule/collect/overdue")


def test_a_task_that_was_off_has_missed_nothing(table: Schedule, set_clock: SetClock) -> None:
    off = with_task(table, "collect", enabled=False)
    tending.tend(off)
    set_clock.add(5 * DAY)
    assert "collect" not in tending.tend(off).to_catch_up
    assert "collect" not in tending.tend(table).to_catch_up


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_clock_that_jumps_and_comes_back_makes_one_run_and_stops_none(
    table: Schedule, set_clock: SetClock, days: float
) -> None:
    tending.tend(table)
    answer(table, "collect")
    answer(table, "retrain")
    set_clock.add(days * DAY)
    for name in tending.tend(table).to_catch_up:
        answer(table, name)
    assert tending.tend(table).to_catch_up == {}
    set_clock.set(NOON + timedelta(minutes=1))
    assert tending.tend(table).to_catch_up == {}
    set_clock.set(NOON + timedelta(days=2))
    assert "collect" in tending.tend(table).to_catch_up


def test_a_lost_run_is_closed_and_caught_up(table: Schedule, set_clock: SetClock) -> None:
    tending.tend(table)
    set_clock.set(datetime(2026, 3, 4, 2, 0, 1, tzinfo=UTC))
    task = table.tasks["collect"]
    run_id = turns.new_run_id("collect")
    beat = Beat(run_id)
    with ledger.opened() as connection:
        due = datetime(2026, 3, 4, 2, tzinfo=UTC)
        wanted = turns.wanted_of("collect", task, "cron", "due", due)
        run = turns.enter(connection, run_id, wanted, task.cron)
        assert turns.take_turn(connection, run, 60.0).mine
    set_clock.add(120)
    assert tending.tend(table).to_catch_up == {}
    beat.abandon()
    look = tending.tend(table)
    assert [closed.run_id for closed in look.closed] == [run_id]
    assert set(look.to_catch_up) == {"collect"}
    assert alerts.is_open("schedule/collect/failed", subject="lost")
