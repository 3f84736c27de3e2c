"""What a person sees while the pipeline works: one line a step, on standard error."""

import logging
import sys
import time
from pathlib import Path

_logger = logging.getLogger("pitchline")
_started = time.monotonic()


class _Seconds(logging.Formatter):
    """Adds the seconds since the command started."""

    def format(self, record: logging.LogRecord) -> str:
        """The message with the time it took so far."""
        return f"{super().format(record):<88}{time.monotonic() - _started:6.1f} s"


def configure(log_file: Path | None) -> None:
    """Send messages to standard error, and to a file as well if one is named."""
    _logger.setLevel(logging.INFO)
    _logger.handlers.clear()
    screen = logging.StreamHandler(sys.stderr)
    screen.setFormatter(_Seconds("%(message)s"))
    _logger.addHandler(screen)
    if log_file is not None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(log_file, mode="w", encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        _logger.addHandler(handler)


def say(step: str, text: str) -> None:
    """Report a step: ``collect   starter: 12 seasons``."""
    _logger.info("%-10s%s", step, text)


def warn(step: str, text: str) -> None:
    """Report something that needs a look but stops nothing."""
    _logger.warning("%-10swarning: %s", step, text)


def fail(text: str) -> None:
    """Report why the command ends."""
    if not _logger.handlers:
        configure(None)
    for handler in _logger.handlers:
        handler.setFormatter(logging.Formatter("%(message)s"))
    _logger.error("error: %s", text)
