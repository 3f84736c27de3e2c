"""The embedded scheduler as a process: due tasks begin, misses are caught up, it ends cleanly."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline.schedule import clock
from pitchline.schedule.due import due_times
from pitchline.schedule.embedded import LEAD, DueTrigger
from tests.schedule.conftest import SetClock
from tests.schedule.project import Project

NEARLY_TWO = datetime(2026, 3, 4, 1, 59, 55, tzinfo=UTC)


class Scheduled(Project):
    """A project with a clock that is set, and schedulers that end with the test."""

    def __init__(self, folder: Path, set_clock: SetClock) -> None:
        super().__init__(folder)
        self.clock = set_clock
        self.env |= {clock.VARIABLE: str(set_clock.path)}
        self.started: list[subprocess.Popen[bytes]] = []

    def scheduler(self, *words: str) -> subprocess.Popen[bytes]:
        process = self.start("schedule", "start", *words)
        self.started.append(process)
        self.await_(lambda: self.said.count("next at") >= len(self.params["schedule"]["tasks"]))
        return process

    @property
    def said(self) -> str:
        path = self.folder / "said"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def project(tmp_path: Path, set_clock: SetClock) -> Iterator[Scheduled]:
    made = Scheduled(tmp_path, set_clock)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_a_task_begins_at_its_due_time_and_once_beside_cron(project: Scheduled) -> None:
    project.task("collect", "echo x >> done")
    scheduler = project.scheduler()
    project.clock.set(NEARLY_TWO)
    run = project.await_status("collect", "succeeded")
    assert run.trigger == "scheduler"
    assert run.due == datetime(2026, 3, 4, 2, tzinfo=UTC)
    assert run.started_at is not None
    assert timedelta() <= run.started_at - run.due
    assert project.call("run", "collect", "--trigger", "cron").returncode == 0
    assert project.lines("done") == ["x"]
    scheduler.terminate()
    assert scheduler.wait(30) == 0


def test_jumps_forward_are_caught_up_once_and_back_do_no_harm(project: Scheduled) -> None:
    project.task("collect", "echo x >> done")
    scheduler = project.scheduler()
    project.clock.add(3 * 86400)
    run = project.await_status("collect", "succeeded")
    assert (run.trigger, run.covers) == ("catch-up", 3)
    project.clock.add(-3 * 86400)
    project.await_(lambda: project.said.count("the clock jumped") == 2)
    project.clock.set(NEARLY_TWO)
    project.await_(lambda: len(project.lines("done")) == 2)
    assert project.runs()[-1].due == datetime(2026, 3, 4, 2, tzinfo=UTC)
    assert scheduler.poll() is None


def test_asked_to_end_it_lets_the_run_at_work_end_and_gives_back_what_waits(
    project: Scheduled,
) -> None:
    project.task("collect", "touch begun; while [ ! -e free ]; do sleep 0.05; done", priority=9)
    project.task("retrain", "echo x >> done", priority=1)
    scheduler = project.scheduler()
    project.clock.set(NEARLY_TWO)
    project.await_((project.folder / "begun").exists)
    project.await_status("retrain", "queued")
    scheduler.terminate()
    assert project.await_status("retrain", "cancelled").started_at is None
    assert scheduler.poll() is None
    (project.folder / "free").touch()
    assert scheduler.wait(30) == 0
    assert project.runs("collect")[-1].status == "succeeded"
    assert project.lines("done") == []
    assert project.call("run", "retrain", "--trigger", "catch-up").returncode == 0
    assert project.lines("done") == ["x"]


def test_asked_to_cancel_it_ends_the_run_at_work(project: Scheduled) -> None:
    project.task("collect", "touch begun; sleep 600")
    scheduler = project.scheduler("--cancel-running")
    project.clock.set(NEARLY_TWO)
    project.await_((project.folder / "begun").exists)
    scheduler.terminate()
    assert scheduler.wait(30) == 0
    assert project.runs()[-1].status == "cancelled"
    assert project.processes() == []


def test_killed_it_harms_no_run_and_a_second_one_is_refused(project: Scheduled) -> None:
    project.task("collect", "touch begun; while [ ! -e free ]; do sleep 0.05; done")
    scheduler = project.scheduler()
    project.clock.set(NEARLY_TWO)
    project.await_((project.folder / "begun").exists)
    done = project.call("schedule", "start")
    assert done.returncode == 1
    assert "a scheduler is at work in this folder" in done.stdout
    scheduler.kill()
    scheduler.wait()
    (project.folder / "free").touch()
    assert project.await_status("collect", "succeeded").exit_code == 0


def test_a_changed_table_is_taken_up_and_a_bad_one_is_not(project: Scheduled) -> None:
    project.task("collect", "echo x >> done", cron="0 4 * * *")
    project.scheduler()
    project.clock.set(NEARLY_TWO)
    good = (project.folder / "params.yaml").read_text()
    (project.folder / "params.yaml").write_text(good.replace("seed:", "sede:"))
    project.await_(lambda: "the table stays as it was" in project.said)
    project.clock.set(NEARLY_TWO - timedelta(seconds=3))
    (project.folder / "params.yaml").write_text(good.replace("0 4 * * *", "0 2 * * *"))
    assert project.await_status("collect", "succeeded").trigger == "scheduler"


@given(
    st.sampled_from(["0 2 * * *", "0 */4 * * *", "*/7 3-5 * * *", "0 3 * * MON"]),
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
)
def test_the_trigger_fires_a_little_before_each_due_time_once(cron: str, start: datetime) -> None:
    trigger = DueTrigger(cron)
    now = start.replace(tzinfo=UTC)
    fired = [trigger.get_next_fire_time(None, now)]
    for _ in range(5):
        fired.append(trigger.get_next_fire_time(fired[-1], fired[-1]))
    dues = [moment + LEAD for moment in fired]
    assert dues == list(due_times(cron, now, dues[-1]))
