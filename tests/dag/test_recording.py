"""`pitchline record --built`: what is up to date reaches DVC and its remote, the rest is left."""

from pathlib import Path

import yaml

from tests.dag.workspace import Workspace

# The champion's forecasts are made anew, and the candidate would be trained anew.
CHANGED = {"  horizon_days: 21": "  horizon_days: 5", "  trials: 6": "  trials: 5"}


def test_stages_up_to_date_are_recorded_and_sent_and_the_others_are_left(
    workspace: Workspace, tmp_path: Path
) -> None:
    def lock() -> dict[str, object]:
        told = yaml.safe_load((workspace.folder / "dvc.lock").read_text(encoding="utf-8"))
        return dict(told["stages"])

    before = lock()
    workspace.edit_params(CHANGED)
    refused = workspace.run("pitchline", "record", "--built", "--push", check=False)
    assert refused.returncode == 1
    assert "no default remote" in refused.stdout
    assert lock() == before

    workspace.run("dvc", "remote", "add", "--default", "local", str(tmp_path / "remote"))
    for stage in ("predict", "monitor"):
        workspace.snakemake("--snakefile", f"workflow/{stage}.smk", "--", stage)
    said = workspace.run("pitchline", "record", "--built", "--push").stdout
    assert "not made from what is here: train" in " ".join(said.split())
    after = lock()
    assert {name for name in after if after[name] != before[name]} == {"predict", "monitor"}
    status = workspace.run("dvc", "status").stdout
    assert "train:" in status
    assert not any(f"{stage}:" in status for stage in ("ingest", "backtest", "predict", "monitor"))
    assert "tune_model" in workspace.run("pitchline", "record", check=False).stdout

    workspace.commit("recorded")
    clone = workspace.clone(tmp_path / "clone")
    clone.run("dvc", "pull", "--quiet", "predict")
    made = clone.hashes()
    assert made
    assert made.items() <= workspace.hashes().items()
