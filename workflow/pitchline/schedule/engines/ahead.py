"""The runner of a Prefect run, called before its due time. By the standard library alone."""

import atexit
import json
import os
import subprocess
import threading
import urllib.request
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from pitchline.schedule.engines.calling import Calls

# What Prefect gives the process of a flow's run.
FLOW_RUN = "PREFECT__FLOW_RUN_ID"
API_SECONDS = 5.0
# Prefect starts the process of a run so long before its due time; on a busy machine its imports
# alone take half of it. It waits idle.
PREFETCH_SECONDS = 40
# The runner waits for no due time that is farther ahead.
MOST_AHEAD = timedelta(seconds=50)
# Where time is a simulation's, Prefect's due times are none of the table's.
CLOCK = "PITCHLINE_CLOCK"


class Ahead:
    """The runner of a due time, called before it: Prefect starts a run's process early too.

    A flow begins only at its due time, and then the start of a runner takes its second. Where the
    due time can't be told, the flow calls the runner as ever.
    """

    def __init__(self, calls: Calls, tasks: Collection[str]) -> None:
        """Begin nothing yet.

        Args:
            calls: of this process.
            tasks: of the table, which are the names of the flows.
        """
        self.calls = calls
        self._tasks = tasks
        self._process: subprocess.Popen[str] | None = None
        self._starting = threading.Thread(target=self._start, name="ahead", daemon=True)

    def begin(self) -> None:
        """Call the runner in the background, if this process is of a due time ahead."""
        if FLOW_RUN in os.environ and CLOCK not in os.environ:
            # A run that is cancelled before its due time has no flow that would end it.
            atexit.register(self.calls.end)
            self._starting.start()

    def taken(self) -> subprocess.Popen[str] | None:
        """The runner, if it was called."""
        if self._starting.ident is not None:
            self._starting.join()
        return self._process

    def _start(self) -> None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            told = _told(f"flow_runs/{os.environ[FLOW_RUN]}")
            due = due_ahead(told, datetime.now(UTC))
            name = _told(f"flows/{told['flow_id']}")["name"]
            if name in self._tasks and due is not None:
                self._process = self.calls.begin(name, "prefect", due=f"{due:%Y-%m-%dT%H:%M:%SZ}")


def _told(path: str) -> dict[str, Any]:
    """What the server tells of a flow or a run."""
    url = f"{os.environ['PREFECT_API_URL']}/{path}"
    with urllib.request.urlopen(url, timeout=API_SECONDS) as answer:  # noqa: S310 Prefect's server
        found: dict[str, Any] = json.load(answer)
    return found


def due_ahead(told: dict[str, Any], now: datetime) -> datetime | None:
    """The due time of a flow's run if the runner can wait for it; None for a run by hand."""
    due = datetime.fromisoformat(told["expected_start_time"])
    return due if told["auto_scheduled"] and timedelta() < due - now < MOST_AHEAD else None
