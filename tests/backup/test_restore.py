"""A restore brings back the very bytes, loses nothing that was there, and takes no orders."""

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitchline import environment
from pitchline.backup import restore as restoring
from pitchline.backup.manifest import decode, encode
from pitchline.backup.parts import BY_NAME
from pitchline.backup.restore import ASIDE, RUN_LOCK
from pitchline.backup.store import Store
from pitchline.errors import BackupError, EnvironmentMixUp
from tests.backup.world import (
    DATABASES,
    FILES,
    LEDGER,
    add_runs,
    back_up,
    held_by,
    runs_in,
)


def restore(
    store: Store, name: str, target: Path, *only: str, force: bool = False
) -> restoring.Plan:
    planned = restoring.plan(store, name, target, only)
    restoring.restore(store, planned, target, force=force)
    return planned


def destroy(project: Path) -> None:
    for name in ("data", "models", "mlruns", "logs"):
        shutil.rmtree(project / name)


def test_after_everything_is_destroyed_every_byte_comes_back(small: Path, store: Store) -> None:
    times = {name: (small / name).stat().st_mtime_ns for name in FILES}
    made = back_up(small, store)
    destroy(small)
    restore(store, made.name, small)
    there = held_by(small)
    assert {name: there[name] for name in FILES} == FILES
    assert {name: (small / name).stat().st_mtime_ns for name in FILES} == times
    assert set(there) == {*FILES, *map(str, DATABASES), str(environment.PROJECT_STAMP)}
    assert [runs_in(small / path) for path in DATABASES] == [100, 100]


