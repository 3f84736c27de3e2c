"""How long after its due time a task begins under Celery and under Prefect, on real servers.

``python benchmarks/engines.py celery 8`` or ``prefect 8``: a task that is due every minute, for so
many minutes; needs redis-server, or `make environment-prefect`.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.schedule.engines.engines import Engines, engines


def start(project: Engines, engine: str) -> None:
    if engine == "celery":
        project.redis()
        project.service("schedule", "celery", "worker")
        project.service("schedule", "celery", "beat")
        project.await_well("redis", "worker", "scheduler")
    else:
        project.service("schedule", "prefect", "server")
        project.service("schedule", "prefect", "flows")
        project.await_well("prefect", "flows")


def main(engine: str, minutes: int) -> None:
    with tempfile.TemporaryDirectory() as folder, engines(Path(folder)) as project:
        project.task("collect", "true", cron="* * * * *")
        start(project, engine)
        time.sleep(60 * minutes)
        runs = [run for run in project.runs() if run.trigger == engine]
    delays = sorted(run.metrics["start_delay_seconds"] for run in runs)
    print(
        f"{engine}: {len(runs)} runs of {len({run.due for run in runs})} due times, start delay "
        f"median {statistics.median(delays):.2f} s, longest {delays[-1]:.2f} s"
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
