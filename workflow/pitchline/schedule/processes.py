"""A task's processes: started in a session of their own, found and ended to the last of them.

Every process of a task has the run's name in its environment. So they are found when the session,
the parent or the runner is gone, too.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

RUN = "PITCHLINE_TASK_RUN"
FOLDER = "PITCHLINE_TASK_FOLDER"
PARENT_DEATH_SIGNAL = 1
POLL_SECONDS = 0.05
# A process may start others while it is being ended.
ROUNDS = 20

# Linux has it; loaded here, since little may be done between a fork and an exec.
_prctl = getattr(ctypes.CDLL(None), "prctl", None)


def environment(run_id: str, more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a task's processes."""
    return {**os.environ, RUN: run_id, FOLDER: str(Path.cwd()), **more}


def unmarked() -> dict[str, str]:
    """This environment without the run's name: for what is to outlive the run."""
    return {key: value for key, value in os.environ.items() if key not in (RUN, FOLDER)}


def start(command: list[str], env: Mapping[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a task's command; it is asked to end should its runner die."""
    return subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=_end_with_parent if _prctl is not None else None,
    )


def _end_with_parent() -> None:
    if _prctl is not None:
        _prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)


def marked() -> dict[str, list[psutil.Process]]:
    """The processes of this folder's tasks, by run."""
    found: dict[str, list[psutil.Process]] = {}
    here = str(Path.cwd())
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            env = process.environ()
            if env.get(FOLDER) == here and RUN in env and process.pid != os.getpid():
                found.setdefault(env[RUN], []).append(process)
    return found


def of_run(run_id: str, root: subprocess.Popen[bytes] | None) -> set[psutil.Process]:
    """All processes of a run that live: the descendants of its root, and those with its name."""
    found = set(marked().get(run_id, ()))
    if root is not None and root.poll() is None:
        with suppress(psutil.Error):
            process = psutil.Process(root.pid)
            found |= {process, *process.children(recursive=True)}
    return {process for process in found if _lives(process)}


def end(run_id: str, root: subprocess.Popen[bytes] | None, grace_seconds: float) -> int:
    """End all processes of a run: ask, wait, then force.

    Args:
        run_id: the run.
        root: the process that was started, if this is its parent.
        grace_seconds: between the request and the force.

    Returns:
        Processes that had to be forced.
    """
    known = of_run(run_id, root)
    _signal(known, signal.SIGTERM)
    ends = time.monotonic() + grace_seconds
    while time.monotonic() < ends:
        if not _living(known, root):
            known = of_run(run_id, root)
            if not known:
                return 0
            _signal(known, signal.SIGTERM)
        time.sleep(POLL_SECONDS)
    forced = 0
    for _ in range(ROUNDS):
        known = {process for process in known | of_run(run_id, root) if _lives(process)}
        if not known:
            break
        forced += len(known)
        _signal(known, signal.SIGKILL)
        psutil.wait_procs(list(known), timeout=1.0)
        if root is not None:
            root.poll()
    return forced


def _living(known: Iterable[psutil.Process], root: subprocess.Popen[bytes] | None) -> bool:
    if root is not None:
        root.poll()
    return any(_lives(process) for process in known)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


def kill(process: psutil.Process) -> None:
    """Force one process to end, a stuck runner."""
    with suppress(psutil.Error):
        process.kill()
        process.wait(timeout=5.0)
