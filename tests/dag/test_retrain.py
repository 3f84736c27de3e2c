"""The weekly job and the emergency, as Snakemake's command line asks for them."""

import json

from tests.dag.workspace import NOTHING_TO_DO, Workspace

TRAINING = {
    "check_training_data",
    "tune_model",
    "fit_model",
    "evaluate_model",
    "track_model",
    "decide_promotion",
}


def snakemake(workspace: Workspace, target: str, *options: str, **asked: object) -> str:
    """Run a target with parameters changed on the command line; what Snakemake says."""
    changed = "retrain=" + json.dumps(asked)
    quiet = ("--quiet", "reason", "progress")
    return workspace.snakemake(*options, "--config", changed, *quiet, "--", target).stdout


def rules_of(said: str) -> set[str]:
    return {
        line.split()[-1].rstrip(":")
        for line in said.splitlines()
        if line.startswith(("rule ", "localrule "))
    }


def test_nothing_is_trained_unless_something_changed_or_it_is_forced(workspace: Workspace) -> None:
    before = workspace.made()
    assert NOTHING_TO_DO in workspace.snakemake("retrain").stdout
    assert NOTHING_TO_DO in snakemake(workspace, "retrain", reason="performance_degradation")

    forced = snakemake(workspace, "retrain", force_retrain=True)
    assert rules_of(forced) >= TRAINING, forced
    assert "build_features" not in rules_of(forced)

    assert workspace.made() == before, "the same data, parameters and code give the same bytes"
    assert workspace.plans_nothing()
    assert workspace.dvc_is_clean()


def test_an_emergency_judges_fewer_days_and_trains_on_them(workspace: Workspace) -> None:
    asked = {"reason": "performance_degradation", "lookback_days": 14}
    assert rules_of(snakemake(workspace, "retrain", "--dry-run", **asked)) >= TRAINING
    snakemake(workspace, "models/candidate/training_data.json", **asked)
    checked = json.loads((workspace.folder / "models/candidate/training_data.json").read_text())
    assert checked["window"]["first"].startswith("2026-04-24")


def test_a_retraining_is_no_failure_where_nothing_was_monitored_yet(workspace: Workspace) -> None:
    predictions = workspace.folder / "data/predictions/fixtures.parquet"
    predictions.unlink()
    (workspace.folder / "reports/monitoring/settled.json").unlink()
    # With its hooks: what ends a run would tell of what was monitored.
    workspace.run("snakemake", "--cores", "2", "retrain", "predict")
    assert predictions.exists()
