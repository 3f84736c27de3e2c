"""Celery: beat sends a due task to the queue ``scheduler``, a worker calls the runner.

A message carries no due time: the runner answers the latest one, so however often and late a
message comes, each due time has one run. No results are kept; the ledger has them.
"""

import importlib.util
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from celery import Celery, signals
from celery.beat import Scheduler
from celery.exceptions import Reject
from celery.schedules import crontab
from celery.utils.log import get_task_logger

from pitchline import layout
from pitchline.errors import PitchlineError
from pitchline.params import Schedule, ScheduledTask
from pitchline.schedule.engines import calling
from pitchline.schedule.engines.calling import Calls, RunFailed
from pitchline.schedule.render.cron import expression, fields_of

BROKER = "PITCHLINE_BROKER"
REDIS_PORT = "PITCHLINE_REDIS_PORT"
QUEUE = "scheduler"
# A file that beat touches while it lives, since it answers no question.
BEAT_LIVES = layout.SCHEDULE_STATE / "celery-beat"
BEAT_SECONDS = 5
# Less than the runner takes for the due time ahead (`EARLY`).
LEAD = timedelta(seconds=4)
# Further places at work, for tasks sent by hand while the same one works.
SPARE = 4

log = get_task_logger(__name__)


class LiveScheduler(Scheduler):  # type: ignore[misc]
    """Beat's schedule in memory: what it missed while it was away is caught up by the ledger."""

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Send what is due, and show that beat lives."""
        BEAT_LIVES.parent.mkdir(parents=True, exist_ok=True)
        BEAT_LIVES.write_text(f"{time.monotonic():.0f}", encoding="ascii")
        return super().tick(*args, **kwargs)


def broker() -> str:
    """The broker's address, by the environment; else Redis on this machine."""
    return os.environ.get(BROKER) or f"redis://127.0.0.1:{os.environ.get(REDIS_PORT, '6379')}/0"


def usual_options(command: str) -> list[str]:
    """What a command of Celery's is given unless the caller says otherwise."""
    if command == "flower":
        host = os.environ.get("PITCHLINE_HOST", "127.0.0.1")
        return [f"--address={host}", f"--port={os.environ.get('PITCHLINE_FLOWER_PORT', '5555')}"]
    return ["--loglevel=INFO"] if command in ("worker", "beat") else []


def name_of(task: str) -> str:
    """A task's name at Celery's."""
    return f"pitchline.{task}"


def early() -> datetime:
    """The present by which beat goes: the runner takes a second to start, and waits."""
    return datetime.now(UTC) + LEAD


def crontab_of(cron: str) -> crontab:
    """A cron expression of the table as Celery's, in UTC, due by the lead earlier."""
    minute, hour, day, month, weekday = expression(fields_of(cron)).split()
    return crontab(minute, hour, weekday, day, month, nowfun=early)


def make_app(schedule: Schedule, params_file: Path, broker_url: str) -> Celery:
    """The application for beat, workers and Flower.

    Args:
        schedule: the table; tasks that are off are left out of beat, and can be sent by hand.
        params_file: for the runner.
        broker_url: such as ``redis://127.0.0.1:6379/0``.

    Raises:
        PitchlineError: Redis's client is not installed.
    """
    if broker_url.startswith("redis") and importlib.util.find_spec("redis") is None:
        raise PitchlineError(
            "Celery needs Redis's client, which is not installed. Run `make environment-celery`."
        )
    app = Celery("pitchline")
    limits = {name: task.limit_minutes for name, task in schedule.tasks.items()}
    app.conf.update(
        broker_url=broker_url,
        broker_connection_retry_on_startup=True,
        # Redis hands a message out again that was not acknowledged for so long.
        broker_transport_options={"visibility_timeout": calling.longest_seconds(limits)},
        timezone="UTC",
        task_default_queue=QUEUE,
        task_routes={name_of("*"): {"queue": QUEUE}},
        task_acks_late=True,
        task_ignore_result=True,
        task_send_sent_event=True,
        worker_send_task_events=True,
        # Threads that wait for processes: enough that no task waits for another's end here, where
        # nothing knows of priorities.
        worker_pool="threads",
        worker_concurrency=len(schedule.tasks) + SPARE,
        worker_prefetch_multiplier=1,
        beat_scheduler=f"{__name__}:{LiveScheduler.__name__}",
        beat_max_loop_interval=BEAT_SECONDS,
        beat_schedule={
            name: {
                "task": name_of(name),
                "schedule": crontab_of(task.cron),
                "kwargs": {"trigger": "celery"},
            }
            for name, task in schedule.tasks.items()
            if task.enabled
        },
    )
    calls = Calls(calling.this_program(str(params_file)), log.info)
    for name, task in schedule.tasks.items():
        _register(app, calls, name, task)

    def ready(**_: object) -> None:
        calls.look_after()

    def shutting_down(**_: object) -> None:
        calls.end()

    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutting_down.connect(shutting_down, weak=False)
    return app


def _register(app: Celery, calls: Calls, name: str, task: ScheduledTask) -> None:
    def run(trigger: str, reason: str | None, settings: list[str]) -> None:
        code = calls.call(name, trigger, reason, settings) if not calls.ending.is_set() else None
        if code != 0 and calls.ending.is_set():
            # The next worker gets it.
            raise Reject("the worker is ending", requeue=True)
        if code != 0:
            raise RunFailed(f"{name}: exit code {code}")

    def plain(trigger: str = "manual", reason: str | None = None) -> None:
        run(trigger, reason, [])

    def retraining(
        trigger: str = "manual", reason: str | None = None, lookback_days: int | None = None
    ) -> None:
        run(trigger, reason, calling.settings_of(reason, lookback_days))

    app.task(
        retraining if calling.takes_lookback(task.target) else plain,
        name=name_of(name),
        throws=(RunFailed,),
    )
