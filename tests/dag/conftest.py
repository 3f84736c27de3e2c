"""A small slice of the starter archive, built once for all tests of the whole DAG."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dag.workspace import SLICE, Workspace, project_copy, without_network
from tests.forked import REAL, at_work


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, quick_tools: Path) -> Workspace:
    """A project whose slice went through both doors' first run: don't change it, copy it.

    Its commands fork, and those of its copies, all with one seed of hashes. The same bytes are made
    with another seed in test_doors.py, and by real commands, each with its own, in test_faults.py.

    Of the processes that run tests side by side, the first builds it and the others copy it.
    """
    own = tmp_path_factory.mktemp("built") / "project"
    common = own.parents[2] if "PYTEST_XDIST_WORKER" in os.environ else own.parents[1]
    first = common / "built-once"
    with (common / "built-once.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (common / "built-once.done").exists():
            build(first, quick_tools)
            (common / "built-once.done").touch()
    shutil.copytree(first, own, symlinks=True)
    return Workspace(own, quick_tools)


def build(folder: Path, tools: Path = REAL) -> None:
    """Send the slice through both doors' first run."""
    shutil.rmtree(folder, ignore_errors=True)
    workspace = project_copy(folder, tools)
    workspace.edit_params(SLICE)
    workspace.commit("the slice")
    workspace.snakemake()
    workspace.run("pitchline", "promote", "decide")
    workspace.run("pitchline", "record")
    workspace.commit("recorded")


@pytest.fixture
def offline_tools() -> Iterator[Path]:
    """Programs whose commands run where there is no network at all."""
    with (
        tempfile.TemporaryDirectory(prefix="pitchline-") as folder,
        at_work(Path(folder), prefix=without_network()) as tools,
    ):
        yield tools


@pytest.fixture
def workspace(built: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the built slice, its cache and Snakemake's records included."""
    folder = tmp_path / "project"
    shutil.copytree(built.folder, folder, symlinks=True)
    return Workspace(folder, built.tools)


@pytest.fixture
def fresh(built: Workspace, tmp_path: Path) -> Workspace:
    """A fresh clone of the built slice: only what git carries."""
    return built.clone(tmp_path / "clone")


@pytest.fixture(scope="session")
def published(built: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The built slice with its artifacts pushed to a remote: don't change it, clone it."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(built.folder, folder / "project", symlinks=True)
    workspace = Workspace(folder / "project", built.tools)
    workspace.push_to(folder / "remote")
    workspace.commit("a remote")
    return workspace


@pytest.fixture
def clone(published: Workspace, tmp_path: Path) -> Workspace:
    """A fresh clone whose DVC remote holds the artifacts."""
    return published.clone(tmp_path / "clone")
