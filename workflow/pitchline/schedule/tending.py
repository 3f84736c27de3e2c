"""Looking after the schedule: runs that were lost, due times that were missed, tasks overdue."""

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pitchline import alerts, layout
from pitchline.params import Schedule
from pitchline.schedule import beats, clock, ledger, processes, room, telling, turns
from pitchline.schedule.clock import spell
from pitchline.schedule.due import Missed, missed
from pitchline.schedule.ledger import Run

# A due time this new may be on its way by the timer that it is meant for.
ON_ITS_WAY = timedelta(seconds=60)


@dataclass(frozen=True)
class Look:
    """What a look at the schedule found.

    Attributes:
        to_catch_up: tasks of which one run is to be made up; none while the disk is full.
        overdue: tasks whose due time passed longer ago than is allowed.
        closed: runs closed because their runner was gone.
    """

    to_catch_up: dict[str, Missed]
    overdue: dict[str, Missed]
    closed: list[Run]


def tend(schedule: Schedule) -> Look:
    """Close lost runs, tell what is overdue, and say what is to be caught up.

    Raises:
        PitchlineError: the ledger can't be used.
    """
    now = clock.now()
    with ledger.opened() as connection, ledger.explained(layout.LEDGER):
        turns.register(connection, schedule)
        closed, hung = turns.close_the_gone(connection, schedule.lost_after_seconds)
        unanswered = {
            name: span
            for name, task in schedule.tasks.items()
            if (since := turns.answered_until(connection, name)) is not None
            and (span := missed(task.cron, since, now)) is not None
        }
    for run in hung:
        runner = beats.runner_of(run)
        if runner is not None:
            processes.kill(runner)
    for run in closed:
        telling.tell_ended(run, telling.tail_of(run))
    late = timedelta(minutes=schedule.overdue_minutes)
    overdue = {name: span for name, span in unanswered.items() if now - span.first > late}
    successes = ledger.last_successes() if overdue else {}
    for name in schedule.tasks:
        if name in overdue:
            telling.tell_overdue(name, overdue[name], successes.get(name))
        elif name not in unanswered:
            telling.tell_on_time(name)
    alerts.send_waiting()
    to_catch_up = {
        name: span
        for name, span in unanswered.items()
        if schedule.tasks[name].catch_up and now - span.latest > ON_ITS_WAY
    }
    return Look({} if room.is_full() else to_catch_up, overdue, closed)


def start_run(
    params_file: Path, task: str, trigger: str, due: datetime | None = None
) -> subprocess.Popen[bytes]:
    """Start a runner as a process of its own session, which outlives this one."""
    words = ["--params", str(params_file), "run", task, "--trigger", trigger]
    if due is not None:
        words += ["--due", spell(due)]
    return subprocess.Popen(
        [sys.executable, "-m", "pitchline", *words],
        env=processes.unmarked() | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
