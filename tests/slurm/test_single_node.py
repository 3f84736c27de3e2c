"""The search on a real SLURM: a single node, installed and started by single_node.sh."""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dag.conftest import built, workspace
from tests.dag.workspace import Workspace

__all__ = ["built", "workspace"]

SCRIPT = Path(__file__).with_name("single_node.sh")
CANNOT = 3
# One node answers quickly, keeps no accounts and may have fewer cores than the profile asks for.
HERE = (
    *("--set-threads", "tune_model=1", "search_hyperparameters=1"),
    *("--set-resources", "tune_model:mem_mb=600", "search_hyperparameters:mem_mb=600"),
    *("--slurm-status-command", "squeue", "--slurm-no-account"),
    *("--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "1"),
    *("--latency-wait", "5", "--retries", "0"),
)


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[None]:
    """A SLURM of this machine while the test runs."""
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("Snakemake's SLURM executor isn't installed: requirements/dev.lock has it")
    folder = tmp_path / "slurm"
    started = subprocess.run(
        [SCRIPT, "start", folder], capture_output=True, text=True, check=False, timeout=500
    )
    try:
        if started.returncode == CANNOT:
            pytest.skip(started.stdout.strip().splitlines()[-1])
        assert started.returncode == 0, started.stdout + started.stderr
        yield
    finally:
        subprocess.run([SCRIPT, "stop", folder], check=True, timeout=60)


@pytest.mark.usefixtures("slurm")
def test_two_workers_on_slurm_make_the_study_of_a_local_run(workspace: Workspace) -> None:
    study = workspace.folder / "models/candidate/study.json"
    expected = study.read_bytes()
    study.unlink()
    shutil.rmtree(workspace.folder / "data/state/study")
    workspace.edit_params({"  workers: 1": "  workers: 2"})
    marks = [str(study.relative_to(workspace.folder)), "logs/train/workers/2.done"]

    told = workspace.run(
        "snakemake", "--profile", "workflow/profiles/slurm", *HERE, "--", *marks
    ).stdout

    assert told.count("has been submitted with SLURM jobid") == len(marks)
    assert study.read_bytes() == expected
    # What is left is what a study made anew leaves as it was.
    assert workspace.plans_nothing()
