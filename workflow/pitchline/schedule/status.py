"""Everything at a glance: the schedule, its runs, quality, champion, disk, alerts."""

import json
import shutil
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pitchline import environment, layout
from pitchline.doctor.tracking import WAITING
from pitchline.errors import PitchlineError
from pitchline.params import Schedule
from pitchline.schedule import beats, clock, ledger
from pitchline.schedule.attention import BAD, attention
from pitchline.schedule.due import missed, next_due

GIB = 2**30
# Runs among which one is looked for that a timer began.
LOOKED_AT = 200


def gather(schedule: Schedule) -> dict[str, Any]:
    """The state of everything as plain values.

    Raises:
        PitchlineError: the ledger can't be read.
    """
    from pitchline.schedule.embedded import is_at_work

    now = clock.now()
    last, successes = ledger.last_runs(), ledger.last_successes()
    answered = _answered()
    tasks = []
    for name, task in schedule.tasks.items():
        since = answered.get(name) if task.enabled else None
        span = missed(task.cron, since, now) if since is not None else None
        late = timedelta(minutes=schedule.overdue_minutes)
        run, success = last.get(name), successes.get(name)
        tasks.append(
            {
                "task": name,
                "cron": task.cron,
                "priority": task.priority,
                "limit_minutes": task.limit_minutes,
                "enabled": task.enabled,
                "next_due": clock.spell(next_due(task.cron, now)) if task.enabled else None,
                "overdue": span is not None and now - span.first > late,
                "missed": 0 if span is None else span.count,
                "missed_since": None if span is None else clock.spell(span.first),
                "last_run": None if run is None else run.told(),
                "last_success": None
                if success is None or success.ended_at is None
                else clock.spell(success.ended_at),
            }
        )
    disk = shutil.disk_usage(".")
    told = {
        "now": clock.spell(now),
        "environment": environment.current(),
        "scheduler_at_work": is_at_work(),
        "timer": _timer(),
        "tasks": tasks,
        "open": [
            run.told() | {"runner": beats.look(run, schedule.lost_after_seconds)[0]}
            for run in ledger.open_runs()
        ],
        "recent": [run.told() for run in ledger.recent_runs(10)],
        "quality": _quality(),
        "champion": _pointer(layout.CHAMPION, "version", "as_of"),
        "challenger": _pointer(layout.CHALLENGER, "version", "as_of", "mode"),
        "unsent_runs": len(list(layout.UNSENT.glob(WAITING))),
        "disk": {
            "free_bytes": disk.free,
            "free_gib": round(disk.free / GIB, 1),
            "total_gib": round(disk.total / GIB, 1),
            "used_share": round(1 - disk.free / disk.total, 3),
        },
        "alerts": _alerts(),
        "silent_addresses": _silent_addresses(),
    }
    return told | {"attention": attention(told)}


def is_well(told: dict[str, Any]) -> bool:
    """Whether runners live, no task is overdue, and each that is on ended well the last time."""
    return not any(run["runner"] != "alive" for run in told["open"]) and not any(
        task["overdue"]
        or (task["enabled"] and task["last_run"] and task["last_run"]["status"] in BAD)
        for task in told["tasks"]
    )


def _answered() -> dict[str, datetime]:
    if not layout.LEDGER.exists():
        return {}
    from pitchline.schedule.turns import answered_until

    with ledger.opened() as connection:
        names = [row["name"] for row in connection.execute("SELECT name FROM tasks")]
        found = {name: answered_until(connection, name) for name in names}
    return {name: moment for name, moment in found.items() if moment is not None}


def _quality() -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        told = json.loads(layout.SCORE.read_bytes())
        return {name: told.get(name) for name in ("score", "as_of", "newest_fetch", "matches")}
    return None


def _pointer(path: Path, *names: str) -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        told = json.loads(path.read_bytes())
        return {name: told.get(name) for name in names}
    return None


def _timer() -> dict[str, str] | None:
    """Who last started a task because it was due, and when; None if nobody ever did."""
    for run in ledger.recent_runs(LOOKED_AT, skipped=True):
        if run.due is not None and run.trigger != "catch-up":
            return {"trigger": run.trigger, "at": clock.spell(run.queued_at)}
    return None


def _silent_addresses() -> list[dict[str, Any]]:
    """Addresses that took no message the last time, which is tried again."""
    from pitchline.alerts import sender

    try:
        trouble = sender.current(layout.ALERTS).trouble
    except PitchlineError:
        return []
    return [
        {"address": name, "failures": each.failures, "problem": each.problem}
        for name, each in trouble.items()
    ]


def _alerts() -> list[dict[str, Any]] | None:
    from pitchline.alerts import sender

    try:
        episodes = sender.current(layout.ALERTS).episodes
    except PitchlineError:
        return None
    return [
        {"id": each.id, "severity": each.severity, "key": each.key, "title": each.title}
        for each in reversed(episodes)
        if each.open
    ]
