"""Prefect's flows, one a task of the table: each calls the runner. For Prefect's own environment.

Prefect imports this module for each run and looks a flow up by its name.
"""

import json
import os
from collections.abc import Callable
from typing import Any

from prefect import Flow, flow
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Cancelled

from pitchline.schedule.engines import calling
from pitchline.schedule.engines.ahead import Ahead
from pitchline.schedule.engines.calling import CANCELLED, Calls, RunFailed

# The table as JSON, so that a run need not ask for it again.
VARIABLE = "PITCHLINE_TABLE"


def table() -> dict[str, dict[str, Any]]:
    """The tasks that are on."""
    told = os.environ.get(VARIABLE)
    if told is None:
        told = json.dumps(calling.table(calling.given_program()))
        os.environ[VARIABLE] = told
    found: dict[str, dict[str, Any]] = json.loads(told)
    return found


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
FLOWS = flows()
globals().update({attribute(name): each for name, each in FLOWS.items()})
AHEAD = Ahead(CALLS, FLOWS)
AHEAD.begin()
