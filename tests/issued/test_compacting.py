import os
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest

from pitchline.errors import PitchlineError
from pitchline.issued import compacting
from pitchline.issued.compacting import compact
from pitchline.issued.log import append, read, table_of
from pitchline.issued.pipeline import record
from tests.conftest import ROOT
from tests.issued.forecasts import CHAMPION, NOON, batch
from tests.issued.test_pipeline import predictions


def filled(folder: Path, files: int, days: int = 2) -> None:
    for day in range(days):
        for n in range(files):
            name = f"{day}-{n}"
            rows = table_of(
                [batch(at=NOON + timedelta(days=day))], (f"{name}-{i}" for i in count())
            )
            append(folder, rows, name)


def test_days_but_the_newest_become_one_file_each(tmp_path: Path) -> None:
    filled(tmp_path, 5)
    before = read(tmp_path)
    assert compact(tmp_path) == {date(2026, 5, 8): 5}
    assert read(tmp_path).equals(before)
    assert len(list((tmp_path / "date=2026-05-08").glob("*.parquet"))) == 1
    assert len(list((tmp_path / "date=2026-05-09").glob("*.parquet"))) == 5
    assert compact(tmp_path) == {}


def test_rows_that_come_late_join_the_one_file(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    compact(tmp_path, before=date(2026, 6, 1))
    append(tmp_path, table_of([batch()], iter(["late"])), "late")
    before = read(tmp_path)
    assert before.num_rows == 7
    assert compact(tmp_path, before=date(2026, 6, 1)) == {date(2026, 5, 8): 2}
    assert read(tmp_path).equals(before)


def test_the_pipelines_files_stay_where_it_finds_them(tmp_path: Path) -> None:
    record(tmp_path, predictions("arsenal"), CHAMPION, NOON)
    compact(tmp_path, before=date(9999, 1, 1))
    assert record(tmp_path, predictions("arsenal"), CHAMPION, NOON) == 0


def test_two_at_once_are_one_too_many(tmp_path: Path) -> None:
    filled(tmp_path, 2)
    with compacting._alone(tmp_path), pytest.raises(PitchlineError, match="is at work"):
        compact(tmp_path)


def test_a_temporary_file_of_the_dead_is_removed(tmp_path: Path) -> None:
    filled(tmp_path, 2)
    day = tmp_path / "date=2026-05-08"
    left, at_work = day / ".x.parquet.999999999.part", day / f".y.parquet.{os.getpid()}.part"
    for path in (left, at_work):
        path.write_bytes(b"half")
    compact(tmp_path)
    assert not left.exists()
    assert at_work.exists()


def test_an_empty_log_has_nothing_to_compact(tmp_path: Path) -> None:
    assert compact(tmp_path / "nowhere") == {}


@pytest.mark.parametrize("removed", range(4))
def test_killed_while_it_removes_nothing_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removed: int
) -> None:
    filled(tmp_path, 3)
    before = read(tmp_path)
    left = iter(range(removed))
    unlink = Path.unlink

    def killed(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".parquet" and next(left, None) is None:
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        if removed < 3:
            with pytest.raises(KeyboardInterrupt):
                compact(tmp_path)
        else:
            compact(tmp_path)
    assert read(tmp_path).equals(before)
    compact(tmp_path)
    assert read(tmp_path).equals(before)
    assert len(list((tmp_path / "date=2026-05-08").glob("*.parquet"))) == 1


def test_killed_at_any_moment_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    filled(tmp_path, 60, days=3)
    before = read(tmp_path)
    code = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from pitchline.issued.compacting import compact\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "compact(Path(sys.argv[1]), date(9999, 1, 1))"
    )
    for delay in (0.0, 0.01, 0.03, 0.06, 0.1):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            env=os.environ | {"PYTHONPATH": str(ROOT / "workflow")},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(b"\n")
        process.stdin.flush()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert read(tmp_path).equals(before)
    assert read(tmp_path).equals(before)
    compact(tmp_path, date(9999, 1, 1))
    assert read(tmp_path).equals(before)
    assert len(list(tmp_path.rglob("*.parquet"))) == 3
