"""What goes wrong in a run is said clearly, harms nothing, and the next run mends it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.dag.workspace import NOTHING_TO_DO, Workspace, without_network

PACKS = "workflow/pitchline/collect/starter/packs"
# One of each kind in every stage on the way to a forecast: what adds to an archive, makes many
# files at once, keeps a memory or a store to go on from, only writes files, tells MLflow, moves the
# champion's pointer, adds to a log. The others (quality, gate, evaluation, card, the other
# monitors) only write files.
KILLED = (
    "collect task starter",
    "ingest tables",
    "features build",
    "train tune",
    "train fit",
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


def kill_during(
    workspace: Workspace,
    commands: Collection[str],
    after: float,
    *run_by: str,
    whole_tree: bool,
) -> str:
    """Start a run, and end it with SIGKILL while one of ``commands`` is at work: which it was."""
    run = subprocess.Popen(
        run_by,
        cwd=workspace.folder,
        env=workspace.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    parent = psutil.Process(run.pid)
    deadline = time.monotonic() + 120
    found: list[str] = []
    try:
        while not found:
            assert run.poll() is None, f"the run ended before any of {commands} began"
            assert time.monotonic() < deadline, f"none of {commands} began"
            # A look at all processes takes milliseconds itself.
            time.sleep(0.05)
            lines = [" ".join(cmdline(child)) for child in parent.children(recursive=True)]
            found = [command for command in commands if any(command in line for line in lines)]
        time.sleep(after)
    finally:
        # None is left at work when the test itself is ended, either.
        victims = [parent]
        with suppress(psutil.NoSuchProcess):
            victims += parent.children(recursive=True) if whole_tree else []
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
    assert run.wait(timeout=30) in (-signal.SIGKILL, 0)
    return found[0]


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_runs_killed_in_every_stage_end_with_the_bytes_of_an_undisturbed_one_on_one_core_too(
    built: Workspace, fresh: Workspace
) -> None:
    # The backtest's bytes on one core and on two are compared in tests/backtest.
    fresh = Workspace(fresh.folder)
    targets = ("retrain", "predict", "monitor")
    one_core = (*without_network(), "snakemake", "--cores", "1", "--", *targets)
    # In what order the stages come is Snakemake's choice.
    left = list(KILLED)
    while left:
        after = 0.4 * (len(left) % 4)
        left.remove(kill_during(fresh, left, after, *one_core, whole_tree=True))
    fresh.run(*one_core)
    assert NOTHING_TO_DO in fresh.snakemake("--dry-run", "--", *targets).stdout
    expected = {k: v for k, v in built.made().items() if not k.startswith("data/backtest/")}
    assert {k: v for k, v in fresh.hashes().items() if k in expected} == expected
    assert not fresh.run("git", "status", "--porcelain").stdout


def test_parameters_at_fault_stop_snakemake_and_pitchline_at_once(workspace: Workspace) -> None:
    faults = {
        ("  trials: 6", "  trails: 6"): ["train.trails", "Did you mean `trials`"],
        ("  folds: 2", "  folds: many"): ["train.folds", "'many'", "valid integer"],
        ("    initial: 1500.0", "    initial: -1.0"): [
            "features.elo.initial",
            "-1.0",
            "greater than or equal to 0",
        ],
    }
    workspace.edit_params(dict(faults.keys()))
    for command in (
        ["snakemake", "--cores", "2"],
        ["snakemake", "-s", "workflow/train.smk", "--cores", "2", "--", "train"],
        ["pitchline", "features", "build"],
    ):
        refused = workspace.run(*command, check=False)
        assert refused.returncode == 1
        assert "params.yaml" in refused.stdout
        for texts in faults.values():
            [line] = [part for part in refused.stdout.splitlines() if f"  {texts[0]}:" in part]
            assert all(text in line for text in texts)
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


def test_mlflow_out_of_reach_and_a_killed_scheduler_stop_nothing(
    built: Workspace, workspace: Workspace
) -> None:
    # A first training and promotion, of tables and features that are there.
    store: Path = workspace.folder / "mlruns"
    for folder in (store, workspace.folder / "models"):
        shutil.rmtree(folder)
    store.mkdir()
    (store / "mlflow.db").write_bytes(os.urandom(4096))
    # The command at work outlives its scheduler; the next run takes it up.
    retrain = ("snakemake", "--cores", "2", "--", "retrain")
    real = Workspace(workspace.folder)
    kill_during(real, ["train tune"], 0.3, *retrain, whole_tree=False)

    output = workspace.run(*retrain).stdout

    assert "MLflow did not take the run" in output
    assert (workspace.folder / "models/champion.json").exists()
    assert artifacts(workspace) == artifacts(built)
