"""The command as a person uses it, on a project whose champion, registry and ledger are real."""

import json
import shutil
from pathlib import Path

import pytest

from pitchline import layout
from pitchline.errors import BackupError
from pitchline.params import PARAMS_FILE
from pitchline.promote import champion as champions
from pitchline.promote import registry
from pitchline.train import tracking
from pitchline.train.candidate import version_of
from tests.backup.world import LEDGER, add_runs, runs_in
from tests.conftest import ROOT
from tests.promote.candidates import promoted, roll_back
from tests.train.project import content_of, edit_params, pitchline, shell


@pytest.fixture
def served(project: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A project with two champions one after the other, an MLflow store and a ledger."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlruns/mlflow.db")
    first, second = promoted(2)
    LEDGER.parent.mkdir(parents=True)
    add_runs(LEDGER, 5)
    return first, second


@pytest.fixture
def plain(small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small project with its parameters, the current folder."""
    monkeypatch.chdir(small)
    shutil.copy(ROOT / PARAMS_FILE, PARAMS_FILE)
    return small


def registered() -> tuple[str, set[str]]:
    """The champion by MLflow's registry, and the models of all its runs, each loaded."""
    import mlflow

    with tracking.client() as client:
        number = client.get_registered_model(registry.MODEL_NAME).aliases["champion"]
        champion = client.get_model_version(registry.MODEL_NAME, number)
        experiments = [entry.experiment_id for entry in client.search_experiments()]
        runs = client.search_runs(experiments, f"tags.`{tracking.VERSION_TAG}` != ''")
        mlflow.set_tracking_uri(tracking.store_uri())
        mlflow.pyfunc.load_model(champion.source)
        return champion.tags[tracking.VERSION_TAG], {
            run.data.tags[tracking.VERSION_TAG] for run in runs
        }


def test_everything_destroyed_and_restored_works_on(
    served: tuple[str, str], project: Path, tmp_path: Path
) -> None:
    first, second = served
    edit_params({"backup": {"folder": str(tmp_path / "disk")}})
    before = registered()
    assert before[0] == second
    listed = pitchline("promote", "list").stdout
    pitchline("backup", "create")

    for name in ("data", "models", "mlruns"):
        shutil.rmtree(project / name)
    assert "written" in pitchline("backup", "restore", "latest").stderr

    assert pitchline("promote", "list").stdout == listed
    assert registered() == before
    assert runs_in(LEDGER) == 5
    pointer = content_of(layout.CHAMPION)
    assert version_of(champions.locate(pointer)) == second
    roll_back("--reason", "to see that it can be done")
    pointer = content_of(layout.CHAMPION)
    assert version_of(champions.locate(pointer)) == first
    assert registered()[0] == first


def test_list_verify_dry_run_and_restore(plain: Path) -> None:
    assert "0.0 MB" not in pitchline("backup", "create").stderr
    (entry,) = json.loads(pitchline("backup", "list", "--json").stdout)
    assert entry["state"] == "good"
    assert entry["name"] in pitchline("backup", "list").stdout
    assert "all as they were saved" in pitchline("backup", "verify").stderr
    pointer = layout.CHAMPION.read_bytes()
    layout.CHAMPION.write_bytes(b"newer")
    shown = pitchline("backup", "restore", entry["name"], "--dry-run").stdout
    assert shown.splitlines() == ["aside  models/champion.json", "write  models/champion.json"]
    assert layout.CHAMPION.read_bytes() == b"newer"
    with pytest.raises(BackupError, match="With --force"):
        pitchline("backup", "restore", entry["name"])
    told = pitchline("backup", "restore", entry["name"], "--force").stderr
    assert "moved aside: 1 files, to data/state/aside/" in told
    assert layout.CHAMPION.read_bytes() == pointer


def test_a_problem_ends_with_its_text_and_status_1(plain: Path) -> None:
    pitchline("backup", "create")
    for path in Path("backups/objects").glob("*/*"):
        path.write_bytes(b"")
    done = shell("backup", "verify")
    assert done.returncode == 1
    assert "models/champion.json: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("list",), ("verify",), ("restore", "latest")])
def test_without_a_backup_each_says_how_to_make_one(
    project: Path, command: tuple[str, ...]
) -> None:
    with pytest.raises(BackupError, match=r"no backups here\. Make one with `pitchline backup"):
        pitchline("backup", *command)
    assert not Path("backups").exists()
