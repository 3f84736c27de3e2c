"""The machine: room, rights, clock, long paths, and programs that are welcome."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pitchline import layout
from pitchline.doctor.finding import Finding, Installation, error, ok, warning

GIGABYTE = 1e9
LEAST_GIGABYTES, ENOUGH_GIGABYTES = 1.0, 5.0
LEAST_FILES = 10_000
TOLERATED = timedelta(minutes=5)
# The longest path of a build below the project's folder, Snakemake's and MLflow's own included.
LONGEST_BELOW = 300
LONGEST_NAME = 200
WRITTEN = (".", "data", "data/state", "models", "reports", "logs", "mlruns", ".snakemake", ".dvc")
OPTIONAL = {
    "chromium": "the tests of the page",
    "redis-server": "a rate limit that several workers share",
}


def disk(here: Installation) -> Iterator[Finding]:
    """Room for a run, and for its files' names."""
    del here
    free = shutil.disk_usage(".").free / GIGABYTE
    told = f"{free:.1f} GB free here"
    mend = "free disk space: dvc gc --workspace --not-in-remote, pitchline backup create, or move"
    if free < LEAST_GIGABYTES:
        yield error(f"{told}, a run needs {LEAST_GIGABYTES:g}", mend)
    elif free < ENOUGH_GIGABYTES:
        yield warning(f"{told}, fewer than {ENOUGH_GIGABYTES:g}", mend)
    else:
        yield ok(told)
    system = os.statvfs(".")
    if system.f_files and system.f_favail < LEAST_FILES:
        yield error(
            f"the file system takes only {system.f_favail} more files",
            "remove files, for instance old .snakemake/log and mlruns/artifacts",
        )


def writing(here: Installation) -> Iterator[Finding]:
    """Every folder that a run writes to can be written."""
    del here
    refused = {}
    for name in WRITTEN:
        folder = Path(name)
        if not folder.exists():
            continue
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as failure:
            refused[name] = failure.strerror
    for name, reason in refused.items():
        yield error(f"{name}: can't be written ({reason})", f"sudo chown -R $USER {Path(name)}")
    if not refused:
        yield ok("every folder of the project can be written")


def clock(here: Installation) -> Iterator[Finding]:
    """The present is not before what was fetched or committed."""
    mend = "set the clock: sudo timedatectl set-ntp true"
    latest = {"the newest fetch": _newest_fetch(), "the last commit": _last_commit()}
    wrong = False
    for what, moment in latest.items():
        if moment is not None and here.now < moment - TOLERATED:
            wrong = True
            yield error(f"it is {_utc(here.now)} by the clock, {what} was {_utc(moment)}", mend)
    if not wrong:
        yield ok(_utc(here.now))


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _newest_fetch() -> datetime | None:
    try:
        told = json.loads(layout.QUALITY.read_bytes())["newest_fetch"]
        moment = datetime.fromisoformat(told)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _last_commit() -> datetime | None:
    try:
        done = subprocess.run(
            ["git", "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False
        )
        return datetime.fromtimestamp(int(done.stdout), UTC)
    except (OSError, ValueError):
        return None


def paths(here: Installation) -> Iterator[Finding]:
    """Paths and names are short enough for the file system."""
    del here
    folder = Path.cwd()
    longest_path = os.pathconf(".", "PC_PATH_MAX")
    longest_name = os.pathconf(".", "PC_NAME_MAX")
    length = len(os.fsencode(folder))
    if length + LONGEST_BELOW > longest_path:
        yield error(
            f"the project's path has {length} bytes; with what a run adds more than {longest_path}",
            "move the project to a shorter path",
        )
    elif longest_name < LONGEST_NAME:
        yield warning(
            f"names may have only {longest_name} bytes here (an encrypted home folder?)",
            "move the project to another file system",
        )
    else:
        yield ok(f"the project's path has {length} bytes")


def optional(here: Installation) -> Iterator[Finding]:
    """Programs that nothing of the pipeline needs."""
    del here
    for program, use in OPTIONAL.items():
        found = shutil.which(program)
        yield ok(found or f"{program} is not installed; only {use} would use it")
