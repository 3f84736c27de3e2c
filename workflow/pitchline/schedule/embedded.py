"""The embedded scheduler, for a machine without cron: APScheduler tells when, the runner runs.

Each due task gets a runner in a process of its own. The ledger, not this process's memory, knows
what ran: it may be killed and started at any time, and may run beside cron.
"""

import fcntl
import os
import queue
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from pitchline import console, layout, locks
from pitchline.errors import PitchlineError
from pitchline.params import Schedule, load
from pitchline.schedule import clock, ledger, tending
from pitchline.schedule.due import latest_due, next_due

LOCK = layout.SCHEDULE_STATE / "scheduler.lock"
WAKE_SECONDS = 0.5
TEND_SECONDS = 10.0
# A runner is started so long before the due time, stands in the queue then, and waits for it.
LEAD = timedelta(seconds=3)
# Between two looks the clock and the monotonic clock may differ so much.
JUMP_SECONDS = 2.0


class DueTrigger(BaseTrigger):  # type: ignore[misc]
    """Fires a little before a task's due times, as every engine reads its cron expression."""

    def __init__(self, cron: str) -> None:
        self.cron = cron

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The next time by the machine's clock, which a simulation's may run ahead of."""
        ahead = timedelta(seconds=clock.offset_seconds())
        after = now if previous is None else previous + LEAD + timedelta(milliseconds=500)
        return next_due(self.cron, after + ahead) - ahead - LEAD


@dataclass
class _Scheduler:
    """The scheduler at work."""

    params_file: Path
    schedule: Schedule
    cancels: bool
    due: "queue.Queue[str]" = field(default_factory=queue.Queue)
    runners: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)
    signals: int = 0
    read_at: int = 0
    drift: float = 0.0


def serve(params_file: Path, *, cancels: bool = False) -> None:
    """Start each task at its due times until asked to end.

    Args:
        params_file: the parameter file; it is read again when it changes.
        cancels: whether runs at work are ended when the scheduler is asked to end.

    Raises:
        PitchlineError: another scheduler is at work in this folder.
    """
    with _only_one():
        state = _Scheduler(params_file, load(params_file).schedule, cancels)
        state.read_at = _changed_at(params_file)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: _note(state, number, frame))
        timer = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        timer.start()
        # Before anything is read off the clock: a jump from here on is noticed.
        state.drift = _drift()
        try:
            _tend(state)
            _set(timer, state)
            _loop(timer, state)
        finally:
            timer.shutdown(wait=False)
        _end(state)


def is_at_work() -> bool:
    """Whether an embedded scheduler runs in this folder."""
    with suppress(OSError):
        return locks.is_held(LOCK)
    return False


@contextmanager
def _only_one() -> Iterator[None]:
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise PitchlineError(
            f"{LOCK}: a scheduler is at work in this folder. `pitchline status` shows its runs."
        ) from error
    finally:
        os.close(descriptor)


def _note(state: _Scheduler, number: int, frame: FrameType | None) -> None:
    del number, frame
    state.signals += 1


def _set(timer: Any, state: _Scheduler) -> None:
    """Give the timer every task that is on."""
    timer.remove_all_jobs()
    for name, task in state.schedule.tasks.items():
        if task.enabled:
            timer.add_job(state.due.put, DueTrigger(task.cron), [name], id=name)
            moment = next_due(task.cron, clock.now())
            console.say("schedule", f"{name}: next at {clock.spell(moment)}")


def _loop(timer: Any, state: _Scheduler) -> None:
    tended = time.monotonic()
    while not state.signals:
        with suppress(queue.Empty):
            task = state.due.get(timeout=WAKE_SECONDS)
            cron = state.schedule.tasks[task].cron
            due = latest_due(cron, clock.now() + LEAD + timedelta(seconds=1))
            _start(state, task, "scheduler", due)
        state.runners = [(name, each) for name, each in state.runners if each.poll() is None]
        jump = _drift() - state.drift
        jumped = abs(jump) > JUMP_SECONDS
        if jumped:
            console.warn("schedule", f"the clock jumped by {jump:.0f} s")
            state.drift += jump
        if _reread(state) or jumped:
            _set(timer, state)
        if jumped or time.monotonic() - tended >= TEND_SECONDS:
            tended = time.monotonic()
            _tend(state)


def _drift() -> float:
    return clock.now().timestamp() - time.monotonic()


def _tend(state: _Scheduler) -> None:
    try:
        look = tending.tend(state.schedule)
    except PitchlineError as error:
        console.warn("schedule", str(error))
        return
    at_work = {name for name, _ in state.runners}
    for name, span in look.to_catch_up.items():
        if name not in at_work:
            console.say("schedule", f"{name}: {span.count} due time(s) missed, caught up")
            _start(state, name, "catch-up")


def _start(state: _Scheduler, task: str, trigger: str, due: datetime | None = None) -> None:
    try:
        state.runners.append((task, tending.start_run(state.params_file, task, trigger, due)))
    except OSError as error:
        console.warn("schedule", f"{task}: no runner could be started ({error}); it is caught up")


def _changed_at(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_mtime_ns
    return 0


def _reread(state: _Scheduler) -> bool:
    """Read the table again if its file has changed; whether it is another now."""
    changed_at = _changed_at(state.params_file)
    if changed_at == state.read_at:
        return False
    state.read_at = changed_at
    try:
        schedule = load(state.params_file).schedule
    except PitchlineError as error:
        console.warn("schedule", f"the table stays as it was: {error}")
        return False
    is_new = schedule != state.schedule
    state.schedule = schedule
    return is_new


def _end(state: _Scheduler) -> None:
    """Let runs at work end; those that wait give their due times back."""
    at_work = {run.pid for run in ledger.open_runs() if run.status == "running"}
    for name, runner in state.runners:
        if runner.poll() is None and (state.cancels or runner.pid not in at_work):
            runner.terminate()
        elif runner.poll() is None:
            console.say("schedule", f"waits for {name} to end; another signal ends it")
    asked = state.signals
    while any(runner.poll() is None for _, runner in state.runners):
        if state.signals > asked:
            asked = state.signals
            for _, runner in state.runners:
                if runner.poll() is None:
                    runner.terminate()
        time.sleep(0.05)
    console.say("schedule", "ended")
