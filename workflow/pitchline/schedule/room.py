"""Room on the project's disk: what a task can't do without, whatever it does."""

import shutil
from pathlib import Path

# With less than this no stage writes its files.
LEAST_BYTES = 16 * 1024**2
FULL = "the disk was full"


def free_bytes() -> int:
    """What is left for this user on the disk of the current folder."""
    return shutil.disk_usage(Path.cwd()).free


def is_full() -> bool:
    """Whether nothing can be written, to speak of."""
    return free_bytes() < LEAST_BYTES
