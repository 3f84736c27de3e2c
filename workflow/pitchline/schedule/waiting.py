"""Waiting for a turn, and seeing to the runs whose runner is gone."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from pitchline import alerts, console
from pitchline.errors import PitchlineError
from pitchline.schedule import beats, clock, ledger, processes, telling, turns
from pitchline.schedule.due import latest_due
from pitchline.schedule.ledger import Run
from pitchline.schedule.log import RunLog
from pitchline.schedule.work import CANCELLED, Ended, Work, heed

TURN_SECONDS = 0.2
# A scheduler may start a runner so long before the due time, which then waits for it.
MOST_AHEAD = timedelta(seconds=60)
# Of tasks due at one time the highest goes first, if its runner is there within this.
SAME_TIME = timedelta(seconds=3)


def await_turn(work: Work) -> None:
    """Return once this run may begin.

    Raises:
        Ended: it is cancelled, or closed by another.
    """
    waiting_told = failed_told = False
    while True:
        work.beat.show(work.schedule.heartbeat_seconds)
        heed(work)
        turn, early = None, _seconds_to_due(work)
        try:
            if not early and not _a_higher_one_is_due(work):
                turn = turns.take_turn(work.connection, work.run, work.schedule.lost_after_seconds)
        except sqlite3.OperationalError as error:
            if not failed_told:
                failed_told = True
                work.log.write("ledger", "warning", why=str(error))
                console.warn("run", f"the run ledger can't be written ({error}); it is tried again")
        if turn is not None:
            see_to(work.log, turn.closed, turn.hung)
            if turn.mine:
                break
            if not waiting_told:
                waiting_told = True
                _tell_waiting(work)
        time.sleep(min(TURN_SECONDS, early or TURN_SECONDS))
    work.run = turns.present(work.connection, work.run)
    began = work.run.started_at or clock.now()
    work.metrics["waited_seconds"] = round((began - work.run.queued_at).total_seconds(), 3)
    if work.run.due is not None:
        work.metrics["start_delay_seconds"] = round((began - work.run.due).total_seconds(), 3)
    work.log.write("started", **work.metrics)
    if telling.tell_on_time(work.run.task):
        alerts.send_soon()
    _end_leftovers(work)


def _seconds_to_due(work: Work) -> float:
    """How long its due time is ahead; 0 once it has come."""
    if work.run.due is None:
        return 0.0
    ahead = work.run.due - clock.now()
    if ahead > MOST_AHEAD:
        raise Ended("cancelled", CANCELLED, f"due only in {ahead}: did the clock jump?", True)
    return max(0.0, ahead.total_seconds())


def _a_higher_one_is_due(work: Work) -> bool:
    """Whether a task of higher priority is due at this moment too and not in the queue yet."""
    due, now = work.run.due, clock.now()
    if due is None or not timedelta() <= now - due < SAME_TIME:
        return False
    for name, task in work.schedule.tasks.items():
        if task.enabled and task.priority > work.task.priority:
            since = turns.answered_until(work.connection, name)
            if since is not None and since < latest_due(task.cron, now) == due:
                return True
    return False


def _tell_waiting(work: Work) -> None:
    ahead = [run.run_id for run in ledger.open_runs() if run.run_id != work.run.run_id]
    work.log.write("waiting", behind=ahead)
    console.say("run", f"{work.run.task}: waits its turn behind {', '.join(ahead[:3])}")


def see_to(log: RunLog, closed: Sequence[Run], hung: Sequence[Run]) -> None:
    """End stuck runners, and tell of the runs that were lost."""
    for run in hung:
        runner = beats.runner_of(run)
        if runner is not None:
            processes.kill(runner)
    for run in closed:
        log.write("closed another", "warning", other=run.run_id, status=run.status)
        console.warn("run", f"{run.run_id}: closed as {run.status}: {run.cause}")
        if telling.tell_ended(run, telling.tail_of(run)):
            alerts.send_soon()


def _end_leftovers(work: Work) -> None:
    """End what runs that did not end well have left at work here."""
    for run_id in processes.marked():
        if run_id == work.run.run_id:
            continue
        with suppress(PitchlineError):
            if ledger.find_run(run_id).status in ("succeeded", "failed", "queued"):
                continue
        forced = processes.end(run_id, None, work.schedule.grace_seconds)
        work.log.write("ended leftovers", "warning", other=run_id, forced=forced)
