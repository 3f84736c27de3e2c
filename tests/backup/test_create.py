"""What a backup holds, what it costs, and how it goes when things go wrong."""

import contextlib
import errno
import os
import sqlite3
from pathlib import Path
from typing import IO

import pytest

from pitchline.backup import reading
from pitchline.backup.create import create
from pitchline.backup.listing import listed
from pitchline.backup.manifest import CHUNK_BYTES
from pitchline.backup.parts import BY_NAME
from pitchline.backup.reading import Reader
from pitchline.backup.store import Store
from pitchline.backup.verify import verify
from pitchline.errors import BackupError, EnvironmentMixUp, PitchlineError
from tests.backup.world import (
    DATABASES,
    FILES,
    LEDGER,
    NOW,
    PACK,
    PASSING,
    add_runs,
    back_up,
    held_by,
    objects,
    settings,
)
from tests.collect._children import Child


def names_in(store: Store) -> list[str]:
    return [entry.name for entry in listed(store)]


def test_a_backup_has_every_part_and_nothing_that_rules_make(small: Path, store: Store) -> None:
    made = back_up(small, store)
    paths = {file.path for file in made.manifest.files}
    assert paths == {*FILES, *map(str, DATABASES)}
    assert not paths & set(PASSING)
    assert made.manifest.parts == list(BY_NAME)
    assert verify(store, store.names()).problems == []


def test_it_is_named_by_its_moment_and_says_whose_it_is(small: Path, store: Store) -> None:
    made = back_up(small, store)
    assert made.name == "2026-11-26T04-30-00Z"
    again = back_up(small, store)
    assert again.name == "2026-11-26T04-30-00Z-2"
    assert names_in(store) == [again.name, made.name]
    assert made.manifest.environment == "dev"
    assert made.manifest.commit is None


