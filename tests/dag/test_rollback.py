"""A rollback, as a user of the whole DAG meets it."""

import json
from pathlib import Path

from tests.dag.workspace import Workspace

# Another candidate, and nothing else.
OTHER_WINDOW = {"test_days: 300": "test_days: 290"}


def serving(workspace: Workspace) -> str:
    """The champion's version."""
    text = (workspace.folder / "models/champion.json").read_text(encoding="utf-8")
    version: str = json.loads(text)["version"]
    return version


def forecast_by(workspace: Workspace) -> str:
    """The version that the predictions name."""
    lines = (workspace.folder / "data/predictions/fixtures.csv").read_text().splitlines()
    names = [dict(zip(lines[0].split(","), line.split(","), strict=False)) for line in lines[1:]]
    (version,) = {row["champion"] for row in names}
    return version


def test_after_a_rollback_neither_door_promotes_again_and_a_clone_gets_the_restored_champion(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.push_to(tmp_path / "remote")
    workspace.commit("a remote")
    first = serving(workspace)
    workspace.edit_params(OTHER_WINDOW)
    workspace.snakemake("retrain", "predict")
    second = serving(workspace)
    assert forecast_by(workspace) == second != first

    told = workspace.run("pitchline", "promote", "--rollback", "--reason", "worse").stdout

    assert f"{second} is rolled back, {first} is the champion" in told
    after = {"predict_fixtures", "settle_predictions", "monitor_performance", "monitor_drift"}
    assert workspace.planned_rules() - {"all"} == after
    workspace.snakemake("--forcerun", "decide_promotion")
    workspace.run("pitchline", "record")
    assert "Running stage" not in workspace.run("dvc", "repro").stdout
    assert (serving(workspace), forecast_by(workspace)) == (first, first)
    workspace.run("dvc", "push", "--quiet")
    workspace.commit("rolled back")

    clone = workspace.clone(tmp_path / "clone")
    clone.run("pitchline", "sync")
    assert clone.plans_nothing()
    assert (serving(clone), forecast_by(clone)) == (first, first)
    assert (clone.folder / "models/champions" / first / "model.ubj").is_file()
    assert "is not promoted again" in clone.run("pitchline", "promote", "decide").stdout
    assert not clone.run("git", "status", "--porcelain").stdout
