"""Three simulated days with faults: each due time is answered once, whatever is killed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pitchline.params import load
from pitchline.schedule.ledger import Run, Status
from tests.alerts.servers import hook_at_work
from tests.days.reckoning import answers, reckon
from tests.days.simulation import Simulation
from tests.days.world import SetClock, World
from tests.schedule.project import Project

SUNDAY = datetime(2026, 2, 1, 20, tzinfo=UTC)
FAULTS = ("runner and task killed", "clock 3 h ahead", "scheduler killed")
CRONS = {"collect": "0 2 * * *", "retrain": "0 3 * * MON", "quality": "0 12 * * *"}

SOME_RUN = Run(
    number=1, run_id="one", task="collect", trigger="scheduler", cause="", target=[], due=SUNDAY,
    covers=1, status="succeeded", priority=5, queued_at=SUNDAY, started_at=SUNDAY, ended_at=SUNDAY,
    attempt=1, exit_code=0, host="", pid=1, process_started=0.0, boot="", cancel=None, metrics={},
    artifacts={}, log="",
)  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project")
    project.params["schedule"]["lost_after_seconds"] = 10.0
    project.params["alerts"]["group_seconds"] = 1.0
    for name, cron in CRONS.items():
        project.task(name, f"sleep 1; echo {name} >> done", cron=cron)
    with hook_at_work() as hook:
        clock = SetClock(tmp_path / "clock", SUNDAY)
        env = project.env | {
            "PITCHLINE_CLOCK": str(clock.path), "PITCHLINE_ALERTS_CHAT": hook.url,
        }  # fmt: skip
        schedule = load(project.folder / "params.yaml").schedule
        made = World(
            project.folder,
            None,
            hook,
            clock,
            schedule,
            env,
            None,
            tuple(project.command()),
            0.3,
        )
        made.start_scheduler()
        made.await_tasks()
        yield made
        made.processes["scheduler"].terminate()
        made.processes["scheduler"].wait(30.0)


def test_three_days_with_faults_miss_double_and_lose_nothing(world: World) -> None:
    simulation = Simulation(world, seed=1)
    simulation.live(FAULTS)

    assert [each.fault for each in simulation.struck] == list(FAULTS)
    assert all(each.has_struck and not each.unwell for each in simulation.struck)
    runs = simulation.runs()
    found = reckon(world.schedule, runs, simulation.begins, world.clock.true)
    assert (found.missed, found.doubled, found.open) == ([], [], [])
    assert found.once == found.due
    assert found.due >= 3 + 1 + 3
    [lost] = [run for run in runs if run.status == "lost"]
    assert lost.ended_at is not None
    assert simulation.alerts_waiting() == 0
    assert any("was lost" in title for title in world.hook.titles)


def test_the_reckoning_finds_what_is_missed_doubled_and_made_up_for() -> None:
    dues = [datetime(2026, 2, day, 2, tzinfo=UTC) for day in (1, 2, 3, 4)]

    def run(day: int, status: Status, covers: int = 1) -> Run:
        return replace(SOME_RUN, due=dues[day - 1], status=status, covers=covers)

    happened = [run(1, "succeeded"), run(3, "failed", 2), run(3, "lost"), run(4, "skipped")]
    assert [answers(dues, happened)[due] for due in dues] == [1, 1, 1, 0]
    assert answers(dues, [*happened, run(1, "timed out")])[dues[0]] == 2
    without_room = replace(run(1, "failed"), cause="due; the disk was full")
    assert answers(dues, [*happened, without_room])[dues[0]] == 1
    assert answers(dues, [without_room])[dues[0]] == 0
