"""Both doors, `snakemake` and `dvc repro`, and the two bridges between them."""

import json
from pathlib import Path

from tests.dag.workspace import NOTHING_TO_DO, Workspace

FEWER_TRIALS = {"  trials: 6": "  trials: 5"}
NEARER_HORIZON = {"  horizon_days: 21": "  horizon_days: 5"}
OTHER_SEED = {"seed: 20140816": "seed: 7"}
MONITORING = {
    "settle_predictions",
    "monitor_quality",
    "monitor_performance",
    "monitor_drift",
}
NOT_JUDGED = "is not about this candidate"


def test_a_second_run_has_nothing_to_do_for_any_target(built: Workspace) -> None:
    assert NOTHING_TO_DO in built.snakemake("--dry-run", "all", "retrain", "predict").stdout
    assert built.dvc_is_clean()
    # Whoever names it asks the sources; the starter archive has no news.
    assert "collect_starter" not in built.snakemake("--dry-run", "collect").stdout


# That one core makes the same bytes as two is told by the killed runs of test_faults.py.
def test_the_other_door_makes_the_same_bytes_without_a_network(
    built: Workspace, fresh: Workspace, offline_tools: Path
) -> None:
    Workspace(fresh.folder, offline_tools).run("dvc", "repro")
    expected = built.made()
    assert {k: v for k, v in fresh.hashes().items() if k in expected} == expected
    assert not fresh.run("git", "status", "--porcelain").stdout
    assert fresh.dvc_is_clean()
    assert fresh.plans_nothing()


def test_the_doors_in_turn_and_what_a_clone_is_told(workspace: Workspace, tmp_path: Path) -> None:
    workspace.run("dvc", "repro")
    assert workspace.plans_nothing()

    workspace.edit_params(FEWER_TRIALS)
    planned = workspace.planned_rules()
    assert "tune_model" in planned
    assert "build_features" not in planned
    # How a new candidate goes through record, repro and a clone is told by test_rollback.py.
    workspace.run("git", "checkout", "--quiet", "params.yaml")
    workspace.edit_params(NEARER_HORIZON)
    workspace.snakemake()
    workspace.run("pitchline", "record")
    assert workspace.dvc_is_clean()
    assert "didn't change" in workspace.run("dvc", "repro").stdout
    workspace.push_to(tmp_path / "remote")
    workspace.commit("a nearer horizon")

    # In a clone `sync` fetches by itself, and tells of gates the candidate was never judged by.
    clone = workspace.clone(tmp_path / "clone")
    clone.edit_params({"  threshold: 200.0": "  threshold: 201.0"})
    assert NOT_JUDGED in clone.run("pitchline", "sync").stdout
    assert clone.plans_nothing()
    assert clone.dvc_is_clean()
    assert clone.hashes().items() >= workspace.made().items()

    # Once it was judged there is nothing to tell, nor to fetch after a pull.
    clone.run("pitchline", "promote", "decide")
    clone.run("dvc", "pull", "--quiet")
    assert NOT_JUDGED not in clone.run("pitchline", "sync").stdout
    clone.edit_params({new: old for old, new in NEARER_HORIZON.items()})
    assert clone.planned_rules() - {"all"} == {"predict_fixtures", *MONITORING} - {
        "monitor_quality"
    }


# That a changed parameter in a fresh clone trains a new model is told by test_dvc.py.
def test_a_changed_collect_parameter_is_not_hidden_by_what_persists(clone: Workspace) -> None:
    clone.run("dvc", "pull", "--quiet")
    clone.edit_params({"    first_season: 2021-22": "    first_season: 2020-21"})
    clone.run("dvc", "repro", "ingest")
    manifest = json.loads((clone.folder / "data/raw/starter/manifest.json").read_text())
    assert len(manifest["packs"]) == 6
    quality = json.loads((clone.folder / "data/quality/ingest.json").read_text())
    assert quality["seasons"][0]["season"] == "2020-21"


def test_parameters_from_the_command_line_reach_the_commands_and_are_not_recorded(
    workspace: Workspace,
) -> None:
    path = workspace.folder / "data/predictions/fixtures.csv"
    before = path.read_text(encoding="utf-8").splitlines()
    workspace.snakemake("--config", "predict={horizon_days: 5}", "--", "predict_fixtures")
    now = path.read_text(encoding="utf-8").splitlines()
    assert 1 < len(now) < len(before)
    assert now == before[: len(now)]
    refused = workspace.run("pitchline", "record", check=False)
    assert refused.returncode == 1
    assert "command line" in refused.stdout
    assert not workspace.dvc_is_clean()


def test_record_refuses_what_is_out_of_date(workspace: Workspace) -> None:
    workspace.edit_params(OTHER_SEED)
    refused = workspace.run("pitchline", "record", check=False)
    assert refused.returncode == 1
    assert "tune_model" in refused.stdout


def test_the_bridges_refuse_inside_a_dvc_stage(built: Workspace) -> None:
    for bridge in ("record", "sync"):
        refused = built.run("pitchline", bridge, check=False, env={"DVC_STAGE": "train"})
        assert refused.returncode == 1
        assert "DVC stage train" in refused.stdout


def test_sync_says_so_when_the_files_are_nowhere(fresh: Workspace) -> None:
    refused = fresh.run("pitchline", "sync", check=False)
    assert refused.returncode == 1
    assert "not in DVC's cache" in refused.stdout


def test_changed_code_of_a_stage_makes_it_run_again(workspace: Workspace) -> None:
    path = workspace.folder / "workflow/pitchline/monitor/settle.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert workspace.planned_rules() - {"all"} == MONITORING
    assert "monitor:" in workspace.run("dvc", "status").stdout


def test_a_touched_file_makes_nothing_run_again(workspace: Workspace) -> None:
    for name in ("data/features/matches.parquet", "workflow/pitchline/train/model.py"):
        (workspace.folder / name).touch()
    assert workspace.plans_nothing()


def test_two_runs_in_one_folder_do_not_collide_and_the_summary_ends_a_run(
    workspace: Workspace,
) -> None:
    import fcntl

    forced = ("snakemake", "--cores", "2", "--force", "settle_predictions")
    lock = workspace.folder / ".snakemake/pitchline/lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused = workspace.run(*forced, check=False)
    assert refused.returncode == 1
    assert "another run is at work" in refused.stdout

    output = workspace.run(*forced).stdout
    for part in ("Built", "log loss", "base rates", "Candidate", "Next fixtures", "How they did"):
        assert part in output
