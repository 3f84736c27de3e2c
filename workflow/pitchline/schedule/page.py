"""What a person sees of the state and of one run: lines for a terminal."""

import json
from typing import Any

from pitchline import layout
from pitchline.schedule.ledger import Run


def page(told: dict[str, Any]) -> str:
    """The state, as ``status.gather`` makes it."""
    rows: list[tuple[str, ...]]
    rows = [("task", "due (UTC)", "next", "last run", "ended", "took", "")]
    rows += [_task_row(task) for task in told["tasks"]]
    lines = [_head(told), "", *_aligned(rows), ""]
    lines += [
        f"{run['status']:<10}{run['run_id']}  ({run['trigger']}: {run['cause']})"
        for run in told["open"]
    ]
    lines += [""] if told["open"] else []
    lines += [
        _quality_line(told),
        _champion_line(told),
        *_challenger_lines(told),
        _disk_line(told),
        *_alert_lines(told),
    ]
    needs = told["attention"]
    lines += ["", "needs a look:", *(f"- {line}" for line in needs)] if needs else ["", "all well"]
    return "\n".join(lines)


def _head(told: dict[str, Any]) -> str:
    if told["scheduler_at_work"]:
        keeper = "embedded scheduler at work"
    elif told["timer"] is None:
        keeper = "nobody has kept the time yet"
    else:
        keeper = f"time kept by {told['timer']['trigger']}, last start {told['timer']['at']}"
    return f"{told['now']}   {told['environment']}   {keeper}"


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


def _challenger_lines(told: dict[str, Any]) -> list[str]:
    found = told["challenger"]
    if found is None:
        return []
    return [f"challenger {found['version']}, {found['mode']}: `pitchline promote compare`"]


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
    return [
        f"alerts    {each['severity']}: {each['title']} (`pitchline alerts show {each['id']}`)"
        for each in told["alerts"]
    ]


def run_page(run: Run) -> str:
    """One run as lines for a terminal."""
    told = run.told() | {"metrics": json.dumps(run.metrics), "artifacts": json.dumps(run.artifacts)}
    told["target"] = "; ".join(run.target)
    return "\n".join(f"{name:<12}{value}" for name, value in told.items() if value is not None)
