"""Killed at any moment, a change of champion leaves one that serves, and a rerun ends well.

Exceptions at every step of the commands stand for most kills; real ones come at random moments.
"""

import errno
import os
import random
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from mlflow import MlflowClient

from pitchline import layout
from pitchline.cli import cli
from pitchline.errors import PitchlineError
from pitchline.promote import champion as champions
from pitchline.promote import registry
from pitchline.train import tracking
from pitchline.train.candidate import version_of
from tests.promote.candidates import another_candidate, decide, promoted, worsened_candidate
from tests.promote.forks import started
from tests.train.forks import fork_server
from tests.train.project import content_of, pitchline
from tests.train.stores import store_at

DECIDE, ROLL_BACK = ("promote", "decide"), ("promote", "--rollback", "--reason", "worse")
KILLS = 20
# Files that tell what a command did; the store of MLflow is looked at through its aliases.
TOLD = ("models/champion.json", "models/decision.json", "models/champions", "models/rejected")
WRITES = (
    "create_registered_model",
    "create_model_version",
    "set_registered_model_alias",
    "delete_registered_model_alias",
)


class Killed(BaseException):
    """The process ends here: nothing of the product catches this."""


@dataclass
class Steps:
    """The writes of a command, of files and to the registry; the chosen one kills.

    Attributes:
        last: how many are done before the kill; None for no kill.
        fault: what is raised then, if not a kill.
        done: what was written so far.
    """

    last: int | None = None
    fault: Exception | None = None
    done: list[str] = field(default_factory=list)

    def step(self, what: str) -> None:
        if len(self.done) == self.last:
            self.last = None
            raise self.fault or Killed(what)
        self.done.append(what)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """Counts the writes of this process, and kills before the chosen one."""
    counted = Steps()
    replace, remove = os.replace, shutil.rmtree

    def counted_replace(source: Any, target: Any, **options: Any) -> None:
        counted.step(f"write {target}")
        replace(source, target, **options)

    def counted_remove(path: Any, *arguments: Any, **options: Any) -> None:
        counted.step(f"remove {path}")
        remove(path, *arguments, **options)

    monkeypatch.setattr(os, "replace", counted_replace)
    monkeypatch.setattr(shutil, "rmtree", counted_remove)
    for name in WRITES:
        write = getattr(MlflowClient, name)

        def counted_write(*arguments: Any, _write: Any = write, **options: Any) -> Any:
            counted.step(_write.__name__)
            return _write(*arguments, **options)

        monkeypatch.setattr(MlflowClient, name, counted_write)
    return counted


def run(*command: str) -> str:
    """Run a command here; what it reported. A kill in it is raised here."""
    shown = CliRunner().invoke(cli, list(command), catch_exceptions=False)
    if isinstance(shown.exception, Killed):
        raise shown.exception
    assert shown.exit_code == 0, shown.output
    return shown.stderr


def told() -> dict[str, bytes]:
    """The bytes of all files that tell what promotion did."""
    files = [Path(name) for name in TOLD]
    files += [path for top in files if top.is_dir() for path in top.rglob("*")]
    return {str(path): path.read_bytes() for path in sorted(files) if path.is_file()}


def aliases(folder: Path = Path()) -> dict[str, str]:
    """The model of each alias, read from the store's file itself."""
    query = """
        select a.alias, t.value from registered_model_aliases a
        join model_version_tags t on t.name = a.name and t.version = a.version and t.key = ?
        where a.name = ?
    """
    with sqlite3.connect(folder / "mlruns/mlflow.db") as connection:
        found = connection.execute(query, (tracking.VERSION_TAG, registry.MODEL_NAME))
        return dict(found.fetchall())


def check_champion(allowed: set[str]) -> None:
    """The pointer can be read and followed, whatever happened."""
    pointer = champions.read_champion()
    assert pointer is not None
    assert pointer["version"] in allowed
    assert version_of(champions.locate(pointer)) == pointer["version"]


def back_to(begin: Path, champion: str, candidate: str) -> None:
    """Give models and registry the state they had: the candidate unknown, if it did not serve."""
    for name in TOLD:
        path = Path(name)
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
    shutil.copytree(begin, "models", dirs_exist_ok=True)
    with tracking.client() as mlflow:
        for found in mlflow.search_model_versions(f"name = '{registry.MODEL_NAME}'"):
            if candidate != champion and found.tags[tracking.VERSION_TAG] == candidate:
                mlflow.delete_model_version(registry.MODEL_NAME, found.version)
        served = registry.Bundle(champion, None)
        registry.agree(mlflow, "weekly_retraining", {"champion": served, "candidate": None})


