import subprocess
from pathlib import Path

import pytest

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.train import unsent
from pitchline.train.runs import flat_metrics, flat_params, git_tags, told_of, trials_of


def test_parameters_are_named_by_their_path() -> None:
    told = {"a": {"b": {"c": 1.5, "d": [1, "x"]}, "e": None}, "f": True, "g": "text", "h": {}}
    assert flat_params(told) == {
        "a.b.c": "1.5",
        "a.b.d": '[1, "x"]',
        "a.e": "null",
        "f": "true",
        "g": "text",
    }


def test_metrics_are_named_by_window_forecaster_and_metric() -> None:
    told = {
        "matches": 10,
        "first_kick_off": "2025-01-01",
        "model": {"rps": 0.2, "rps_interval": [0.1, 0.3], "confident_accuracy": None},
        "market": None,
        "windows": {
            "newest": {"matches": 3, "elo": {"rps": 0.4}, "seasons": ["2025-26"]},
            "x": None,
        },
        "by_season": {"2025-26": {"model": {"rps": 0.5}}},
        "by_confidence": {"0-0.4": {"accuracy": None, "accuracy_interval": None, "matches": 0}},
    }
    assert flat_metrics(told) == {
        "matches": 10.0,
        "model_rps": 0.2,
        "model_rps_low": 0.1,
        "model_rps_high": 0.3,
        "newest/matches": 3.0,
        "newest/elo_rps": 0.4,
        "by_season/2025-26/model_rps": 0.5,
        "by_confidence/0-0.4/matches": 0.0,
    }


def test_trials_have_seconds_where_they_are_known() -> None:
    trial = {"state": "pruned", "params": {"max_depth": 2}, "folds": [0.9], "rounds": 3}
    study = {"trials": [trial | {"number": n, "log_loss": 0.9} for n in (0, 1)]}
    first, second = trials_of(study, {"0": 2.5})
    assert (first["seconds"], second["seconds"]) == (2.5, None)
    assert first["metrics"] == {
        "log_loss": 0.9,
        "rounds": 3.0,
        "fold_0_log_loss": 0.9,
        "seconds": 2.5,
    }
    assert trials_of({"best": {}}, {}) == []


def test_the_revision_is_told_and_whether_files_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_tags() == {}

    def git(*arguments: str) -> str:
        named = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        done = subprocess.run(
            ["git", *named, *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "--quiet")
    assert git_tags() == {}
    for name in ("dvc.lock", "params.yaml"):
        Path(name).write_text("a")
    Path("models").mkdir()
    Path("models/champion.json").write_text("a")
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    clean = {"mlflow.source.git.commit": git("rev-parse", "HEAD"), "pitchline.git.dirty": "false"}
    assert git_tags() == clean
    # A run itself writes these.
    for name in ("dvc.lock", "models/champion.json"):
        Path(name).write_text("b")
    assert git_tags() == clean
    Path("params.yaml").write_text("b")
    assert git_tags() == clean | {"pitchline.git.dirty": "true"}
    monkeypatch.setenv("PATH", "")
    assert git_tags() == {}


def kept(seed: int = 0) -> tuple[dict[str, object], Path]:
    told = told_of(layout.CANDIDATE, "x", 1_000, None) | {"metrics": {"seed": float(seed)}}
    return told, unsent.put(told, layout.CANDIDATE)


def test_what_is_kept_is_read_again(project: Path) -> None:
    told, entry = kept()
    run = unsent.read(entry)
    assert run.told == told
    for name in run.told["files"]:
        assert (run.files / name).read_bytes() == (layout.CANDIDATE / name).read_bytes()


def test_a_newer_entry_of_a_candidate_takes_the_olders_place(project: Path) -> None:
    kept(1)
    told, entry = kept(2)
    assert unsent.entries() == [entry]
    assert unsent.read(entry).told == told
    assert unsent.waiting(str(told["version"])) == [entry]
    assert unsent.waiting("0" * 12) == []


def test_what_a_killed_process_left_is_no_entry_and_is_removed(project: Path) -> None:
    _, entry = kept()
    left = entry.with_name(f".000009-{'a' * 12}.{2**22 + 1}.part")
    entry.rename(left)
    assert unsent.entries() == []
    _, entry = kept()
    assert sorted(layout.UNSENT.iterdir()) == [entry]


@pytest.mark.parametrize("how", ["altered", "missing"])
def test_a_spoilt_entry_names_the_file(project: Path, how: str) -> None:
    _, entry = kept()
    path = entry / unsent.FILES / layout.STUDY.name
    path.unlink()
    if how == "altered":
        path.write_text("{}")
    with pytest.raises(ArtifactError, match=f"{path}: missing or altered"):
        unsent.read(entry)


def test_a_candidate_that_is_not_whole_is_not_kept(project: Path) -> None:
    layout.METRICS.write_text("{")
    with pytest.raises(ArtifactError, match=f"{layout.METRICS}: not valid JSON"):
        told_of(layout.CANDIDATE, "x", 0, None)
