import json
import shutil
import signal
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pitchline import layout
from pitchline.errors import PitchlineError
from pitchline.files import read_parquet, sha256_of, write_json
from pitchline.params import load
from pitchline.train import tracking, unsent
from pitchline.train.candidate import candidate_files, version_of
from pitchline.train.model import CARD_FILE, Forecaster
from tests.train import forks
from tests.train.project import content_of, pitchline
from tests.train.stores import free_port, runs_of, server, store_at


@pytest.fixture
def store(project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    uri = store_at(project / "mlruns/mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return uri


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "LOCKED_SECONDS", 0.2)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


def another_candidate(seed: int) -> str:
    """Make the candidate another one: its version."""
    path = layout.CANDIDATE / CARD_FILE
    write_json(path, content_of(path) | {"seed": seed})
    return version_of(layout.CANDIDATE)


def the_one_run(version: str) -> Any:
    """The candidate's run: whole, and the only one."""
    parents, nested = runs_of()
    [parent] = [run for run in parents if run.data.tags[tracking.VERSION_TAG] == version]
    trials = [r for r in nested if r.data.tags[tracking.PARENT_TAG] == parent.info.run_id]
    assert len(trials) == len(content_of(layout.STUDY)["trials"])
    assert {run.info.status for run in (parent, *trials)} == {"FINISHED"}
    return parent


def test_a_candidate_is_tracked_once_with_its_trials_and_files(store: str) -> None:
    version, study = version_of(layout.CANDIDATE), content_of(layout.STUDY)
    pitchline("train", "track")
    tracked = content_of(layout.TRACKED)
    assert (tracked["version"], tracked["state"]) == (version, "sent")
    assert tracked["problem"] is None
    pitchline("train", "track")
    assert content_of(layout.TRACKED) == tracked
    assert not unsent.entries()

    main = the_one_run(version)
    assert main.info.run_id == tracked["run_id"]
    parents, nested = runs_of()
    assert (len(parents), len(nested)) == (1, len(study["trials"]))
    by_name = {run.info.run_name: run for run in nested}
    for trial in study["trials"]:
        run = by_name[f"trial {trial['number']}"]
        assert run.data.metrics["log_loss"] == trial["log_loss"]
        assert run.data.metrics["rounds"] == trial["rounds"]
        assert run.data.metrics["fold_0_log_loss"] == trial["folds"][0]
        assert run.data.params["max_depth"] == str(trial["params"]["max_depth"])
        assert run.data.tags["pitchline.state"] == trial["state"]

    metrics = content_of(layout.METRICS)
    told = main.data.metrics
    assert told["model_log_loss"] == metrics["model"]["log_loss"]
    assert told["elo_rps"] == metrics["elo"]["rps"]
    assert told["matches"] == metrics["matches"]
    assert told["cv_log_loss"] == study["best"]["log_loss"]
    assert told["newest/model_log_loss"] == metrics["windows"]["newest"]["model"]["log_loss"]
    low, high = metrics["windows"]["season_so_far"]["log_loss_gain_over_elo_interval"]
    assert told["season_so_far/log_loss_gain_over_elo_low"] == low
    assert told["season_so_far/log_loss_gain_over_elo_high"] == high
    params = main.data.params
    assert params["max_depth"] == str(study["best"]["params"]["max_depth"])
    assert params["train.folds"] == "2"
    assert params["train.search.max_depth"] == "[1, 4]"
    assert params["promote.gates.accuracy.threshold"] == "null"
    tags = main.data.tags
    assert tags["pitchline.sha256.features"] == sha256_of(layout.FEATURES)
    assert tags["pitchline.sha256.study"] == sha256_of(layout.STUDY)
    assert tags["pitchline.sha256.quality"] == sha256_of(layout.QUALITY)

    with tracking.client() as mlflow:
        files = mlflow.list_artifacts(tracked["run_id"], tracking.FILES_ARTIFACT)
    names = sorted(Path(file.path).name for file in files)
    assert names == [path.name for path in candidate_files(layout.CANDIDATE)]


def test_trials_last_as_long_as_the_search_said(store: str) -> None:
    trials = content_of(layout.STUDY)["trials"]
    seconds = {str(trial["number"]): 1.5 + trial["number"] for trial in trials}
    write_json(layout.DURATIONS, {"trials": seconds})
    pitchline("train", "track")
    _, nested = runs_of()
    for run in nested:
        lasted = seconds[run.info.run_name.removeprefix("trial ")]
        assert run.data.metrics["seconds"] == lasted
        assert run.info.end_time - run.info.start_time == round(1000 * lasted)
    main = the_one_run(version_of(layout.CANDIDATE))
    assert main.info.start_time == min(run.info.start_time for run in nested)
    assert main.info.end_time >= max(run.info.end_time for run in nested)


@pytest.mark.parametrize(
    "content",
    ['{"trials": {"0": 1.5, "77": 2.0}}', '{"trials": {"0": 1', "[]", '{"trials": {"0": "x"}}'],
)
def test_durations_of_another_search_or_damaged_ones_are_left_out(store: str, content: str) -> None:
    layout.DURATIONS.parent.mkdir(parents=True, exist_ok=True)
    layout.DURATIONS.write_text(content)
    pitchline("train", "track")
    _, nested = runs_of()
    assert nested
    assert not any("seconds" in run.data.metrics for run in nested)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("nonsense://store", ""),
        ("sqlite:////dev/null/mlflow.db", "can't be written"),
        ("sqlite:////proc/mlflow.db", "can't be written"),
        ("sqlite:///file:mlruns/mlflow.db?mode=ro&uri=true", "readonly"),
        ("http://127.0.0.1:9", "refused"),
    ],
)
def test_a_store_out_of_reach_stops_nothing_and_the_run_is_sent_once_it_is_back(
    store: str, monkeypatch: pytest.MonkeyPatch, impatient: None, uri: str, why: str
) -> None:
    version = version_of(layout.CANDIDATE)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    shown = pitchline("train", "track")
    assert shown.exit_code == 0
    assert "warning: MLflow did not take the run" in shown.stderr
    assert "pitchline train track --send" in shown.stderr
    tracked = content_of(layout.TRACKED)
    assert (tracked["state"], tracked["run_id"]) == ("spooled", None)
    assert why in tracked["problem"]
    assert "\n" not in tracked["problem"]
    with pytest.raises(PitchlineError, match="1 of the runs in data/state/tracking not sent"):
        pitchline("train", "track", "--send")

    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    # What was kept is sent, whatever became of the candidate's folder since.
    shutil.move(layout.CANDIDATE, "elsewhere")
    pitchline("train", "track", "--send")
    shutil.move("elsewhere", layout.CANDIDATE)
    tracked = content_of(layout.TRACKED)
    assert (tracked["state"], tracked["problem"]) == ("sent", None)
    assert tracked["run_id"] == the_one_run(version).info.run_id
    assert "no run waits" in pitchline("train", "track", "--send").stderr


