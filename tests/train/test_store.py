"""The search's store: what an interrupted search finds again, and how workers share it."""

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import psutil
import pytest

from pitchline import layout
from pitchline.errors import PitchlineError
from pitchline.features.schema import columns_of
from pitchline.files import json_bytes
from pitchline.params import PARAMS_FILE, load
from pitchline.train import study as studies
from pitchline.train.split import expanding_folds, trainable
from pitchline.train.tuning import folds, store
from pitchline.train.tuning.batch import Fitted, Unit
from pitchline.train.tuning.store import Folder
from tests.train import forks
from tests.train.project import content_of, edit_params, pitchline
from tests.train.test_tuning import WIDE, study_of

SETTINGS: dict[str, Any] = {"start": "ratings", "max_depth": 2}
FITTED = Fitted([1.0, 0.9, 0.95], 0.25)
UNIT = Unit(5, 1)


def units(root: Path = layout.SEARCHES) -> list[Path]:
    return sorted(root.glob("*/*/*.json"))


@pytest.fixture
def kept(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "searches" / "key", at_once=4)
    folder.write(UNIT, SETTINGS, FITTED)
    return folder


def test_a_result_is_found_again_by_any_process(kept: Folder) -> None:
    assert Folder(kept.folder, at_once=4).read(UNIT, SETTINGS) == FITTED
    assert kept.read(Unit(5, 2), SETTINGS) is None
    assert kept.read(UNIT, SETTINGS | {"max_depth": 3}) is None


@pytest.mark.parametrize("size", [0, 1, 40, -1])
def test_a_truncated_result_counts_as_absent_and_can_be_written_again(
    kept: Folder, size: int
) -> None:
    path = kept.path_of(UNIT)
    path.write_bytes(path.read_bytes()[:size])
    assert kept.read(UNIT, SETTINGS) is None
    kept.write(UNIT, SETTINGS, FITTED)
    assert kept.read(UNIT, SETTINGS) == FITTED


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"sha256": 1, "fit": {}}', '{"sha256": "0", "fit": null}', "\udcff"]
)
def test_an_altered_result_counts_as_absent(kept: Folder, content: str) -> None:
    kept.path_of(UNIT).write_bytes(content.encode(errors="surrogateescape"))
    assert kept.read(UNIT, SETTINGS) is None


def test_an_altered_digit_is_noticed(kept: Folder) -> None:
    path = kept.path_of(UNIT)
    text = path.read_text(encoding="utf-8")
    assert text.count("0.95") == 1
    path.write_text(text.replace("0.95", "0.85"), encoding="utf-8")
    assert kept.read(UNIT, SETTINGS) is None


def test_a_unit_is_claimed_once_and_again_after_its_release(kept: Folder) -> None:
    other = Folder(kept.folder, at_once=4)
    assert kept.claim(Unit(0, 0))
    assert not kept.claim(Unit(0, 0))
    assert not other.claim(Unit(0, 0))
    assert other.claim(Unit(0, 1))
    kept.release(Unit(0, 0))
    assert other.claim(Unit(0, 0))


def write_claim(kept: Folder, unit: Unit, **owner: object) -> None:
    path = kept.path_of(unit).with_suffix(".claim")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json_bytes(owner))


def test_the_claim_of_a_dead_process_is_taken_over_and_of_a_living_one_not(kept: Folder) -> None:
    host, parent = socket.gethostname(), psutil.Process(os.getppid())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    write_claim(kept, Unit(0, 0), host=host, process=ended.pid, since=0.0)
    write_claim(kept, Unit(0, 1), host=host, process=parent.pid, since=parent.create_time())
    # The number of a process that is gone, given to another one since.
    write_claim(kept, Unit(0, 2), host=host, process=parent.pid, since=1.0)
    assert [kept.claim(Unit(0, fold)) for fold in range(3)] == [True, False, True]


