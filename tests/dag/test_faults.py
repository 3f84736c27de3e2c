"""What goes wrong in a run is said clearly, harms nothing, and the next run mends it."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.dag.workspace import Workspace

PACKS = "workflow/pitchline/collect/starter/packs"
COMMANDS = (
    "collect task starter",
    "ingest tables",
    "ingest quality",
    "features build",
    "train gate",
    "train tune",
    "train fit",
    "train evaluate",
    "train track",
    "promote decide",
    "predict fixtures",
    "monitor settled",
)


def artifacts(workspace: Workspace) -> dict[str, str]:
    """Hashes of all artifacts; of the decision only that it is there."""
    hashes = workspace.hashes()
    hashes["models/decision.json"] = "present" if "models/decision.json" in hashes else "absent"
    return hashes


def kill_during(workspace: Workspace, command: str, after: float, *, whole_tree: bool) -> None:
    """Start a run, and end it with SIGKILL while ``command`` is at work."""
    run = subprocess.Popen(
        ["snakemake", "--cores", "2"],
        cwd=workspace.folder,
        env=workspace.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    parent = psutil.Process(run.pid)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert run.poll() is None, f"the run ended before `{command}` began"
        children = parent.children(recursive=True)
        if any(command in " ".join(cmdline(child)) for child in children):
            break
        time.sleep(0.005)
    time.sleep(after)
    victims = [parent, *(parent.children(recursive=True) if whole_tree else [])]
    for victim in victims:
        try:
            victim.kill()
        except psutil.NoSuchProcess:
            continue
    assert run.wait(timeout=30) in (-signal.SIGKILL, 0)


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def wipe(workspace: Workspace) -> None:
    """Back to a fresh clone, without the promotion."""
    for name in ("data", "models", "reports", "logs", "mlruns", ".snakemake"):
        shutil.rmtree(workspace.folder / name, ignore_errors=True)


def test_a_run_killed_in_every_stage_ends_with_the_bytes_of_an_undisturbed_one(
    built: Workspace, workspace: Workspace
) -> None:
    wipe(workspace)
    for number, command in enumerate(COMMANDS):
        kill_during(workspace, command, after=0.15 * (number % 4), whole_tree=True)
    workspace.snakemake()
    assert workspace.plans_nothing()
    assert artifacts(workspace) == artifacts(built)


def test_a_run_whose_scheduler_alone_was_killed_is_taken_up_again(
    built: Workspace, workspace: Workspace
) -> None:
    shutil.rmtree(workspace.folder / "models/candidate")
    kill_during(workspace, "train tune", after=0.3, whole_tree=False)
    workspace.snakemake()
    assert artifacts(workspace) == artifacts(built)


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        ({"  trials: 6": "  trails: 6"}, ["train.trails", "Did you mean `trials`"]),
        ({"  trials: 6": "  trials: many"}, ["train.trials", "'many'", "valid integer"]),
        ({"    k: 15.0": "    k: -15.0"}, ["features.elo.k", "-15.0", "greater than 0"]),
    ],
)
def test_a_parameter_at_fault_stops_snakemake_and_pitchline_at_once(
    workspace: Workspace, changes: dict[str, str], texts: list[str]
) -> None:
    workspace.edit_params(changes)
    for command in (
        ["snakemake", "--cores", "2"],
        ["snakemake", "-s", "workflow/train.smk", "--cores", "2", "--", "train"],
        ["pitchline", "features", "build"],
    ):
        refused = workspace.run(*command, check=False)
        assert refused.returncode == 1
        for text in ["params.yaml", *texts]:
            assert text in refused.stdout
        assert "Traceback" not in refused.stdout


@pytest.mark.parametrize("how", ["truncated", "altered"])
def test_a_damaged_starter_file_is_named_and_nothing_is_overwritten(
    workspace: Workspace, how: str
) -> None:
    before = workspace.hashes()
    pack = sorted((workspace.folder / PACKS).rglob("*.zst"))[-1]
    content = pack.read_bytes()
    pack.write_bytes(content[:-20] if how == "truncated" else content[:-1] + b"\0")
    failed = workspace.snakemake(check=False)
    assert failed.returncode == 1
    assert f"{pack.name}: {how}" in failed.stdout
    assert "Traceback" not in failed.stdout
    assert workspace.hashes() == before


def test_a_table_that_breaks_its_schema_is_not_written(workspace: Workspace) -> None:
    model = workspace.folder / "workflow/pitchline/ingest/tables/matches.py"
    text = model.read_text(encoding="utf-8")
    goals = '"goals of the home team after 90 minutes", "goals", ge=0, le=30'
    assert text.count(goals) == 1
    model.write_text(text.replace(goals, goals.replace("30", "3")), encoding="utf-8")
    tables = {k: v for k, v in workspace.hashes().items() if k.startswith("data/tables")}

    failed = workspace.snakemake(check=False)

    assert failed.returncode == 1
    for text in ("data/tables/matches.parquet", "home_goals", "_2021-22_", "'4'", "not written"):
        assert text in failed.stdout
    now = {k: v for k, v in workspace.hashes().items() if k.startswith("data/tables")}
    assert now == tables


def test_a_full_disk_is_said_and_the_previous_artifact_stays(workspace: Workspace) -> None:
    script = """
        set -e
        cp data/features/matches.parquet kept.parquet
        size=$(($(stat -c %s kept.parquet) + 8192))
        mount -t tmpfs -o size=$size tmpfs data/features
        cp kept.parquet data/features/matches.parquet
        snakemake --cores 2 --force build_features && exit 9
        cmp kept.parquet data/features/matches.parquet && echo the previous file is intact
        ls -A data/features
    """
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets no user mount a small disk of his own (unshare -rm)")
    output = workspace.run("unshare", "-rm", "bash", "-c", script).stdout
    assert "data/features/matches.parquet: could not be written" in output
    assert "No space left on device" in output
    assert "the previous file is intact" in output
    assert output.rstrip().splitlines()[-1] == "matches.parquet"


def test_a_file_that_grows_too_large_is_said_and_the_previous_one_stays(
    workspace: Workspace,
) -> None:
    before = workspace.hashes()
    failed = workspace.run("bash", "-c", "ulimit -f 8; pitchline features build", check=False)
    assert failed.returncode == 1
    assert "data/features/matches.parquet: could not be written" in failed.stdout
    assert workspace.hashes() == before


def test_a_damaged_artifact_is_named_with_the_command_that_makes_it(workspace: Workspace) -> None:
    path = workspace.folder / "data/features/matches.parquet"
    path.write_bytes(path.read_bytes()[:1000])
    failed = workspace.run("pitchline", "train", "fit", check=False)
    assert failed.returncode == 1
    assert "data/features/matches.parquet: not a readable Parquet file" in failed.stdout
    assert "snakemake --cores 1 features" in failed.stdout


def test_mlflow_out_of_reach_stops_nothing(workspace: Workspace) -> None:
    wipe(workspace)
    store: Path = workspace.folder / "mlruns"
    store.mkdir()
    (store / "mlflow.db").write_bytes(os.urandom(4096))
    output = workspace.snakemake().stdout
    assert "MLflow did not take the run" in output
    assert (workspace.folder / "models/champion.json").exists()
