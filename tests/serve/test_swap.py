import json
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import write_bytes, write_json
from pitchline.serve import engine
from pitchline.serve.swap import Champion
from pitchline.train.model import CARD_FILE, MODEL_FILE, Forecaster
from tests.serve.models import adopted, bundle, point, table_of

POLL = 0.02
CONVERGED = 2.0


def until(happened: Callable[[], bool]) -> None:
    """Wait for something, no longer than the service may take to follow the pointer."""
    end = time.monotonic() + CONVERGED
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(POLL / 2)


@pytest.fixture(scope="module")
def store(
    rows: pd.DataFrame, models: dict[str, Forecaster], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, dict[str, Any]]]:
    """A project with the models in its store of champions, and pointers to them."""
    root = tmp_path_factory.mktemp("store")
    return root, {name: bundle(root, model, rows) for name, model in models.items()}


@pytest.fixture
def root(store: tuple[Path, dict[str, dict[str, Any]]], tmp_path: Path) -> Path:
    """A copy of that project, the blend being its champion."""
    folder = tmp_path / "project"
    shutil.copytree(store[0], folder)
    point(folder, store[1]["blend"])
    return folder


@pytest.fixture
def pointers(store: tuple[Path, dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return store[1]


@pytest.fixture
def champion(root: Path) -> Iterator[Champion]:
    """A champion at work."""
    found = Champion(root, POLL)
    found.start()
    yield found
    found.stop()


def test_the_pointers_model_serves_and_a_new_one_takes_over(
    root: Path, champion: Champion, pointers: dict[str, dict[str, Any]]
) -> None:
    assert champion.current.version == pointers["blend"]["version"]
    point(root, pointers["logit"])
    until(lambda: champion.current.version == pointers["logit"]["version"])
    assert champion.swaps == 1
    assert champion.refused == []


def test_a_decision_told_anew_is_taken(
    root: Path, champion: Champion, pointers: dict[str, dict[str, Any]]
) -> None:
    point(root, pointers["blend"] | {"decision": {"outcome": "rolled back"}})
    until(lambda: champion.current.decision == {"outcome": "rolled back"})
    assert champion.current.version == pointers["blend"]["version"]


def test_a_candidate_just_promoted_serves_from_its_own_folder(
    root: Path, champion: Champion, pointers: dict[str, dict[str, Any]]
) -> None:
    kept = root / layout.CHAMPIONS / pointers["xgboost"]["version"]
    kept.rename(root / layout.CANDIDATE)
    point(root, pointers["xgboost"])
    until(lambda: champion.current.version == pointers["xgboost"]["version"])


def kept(root: Path, pointer: dict[str, Any]) -> Path:
    return root / layout.CHAMPIONS / pointer["version"]


def truncated(root: Path, pointer: dict[str, Any]) -> None:
    path = kept(root, pointer) / MODEL_FILE
    path.write_bytes(path.read_bytes()[:-100])
    point(root, pointer)


def altered(root: Path, pointer: dict[str, Any]) -> None:
    path = kept(root, pointer) / CARD_FILE
    path.write_text(path.read_text().replace("0.", "1.", 1))
    point(root, pointer)


def missing(root: Path, pointer: dict[str, Any]) -> None:
    (kept(root, pointer) / "metrics.json").unlink()
    point(root, pointer)


def nowhere(root: Path, pointer: dict[str, Any]) -> None:
    shutil.rmtree(kept(root, pointer))
    point(root, pointer)


def half_written(root: Path, pointer: dict[str, Any]) -> None:
    content = json.dumps(pointer).encode()
    (root / layout.CHAMPION).write_bytes(content[: len(content) // 2])


def garbage(root: Path, pointer: dict[str, Any]) -> None:
    (root / layout.CHAMPION).write_bytes(b"\xff\x00 nonsense")


def emptied(root: Path, pointer: dict[str, Any]) -> None:
    (root / layout.CHAMPION).write_bytes(b"")


def nested(root: Path, pointer: dict[str, Any]) -> None:
    (root / layout.CHAMPION).write_bytes(b"[" * 100_000)


def removed(root: Path, pointer: dict[str, Any]) -> None:
    (root / layout.CHAMPION).unlink()


def no_version(root: Path, pointer: dict[str, Any]) -> None:
    point(root, pointer | {"version": "../../../etc"})


def other_version(root: Path, pointer: dict[str, Any]) -> None:
    point(root, pointer | {"version": "0123456789ab"})


def no_decision(root: Path, pointer: dict[str, Any]) -> None:
    point(root, pointer | {"decision": 1})


def remade(root: Path, pointer: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> None:
    """The same model with a changed card, all hashes being right."""
    made = root / "made"
    shutil.copytree(kept(root, pointer), made)
    card = json.loads((made / CARD_FILE).read_bytes())
    change(card)
    (made / CARD_FILE).write_text(json.dumps(card))
    point(root, adopted(root, made))


def with_other_golden(root: Path, pointer: dict[str, Any]) -> None:
    remade(root, pointer, lambda card: card["golden"]["probabilities"][0].reverse())


def with_other_columns(root: Path, pointer: dict[str, Any]) -> None:
    remade(root, pointer, lambda card: card["reads"].pop())


def with_nan(root: Path, pointer: dict[str, Any]) -> None:
    def change(card: dict[str, Any]) -> None:
        card["start"]["intercepts"] = [float("nan")] * 3

    remade(root, pointer, change)


def no_card(root: Path, pointer: dict[str, Any]) -> None:
    remade(root, pointer, lambda card: card.clear())


BAD = (
    truncated,
    altered,
    missing,
    nowhere,
    half_written,
    garbage,
    emptied,
    nested,
    removed,
    no_version,
    other_version,
    no_decision,
    with_other_golden,
    with_other_columns,
    with_nan,
    no_card,
)


@pytest.mark.parametrize("spoil", BAD)
def test_a_bad_model_is_refused_once_and_a_good_one_is_taken_after_it(
    spoil: Callable[[Path, dict[str, Any]], None],
    root: Path,
    champion: Champion,
    pointers: dict[str, dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = champion.current
    with caplog.at_level(logging.WARNING, "pitchline.serve"):
        spoil(root, pointers["xgboost"])
        until(lambda: bool(champion.refused))
        time.sleep(10 * POLL)
    assert champion.current is before
    assert champion.refusals == len(champion.refused) == 1
    (told,) = champion.refused
    assert told["reason"]
    assert str(root) not in told["reason"]
    assert told["reason"] in caplog.text
    point(root, pointers["logit"])
    until(lambda: champion.current.version == pointers["logit"]["version"])
    assert champion.refused == []


@pytest.mark.parametrize("spoil", [removed, garbage, nowhere])
def test_without_a_good_model_there_is_no_start(
    spoil: Callable[[Path, dict[str, Any]], None],
    root: Path,
    pointers: dict[str, dict[str, Any]],
) -> None:
    spoil(root, pointers["blend"])
    champion = Champion(root, POLL)
    with pytest.raises(ArtifactError, match="models/champion"):
        champion.start()
    with pytest.raises(RuntimeError, match="start"):
        _ = champion.current


def test_a_bad_model_is_loaded_again_only_when_its_files_change(
    root: Path,
    champion: Champion,
    pointers: dict[str, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loads = []
    read = engine.read

    def counted(*told: Any) -> engine.Served:
        loads.append(told)
        return read(*told)

    monkeypatch.setattr(engine, "read", counted)
    pointer, good = pointers["xgboost"], kept(root, pointers["xgboost"]) / MODEL_FILE
    whole = good.read_bytes()
    with_other_golden(root, pointer)
    until(lambda: bool(champion.refused))
    time.sleep(10 * POLL)
    assert len(loads) == 1
    write_bytes(good, whole[:-1])
    point(root, pointer)
    until(lambda: len(champion.refused) == 2)
    time.sleep(5 * POLL)
    write_bytes(good, whole)
    until(lambda: champion.current.version == pointer["version"])
    assert len(loads) == 2


def test_a_pointer_back_at_the_serving_model_changes_nothing(
    root: Path, champion: Champion, pointers: dict[str, dict[str, Any]]
) -> None:
    before = champion.current
    garbage(root, pointers["blend"])
    until(lambda: bool(champion.refused))
    point(root, pointers["blend"])
    time.sleep(5 * POLL)
    assert champion.current is before
    assert champion.refusals == 1


def test_files_that_only_dvc_has_are_fetched_by_a_process_of_its_own(
    root: Path,
    champion: Champion,
    pointers: dict[str, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pointer = pointers["logit"]
    away = root / "away"
    kept(root, pointer).rename(away)
    (root / ".dvc").mkdir()
    (root / ".dvc/config").touch()
    cache = root / ".dvc/cache/files/md5"
    for name, hashes in pointer["files"].items():
        path = cache / hashes["md5"][:2] / hashes["md5"][2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        (away / name).rename(path)
    point(root, pointer)
    end = time.monotonic() + 60
    while champion.current.version != pointer["version"]:
        assert time.monotonic() < end, champion.refused
        time.sleep(POLL)


def test_fifty_swaps_while_threads_ask_give_no_wrong_answer(
    root: Path,
    champion: Champion,
    rows: pd.DataFrame,
    models: dict[str, Forecaster],
    pointers: dict[str, dict[str, Any]],
) -> None:
    asked = rows.head(40)
    expected = {
        pointers[name]["version"]: model.probabilities(asked) for name, model in models.items()
    }
    tables = {
        pointers[name]["version"]: table_of(asked, model.columns) for name, model in models.items()
    }
    assert len(expected) == len(models)
    ended = threading.Event()
    answers: list[int] = []
    wrong: list[object] = []
    used: set[str] = set()

    def hammer() -> None:
        count = 0
        while not ended.is_set():
            served = champion.current
            try:
                p = served.predict(tables[served.version])
                if not np.array_equal(p, expected[served.version]):
                    wrong.append(served.version)
            except Exception as error:  # noqa: BLE001 any is a wrong answer
                wrong.append(error)
            used.add(served.version)
            count += 1
        answers.append(count)

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        order = ["logit", "xgboost", "priced", "blend"]
        for number in range(50):
            pointer = pointers[order[number % len(order)]]
            if number % 5 == 4:
                refusals = champion.refusals
                write_json(root / layout.CHAMPION, pointer | {"version": "0123456789ab"})
                until(lambda before=refusals: champion.refusals > before)  # type: ignore[misc]
            point(root, pointer)
            until(lambda to=pointer: champion.current.version == to["version"])  # type: ignore[misc]
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert champion.swaps == 50
    assert champion.refusals == 10
    assert used == set(expected)
    assert sum(answers) > 500
    assert wrong == []


def test_a_stopped_champion_follows_no_more(
    root: Path, champion: Champion, pointers: dict[str, dict[str, Any]]
) -> None:
    champion.stop()
    point(root, pointers["logit"])
    time.sleep(5 * POLL)
    assert champion.current.version == pointers["blend"]["version"]
