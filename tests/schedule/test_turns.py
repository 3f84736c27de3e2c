"""The queue and the ledger: who goes first, what is claimed, what a crash leaves."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline import environment, layout
from pitchline.errors import PitchlineError
from pitchline.params import Params
from pitchline.schedule import beats, clock, ledger, room, turns
from pitchline.schedule.beats import Beat, Outcome
from pitchline.schedule.ledger import Run
from tests.schedule.conftest import SetClock

DAILY = "0 2 * * *"
TODAY = datetime(2026, 3, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
LOST_AFTER = 60.0


class Runners:
    """Runners of this process, each with its beat."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.beats: dict[str, Beat] = {}

    def enter(self, task: str, priority: int = 5, due: datetime | None = None) -> Run:
        run_id = turns.new_run_id(task)
        self.beats[run_id] = Beat(run_id)
        wanted = turns.Wanted(task, "manual", "asked", ["snakemake all"], priority, due)
        return turns.enter(self.connection, run_id, wanted, DAILY)

    def take_turn(self, run: Run) -> turns.Turn:
        return turns.take_turn(self.connection, run, LOST_AFTER)

    def end(self, run: Run, status: str = "succeeded", code: int | None = 0) -> Run:
        outcome = Outcome(status, code, clock.milliseconds(clock.now()))
        ended = turns.close(self.connection, run, outcome, {"seconds": 1}, {"champion": "a"})
        self.beats.pop(run.run_id).__exit__()
        return ended

    def die(self, run: Run) -> None:
        """What the kernel does for a killed runner: its descriptors are closed."""
        self.beats.pop(run.run_id).abandon()


@pytest.fixture
def runners(set_clock: SetClock) -> Iterator[Runners]:
    with ExitStack() as stack:
        made = Runners(stack.enter_context(ledger.opened()))
        yield made
        for beat in made.beats.values():
            beat.abandon()


def test_a_run_is_read_as_it_was_written(runners: Runners) -> None:
    entered = runners.enter("collect", due=TODAY)
    assert runners.take_turn(entered).mine
    turns.note_attempt(runners.connection, entered, 2)
    runners.end(entered)
    (run,) = ledger.recent_runs()
    assert (run.task, run.status, run.exit_code, run.attempt) == ("collect", "succeeded", 0, 2)
    assert (run.due, run.target, run.covers) == (TODAY, ["snakemake all"], 1)
    assert run.metrics == {"seconds": 1}
    assert run.artifacts == {"champion": "a"}
    assert run.started_at is not None
    assert run.log == f"logs/runs/{run.run_id}.log"
    assert ledger.last_runs() == ledger.last_successes() == {"collect": run}
    assert ledger.open_runs() == []
    assert not (layout.BEATS / run.run_id).exists()


@pytest.mark.parametrize(
    "read", [ledger.recent_runs, ledger.last_runs, ledger.last_successes, ledger.open_runs]
)
def test_no_ledger_is_no_run_and_reading_makes_none(folder: Path, read: object) -> None:
    assert callable(read)
    assert not read()
    assert list(folder.iterdir()) == []


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.randoms())
def test_turns_go_by_priority_then_by_order(
    tmp_path_factory: pytest.TempPathFactory, priorities: list[int], random: object
) -> None:
    os.chdir(tmp_path_factory.mktemp("turns"))
    with ledger.opened() as connection:
        runners = Runners(connection)
        waiting = [runners.enter(f"task-{n}", p) for n, p in enumerate(priorities)]
        order = []
        while waiting:
            asked = list(waiting)
            random.shuffle(asked)  # type: ignore[attr-defined]
            mine = [run for run in asked if runners.take_turn(run).mine]
            assert len(mine) == 1
            assert not any(runners.take_turn(run).mine for run in waiting if run != mine[0])
            order.append((-mine[0].priority, mine[0].number))
            waiting.remove(mine[0])
            runners.end(mine[0])
    assert order == sorted(order)


def test_the_ledger_itself_refuses_two_at_work(runners: Runners) -> None:
    first, second = runners.enter("collect"), runners.enter("retrain", 9)
    assert runners.take_turn(second).mine
    with pytest.raises(sqlite3.IntegrityError):
        runners.connection.execute(
            "UPDATE runs SET status = 'running' WHERE run_id = ?", (first.run_id,)
        )


