"""A small project in a folder of its own: real matches, and a candidate the commands made."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from pitchline import layout
from pitchline.cli import cli
from pitchline.features.schema import MatchFeatures
from pitchline.files import write_json
from pitchline.ingest.tables import Checks, Findings, Matches, write_table
from pitchline.params import PARAMS_FILE, stated_in
from tests.conftest import ROOT
from tests.once import made_once
from tests.yaml_text import spelt_out

FIRST_SEASON = "2023-24"
# A store that refuses at once: tests that don't look at MLflow lose no time on it.
NO_STORE = "nonsense://store"
SMALL: dict[str, dict[str, Any]] = {
    "train": {
        "warm_up_seasons": 0,
        "test_days": 120,
        "folds": 2,
        "trials": 5,
        "trials_at_once": 2,
        "max_rounds": 12,
        "early_stopping_rounds": 4,
        "logit": {"c": [0.001, 0.01], "share": [0.0, 0.5]},
    },
    "evaluate": {"refit_days": 60, "bootstrap_samples": 200, "calibration_bins": 4},
    "promote": {
        "gates": {
            "sample": {"threshold": 50},
            "confident_accuracy": {"threshold": None},
            "confident_share": {"threshold": None},
            "gain_over_base_rates": {"threshold": -1.0},
            "gain_over_elo": {"threshold": -1.0},
            "calibration": {"threshold": 0.5},
            "not_worse_than_champion": {"threshold": 0.05},
        }
    },
}


def edit_params(changes: dict[str, Any]) -> None:
    """Change the current folder's params.yaml: entries of sections, or plain values."""
    content = merged(stated_in(PARAMS_FILE), changes)
    PARAMS_FILE.write_text(spelt_out(content), encoding="utf-8")


def merged(content: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A mapping with entries changed, at any depth."""
    new = dict(content)
    for name, change in changes.items():
        old = content.get(name)
        both = isinstance(old, dict) and isinstance(change, dict)
        new[name] = merged(old, change) if both else change
    return new


def threshold(gate: str, value: float | None) -> dict[str, Any]:
    """The change of parameters that gives a gate another threshold."""
    return {"promote": {"gates": {gate: {"threshold": value}}}}


def pitchline(*arguments: str) -> Result:
    """Run a command in this process; what it raises is raised here."""
    return CliRunner().invoke(cli, list(arguments), catch_exceptions=False)


def shell(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, as a person does."""
    return subprocess.run(
        [sys.executable, "-c", "from pitchline.cli import main; main()", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def content_of(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def make_candidate() -> None:
    """Judge the data, tune, fit, evaluate and write the card in the current folder."""
    for verb in ("gate", "tune", "fit", "evaluate", "card"):
        pitchline("train", verb)


def write_inputs(features: pd.DataFrame, matches: pd.DataFrame) -> None:
    """Write into the current folder all that the stages from train on read."""
    shutil.copy(ROOT / PARAMS_FILE, PARAMS_FILE)
    edit_params(SMALL)
    layout.TEAMS.parent.mkdir(parents=True)
    shutil.copy(ROOT / layout.TEAMS, layout.TEAMS)
    rows = matches[matches["season"] >= FIRST_SEASON]
    write_json(layout.QUALITY, {"newest_fetch": "2026-11-24T00:00:00Z"})
    write_quality(rows)
    write_table(layout.MATCHES, Matches, rows)
    write_table(layout.FEATURES, MatchFeatures, features[features["season"] >= FIRST_SEASON])


def write_quality(matches: pd.DataFrame, findings: Sequence[dict[str, Any]] = ()) -> None:
    """Write what the rules found: every match looked at by two rules, and what was at fault.

    Args:
        matches: the table ``Matches``.
        findings: rule, match_id, bad, message and, where there is one, snapshot.
    """
    rules = {
        "validity": {"meaning": "values lie in their range", "weight": 1.0, "dated_by": "match"},
        "timeliness": {"meaning": "results are in", "weight": 2.0, "dated_by": "match"},
    }
    things = matches[["competition", "season"]].assign(
        source="starter", day=matches["kick_off"].dt.floor("D"), match_id=matches["match_id"]
    )
    every = pd.concat([things.assign(rule=rule, bad=0.0) for rule in rules], ignore_index=True)
    named = every.set_index(["rule", "match_id"])
    told = []
    for finding in findings:
        place = (finding["rule"], finding["match_id"])
        named.loc[place, "bad"] = finding["bad"]
        told.append({"snapshot": None} | named.loc[place].to_dict() | finding)
    cells = ["rule", "source", "competition", "season", "day"]
    checks = named.reset_index().groupby(cells)["bad"].agg(checked="size", bad="sum")
    write_table(layout.CHECKS, Checks, checks.reset_index())
    columns = list(Findings.to_schema().columns)
    empty = every.iloc[:0].assign(message="", snapshot="")
    write_table(layout.FINDINGS, Findings, pd.DataFrame(told)[columns] if told else empty[columns])
    score = {"as_of": "2026-05-08T00:00:00Z", "score": 0.9876, "rules": rules}
    write_json(layout.SCORE, score)
    write_json(layout.SNAPSHOTS, {})


@pytest.fixture
def project(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The current folder: a project with a candidate and no champion, this test's own."""

    def make(home: Path) -> None:
        with contextlib.chdir(home):
            write_inputs(request.getfixturevalue("features"), request.getfixturevalue("matches"))
            make_candidate()

    folder = tmp_path / "project"
    shutil.copytree(made_once("project", make), folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NO_STORE)
    return folder