def test_a_locked_store_is_told_and_served_later(store: str, impatient: None) -> None:
    with sqlite3.connect(tracking.sqlite_file(store) or "") as other:
        other.execute("BEGIN EXCLUSIVE")
        pitchline("train", "track")
        assert "locked by another process" in content_of(layout.TRACKED)["problem"]
    pitchline("train", "track")
    assert content_of(layout.TRACKED)["state"] == "sent"
    the_one_run(version_of(layout.CANDIDATE))


@pytest.mark.parametrize("damage", ["truncated", "overwritten"])
def test_a_damaged_store_is_told_and_left_as_it_is(store: str, damage: str) -> None:
    path = tracking.sqlite_file(store)
    assert path is not None
    content = path.read_bytes()
    size = len(content) // 2 // 4096 * 4096
    path.write_bytes(content[:size] if damage == "truncated" else b"x" * size)
    spoilt = path.read_bytes()
    pitchline("train", "track")
    tracked = content_of(layout.TRACKED)
    assert tracked["state"] == "spooled"
    assert f"{path}: damaged" in tracked["problem"]
    assert path.read_bytes() == spoilt

    path.rename(path.with_suffix(".old"))
    pitchline("train", "track", "--send")
    the_one_run(version_of(layout.CANDIDATE))


def test_runs_that_wait_are_sent_the_oldest_first(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://store")
    for seed in (1, 2, 3):
        versions.append(another_candidate(seed))
        pitchline("train", "track")
        pitchline("train", "track")
    assert [path.name[7:] for path in unsent.entries()] == versions
    # One that is spoilt doesn't hold the others up, and is not lost sight of.
    (unsent.entries()[1] / unsent.FILES / layout.METRICS.name).write_text("{}")

    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    sent: list[str] = []
    send = tracking.send

    def noting(mlflow: Any, run: Any) -> str:
        sent.append(run.told["version"])
        return send(mlflow, run)

    monkeypatch.setattr(tracking, "send", noting)
    versions.append(another_candidate(4))
    shown = pitchline("train", "track").stderr
    assert sent == [versions[0], versions[2], versions[3]]
    assert f"{layout.METRICS.name}: missing or altered" in shown
    assert content_of(layout.TRACKED)["state"] == "sent"
    assert len(runs_of()[0]) == 3
    assert [path.name[7:] for path in unsent.entries()] == [versions[1]]


@pytest.mark.parametrize("at", ["create_run", "log_batch", "log_artifacts", "set_terminated"])
def test_a_run_half_sent_is_removed_and_sent_whole(
    store: str, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    from mlflow import MlflowClient

    calls = {"create_run": 3, "log_batch": 4, "log_artifacts": 1, "set_terminated": 6}
    with monkeypatch.context() as failing:
        left = [calls[at]]
        working = getattr(MlflowClient, at)

        def failed(self: Any, *arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] <= 0:
                raise ConnectionError("gone in between")
            return working(self, *arguments, **named)

        failing.setattr(MlflowClient, at, failed)
        pitchline("train", "track")
    assert content_of(layout.TRACKED)["problem"] == "ConnectionError: gone in between"
    assert [run.info.status for run in runs_of()[0]] in (["RUNNING"], ["FAILED"])
    pitchline("train", "track")
    the_one_run(version_of(layout.CANDIDATE))
    assert len(runs_of()[1]) == len(content_of(layout.STUDY)["trials"])


@pytest.mark.parametrize(
    ("dies", "left"),
    [(partial(forks.die_at, "log_artifacts"), "RUNNING"), (forks.die_at_removal, "FINISHED")],
    ids=["log_artifacts", "remove"],
)
def test_a_process_killed_on_the_way_leaves_no_run_twice(
    store: str, dies: Callable[[], None], left: str
) -> None:
    code, told = forks.done("train", "track", first=dies)
    assert code == -signal.SIGKILL, told
    [before] = runs_of()[0]
    assert before.info.status == left
    assert len(unsent.entries()) == 1

    pitchline("train", "track", "--send")
    after = the_one_run(version_of(layout.CANDIDATE))
    assert (after.info.run_id == before.info.run_id) == (left == "FINISHED")
    assert len(runs_of()[0]) == 1
    assert not unsent.entries()


def test_a_kill_while_tables_are_made_leaves_no_half_a_store(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlruns/mlflow.db")
    code, told = forks.done("train", "track", first=partial(forks.die_at_statement, 60))
    assert code == -signal.SIGKILL, told
    store = project / "mlruns"
    [half] = store.rglob("mlflow.db")
    assert half.parent != store
    with sqlite3.connect(half) as made:
        [tables] = made.execute("select count(*) from sqlite_master").fetchone()
    assert tables > 0
    pitchline("train", "track", "--send")
    the_one_run(version_of(layout.CANDIDATE))
    assert list(store.rglob("mlflow.db")) == [store / "mlflow.db"]


@pytest.mark.parametrize(("room", "state"), [(400_000, "spooled"), (2_000, "lost")])
def test_a_full_disk_stops_no_training(project: Path, room: int, state: str) -> None:
    assert max(path.stat().st_size for path in candidate_files(layout.CANDIDATE)) < 400_000
    code, told = forks.done(
        "train", "track",
        first=partial(forks.limit_files_to, room),
        MLFLOW_TRACKING_URI=f"sqlite:///{project}/mlruns/mlflow.db",
    )  # fmt: skip
    assert code == 0, told
    assert "MLflow did not take the run" in told
    assert content_of(layout.TRACKED)["state"] == state
    assert len(unsent.entries()) == (state == "spooled")
    assert not list(layout.UNSENT.glob(".*.part"))


def test_a_server_takes_what_waited_for_it_and_serves_the_champion(
    project: Path, monkeypatch: pytest.MonkeyPatch, impatient: None, tmp_path: Path
) -> None:
    import mlflow

    port = free_port()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    waited = version_of(layout.CANDIDATE)
    pitchline("train", "track")
    assert content_of(layout.TRACKED)["state"] == "spooled"
    version = another_candidate(seed=5)
    with server(tmp_path, port) as uri:
        pitchline("train", "track")
        assert content_of(layout.TRACKED)["state"] == "sent"
        assert [run.info.run_name for run in runs_of()[0]] == [waited, version]
        the_one_run(version)

        pitchline("promote", "decide")
        mlflow.set_tracking_uri(uri)
        try:
            model = mlflow.pyfunc.load_model("models:/pitchline@champion")
        finally:
            mlflow.set_tracking_uri(None)
    assert model.metadata.metadata[tracking.VERSION_TAG] == version
    rows = read_parquet(layout.FEATURES, made_by="")
    found = model.predict(rows)
    assert list(found.columns) == ["home", "draw", "away"]
    expected = Forecaster.load(layout.CANDIDATE).probabilities(rows)
    np.testing.assert_array_equal(found.to_numpy(), expected)


def test_the_model_of_a_run_has_a_signature_an_example_and_no_pickle(store: str) -> None:
    import mlflow

    pitchline("train", "track")
    with tracking.client() as client:
        run = client.get_run(content_of(layout.TRACKED)["run_id"])
    folder = Path(run.info.artifact_uri.removeprefix("file://")) / tracking.MODEL_ARTIFACT
    model = mlflow.pyfunc.load_model(str(folder))
    columns = Forecaster.load(layout.CANDIDATE).columns
    assert model.metadata.signature.inputs.input_names() == list(columns)
    assert model.metadata.signature.outputs.input_names() == ["home", "draw", "away"]
    example = json.loads((folder / "input_example.json").read_text())
    newest = read_parquet(layout.FEATURES, made_by="").sort_values(["kick_off", "match_id"])
    shown = pd.DataFrame(example["data"], columns=example["columns"])
    pd.testing.assert_frame_equal(
        shown.astype("float64"), newest[list(columns)].tail(len(shown)).reset_index(drop=True)
    )
    assert not [path for path in folder.rglob("*") if path.suffix in (".pkl", ".pickle")]
    with pytest.raises(mlflow.exceptions.MlflowException, match="missing inputs"):
        model.predict(newest.drop(columns=columns[0]))


def test_a_bundle_without_its_features_is_tracked_too(store: str) -> None:
    kept = Path("champion")
    kept.mkdir()
    for name in tracking.BUNDLE:
        shutil.copy(layout.CANDIDATE / name, kept)
    layout.FEATURES.unlink()
    with tracking.client() as mlflow:
        run_id = tracking.ensure_run(mlflow, "weekly_retraining", kept)
        assert tracking.ensure_run(mlflow, "weekly_retraining", kept) == run_id
        run = mlflow.get_run(run_id)
        assert len(mlflow.list_artifacts(run_id, tracking.FILES_ARTIFACT)) == len(tracking.BUNDLE)
    assert run.data.params["train.folds"] == "2"
    assert "pitchline.sha256.quality" not in run.data.tags
    assert the_one_run(version_of(kept)).info.run_id == run_id


def test_what_waits_is_what_ensure_run_logs(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setenv("MLFLOW_TRACKING_URI", "nonsense://store")
        pitchline("train", "track")
    with tracking.client() as mlflow:
        tracking.ensure_run(mlflow, "weekly_retraining", layout.CANDIDATE)
    assert not unsent.entries()
    run = the_one_run(version_of(layout.CANDIDATE))
    assert run.data.params["promote.gates.accuracy.threshold"] == "null"


def test_two_commands_at_once_log_a_candidate_once(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{project}/mlruns/mlflow.db"
    both = [forks.start("train", "track", MLFLOW_TRACKING_URI=uri) for _ in range(2)]
    assert [each.wait()[0] for each in both] == [0, 0]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert len(runs_of()[0]) == 1
    the_one_run(version_of(layout.CANDIDATE))


def test_a_run_that_a_promotion_sent_meanwhile_is_known_as_sent(store: str) -> None:
    params = load(Path("params.yaml"))
    run, entry, _ = tracking.keep(layout.CANDIDATE, "weekly_retraining", params)
    assert entry is not None
    with tracking.client() as mlflow:
        sent = tracking.ensure_run(mlflow, "weekly_retraining", layout.CANDIDATE)
    assert not entry.exists()
    delivery = tracking.deliver(run)
    assert (delivery.sent, delivery.problems) == ({run.told["version"]: sent}, [])


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
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert tracking.store_uri() == "sqlite:///mlruns/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert tracking.store_uri() == "http://127.0.0.1:9"
    assert tracking.sqlite_file("http://127.0.0.1:9") is None
    assert tracking.sqlite_file("sqlite://") is None
    assert tracking.sqlite_file("sqlite:////srv/x.db") == Path("/srv/x.db")


def test_sending_is_a_command_of_its_own(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setenv("MLFLOW_TRACKING_URI", "nonsense://store")
        pitchline("train", "track")
        code, told = forks.done("train", "track", "--send")
        assert code == 1
        assert "error: 1 of the runs in data/state/tracking not sent" in told
        assert "Traceback" not in told


def test_a_run_of_dev_is_not_sent_into_an_experiment_of_prod(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pitchline("environment", "adopt", "prod")
    monkeypatch.setenv("PITCHLINE_ENV", "prod")
    pitchline("train", "track")
    assert content_of(layout.TRACKED)["state"] == "sent"
    monkeypatch.delenv("PITCHLINE_ENV")
    pitchline("environment", "adopt", "dev")
    another_candidate(7)
    pitchline("train", "track")
    tracked = content_of(layout.TRACKED)
    assert tracked["state"] == "spooled"
    assert "is prod's, this runs as dev" in tracked["problem"]
    assert len(runs_of()[0]) == 1


def test_an_experiment_that_belongs_to_none_is_the_first_ones(store: str) -> None:
    name = load(Path("params.yaml")).retrain.experiment_name
    with tracking.client() as mlflow:
        number = mlflow.create_experiment(name)
    pitchline("train", "track")
    with tracking.client() as mlflow:
        assert mlflow.get_experiment(number).tags[tracking.ENVIRONMENT_TAG] == "dev"