def test_a_due_time_is_taken_once(runners: Runners) -> None:
    first = runners.enter("collect", due=TODAY)
    second = runners.enter("collect", due=TODAY)
    assert (first.status, second.status) == ("queued", "skipped")
    assert first.run_id in second.cause
    assert [run.run_id for run in ledger.recent_runs()] == [first.run_id]
    assert len(ledger.recent_runs(skipped=True)) == 2
    assert runners.enter("retrain", due=TODAY).status == "queued"


def test_an_earlier_due_time_is_answered_by_a_later_one(
    runners: Runners, params: Params, set_clock: SetClock
) -> None:
    set_clock.set(TODAY - 4 * DAY)
    turns.register(runners.connection, params.schedule)
    set_clock.set(TODAY + DAY / 4)
    assert turns.answered_until(runners.connection, "collect") is not None
    run = runners.enter("collect", due=TODAY)
    assert run.covers == 4
    assert runners.enter("collect", due=TODAY - DAY).status == "skipped"
    assert turns.answered_until(runners.connection, "collect") == TODAY


def test_a_claim_of_a_clock_that_ran_fast_stops_nothing(
    runners: Runners, params: Params, set_clock: SetClock
) -> None:
    turns.register(runners.connection, params.schedule)
    set_clock.add(40 * 86400)
    turns.register(runners.connection, params.schedule)
    wrong = runners.enter("collect", due=TODAY + 40 * DAY)
    runners.take_turn(wrong)
    runners.end(wrong)
    set_clock.add(-39 * 86400)
    assert runners.enter("collect", due=TODAY + DAY).status == "queued"
    until = turns.answered_until(runners.connection, "collect")
    assert until is not None
    assert until <= clock.now()


def test_a_task_registered_by_a_clock_that_ran_fast_is_registered_anew(
    runners: Runners, params: Params, set_clock: SetClock
) -> None:
    set_clock.add(40 * 86400)
    turns.register(runners.connection, params.schedule)
    set_clock.add(-40 * 86400)
    turns.register(runners.connection, params.schedule)
    until = turns.answered_until(runners.connection, "collect")
    assert until is not None
    assert until <= clock.now()


def test_a_task_is_due_from_when_it_is_known_by_this_cron(
    runners: Runners, params: Params, set_clock: SetClock
) -> None:
    def known() -> dict[str, datetime | None]:
        return {
            name: turns.answered_until(runners.connection, name) for name in params.schedule.tasks
        }

    turns.register(runners.connection, params.schedule)
    first = known()
    assert {name for name, since in first.items() if since} == {
        name for name, task in params.schedule.tasks.items() if task.enabled
    }
    set_clock.add(86400)
    turns.register(runners.connection, params.schedule)
    assert known() == first
    tasks = params.schedule.tasks
    changed = tasks | {"collect": tasks["collect"].model_copy(update={"cron": "0 4 * * *"})}
    changed["retrain"] = tasks["retrain"].model_copy(update={"enabled": False})
    turns.register(runners.connection, params.schedule.model_copy(update={"tasks": changed}))
    later = known()
    assert later["retrain"] is None
    assert later["collect"] is not None
    assert first["collect"] is not None
    assert later["collect"] - first["collect"] >= DAY


def test_a_dead_runner_is_closed_as_lost_and_its_due_time_is_free(runners: Runners) -> None:
    dead, next_one = runners.enter("collect", due=TODAY), runners.enter("retrain")
    assert runners.take_turn(dead).mine
    assert not runners.take_turn(next_one).mine
    runners.die(dead)
    turn = runners.take_turn(next_one)
    assert turn.mine
    assert [run.run_id for run in turn.closed] == [dead.run_id]
    assert turn.hung == []
    lost = ledger.find_run(dead.run_id)
    assert lost.status == "lost"
    assert "is gone" in lost.cause
    again = runners.enter("collect", due=TODAY)
    assert again.status == "queued"
    runners.end(next_one)
    assert runners.take_turn(again).mine
    runners.die(again)
    assert runners.take_turn(runners.enter("retrain")).mine
    # Twice is enough: a task that takes its runner along would do so for ever.
    assert runners.enter("collect", due=TODAY).status == "skipped"


