"""The challenger's pointer as the service follows it."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pitchline import alerts, layout
from pitchline.files import write_json
from pitchline.serve import alerting
from pitchline.serve.challenge import Challenger
from pitchline.serve.swap import Champion
from tests.serve.test_swap import POLL, champion, kept, pointers, remade, root, store, until

__all__ = ["champion", "pointers", "root", "store"]
Pointers = dict[str, dict[str, Any]]


def challenge(root: Path, pointer: dict[str, Any], mode: str = "split", share: float = 0.1) -> None:
    write_json(root / layout.CHALLENGER, pointer | {"mode": mode, "share": share})


@pytest.fixture
def challenger(root: Path) -> Iterator[Challenger]:
    found = Challenger(root, POLL)
    found.start()
    yield found
    found.stop()


def version(challenger: Challenger) -> str | None:
    return challenger.current.model.version if challenger.current else None


def test_without_a_pointer_there_is_no_challenger(challenger: Challenger) -> None:
    assert challenger.current is None
    assert challenger.refused == []


def test_it_comes_changes_and_goes_with_its_pointer(
    root: Path, challenger: Challenger, champion: Champion, pointers: Pointers
) -> None:
    challenge(root, pointers["logit"])
    until(lambda: version(challenger) == pointers["logit"]["version"])
    assert challenger.current is not None
    assert (challenger.current.mode, challenger.current.share) == ("split", 0.1)
    challenge(root, pointers["logit"], "shadow", 0.0)
    until(lambda: challenger.current is not None and challenger.current.mode == "shadow")
    challenge(root, pointers["xgboost"])
    until(lambda: version(challenger) == pointers["xgboost"]["version"])
    (root / layout.CHALLENGER).unlink()
    until(lambda: challenger.current is None)
    challenge(root, pointers["xgboost"])
    until(lambda: version(challenger) == pointers["xgboost"]["version"])
    assert champion.current.version == pointers["blend"]["version"]
    assert champion.swaps == 0


def test_one_that_is_there_at_the_start_challenges_at_once(root: Path, pointers: Pointers) -> None:
    challenge(root, pointers["logit"])
    found = Challenger(root, POLL)
    found.start()
    assert version(found) == pointers["logit"]["version"]
    found.stop()


@pytest.mark.parametrize("store_of", [layout.CHALLENGERS, layout.REJECTED])
def test_its_files_may_lie_in_its_own_store_or_among_the_rejected(
    root: Path, challenger: Challenger, pointers: Pointers, store_of: Path
) -> None:
    pointer = pointers["logit"]
    (root / store_of).mkdir()
    kept(root, pointer).rename(root / store_of / pointer["version"])
    challenge(root, pointer)
    until(lambda: version(challenger) == pointer["version"])


def truncated(root: Path, pointer: dict[str, Any]) -> None:
    path = kept(root, pointer) / "model.ubj"
    path.write_bytes(path.read_bytes()[:-100])
    challenge(root, pointer)


def nowhere(root: Path, pointer: dict[str, Any]) -> None:
    shutil.rmtree(kept(root, pointer))
    challenge(root, pointer)


def half_written(root: Path, pointer: dict[str, Any]) -> None:
    content = json.dumps(pointer).encode()
    (root / layout.CHALLENGER).write_bytes(content[: len(content) // 2])


def without_a_mode(root: Path, pointer: dict[str, Any]) -> None:
    write_json(root / layout.CHALLENGER, pointer)


def with_too_large_a_share(root: Path, pointer: dict[str, Any]) -> None:
    challenge(root, pointer, share=1.5)


def other_version(root: Path, pointer: dict[str, Any]) -> None:
    challenge(root, pointer | {"version": "0123456789ab"})


def with_other_golden(root: Path, pointer: dict[str, Any]) -> None:
    before = (root / layout.CHAMPION).read_bytes()
    remade(root, pointer, lambda card: card["golden"]["probabilities"][0].reverse())
    made = json.loads((root / layout.CHAMPION).read_bytes())
    (root / layout.CHAMPION).write_bytes(before)
    challenge(root, made)


BAD = (
    truncated, nowhere, half_written, without_a_mode, with_too_large_a_share, other_version,
    with_other_golden,
)  # fmt: skip


@pytest.mark.parametrize("spoil", BAD)
def test_a_bad_one_is_refused_and_the_champion_goes_on(
    spoil: Callable[[Path, dict[str, Any]], None],
    root: Path,
    challenger: Challenger,
    pointers: Pointers,
) -> None:
    spoil(root, pointers["xgboost"])
    until(lambda: bool(challenger.refused))
    assert challenger.current is None
    (told,) = challenger.refused
    assert str(told["reason"]).startswith("models/")
    assert str(root) not in str(told["reason"])
    found = Champion(root, POLL)
    found.start()
    assert found.current.version == pointers["blend"]["version"]
    found.stop()
    (root / layout.CHALLENGER).unlink()
    until(lambda: not challenger.refused)


def test_a_bad_one_leaves_the_challenger_before_it(
    root: Path, challenger: Challenger, pointers: Pointers
) -> None:
    challenge(root, pointers["logit"])
    until(lambda: version(challenger) is not None)
    truncated(root, pointers["xgboost"])
    until(lambda: bool(challenger.refused))
    assert version(challenger) == pointers["logit"]["version"]


def test_one_that_takes_long_to_fetch_does_not_hold_up_the_start(
    root: Path, pointers: Pointers, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / ".dvc").mkdir()
    nowhere(root, pointers["logit"])
    fetching, go_on = threading.Event(), threading.Event()

    def fetch(self: Challenger, content: bytes) -> bool:
        fetching.set()
        go_on.wait(30)
        return False

    monkeypatch.setattr(Challenger, "_recalled", fetch)
    monkeypatch.setattr("pitchline.serve.challenge.FIRST_SECONDS", 0.01)
    found = Challenger(root, POLL)
    found.start()
    assert fetching.wait(20)
    assert found.current is None
    go_on.set()
    found.stop()


def test_a_bad_one_does_not_keep_the_service_from_starting(root: Path, pointers: Pointers) -> None:
    half_written(root, pointers["logit"])
    found = Challenger(root, POLL)
    found.start()
    assert found.current is None
    assert len(found.refused) == 1
    found.stop()


def test_a_refused_one_is_told_until_another_comes_or_nobody_challenges(
    root: Path, pointers: Pointers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "send_soon", lambda _: None)

    def told() -> bool:
        return alerts.is_open(alerting.CHALLENGER_REFUSED, folder=root / layout.ALERTS)

    found = Challenger(root, POLL, alerting.ModelAlerts(root, alerting.CHALLENGER))
    found.start()
    half_written(root, pointers["logit"])
    until(told)
    challenge(root, pointers["xgboost"])
    until(lambda: not told())
    half_written(root, pointers["logit"])
    until(told)
    (root / layout.CHALLENGER).unlink()
    until(lambda: not told())
    found.stop()
