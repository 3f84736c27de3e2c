"""Sending without waiting for it: a process of its own."""

import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from pitchline import clock, layout, locks

LOG_BYTES = 1_000_000
# Held by the one who sends.
LOCK = "lock"
# It goes on trying for so long; after that the next one does.
PATIENCE_SECONDS = 1800
# Between two looks at what could not be sent, and at what quiet hours held back.
RETRY_SECONDS = 60.0
LOOK_SECONDS = 600.0
NICENESS = 10

log = logging.getLogger("pitchline.alerts")


def send_soon(root: Path | None = None) -> None:
    """Start ``pitchline alerts send`` in the background; never raises an exception.

    It outlives this process, ends at once if another one is sending, and writes its log into
    ``logs/alerts/send.log``.

    Args:
        root: the project's folder; else this one.
    """
    try:
        place = (root or Path()).absolute()
        path = place / layout.ALERTS_LOG
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not path.exists() or path.stat().st_size > LOG_BYTES
        with path.open("wb" if fresh else "ab") as handle:
            process = subprocess.Popen(
                [sys.executable, "-m", "pitchline", "alerts", "send", "--patience",
                 str(PATIENCE_SECONDS)],
                cwd=place,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                start_new_session=True,
            )  # fmt: skip
        # Who raised the alert has work to do, a service requests to answer.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        # Whoever never waits for it would keep it as a zombie.
        threading.Thread(target=process.wait, name="alerts", daemon=True).start()
    except Exception as error:  # noqa: BLE001 whatever it is, the caller goes on
        with suppress(Exception):
            log.error("alerts are not being sent (%s); they wait", type(error).__name__)


def send_waiting(root: Path | None = None) -> None:
    """Do as ``send_soon`` if something may wait and nobody sends; never raises an exception.

    For whoever comes by regularly: a command that raised an alert by hand, a sender that was
    killed or lost patience, and quiet hours that ended leave what waits to the next look.

    Args:
        root: the project's folder; else this one.
    """
    try:
        place = root or Path()
        if _may_wait(place) and not locks.is_held(place / layout.ALERTS / LOCK):
            send_soon(root)
    except Exception as error:  # noqa: BLE001 the same as for send_soon
        with suppress(Exception):
            log.error("the alerts could not be looked at (%s)", type(error).__name__)


def _may_wait(place: Path) -> bool:
    from pitchline.alerts import book, spool

    folder = place / layout.ALERTS
    if next(spool.waiting(folder, 1), None) is not None:
        return True
    if not (folder / book.FILE).exists():
        return False
    try:
        idle = time.time() - (place / layout.ALERTS_LOG).stat().st_mtime
    except FileNotFoundError:
        idle = LOOK_SECONDS
    if idle < RETRY_SECONDS:
        return False
    found = book.read(folder)
    now = clock.now().timestamp()
    return any(each.next_at <= now for each in found.trouble.values()) or (
        idle >= LOOK_SECONDS and any(each.open for each in found.newest().values())
    )
