import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pitchline import alerts, layout
from pitchline.alerts import sender, spool
from pitchline.alerts.book import Episode
from pitchline.serve import alerting
from pitchline.serve.alerting import REFUSED, ModelAlerts
from pitchline.serve.swap import Champion
from pitchline.train.model import MODEL_FILE, Forecaster
from tests.serve.models import bundle, point

POLL = 0.02


@pytest.fixture(scope="module")
def store(
    rows: pd.DataFrame, models: dict[str, Forecaster], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, dict[str, Any]]]:
    """A project with two models, and pointers to them."""
    root = tmp_path_factory.mktemp("store")
    return root, {name: bundle(root, models[name], rows) for name in ("blend", "logit")}


@pytest.fixture
def pointers(store: tuple[Path, dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return store[1]


@pytest.fixture
def root(store: tuple[Path, dict[str, dict[str, Any]]], tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(store[0], folder)
    point(folder, store[1]["blend"])
    return folder


@pytest.fixture
def sendings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The calls that would start a sender."""
    found: list[Path] = []
    monkeypatch.setattr(alerts, "send_soon", found.append)
    return found


@pytest.fixture
def workers(root: Path, sendings: list[Path]) -> Iterator[list[Champion]]:
    """Two workers' champions, which look one after the other."""
    found = [Champion(root, POLL, ModelAlerts(root)) for _ in range(2)]
    found[0].start()
    time.sleep(POLL / 2)
    found[1].start()
    yield found
    for each in found:
        each.stop()


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(POLL)


def episodes(root: Path) -> list[Episode]:
    return sender.current(root / layout.ALERTS).episodes


def spoil(root: Path, pointer: dict[str, Any]) -> None:
    path = root / layout.CHAMPIONS / pointer["version"] / MODEL_FILE
    path.write_bytes(path.read_bytes()[:-100])
    point(root, pointer)


def test_a_refused_model_is_told_with_its_reason_and_its_recovery(
    root: Path,
    workers: list[Champion],
    pointers: dict[str, dict[str, Any]],
    sendings: list[Path],
) -> None:
    bad, good = pointers["logit"], pointers["blend"]
    spoil(root, bad)
    until(lambda: all(each.refused for each in workers))
    time.sleep(10 * POLL)
    (told,) = episodes(root)
    assert (told.key, told.severity, told.open) == (REFUSED, "error", True)
    assert bad["version"] in told.title
    assert good["version"] in told.title
    assert "truncated or altered" in told.text
    assert "pitchline promote --rollback" in told.text
    assert told.facts == {"refused": bad["version"], "serving": good["version"]}
    # Two workers that look at the same moment may both tell, which counts as a repetition.
    assert told.count == len(list(spool.waiting(root / layout.ALERTS))) <= 2
    assert root in sendings
    point(root, good)
    until(lambda: not episodes(root)[0].open)
    time.sleep(10 * POLL)
    (told,) = episodes(root)
    assert f"Model {good['version']} serves" in told.recovery


def test_another_refused_model_is_news_and_one_taken_ends_both(
    root: Path, workers: list[Champion], pointers: dict[str, dict[str, Any]]
) -> None:
    (root / layout.CHAMPION).write_bytes(b"{")
    until(lambda: len(episodes(root)) == 1)
    assert episodes(root)[0].subject == alerting.UNKNOWN
    point(root, pointers["logit"] | {"version": "0123456789ab"})
    until(lambda: episodes(root)[0].subject == "0123456789ab")
    point(root, pointers["logit"])
    until(lambda: not episodes(root)[0].open)
    assert len(episodes(root)) == 1


def test_a_service_started_anew_tells_of_the_recovery(root: Path, sendings: list[Path]) -> None:
    ModelAlerts(root).refused("0123456789ab", "damaged", "ba9876543210")
    ModelAlerts(root).serves("0123456789ab")
    (told,) = episodes(root)
    assert not told.open
    assert sendings == [root, root]


def test_without_an_alert_nothing_is_written(root: Path, sendings: list[Path]) -> None:
    witness = ModelAlerts(root)
    for _ in range(3):
        witness.serves("0123456789ab")
    assert not (root / layout.ALERTS).exists()
    assert sendings == []


def test_a_folder_that_takes_no_alert_stops_no_swap(
    root: Path, pointers: dict[str, dict[str, Any]], sendings: list[Path]
) -> None:
    (root / layout.ALERTS).parent.mkdir(parents=True)
    (root / layout.ALERTS).touch()
    champion = Champion(root, POLL, ModelAlerts(root))
    champion.start()
    try:
        (root / layout.CHAMPION).write_bytes(b"{")
        until(lambda: bool(champion.refused))
        point(root, pointers["logit"])
        until(lambda: champion.current.version == pointers["logit"]["version"])
    finally:
        champion.stop()
    assert sendings == []


def test_what_comes_at_once_is_sent_by_two_processes_the_last_after_the_last(
    root: Path, sendings: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerting, "APART_SECONDS", 0.3)
    told = ModelAlerts(root)
    for number in range(5):
        told.refused(f"{number:012}", "a reason", "0123456789ab")
    assert len(sendings) == 1
    until(lambda: len(sendings) == 2)
    assert [each.subject for each in episodes(root) if each.open] == [f"{4:012}"]
    time.sleep(0.4)
    assert len(sendings) == 2
