"""Logs of runs: the newest go into a backup, and `pitchline logs` shows them after a restore."""

import os
import shutil
from pathlib import Path

import pytest

from pitchline.backup.parts import chosen, files_of
from tests.backup.world import settings
from tests.conftest import ROOT
from tests.schedule.project import Project

DAY = 86_400


def written(project: Path, ages_and_sizes: dict[str, tuple[float, int]]) -> None:
    folder = project / "logs/runs"
    folder.mkdir(parents=True)
    for name, (days, size) in ages_and_sizes.items():
        path = folder / name
        path.write_bytes(b"x" * size)
        moment = 1_800_000_000 - days * DAY
        os.utime(path, (moment, moment))


def saved(project: Path, days: int, megabytes: int) -> set[str]:
    bounds = {"days": days, "megabytes": megabytes}
    (logs,) = [part for part in chosen(settings(run_logs=bounds)) if part.name == "logs"]
    return {path.name for path in files_of(project, logs)}


def test_logs_older_than_the_bound_are_left_out(tmp_path: Path) -> None:
    written(tmp_path, {"a.log": (0, 1), "b.log": (9.9, 1), "c.log": (10.1, 1)})
    assert saved(tmp_path, 10, 1) == {"a.log", "b.log"}
    assert saved(tmp_path, 11, 1) == {"a.log", "b.log", "c.log"}


def test_all_logs_together_are_bounded_and_the_newest_come_first(tmp_path: Path) -> None:
    sizes = {"a.log": 600_000, "huge.log": 5_000_000, "b.log": 400_000, "c.log": 1}
    written(tmp_path, {name: (age, size) for age, (name, size) in enumerate(sizes.items())})
    assert saved(tmp_path, 10, 1) == {"a.log", "b.log"}
    assert saved(tmp_path, 10, 6) == {"a.log", "huge.log", "b.log"}
    assert saved(tmp_path, 10, 7) == set(sizes)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    made.task("collect", "echo of the task")
    return made


def test_after_everything_is_destroyed_a_run_shows_its_log(project: Project) -> None:
    assert project.call("run", "collect").returncode == 0
    (run,) = project.runs()
    assert project.call("backup", "create").returncode == 0
    for name in ("data", "logs"):
        shutil.rmtree(project.folder / name)
    assert project.call("backup", "restore", "latest").returncode == 0
    shown = project.call("logs", run.run_id)
    assert shown.returncode == 0
    assert "of the task" in shown.stdout
    assert '"event": "started"' in project.call("logs", run.run_id, "--events").stdout


def test_a_log_that_is_not_kept_is_told(project: Project) -> None:
    assert project.call("run", "collect").returncode == 0
    shutil.rmtree(project.folder / "logs")
    shown = project.call("logs", "last")
    assert shown.returncode == 1
    assert "its log is not kept here" in shown.stdout
    assert "backup restore" in shown.stdout
    assert "Traceback" not in shown.stdout
