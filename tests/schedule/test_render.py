"""The table as other engines read it: the same due times, and workflows that can be trusted."""

import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from pitchline.params import Params, Schedule
from pitchline.params.schedule import plain_cron
from pitchline.schedule.due import due_times
from pitchline.schedule.render import crontab, github, systemd
from pitchline.schedule.render.cron import expression, fields_of, off_the_hour, on_calendar
from tests.conftest import ROOT
from tests.schedule.test_due import expressions

START = datetime(2026, 2, 20, tzinfo=UTC)
MONTH = timedelta(days=31)
WORKFLOWS = ["collect", "retrain", "monitor"]
PROJECT, PROGRAM = Path("/srv/pitch line 100%"), Path("/srv/env/bin/pitchline")
PINNED = re.compile(r"uses: [a-z-]+/[a-z-]+(/[a-z]+)?@[0-9a-f]{40} # v\d+\.\d+\.\d+")

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)


def all_on(schedule: Schedule) -> Schedule:
    tasks = {
        name: task.model_copy(update={"enabled": True}) for name, task in schedule.tasks.items()
    }
    return schedule.model_copy(update={"tasks": tasks})


@settings(deadline=None)
@given(expressions())
def test_an_expression_put_together_again_means_the_same(
    case: tuple[str, list[set[int]]],
) -> None:
    cron, values = case
    again = plain_cron(expression(fields_of(cron)))
    fields = fields_of(again)
    assert [fields.minutes, fields.hours, fields.days, fields.months, fields.weekdays] == values


@settings(deadline=None)
@given(expressions())
def test_off_the_hour_is_the_same_times_a_few_minutes_later(
    case: tuple[str, list[set[int]]],
) -> None:
    cron, _ = case
    later = off_the_hour(cron, "collect")
    begin = START - timedelta(seconds=1)
    before, after = (
        list(islice(due_times(text, begin, START + 400 * MONTH), 20)) for text in (cron, later)
    )
    gaps = {b - a for a, b in zip(before, after, strict=True)}
    assert len(gaps) == 1
    assert timedelta() <= gaps.pop() < timedelta(hours=1)
    if max(fields_of(cron).minutes) < 59:
        assert 0 not in fields_of(later).minutes


def test_the_tables_minutes_are_odd_on_github(params: Params) -> None:
    for name, task in params.schedule.tasks.items():
        (minute,) = fields_of(off_the_hour(task.cron, name)).minutes
        assert minute % 2 == 1


@needs_systemd
@pytest.mark.parametrize(
    "cron", ["0 2 * * *", "0 3 * * MON", "0 */6 * * *", "5,35 1-3 1,15 * *", "*/20 4 * JAN-MAR 0,6"]
)
def test_systemd_reads_the_same_due_times(cron: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=12", f"--base-time={START:%F %T} UTC",
         on_calendar(cron)],
        capture_output=True, text=True, check=True, env={"TZ": "UTC", "LC_ALL": "C"},
    )  # fmt: skip
    told = re.findall(r"\w{3} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", done.stdout)
    found = list(dict.fromkeys(told))
    plain = islice(due_times(cron, START, START + 24 * MONTH), 12)
    assert found == [f"{due:%F %T}" for due in plain]


@needs_systemd
def test_systemd_accepts_the_units(params: Params, tmp_path: Path) -> None:
    program = tmp_path / "pitchline"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    made = systemd.files(all_on(params.schedule), tmp_path, program)
    for name, text in made.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *(str(tmp_path / name) for name in made)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_units_catch_up_and_have_a_limit_beyond_the_runners(params: Params) -> None:
    schedule = all_on(params.schedule)
    made = systemd.files(schedule, PROJECT, PROGRAM)
    for name, task in schedule.tasks.items():
        timer, service = made[f"pitchline-{name}.timer"], made[f"pitchline-{name}.service"]
        assert "Persistent=true" in timer
        limit = re.search(r"RuntimeMaxSec=(\d+)", service)
        assert limit is not None
        assert int(limit[1]) > task.limit_minutes * 60
        assert "WorkingDirectory=/srv/pitch line 100%%" in service
    off = {"backup": schedule.tasks["backup"].model_copy(update={"enabled": False})}
    without = schedule.model_copy(update={"tasks": schedule.tasks | off})
    assert "pitchline-backup.timer" not in systemd.files(without, PROJECT, PROGRAM)


