"""How long after its due time a task begins, under each of the engines that keep the time.

``python benchmarks/start_delay.py embedded celery prefect --minutes 11``: a task that is due every
minute, for so many minutes, one engine after the other. The delay is from the due time to the
moment the run has its turn, by the ledger. Celery needs redis-server, Prefect
`make environment-prefect`.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.schedule.engines import engines as services
from tests.schedule.engines.engines import Engines, engines

# A server of Prefect's takes minutes to come up where much else is at work.
services.PATIENCE = 900.0


def embedded(project: Engines) -> None:
    project.service("schedule", "start")


def celery(project: Engines) -> None:
    project.redis()
    project.service("schedule", "celery", "worker")
    project.service("schedule", "celery", "beat")
    project.await_well("redis", "worker", "scheduler")


def prefect(project: Engines) -> None:
    project.service("schedule", "prefect", "server")
    project.service("schedule", "prefect", "flows")
    project.await_well("prefect", "flows")


STARTS: dict[str, Callable[[Engines], None]] = {
    "embedded": embedded,
    "celery": celery,
    "prefect": prefect,
}
TRIGGERS = {"embedded": "scheduler", "celery": "celery", "prefect": "prefect"}


def seconds_used(project: Engines) -> float:
    """Processor seconds of the services and what they have started, ended processes included."""
    used = 0.0
    for process in project.services:
        for each in [psutil.Process(process.pid), *psutil.Process(process.pid).children(True)]:
            times = each.cpu_times()
            used += times.user + times.system + times.children_user + times.children_system
    return used


def measure(engine: str, minutes: int) -> None:
    with tempfile.TemporaryDirectory() as folder, engines(Path(folder)) as project:
        project.task("collect", "true", cron="* * * * *")
        STARTS[engine](project)
        before, loads = seconds_used(project), []
        for _ in range(minutes):
            time.sleep(60)
            loads.append(os.getloadavg()[0])
        used = (seconds_used(project) - before) / minutes
        every = project.runs()
        runs = [run for run in every if run.trigger == TRIGGERS[engine] and run.metrics]
    delays = sorted(run.metrics["start_delay_seconds"] for run in runs)
    print(
        f"{engine}: {len(runs)} runs of {len({run.due for run in runs})} due times"
        f" ({len(every) - len(runs)} by others or open), start delay median"
        f" {statistics.median(delays):.2f} s, longest {delays[-1]:.2f} s; load"
        f" {min(loads):.1f} to {max(loads):.1f}; {used:.1f} s of a processor a minute",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="+", choices=list(STARTS))
    parser.add_argument("--minutes", type=int, default=11)
    asked = parser.parse_args()
    for engine in asked.engines:
        measure(engine, asked.minutes)


if __name__ == "__main__":
    main()
