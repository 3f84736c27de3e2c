"""Locks on files, which end with their process, seen by others."""

import fcntl
import os
from pathlib import Path

UNNAMED = "unknown"


def holder_of(path: Path) -> str | None:
    """The process that holds the lock on a file, as the file names it; None if none does.

    Nobody is waited for. Two who look at once don't see each other.

    Raises:
        OSError: the file is there and can't be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(descriptor, 32).decode("ascii", "replace").strip() or UNNAMED
    finally:
        os.close(descriptor)
    return None


def is_held(path: Path) -> bool:
    """Whether a process holds the lock on a file.

    Raises:
        OSError: the file is there and can't be opened.
    """
    return holder_of(path) is not None