def test_another_hosts_claim_is_taken_over_when_it_has_stood_far_longer_than_any_fit_takes(
    kept: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(store.time, "monotonic", lambda: now[0])
    write_claim(kept, Unit(0, 0), host="elsewhere", process=1, since=0.0)
    kept.write(Unit(0, 1), SETTINGS, Fitted([1.0], 10.0))
    assert not kept.claim(Unit(0, 0))
    now[0] += 199
    assert not kept.claim(Unit(0, 0))
    # Another claim since then has its own time.
    write_claim(kept, Unit(0, 0), host="elsewhere", process=2, since=0.0)
    now[0] += 2
    assert not kept.claim(Unit(0, 0))
    now[0] += 201
    assert kept.claim(Unit(0, 0))


def test_the_newest_searches_are_kept(tmp_path: Path) -> None:
    made = []
    for number in range(4):
        made.append(store.open_folder(tmp_path, {"number": number}, 4))
        os.utime(made[-1].folder / store.SEARCH_FILE, (number, number))
    assert len({folder.folder for folder in made}) == 4
    made[1].keep_newest()
    assert set(tmp_path.iterdir()) == {made[1].folder, made[3].folder}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("in the way")
    folder = Folder(tmp_path / "key", at_once=4)
    for act in (lambda: folder.claim(UNIT), lambda: folder.write(UNIT, SETTINGS, FITTED)):
        with pytest.raises(PitchlineError, match=r"key: could not be written.*run again"):
            act()


def test_the_key_names_all_that_decides_a_fit(features: pd.DataFrame, tmp_path: Path) -> None:
    rows = trainable(features, 10)
    columns = columns_of(features, ["elo", "form"])
    splits = expanding_folds(rows, 3)
    settings = load(Path(__file__).parents[2] / PARAMS_FILE).train

    def key(**changed: Any) -> str:
        asked: dict[str, Any] = {
            "rows": rows,
            "columns": columns,
            "splits": splits,
            "settings": settings,
            "seed": 1,
        }
        return studies.store_of(tmp_path, **(asked | changed)).folder.name

    def but(**changed: Any) -> str:
        return key(settings=settings.model_copy(update=changed))

    plain = key()
    assert key() == plain
    assert but(trials=7, workers=9) == plain
    other = rows.assign(result=rows["result"].mask(rows.index == 3, "D"))
    assert (other["result"] != rows["result"]).any()
    nudged = rows.assign(difference_elo=rows["difference_elo"] + 1e-9)
    found = [
        plain,
        key(rows=other),
        key(rows=nudged),
        key(columns=columns[:-1]),
        key(splits=expanding_folds(rows, 4)),
        key(seed=2),
        but(max_rounds=5),
        but(early_stopping_rounds=5),
        but(trials_at_once=5),
        but(search=WIDE),
    ]
    assert len(set(found)) == len(found)


def test_an_interrupted_search_goes_on_to_the_same_study(
    features: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = trainable(features, 10)
    columns = columns_of(features, ["elo", "form"])
    asked: dict[str, int] = {"folds": 5, "trials": 12, "at_once": 4, "seed": 9}
    undisturbed = study_of(rows, columns, WIDE, **asked)
    made: list[str] = []
    calls = itertools.count(1)
    true_fit = folds.fit_fold

    def fit_or_stop(fold: folds.Fold, settings: dict[str, Any], *limits: int) -> folds.Curve:
        if next(calls) % 9 == 0:
            raise KeyboardInterrupt
        curve = true_fit(fold, settings, *limits)
        made.append(f"{settings} on {fold.train.num_row()}")
        return curve

    monkeypatch.setattr(folds, "fit_fold", fit_or_stop)
    interrupted = 0
    while True:
        try:
            kept = Folder(tmp_path / "key", at_once=4)
            study = study_of(rows, columns, WIDE, threads=1 + interrupted % 2, store=kept, **asked)
            break
        except KeyboardInterrupt:
            interrupted += 1
            assert not list(tmp_path.rglob("*.claim"))
            assert not list(tmp_path.rglob("*.part"))
    assert interrupted > 3
    assert study == undisturbed
    # Nothing was fitted twice.
    assert len(set(made)) == len(made)


def killed_while_searching(threads: str) -> int:
    """Start a search, end it with SIGKILL once some fits are kept: how many were."""
    running = forks.start("train", "tune", "--threads", threads)
    before, deadline = len(units()), time.monotonic() + 120
    while len(units()) < before + 2:
        assert running.process.is_alive(), "the search ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert running.kill() == -signal.SIGKILL
    return len(units())


# Fits slow enough to be killed among them.
SLOWER = {"trials": 8, "max_rounds": 80, "early_stopping_rounds": 80}


def test_searches_killed_and_damaged_and_shared_end_with_the_bytes_of_an_undisturbed_one(
    project: Path,
) -> None:
    edit_params({"train": SLOWER})
    pitchline("train", "tune")
    expected = layout.STUDY.read_bytes()
    layout.STUDY.unlink()
    shutil.rmtree(layout.SEARCHES)

    first = killed_while_searching("2")
    assert killed_while_searching("1") > first
    for path, size in zip(units()[:3], (0, 30, -5), strict=True):
        path.write_bytes(path.read_bytes()[:size])
    assert not layout.STUDY.exists()

    others = [forks.start("train", "search") for _ in range(2)]
    code, told = forks.done("train", "tune")
    assert code == 0, told
    for other in others:
        code, told = other.wait()
        assert code == 0, told
    assert layout.STUDY.read_bytes() == expected
    assert not list(layout.SEARCHES.rglob("*.part"))

    _, told = forks.done("train", "tune")
    assert "8 of 8 trials were done before" in told
    assert layout.STUDY.read_bytes() == expected


def test_a_longer_search_goes_on_from_a_shorter_one(project: Path) -> None:
    before = set(units())
    shorter = content_of(layout.STUDY)["trials"]
    edit_params({"train": {"trials": 8}})
    pitchline("train", "tune")
    assert content_of(layout.STUDY)["trials"][: len(shorter)] == shorter
    assert set(units()) > before


def test_the_number_of_workers_is_part_of_no_output(project: Path) -> None:
    before = layout.STUDY.read_bytes(), (layout.CANDIDATE / "model.json").read_bytes()
    edit_params({"train": {"workers": 3}})
    for verb in ("tune", "fit"):
        pitchline("train", verb)
    assert (layout.STUDY.read_bytes(), (layout.CANDIDATE / "model.json").read_bytes()) == before


def test_the_seconds_of_every_trial_are_told_beside_the_study(project: Path) -> None:
    told = content_of(layout.DURATIONS)["trials"]
    assert list(told) == [str(trial["number"]) for trial in content_of(layout.STUDY)["trials"]]
    assert all(seconds > 0 for seconds in told.values())
    assert "seconds" not in layout.STUDY.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["study.db", "study.journal"])
def test_the_exported_study_opens_in_optuna(project: Path, name: str) -> None:
    study = content_of(layout.STUDY)
    for _ in range(2):
        pitchline("train", "export-study", name)
    storage: Any = f"sqlite:///{name}"
    if name.endswith("journal"):
        backend = optuna.storages.journal.JournalFileBackend(name)
        storage = optuna.storages.JournalStorage(backend)
    opened = optuna.load_study(study_name="pitchline", storage=storage)
    assert opened.best_trial.number == study["best"]["number"]
    assert opened.best_value == study["best"]["log_loss"]
    durations = content_of(layout.DURATIONS)["trials"]
    for trial, told in zip(opened.trials, study["trials"], strict=True):
        assert trial.params == told["params"]
        assert trial.state.name.lower() == told["state"]
        assert list(trial.intermediate_values.values()) == told["folds"]
        assert trial.duration is not None
        assert trial.duration.total_seconds() == pytest.approx(durations[str(told["number"])])


def test_an_export_of_another_kind_or_of_other_ranges_is_refused(project: Path) -> None:
    with pytest.raises(PitchlineError, match=r"study\.csv: an Optuna storage is SQLite"):
        pitchline("train", "export-study", "study.csv")
    narrow = load(PARAMS_FILE).train.search.model_dump() | {"learning_rate": [0.001, 0.0011]}
    edit_params({"train": {"search": json.loads(json.dumps(narrow))}})
    with pytest.raises(PitchlineError, match=r"study\.json: trial 0 lies outside train\.search"):
        pitchline("train", "export-study", "study.db")
    assert not Path("study.db").exists()
