"""Real processes for tests: forked, so that each costs milliseconds, and killed at will."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

LONGEST_SECONDS = 30
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

Say = Callable[[str], None]


class Child:
    """A process that runs one function and tells the parent lines."""

    def __init__(self, work: Callable[[Say], None]) -> None:
        self._reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _run(work, writer)
        os.close(writer)
        self._left: bytes | None = None

    def line(self) -> str:
        """The next line it tells."""
        line = b""
        while not line.endswith(b"\n"):
            part = os.read(self._reader, 1)
            assert part, "the child ended without a word"
            line += part
        return line.decode().rstrip("\n")

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> tuple[int, list[str]]:
        """How it ended (0, or minus the signal's number), and the whole lines it told."""
        told = b""
        while part := os.read(self._reader, 1 << 16):
            told += part
        os.close(self._reader)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return status, [line.decode() for line in told.split(b"\n")[:-1]]

    def finish(self) -> list[str]:
        """What it told, when it ended well."""
        status, told = self.wait()
        assert status == 0, "\n".join(told)
        return told


def _run(work: Callable[[Say], None], writer: int) -> None:
    signal.alarm(LONGEST_SECONDS)
    try:
        work(lambda text: _tell(writer, text))
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the parent shows it
        _tell(writer, traceback.format_exc())
    finally:
        os._exit(1)


def _tell(writer: int, text: str) -> None:
    os.write(writer, text.encode() + b"\n")


class Steps:
    """Counts what a process does to the files under a folder, and kills it at one step.

    A step is each opening for writing, each half of a file's content, each fsync, rename,
    removal, truncation and new folder. To be made in a child: an audit hook stays for good.
    """

    def __init__(self, folder: Path, last: int) -> None:
        self.count = 0
        self._folder = str(folder)
        self._last = last
        self._fsync = os.fsync
        sys.addaudithook(self._hook)
        os.fsync = self._counted_fsync
        Path.write_bytes = self._halved()  # type: ignore[method-assign]

    def _step(self) -> None:
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            changes = bool(arguments[2] & WRITES)
        else:
            changes = event in ("os.rename", "os.remove", "os.mkdir", "os.truncate")
        if changes and str(arguments[0]).startswith(self._folder):
            self._step()

    def _counted_fsync(self, descriptor: Any) -> None:
        self._step()
        self._fsync(descriptor)

    def _halved(self) -> Callable[[Path, bytes], int]:
        def write_bytes(path: Path, content: bytes) -> int:
            half = len(content) // 2
            with path.open("wb", buffering=0) as handle:
                handle.write(content[:half])
                self._step()
                handle.write(content[half:])
            return len(content)

        return write_bytes
