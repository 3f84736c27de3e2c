"""The workflows at work: their scripts and the product run here, GitHub is a stand-in."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pitchline.params import Params, validate
from pitchline.promote.champion import BUNDLE
from pitchline.schedule.render import github
from tests.alerts.servers import hook_at_work
from tests.conftest import ROOT
from tests.forked import at_work
from tests.schedule.actions import GitHub, Job

SNAKEMAKE = """#!/bin/bash
case " $* " in *" --dry-run "*) echo 'Nothing to be done'; exit 0 ;; esac
mkdir -p logs && printf '%s\\n' "$@" > logs/asked
while [ "$1" != -- ]; do shift; done
exec bash tasks/"$2"
"""
DVC = """#!/bin/bash
case "$1" in
  config) echo core.remote=far ;;
  commit) echo "# recorded: $*" >> dvc.lock ;;
  push) echo "# pushed: $*" >> dvc.lock ;;
esac
"""
COLLECT = """
mkdir -p data/raw/starter reports
cp news data/raw/starter/manifest.json
cp -r monitoring reports/
exit "$(cat exit_code)"
"""
RETRAIN = """
mkdir -p data/raw/starter models/champions reports
cp news data/raw/starter/manifest.json
cp -r monitoring reports/
version=$(sha256sum news params.yaml | sha256sum | head -c 12)
sed "s/VERSION/$version/" pointer.json > models/champion.json
cp models/champion.json models/decision.json
"""
MAKEFILE = """environment environment-s3:
	@mkdir -p .venv && cp -a tools .venv/bin
