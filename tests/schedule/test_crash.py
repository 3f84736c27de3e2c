"""Runners killed, stuck, or on a full disk: the ledger stays whole and the next run goes."""

import random
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from pitchline.schedule import ledger
from tests.schedule.project import Project

ROUNDS = 6


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def is_whole(project: Project) -> bool:
    path = project.folder / "data/state/schedule/ledger.sqlite"
    if not path.exists():
        return True
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_killed_at_random_moments_nothing_is_lost_but_the_run(project: Project) -> None:
    project.task("collect", "sleep 600 & sleep 600")
    project.task("retrain", "echo x >> done", priority=1)
    moments = random.Random(8)
    for count in range(1, ROUNDS + 1):
        before = len(project.runs("collect"))
        process = project.start("run", "collect")
        if count % 2:
            project.await_(lambda before=before: len(project.runs("collect")) > before)
        time.sleep(moments.uniform(0, 0.4))
        process.kill()
        process.wait()
        assert is_whole(project)
        assert project.call("run", "retrain").returncode == 0
        assert len(project.lines("done")) == count
        assert project.processes() == []
        assert not any(run.is_open for run in project.runs())
    assert {run.status for run in project.runs("collect")} == {"lost"}


def test_a_killed_runs_due_time_is_made_up_for(project: Project) -> None:
    project.task("collect", "touch begun; [ -e fine ] || sleep 600; echo x >> done")
    process = project.start("run", "collect", "--trigger", "cron")
    project.await_((project.folder / "begun").exists)
    process.kill()
    process.wait()
    (project.folder / "fine").touch()
    assert project.call("run", "collect", "--trigger", "systemd").returncode == 0
    first, second = project.runs()
    assert (first.status, second.status) == ("lost", "succeeded")
    assert first.due == second.due is not None
    assert "is gone" in first.cause
    assert project.lines("done") == ["x"]


def test_killed_while_waiting_it_holds_nobody_up(project: Project) -> None:
    project.task("holder", "touch held; while [ ! -e free ]; do sleep 0.05; done")
    project.task("first", "echo first >> order", priority=9)
    project.task("second", "echo second >> order", priority=1)
    holder = project.start("run", "holder")
    project.await_((project.folder / "held").exists)
    first = project.start("run", "first")
    project.await_status("first", "queued")
    second = project.start("run", "second")
    project.await_status("second", "queued")
    first.kill()
    first.wait()
    (project.folder / "free").touch()
    assert (holder.wait(30), second.wait(30)) == (0, 0)
    assert project.lines("order") == ["second"]
    assert project.runs("first")[-1].status == "lost"


def test_a_stuck_runner_is_ended_and_its_place_taken(project: Project) -> None:
    project.task("collect", "touch begun; sleep 600")
    project.task("retrain", "echo x >> done")
    stuck = project.start("run", "collect")
    project.await_((project.folder / "begun").exists)
    stuck.send_signal(signal.SIGSTOP)
    assert project.call("run", "retrain").returncode == 0
    assert stuck.wait(30) == -signal.SIGKILL
    assert project.processes() == []
    assert project.runs("collect")[-1].status == "lost"
    assert "is stuck" in project.runs("collect")[-1].cause


def test_a_runner_that_was_given_up_ends_its_own_task(project: Project) -> None:
    project.task("collect", "touch begun; sleep 600")
    runner = project.start("run", "collect")
    project.await_((project.folder / "begun").exists)
    run = project.runs()[0]
    with ledger.opened(project.folder / "data/state/schedule/ledger.sqlite") as connection:
        connection.execute("UPDATE runs SET status = 'lost' WHERE run_id = ?", (run.run_id,))
    assert runner.wait(30) == 75
    assert project.processes() == []
    assert project.runs()[0].status == "lost"


def test_a_task_left_by_its_runner_is_ended_before_the_next_begins(project: Project) -> None:
    project.task("collect", "(trap '' TERM; setsid bash -c 'sleep 600; sleep 601' &) ; sleep 600")
    look = (
        'for p in /proc/[0-9]*; do [ "$(readlink $p/cwd)" = "$PWD" ] && '
        '[ "$(cat $p/comm)" = sleep ] && echo alive >> alive; done 2> /dev/null; true'
    )
    project.task("retrain", look)
    process = project.start("run", "collect")
    project.await_(lambda: len(project.processes()) == 2)
    process.kill()
    process.wait()
    assert project.call("run", "retrain").returncode == 0
    assert project.processes() == []
    assert project.lines("alive") == []


def test_a_ledger_that_another_process_makes_at_the_same_moment_is_waited_for(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        soon = threading.Timer(0.3, other.execute, ("COMMIT",))
        soon.start()
        with ledger.opened(path) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        soon.join()
    assert ledger.recent_runs(path=path) == []


def small_disk(folder: str) -> list[str]:
    """A prefix that mounts a small disk for one command, where the system lets a user do that."""
    mount = f'mount -t tmpfs -o size=600k none {folder} && exec "$@"'
    prefix = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    try:
        allowed = subprocess.run(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"],
            check=False,
            capture_output=True,
        )
    except FileNotFoundError:
        allowed = None
    if allowed is None or allowed.returncode != 0:
        pytest.skip("this system lets nobody mount a small disk: no full disk to try")
    return prefix


def in_a_small_disk(project: Project, script: str) -> subprocess.CompletedProcess[str]:
    (project.folder / "data/state/schedule").mkdir(parents=True)
    return subprocess.run(
        [*small_disk("data/state/schedule"), "bash", "-c", script],
        cwd=project.folder,
        env=project.env | {"PITCHLINE": " ".join(project.command())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )


FILL = "head -c 2M /dev/zero > data/state/schedule/ballast 2> /dev/null"


def test_a_disk_that_fills_during_a_run_costs_the_run_nothing(project: Project) -> None:
    project.task("collect", f"{FILL}; (sleep 2; rm data/state/schedule/ballast) & echo x >> done")
    done = in_a_small_disk(
        project,
        "$PITCHLINE run collect; echo exit $?; cp data/state/schedule/ledger.sqlite* .",
    )
    assert "exit 0" in done.stdout, done.stdout
    runs = ledger.recent_runs(path=project.folder / "ledger.sqlite")
    assert [(run.status, run.exit_code) for run in runs] == [("succeeded", 0)]
    assert project.lines("done") == ["x"]


def test_on_a_full_disk_no_run_begins_and_the_error_says_why(project: Project) -> None:
    project.task("collect", "echo x >> done")
    done = in_a_small_disk(
        project,
        f"{FILL}; $PITCHLINE run collect; echo exit $?; rm data/state/schedule/ballast; "
        "$PITCHLINE run collect; echo exit $?",
    )
    assert "Free disk space" in done.stdout
    assert "Traceback" not in done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("exit")] == [
        "exit 1",
        "exit 0",
    ]
    assert project.lines("done") == ["x"]
