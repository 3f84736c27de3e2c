"""Alerts on disk, from the moment they are raised until the book holds them.

One file each, which appears in one rename: any number of processes may raise alerts, and one killed
halfway leaves nothing that could be taken for one.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from pitchline import layout
from pitchline.alerts.record import Alert, made, present

FOLDER = "spool"
DAMAGED = "damaged"
SUFFIX = ".json"
PART = ".part"
# More than that and the disk is in danger: the alert goes to the log alone.
MOST_WAITING = 10_000

log = logging.getLogger("pitchline.alerts")


def tell(
    key: str,
    severity: str,
    title: str,
    text: str = "",
    *,
    source: str = "",
    subject: str = "",
    resolved: bool = False,
    facts: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    folder: Path = layout.ALERTS,
) -> str | None:
    """Raise an alert: cheap, without the network, and without ever raising an exception.

    Args:
        key: what it is about, such as ``serve/model-refused``.
        severity: ``info``, ``warning``, ``error`` or ``critical``.
        title: one line.
        text: the reason and what to do.
        source: the part that raises it; else the key's first part.
        subject: which one of its kind, such as a version; another one is news.
        resolved: whether it says that all is well again.
        facts: a few figures and names.
        now: the moment; else the present one.
        folder: where alerts are kept.

    Returns:
        The alert's id; None if it could not be kept, which the log then tells.
    """
    try:
        alert = made(
            key, severity, title, text, source=source, subject=subject, resolved=resolved,
            facts=facts or {}, now=now or present(), environment=os.environ,
        )  # fmt: skip
        keep(alert, folder)
    except Exception as error:  # noqa: BLE001 whatever an alert suffers, its caller goes on
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        with suppress(Exception):
            log.error("an alert could not be kept (%s): %s %s: %s", reason, severity, key, title)
        return None
    return alert.id


def resolve(
    key: str,
    text: str = "",
    *,
    source: str = "",
    now: datetime | None = None,
    folder: Path = layout.ALERTS,
) -> str | None:
    """Say that all is well again with a key, if it is open; never raises an exception.

    Returns:
        The id of the record; None if the key isn't open, or the record could not be kept.
    """
    if not is_open(key, folder=folder):
        return None
    return tell(
        key, "info", "", text, source=source, resolved=True, now=now, folder=folder
    )  # fmt: skip


def is_open(key: str, *, subject: str | None = None, folder: Path = layout.ALERTS) -> bool:
    """Whether a key was told and not resolved since; never raises an exception.

    Args:
        key: what the alert is about.
        subject: if given, whether it is open for this one.
        folder: where alerts are kept.
    """
    try:
        # Alerts go from the spool into the book: in this order none is missed.
        told = [alert for _, alert in waiting(folder) if alert and alert.key == key]
        if told:
            last = told[-1]
            return not last.resolved and subject in (None, last.subject)
        from pitchline.alerts.book import read

        episode = read(folder).open_episode(key)
        return episode is not None and subject in (None, episode.subject)
    except Exception as error:  # noqa: BLE001 the same as for tell
        with suppress(Exception):
            log.error("the alerts could not be read (%s)", type(error).__name__)
        return False


def keep(alert: Alert, folder: Path) -> Path:
    """Write an alert into the spool.

    Raises:
        OSError: it can't be written, or too many wait already.
    """
    spool = folder / FOLDER
    spool.mkdir(parents=True, exist_ok=True)
    with os.scandir(spool) as entries:
        if sum(1 for _ in entries) >= MOST_WAITING:
            raise OSError(None, f"{MOST_WAITING} alerts wait in {spool}")
    path = spool / f"{alert.id}{SUFFIX}"
    part = spool / f".{alert.id}.{os.getpid()}{PART}"
    try:
        with part.open("wb") as handle:
            handle.write(json.dumps(asdict(alert), allow_nan=False).encode())
            handle.flush()
            os.fsync(handle.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def waiting(folder: Path, most: int | None = None) -> Iterator[tuple[Path, Alert | None]]:
    """Files of the spool, the oldest first, and the alert of each; None if it is damaged."""
    try:
        with os.scandir(folder / FOLDER) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.name.endswith(SUFFIX) and not entry.name.startswith(".")
            )
    except FileNotFoundError:
        return
    for name in names[:most]:
        path = folder / FOLDER / name
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        yield path, parsed(content)


def parsed(content: bytes) -> Alert | None:
    """The alert that a file holds; None if it holds none."""
    import msgspec

    try:
        return msgspec.json.decode(content, type=Alert)
    except msgspec.MsgspecError:
        return None


def set_aside(path: Path, folder: Path) -> None:
    """Keep a damaged file where no one reads it."""
    aside = folder / DAMAGED
    aside.mkdir(parents=True, exist_ok=True)
    path.rename(aside / path.name)


def remove_leftovers(folder: Path, alive: Any) -> None:
    """Remove the halves that killed processes left.

    Args:
        folder: where alerts are kept.
        alive: tells of a process's number whether it runs.
    """
    for part in (folder / FOLDER).glob(f".*{PART}"):
        owner = part.name.removesuffix(PART).rpartition(".")[2]
        if not (owner.isdigit() and alive(int(owner))):
            part.unlink(missing_ok=True)
