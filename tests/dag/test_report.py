"""Snakemake's report and DVC's metrics and plots hold what they should."""

import json

from tests.dag.workspace import Workspace


def test_the_report_holds_the_plots_the_decision_and_the_predictions(workspace: Workspace) -> None:
    workspace.run("snakemake", "--report", "report.html")
    text = (workspace.folder / "report.html").read_text(encoding="utf-8")
    for name in (
        "report.html",
        "reliability.svg",
        "log_loss_by_month.svg",
        "card.md",
        "decision.json",
        "fixtures.csv",
    ):
        assert f"/{name}" in text
    for category in ("Data quality", "Evaluation", "Promotion", "Predictions"):
        assert category in text


def test_dvc_shows_metrics_and_plots(workspace: Workspace) -> None:
    shown = json.loads(workspace.run("dvc", "metrics", "show", "--json").stdout)
    [metrics] = [f["data"] for f in shown[""]["data"].values()]
    found = json.loads((workspace.folder / "models/candidate/metrics.json").read_text())
    assert metrics["model"]["log_loss"] == found["model"]["log_loss"]
    assert "dvc_plots" in workspace.run("dvc", "plots", "show").stdout
