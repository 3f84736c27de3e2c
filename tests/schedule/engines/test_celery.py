"""Celery: the table's times, and real workers on a real Redis that call the runner."""

import importlib.util
import json
import shutil
import signal
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from celery import Celery
from celery.schedules import crontab
from hypothesis import given, settings

from pitchline.errors import PitchlineError
from pitchline.params import Params, load
from pitchline.schedule.due import due_times, latest_due
from pitchline.schedule.engines import celery_app
from pitchline.schedule.engines.celery_app import LiveScheduler, crontab_of, make_app
from pitchline.schedule.runner import EARLY
from tests.schedule.engines.engines import Engines, need
from tests.schedule.test_due import expressions

START = datetime(2026, 2, 20, tzinfo=UTC)
RETRAIN = "while [ $1 != -- ]; do echo $1; shift; done"


@settings(deadline=None)
@given(expressions())
def test_a_crontab_of_celery_means_the_same_times(case: tuple[str, list[set[int]]]) -> None:
    cron, values = case
    found = crontab_of(cron)
    assert [found.minute, found.hour, found.day_of_month, found.month_of_year] == values[:4]
    assert found.day_of_week == values[4]


@pytest.mark.parametrize("cron", ["0 2 * * *", "0 3 * * MON", "0 */6 * * *", "30 1 1 */3 *"])
def test_beat_fires_at_the_due_times(cron: str) -> None:
    times = list(islice(due_times(cron, START, START + timedelta(days=400)), 50))
    for before, due in zip([START, *times], times, strict=False):
        at = due - timedelta(seconds=1)
        schedule = crontab_at(cron, at)
        assert not schedule.is_due(before).is_due
        assert crontab_at(cron, due).is_due(before).is_due
        assert schedule.remaining_estimate(before) == timedelta(seconds=1)


def crontab_at(cron: str, now: datetime) -> crontab:
    found = crontab_of(cron)
    found.nowfun = lambda: now
    found.app = Celery(set_as_current=False, timezone="UTC")
    return found


def test_beat_is_early_by_less_than_the_runner_takes_for_the_time_ahead() -> None:
    ahead = crontab_of("0 2 * * *").now() - datetime.now(UTC)
    assert timedelta(seconds=1) < ahead < EARLY


def test_the_application_follows_the_table(params: Params) -> None:
    tasks = dict(params.schedule.tasks)
    tasks["backup"] = tasks["backup"].model_copy(update={"enabled": False})
    schedule = params.schedule.model_copy(update={"tasks": tasks})
    app = make_app(schedule, Path("params.yaml"), "redis://127.0.0.1:1/0")
    on = {name for name, task in tasks.items() if task.enabled}
    assert set(app.conf.beat_schedule) == on
    assert {celery_app.name_of(name) for name in tasks} <= set(app.tasks)
    longest = max(task.limit_minutes for task in tasks.values()) * 60
    assert app.conf.broker_transport_options["visibility_timeout"] > longest
    assert (app.conf.task_acks_late, app.conf.worker_prefetch_multiplier) == (True, 1)
    routed = app.amqp.router.route({}, "pitchline.collect")
    assert routed["queue"].name == "scheduler"


def test_without_redis_it_says_what_to_install(
    params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(PitchlineError, match="make environment-celery"):
        make_app(params.schedule, Path("params.yaml"), "redis://127.0.0.1:1/0")


@pytest.fixture
def celery(project: Engines) -> Engines:
    need("redis-server", shutil.which("redis-server") is not None, "apt-get install redis-server")
    project.redis()
    for name in ("collect", "quality", "performance"):
        project.task(name, f"echo x >> {name}; sleep $(cat nap 2> /dev/null || echo 0)")
    project.task("retrain", RETRAIN)
    project.task("backup", "exit 3", enabled=False)
    return project


def app_of(project: Engines) -> Celery:
    schedule = load(project.folder / "params.yaml").schedule
    return make_app(schedule, Path("params.yaml"), broker_of(project))


def broker_of(project: Engines) -> str:
    return f"redis://127.0.0.1:{project.ports['REDIS']}/0"


def fire(app: Celery, task: str) -> None:
    """Send what beat sends at a due time."""
    beat = LiveScheduler(app, lazy=False)
    beat.apply_async(beat.schedule[task], producer=beat.producer, advance=False)


# One test, as each start of a worker takes seconds.
def test_each_due_time_runs_once_whatever_becomes_of_its_worker(celery: Engines) -> None:
    worker = celery.service("schedule", "celery", "worker")
    celery.await_well("redis", "worker")
    app = app_of(celery)
    for _ in range(2):
        fire(app, "collect")
    celery.await_(lambda: len(celery.runs("collect", skipped=True)) == 2)
    run = celery.await_status("collect", "succeeded")
    assert (run.trigger, run.due) == ("celery", latest_due("0 2 * * *", run.queued_at))
    assert celery.lines("collect") == ["x"]

    # What is sent by hand runs as well.
    sent = {"reason": "drift's back", "lookback_days": 14}
    app.send_task("pitchline.retrain", kwargs=sent)
    run = celery.await_status("retrain", "succeeded")
    assert (run.trigger, run.cause) == ("manual", "drift's back")
    events = celery.folder / Path(run.log).with_suffix(".jsonl")
    commands = [json.loads(line) for line in events.read_text().splitlines()]
    (told,) = [each["settings"] for each in commands if each["event"] == "command"]
    assert json.loads(told[0].removeprefix("retrain=")) == sent

    app.send_task("pitchline.backup")
    celery.await_(lambda: "backup: exit code 3" in celery.said)
    assert celery.lines("collect") == ["x"]

    # A worker that is asked to end gives its run to the next one.
    nap = celery.folder / "nap"
    nap.write_text("600")
    fire(app, "quality")
    celery.await_status("quality", "running")
    celery.await_(lambda: celery.processes("sleep"))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert celery.runs("quality")[-1].status == "cancelled"
    assert celery.processes("sleep") == []
    nap.write_text("0")
    worker = celery.service("schedule", "celery", "worker")
    run = celery.await_status("quality", "succeeded")
    assert (run.trigger, run.due) == ("celery", celery.runs("quality")[0].due)
    assert celery.lines("quality") == ["x", "x"]

    # The run of a worker that is killed outlives it.
    nap.write_text("4")
    fire(app, "performance")
    celery.await_(lambda: celery.processes("sleep"))
    worker.kill()
    assert celery.await_status("performance", "succeeded").trigger == "celery"
    # As when Redis hands the message out again: the due time is taken.
    celery.service("schedule", "celery", "worker")
    fire(app, "performance")
    celery.await_(lambda: len(celery.runs("performance", skipped=True)) == 2)
    assert celery.lines("performance") == ["x"]
