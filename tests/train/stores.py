"""MLflow stores of tests: a SQLite file in no time, and a real server."""

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pitchline.train import tracking
from tests.once import made_once


def store_at(path: Path) -> str:
    """Put an empty store there and give its URI; its tables are made once a session.

    Its artifacts are beside it, as in one that MLflow makes there.
    """
    home = made_once("store", lambda folder: tracking.prepare_sqlite(folder / "mlflow.db"))
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(home / "mlflow.db", path)
    with contextlib.closing(sqlite3.connect(path)) as store, store:
        beside = f"{path.parent.absolute()}/"
        store.execute("UPDATE experiments SET artifact_location = ? || experiment_id", (beside,))
    return f"sqlite:///{path}"


@contextlib.contextmanager
def server(folder: Path, port: int) -> Iterator[str]:
    """A real MLflow server on an empty store of its own, up when its URI is given."""
    uri = store_at(folder / "server.db")
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    command += ["--artifacts-destination", str(folder / "artifacts"), "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 90
        while not _answers(f"{address}/health"):
            assert process.poll() is None, (folder / "server.log").read_text()
            assert time.monotonic() < deadline, "the server did not come up"
            time.sleep(0.1)
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(timeout=30)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def runs_of(experiment: str = "weekly_retraining") -> tuple[list[Any], list[Any]]:
    """Runs of candidates, the oldest first, and runs of trials; deleted ones left out."""
    with tracking.client() as mlflow:
        found = mlflow.get_experiment_by_name(experiment)
        if found is None:
            return [], []
        runs = list(mlflow.search_runs([found.experiment_id], order_by=["attribute.start_time"]))
    nested = [run for run in runs if tracking.PARENT_TAG in run.data.tags]
    return [run for run in runs if tracking.PARENT_TAG not in run.data.tags], nested
