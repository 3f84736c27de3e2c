"""Everything at a glance: the schedule, its runs, quality, champion, disk, alerts."""

import json
import shutil
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from pitchline import environment, layout
from pitchline.errors import PitchlineError
from pitchline.params import Schedule
from pitchline.schedule import clock, ledger
from pitchline.schedule.due import missed, next_due
from pitchline.schedule.ledger import Run

GIB = 2**30
BAD = ("failed", "timed out", "lost")


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
                "last_run": None if run is None else run.told(),
                "last_success": None
                if success is None or success.ended_at is None
                else clock.spell(success.ended_at),
            }
        )
    disk = shutil.disk_usage(".")
    return {
        "now": clock.spell(now),
        "environment": environment.current(),
        "scheduler_at_work": is_at_work(),
        "tasks": tasks,
        "open": [run.told() for run in ledger.open_runs()],
        "recent": [run.told() for run in ledger.recent_runs(10)],
        "quality": _quality(),
        "champion": _champion(),
        "disk": {
            "free_gib": round(disk.free / GIB, 1),
            "total_gib": round(disk.total / GIB, 1),
            "used_share": round(1 - disk.free / disk.total, 3),
        },
        "alerts": _alerts(),
    }


def is_well(told: dict[str, Any]) -> bool:
    """Whether no task is overdue and every task that is on ended well the last time."""
    return not any(
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


def _champion() -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        told = json.loads(layout.CHAMPION.read_bytes())
        return {name: told.get(name) for name in ("version", "as_of")}
    return None


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


def page(told: dict[str, Any]) -> str:
    """The state as a page for a terminal."""
    scheduler = "at work" if told["scheduler_at_work"] else "not at work (cron may be)"
    head = f"{told['now']}   {told['environment']}   embedded scheduler {scheduler}"
    rows: list[tuple[str, ...]]
    rows = [("task", "due (UTC)", "next", "last run", "ended", "took", "")]
    rows += [_task_row(task) for task in told["tasks"]]
    lines = [head, "", *_aligned(rows), ""]
    lines += [
        f"{run['status']:<10}{run['run_id']}  ({run['trigger']}: {run['cause']})"
        for run in told["open"]
    ]
    lines += [""] if told["open"] else []
    lines += [_quality_line(told), _champion_line(told), _disk_line(told), *_alert_lines(told)]
    return "\n".join(lines)


def _task_row(task: dict[str, Any]) -> tuple[str, ...]:
    run = task["last_run"]
    note = "OVERDUE" if task["overdue"] else ("" if task["enabled"] else "off")
    if run is None:
        return (task["task"], task["cron"], task["next_due"] or "-", "never", "-", "-", note)
    seconds = run["metrics"].get("seconds")
    return (
        task["task"],
        task["cron"],
        task["next_due"] or "-",
        run["status"],
        run["ended_at"] or "-",
        "-" if seconds is None else f"{seconds:.0f} s",
        note,
    )


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _quality_line(told: dict[str, Any]) -> str:
    found = told["quality"]
    if found is None:
        return f"quality   none ({layout.SCORE} is missing: `snakemake --cores 2 ingest`)"
    return f"quality   {found['score']:.3f} as of {found['as_of']}, {found['matches']} matches"


def _champion_line(told: dict[str, Any]) -> str:
    found = told["champion"]
    if found is None:
        return f"champion  none ({layout.CHAMPION} is missing: `pitchline run retrain`)"
    return f"champion  {found['version']} as of {found['as_of']}"


def _disk_line(told: dict[str, Any]) -> str:
    disk = told["disk"]
    return (
        f"disk      {disk['free_gib']} GiB of {disk['total_gib']} free "
        f"({disk['used_share']:.0%} used)"
    )


def _alert_lines(told: dict[str, Any]) -> list[str]:
    if told["alerts"] is None:
        return ["alerts    can't be read: `pitchline alerts list` says why"]
    if not told["alerts"]:
        return ["alerts    none open"]
    return [f"alerts    {each['severity']}: {each['title']}" for each in told["alerts"]]


def run_page(run: Run) -> str:
    """One run as lines for a terminal."""
    told = run.told() | {"metrics": json.dumps(run.metrics), "artifacts": json.dumps(run.artifacts)}
    told["target"] = "; ".join(run.target)
    return "\n".join(f"{name:<12}{value}" for name, value in told.items() if value is not None)
