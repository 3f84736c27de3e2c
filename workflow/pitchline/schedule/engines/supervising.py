"""Prefect's process that runs flows, ended in bounded time.

Left alone it talks on to a server that may be gone, for minutes. Here its runs are asked to end
first, then it may tell the server, then it is ended with all it started.
"""

import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType

import psutil

from pitchline.schedule import processes
from pitchline.schedule.engines.calling import ENDING_SECONDS

POLL_SECONDS = 0.1
TELLING_SECONDS = 2.0


def supervise(command: list[str], env: Mapping[str, str]) -> int:
    """Run the process until it ends or SIGTERM comes; gives its exit code, 0 if it was asked to.

    Args:
        command: that starts it.
        env: its environment.
    """
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    process = processes.start(command, env, sys.stdout.buffer)
    while process.poll() is None:
        if asked:
            _end(psutil.Process(process.pid))
            process.wait()
            return 0
        time.sleep(POLL_SECONDS)
    return process.returncode


def _end(root: psutil.Process) -> None:
    family = [root, *_children(root)]
    runners = [each for each in family if _is_runner(each)]
    for each in (root, *runners):
        with suppress(psutil.Error):
            each.terminate()
    psutil.wait_procs(runners, timeout=ENDING_SECONDS)
    _, left = psutil.wait_procs(family, timeout=TELLING_SECONDS)
    for each in {*left, *_children(root)}:
        with suppress(psutil.Error):
            each.kill()


def _children(root: psutil.Process) -> list[psutil.Process]:
    try:
        return list(root.children(recursive=True))
    except psutil.Error:
        return []


def _is_runner(process: psutil.Process) -> bool:
    """Whether it is a call of ``pitchline run``; what that starts is its own to end."""
    with suppress(psutil.Error):
        words = process.cmdline()
        return "run" in words and "--trigger" in words
    return False
