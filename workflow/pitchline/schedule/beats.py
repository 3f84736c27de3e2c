"""Whether a runner lives: a file that it holds locked, and a heartbeat in it.

The kernel frees the lock when the runner dies, however it dies. A runner that lives but is stuck
lets its heartbeat grow old; that is told by the monotonic clock, so no jump of the wall clock
matters. The file is written in place and never grows: a beat, and the run's outcome, need no room
on a disk that is full.
"""

import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

import psutil

from pitchline import layout
from pitchline.errors import PitchlineError
from pitchline.schedule.ledger import Run, Status

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SIZE = 512
HOST = socket.gethostname()

State = Literal["alive", "hung", "dead"]


def boot_id() -> str:
    """What tells this start of the machine from every other."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return f"boot at {psutil.boot_time():.0f}"


@dataclass(frozen=True)
class Outcome:
    """How a run ended, kept where the ledger could not be written.

    Attributes:
        status: of those that are no open run's.
        exit_code: of the task.
        ended_at: milliseconds since 1970.
        gives_back: another run may answer its due time, if this is not the second that could not.
        why: it ended so, if not by its task alone.
    """

    status: Status
    exit_code: int | None
    ended_at: int
    gives_back: bool = False
    why: str = ""


class Beat:
    """The file of one runner, locked while it lives."""

    def __init__(self, run_id: str) -> None:
        self.path = layout.BEATS / run_id
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._boot = boot_id()
            self._written, self._kept = 0.0, False
            self._write(None)
        except OSError as error:
            raise PitchlineError(
                f"{self.path}: can't be written ({error.strerror}). "
                "Free disk space or check the folder's permissions, then run again."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._kept:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def show(self, every_seconds: float) -> bool:
        """Beat, if the last beat is so long ago; whether it did."""
        if time.monotonic() - self._written < every_seconds:
            return False
        self._write(None)
        return True

    def keep(self, outcome: Outcome) -> None:
        """Leave the outcome, and the file with it, for whoever closes this run."""
        self._kept = True
        self._write(outcome)

    def written(self) -> None:
        """The ledger has the outcome: nothing is left to others."""
        self._kept = False

    def abandon(self) -> None:
        """Free the lock and leave the file."""
        os.close(self._descriptor)

    def _write(self, outcome: Outcome | None) -> None:
        self._written = time.monotonic()
        told = {
            "boot": self._boot,
            "beat": self._written,
            "outcome": None if outcome is None else vars(outcome),
        }
        text = json.dumps(told)
        if outcome is not None and len(text) > SIZE:
            text = json.dumps(told | {"outcome": vars(replace(outcome, why=""))})
        os.pwrite(self._descriptor, text.ljust(SIZE).encode("ascii"), 0)


def look(run: Run, lost_after_seconds: float) -> tuple[State, Outcome | None]:
    """Whether a run's runner lives, and the outcome it left if it does not."""
    try:
        descriptor = os.open(layout.BEATS / run.run_id, os.O_RDONLY)
    except OSError:
        return ("alive" if runner_of(run) is not None else "dead"), None
    try:
        told = _read(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            same_boot = told.get("boot") == boot_id()
            silence = time.monotonic() - float(told.get("beat", 0.0))
            is_hung = same_boot and told and silence > lost_after_seconds
            return ("hung" if is_hung else "alive"), None
        kept = told.get("outcome")
        return "dead", Outcome(**kept) if kept else None
    finally:
        os.close(descriptor)


def forget(run: Run) -> None:
    """Remove the file of a runner that is dead."""
    with suppress(OSError):
        (layout.BEATS / run.run_id).unlink(missing_ok=True)


def runner_of(run: Run) -> psutil.Process | None:
    """The runner's process, if it lives on this machine: not another one with its number."""
    if run.host != HOST or run.boot != boot_id():
        return None
    try:
        process = psutil.Process(run.pid)
        started: float = process.create_time()
        is_same = abs(started - run.process_started) < 0.02
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _read(descriptor: int) -> dict[str, Any]:
    try:
        told = json.loads(os.pread(descriptor, SIZE, 0))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
