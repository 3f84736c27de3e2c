"""MLflow tracking: one run a candidate, found again by the candidate's version."""

import contextlib
import fcntl
import io
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pitchline import layout
from pitchline.files import read_json
from pitchline.train.candidate import candidate_files, version_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

VERSION_TAG = "pitchline.version"
MADE_BY = "snakemake --cores 2 train"


def store_uri() -> str:
    """The tracking store: MLFLOW_TRACKING_URI, or a SQLite file under mlruns/."""
    default = f"sqlite:///{layout.MLFLOW_STORE}/mlflow.db"
    return os.environ.get("MLFLOW_TRACKING_URI", default)


@contextlib.contextmanager
def client() -> Iterator["MlflowClient"]:
    """An MLflow client on the store, its chatter kept off the screen."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    # A server that doesn't answer is given up within a minute; MLflow's defaults take many.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    layout.MLFLOW_STORE.mkdir(exist_ok=True)
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()),
        (layout.MLFLOW_STORE / "lock").open("w") as lock,
    ):
        # Two commands that make the store's tables at once would spoil it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        yield MlflowClient(tracking_uri=store_uri())


def ensure_run(mlflow: "MlflowClient", experiment: str, folder: Path) -> str:
    """The run of a candidate: the one already logged, or a new one.

    The run holds the hyperparameters, the metrics and the candidate's files; each trial of
    the study is a nested run.

    Args:
        mlflow: the client.
        experiment: the experiment's name.
        folder: the candidate's folder.

    Returns:
        The run's id.
    """
    version = version_of(folder)
    experiment_id = _experiment(mlflow, experiment)
    found = mlflow.search_runs(
        [experiment_id],
        filter_string=f"tags.`{VERSION_TAG}` = '{version}' and attributes.status = 'FINISHED'",
        max_results=1,
    )
    if found:
        return str(found[0].info.run_id)

    study = read_json(folder / layout.STUDY.name, made_by=MADE_BY)
    card = read_json(folder / "model.json", made_by=MADE_BY)
    metrics = read_json(folder / layout.METRICS.name, made_by=MADE_BY)
    run = mlflow.create_run(experiment_id, run_name=version, tags={VERSION_TAG: version})
    run_id = str(run.info.run_id)
    _log(
        mlflow,
        run_id,
        {**study["best"]["params"], "rounds": study["best"]["rounds"], "as_of": card["as_of"]},
        {"cv_log_loss": study["best"]["log_loss"]} | _flat(metrics),
    )
    for path in candidate_files(folder):
        mlflow.log_artifact(run_id, str(path), artifact_path="candidate")
    for trial in study["trials"]:
        nested = mlflow.create_run(
            experiment_id,
            run_name=f"trial {trial['number']}",
            tags={"mlflow.parentRunId": run_id, "pitchline.state": trial["state"]},
        )
        folds = {f"fold_{i}_log_loss": loss for i, loss in enumerate(trial["folds"])}
        values = {"log_loss": trial["log_loss"], "rounds": trial["rounds"]} | folds
        _log(mlflow, nested.info.run_id, trial["params"], values)
        mlflow.set_terminated(nested.info.run_id)
    mlflow.set_terminated(run_id)
    return run_id


def _experiment(mlflow: "MlflowClient", name: str) -> str:
    experiment = mlflow.get_experiment_by_name(name)
    if experiment is not None:
        return str(experiment.experiment_id)
    local = store_uri().startswith("sqlite:")
    location = (layout.MLFLOW_STORE / "artifacts").absolute().as_uri() if local else None
    return str(mlflow.create_experiment(name, artifact_location=location))


def _flat(metrics: dict[str, Any]) -> dict[str, float]:
    flat = {}
    for name in ("model", "elo", "base"):
        for key, value in metrics[name].items():
            if isinstance(value, float):
                flat[f"{name}_{key}"] = value
    return flat | {k: v for k, v in metrics.items() if isinstance(v, int | float)}


def _log(
    mlflow: "MlflowClient", run_id: str, params: dict[str, Any], metrics: dict[str, float]
) -> None:
    from mlflow.entities import Metric, Param

    mlflow.log_batch(
        run_id,
        params=[Param(key, str(value)) for key, value in params.items()],
        metrics=[Metric(key, float(value), 0, 0) for key, value in metrics.items()],
    )