def test_a_dead_one_among_those_who_wait_holds_nobody_up(runners: Runners) -> None:
    dead, alive = runners.enter("retrain", 9, TODAY), runners.enter("collect", 1)
    runners.die(dead)
    assert runners.take_turn(alive).mine
    assert ledger.find_run(dead.run_id).status == "lost"
    assert runners.enter("retrain", 9, TODAY).status == "queued"


def silent(run: Run, seconds: float, boot: str | None = None) -> None:
    """Make a runner's last beat so old."""
    path = layout.BEATS / run.run_id
    told = beats._read(os.open(path, os.O_RDONLY))
    told["beat"] = float(told["beat"]) - seconds  # type: ignore[arg-type,call-overload]
    text = str(told).replace("'", '"').replace("None", "null")
    if boot is not None:
        text = text.replace(beats.boot_id(), boot)
    with path.open("r+b") as handle:
        handle.write(text.ljust(beats.SIZE).encode())


def test_a_runner_that_is_stuck_is_lost_after_its_silence(runners: Runners) -> None:
    stuck, next_one = runners.enter("collect"), runners.enter("retrain")
    assert runners.take_turn(stuck).mine
    silent(stuck, LOST_AFTER - 5)
    assert not runners.take_turn(next_one).mine
    silent(stuck, 10)
    turn = runners.take_turn(next_one)
    assert turn.mine
    assert [run.run_id for run in turn.hung] == [stuck.run_id]
    assert "is stuck" in ledger.find_run(stuck.run_id).cause


@pytest.mark.parametrize("seconds", [-400 * 86400, -3600, 3600, 400 * 86400])
def test_a_jump_of_the_clock_makes_nobody_lost(
    runners: Runners, set_clock: SetClock, seconds: float
) -> None:
    at_work, waiting = runners.enter("collect"), runners.enter("retrain")
    assert runners.take_turn(at_work).mine
    set_clock.add(seconds)
    turn = runners.take_turn(waiting)
    assert (turn.mine, turn.closed) == (False, [])
    runners.end(at_work)
    assert runners.take_turn(waiting).mine


def test_an_outcome_that_the_ledger_could_not_take_is_taken_later(runners: Runners) -> None:
    run, next_one = runners.enter("collect", due=TODAY), runners.enter("retrain")
    assert runners.take_turn(run).mine
    runners.beats[run.run_id].keep(Outcome("failed", 3, clock.milliseconds(clock.now())))
    runners.die(run)
    assert runners.take_turn(next_one).mine
    closed = ledger.find_run(run.run_id)
    assert (closed.status, closed.exit_code) == ("failed", 3)
    assert runners.enter("collect", due=TODAY).status == "skipped"


def test_who_found_no_room_gives_a_due_time_back_once_though_the_ledger_took_it_later(
    runners: Runners,
) -> None:
    for status in ("queued", "queued", "skipped"):
        run = runners.enter("collect", due=TODAY)
        assert run.status == status
        if run.is_open:
            assert runners.take_turn(run).mine
            moment = clock.milliseconds(clock.now())
            runners.beats[run.run_id].keep(Outcome("failed", 1, moment, True, room.FULL))
            runners.die(run)
            turns.close_the_gone(runners.connection, LOST_AFTER)
            closed = ledger.find_run(run.run_id)
            assert (closed.status, closed.cause) == ("failed", f"asked; {room.FULL}")


def test_a_kept_outcome_has_room_for_no_long_reason_and_is_kept_all_the_same(
    runners: Runners,
) -> None:
    run = runners.enter("collect", due=TODAY)
    assert runners.take_turn(run).mine
    runners.beats[run.run_id].keep(Outcome("cancelled", 143, 1, why="\u00e9" * 600))
    runners.die(run)
    turns.close_the_gone(runners.connection, LOST_AFTER)
    closed = ledger.find_run(run.run_id)
    assert (closed.status, closed.exit_code, closed.cause) == ("cancelled", 143, "asked")


def test_what_another_closed_stays_closed(runners: Runners) -> None:
    run = runners.enter("collect")
    assert runners.take_turn(run).mine
    silent(run, 2 * LOST_AFTER)
    turns.close_the_gone(runners.connection, LOST_AFTER)
    assert runners.end(run).status == "lost"


