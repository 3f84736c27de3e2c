"""The table as a crontab."""

import shlex
from pathlib import Path

from pitchline.params import Schedule
from pitchline.schedule.render.cron import expression, fields_of

TEND = "*/10 * * * *"


def files(schedule: Schedule, project: Path, program: Path) -> dict[str, str]:
    """One file, ``crontab``.

    Args:
        schedule: the table.
        project: the project's folder on the machine that will read it.
        program: ``pitchline`` in that machine's environment.
    """
    call = f"cd {_plain(project)} && {_plain(program)}"
    lines = [
        "# Made by `pitchline schedule render crontab` from params.yaml.",
        "# Times are in UTC. A cron that doesn't know CRON_TZ needs a machine whose clock is UTC.",
        "CRON_TZ=UTC",
        "SHELL=/bin/sh",
        "",
        "# Closes lost runs, catches up what was missed, tells what is overdue.",
        f"{TEND} {call} schedule tend --quiet",
        f"@reboot {call} schedule tend --quiet",
        "",
    ]
    for name, task in schedule.tasks.items():
        off = "" if task.enabled else "# off: "
        when = expression(fields_of(task.cron))
        lines.append(f"{off}{when} {call} run {name} --trigger cron --quiet")
    return {"crontab": "\n".join(lines) + "\n"}


def _plain(path: Path) -> str:
    # A percent sign ends a crontab's command.
    return shlex.quote(str(path)).replace("%", r"\%")
