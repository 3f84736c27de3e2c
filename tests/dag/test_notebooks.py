"""Every notebook runs from top to bottom on a built project, and is stored without outputs."""

import base64
import contextlib
import io
from pathlib import Path

import matplotlib.image
import nbformat
import pytest
from nbclient import NotebookClient

from pitchline.ingest.tables import RESULTS
from tests import everything
from tests.conftest import ROOT
from tests.dag.workspace import Workspace
from tests.train.project import edit_params, pitchline

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
AGAINST_THE_MARKET = ROOT / "notebooks/04_against_the_market.ipynb"
SMALLEST_PICTURE = 250
MOST_CELLS = 14
# What each must tell of the starter archive.
TOLD = {
    "01_the_data": ["team_stats", "2025-26", "score 1.000", "Liverpool - Chelsea"],
    "02_features_and_leakage": ["head_to_head_surplus", "[margin_of_season, form_with_the_match]"],
    "03_model_and_calibration": ["tempered_log_loss", "base rates", "likeliest scores: "],
    "04_against_the_market": ["NO CLOSING ODDS", "ratio to Elo", "margin 4.04%", "(assumed)"],
}
WITH_ODDS = everything.Choice(
    sources=("football_data_co_uk",),
    leagues=("eng-premier-league",),
    seasons=("2020-21", "2021-22", "2022-23"),
)


def run(path: Path, project: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs, run in the project's folder ``notebooks``."""
    notebook = nbformat.read(path, as_version=4)
    folder = project / "notebooks"
    folder.mkdir(exist_ok=True)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return notebook


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def pictures(notebook: nbformat.NotebookNode) -> list[bytes]:
    datas = [output.get("data", {}) for output in outputs(notebook)]
    return [base64.b64decode(data["image/png"]) for data in datas if "image/png" in data]


def text(notebook: nbformat.NotebookNode) -> str:
    """What was printed and the tables, as text."""
    return "\n".join(
        output["text"] if output.output_type == "stream" else output.data.get("text/plain", "")
        for output in outputs(notebook)
    )


def assert_is_whole(notebook: nbformat.NotebookNode) -> None:
    """Some pictures that show something, and no warning."""
    found = pictures(notebook)
    assert 2 <= len(found) <= 4
    for picture in found:
        pixels = matplotlib.image.imread(io.BytesIO(picture))
        assert min(pixels.shape[:2]) >= SMALLEST_PICTURE
        drawn = (pixels[:, :, :3] < 1).any(axis=2).mean()
        assert 0.01 < drawn < 0.9
    warnings = [o["text"] for o in outputs(notebook) if o.get("name") == "stderr"]
    assert not warnings


@pytest.fixture(scope="module")
def priced(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of three real seasons with odds, the last of them backtested."""
    folder = tmp_path_factory.mktemp("priced")
    everything.project(folder, shared, WITH_ODDS)
    with contextlib.chdir(folder):
        edit_params(
            {
                "train": {"folds": 2, "trials_at_once": 2, "max_rounds": 30},
                "backtest": {"first_season": "2022-23", "refit_steps": 12, "trials": 2},
                "evaluate": {"bootstrap_samples": 200},
            }
        )
        for command in ("ingest tables", "features build"):
            pitchline(*command.split())
        for verb in ("tune", "run", "score"):
            pitchline("backtest", verb)
    return folder


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs(path: Path, built: Workspace) -> None:
    notebook = run(path, built.folder)
    assert_is_whole(notebook)
    told = text(notebook)
    assert [words for words in TOLD[path.stem] if words not in told] == []
    # The starter archive has no odds.
    assert "market, closing" not in told


def test_the_market_notebook_runs_on_real_odds(priced: Path) -> None:
    notebook = run(AGAINST_THE_MARKET, priced)
    assert_is_whole(notebook)
    told = text(notebook)
    assert "380 of 380 matches have closing odds" in told
    assert "NO CLOSING ODDS" not in told
    assert "ratio to market, closing" in told
    assert all(f"market, closing {result}" in told for result in RESULTS)
    assert "mean margin of the prices: 2." in told
    assert "(assumed)" not in told


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_is_stored_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert not [cell for cell in notebook.cells if cell.get("outputs")]
    assert not [cell for cell in notebook.cells if cell.get("execution_count")]
    assert [cell.id for cell in notebook.cells] == sorted(cell.id for cell in notebook.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_text_stands_before_every_cell_of_code(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert 8 <= len(cells) <= MOST_CELLS
    kinds = [cell.cell_type for cell in cells]
    assert kinds == ["markdown", "code"] * (len(kinds) // 2)


def test_notebooks_are_numbered() -> None:
    assert [path.name[:3] for path in NOTEBOOKS] == ["01_", "02_", "03_", "04_"]