def test_logs_that_came_since_or_are_too_old_for_a_backup_stay(small: Path, store: Store) -> None:
    old, new = small / "logs/runs/old.log", small / "logs/runs/new.log"
    old.write_bytes(b"old")
    os.utime(old, (0, 0))
    made = back_up(small, store)
    new.write_bytes(b"new")
    lost = small / "logs/runs/collect-1.log"
    lost.unlink()
    assert restore(store, made.name, small, "logs").aside == []
    assert [path.read_bytes() for path in (old, new)] == [b"old", b"new"]
    assert lost.read_bytes() == FILES["logs/runs/collect-1.log"]


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(content=st.binary(max_size=2000), repeats=st.integers(1, 700))
def test_any_content_comes_back(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, repeats: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    path = folder / "project" / "data/raw/ä b\u2028c"
    path.parent.mkdir(parents=True)
    path.write_bytes(content * repeats)
    store = Store(folder / "store")
    restore(store, back_up(folder / "project", store).name, folder / "target")
    assert (folder / "target/data/raw/ä b\u2028c").read_bytes() == content * repeats


def test_what_is_there_is_not_touched_without_force(small: Path, store: Store) -> None:
    made = back_up(small, store)
    (small / "models/champion.json").write_bytes(b"newer")
    (small / "data/raw/newer").write_bytes(b"newer")
    before = held_by(small)
    with pytest.raises(BackupError, match="2 file\\(s\\) are not those of backup") as refused:
        restore(store, made.name, small)
    assert "models/champion.json" in str(refused.value)
    assert held_by(small) == before


def test_with_force_what_is_there_is_moved_aside(small: Path, store: Store) -> None:
    made = back_up(small, store)
    (small / "models/champion.json").write_bytes(b"newer")
    (small / "data/raw/newer").write_bytes(b"newer")
    shutil.rmtree(small / "models/champions")
    (small / "models/champions").write_bytes(b"a file where a folder was")
    (small / "data/log/forecasts/2026-11.jsonl").unlink()
    (small / "data/log/forecasts/2026-11.jsonl").mkdir()
    (small / "data/log/forecasts/2026-11.jsonl/inner").write_bytes(b"inner")
    restore(store, made.name, small, force=True)
    there = held_by(small)
    assert {name: there[name] for name in FILES} == FILES
    aside = small / ASIDE / f"{made.name}.1"
    assert held_by(aside) == {
        "models/champion.json": b"newer",
        "data/raw/newer": b"newer",
        "models/champions": b"a file where a folder was",
        "data/log/forecasts/2026-11.jsonl/inner": b"inner",
    }
    assert "data/raw/newer" not in there
    assert restoring.plan(store, made.name, small).aside == []


def test_a_write_ahead_log_of_later_never_meets_the_restored_database(
    small: Path, store: Store
) -> None:
    made = back_up(small, store)
    with closing(sqlite3.connect(small / LEDGER)) as database:
        database.execute("INSERT INTO runs (told) VALUES ('later')")
        database.commit()
        copies = {p.name: p.read_bytes() for p in (small / LEDGER).parent.iterdir()}
    for name, content in copies.items():
        (small / LEDGER).with_name(name).write_bytes(content)
    assert len(copies) == 3
    restore(store, made.name, small, force=True)
    assert runs_in(small / LEDGER) == 100
    aside = small / ASIDE / f"{made.name}.1" / LEDGER
    assert runs_in(aside) == 101


def test_one_part_alone(small: Path, store: Store) -> None:
    made = back_up(small, store)
    destroy(small)
    restore(store, made.name, small, "champions")
    assert {path for path in held_by(small) if path.startswith(("data/raw", "mlruns"))} == set()
    assert (small / "models/champion.json").read_bytes() == FILES["models/champion.json"]


def test_a_part_the_backup_lacks_is_an_error(small: Path, store: Store) -> None:
    made = back_up(small, store, parts={"raw": False})
    with pytest.raises(BackupError, match="has no part raw; it has schedule, champions"):
        restoring.plan(store, made.name, small, ("raw",))


def test_a_part_that_was_not_there_yet_stays_as_it_is_now(small: Path, store: Store) -> None:
    spool = small / "data/state/alerts/spool.jsonl"
    spool.unlink()
    made = back_up(small, store)
    spool.write_bytes(b"an alert")
    restore(store, made.name, small)
    assert spool.read_bytes() == b"an alert"


def test_the_pointer_comes_after_the_files_it_names(small: Path, store: Store) -> None:
    planned = restoring.plan(store, back_up(small, store).name, small / "new")
    order = [file.path for file in planned.write]
    assert order.index("models/champion.json") > order.index("models/champions/a1/model.ubj")


def test_not_while_a_run_is_at_work(small: Path, store: Store) -> None:
    made = back_up(small, store)
    (small / "Snakefile").write_bytes(b"")
    (small / "models/champion.json").write_bytes(b"newer")
    lock = small / RUN_LOCK
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("4711\n")
        held.flush()
        with pytest.raises(BackupError, match=r"a run is at work .* \(process 4711\)"):
            restore(store, made.name, small, force=True)
    assert (small / "models/champion.json").read_bytes() == b"newer"


def test_an_environment_takes_no_backup_of_another(small: Path, store: Store) -> None:
    made = back_up(small, store)
    environment.stamp(small / environment.PROJECT_STAMP, "prod")
    with pytest.raises(EnvironmentMixUp, match=r"is of dev, .* is prod's"):
        restore(store, made.name, small, force=True)


def test_a_restored_folder_is_whose_the_backup_was(
    small: Path, store: Store, tmp_path: Path
) -> None:
    restore(store, back_up(small, store).name, tmp_path / "new")
    assert environment.stamped(tmp_path / "new" / environment.PROJECT_STAMP) == "dev"


def hostile(store: Store, name: str, change: dict[str, Any]) -> None:
    """Put a manifest there whose first file is changed, its digest made anew."""
    path = store.path_of(name)
    content = json.loads(path.read_bytes().partition(b"\n")[2])
    content["files"] = [content["files"][0] | change]
    text = json.dumps(content).encode()
    path.write_bytes(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "/etc/passwd",
        "data/raw/../../../outside",
        "data/raw/./x",
        "data//raw/x",
        "data\\raw\\x",
        "data/raw/a\0b",
        "params.yaml",
        "workflow/pitchline/cli.py",
        ".git/hooks/post-checkout",
        "data/state/environment.json",
        "data/state/collect/x.lock",
        "mlruns/mlflow.db-wal",
        "",
        ".",
    ],
)
def test_a_path_that_no_backup_has_is_refused(
    small: Path, store: Store, tmp_path: Path, path: str
) -> None:
    made = back_up(small, store)
    hostile(store, made.name, {"path": path})
    with pytest.raises(BackupError, match=r"field `files\.0\.path`"):
        restore(store, made.name, tmp_path / "target", force=True)
    assert not (tmp_path / "target").exists()
    assert not (tmp_path / "outside").exists()


