"""Locks on files, seen by others."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pitchline import locks


@contextmanager
def held(path: Path, text: str = "") -> Iterator[None]:
    with path.open("w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        handle.write(text)
        handle.flush()
        yield


def test_a_lock_is_held_while_its_process_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not locks.is_held(path), "there is no file"
    with held(path, f"{os.getpid()}\n"):
        assert locks.is_held(path)
        assert locks.holder_of(path) == str(os.getpid())
    assert not locks.is_held(path)
    assert locks.holder_of(path) is None


def test_a_holder_that_left_no_name_is_one_all_the_same(tmp_path: Path) -> None:
    with held(tmp_path / "lock"):
        assert locks.holder_of(tmp_path / "lock") == locks.UNNAMED


def test_those_who_look_do_not_see_each_other(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    with path.open() as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        assert not locks.is_held(path)
