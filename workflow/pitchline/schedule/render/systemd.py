"""The table as systemd timers and services."""

from pathlib import Path

from pitchline.params import Schedule, ScheduledTask
from pitchline.schedule.render.cron import on_calendar

# The runner keeps the limit; systemd ends a runner that doesn't, queueing included.
SLACK_MINUTES = 15.0
TEND_MINUTES = 10


def files(schedule: Schedule, project: Path, program: Path) -> dict[str, str]:
    """A timer and a service for each task that is on, and for looking after them.

    Args:
        schedule: the table.
        project: the project's folder on the machine that will read it.
        program: ``pitchline`` in that machine's environment.
    """
    longest = sum(task.limit_minutes for task in schedule.tasks.values() if task.enabled)
    made: dict[str, str] = {}
    for name, task in schedule.tasks.items():
        if not task.enabled:
            continue
        made[f"pitchline-{name}.service"] = _service(
            f"Pitchline: {name}",
            f"{_quoted(program)} run {name} --trigger systemd --quiet",
            project,
            # It may wait for each of the others.
            longest + SLACK_MINUTES,
            schedule.grace_seconds,
        )
        made[f"pitchline-{name}.timer"] = _task_timer(name, task)
    made["pitchline-tend.service"] = _service(
        "Pitchline: lost, missed and overdue runs",
        f"{_quoted(program)} schedule tend --quiet",
        project,
        SLACK_MINUTES,
        schedule.grace_seconds,
        # What it starts outlives it.
        kill_mode="process",
    )
    made["pitchline-tend.timer"] = _timer(
        "Pitchline: every ten minutes",
        [f"OnBootSec={TEND_MINUTES}min", f"OnUnitActiveSec={TEND_MINUTES}min"],
    )
    return made


def _service(
    what: str,
    command: str,
    project: Path,
    minutes: float,
    grace_seconds: float,
    kill_mode: str = "mixed",
) -> str:
    lines = [
        "# Made by `pitchline schedule render systemd` from params.yaml.",
        "[Unit]",
        f"Description={what}",
        "",
        "[Service]",
        # TimeoutStartSec, not RuntimeMaxSec, is what ends a oneshot: `exec` knows the latter.
        "Type=exec",
        f"WorkingDirectory={_escaped(project)}",
        f"ExecStart={command}",
        f"RuntimeMaxSec={minutes * 60:.0f}",
        f"KillMode={kill_mode}",
        f"TimeoutStopSec={grace_seconds + 30:.0f}",
        # Asked to end, or ended at its limit: both are told by the ledger.
        "SuccessExitStatus=143",
    ]
    return "\n".join(lines) + "\n"


def _task_timer(name: str, task: ScheduledTask) -> str:
    persistent = "true" if task.catch_up else "false"
    return _timer(
        f"Pitchline: {name} at {task.cron} UTC",
        [f"OnCalendar={on_calendar(task.cron)}", "AccuracySec=1s", f"Persistent={persistent}"],
    )


def _timer(what: str, lines: list[str]) -> str:
    head = ["# Made by `pitchline schedule render systemd` from params.yaml.", "[Unit]"]
    parts = [*head, f"Description={what}", "", "[Timer]", *lines, "", "[Install]"]
    return "\n".join([*parts, "WantedBy=timers.target"]) + "\n"


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


def _quoted(path: Path) -> str:
    text = _escaped(path).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{text}"' if any(sign in text for sign in " '\"") else text
