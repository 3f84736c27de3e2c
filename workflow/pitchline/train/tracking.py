"""MLflow tracking: one run a candidate, found again by the candidate's version.

A run is kept on disk first (``unsent``), then logged. It counts as logged once it is finished;
what a crash left unfinished is removed and logged anew, so a run is there once or not at all.
"""

import contextlib
import fcntl
import io
import itertools
import logging
import os
import shutil
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pitchline import environment, layout
from pitchline.errors import EnvironmentMixUp, PitchlineError
from pitchline.params import Params
from pitchline.train import runs, unsent
from pitchline.train.candidate import BUNDLE, version_of
from pitchline.train.runs import Run, told_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

VERSION_TAG = runs.VERSION_TAG
ENVIRONMENT_TAG = "pitchline.environment"
# Folders among a run's artifacts: every file of the candidate, and the model MLflow can load.
FILES_ARTIFACT = "candidate"
MODEL_ARTIFACT = "model"
LOADER = "pitchline.train.pyfunc"
# What the loader needs beside this package, which no index has.
REQUIREMENTS = ("mlflow", "numpy", "pandas", "pyarrow", "pydantic", "scikit-learn", "xgboost")
PARAMS_A_CALL, METRICS_A_CALL, FOUND_A_CALL = 100, 1000, 1000
LOCKED_SECONDS = 10.0
PARENT_TAG = "mlflow.parentRunId"
SQLITE = "sqlite:///"
NEW = ".new-"


def store_uri() -> str:
    """The tracking store: MLFLOW_TRACKING_URI, or a SQLite file under mlruns/."""
    default = f"{SQLITE}{layout.MLFLOW_STORE}/mlflow.db"
    return os.environ.get("MLFLOW_TRACKING_URI") or default


@contextlib.contextmanager
def client() -> Iterator["MlflowClient"]:
    """An MLflow client on the store, its chatter kept off the screen.

    One process of the project is at it at a time.

    Raises:
        PitchlineError: the store is a SQLite file that can't be written: locked, read-only,
            damaged. Other failures are MLflow's own exceptions.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    # A server that doesn't answer is given up within a minute; MLflow's defaults take many.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with (
        _alone(),
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        uri = store_uri()
        path = sqlite_file(uri)
        if path is not None:
            prepare_sqlite(path)
        from mlflow import MlflowClient

        with _commits_without_waiting():
            yield MlflowClient(tracking_uri=uri)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """A lock that ends with the process: two that send the same run would send it twice."""
    layout.UNSENT.mkdir(parents=True, exist_ok=True)
    with (layout.UNSENT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sqlite_file(uri: str) -> Path | None:
    """The file of a store that is a plain SQLite file; None for any other."""
    if not uri.startswith(SQLITE) or "?" in uri:
        return None
    name = uri.removeprefix(SQLITE)
    return None if name in ("", ":memory:") or name.startswith("file:") else Path(name)


def prepare_sqlite(path: Path) -> None:
    """Make a store's file if it is absent, and see that it can be written.

    Its tables are made beside it and put there in one rename: MLflow refuses a file that a crash
    left with some of them. With a write-ahead log, readers and one writer don't wait for each
    other, and a commit doesn't wait for the disk.

    Raises:
        PitchlineError: it can't be written; the text says why.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_sqlite(path)
        with contextlib.closing(sqlite3.connect(path, timeout=LOCKED_SECONDS)) as store:
            store.isolation_level = None
            store.execute("BEGIN IMMEDIATE")
            store.execute("ROLLBACK")
            # Refused while others read; then it stays as it was until next time.
            with contextlib.suppress(sqlite3.OperationalError):
                store.execute("PRAGMA journal_mode=WAL")
    except (OSError, sqlite3.Error) as error:
        raise PitchlineError(f"{path}: {_why(error)}") from error


def _why(error: OSError | sqlite3.Error) -> str:
    text = str(error)
    if "locked" in text:
        return f"locked by another process for more than {LOCKED_SECONDS:g} s"
    if "not a database" in text or "malformed" in text:
        return f"damaged ({text}); move it away, and a new store is made"
    return f"can't be written ({getattr(error, 'strerror', None) or text})"


def _make_sqlite(path: Path) -> None:
    from mlflow import MlflowClient

    for killed in path.parent.glob(f"{NEW}*"):
        shutil.rmtree(killed, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=NEW) as folder:
        new = Path(folder) / path.name
        MlflowClient(tracking_uri=f"{SQLITE}{new}").search_experiments(max_results=1)
        new.replace(path)


