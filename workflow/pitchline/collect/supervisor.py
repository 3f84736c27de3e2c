"""Several sources side by side, each in a process of its own that can't outlive its limit.

A source's process ends itself in good time. One that hangs is ended with its children, and its
receipt says so; what it had fetched is in the journal, which the closing takes up.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pitchline import console, layout
from pitchline.collect import clock, registry
from pitchline.collect.archive import MANIFEST, write_manifest
from pitchline.collect.receipts import Receipt, read_receipt, write_receipt
from pitchline.collect.starter import SOURCE as STARTER
from pitchline.collect.store import opened
from pitchline.errors import PitchlineError
from pitchline.params import Collect

POLL_SECONDS = 0.05
# Between the polite request to end and the end.
GRACE_SECONDS = 10.0
STARTER_MINUTES = 5.0


@dataclass
class _Task:
    source: str
    process: subprocess.Popen[bytes]
    ends: float
    limit_minutes: float
    began: datetime
    asked_to_end: bool = False


def collect_side_by_side(
    sources: Sequence[str], settings: Collect, params_file: Path, run: str, jobs: int
) -> list[Receipt]:
    """Collect sources, so many at a time, and give their receipts in the order asked for.

    A source that reads another's archive waits for that one, if it is collected as well.
    """
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    waiting, working = list(sources), dict[str, _Task]()
    done: dict[str, Receipt] = {}
    try:
        while waiting or working:
            for name in list(waiting):
                held_back = {*waiting, *working} & set(_after(name))
                if len(working) < jobs and not held_back:
                    waiting.remove(name)
                    working[name] = _start(name, settings, params_file, run)
            for name, task in list(working.items()):
                if _has_ended(task):
                    del working[name]
                    done[name] = _receipt_of(task, run)
                    _ensure_manifest(name)
            time.sleep(POLL_SECONDS)
    finally:
        _end_all(working.values())
    return [done[name] for name in sources]


def _after(name: str) -> tuple[str, ...]:
    return () if name == STARTER else registry.source_named(name).after


def _start(name: str, settings: Collect, params_file: Path, run: str) -> _Task:
    minutes = STARTER_MINUTES if name == STARTER else settings.network[name].time_limit_minutes
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pitchline",
            "--params",
            str(params_file),
            "collect",
            "source",
            name,
            "--run",
            run,
            "--parent",
            str(os.getpid()),
        ],
        start_new_session=True,
    )
    return _Task(name, process, time.monotonic() + minutes * 60, minutes, clock.now())


def _has_ended(task: _Task) -> bool:
    if task.process.poll() is not None:
        if task.asked_to_end:
            _end(task, signal.SIGKILL)
        return True
    now = time.monotonic()
    if now > task.ends + GRACE_SECONDS:
        _end(task, signal.SIGKILL)
        task.process.wait()
        return True
    if now > task.ends and not task.asked_to_end:
        task.asked_to_end = True
        console.warn("collect", f"{task.source}: over its {task.limit_minutes:g} minutes; ended")
        _end(task, signal.SIGTERM)
    return False


def _end_all(tasks: Collection[_Task]) -> None:
    """End what is at work still, and give it the time to pack what it has."""
    for task in tasks:
        _end(task, signal.SIGTERM)
    ends = time.monotonic() + GRACE_SECONDS
    for task in tasks:
        with suppress(subprocess.TimeoutExpired):
            task.process.wait(max(0.0, ends - time.monotonic()))
        _end(task, signal.SIGKILL)


def _end(task: _Task, how: signal.Signals) -> None:
    """Signal a process and its children."""
    with suppress(ProcessLookupError):
        os.killpg(task.process.pid, how)


def _ensure_manifest(source: str) -> None:
    """Let later stages find an archive, if an empty one."""
    if not (layout.RAW / source / MANIFEST).exists():
        write_manifest(layout.RAW / source, source, [])


def _receipt_of(task: _Task, run: str) -> Receipt:
    """The receipt the process wrote, or one that says how it ended."""
    receipt = read_receipt(layout.RECEIPTS, task.source)
    if receipt is not None and receipt.run == run and task.process.returncode == 0:
        return receipt
    moment = clock.now()
    code = task.process.returncode
    if task.asked_to_end:
        how = f"ended at its time limit of {task.limit_minutes:g} minutes"
    elif code < 0:
        how = f"its process was ended by signal {signal.Signals(-code).name}"
    else:
        how = f"its process ended with status {code}; logs/collect/ and the lines above tell why"
    failed = Receipt(task.source, run, clock.spell(task.began), status="failed", reason=how)
    try:
        if task.source != STARTER:
            with opened(
                task.source, layout.RAW / task.source, layout.COLLECT_STATE, timedelta(seconds=5)
            ):
                pass
    except PitchlineError as error:
        failed.reason += f"; closing its archive: {error}"
    failed.close(moment, (moment - task.began).total_seconds())
    write_receipt(layout.RECEIPTS, failed)
    return failed
