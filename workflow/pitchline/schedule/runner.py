"""The runner: one task, in its turn, within its limit, its end in the ledger whatever happens."""

import resource
import signal
import sqlite3
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from pitchline import alerts, console, layout
from pitchline.params import Schedule, ScheduledTask, TaskRetries
from pitchline.schedule import artifacts, clock, ledger, processes, room, telling, turns
from pitchline.schedule.beats import Beat, Outcome
from pitchline.schedule.due import latest_due, missed
from pitchline.schedule.ledger import Run, Status
from pitchline.schedule.log import RunLog, events_of
from pitchline.schedule.targets import command_of, other_snakemake, task_named, uses_snakemake
from pitchline.schedule.waiting import TURN_SECONDS, await_turn, see_to
from pitchline.schedule.work import Asked, Ended, Work, heed, heed_limit

# These call at a due time, which one run answers; any other trigger runs whenever it is called.
ON_TIME = ("cron", "systemd", "scheduler", "ci", "prefect", "celery", "catch-up")
# A timer may fire so much early.
EARLY = timedelta(seconds=5)
POLL_SECONDS = 0.1
# A ledger that can't be written at a run's end is tried for so long.
CLOSING_SECONDS = 30.0
MOST_BACKOFF_SECONDS = 3600.0


def run_task(schedule: Schedule, params_file: Path, asked: Asked) -> int:
    """Run a task of the table when its turn comes.

    Args:
        schedule: the table.
        params_file: the parameter file.
        asked: what is asked for.

    Returns:
        The task's exit code; 124 at the limit, 143 if cancelled, 75 if another took its place,
        0 if its due time was answered already.

    Raises:
        PitchlineError: it can't be queued.
    """
    task = task_named(schedule, asked.task)
    run_id = asked.run_id or turns.new_run_id(asked.task)
    log = RunLog(run_id, asked.task)
    with Beat(run_id) as beat, ledger.opened() as connection:
        with ledger.explained(layout.LEDGER):
            turns.register(connection, schedule)
            # A due time that a dead runner holds is free for this call.
            see_to(log, *turns.close_the_gone(connection, schedule.lost_after_seconds))
            wanted = _wanted(connection, task, asked)
            if wanted is None:
                return 0
            run = turns.enter(connection, run_id, wanted, task.cron)
        if run.status == "skipped":
            console.say("run", f"{asked.task}: {run.cause}")
            return 0
        work = Work(run, task, schedule, connection, beat, log, asked, params_file)
        handlers = {
            number: signal.signal(number, lambda number, frame: _note_signal(work, number, frame))
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        try:
            return _run(work)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _note_signal(work: Work, number: int, frame: FrameType | None) -> None:
    del frame
    work.got = signal.Signals(number)


def _wanted(
    connection: sqlite3.Connection, task: ScheduledTask, asked: Asked
) -> turns.Wanted | None:
    """What is asked for with its due time and cause; None if nothing is to be done."""
    due, cause = asked.due, asked.cause
    if asked.trigger in ON_TIME:
        if not task.enabled:
            console.say("run", f"{asked.task}: is off (schedule.tasks.{asked.task}.enabled)")
            return None
        if due is None:
            due = latest_due(task.cron, clock.now() + EARLY)
        if asked.trigger == "catch-up":
            since = turns.answered_until(connection, asked.task)
            span = missed(task.cron, since, due) if since is not None else None
            if span is None:
                console.say("run", f"{asked.task}: no due time was missed")
                return None
            cause = cause or f"{span.count} due time(s) missed since {clock.spell(span.first)}"
        cause = cause or f"due at {clock.spell(due)}"
    return turns.wanted_of(asked.task, task, asked.trigger, cause or "by hand", due)


def _run(work: Work) -> int:
    work.log.write("queued", trigger=work.run.trigger, cause=work.run.cause, due=work.run.due)
    with ExitStack() as broken_off:
        # Whatever goes up from here leaves no process at work and no run open.
        broken_off.callback(_break_off, work)
        outcome, code = _worked(work)
        broken_off.pop_all()
    if outcome.status != "lost":
        _tell(work, _close(work, outcome))
    return code


def _worked(work: Work) -> tuple[Outcome, int]:
    """Wait for the turn and do the task; how it ended, and the exit code of the call."""
    status: Status
    gives_back, why = False, ""
    try:
        await_turn(work)
        code = 0 if work.asked.passes else _attempts(work)
        status = "succeeded" if code == 0 else "failed"
        if code == 0:
            _record(work)
        elif work.least_room < room.LEAST_BYTES:
            gives_back, why = True, room.FULL
    except Ended as ended:
        status, code, gives_back, why = ended.status, ended.exit_code, ended.gives_back, ended.why
        work.log.write("ended early", "warning", why=why)
        console.warn("run", f"{work.run.task}: {why}")
    return Outcome(status, code, clock.milliseconds(clock.now()), gives_back, why), code


def _break_off(work: Work) -> None:
    processes.end(work.run.run_id, None, work.schedule.grace_seconds)
    _close(work, Outcome("failed", 1, clock.milliseconds(clock.now())))


def _attempts(work: Work) -> int:
    """The task, and again by its policy; the exit code of the last try."""
    ends = time.monotonic() + work.task.limit_minutes * 60
    policy, lines, code = work.task.retries, list(work.task.target), 0
    began, at = time.monotonic(), time.time()
    for attempt in range(1, policy.times + 2):
        work.attempt = attempt
        work.least_room = room.free_bytes()
        with suppress(sqlite3.OperationalError):
            turns.note_attempt(work.connection, work.run, attempt)
        while lines:
            code = _execute(work, lines[0], ends)
            if code != 0:
                break
            del lines[0]
        if not lines:
            break
        processes.end(work.run.run_id, None, work.schedule.grace_seconds)
        if attempt > policy.times or (
            policy.exit_codes is not None and code not in policy.exit_codes
        ):
            break
        pause = _backoff(policy, attempt)
        work.log.write("tries again", "warning", exit_code=code, after_seconds=pause)
        _pause(work, pause, ends)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    work.metrics |= {
        "seconds": round(time.monotonic() - began, 3),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_memory_mb": round(used.ru_maxrss / 1024),
        **artifacts.collected_since(at),
    }
    return code


def _record(work: Work) -> None:
    """Let DVC know what the task built; where that fails it is told, and the run has succeeded."""
    what, name = work.schedule.record, work.run.task
    if (
        work.asked.passes
        or not work.asked.records
        or not any(map(uses_snakemake, work.task.target))
    ):
        return
    if what == "none":
        telling.tell_recorded(name, "Recording is off (schedule.record).")
        return
    line = "pitchline record --built" + (" --push" if what == "push" else "")
    ends = time.monotonic() + work.schedule.record_minutes * 60
    policy, code = work.task.retries, 0
    try:
        for attempt in range(policy.times + 1):
            if attempt:
                _pause(work, _backoff(policy, attempt), ends)
            _await_free_folder(work, ends)
            code = _execute(work, line, ends)
            if code == 0:
                break
        why = f"exit code {code}"
    except Ended as ended:
        if ended.status != "timed out":
            raise
        code = ended.exit_code
        why = f"over schedule.record_minutes, {work.schedule.record_minutes:g}"
    work.metrics["recorded"] = code == 0
    if code == 0:
        telling.tell_recorded(name, f"{work.run.run_id} was recorded.")
        return
    work.log.write("not recorded", "error", why=why)
    console.warn("run", f"{name}: what it built is not recorded in DVC ({why})")
    telling.tell_not_recorded(work.run, why, telling.tail_of(work.run))


def _backoff(policy: TaskRetries, attempt: int) -> float:
    """Seconds to wait after so many tries."""
    return min(policy.backoff_seconds * 2.0 ** (attempt - 1), MOST_BACKOFF_SECONDS)


def _execute(work: Work, line: str, ends: float) -> int:
    if uses_snakemake(line):
        _await_free_folder(work, ends)
    command = command_of(
        line,
        work.params_file,
        work.schedule.cores,
        work.asked.settings if uses_snakemake(line) else (),
    )
    work.log.write("command", line=line, attempt=work.attempt, settings=list(work.asked.settings))
    env = processes.environment(work.run.run_id, {"PITCHLINE_RUN": work.run.run_id})
    try:
        with work.log.output.open("ab") as output:
            process = processes.start(command, env, output)
    except OSError as error:
        work.log.write("not started", "error", why=str(error))
        console.warn("run", f"{line}: can't be started ({error.strerror}: {error.filename})")
        return 127
    try:
        while process.poll() is None:
            time.sleep(POLL_SECONDS)
            work.least_room = min(work.least_room, room.free_bytes())
            work.beat.show(work.schedule.heartbeat_seconds)
            _show(work)
            heed(work)
            heed_limit(work, ends)
    except Ended as ended:
        forced = processes.end(work.run.run_id, process, work.schedule.grace_seconds)
        work.log.write("ended", "warning", why=ended.why, forced=forced)
        raise
    finally:
        _show(work)
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    work.log.write("command ended", exit_code=code, line=line)
    return code


def _await_free_folder(work: Work, ends: float) -> None:
    """Let a Snakemake that a person started end first."""
    other = other_snakemake()
    if other is not None:
        work.log.write("waiting for Snakemake", "warning", process=other)
        console.say("run", f"{work.run.task}: waits for Snakemake, process {other}")
    while other_snakemake() is not None:
        time.sleep(TURN_SECONDS)
        work.beat.show(work.schedule.heartbeat_seconds)
        heed(work)
        heed_limit(work, ends)


def _pause(work: Work, seconds: float, ends: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(min(POLL_SECONDS, seconds))
        work.beat.show(work.schedule.heartbeat_seconds)
        heed(work)
        heed_limit(work, ends)


def _show(work: Work) -> None:
    """Show what the task has written since."""
    if not work.asked.show:
        return
    with suppress(OSError), work.log.output.open("rb") as handle:
        handle.seek(work.shown)
        new = handle.read()
        work.shown += len(new)
        screen: BinaryIO = sys.stderr.buffer
        screen.write(new)
        screen.flush()


def _close(work: Work, outcome: Outcome) -> Run:
    """Record the end; where the ledger can't take it, leave it for the next runner."""
    standing = artifacts.standing()
    work.log.write("closed", status=outcome.status, exit_code=outcome.exit_code, **work.metrics)
    ends = time.monotonic() + CLOSING_SECONDS
    while True:
        try:
            run = turns.close(work.connection, work.run, outcome, work.metrics, standing)
            logs = turns.remove_oldest(work.connection, work.schedule.keep_runs)
        except sqlite3.OperationalError as error:
            work.beat.keep(outcome)
            if time.monotonic() > ends:
                console.warn("run", f"the run ledger can't be written ({error}); the end waits")
                return replace(
                    work.run,
                    status=outcome.status,
                    exit_code=outcome.exit_code,
                    cause=turns.cause_of(work.run, outcome),
                )
            time.sleep(1.0)
            continue
        work.beat.written()
        for output in logs:
            for path in (output, events_of(output)):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
        return run


def _tell(work: Work, run: Run) -> None:
    tail = telling.tail_of(run) if run.status != "succeeded" else []
    telling.tell_ended(run, tail)
    # The task may have told something itself.
    alerts.send_waiting()
    seconds = work.metrics.get("seconds", 0.0)
    console.say("run", f"{run.task}: {run.status} after {seconds} s, exit code {run.exit_code}")
    if run.status in ("failed", "timed out") and not work.asked.show:
        console.say("run", f"its last lines, all are in {run.log}:")
        for text in tail:
            console.say("", text)
