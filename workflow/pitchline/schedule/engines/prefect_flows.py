"""Prefect's flows, one a task of the table: each calls the runner. For Prefect's own environment.

Prefect imports this module for each run and looks a flow up by its name.
"""

import atexit
import json
import os
import subprocess
import threading
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect import Flow, flow
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Cancelled

from pitchline.schedule.engines import calling
from pitchline.schedule.engines.calling import CANCELLED, Calls, RunFailed

# The table as JSON, so that a run need not ask for it again.
VARIABLE = "PITCHLINE_TABLE"
# What Prefect gives the process of a flow's run.
FLOW_RUN, ENTRYPOINT = "PREFECT__FLOW_RUN_ID", "PREFECT__FLOW_ENTRYPOINT"
API_SECONDS = 5.0
# The runner waits for no due time that is farther ahead.
MOST_AHEAD = timedelta(seconds=50)
CLOCK = "PITCHLINE_CLOCK"


def table() -> dict[str, dict[str, Any]]:
    """The tasks that are on."""
    told = os.environ.get(VARIABLE)
    if told is None:
        told = json.dumps(calling.table(calling.given_program()))
        os.environ[VARIABLE] = told
    found: dict[str, dict[str, Any]] = json.loads(told)
    return found


class Ahead:
    """The runner of a due time, called before it: Prefect starts a run's process early too.

    A flow begins only at its due time, and then the start of a runner takes its second. Where the
    due time can't be told, the flow calls the runner as ever.
    """

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self._process: subprocess.Popen[str] | None = None
        self._starting = threading.Thread(target=self._start, name="ahead", daemon=True)

    def begin(self) -> None:
        """Call the runner in the background, if this process is of a due time ahead."""
        if FLOW_RUN in os.environ and ENTRYPOINT in os.environ and CLOCK not in os.environ:
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
            name = task_of(os.environ[ENTRYPOINT], list(table()))
            due = due_ahead(_told(os.environ[FLOW_RUN]), datetime.now(UTC))
            if name is not None and due is not None:
                self._process = self.calls.begin(name, "prefect", due=f"{due:%Y-%m-%dT%H:%M:%SZ}")


def _told(flow_run_id: str) -> dict[str, Any]:
    """A flow's run, as the server tells it."""
    url = f"{os.environ['PREFECT_API_URL']}/flow_runs/{flow_run_id}"
    with urllib.request.urlopen(url, timeout=API_SECONDS) as answer:  # noqa: S310 Prefect's server
        found: dict[str, Any] = json.load(answer)
    return found


def task_of(entrypoint: str, tasks: list[str]) -> str | None:
    """The task whose flow an entrypoint names; None if it is none of these."""
    wanted = entrypoint.rpartition(".")[2]
    return next((name for name in tasks if attribute(name) == wanted), None)


def due_ahead(told: dict[str, Any], now: datetime) -> datetime | None:
    """The due time of a flow's run if the runner can wait for it; None for a run by hand."""
    due = datetime.fromisoformat(told["expected_start_time"])
    return due if told["auto_scheduled"] and timedelta() < due - now < MOST_AHEAD else None


def _run(name: str, reason: str | None, settings: list[str]) -> Any:
    logger = get_run_logger()
    is_due = "auto-scheduled" in flow_run.tags
    by_hand = None if is_due else reason or f"by hand, Prefect's run {flow_run.name}"
    process = AHEAD.taken() if is_due and not settings else None
    if process is None:
        process = CALLS.begin(name, "prefect" if is_due else "manual", by_hand, settings)
    code = CALLS.follow(process, logger.info)
    if code == CANCELLED:
        return Cancelled(message=f"{name}: was cancelled")
    if code != 0:
        raise RunFailed(f"{name}: exit code {code}")
    return None


def _plain(name: str) -> Callable[..., Any]:
    def run(reason: str | None = None) -> Any:
        return _run(name, reason, [])

    return run


def _retraining(name: str) -> Callable[..., Any]:
    def run(reason: str | None = None, lookback_days: int | None = None) -> Any:
        return _run(name, reason, calling.settings_of(reason, lookback_days))

    return run


def _flow(name: str, task: dict[str, Any], seconds: float) -> Flow[..., Any]:
    run = (_retraining if calling.takes_lookback(task["target"]) else _plain)(name)
    run.__name__ = run.__qualname__ = attribute(name)
    run.__doc__ = "; ".join(task["target"])
    return flow(run, name=name, timeout_seconds=seconds, retries=0)


def attribute(name: str) -> str:
    """The name in this module of a task's flow."""
    return f"flow_{name.replace('-', '_')}"


def flows() -> dict[str, Flow[..., Any]]:
    """The flow of every task that is on. The limit is the runner's; Prefect's lies beyond it."""
    tasks = table()
    seconds = calling.longest_seconds({name: task["limit_minutes"] for name, task in tasks.items()})
    return {name: _flow(name, task, seconds) for name, task in tasks.items()}


CALLS = Calls(calling.given_program(), print)
AHEAD = Ahead(CALLS)
FLOWS = flows()
globals().update({attribute(name): each for name, each in FLOWS.items()})
AHEAD.begin()
