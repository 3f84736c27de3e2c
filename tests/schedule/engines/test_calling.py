"""Calls of the runner: what they pass on, how they end, and what is looked after meanwhile."""

import threading
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pitchline.schedule import clock
from pitchline.schedule.engines import calling
from pitchline.schedule.engines.calling import (
    Calls,
    Program,
    RunFailed,
    given_program,
    settings_of,
    takes_lookback,
)
from tests.schedule.conftest import SetClock
from tests.schedule.project import Project


class Called(Project):
    """A project, and calls of its ``pitchline`` from this process."""

    def __init__(self, folder: Path, set_clock: SetClock) -> None:
        super().__init__(folder)
        self.clock = set_clock
        self.env |= {clock.VARIABLE: str(set_clock.path)}
        self.told: list[str] = []
        self.calls = Calls(Program(self.command(), self.env["PYTHONPATH"]), self.told.append)


@pytest.fixture
def project(tmp_path: Path, set_clock: SetClock) -> Called:
    return Called(tmp_path, set_clock)


def test_a_call_passes_on_the_output_and_the_exit_code(project: Called) -> None:
    project.task("collect", "echo one; echo two >&2; exit 7")
    assert project.calls.call("collect", "prefect", "by hand") == 7
    assert {"one", "two"} <= set(project.told)
    (run,) = project.runs()
    assert (run.trigger, run.cause, run.exit_code) == ("prefect", "by hand", 7)
    assert project.calls.at_work == set()


def test_what_interrupts_a_call_ends_its_run(project: Called) -> None:
    project.task("collect", "echo begun; sleep 600")

    def interrupt(line: str) -> None:
        if line == "begun":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.calls.call("collect", "celery", say=interrupt)
    assert [run.status for run in project.runs()] == ["cancelled"]
    assert project.processes() == []


def test_all_calls_end_together_and_later_ones_do_not_begin(project: Called) -> None:
    project.task("collect", "sleep 600")
    project.task("retrain", "echo x >> done")
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda: codes.append(project.calls.call("collect", "celery"))),
        threading.Thread(target=lambda: codes.append(project.calls.call("retrain", "celery"))),
    ]
    threads[0].start()
    project.await_(lambda: project.processes())
    threads[1].start()
    project.await_status("retrain", "queued")
    project.calls.end()
    for thread in threads:
        thread.join(60)
    assert codes == [calling.CANCELLED] * 2
    assert project.calls.call("retrain", "celery") != 0
    assert project.lines("done") == []


def test_missed_due_times_are_caught_up_by_one_run(
    project: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.task("collect", "echo x >> done")
    project.task("backup", "echo y >> done", catch_up=False)
    assert project.call("schedule", "tend").returncode == 0
    project.clock.add(3 * 86400)
    monkeypatch.setattr(calling, "TEND_SECONDS", 0.1)
    project.calls.look_after()
    run = project.await_status("collect", "succeeded")
    assert (run.trigger, run.covers) == ("catch-up", 3)
    project.calls.end()
    assert project.lines("done") == ["x"]


def test_what_is_to_be_caught_up_can_be_left_to_an_engine(project: Called) -> None:
    project.task("collect", "echo x >> done")
    project.call("schedule", "tend")
    project.clock.add(86400)
    told = project.call("schedule", "tend", "--quiet", "--names").stdout
    assert "collect" in told.splitlines()
    assert project.runs() == []


PRINTABLE = st.text(min_size=1, max_size=60).filter(str.isprintable)


@given(st.none() | PRINTABLE, st.none() | st.integers(1, 400))
def test_parameters_of_a_retraining_arrive_as_they_were_given(
    reason: str | None, lookback_days: int | None
) -> None:
    found = settings_of(reason, lookback_days)
    told = {"reason": reason, "lookback_days": lookback_days}
    expected = {name: value for name, value in told.items() if value is not None}
    assert [yaml.safe_load(each.removeprefix("retrain=")) for each in found] == (
        [expected] if expected else []
    )


def test_a_reason_that_could_not_arrive_is_refused() -> None:
    with pytest.raises(RunFailed, match="reason"):
        settings_of("two\nlines", None)


def test_only_what_retrains_takes_lookback_days() -> None:
    assert takes_lookback(["snakemake retrain predict"])
    assert not takes_lookback(["snakemake collect ingest features"])
    assert not takes_lookback(["pitchline monitor emergency", "pitchline run retrain"])


def test_the_program_is_the_one_that_started_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(["python", "-m", "pitchline"], "some/folder")
    monkeypatch.setenv(calling.VARIABLE, program.spelt())
    assert given_program() == program
    assert program.env()["PYTHONPATH"] == "some/folder"
    monkeypatch.delenv(calling.VARIABLE)
    assert given_program() == Program([".venv/bin/pitchline"])
