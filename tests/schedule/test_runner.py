"""Real runners: turns, limits, retries, exit codes, and what is written down."""

import json
import os
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pitchline import environment
from pitchline.params import Params
from pitchline.schedule import clock, ledger, runner
from pitchline.schedule.work import Asked
from tests.alerts.servers import hook_at_work
from tests.schedule.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def events(project: Project, run_id: str) -> list[dict[str, Any]]:
    text = (project.folder / f"logs/runs/{run_id}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_task_runs_and_all_of_it_is_written_down(project: Project) -> None:
    project.task("collect", 'echo "collected as $PITCHLINE_RUN"')
    (project.folder / "models").mkdir()
    (project.folder / "models/champion.json").write_text('{"version": "abc"}')
    done = project.call("run", "collect", "--reason", "a look")
    assert done.returncode == 0, done.stdout
    (run,) = project.runs()
    assert (run.status, run.exit_code, run.trigger, run.cause) == (
        "succeeded", 0, "manual", "a look",
    )  # fmt: skip
    assert run.artifacts == {"champion": "abc"}
    assert run.metrics["seconds"] > 0
    assert (project.folder / run.log).read_text() == f"collected as {run.run_id}\n"
    assert f"collected as {run.run_id}" in done.stdout
    told = events(project, run.run_id)
    assert [line["event"] for line in told] == [
        "queued", "started", "command", "command ended", "closed",
    ]  # fmt: skip
    assert all(line["run"] == run.run_id and line["time"].endswith("Z") for line in told)


def test_the_exit_code_is_the_tasks(project: Project) -> None:
    project.task("collect", "echo broken; exit 7")
    done = project.call("run", "collect", "--trigger", "ci")
    assert done.returncode == 7
    (run,) = project.runs()
    assert (run.status, run.exit_code) == ("failed", 7)
    assert "broken" in done.stdout


def test_a_killed_tasks_exit_code_tells_the_signal(project: Project) -> None:
    project.task("collect", "kill -SEGV $$")
    assert project.call("run", "collect").returncode == 128 + signal.SIGSEGV


def test_it_is_tried_again_by_its_policy_and_no_further(project: Project) -> None:
    policy = {"times": 2, "backoff_seconds": 0.1, "exit_codes": [3]}
    project.task("flaky", "echo x >> tries; [ $(wc -l < tries) -ge 3 ] || exit 3", retries=policy)
    assert project.call("run", "flaky").returncode == 0
    assert project.runs("flaky")[0].attempt == 3
    project.task("wrong", "echo x >> wrongs; exit 4", retries=policy)
    assert project.call("run", "wrong").returncode == 4
    assert project.lines("wrongs") == ["x"]
    project.task("never", "echo x >> nevers; exit 3", retries=policy)
    assert project.call("run", "never").returncode == 3
    assert project.lines("nevers") == ["x"] * 3


def test_what_succeeded_is_not_run_again_by_a_retry(project: Project) -> None:
    policy = {"times": 1, "backoff_seconds": 0.0, "exit_codes": None}
    project.task("second", "echo 2 >> order; [ $(wc -l < order) -ge 3 ]")
    project.task("first", "echo 1 >> order")
    project.task("both", "", target=["snakemake first", "snakemake second"], retries=policy)
    assert project.call("run", "both").returncode == 0
    assert project.lines("order") == ["1", "2", "2"]


def test_the_limit_ends_the_whole_tree(project: Project) -> None:
    script = """
trap '' TERM
sleep 600 &
(setsid sleep 600 &)
(trap '' TERM; setsid bash -c 'trap "" TERM; sleep 600; sleep 600' &)
echo $$ > begun
sleep 600
"""
    project.task("collect", script, limit_minutes=0.03)
    done = project.call("run", "collect")
    assert done.returncode == 124
    assert project.runs()[0].status == "timed out"
    assert project.processes() == []


def test_unknown_tasks_and_parameters_are_named(project: Project) -> None:
    project.task("collect", "true")
    done = project.call("run", "colect")
    assert done.returncode == 1
    assert "Did you mean `collect`?" in done.stdout
    done = project.call("run", "collect", "--", "nonsense")
    assert "are written as Snakemake's --config takes them" in done.stdout
    assert project.runs() == []


def test_parameters_of_a_run_reach_snakemake(project: Project) -> None:
    project.task("retrain", "true")
    (project.tools / "snakemake").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > asked\n')
    done = project.call("run", "retrain", "--", "retrain={reason: drift, lookback_days: 14}")
    assert done.returncode == 0, done.stdout
    assert project.lines("asked") == [
        "--cores", "all", "--config", "retrain={reason: drift, lookback_days: 14}", "--",
        "retrain",
    ]  # fmt: skip


def test_ten_at_once_go_one_by_one_the_highest_priority_first(project: Project) -> None:
    project.task("holder", "touch held; while [ ! -e free ]; do sleep 0.05; done")
    for priority in range(10):
        script = f"mkdir busy || echo collision >> order; echo {priority} >> order; rmdir busy"
        project.task(f"task-{priority}", script, priority=priority)
    started = [project.start("run", "holder")]
    project.await_((project.folder / "held").exists)
    order = (3, 9, 0, 5, 7, 1, 8, 2, 6, 4)
    started += [project.start("run", f"task-{priority}") for priority in order]
    project.await_(lambda: len(project.runs()) == 11)
    assert [run.status for run in project.runs()].count("running") == 1
    (project.folder / "free").touch()
    assert [process.wait(60) for process in started] == [0] * 11
    assert project.lines("order") == [str(n) for n in range(9, -1, -1)]


def test_of_equals_the_first_goes_first(project: Project) -> None:
    project.task("holder", "touch held; while [ ! -e free ]; do sleep 0.05; done")
    project.task("collect", 'echo "$PITCHLINE_RUN" >> order')
    started = [project.start("run", "holder")]
    project.await_((project.folder / "held").exists)
    for count in range(2, 5):
        started.append(project.start("run", "collect"))
        project.await_(lambda count=count: len(project.runs()) == count)
    (project.folder / "free").touch()
    assert [process.wait(60) for process in started] == [0] * 4
    assert project.lines("order") == [run.run_id for run in project.runs("collect")]


def test_cron_systemd_and_scheduler_at_once_are_one_run(project: Project) -> None:
    project.task("collect", "echo x >> done; sleep 0.3")
    triggers = ["cron", "systemd", "scheduler", "catch-up", "cron"]
    started = [project.start("run", "collect", "--trigger", trigger) for trigger in triggers]
    assert [process.wait(60) for process in started] == [0] * 5
    assert project.lines("done") == ["x"]
    assert len(project.runs()) == 1
    assert {run.status for run in project.runs(skipped=True)} <= {"succeeded", "skipped"}
    assert project.call("run", "collect").returncode == 0
    assert project.lines("done") == ["x", "x"]


def test_of_tasks_due_at_one_time_the_highest_goes_first_though_it_came_last(
    project: Project,
) -> None:
    path = project.folder / "clock"
    start = datetime(2026, 3, 4, 1, 59, tzinfo=UTC)
    path.write_text(str(start.timestamp() - time.time()))
    env = {clock.VARIABLE: str(path)}
    project.task("collect", "echo collect >> order", priority=1)
    project.task("retrain", "echo retrain >> order", priority=9)
    assert project.call("schedule", "tend", **env).returncode == 0
    due = ["--trigger", "scheduler", "--due", "2026-03-04T02:00:00Z"]
    low = project.start("run", "collect", *due, **env)
    project.await_status("collect", "queued")
    high = project.start("run", "retrain", *due, **env)
    project.await_status("retrain", "queued")
    assert project.lines("order") == []
    (project.folder / "next").write_text(str(start.timestamp() + 60 - time.time()))
    (project.folder / "next").replace(path)
    assert (low.wait(30), high.wait(30)) == (0, 0)
    assert project.lines("order") == ["retrain", "collect"]


def test_one_due_far_ahead_is_not_waited_for(project: Project) -> None:
    project.task("collect", "true")
    ahead = clock.spell(datetime.now(UTC) + timedelta(hours=2))
    done = project.call("run", "collect", "--trigger", "scheduler", "--due", ahead)
    assert done.returncode == 143
    assert "did the clock jump?" in project.runs()[0].cause


def test_a_task_that_is_off_runs_by_hand_alone(project: Project) -> None:
    project.task("collect", "echo x >> done", enabled=False)
    done = project.call("run", "collect", "--trigger", "cron")
    assert (done.returncode, project.lines("done")) == (0, [])
    assert "is off" in done.stdout
    assert project.call("run", "collect").returncode == 0
    assert project.lines("done") == ["x"]


def test_asked_to_end_it_ends_its_task_and_gives_its_due_time_back_once(project: Project) -> None:
    project.task("collect", "touch begun; sleep 600")
    for times in (1, 2):
        process = project.start("run", "collect", "--trigger", "cron")
        project.await_((project.folder / "begun").exists)
        process.terminate()
        assert process.wait(30) == 143
        assert len(project.runs()) == times
        assert project.runs()[-1].status == "cancelled"
        assert project.processes() == []
        (project.folder / "begun").unlink()
    assert project.call("run", "collect", "--trigger", "cron").returncode == 0
    assert project.runs(skipped=True)[-1].status == "skipped"


def test_a_fault_of_the_runner_itself_goes_up_and_leaves_no_run_open(
    folder: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(work: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(runner, "_attempts", breaks)
    with pytest.raises(ZeroDivisionError):
        runner.run_task(params.schedule, folder / "params.yaml", Asked("collect"))
    (run,) = ledger.recent_runs()
    assert (run.status, run.exit_code) == ("failed", 1)


ON_A_FULL_DISK = """
mkdir disk && mount -t tmpfs -o size=64m tmpfs disk && cp -a bin tasks params.yaml disk && cd disk
pitchline() { bin/python -m pitchline "$@"; }
pitchline schedule tend
echo "$NOON" > "$PITCHLINE_CLOCK"
(until [ -e ../failed ]; do sleep 0.05; done; sleep 1; rm ballast; touch room) &
pitchline run collect --trigger cron || echo "ended with $?"
pitchline schedule tend
until [ -e done ]; do sleep 0.05; done
pitchline run collect --trigger cron
cp -r data ..
"""


def test_a_task_that_failed_on_a_full_disk_is_made_up_for_once_there_is_room(
    project: Project,
) -> None:
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets no user mount a small disk of his own (unshare -rm)")
    fills = "head -c 99M /dev/zero > ballast; sleep 0.3; touch ../failed; exit 1"
    project.task("collect", f"if [ -e room ]; then touch done; else {fills}; fi")
    clock_file = project.folder / "clock"
    clock_file.write_text("0")
    # A day later, far from a due time.
    noon = datetime.now(UTC).replace(hour=12, minute=0) + timedelta(days=2)
    env = {clock.VARIABLE: str(clock_file), "NOON": str((noon - datetime.now(UTC)).total_seconds())}
    said = subprocess.run(
        ["timeout", "60", "unshare", "-rm", "bash", "-e", "-c", ON_A_FULL_DISK],
        cwd=project.folder, env=project.env | env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "ended with 1" in said.stdout
    failed, made_up, late = project.runs(skipped=True)
    assert (failed.status, made_up.status, late.status) == ("failed", "succeeded", "skipped")
    assert failed.cause.endswith("; the disk was full")
    assert (made_up.trigger, made_up.due) == ("catch-up", failed.due)


def test_one_that_waits_can_be_asked_to_end(project: Project) -> None:
    project.task("holder", "touch held; while [ ! -e free ]; do sleep 0.05; done")
    project.task("collect", "echo x >> done")
    holder = project.start("run", "holder")
    project.await_((project.folder / "held").exists)
    waiting = project.start("run", "collect", "--trigger", "cron")
    project.await_status("collect", "queued")
    waiting.terminate()
    assert waiting.wait(30) == 143
    (project.folder / "free").touch()
    assert holder.wait(30) == 0
    assert project.call("run", "collect", "--trigger", "cron").returncode == 0
    assert project.lines("done") == ["x"]


def test_a_run_within_a_run_does_not_wait_for_itself(project: Project) -> None:
    inner = f"{project.tools}/python -m pitchline run retrain"
    project.task("retrain", "echo retrained >> done")
    project.task("waits", inner)
    done = project.call("run", "waits")
    assert done.returncode == 1
    assert "call with --no-wait" in done.stdout
    project.task("leaves", f"{inner} --no-wait --trigger emergency --reason drift > promised")
    assert project.call("run", "leaves").returncode == 0
    run = project.await_status("retrain", "succeeded")
    assert (run.trigger, run.cause) == ("emergency", "drift")
    assert project.lines("promised") == [run.run_id]
    assert project.lines("done") == ["retrained"]


def test_a_snakemake_by_hand_is_waited_for(project: Project) -> None:
    project.task("collect", "echo ran >> order")
    lock = project.folder / ".snakemake/pitchline/lock"
    lock.parent.mkdir(parents=True)
    code = (
        "import sys; from pitchline.rules import hold_lock; hold_lock(); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [str(project.tools / "python"), "-c", code],
        cwd=project.folder,
        env=project.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as by_hand:
        assert by_hand.stdout is not None
        by_hand.stdout.readline()
        runner = project.start("run", "collect")
        project.await_(lambda: "waits for Snakemake" in (project.folder / "said").read_text())
        assert project.lines("order") == []
        by_hand.kill()
    assert runner.wait(30) == 0
    assert project.lines("order") == ["ran"]


def test_a_jump_of_the_clock_harms_no_run_at_work(project: Project) -> None:
    path = project.folder / "clock"
    path.write_text("0")
    env = {clock.VARIABLE: str(path)}
    project.task("collect", "touch begun; while [ ! -e free ]; do sleep 0.05; done")
    project.task("retrain", "true", priority=9)
    at_work = project.start("run", "collect", **env)
    project.await_((project.folder / "begun").exists)
    waiting = project.start("run", "retrain", **env)
    for jump in (30 * 86400, -60 * 86400):
        (project.folder / "next").write_text(str(jump))
        (project.folder / "next").replace(path)
        project.await_status("retrain", "queued")
        assert at_work.poll() is None
    (project.folder / "free").touch()
    assert (at_work.wait(30), waiting.wait(30)) == (0, 0)
    assert [run.status for run in project.runs()] == ["succeeded"] * 2


def test_the_set_clock_is_refused_in_production(project: Project) -> None:
    project.task("collect", "true")
    (project.folder / "clock").write_text("0")
    env = {clock.VARIABLE: "clock", environment.VARIABLE: "prod"}
    done = project.call("run", "collect", **env)
    assert done.returncode == 1
    assert "a clock that can be set is for simulations" in done.stdout


def test_failures_are_told_and_a_success_takes_them_back(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pitchline import alerts

    project.task("collect", "[ -e fine ]")
    project.call("run", "collect")
    monkeypatch.chdir(project.folder)
    assert alerts.is_open("schedule/collect/failed", subject="failed")
    (project.folder / "fine").touch()
    project.call("run", "collect")
    assert not alerts.is_open("schedule/collect/failed")


def test_a_folder_that_can_not_be_written_is_named(project: Project) -> None:
    project.task("collect", "true")
    (project.folder / "data").write_text("in the way")
    done = project.call("run", "collect", "--trigger", "cron")
    assert done.returncode == 1
    assert "data/state/schedule" in done.stdout
    assert "Traceback" not in done.stdout


def test_only_its_own_children_are_ended(project: Project) -> None:
    other = subprocess.Popen(["sleep", "600"], cwd=project.folder)
    try:
        project.task("collect", "sleep 600", limit_minutes=0.02)
        assert project.call("run", "collect").returncode == 124
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
    assert os.getpid() != other.pid


def test_what_a_task_tells_itself_is_sent(project: Project) -> None:
    tell = "from pitchline import alerts; alerts.tell('monitor/quality', 'warning', 'It fell')"
    project.task("collect", f'{project.tools / "python"} -c "{tell}"')
    project.params["alerts"]["group_seconds"] = 0.1
    project.task("other", "true")
    with hook_at_work() as hook:
        assert project.call("run", "collect", PITCHLINE_ALERTS_CHAT=hook.url).returncode == 0
        project.await_(lambda: hook.got)
        assert "It fell" in hook.titles[0]


SNAKEMAKE = """#!/bin/sh
case " $* " in *" --dry-run "*) echo "Nothing to be done"; exit 0 ;; esac
while [ "$1" != -- ]; do shift; done
shift
exec ./tasks/"$1"
"""
DVC = """#!/bin/sh
echo "$*" >> dvc-calls
[ "$1" != config ] || cat remote
[ "$1" != commit ] || exec ./committing
"""


def recording(project: Project, what: str, **more: Any) -> Project:
    """A project whose DVC is a stand-in that notes how it is called."""
    project._script(project.tools / "snakemake", SNAKEMAKE)
    project._script(project.tools / "dvc", DVC)
    project._script(project.folder / "committing", "#!/bin/sh\n")
    (project.folder / "dvc.yaml").write_text("stages: {ingest: {}, train: {}}")
    (project.folder / "remote").write_text("core.remote=far\n")
    project.params["schedule"] |= {"record": what, **more}
    project.task("collect", "echo collected >> collected")
    return project


@pytest.mark.parametrize(
    ("what", "options", "expected"),
    [
        ("none", [], []),
        ("record", [], ["commit --force --quiet ingest train"]),
        (
            "push",
            [],
            [
                "config --list",
                "commit --force --quiet ingest train",
                "push --quiet ingest train",
            ],
        ),
        ("push", ["--no-record"], []),
        ("push", ["--nothing-to-do"], []),
    ],
)
def test_dvc_is_told_of_what_was_built_as_the_table_says(
    project: Project, what: str, options: list[str], expected: list[str]
) -> None:
    recording(project, what)
    project.task("idle", "exit 0", target=["pitchline schedule list"])
    assert project.call("run", "idle").returncode == 0
    assert project.lines("dvc-calls") == []
    assert project.call("run", "collect", *options).returncode == 0
    assert project.lines("dvc-calls") == expected
    run = project.runs("collect")[-1]
    assert (run.status, run.metrics.get("recorded")) == ("succeeded", True if expected else None)
    assert project.lines("collected") == ([] if "--nothing-to-do" in options else ["collected"])


def test_what_cannot_be_recorded_is_an_alert_of_its_own_and_no_failed_run(project: Project) -> None:
    recording(project, "push")
    (project.folder / "remote").write_text("")
    done = project.call("run", "collect", "--trigger", "cron")
    assert done.returncode == 0
    (run,) = project.runs()
    assert (run.status, run.metrics["recorded"]) == ("succeeded", False)
    (alert,) = json.loads(project.call("alerts", "list", "--json").stdout)
    assert (alert["key"], alert["severity"]) == ("schedule/collect/record", "error")
    assert "dvc remote add --default" in alert["text"]
    assert "pitchline record --built" in alert["text"]
    assert project.lines("dvc-calls") == ["config --list"]

    (project.folder / "remote").write_text("core.remote=far\n")
    assert project.call("run", "collect").returncode == 0
    assert json.loads(project.call("alerts", "list", "--json").stdout) == []


def test_recording_has_a_limit_of_its_own_and_a_failed_task_records_nothing(
    project: Project,
) -> None:
    recording(project, "record", record_minutes=0.05)
    project._script(project.folder / "committing", "#!/bin/sh\nsleep 300\n")
    assert project.call("run", "collect").returncode == 0
    (run,) = project.runs()
    assert (run.status, run.metrics["recorded"]) == ("succeeded", False)
    assert not project.processes()
    (project.folder / "dvc-calls").unlink()
    project.task("collect", "exit 3")
    assert project.call("run", "collect").returncode == 3
    assert project.lines("dvc-calls") == []


def test_parameters_one_by_one_reach_snakemake_whatever_signs_they_have(project: Project) -> None:
    project._script(project.tools / "snakemake", "#!/bin/sh\nprintf '%s\\n' \"$@\" > asked\n")
    project.task("retrain", "")
    reason = 'it\'s: {a, "b"} # = no'
    done = project.call(
        "run", "retrain", "--set", f"retrain.reason={reason}", "--set", "retrain.lookback_days=14",
        "--set", "train.gate.minimum_score=0.9",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    told = [line for line in project.lines("asked") if "={" in line]
    assert [json.loads(line.partition("=")[2]) for line in told] == [
        {"reason": reason, "lookback_days": "14"},
        {"gate": {"minimum_score": "0.9"}},
    ]
    for wrong in ("retrain", "retrain=1", "retrain.lookback_days", "Retrain.x=1"):
        refused = project.call("run", "retrain", "--set", wrong)
        assert refused.returncode == 1
        assert "SECTION.NAME=VALUE" in refused.stdout
