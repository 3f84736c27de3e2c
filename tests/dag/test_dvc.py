"""DVC as its users know it: experiments, queues, comparisons, bare clones, remotes."""

import csv
import io
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.dag.workspace import Workspace

METRICS = "models/candidate/metrics.json"
S3_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def test_experiments_in_a_fresh_clone_train_new_models_and_can_be_compared(
    clone: Workspace,
) -> None:
    clone.run("dvc", "pull", "--quiet")
    clone.run("dvc", "exp", "run", "--queue", "-S", "train.trials=4", "-n", "queued", "train")
    assert seed_of_model(clone) == 20140816
    clone.run("dvc", "exp", "run", "-S", "seed=7", "-n", "here", "train")
    # With outs that persist, DVC recorded the old model under the new parameter.
    assert seed_of_model(clone) == 7
    assert "up to date" in clone.run("dvc", "status", "train").stdout

    changed = json.loads(clone.run("dvc", "metrics", "diff", "--json").stdout)[METRICS]
    assert changed["model.log_loss"]["diff"] != 0
    assert changed["model.log_loss"]["new"] == pytest.approx(
        json.loads((clone.folder / METRICS).read_text())["model"]["log_loss"]
    )
    drawn = clone.run("dvc", "plots", "diff", "--json").stdout
    plots = json.loads(drawn)["data"]
    for name in ("reliability", "log_loss_by_month"):
        assert any(name in title and rendered for title, rendered in plots.items()), list(plots)

    clone.run("git", "checkout", "--quiet", ".")
    clone.run("pitchline", "sync")
    clone.run("dvc", "exp", "run", "--run-all")
    shown = clone.run("dvc", "exp", "show", "--csv").stdout
    experiments = {row["Experiment"]: row for row in csv.DictReader(io.StringIO(shown))}
    assert experiments["queued"]["train.trials"] == "4"
    assert experiments["here"]["seed"] == "7"
    losses = {experiments[name]["model.log_loss"] for name in ("here", "queued")}
    assert all(0.9 < float(loss) < 1.1 for loss in losses)
    assert clone.dvc_is_clean()
    assert clone.plans_nothing()


def seed_of_model(workspace: Workspace) -> int:
    """The seed the candidate was trained with."""
    card = json.loads((workspace.folder / "models/candidate/model.json").read_text())
    seed: int = card["seed"]
    return seed


def test_a_bare_clone_retrains_without_the_raw_data(clone: Workspace) -> None:
    clone.edit_params({"trials: 6": "trials: 5"})
    before = json.loads((clone.folder / "models/champion.json").read_text())

    clone.run("dvc", "repro", "--pull", "--allow-missing", "predict")

    study = json.loads((clone.folder / "models/candidate/study.json").read_text())
    assert len(study["trials"]) == 5
    assert not (clone.folder / "data/raw").exists()
    assert not (clone.folder / "data/tables").exists()
    # The champion is none of the files here: it was brought from the remote.
    kept = clone.folder / "models/champions" / before["version"]
    assert (kept / "model.json").exists()

    # The monitors hold forecasts against results, and so have the tables fetched.
    clone.run("dvc", "repro", "--pull", "--allow-missing")
    assert not (clone.folder / "data/raw").exists()
    assert (clone.folder / "reports/monitoring/performance.json").exists()


@pytest.fixture
def s3() -> Iterator[str]:
    """A local S3 server with a bucket; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert server.poll() is None
                assert time.monotonic() < deadline, "the S3 server doesn't answer"
                time.sleep(0.05)
        client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106
        )
        client.create_bucket(Bucket="models")
        yield address
    finally:
        server.terminate()
        server.wait()


def test_artifacts_travel_through_a_bucket(built: Workspace, s3: str, tmp_path: Path) -> None:
    own = built.clone(tmp_path / "own")
    own.env |= S3_KEYS | {"AWS_EC2_METADATA_DISABLED": "true", "no_proxy": "127.0.0.1"}
    (own.folder / ".dvc/cache").symlink_to(built.folder / ".dvc/cache")
    own.run("dvc", "remote", "add", "--default", "bucket", "s3://models/pitchline")
    own.run("dvc", "remote", "modify", "bucket", "endpointurl", s3)
    own.run("dvc", "push", "--quiet")
    own.commit("a bucket")

    other = own.clone(tmp_path / "other")
    other.env |= own.env
    other.env["PYTHONPATH"] = str(other.folder / "workflow")
    other.run("pitchline", "sync")
    assert other.made() == built.made()