@pytest.fixture
def begin(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The models of a project with two past champions, one that serves, all known to MLflow."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store_at(project / "mlruns/mlflow.db"))
    promoted(2)
    yield project / "begin"


@pytest.mark.parametrize("what", ["promotion", "rejection", "rollback", "acceptance"])
def test_killed_between_any_two_steps_a_rerun_ends_as_if_nothing_had_happened(
    begin: Path, steps: Steps, what: str
) -> None:
    command: tuple[str, ...] = ROLL_BACK if what == "rollback" else DECIDE
    if what == "acceptance":
        reason = ("--reason", "it won", "--without-evidence")
        command = ("promote", "accept", "--version", worsened_candidate(), *reason)
    elif what == "rollback":
        # One more, so that a step too far could be seen.
        another_candidate()
        decide()
    elif what == "rejection":
        worsened_candidate()
    else:
        another_candidate()
    pitchline("train", "track")
    old, candidate = content_of(layout.CHAMPION)["version"], version_of(layout.CANDIDATE)
    shutil.copytree("models", begin)

    steps.done.clear()
    run(*command)
    taken, once, named = list(steps.done), told(), aliases()
    new = content_of(layout.CHAMPION)["version"]
    assert (new != old) is (what != "rejection")
    twice = None
    if command == DECIDE:
        run(*command)
        twice = told()
    assert taken[-1] == f"write {layout.DECISION}", "which tells that all is done"

    for number, step in enumerate(taken):
        steps.last = None
        back_to(begin, old, candidate)
        steps.last, steps.done = number, []
        with pytest.raises(Killed, match=step):
            run(*command)
        assert steps.done == taken[:number]
        steps.last = None
        check_champion({old, new})
        pending = content_of(layout.CHAMPION)["version"] == new != old
        if pending and number % 2:
            run("promote", "agree")
            assert told() == once, f"agree after a kill before {step}"
        else:
            run(*command)
        assert aliases() == named, step
        assert layout.CHAMPION.read_bytes() == once[str(layout.CHAMPION)], step
        assert told() in (once, twice), step
        if twice:
            run(*command)
            assert told() == twice, step


def test_a_full_disk_and_a_registry_that_fails_halfway_are_said_and_mended_by_a_rerun(
    begin: Path, steps: Steps
) -> None:
    old, candidate = content_of(layout.CHAMPION)["version"], another_candidate()
    pitchline("train", "track")
    shutil.copytree("models", begin)
    steps.done.clear()
    run(*DECIDE)
    taken, once, named = list(steps.done), told(), aliases()
    run(*DECIDE)
    twice = told()

    for number, step in enumerate(taken):
        steps.last = None
        back_to(begin, old, candidate)
        steps.last, steps.done = number, []
        if step.startswith("write"):
            steps.fault = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            with pytest.raises(PitchlineError, match="No space left on device"):
                run(*DECIDE)
        else:
            steps.fault = ConnectionError("the store went away")
            assert "the store went away" in run(*DECIDE)
            assert told() == once, f"MLflow's trouble at {step} changes no file"
        steps.last = None
        check_champion({old, candidate})
        run(*DECIDE)
        assert told() in (once, twice), step
        assert aliases() == named, step


def test_killed_for_good_at_random_moments_the_champion_serves_and_a_rerun_ends_well(
    begin: Path, project: Path
) -> None:
    context, randomly = fork_server(), random.Random(20140816)
    uri = f"sqlite:///{project}/mlruns/mlflow.db"

    def finish(command: tuple[str, ...] | None = DECIDE) -> None:
        process = started(context, project, uri, command)
        process.join()
        assert process.exitcode == 0

    finish(None)
    old = content_of(layout.CHAMPION)["version"]
    killed, whole = 0, 0.0
    while killed < KILLS:
        new = another_candidate()
        for _ in range(KILLS // 4 if whole else 0):
            process = started(context, project, uri, DECIDE)
            time.sleep(randomly.uniform(0, whole))
            if process.is_alive():
                process.kill()
                killed += 1
            process.join()
            check_champion({old, new})
        began = time.monotonic()
        finish()
        whole = whole or time.monotonic() - began
        check_champion({new})
        assert aliases() == {"champion": new}
        assert content_of(layout.DECISION)["champion"] == new
        old = new
