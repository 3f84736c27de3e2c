from pathlib import Path

import pytest

from pitchline import layout
from pitchline.train import tracking
from pitchline.train.candidate import candidate_files, version_of
from tests.train.project import content_of, pitchline


@pytest.fixture
def store(project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    uri = f"sqlite:///{project}/mlruns/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return uri


def test_a_candidate_is_tracked_once_with_its_trials_and_files(store: str) -> None:
    version, study = version_of(layout.CANDIDATE), content_of(layout.STUDY)
    pitchline("train", "track")
    tracked = content_of(layout.TRACKED)
    assert (tracked["version"], tracked["problem"]) == (version, None)
    pitchline("train", "track")
    assert content_of(layout.TRACKED) == tracked

    with tracking.client() as mlflow:
        experiment = mlflow.get_experiment_by_name("weekly_retraining")
        runs = mlflow.search_runs([experiment.experiment_id])
        main = mlflow.get_run(tracked["run_id"])
        files = mlflow.list_artifacts(tracked["run_id"], "candidate")
    nested = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == tracked["run_id"]]
    assert len(nested) == len(study["trials"])
    assert len(runs) == 1 + len(nested)
    assert all(run.info.status == "FINISHED" for run in runs)
    losses = sorted(run.data.metrics["log_loss"] for run in nested)
    assert losses == sorted(trial["log_loss"] for trial in study["trials"])

    metrics = content_of(layout.METRICS)
    assert main.data.tags[tracking.VERSION_TAG] == version
    assert main.data.metrics["model_log_loss"] == metrics["model"]["log_loss"]
    assert main.data.metrics["elo_rps"] == metrics["elo"]["rps"]
    assert main.data.metrics["matches"] == metrics["matches"]
    assert main.data.metrics["cv_log_loss"] == study["best"]["log_loss"]
    assert main.data.params["max_depth"] == str(study["best"]["params"]["max_depth"])
    names = sorted(Path(file.path).name for file in files)
    assert names == [path.name for path in candidate_files(layout.CANDIDATE)]


@pytest.mark.parametrize(
    "uri", ["nonsense://store", "sqlite:////dev/null/mlflow.db", "http://127.0.0.1:9"]
)
def test_a_store_that_fails_is_a_warning_and_stops_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    shown = pitchline("train", "track")
    assert shown.exit_code == 0
    assert "warning: MLflow did not take the run" in shown.stderr
    tracked = content_of(layout.TRACKED)
    assert tracked["run_id"] is None
    assert tracked["problem"]


def test_a_server_that_does_not_answer_is_given_up_within_two_minutes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import environment_variables as mlflow_settings

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    for setting in ("MAX_RETRIES", "BACKOFF_FACTOR", "TIMEOUT"):
        monkeypatch.delenv(f"MLFLOW_HTTP_REQUEST_{setting}", raising=False)
    with tracking.client():
        retries = mlflow_settings.MLFLOW_HTTP_REQUEST_MAX_RETRIES.get()
        backoff = mlflow_settings.MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR.get()
        timeout = mlflow_settings.MLFLOW_HTTP_REQUEST_TIMEOUT.get()
    pauses = sum(backoff * 2**number for number in range(1, retries))
    assert (retries + 1) * timeout + pauses <= 120


def test_the_store_is_a_file_of_the_project_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert tracking.store_uri() == "sqlite:///mlruns/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert tracking.store_uri() == "http://127.0.0.1:9"