@contextlib.contextmanager
def _commits_without_waiting() -> Iterator[None]:
    """SQLite's commits don't wait for the disk: hundreds of them are most of a run's time.

    With a write-ahead log a power cut then loses the last of them, and harms nothing else.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def set_up(connection: Any, _: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=NORMAL")

    event.listen(Engine, "connect", set_up)
    try:
        yield
    finally:
        event.remove(Engine, "connect", set_up)


@dataclass
class Delivery:
    """What became of the runs that waited.

    Attributes:
        sent: MLflow's run ids by the candidate's version.
        problems: why others are still here, a text each.
    """

    sent: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def keep(folder: Path, experiment: str, params: Params) -> tuple[Run, Path | None, str | None]:
    """Keep a candidate's run until it is sent.

    Returns:
        The run; its entry, None if it could not be kept; and then the reason.

    Raises:
        ArtifactError: a file of the candidate is missing or damaged.
    """
    told = told_of(folder, experiment, _now(), params)
    try:
        return Run(told, folder), unsent.put(told, folder), None
    except (OSError, PitchlineError) as error:
        return Run(told, folder), None, brief(error)


def deliver(own: Run | None = None) -> Delivery:
    """Send the runs that wait, the oldest first; nothing is raised.

    Args:
        own: the caller's run, sent last if it does not wait: it could not be kept, or another
            process sent it meanwhile.
    """
    delivery = Delivery()
    try:
        with client() as mlflow:
            for entry in unsent.entries():
                if not _deliver_one(mlflow, entry, delivery) and not _answers(mlflow):
                    return delivery
            if own is not None:
                version = own.told["version"]
                if version not in delivery.sent and not unsent.waiting(version):
                    delivery.sent[version] = send(mlflow, own)
    except Exception as error:  # noqa: BLE001 MLflow raises many kinds; none may fail a training
        delivery.problems.append(brief(error))
    return delivery


def _deliver_one(mlflow: "MlflowClient", entry: Path, delivery: Delivery) -> bool:
    try:
        run = unsent.read(entry)
        delivery.sent[run.told["version"]] = send(mlflow, run)
        unsent.remove(entry)
    except Exception as error:  # noqa: BLE001 as above
        delivery.problems.append(brief(error))
        return False
    return True


def _answers(mlflow: "MlflowClient") -> bool:
    """Whether the store is there at all: else the other runs needn't be tried."""
    try:
        mlflow.search_experiments(max_results=1)
    except Exception:  # noqa: BLE001 as above
        return False
    return True


def brief(error: Exception) -> str:
    """An error in one line."""
    text = str(error).strip().partition("\n")[0]
    return text if isinstance(error, PitchlineError) else f"{type(error).__name__}: {text}"


def ensure_run(mlflow: "MlflowClient", experiment: str, folder: Path) -> str:
    """The run of a candidate: the one already logged, the one that waits, or a new one.

    Args:
        mlflow: the client.
        experiment: the experiment's name.
        folder: the candidate's folder, or a champion's.

    Returns:
        The run's id.
    """
    version = version_of(folder)
    found = _finished(mlflow, _experiment(mlflow, experiment), version)
    if found is not None:
        return found
    for entry in unsent.waiting(version):
        run_id = send(mlflow, unsent.read(entry))
        unsent.remove(entry)
        return run_id
    return send(mlflow, Run(told_of(folder, experiment, _now(), None), folder))


def send(mlflow: "MlflowClient", run: Run) -> str:
    """Log a run with its trials, files and model, unless it was logged already.

    Returns:
        The run's id.
    """
    told = run.told
    experiment_id = _experiment(mlflow, told["experiment"])
    found = _finished(mlflow, experiment_id, told["version"])
    if found is not None:
        return found
    _remove_unfinished(mlflow, experiment_id, told["version"])
    made_at = told["made_at"]
    begun_at = made_at - round(1000 * sum(trial["seconds"] or 0 for trial in told["trials"]))
    parent = mlflow.create_run(
        experiment_id, start_time=begun_at, run_name=told["version"], tags=told["tags"]
    )
    run_id = str(parent.info.run_id)
    try:
        _log(mlflow, run_id, told["params"], told["metrics"], made_at)
        for trial in told["trials"]:
            ended_at = begun_at + round(1000 * (trial["seconds"] or 0))
            nested = mlflow.create_run(
                experiment_id,
                start_time=begun_at,
                run_name=trial["name"],
                tags=trial["tags"] | {PARENT_TAG: run_id},
            )
            nested_id = str(nested.info.run_id)
            _log(mlflow, nested_id, trial["params"], trial["metrics"], ended_at)
            mlflow.set_terminated(nested_id, end_time=ended_at)
            begun_at = ended_at
        with tempfile.TemporaryDirectory() as scratch:
            mlflow.log_artifacts(run_id, _files(run, Path(scratch)))
    except BaseException:
        # No store is asked for more than it can give: one that is gone refuses this as well.
        with contextlib.suppress(Exception):
            mlflow.set_terminated(run_id, "FAILED")
        raise
    mlflow.set_terminated(run_id, end_time=max(begun_at, made_at))
    return run_id


