"""Sending without waiting for it: a process of its own."""

import logging
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from pitchline import layout

LOG_BYTES = 1_000_000
# It goes on trying for so long; after that the next one does.
PATIENCE_SECONDS = 1800

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
        # Whoever never waits for it would keep it as a zombie.
        threading.Thread(target=process.wait, name="alerts", daemon=True).start()
    except Exception as error:  # noqa: BLE001 whatever it is, the caller goes on
        with suppress(Exception):
            log.error("alerts are not being sent (%s); they wait", type(error).__name__)
