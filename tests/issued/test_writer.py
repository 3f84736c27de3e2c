import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from pitchline.issued.log import read
from pitchline.issued.table import IssuedForecasts
from pitchline.issued.writer import Writer
from tests.conftest import ROOT
from tests.issued.forecasts import NOON, Game, batch


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond a few bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_rows_are_written_when_the_time_has_come(tmp_path: Path) -> None:
    writer = Writer(tmp_path, flush_seconds=0.02, flush_rows=1000, kept_rows=1000)
    writer.start()
    writer.add(batch())
    until(lambda: writer.written == 1)
    assert read(tmp_path).num_rows == 1
    writer.stop()


def test_many_rows_are_written_before_the_time_has_come(tmp_path: Path) -> None:
    writer = Writer(tmp_path, flush_seconds=3600, flush_rows=3, kept_rows=1000)
    writer.start()
    writer.add(batch([Game()] * 3))
    until(lambda: writer.written == 3)
    writer.stop()


def test_the_end_writes_what_is_left(tmp_path: Path) -> None:
    counted: list[int] = []
    writer = Writer(tmp_path, 3600, 1000, 1000, on_written=counted.append)
    writer.start()
    for number in range(5):
        writer.add(batch(request=str(number)))
    writer.stop()
    found = read(tmp_path).to_pandas()
    IssuedForecasts.validate(found)
    assert sorted(found["request_id"]) == list("01234")
    assert counted == [5]
    assert writer.waiting == 0


def test_a_day_is_a_file(tmp_path: Path) -> None:
    writer = Writer(tmp_path, 3600, 1000, 1000)
    writer.add(batch(at=NOON))
    writer.add(batch(at=NOON + timedelta(hours=11, minutes=59, seconds=59)))
    writer.add(batch(at=NOON + timedelta(hours=12)))
    writer.stop()
    assert sorted(path.parent.name for path in tmp_path.rglob("*.parquet")) == [
        "date=2026-05-08", "date=2026-05-09",
    ]  # fmt: skip


def test_on_a_full_disk_rows_wait_up_to_the_bound_and_then_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lost: list[int] = []
    writer = Writer(tmp_path, 3600, 1000, kept_rows=4, on_lost=lost.append)
    caplog.set_level(logging.INFO, "pitchline.issued")
    with full_disk():
        writer.add(batch([Game()] * 3))
        assert not writer.flush()
        writer.add(batch([Game()]))
        writer.add(batch([Game()] * 2, request="lost"))
        assert not writer.flush()
    assert (writer.waiting, writer.written, writer.lost, lost) == (4, 0, 2, [2])
    assert writer.flush()
    writer.stop()
    found = read(tmp_path)
    assert found.num_rows == 4
    assert "lost" not in found["request_id"].to_pylist()
    messages = [record.getMessage() for record in caplog.records]
    assert sum("can't be written" in message for message in messages) == 1
    assert "the log of forecasts is written again" in messages
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_can_not_be_made_fails_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.write_text("in the way")
    writer = Writer(folder, 0.01, 1, kept_rows=10)
    writer.start()
    for _ in range(30):
        writer.add(batch())
    until(lambda: writer.lost == 20)
    folder.unlink()
    until(lambda: writer.written == 10)
    writer.stop()
    assert read(folder).num_rows == 10


def test_a_disk_that_hangs_delays_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging, go_on = threading.Event(), threading.Event()

    def hang(*arguments: object) -> None:
        hanging.set()
        go_on.wait(20)

    monkeypatch.setattr("pitchline.issued.writer.append", hang)
    writer = Writer(tmp_path, 0.01, 1, kept_rows=5)
    writer.start()
    writer.add(batch())
    assert hanging.wait(20)
    for _ in range(10):
        writer.add(batch())
    assert writer.lost == 6
    go_on.set()
    writer.stop()


def test_threads_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    writer = Writer(tmp_path, 0.002, 7, kept_rows=10_000)
    writer.start()

    def add(name: int) -> None:
        for number in range(200):
            writer.add(batch(request=f"{name}-{number}"))

    threads = [threading.Thread(target=add, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.stop()
    found = read(tmp_path).to_pandas()
    IssuedForecasts.validate(found)
    assert found["request_id"].nunique() == len(found) == 800


# Adds rows without end, five to a file, and tells after each file how many it has surely written.
WRITES = """
import sys
from pathlib import Path
from pitchline.issued.writer import Writer
from tests.issued.forecasts import batch
writer = Writer(Path(sys.argv[1]), 3600, 1000, 1000)
number = 0
while number < int(sys.argv[2]):
    for _ in range(5):
        writer.add(batch(request=f"{sys.argv[3]}-{number}"))
        number += 1
    writer.flush()
    print(writer.written, flush=True)
"""


def writing(folder: Path, rows: int, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITES, str(folder), str(rows), name],
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'workflow'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
    )


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    processes = [writing(tmp_path, 200, name) for name in ("a", "b")]
    while any(process.poll() is None for process in processes):
        read(tmp_path)
        time.sleep(0.05)
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    found = read(tmp_path).to_pandas()
    IssuedForecasts.validate(found)
    assert sorted(found["request_id"]) == sorted(f"{w}-{n}" for w in "ab" for n in range(200))


def test_killed_it_loses_only_rows_not_yet_written_and_leaves_every_file_readable(
    tmp_path: Path,
) -> None:
    for delay in (0.0, 0.007, 0.023, 0.051):
        folder = tmp_path / str(delay)
        process = writing(folder, 10**9, "a")
        assert process.stdout is not None
        assert process.stdout.readline() == b"5\n"
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        told = process.communicate()[0].split()
        surely = int(told[-1]) if told else 5
        found = read(folder)["request_id"].to_pylist()
        assert surely <= len(found) <= surely + 5
        assert set(found) == {f"a-{n}" for n in range(len(found))}