def test_the_crontab_has_every_task_in_utc_and_what_is_off_is_off(params: Params) -> None:
    text = crontab.files(params.schedule, PROJECT, PROGRAM)["crontab"]
    lines = text.splitlines()
    assert lines.index("CRON_TZ=UTC") < min(n for n, line in enumerate(lines) if " run " in line)
    for name, task in params.schedule.tasks.items():
        (line,) = (line for line in lines if f" run {name} " in line)
        assert line.startswith("# off: ") != task.enabled
        cron = " ".join(line.removeprefix("# off: ").split()[:5])
        until = START + 2 * MONTH
        assert list(due_times(cron, START, until)) == list(due_times(task.cron, START, until))
    commands = [line for line in lines if " && " in line]
    for line in commands:
        # Cron turns \% into a percent sign and hands the rest to the shell.
        words = shlex.split(line.replace(r"\%", "%"))
        assert str(PROJECT) in words
        assert "%" not in line.replace(r"\%", "")


def test_the_committed_workflows_are_those_of_the_table(params: Params) -> None:
    made = github.files(params.schedule, params.alerts)
    assert sorted(made) == sorted(f".github/workflows/{name}.yml" for name in WORKFLOWS)
    for path, text in made.items():
        committed = (ROOT / path).read_text(encoding="utf-8")
        assert committed == text, "run `pitchline schedule render github`"


@pytest.fixture(params=[False, True], ids=["as committed", "all on"])
def workflows(request: pytest.FixtureRequest, params: Params) -> dict[str, dict[str, Any]]:
    schedule = all_on(params.schedule) if request.param else params.schedule
    found = {}
    for path, text in github.files(schedule, params.alerts).items():
        # YAML takes the key `on` for a truth value.
        found[Path(path).stem] = yaml.safe_load(text.replace("\non:\n", "\n'on':\n"))
    return found


def job_of(workflow: dict[str, Any]) -> str:
    """The job that runs the tasks, named like the workflow."""
    return str(workflow["name"])


def steps_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_workflows_have_limits_one_at_a_time_and_least_rights(
    workflows: dict[str, dict[str, Any]], params: Params
) -> None:
    for name, workflow in workflows.items():
        assert workflow["permissions"] == {"contents": "read"}
        assert workflow["concurrency"]["cancel-in-progress"] is False
        assert workflow["on"]["workflow_dispatch"]["inputs"]["trial"]["default"] is False
        assert workflow["jobs"][name].get("permissions") is None
        rights = {job: each["permissions"] for job, each in workflow["jobs"].items() if job != name}
        expected = {"issue": {"issues": "write"}, "dispatch": {"actions": "write"}}
        assert rights == {job: expected[job] for job in rights}
        assert ("dispatch" in rights) == (name == "monitor")
        assert all(job["timeout-minutes"] for job in workflow["jobs"].values())
        whole = workflow["jobs"][name]["timeout-minutes"]
        for step in steps_of(workflow):
            called = re.findall(r"pitchline run (\S+)", step.get("run", ""))
            for task in called:
                limit = params.schedule.tasks[task].limit_minutes
                if "--nothing-to-do" not in step["run"]:
                    # A step over its time fails the job; a job over its time is only cancelled.
                    assert limit < step["timeout-minutes"] < whole


def test_workflows_fire_when_the_table_says_at_odd_minutes(
    workflows: dict[str, dict[str, Any]], params: Params
) -> None:
    for workflow in workflows.values():
        for entry in workflow["on"].get("schedule", []):
            fields = fields_of(plain_cron(entry["cron"]))
            assert all(minute % 2 for minute in fields.minutes)
    collect = workflows["collect"]["on"]["schedule"][0]["cron"]
    assert fields_of(collect).hours == fields_of(params.schedule.tasks["collect"].cron).hours


def test_each_monitor_runs_at_its_own_time(params: Params) -> None:
    schedule = all_on(params.schedule)
    text = github.files(schedule, params.alerts)[".github/workflows/monitor.yml"]
    workflow = yaml.safe_load(text.replace("\non:\n", "\n'on':\n"))
    crons = {entry["cron"] for entry in workflow["on"]["schedule"]}
    asked = {
        cron
        for step in steps_of(workflow)
        for cron in re.findall(r"github.event.schedule == '([^']+)'", step.get("if", ""))
    }
    assert asked == crons
    assert len(crons) == 3


