"""Logs: one JSON object a line on standard error.

The lines of requests are gathered for some milliseconds and written together by a thread; every
other line is written at once, behind those that wait.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

LOGGER = "pitchline.serve"
GATHER_SECONDS = 0.05
# Whoever adds more lines than this writes them himself, and waits for it.
WAITING = 20_000
# A pipe takes this much in one piece, so lines of several workers don't mix.
PIECE = 4096
_encoder = msgspec.json.Encoder()


class Lines:
    """Lines on their way to a file descriptor; none is lost unless the process is killed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._writing = threading.Lock()
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, line: bytes) -> None:
        """Take a line, without its end; it is written soon."""
        self._waiting.append(line)
        if not self._some.is_set():
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="log", daemon=True)
                self._thread.start()
            self._some.set()
        if len(self._waiting) > WAITING:
            self.flush()

    def flush(self) -> None:
        """Write all that wait."""
        with self._writing:
            self._some.clear()
            piece: list[bytes] = []
            size = 0
            while self._waiting:
                line = self._waiting.popleft() + b"\n"
                if piece and size + len(line) > PIECE:
                    self._write(b"".join(piece))
                    piece, size = [], 0
                piece.append(line)
                size += len(line)
            self._write(b"".join(piece))

    def _write(self, content: bytes) -> None:
        try:
            while content:
                content = content[os.write(self._descriptor, content) :]
        except OSError:
            # Nobody reads the log any more; the service goes on without.
            self._waiting.clear()

    def _watch(self) -> None:
        while True:
            self._some.wait()
            time.sleep(GATHER_SECONDS)
            self.flush()


STANDARD_ERROR = Lines(2)


class JsonLines(logging.Formatter):
    """A record as one line of JSON; the mapping ``extra={"told": ...}`` adds its entries."""

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, logger, message, and what else is told."""
        told = {**getattr(record, "told", {})}
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        level = record.levelname.lower()
        return line(record.created, level, record.name, record.getMessage(), told).decode()


class Screen(logging.Handler):
    """Writes records to standard error, behind the lines that wait."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            STANDARD_ERROR.add(self.format(record).encode())
            STANDARD_ERROR.flush()
        except Exception:  # noqa: BLE001 - logging must not stop what it tells of
            self.handleError(record)


def line(seconds: float, level: str, logger: str, message: str, told: Mapping[str, Any]) -> bytes:
    """A line of the log, without its end.

    Args:
        seconds: the moment, since 1970.
        level: how grave it is.
        logger: who tells it.
        message: what is told.
        told: further entries.
    """
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return _encoder.encode(
        {
            "time": moment.replace("+00:00", "Z"),
            "level": level,
            "logger": logger,
            "process": os.getpid(),
            "message": message,
            **told,
        }
    )


def request(told: Mapping[str, Any]) -> None:
    """Log a request, past the machinery of ``logging``, which takes ten times as long."""
    STANDARD_ERROR.add(line(time.time(), "info", LOGGER, "request", told))


def config(level: str = "INFO") -> dict[str, Any]:
    """The configuration of ``logging`` for the service and its web server."""
    ours = {"handlers": ["screen"], "level": level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "pitchline.serve.log.JsonLines"}},
        "handlers": {"screen": {"class": "pitchline.serve.log.Screen", "formatter": "json"}},
        "loggers": {"pitchline": ours, "uvicorn": ours, "py.warnings": ours},
    }