def test_a_process_with_a_dead_runners_number_is_not_taken_for_it(runners: Runners) -> None:
    run = runners.enter("collect")
    me = psutil.Process()
    assert beats.runner_of(run) == me
    assert beats.runner_of(replace(run, process_started=me.create_time() - 100)) is None
    assert beats.runner_of(replace(run, boot="another")) is None
    assert beats.runner_of(replace(run, host="another")) is None


def test_without_its_file_a_runner_is_looked_for_among_the_processes(runners: Runners) -> None:
    run = runners.enter("collect")
    (layout.BEATS / run.run_id).unlink()
    assert beats.look(run, LOST_AFTER) == ("alive", None)
    assert beats.look(replace(run, pid=2**22 + 1), LOST_AFTER) == ("dead", None)


def test_the_lock_of_a_beat_ends_with_its_process(folder: Path) -> None:
    code = (
        "import sys; from pitchline.schedule.beats import Beat; b = Beat('one'); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        run = Run(
            1, "one", "collect", "manual", "", [], None, 1, "running", 5, clock.now(), None, None,
            1, None, beats.HOST, process.pid, 0.0, beats.boot_id(), None, {}, {}, "log",
        )  # fmt: skip
        assert beats.look(run, LOST_AFTER) == ("alive", None)
        process.kill()
        process.wait()
        assert beats.look(run, LOST_AFTER) == ("dead", None)


def test_the_oldest_runs_go_and_each_tasks_last_claim_stays(runners: Runners) -> None:
    first = runners.enter("retrain", due=TODAY)
    runners.take_turn(first)
    runners.end(first)
    for _ in range(5):
        run = runners.enter("collect")
        runners.take_turn(run)
        runners.end(run)
    removed = turns.remove_oldest(runners.connection, 2)
    assert len(removed) == 3
    assert {run.task for run in ledger.recent_runs()} == {"collect", "retrain"}
    assert len(ledger.recent_runs()) == 3
    assert turns.remove_oldest(runners.connection, 2) == []


def test_a_damaged_ledger_is_named_with_what_to_do(folder: Path) -> None:
    layout.LEDGER.parent.mkdir(parents=True)
    layout.LEDGER.write_bytes(b"no database" * 1000)
    with pytest.raises(PitchlineError, match=r"ledger\.sqlite: the run ledger is damaged"):
        ledger.recent_runs()
    with (
        pytest.raises(PitchlineError, match="move it away to begin a new one"),
        ledger.opened(),
    ):
        pass


def test_a_ledger_of_a_later_version_is_left_alone(folder: Path) -> None:
    with ledger.opened() as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(PitchlineError, match="has version 99"), ledger.opened():
        pass


def test_a_run_is_found_by_its_beginning_its_task_and_as_the_last(runners: Runners) -> None:
    first, second = runners.enter("collect"), runners.enter("retrain")
    assert ledger.find_run("last") == second
    assert ledger.find_run("collect") == first
    assert ledger.find_run(first.run_id[:-1]).run_id == first.run_id
    with pytest.raises(PitchlineError, match="2 runs begin so"):
        ledger.find_run("2026")
    with pytest.raises(PitchlineError, match="no such run"):
        ledger.find_run("nothing")


def test_the_clock_is_refused_in_production(
    set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(environment.VARIABLE, "prod")
    with pytest.raises(PitchlineError, match="a clock that can be set is for simulations"):
        clock.now()


def test_a_clock_without_a_number_is_named(set_clock: SetClock) -> None:
    set_clock.path.write_text("noon")
    with pytest.raises(PitchlineError, match="holds no number of seconds"):
        clock.now()


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))
def test_moments_come_back_from_their_spelling_and_number(moment: datetime) -> None:
    whole = moment.replace(microsecond=0, tzinfo=UTC)
    assert clock.moment_of(clock.spell(whole)) == whole
    assert clock.from_milliseconds(clock.milliseconds(whole)) == whole


def test_a_moment_that_is_none_is_refused() -> None:
    with pytest.raises(PitchlineError, match="is no moment in UTC"):
        clock.moment_of("yesterday")