def test_actions_are_pinned_by_their_commit(params: Params) -> None:
    for text in github.files(params.schedule, params.alerts).values():
        uses = [line.strip().removeprefix("- ") for line in text.splitlines() if "uses:" in line]
        assert len(uses) >= 5
        assert [line for line in uses if not PINNED.fullmatch(line)] == []


def test_no_script_has_an_expression_pasted_into_it(workflows: dict[str, dict[str, Any]]) -> None:
    for workflow in workflows.values():
        for step in steps_of(workflow):
            script = step.get("run", "")
            assert "${{" not in script
            subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_a_trial_touches_nothing_shared(workflows: dict[str, dict[str, Any]]) -> None:
    for workflow in workflows.values():
        saves = [step for step in steps_of(workflow) if "cache/save" in step.get("uses", "")]
        assert saves
        for step in saves:
            guarded = "!inputs.trial" in step["if"] or "steps.mark.outcome" in step["if"]
            assert guarded
        for name, job in workflow["jobs"].items():
            assert name == job_of(workflow) or "!inputs.trial" in job["if"]
        assert not any(
            step.get("uses", "").startswith("actions/cache@") for step in steps_of(workflow)
        )
        assert "inputs.trial" in workflow["concurrency"]["group"]
    (mark,) = (step for step in steps_of(workflows["retrain"]) if step.get("id") == "mark")
    assert "!inputs.trial" in mark["if"]


def test_summary_and_artifacts_come_always_and_retraining_only_with_news(
    workflows: dict[str, dict[str, Any]],
) -> None:
    for workflow in workflows.values():
        always = [step for step in steps_of(workflow) if step.get("if") == "always()"]
        assert any("GITHUB_STEP_SUMMARY" in step.get("run", "") for step in always)
        assert any("upload-artifact" in step.get("uses", "") for step in always)
    (retrain,) = (s for s in steps_of(workflows["retrain"]) if s.get("name") == "retrain")
    assert "steps.trained.outputs.cache-hit != 'true'" in retrain["if"]


def test_secrets_reach_the_one_step_that_needs_them(params: Params) -> None:
    schedule = all_on(params.schedule).model_copy(update={"record": "push"})
    for text in github.files(schedule, params.alerts).values():
        workflow = yaml.safe_load(text)
        for step in steps_of(workflow):
            named = set(re.findall(r"secrets\.(\w+)", str(step)))
            if step.get("name") == "tell people":
                assert named == {route.urls_from for route in params.alerts.routes.values()}
            elif named:
                assert re.search(r"pitchline run (collect|retrain)|dvc pull", step["run"])
        for job in workflow["jobs"].values():
            assert "secrets." not in str({k: v for k, v in job.items() if k != "steps"})


@pytest.mark.parametrize("record", ["none", "record", "push"])
def test_what_records_has_the_time_and_the_rights_for_it(params: Params, record: str) -> None:
    schedule = all_on(params.schedule).model_copy(update={"record": record})
    made = github.files(schedule, params.alerts)
    for name in ("collect", "retrain"):
        text = made[f".github/workflows/{name}.yml"]
        workflow = yaml.safe_load(text)
        (step,) = (s for s in steps_of(workflow) if s.get("id") == f"task-{name}")
        limit = schedule.tasks[name].limit_minutes
        assert (step["timeout-minutes"] > limit + schedule.record_minutes) == (record != "none")
        assert ("--no-record" in str(step["env"])) == (record != "none")
        assert ("contents: write" in text) == (record == "push")
        assert ("AWS_SECRET_ACCESS_KEY" in text) == (record == "push")
        assert ("git checkout --quiet HEAD -- dvc.lock" in text) == (record == "none")
    monitor = made[".github/workflows/monitor.yml"]
    assert "contents: write" not in monitor
    assert "AWS_" not in monitor


def test_where_nothing_retrains_nothing_is_dispatched(params: Params) -> None:
    tasks = {name: task for name, task in params.schedule.tasks.items() if name != "retrain"}
    schedule = params.schedule.model_copy(update={"tasks": tasks})
    made = github.files(schedule, params.alerts)
    assert sorted(made) == [".github/workflows/collect.yml", ".github/workflows/monitor.yml"]
    assert "dispatch" not in yaml.safe_load(made[".github/workflows/monitor.yml"])["jobs"]
    assert "actions: write" not in made[".github/workflows/monitor.yml"]