def test_equal_projects_make_equal_backups(small: Path, store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    back_up(small, store)
    back_up(small, other)
    assert held_by(store.folder) == held_by(other.folder)


def test_what_has_not_changed_costs_nothing(small: Path, store: Store) -> None:
    first = back_up(small, store)
    assert first.stored > 3 * CHUNK_BYTES
    before = objects(store)
    second = back_up(small, store, days=1)
    assert second.stored == 0
    assert objects(store) == before


def test_of_a_grown_file_only_the_new_end_is_stored(small: Path, store: Store) -> None:
    back_up(small, store)
    with (small / PACK).open("ab") as pack:
        pack.write(os.urandom(1000))
    assert 1000 <= back_up(small, store, days=1).stored < 1100


def test_of_a_database_only_changed_pieces_are_stored(small: Path, store: Store) -> None:
    add_runs(small / LEDGER, 30_000)
    first = back_up(small, store)
    pieces = {file.path: file.chunks for file in first.manifest.files}[str(LEDGER)]
    assert len(pieces) > 10
    add_runs(small / LEDGER, 10)
    second = {file.path: file.chunks for file in back_up(small, store, days=1).manifest.files}
    new = set(second[str(LEDGER)]) - set(pieces)
    assert len(new) <= 3, "the header, an inner page of the tree, its last leaf"


def test_a_part_that_is_switched_off_is_left_out(small: Path, store: Store) -> None:
    made = back_up(small, store, parts={"raw": False})
    assert "raw" not in made.manifest.parts
    assert not [f.path for f in made.manifest.files if f.path.startswith("data/raw")]


def test_an_empty_project_has_a_backup_too(tmp_path: Path, store: Store) -> None:
    assert back_up(tmp_path, store).manifest.files == []
    assert verify(store, store.names()).problems == []


def test_a_file_that_cannot_be_read_is_named_and_nothing_is_listed(
    small: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(small, store)
    good, whole = names_in(store), held_by(store.folder)
    really = Path.open

    def refuse(path: Path, *arguments: object, **named: object) -> IO[bytes]:
        if path.name == "journal.jsonl":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return really(path, *arguments, **named)  # type: ignore[call-overload, no-any-return]

    (small / "data/raw/new").write_bytes(b"new")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BackupError, match=r"journal\.jsonl: can't be read \(Permission denied\)"):
        back_up(small, store, days=1)
    monkeypatch.undo()
    assert names_in(store) == good
    assert held_by(store.folder) == whole, "what was stored in vain is gone"


@pytest.mark.parametrize("allowed", [0, 1, 5, 10])
def test_a_full_disk_is_told_and_leaves_the_old_backups(
    small: Path, store: Store, monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    back_up(small, store)
    whole = held_by(store.folder)
    for number in range(10):
        (small / f"data/raw/new{number}").write_bytes(os.urandom(100))
    really, written = Path.write_bytes, [0]

    def fill(path: Path, content: bytes) -> int:
        written[0] += 1
        if written[0] > allowed:
            really(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really(path, content)

    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.raises(PitchlineError, match="No space left on device"):
        back_up(small, store, days=1)
    monkeypatch.undo()
    assert held_by(store.folder) == whole
    assert verify(store, store.names()).problems == []


def test_a_database_is_copied_while_it_is_written(small: Path, store: Store) -> None:
    path = small / LEDGER

    def keep_writing(say: object) -> None:
        with contextlib.closing(sqlite3.connect(path)) as database:
            for number in range(10**9):
                with database:
                    database.execute("INSERT INTO runs (told) VALUES ('first')")
                    database.execute("INSERT INTO runs (told) VALUES ('second')")
                if number == 0:
                    say("begun")  # type: ignore[operator]

    writer = Child(keep_writing)
    writer.line()
    copies = []
    for days in range(5):
        made = back_up(small, store, days=days)
        (saved,) = [file for file in made.manifest.files if file.path == str(LEDGER)]
        copies.append(b"".join(map(store.get, saved.chunks)))
        assert made.warnings == []
    writer.kill()
    writer.wait()
    counts = []
    for copy in copies:
        restored = small / "copy"
        restored.write_bytes(copy)
        with contextlib.closing(sqlite3.connect(restored)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            told = dict(database.execute("SELECT told, count(*) FROM runs GROUP BY told"))
        assert told["first"] == told["second"], "of one moment"
        counts.append(told["first"])
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


def test_rows_that_stand_in_the_write_ahead_log_alone_are_saved(small: Path, store: Store) -> None:
    with contextlib.closing(sqlite3.connect(small / LEDGER)) as database:
        database.execute("INSERT INTO runs (told) VALUES ('newest')")
        database.commit()
        assert b"newest" not in (small / LEDGER).read_bytes()
        made = back_up(small, store)
    (saved,) = [file for file in made.manifest.files if file.path == str(LEDGER)]
    assert b"newest" in b"".join(map(store.get, saved.chunks))


@pytest.mark.parametrize("damage", ["header", "middle"])
def test_a_damaged_database_is_saved_as_it_is_and_told(
    small: Path, store: Store, damage: str
) -> None:
    path = small / LEDGER
    add_runs(path, 1000)
    content = bytearray(path.read_bytes())
    start, end = (16, 100) if damage == "header" else (4096, 8192)
    content[start:end] = b"\xff" * (end - start)
    path.write_bytes(content)
    made = back_up(small, store)
    assert any(f"{LEDGER}: damaged (" in note for note in made.warnings)
    assert len(made.manifest.files) == len(FILES) + len(DATABASES)


def test_files_that_change_while_they_are_read_are_read_again(small: Path, tmp_path: Path) -> None:
    pointer, pack = small / "data/raw/fotmob_fixtures/manifest.json", small / PACK
    contents: dict[Path, bytes] = {}
    calls = 0

    def save(path: Path, written_ns: int, handle: IO[bytes]) -> None:
        nonlocal calls
        contents[path] = handle.read()
        calls += 1
        if calls == 1:
            pack.rename(pack.with_name("merged.jsonl.zst"))
            pointer.write_bytes(b"[merged]")

    reader = Reader(small, tmp_path)
    there = reader.part(BY_NAME["raw"], save)
    assert reader.notes == []
    assert there == {
        pointer.relative_to(small),
        PACK.with_name("merged.jsonl.zst"),
        Path("data/state/collect/fotmob_fixtures/journal.jsonl"),
    }
    assert contents[pointer.relative_to(small)] == b"[merged]"
    assert all(contents[path] == (small / path).read_bytes() for path in there)


def test_files_that_never_rest_are_told(small: Path, tmp_path: Path) -> None:
    path = small / "data/log/forecasts/2026-11.jsonl"

    def save(_: Path, written_ns: int, handle: IO[bytes]) -> None:
        handle.read()
        with path.open("ab") as more:
            more.write(b"more\n")

    reader = Reader(small, tmp_path)
    assert reader.part(BY_NAME["forecasts"], save) == {path.relative_to(small)}
    assert reader.notes == [
        f"forecasts: still changing after {reading.PASSES} readings, saved as read last: "
        f"{path.relative_to(small)}"
    ]


def test_damaged_pieces_are_stored_anew(small: Path, store: Store) -> None:
    back_up(small, store)
    for path in objects(store):
        path.write_bytes(path.read_bytes()[:-1] + b"\0\0")
    assert verify(store, store.names()).problems
    assert back_up(small, store, days=1).stored > 0
    assert verify(store, store.names()).problems == [], "older backups are mended as well"


def test_backups_of_two_environments_never_share_a_folder(small: Path, store: Store) -> None:
    back_up(small, store)
    with pytest.raises(EnvironmentMixUp, match="holds backups of dev, this is prod"):
        create(small, store, settings(), "prod", NOW)
    assert len(names_in(store)) == 1


def test_a_folder_that_cannot_be_made_is_named(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BackupError, match=r"can't be used for backups \(Not a directory\)"):
        back_up(small, Store(tmp_path / "file" / "backups"))


def test_two_at_once_take_turns(small: Path, store: Store) -> None:
    children = [Child(lambda say: say(back_up(small, store).name)) for _ in range(4)]
    told = [name for child in children for name in child.finish()]
    assert sorted(told) == store.names()
    assert len(told) == 4
    assert verify(store, told).problems == []
