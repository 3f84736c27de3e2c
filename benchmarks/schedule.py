"""How late a due task begins, and how long a killed run is away.

    python benchmarks/schedule.py [--times 30] [--kills 5]

A project whose tasks are small scripts, and `pitchline schedule start` in it with a clock that is
set some seconds before each due time. The delay is from the due time to the moment the run has its
turn, by the ledger. Then runners are killed at work, and it is measured how long it takes until
the run that makes up for one has ended.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from pitchline.schedule import clock  # noqa: E402
from tests.schedule.conftest import SetClock  # noqa: E402
from tests.schedule.project import Project  # noqa: E402

FIRST = datetime(2026, 3, 3, 0, 58, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATIENCE = 300.0


@contextmanager
def scheduler(project: Project, tasks: int) -> Iterator[None]:
    """The embedded scheduler at work."""
    said = project.folder / "said"
    process = project.start("schedule", "start", "--cancel-running")
    try:
        project.await_(lambda: said.exists() and said.read_text().count("next at") >= tasks)
        yield
    finally:
        process.terminate()
        process.wait()


def delays(times: int) -> list[float]:
    """Seconds from each due time to its run's turn."""
    with tempfile.TemporaryDirectory() as folder:
        project, set_clock = _project(Path(folder))
        project.task("collect", "true", cron="0 * * * *")
        found = []
        with scheduler(project, 1):
            for number in range(1, times + 1):
                due = FIRST.replace(minute=0) + number * HOUR
                set_clock.set(due - timedelta(seconds=5))
                project.await_(
                    lambda due=due: any(
                        run.due == due and not run.is_open for run in project.runs()
                    ),
                    PATIENCE,
                )
        for run in project.runs():
            assert run.trigger == "scheduler", run
            assert run.started_at is not None
            assert run.due is not None
            found.append((run.started_at - run.due).total_seconds())
    assert len(found) == times
    return found


def recoveries(kills: int) -> list[float]:
    """Seconds from a runner's end by SIGKILL to the end of the run that makes up for it."""
    found = []
    for _ in range(kills):
        with tempfile.TemporaryDirectory() as folder:
            project, set_clock = _project(Path(folder))
            project.task("collect", "[ -e second ] || sleep 600", cron="0 * * * *")
            with scheduler(project, 1):
                set_clock.set(FIRST.replace(minute=0) + HOUR - timedelta(seconds=5))
                run = project.await_status("collect", "running")
                (project.folder / "second").touch()
                os.kill(run.pid, 9)
                killed = time.monotonic()
                project.await_(
                    lambda p=project: [r.status for r in p.runs()] == ["lost", "succeeded"],
                    PATIENCE,
                )
                found.append(time.monotonic() - killed)
    return found


def _project(folder: Path) -> tuple[Project, SetClock]:
    os.environ[clock.VARIABLE] = str(folder / "clock")
    set_clock = SetClock(folder / "clock")
    set_clock.set(FIRST)
    project = Project(folder)
    project.env |= {clock.VARIABLE: str(folder / "clock")}
    return project, set_clock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--kills", type=int, default=5)
    asked = parser.parse_args()
    late = sorted(delays(asked.times))
    print(
        f"start delay of {len(late)} due times: median {statistics.median(late):.2f} s, "
        f"95 % {late[int(0.95 * (len(late) - 1))]:.2f} s, most {late[-1]:.2f} s"
    )
    away = recoveries(asked.kills)
    if away:
        print(
            f"recovery of {len(away)} killed runs: median {statistics.median(away):.0f} s, "
            f"most {max(away):.0f} s"
        )


if __name__ == "__main__":
    main()
