"""What a person on call types: status, logs, cancel, and the schedule's own commands."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pitchline.schedule import clock
from tests.schedule.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_status_tells_the_schedule_the_runs_and_what_is_missing(project: Project) -> None:
    project.task("collect", "true")
    project.task("retrain", "exit 3", cron="0 3 * * MON", enabled=False)
    assert project.call("run", "collect").returncode == 0
    assert project.call("status", "--check").returncode == 0
    assert project.call("run", "retrain").returncode == 3
    told = json.loads(project.call("status", "--json").stdout)
    tasks = {task["task"]: task for task in told["tasks"]}
    assert tasks["collect"]["last_run"]["status"] == "succeeded"
    assert tasks["retrain"]["last_run"]["exit_code"] == 3
    assert tasks["retrain"]["next_due"] is None
    assert (told["quality"], told["champion"], told["open"]) == (None, None, [])
    assert [alert["key"] for alert in told["alerts"]] == ["schedule/retrain/failed"]
    assert [run["task"] for run in told["recent"]] == ["retrain", "collect"]
    page = project.call("status").stdout
    assert "collect" in page
    assert "models/champion.json is missing" in page
    assert "retrain failed" in page
    # A task that is off is nobody's failure.
    assert project.call("status", "--check").returncode == 0


def test_the_status_check_fails_for_a_failed_and_for_an_overdue_task(project: Project) -> None:
    project.task("collect", "[ -e fine ]")
    project.call("run", "collect")
    assert project.call("status", "--check").returncode == 1
    (project.folder / "fine").touch()
    project.call("run", "collect")
    assert project.call("status", "--check").returncode == 0
    (project.folder / "clock").write_text(str(2 * 86400))
    done = project.call("status", "--check", **{clock.VARIABLE: "clock"})
    assert done.returncode == 1
    assert "OVERDUE" in done.stdout
    assert "collect: overdue, due " in done.stdout
    assert "`pitchline schedule tend` catches it up" in done.stdout


def test_each_thing_that_needs_a_look_comes_with_a_command(project: Project) -> None:
    project.task("collect", "echo why; exit 3")
    project.task("retrain", "sleep 600")
    project.call("run", "collect")
    runner = project.start("run", "retrain", "--quiet")
    run = project.await_status("retrain", "running")
    runner.kill()
    runner.wait()
    unsent = project.folder / "data/state/tracking/000001-aaaaaaaaaaaa"
    unsent.mkdir(parents=True)
    page = project.call("status").stdout
    assert "collect: failed, exit code 3 (never well yet): `pitchline logs collect`" in page
    assert f"{run.run_id}: is running, but its runner is gone: `pitchline schedule tend`" in page
    assert "no task was ever started because it was due: `pitchline schedule start`" in page
    assert "MLflow: 1 run(s) wait to be sent: `pitchline train track --send`" in page
    assert "no champion serves: `pitchline run retrain`" in page
    assert project.call("status", "--check").returncode == 1
    assert project.call("schedule", "tend").returncode == 0
    assert "its runner is gone" not in project.call("status").stdout
    assert "why" in project.call("logs", "collect").stdout


def test_before_any_run_logs_say_so(project: Project) -> None:
    project.task("collect", "true")
    done = project.call("logs", "last")
    assert done.returncode == 1
    assert "no task has run here yet" in done.stdout


def test_status_in_an_empty_project_needs_no_ledger_and_makes_none(project: Project) -> None:
    project.task("collect", "true")
    done = project.call("status")
    assert done.returncode == 0, done.stdout
    assert "never" in done.stdout
    assert not (project.folder / "data").exists()


def test_logs_follow_a_run_to_its_end_and_cancel_ends_one(project: Project) -> None:
    project.task("collect", "echo first; touch begun; while [ ! -e free ]; do sleep 0.05; done; "
                 "echo last")  # fmt: skip
    runner = project.start("run", "collect", "--quiet")
    project.await_((project.folder / "begun").exists)
    with subprocess.Popen(
        project.command("logs", "collect", "--follow"),
        cwd=project.folder,
        env=project.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "first\n"
        (project.folder / "free").touch()
        assert follower.stdout.read() == "last\n"
    assert runner.wait(30) == 0
    shown = project.call("logs", "last", "--events").stdout
    assert '"event": "closed"' in shown
    done = project.call("cancel", "last")
    assert done.returncode == 1
    assert "has ended already, succeeded" in done.stdout


def test_cancel_ends_what_works_and_what_waits_for_good(project: Project) -> None:
    project.task("collect", "touch begun; sleep 600")
    project.task("retrain", "echo x >> done")
    at_work = project.start("run", "collect", "--trigger", "cron")
    project.await_((project.folder / "begun").exists)
    waiting = project.start("run", "retrain", "--trigger", "cron")
    project.await_status("retrain", "queued")
    for task, process in (("retrain", waiting), ("collect", at_work)):
        done = project.call("cancel", task, "--reason", "not now")
        assert done.returncode == 0, done.stdout
        assert process.wait(30) == 143
        run = project.runs(task)[-1]
        assert run.status == "cancelled"
        assert "not now" in run.cause
    assert project.processes() == []
    assert project.call("run", "retrain", "--trigger", "systemd").returncode == 0
    assert project.lines("done") == []


def test_an_unknown_run_is_named(project: Project) -> None:
    project.task("collect", "true")
    project.call("run", "collect")
    for command in ("logs", "cancel"):
        done = project.call(command, "nothing")
        assert done.returncode == 1
        assert "'nothing': no such run" in done.stdout


def test_check_tells_what_can_not_run_and_fails_if_it_is_on(project: Project) -> None:
    project.task("collect", "true")
    project.task("quality", "", target=["pitchline monitor nonsense"], enabled=False)
    (project.tools / "snakemake").write_text("#!/bin/sh\necho collect\necho retrain\n")
    done = project.call("schedule", "check")
    assert done.returncode == 0, done.stdout
    assert "quality (off): there is no command `pitchline monitor nonsense`" in done.stdout
    project.task("retrain", "", target=["snakemake retrain predict"])
    done = project.call("schedule", "check")
    assert done.returncode == 1
    assert "Snakemake has no rule predict" in done.stdout
    assert "Set `enabled: false` there" in done.stdout


def test_list_shows_every_task_with_its_next_due_time(project: Project) -> None:
    project.task("collect", "true")
    project.task("retrain", "true", enabled=False)
    lines = project.call("schedule", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["collect", "retrain"]
    assert f"{datetime.now(UTC):%Y-}" in lines[0]
    assert " off " in lines[1]


def test_tend_catches_up_and_closes_what_was_lost(project: Project) -> None:
    project.task("collect", "touch begun; [ -e fine ] || sleep 600; echo x >> done")
    runner = project.start("run", "collect", "--trigger", "cron")
    project.await_((project.folder / "begun").exists)
    runner.kill()
    runner.wait()
    (project.folder / "fine").touch()
    (project.folder / "clock").write_text("86400")
    assert project.call("schedule", "tend", **{clock.VARIABLE: "clock"}).returncode == 0
    assert project.await_status("collect", "succeeded").trigger == "catch-up"
    assert project.lines("done") == ["x"]
    assert project.runs()[0].status == "lost"
