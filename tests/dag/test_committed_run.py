"""The committed dvc.lock belongs to the committed code and parameters."""

import json
import subprocess
import sys
from pathlib import Path

from pitchline.params import load
from tests.conftest import ROOT

MADE_BY_A_RUN = ("data/", "models/candidate", "reports/")


def test_dvc_lock_was_recorded_with_this_code_and_these_parameters() -> None:
    """Fails after a change of code or parameters until `make run` has recorded it."""
    dvc = Path(sys.executable).parent / "dvc"
    done = subprocess.run(
        [str(dvc), "status", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    stale = {
        f"{stage}: {name} is {change}"
        for stage, entries in json.loads(done.stdout).items()
        for entry in entries
        if isinstance(entry, dict)
        for name, change in entry.get("changed deps", {}).items()
        if not name.startswith(MADE_BY_A_RUN)
    }
    assert not stale, f"run `make run` and commit dvc.lock: {stale}"


def test_the_committed_decision_is_that_of_the_default_run() -> None:
    """A fresh clone's run then finds the champion it makes, and leaves git's files alone."""
    champion = json.loads((ROOT / "models/champion.json").read_text(encoding="utf-8"))
    decision = json.loads((ROOT / "models/decision.json").read_text(encoding="utf-8"))
    assert decision["outcome"] == "confirmed", "promote once more: pitchline promote decide"
    assert decision["candidate"] == decision["judged"]["candidate"] == champion["version"]
    assert decision["judged"]["gates"] == load(ROOT / "params.yaml").promote.model_dump()["gates"]
    assert all(gate["passed"] for gate in decision["gates"])
