"""Deployments of the flows on a Prefect server, and the process that runs them.

``python -m pitchline.schedule.engines.prefect_serve`` in Prefect's environment.
"""

import os
import sys
import time
import urllib.error
import urllib.request

from prefect import serve
from prefect.deployments.runner import EntrypointType, RunnerDeployment
from prefect.schedules import Cron

from pitchline.schedule.engines import calling
from pitchline.schedule.engines.ahead import PREFETCH_SECONDS
from pitchline.schedule.engines.calling import Calls
from pitchline.schedule.engines.prefect_flows import FLOWS, table

DEPLOYMENT = "scheduled"
POLL_SECONDS = 1.0
SERVER_WITHIN_SECONDS = 180.0


def deployments() -> list[RunnerDeployment]:
    """A deployment of every task that is on, at the table's times."""
    return [
        FLOWS[name].to_deployment(
            DEPLOYMENT,
            schedule=Cron(task["cron"], timezone="UTC"),
            description="; ".join(task["target"]),
            tags=["pitchline", f"priority-{task['priority']}"],
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for name, task in table().items()
    ]


def await_server(api: str) -> bool:
    """Wait until the server answers; whether it did."""
    ends = time.monotonic() + SERVER_WITHIN_SECONDS
    while time.monotonic() < ends:
        try:
            with urllib.request.urlopen(f"{api}/health", timeout=5):  # noqa: S310 our own address
                return True
        except OSError:
            time.sleep(POLL_SECONDS)
    return False


def main() -> None:
    """Deploy, and run what is due until SIGTERM."""
    api = os.environ["PREFECT_API_URL"]
    if not await_server(api):
        sys.exit(f"{api}: no Prefect server answers. Start `pitchline schedule prefect server`.")
    calls = Calls(calling.given_program(), lambda line: print(line, flush=True))  # noqa: T201
    calls.look_after()
    try:
        serve(
            *deployments(),
            pause_on_shutdown=False,
            limit=None,
            webserver=True,
            prefetch_seconds=PREFETCH_SECONDS,
        )
    finally:
        calls.end()


if __name__ == "__main__":
    main()
