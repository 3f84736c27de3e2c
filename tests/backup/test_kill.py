"""Killed at any moment, a backup is there whole or not at all, and a restore loses nothing."""

import random
import time
from datetime import timedelta
from pathlib import Path

import pytest

from pitchline.backup import restore as restoring
from pitchline.backup.listing import GOOD, listed
from pitchline.backup.restore import ASIDE
from pitchline.backup.store import Store
from pitchline.backup.verify import verify
from tests.backup.world import FILES, back_up, held_by, objects
from tests.collect._children import Child

KILLS = 12


class Killed(BaseException):
    """The process ends here: nothing of the product catches this."""


def dies_after(monkeypatch: pytest.MonkeyPatch, renames: int) -> None:
    """Let so many files be put into their places, then end."""
    really, done = Path.replace, [0]

    def replace(path: Path, target: Path) -> Path:
        if done[0] == renames:
            raise Killed
        done[0] += 1
        return really(path, target)

    monkeypatch.setattr(Path, "replace", replace)


@pytest.mark.parametrize("renames", range(0, 16, 3))
def test_a_backup_that_ended_early_is_not_there(
    small: Path, store: Store, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    first = back_up(small, store)
    for number in range(20):
        (small / f"data/raw/new{number}").write_bytes(random.randbytes(100))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        dies_after(patch, renames)
        back_up(small, store, days=1)
    assert [entry.name for entry in listed(store)] == [first.name]
    second = back_up(small, store, days=1)
    assert verify(store, [first.name, second.name]).problems == []
    needed = {d for name in store.names() for f in store.read(name).files for d in f.chunks}
    assert {path.parent.name + path.name for path in objects(store)} == needed


def test_killed_at_random_moments(small: Path, store: Store) -> None:
    began = time.monotonic()
    back_up(small, store)
    whole = time.monotonic() - began
    choice = random.Random(7)
    survived = 0
    for number in range(KILLS):
        for file in range(5):
            (small / f"data/raw/{file}").write_bytes(choice.randbytes(3000))

        def work(say: object, days: int = number + 1) -> None:
            back_up(small, store, days=days)

        child = Child(work)
        time.sleep(choice.uniform(0, whole))
        child.kill()
        survived += child.wait()[0] == 0
        assert all(entry.state == GOOD for entry in listed(store))
        assert verify(store, store.names()).problems == []
    last = back_up(small, store, days=KILLS + 1)
    assert verify(store, [last.name]).problems == []
    left = {path.name for path in store.folder.iterdir()}
    assert left == {"store.json", "lock", "objects", "backups"}
    assert survived < KILLS


@pytest.mark.parametrize("renames", range(0, 14, 2))
def test_a_restore_that_ended_early_has_lost_nothing_and_is_completed(
    small: Path, store: Store, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    made = back_up(small, store)
    newer = {name: b"newer " + content for name, content in FILES.items()}
    for name, content in newer.items():
        (small / name).write_bytes(content)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        dies_after(patch, renames)
        restoring.restore(store, restoring.plan(store, made.name, small), small, force=True)
    everything = set(held_by(small).values())
    assert set(newer.values()) <= everything
    restoring.restore(store, restoring.plan(store, made.name, small), small, force=True)
    there = held_by(small)
    assert {name: there[name] for name in FILES} == FILES
    aside = [content for path, content in there.items() if path.startswith(str(ASIDE))]
    assert set(newer.values()) <= set(aside)


def test_rotation_that_ended_early_leaves_whole_backups(
    small: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in range(6):
        (small / "data/log/forecasts/2026-11.jsonl").write_bytes(b"%d" % days)
        back_up(small, store, days=days)
    keep = {"newest": 1, "days": 0, "weeks": 0, "months": 0}
    really, done = Path.unlink, [0]

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.suffix != ".part":
            if done[0] == 3:
                raise Killed
            done[0] += 1
        really(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "unlink", unlink)
        back_up(small, store, days=6, keep=keep)
    assert len(store.names()) == 4
    assert verify(store, store.names()).problems == []
    last = back_up(small, store, days=6 + timedelta(hours=1) / timedelta(days=1), keep=keep)
    assert store.names() == [last.name]