"""
IGNORED = """/data/
/models/*
!/models/champion.json
!/models/decision.json
/reports/
/logs/
/mlruns/
/.venv/
/.snakemake/
"""
POINTER = {
    "version": "VERSION",
    "as_of": "2026-05-08T00:00:00Z",
    "files": {name: {"sha256": "0" * 64, "md5": "0" * 32} for name in BUNDLE},
}
IMPORTED = ("click", "psutil", "pydantic", "yaml")
AS_OF = "2026-05-08T00:00:00Z"
RINGS, FAILS = "The scheduled emergency-retrain fails", "The scheduled performance fails"


def environment() -> dict[str, str]:
    paths = [path for path in sys.path if path.endswith("site-packages")]
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PITCHLINE_", "GITHUB_", "GIT_"))
        # Each of the many processes would compile the package anew.
        and key != "PYTHONDONTWRITEBYTECODE"
    } | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "workflow"), *paths]),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "test",
        "GIT_AUTHOR_EMAIL": "test@example.org",
        "GIT_COMMITTER_NAME": "test",
        "GIT_COMMITTER_EMAIL": "test@example.org",
    }


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class World(GitHub):
    """A repository of the product's with tasks that are small scripts."""

    def __init__(self, folder: Path, pitchline: str = "") -> None:
        self.source = folder / "repository"
        is_new = not self.source.exists()
        super().__init__(folder, self.source, environment())
        if is_new:
            self._lay(pitchline)
        self.params = yaml.safe_load((self.source / "params.yaml").read_text())

    def _lay(self, pitchline: str) -> None:
        program(self.source / "tools/pitchline", pitchline)
        self.params = yaml.safe_load((ROOT / "params.yaml").read_text())
        self.params["alerts"]["group_seconds"] = 0.0
        tasks = self.params["schedule"]["tasks"]
        for task in tasks.values():
            task["retries"] = {"times": 0, "backoff_seconds": 0.0, "exit_codes": None}
        tasks["collect"]["target"] = ["snakemake collect"]
        tasks["emergency-retrain"]["target"] = ["pitchline monitor emergency --start"]
        self.write("tasks/collect", COLLECT)
        self.write("tasks/retrain", RETRAIN)
        for name, text in {
            "Makefile": MAKEFILE,
            ".gitignore": IGNORED,
            "dvc.lock": "schema: '2.0'\n",
            "pyproject.toml": "",
            "requirements/run.lock": "",
            "news": "first",
            "exit_code": "0",
            "pointer.json": json.dumps(POINTER),
        }.items():
            self.write(name, text)
        self.ring()
        subprocess.run(["git", "init", "--quiet", str(self.source)], check=True)
        self.commit()

    def write(self, name: str, text: str) -> None:
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def ring(self, *monitors: str) -> None:
        """Let the monitors find what is to be found: those named ring."""
        for name in ("quality", "performance", "drift"):
            status = "alarm" if name in monitors else "good"
            told = {
                "monitor": name,
                "as_of": AS_OF,
                "status": status,
                "reasons": [{"name": name, "status": status, "text": f"{name} is {status}"}],
                "newest_score": 0.99,
                "competitions": [
                    {
                        "newest_result": "2026-05-06T00:00:00Z",
                        "playing_since": "2025-08-15T00:00:00Z",
                        "days_since_result": 2.0,
                    }
                ],
            }
            self.write(f"monitoring/{name}.json", json.dumps(told))

    def commit(self) -> None:
        """What is pushed to the repository."""
        self.write("params.yaml", yaml.safe_dump(self.params, sort_keys=False))
        for words in (["add", "--all"], ["commit", "--quiet", "--allow-empty", "-m", "changed"]):
            subprocess.run(["git", *words], cwd=self.source, env=self.env, check=True)

    def call(self, name: str, **how: Any) -> dict[str, Job]:
        """Run a workflow as the table of now makes it."""
        params = validate(self.params, "params.yaml")
        text = github.files(params.schedule, params.alerts)[f".github/workflows/{name}.yml"]
        return self.run(text, **how)

    def on_time(self, name: str, task: str | None = None, **how: Any) -> dict[str, Job]:
        """Run a workflow at a task's due time."""
        params = validate(self.params, "params.yaml")
        cron = github._times(params.schedule, [task or name])[task or name]
        return self.call(name, event="schedule", cron=cron, **how)

    def runs(self, group: str) -> list[tuple[str, str, str]]:
        """The runs that the newest memory of a group holds: task, trigger and status."""
        from pitchline.schedule import ledger

        for folder in sorted(self.caches.iterdir(), reverse=True):
            about = json.loads((folder / "about.json").read_text())
            if about["key"].startswith(f"memory-{group}-"):
                path = folder / f"files/logs/memory/{group}/ledger.sqlite"
                told = ledger.recent_runs(100, skipped=True, path=path)
                return [(run.task, run.trigger, run.status) for run in told[::-1]]
        return []

    def asked(self, name: str) -> list[str]:
        """What the newest run of a workflow called Snakemake with."""
        folders = sorted(self.artifacts.glob(f"{name}-*"), key=lambda path: path.stat().st_mtime_ns)
        return (folders[-1] / "logs/asked").read_text().splitlines()


@pytest.fixture(scope="module")
def begun() -> Iterator[Path]:
    """A world after its first retraining: don't change it, copy it."""
    with tempfile.TemporaryDirectory(prefix="pitchline-") as home:
        folder, environment = Path(home) / "world", Path(home) / "environment"
        folder.mkdir()
        environment.mkdir()
        with at_work(environment, IMPORTED) as tools:
            program(tools / "snakemake", SNAKEMAKE)
            program(tools / "dvc", DVC)
            made = World(folder, (tools / "pitchline").read_text())
            first = made.call("retrain", inputs={"begin": True})
            assert first["retrain"].result == "success", first["retrain"]
            yield folder


@pytest.fixture
def world(begun: Path, tmp_path: Path) -> World:
    shutil.copytree(begun, tmp_path / "world", symlinks=True)
    return World(tmp_path / "world")


def results(done: dict[str, Job]) -> dict[str, str]:
    return {name: job.result for name, job in done.items()}


def test_a_failure_opens_one_issue_and_a_recovery_closes_it(world: World) -> None:
    world.write("exit_code", "3")
    world.commit()
    for time in (1, 2):
        failed = world.on_time("collect") if time == 1 else world.call("collect")
        assert results(failed) == {"collect": "failure", "issue": "success"}
    (issue,) = world.told()["issues"]
    assert issue["title"] == "The scheduled collect fails"
    assert [each.split(":")[0] for each in issue["said"]] == ["It failed", "It failed again"]
    assert "collect" in failed["collect"].summary
    assert "failed" in failed["collect"].summary

    world.write("exit_code", "0")
    world.commit()
    assert results(world.call("collect"))["collect"] == "success"
    assert world.open_issues() == []
    assert len(world.told()["issues"]) == 1


def test_somebody_elses_issue_of_that_title_is_left_alone(world: World) -> None:
    title = "The scheduled collect fails"
    theirs = {"number": 1, "title": title, "open": True, "author": {"is_bot": False}, "said": []}
    world.state.write_text(json.dumps(world.told() | {"issues": [theirs]}))
    world.call("collect")
    assert world.told()["issues"] == [theirs]


def test_what_a_failed_run_collected_is_kept(world: World) -> None:
    before = len(world.cached("state-"))
    world.write("news", "second")
    world.write("exit_code", "1")
    world.commit()
    assert world.on_time("collect")["collect"].result == "failure"
    assert len(world.cached("state-")) == before + 1
    newest = max(path for path in world.caches.iterdir() if (path / "files/data").exists())
    assert (newest / "files/data/raw/starter/manifest.json").read_text() == "second"


def test_a_run_made_again_after_a_failure_is_no_due_time_answered_already(world: World) -> None:
    world.write("exit_code", "1")
    world.commit()
    world.on_time("collect")
    world.write("exit_code", "0")
    world.commit()
    again = world.on_time("collect", attempt=2)
    assert again["collect"].result == "success"
    assert [each for each in world.runs("state") if each[0] == "collect"] == [
        ("collect", "ci", "failed"),
        ("collect", "manual", "succeeded"),
    ]
    # The timer's own second call finds the due time answered.
    assert world.on_time("collect")["collect"].result == "success"
    assert world.runs("state")[-1] == ("collect", "ci", "skipped")


def test_nothing_is_begun_anew_where_the_state_is_gone(world: World) -> None:
    shutil.rmtree(world.caches)
    world.caches.mkdir()
    for name, task in (("collect", "collect"), ("monitor", "performance")):
        lost = world.on_time(name, task)
        assert lost[name].result == "failure"
        assert "Run retrain by hand" in lost[name].said
    assert world.cached("state-") == []
    assert world.cached("memory-") == []
    assert world.open_issues() == [
        "The scheduled collect fails",
        "The scheduled monitor fails",
    ]


def test_a_retraining_needs_news_or_a_reason(world: World) -> None:

    def trained(**how: Any) -> bool:
        done = world.call("retrain", **how) if how else world.on_time("retrain")
        assert results(done) == {"retrain": "success", "issue": "success"}
        return bool(done["retrain"].steps["task-retrain"]["outcome"] == "success")

    assert not trained()
    assert world.runs("state")[-1] == ("retrain", "ci", "succeeded")
    assert trained(inputs={"reason": "drift, they say: 'much'"})
    assert not trained(inputs={"reason": ""})

    world.write("news", "second")
    world.commit()
    world.call("collect")
    assert trained(inputs={"reason": ""})
    assert not trained(inputs={"reason": ""})

    # To and fro again: what was trained on long ago is not what serves.
    first = world.params["seed"]
    for seed in (first + 1, first):
        world.params["seed"] = seed
        world.commit()
        assert trained(inputs={"reason": ""})
        assert not trained(inputs={"reason": ""})


def test_reason_and_days_of_a_retraining_reach_snakemake_as_they_stand(world: World) -> None:
    reason = 'they\'re "worse": {a, b}; $(touch spoilt) `x` \\ # no'
    done = world.call("retrain", inputs={"reason": reason, "lookback_days": "21"})
    assert done["retrain"].result == "success", done["retrain"].said
    words = world.asked("retrain")
    (setting,) = [word for word in words if word.startswith("retrain={")]
    assert words[words.index("--config") + 1] == setting
    told = yaml.safe_load(setting.partition("=")[2])
    assert told == {"reason": reason, "lookback_days": "21"}
    assert not list(world.folder.rglob("spoilt"))
    # Its gate was another one, so the weekly retraining is not spared.
    world.write("news", "second")
    world.commit()
    world.call("retrain", inputs={"lookback_days": "21"})
    assert world.on_time("retrain")["retrain"].steps["task-retrain"]["outcome"] == "success"


def test_a_refused_parameter_fails_the_run(world: World) -> None:
    (world.source / "tasks/retrain").write_text("exit 1\n")
    world.commit()
    done = world.call("retrain", inputs={"lookback_days": "many"})
    assert done["retrain"].result == "failure"
    assert world.open_issues() == ["The scheduled retrain fails"]


def ringing(world: World) -> World:
    world.ring("performance")
    world.write("news", "second")
    world.commit()
    world.call("collect")
    return world


def test_an_emergency_dispatches_once_and_its_cool_down_holds(world: World) -> None:
    ringing(world)
    done = world.on_time("monitor", "emergency-retrain")
    assert results(done) == {"monitor": "success", "dispatch": "success", "issue": "success"}
    (dispatched,) = world.told()["dispatches"]
    asked = {"reason": "performance_degradation", "lookback_days": "14"}
    assert dispatched == {"workflow": "retrain.yml", "ref": "main", "inputs": asked}

    again = world.on_time("monitor", "emergency-retrain", attempt=2)
    assert "held back by cool-down" in again["monitor"].said
    assert again["dispatch"].result == "skipped"
    # Once another workflow ran it knows of the emergency, too, should the monitors' cache be lost.
    world.call("collect")
    for folder in world.caches.iterdir():
        if "memory-monitor-" in (folder / "about.json").read_text():
            shutil.rmtree(folder)
    held = world.on_time("monitor", "emergency-retrain", attempt=2)
    assert "held back by cool-down" in held["monitor"].said
    assert len(world.told()["dispatches"]) == 1


def test_the_retraining_that_was_dispatched_runs_though_nothing_is_new(world: World) -> None:
    ringing(world)
    world.call("retrain")
    world.on_time("monitor", "emergency-retrain")
    (dispatched,) = world.told()["dispatches"]
    done = world.call("retrain", inputs=dispatched["inputs"], actor="github-actions[bot]")
    assert done["retrain"].steps["task-retrain"]["outcome"] == "success"
    assert ("retrain", "emergency", "succeeded") in world.runs("state")
    (setting,) = [word for word in world.asked("retrain") if word.startswith("retrain={")]
    assert "performance_degradation" in setting
    assert not any("gate" in word for word in world.asked("retrain"))
    # And the monitors hear of it, as the others hear of them.
    world.on_time("monitor", "performance")
    assert {task for task, _, _ in world.runs("monitor")} == {
        "collect", "retrain", "emergency-retrain", "performance",
    }  # fmt: skip


def test_an_emergency_that_is_not_remembered_is_not_started(world: World) -> None:
    ringing(world)
    world.saves_fail = True
    done = world.on_time("monitor", "emergency-retrain")
    assert results(done) == {"monitor": "success", "dispatch": "failure", "issue": "success"}
    assert world.told()["dispatches"] == []
    assert world.open_issues() == [RINGS]


def test_a_dispatch_that_is_refused_is_an_issue(world: World) -> None:
    ringing(world)
    tool = world.folder / "tools/gh"
    tool.write_text(tool.read_text().replace('need("actions")', 'sys.exit("HTTP 500")'))
    (world.folder / "tools/sleep").write_text("#!/bin/sh\n")
    (world.folder / "tools/sleep").chmod(0o755)
    done = world.on_time("monitor", "emergency-retrain")
    assert done["dispatch"].result == "failure"
    assert done["dispatch"].said.count("HTTP 500") == 3
    assert "run retrain by hand" in done["dispatch"].said
    assert world.open_issues() == [RINGS]


def test_a_monitor_that_fails_is_told_by_its_name_and_another_closes_no_issue_of_it(
    world: World,
) -> None:
    assert world.on_time("monitor", "performance")["monitor"].result == "failure"
    assert world.open_issues() == [FAILS]
    assert world.on_time("monitor", "emergency-retrain")["monitor"].result == "success"
    assert world.open_issues() == [FAILS]
    world.params["schedule"]["tasks"]["performance"]["target"] = ["pitchline monitor emergency"]
    world.commit()
    assert world.call("monitor")["monitor"].steps["task-performance"]["outcome"] == "success"
    assert FAILS not in world.open_issues()


def test_a_trial_touches_nothing_shared(world: World) -> None:
    ringing(world)
    world.write("news", "third")
    world.commit()
    before = (world.cached(), world.told())
    for name in ("collect", "retrain", "monitor"):
        done = world.call(name, inputs={"trial": True}, secrets={"PITCHLINE_ALERTS_CHAT": "x://"})
        assert done["issue"].result == "skipped"
        assert done[name].steps["tell people"]["outcome"] == "skipped"
        assert len(list(world.artifacts.glob(f"{name}-*"))) >= 1
    assert done["dispatch"].result == "skipped"
    assert "retraining asked for" in done["monitor"].said
    assert (world.cached(), world.told()) == before


def test_alerts_go_to_the_routes_whose_secrets_are_set(world: World) -> None:
    world.write("exit_code", "1")
    world.commit()
    with hook_at_work() as hook:
        mail = {"PITCHLINE_ALERTS_MAIL": hook.url}
        done = world.on_time("collect", secrets=mail)
        assert "1 message(s) sent" in done["collect"].said
        assert hook.url not in done["collect"].said
        world.write("exit_code", "0")
        world.commit()
        world.call("collect", secrets=mail)
        told = [each["title"] for each in hook.got]
    assert len(told) == 2
    assert "collect failed" in told[0]


def test_what_was_recorded_is_pushed_to_a_branch_of_its_own(world: World) -> None:
    world.params["schedule"] |= {"record": "push"}
    world.write("dvc.yaml", "stages: {ingest: {}, train: {}}")
    world.commit()
    first = world.call("retrain", inputs={"begin": True})
    assert results(first) == {"retrain": "success", "branch": "success", "issue": "success"}

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=world.source, capture_output=True, text=True, check=True
        )
        return done.stdout

    changed = set(git("diff", "--name-only", "HEAD", "recorded").split())
    assert changed == {"dvc.lock", "models/champion.json", "models/decision.json"}
    lock = git("show", "recorded:dvc.lock").splitlines()
    assert lock[-2:] == [
        "# recorded: commit --force --quiet ingest train",
        "# pushed: push --quiet ingest train",
    ]
    # The files that go with it are in the cache, and git has the older list of them.
    assert git("show", "HEAD:dvc.lock") == "schema: '2.0'\n"
    before = git("rev-parse", "recorded")
    world.call("collect", inputs={"trial": True})
    assert git("rev-parse", "recorded") == before


def test_the_committed_table_has_no_right_to_write_the_repository(params: Params) -> None:
    for text in github.files(params.schedule, params.alerts).values():
        rights = [job.get("permissions", {}) for job in yaml.safe_load(text)["jobs"].values()]
        assert {"contents": "write"} not in rights
