"""Every notebook runs from top to bottom on a built project, and is stored without outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT
from tests.dag.workspace import Workspace

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs(path: Path, built: Workspace) -> None:
    notebook = nbformat.read(path, as_version=4)
    folder = built.folder / "notebooks"
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    assert any("image/png" in o.get("data", {}) for o in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_is_stored_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert not [cell for cell in notebook.cells if cell.get("outputs")]
    assert [cell.id for cell in notebook.cells] == sorted(cell.id for cell in notebook.cells)


def test_notebooks_are_numbered() -> None:
    assert NOTEBOOKS
    assert all(path.name[:2].isdigit() and path.name[2] == "_" for path in NOTEBOOKS)