def test_a_link_in_the_targets_place_is_replaced_not_followed(
    small: Path, store: Store, tmp_path: Path
) -> None:
    made = back_up(small, store)
    outside = tmp_path / "outside"
    outside.write_bytes(b"outside")
    link = small / "models/champion.json"
    link.unlink()
    link.symlink_to(outside)
    restore(store, made.name, small, force=True)
    assert outside.read_bytes() == b"outside"
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"chunks": []}, "as many pieces as"),
        ({"chunks": ["../../../etc/passwd"]}, "field `files.0.chunks.0`"),
        ({"bytes": -1}, "field `files.0.bytes`"),
        ({"modified_ns": 2**63}, "field `files.0.modified_ns`"),
        ({"mode": 0o4755}, "field `files.0.mode`"),
    ],
)
def test_a_manifest_that_no_pitchline_wrote(
    small: Path, store: Store, change: dict[str, Any], told: str
) -> None:
    made = back_up(small, store)
    hostile(store, made.name, change)
    with pytest.raises(BackupError, match=told):
        store.read(made.name)


def test_a_piece_that_unpacks_to_gigabytes_is_refused(small: Path, store: Store) -> None:
    import zstandard

    made = back_up(small, store)
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 26))
    digest = made.manifest.files[0].chunks[0]
    path = store.folder / "objects" / digest[:2] / digest[2:]
    path.write_bytes(hashlib.sha256(bomb).digest() + bomb)
    with pytest.raises(BackupError, match="not a piece of a file"):
        store.get(digest)


def test_a_backup_of_a_newer_version_says_so(small: Path, store: Store) -> None:
    made = back_up(small, store)
    newer = encode(made.manifest.model_copy(update={"format": 2}))
    with pytest.raises(BackupError, match=r"another version of Pitchline \(format 2, this one"):
        decode(newer, "x.json")


def test_a_folder_of_a_newer_version_says_so(small: Path, store: Store) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / "store.json").write_text('{"format": 2, "environment": "dev"}')
    with pytest.raises(BackupError, match="format 2"):
        back_up(small, store)


def test_a_name_is_no_path(small: Path, store: Store) -> None:
    back_up(small, store)
    with pytest.raises(BackupError, match="there is no backup"):
        store.read("../store")


def test_from_a_folder_that_may_only_be_read(small: Path, store: Store, tmp_path: Path) -> None:
    made = back_up(small, store)
    copy = Store(tmp_path / "copy")
    shutil.copytree(store.folder, copy.folder)
    (copy.folder / "lock").unlink()
    restore(copy, made.name, tmp_path / "target")
    there = held_by(tmp_path / "target")
    assert {name: there[name] for name in FILES} == FILES


def test_twice_is_once(small: Path, store: Store) -> None:
    made = back_up(small, store)
    add_runs(small / LEDGER, 1)
    restore(store, made.name, small, force=True)
    again = restoring.plan(store, made.name, small)
    assert (again.write, again.aside) == ([], [])
    assert again.same == len(made.manifest.files)


def test_every_part_has_its_place_and_no_two_share_one() -> None:
    roots = [root for part in BY_NAME.values() for root in part.roots]
    assert not [a for a in roots for b in roots if a != b and a in b.parents]
    assert len(set(roots)) == len(roots)