def _files(run: Run, scratch: Path) -> str:
    """The artifacts in one folder, so that they go in one call."""
    folder = scratch / "artifacts"
    (folder / FILES_ARTIFACT).mkdir(parents=True)
    for name in run.told["files"]:
        shutil.copyfile(run.files / name, folder / FILES_ARTIFACT / name)
    bundle = scratch / "bundle"
    bundle.mkdir()
    for name in BUNDLE:
        shutil.copyfile(run.files / name, bundle / name)
    save_model(bundle, folder / MODEL_ARTIFACT, run.told["example"], run.told["version"])
    return str(folder)


def save_model(bundle: Path, target: Path, example: Mapping[str, Any] | None, version: str) -> None:
    """Write a bundle as an MLflow model, with signature and input example and without pickle.

    Args:
        bundle: a folder with the bundle's files.
        target: the folder to make.
        example: rows of features, as in ``Run``; None for no example.
        version: of the candidate.
    """
    import mlflow.pyfunc
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, DataType, Schema

    from pitchline.train.model import OUTCOMES
    from pitchline.train.pyfunc import _load_pyfunc

    model = _load_pyfunc(str(bundle))
    rows = None
    if example is None:
        inputs, outputs = (
            Schema([ColSpec(DataType.double, name) for name in names])
            for names in (model.forecaster.columns, OUTCOMES)
        )
        signature = ModelSignature(inputs, outputs)
    else:
        rows = pd.DataFrame(example["data"], columns=example["columns"])
        # A column of nulls alone is one of numbers, too.
        empty = [name for name in rows if rows[name].isna().all()]
        rows = rows.astype(dict.fromkeys(empty, "float64"))
        signature = infer_signature(rows, model.predict(rows))
    mlflow.pyfunc.save_model(
        str(target),
        loader_module=LOADER,
        data_path=str(bundle),
        signature=signature,
        input_example=rows,
        pip_requirements=[f"{name}=={installed(name)}" for name in REQUIREMENTS],
        metadata={VERSION_TAG: version},
    )


def _experiment(mlflow: "MlflowClient", name: str) -> str:
    """The id of an experiment, made if need be; it belongs to dev, test or prod.

    Raises:
        EnvironmentMixUp: it belongs to another than this process runs as.
    """
    here = environment.current()
    experiment = mlflow.get_experiment_by_name(name)
    if experiment is None:
        local = store_uri().startswith("sqlite:")
        location = (layout.MLFLOW_STORE / "artifacts").absolute().as_uri() if local else None
        tags = {ENVIRONMENT_TAG: here}
        return str(mlflow.create_experiment(name, artifact_location=location, tags=tags))
    whose = experiment.tags.get(ENVIRONMENT_TAG)
    if whose is None:
        mlflow.set_experiment_tag(experiment.experiment_id, ENVIRONMENT_TAG, here)
    elif whose != here:
        raise EnvironmentMixUp(
            f"MLflow's experiment {name} is {whose}'s, this runs as {here}: set another "
            f"`retrain.experiment_name`, another store, or {environment.VARIABLE}={whose}"
        )
    return str(experiment.experiment_id)


def _finished(mlflow: "MlflowClient", experiment_id: str, version: str) -> str | None:
    found = mlflow.search_runs(
        [experiment_id],
        filter_string=f"tags.`{VERSION_TAG}` = '{version}' and attributes.status = 'FINISHED'",
        max_results=1,
    )
    return str(found[0].info.run_id) if found else None


def _remove_unfinished(mlflow: "MlflowClient", experiment_id: str, version: str) -> None:
    """Remove what a crash left of a candidate's run, the trials first."""
    parents = mlflow.search_runs(
        [experiment_id],
        filter_string=f"tags.`{VERSION_TAG}` = '{version}' and attributes.status != 'FINISHED'",
    )
    for parent in parents:
        of_it = f"tags.`{PARENT_TAG}` = '{parent.info.run_id}'"
        while found := mlflow.search_runs([experiment_id], of_it, max_results=FOUND_A_CALL):
            for nested in found:
                mlflow.delete_run(nested.info.run_id)
        mlflow.delete_run(parent.info.run_id)


def _log(
    mlflow: "MlflowClient",
    run_id: str,
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    at: int,
) -> None:
    from mlflow.entities import Metric, Param

    told_params = [Param(key, value) for key, value in params.items()]
    told_metrics = [Metric(key, float(value), at, 0) for key, value in metrics.items()]
    for some_params, some_metrics in itertools.zip_longest(
        _parts(told_params, PARAMS_A_CALL),
        _parts(told_metrics, METRICS_A_CALL - PARAMS_A_CALL),
        fillvalue=(),
    ):
        mlflow.log_batch(run_id, params=some_params, metrics=some_metrics)


def _parts(values: Sequence[Any], length: int) -> list[Sequence[Any]]:
    return [values[first : first + length] for first in range(0, len(values), length)]


def _now() -> int:
    return round(time.time() * 1000)
