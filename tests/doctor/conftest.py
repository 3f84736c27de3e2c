"""A sound installation, which tests break."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pitchline.doctor.checks import examine
from pitchline.doctor.finding import Finding, Installation
from pitchline.params import PARAMS_FILE
from tests.conftest import ROOT
from tests.train.project import project

__all__ = ["project"]

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
COPIED = (
    "params.yaml",
    "requirements/run.lock",
    "docs/parameters.md",
    "docs/data-dictionary.md",
    "workflow/schemas/params.schema.json",
)
COMMITTED_AT = "2026-11-25T12:00:00Z"

Look = Callable[..., list[Finding]]


def git(*arguments: str) -> None:
    dates = {"GIT_AUTHOR_DATE": COMMITTED_AT, "GIT_COMMITTER_DATE": COMMITTED_AT}
    subprocess.run(["git", *arguments], check=True, capture_output=True, env=os.environ | dates)


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a fresh project whose code is the one that runs."""
    for name in COPIED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "workflow/pitchline").symlink_to(ROOT / "workflow/pitchline")
    monkeypatch.chdir(tmp_path)
    # Nobody's settings but the repository's own.
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    # MLflow puts the store that a process uses into its environment.
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "remote").mkdir()
    (tmp_path / ".dvc/config").write_text(
        "[core]\n    remote = disk\n['remote \"disk\"']\n    url = ../remote\n"
    )
    (tmp_path / ".dvc/cache").mkdir()
    (tmp_path / "data/tables").mkdir(parents=True)
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    (tmp_path / ".gitignore").write_text("/data/\n/models/\n/mlruns/\n/backups/\n/.dvc/cache\n")
    git("init", "--quiet")
    git("config", "user.name", "test")
    git("config", "user.email", "test@example.org")
    git("add", ".")
    git("commit", "--quiet", "--message", "all")
    return tmp_path


@pytest.fixture
def look(sound: Path) -> Look:
    """What one check finds in the project."""

    def findings(check: str, now: datetime = NOW, **variables: str) -> list[Finding]:
        here = Installation(PARAMS_FILE, variables, now)
        return [named.finding for named in examine(here, [check])]

    return findings


def only(findings: list[Finding], level: str) -> Finding:
    """The one finding that isn't ok, of this level; it says how to mend it."""
    (found,) = [finding for finding in findings if finding.level != "ok"]
    assert found.level == level, found
    assert found.mend
    return found


def as_json(text: str) -> dict[str, list[dict[str, str]]]:
    """What ``pitchline doctor --json`` printed, by check."""
    by_check: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(text):
        by_check.setdefault(finding["check"], []).append(finding)
    return by_check
