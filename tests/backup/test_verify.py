"""Whatever is altered in a store, verify finds it and names it; restore refuses it."""

import random
from pathlib import Path

import pytest

from pitchline.backup import restore as restoring
from pitchline.backup.listing import GOOD, listed, newest_good
from pitchline.backup.store import Store
from pitchline.backup.verify import verify
from pitchline.errors import BackupError
from tests.backup.world import FILES, back_up, held_by, objects

FLIPS = 150


def flip(path: Path, position: int, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def test_a_flipped_bit_anywhere_is_found_and_the_file_named(small: Path, store: Store) -> None:
    made = back_up(small, store)
    users: dict[str, set[str]] = {}
    for file in made.manifest.files:
        for digest in file.chunks:
            users.setdefault(digest, set()).add(file.path)
    manifest = store.path_of(made.name)
    choice = random.Random(20140816)
    for _ in range(FLIPS):
        path = choice.choice([manifest, *objects(store)])
        whole = path.read_bytes()
        flip(path, choice.randrange(len(whole)), choice.randrange(8))
        problems = verify(store, [made.name]).problems
        if path == manifest:
            assert len(problems) == 1
            assert str(manifest) in problems[0]
        else:
            named = {line.partition(", ")[2].partition(": ")[0] for line in problems}
            assert named == users[path.parent.name + path.name]
        path.write_bytes(whole)
    assert verify(store, [made.name]).problems == []


@pytest.mark.parametrize("how", ["absent", "empty", "truncated", "another"])
def test_a_piece_that_is_not_what_it_was(small: Path, store: Store, how: str) -> None:
    made = back_up(small, store)
    first, second = objects(store)[:2]
    if how == "absent":
        first.unlink()
    elif how == "empty":
        first.write_bytes(b"")
    elif how == "truncated":
        first.write_bytes(first.read_bytes()[:-1])
    else:
        first.write_bytes(second.read_bytes())
    assert verify(store, [made.name]).problems
    (entry,) = listed(store)
    assert (entry.state == GOOD) == (how != "absent")


def test_a_damaged_backup_is_not_restored_at_all(small: Path, store: Store, tmp_path: Path) -> None:
    made = back_up(small, store)
    flip(objects(store)[0], 40, 3)
    target = tmp_path / "target"
    with pytest.raises(BackupError, match="damaged, nothing was restored"):
        restoring.restore(store, restoring.plan(store, made.name, target), target, force=True)
    assert not target.exists()


def test_the_parts_that_are_whole_can_be_restored(
    small: Path, store: Store, tmp_path: Path
) -> None:
    made = back_up(small, store)
    (pointer,) = [file for file in made.manifest.files if file.path == "models/challenger.json"]
    (store.folder / "objects" / pointer.chunks[0][:2] / pointer.chunks[0][2:]).unlink()
    target = tmp_path / "target"
    planned = restoring.plan(store, made.name, target, ("forecasts",))
    restoring.restore(store, planned, target, force=False)
    path = "data/log/forecasts/2026-11.jsonl"
    assert held_by(target)[path] == FILES[path]


def test_the_newest_that_is_whole_is_found(small: Path, store: Store) -> None:
    first = back_up(small, store)
    (small / "data/raw/new").write_bytes(b"new")
    second = back_up(small, store, days=1)
    assert newest_good(store) == second.name
    (new,) = [file for file in second.manifest.files if file.path == "data/raw/new"]
    flip(store.folder / "objects" / new.chunks[0][:2] / new.chunks[0][2:], 33, 0)
    assert newest_good(store) == first.name
    flip(store.path_of(first.name), 100, 0)
    with pytest.raises(BackupError, match="no backup is whole"):
        newest_good(store)


def test_a_damaged_backup_is_never_let_go_nor_counted(small: Path, store: Store) -> None:
    keep = {"newest": 1, "days": 0, "weeks": 0, "months": 0}
    first = back_up(small, store)
    (small / "data/raw/fotmob_fixtures/manifest.json").write_bytes(b"[1]")
    (old,) = [f for f in first.manifest.files if f.path == "data/raw/fotmob_fixtures/manifest.json"]
    (store.folder / "objects" / old.chunks[0][:2] / old.chunks[0][2:]).unlink()
    second = back_up(small, store, days=1, keep=keep)
    assert f"backup {first.name} lacks pieces of 1 file(s)" in second.warnings[0]
    assert store.names() == [first.name, second.name]


def test_what_an_unreadable_backup_may_need_is_kept(small: Path, store: Store) -> None:
    first = back_up(small, store)
    (small / "data/log/forecasts/2026-11.jsonl").write_bytes(b"other")
    content = store.path_of(first.name).read_bytes()
    flip(store.path_of(first.name), 200, 1)
    keep = {"newest": 1, "days": 0, "weeks": 0, "months": 0}
    second = back_up(small, store, days=1, keep=keep)
    assert "altered" in second.warnings[0]
    store.path_of(first.name).write_bytes(content)
    assert verify(store, [first.name]).problems == []


def test_only_what_no_backup_needs_is_removed(small: Path, store: Store) -> None:
    keep = {"newest": 1, "days": 0, "weeks": 0, "months": 0}
    pack = small / "data/raw/fotmob_fixtures/eng-premier-league/2025-26/0123456789abcdef.jsonl.zst"
    first = back_up(small, store, keep=keep)
    pack.write_bytes(b"much smaller")
    size = sum(path.stat().st_size for path in objects(store))
    second = back_up(small, store, days=1, keep=keep)
    assert second.removed == [first.name]
    assert sum(path.stat().st_size for path in objects(store)) < size / 2
    assert verify(store, store.names()).problems == []
