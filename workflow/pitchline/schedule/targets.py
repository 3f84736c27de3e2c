"""What a task runs: lines of the table as commands, and whether they exist."""

import difflib
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from pitchline import locks
from pitchline.errors import ParamsError
from pitchline.params import Schedule, ScheduledTask
from pitchline.rules import LOCK

TOOLS = Path(sys.executable).parent
CHANGE = re.compile(r"(?P<name>[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+)=(?P<value>.+)", re.DOTALL)
SETTING = re.compile(r"[a-z][a-z0-9_]*=.+", re.DOTALL)
FLAG = re.compile(r"--?[a-zA-Z].*")


def task_named(schedule: Schedule, name: str) -> ScheduledTask:
    """A task of the table.

    Raises:
        ParamsError: there is none of this name.
    """
    if name not in schedule.tasks:
        near = difflib.get_close_matches(name, schedule.tasks, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise ParamsError(
            f"params.yaml: schedule.tasks has no {name!r}.{hint} "
            f"There are: {', '.join(schedule.tasks)}."
        )
    return schedule.tasks[name]


def command_of(
    line: str, params_file: Path, cores: int | None, settings: Sequence[str] = ()
) -> list[str]:
    """A line of the table as a command of this environment.

    Args:
        line: `snakemake TARGET ...` or `pitchline COMMAND ...`.
        params_file: the parameter file, for commands of ours.
        cores: for Snakemake; None for all.
        settings: parameters changed for this run, ``section={...}``, for Snakemake.
    """
    program, *words = shlex.split(line)
    if program == "pitchline":
        return [sys.executable, "-m", "pitchline", "--params", str(params_file), *words]
    options = [word for word in words if FLAG.fullmatch(word)]
    named = [word for word in words if not FLAG.fullmatch(word)]
    changed = ["--config", *settings] if settings else []
    how_many = "all" if cores is None else str(cores)
    return [str(TOOLS / "snakemake"), "--cores", how_many, *options, *changed, "--", *named]


def check_settings(task: ScheduledTask, settings: Sequence[str]) -> None:
    """Refuse parameters that no line of a task takes.

    Raises:
        ParamsError: one is not ``section={...}``, or the task calls no Snakemake.
    """
    for setting in settings:
        if not SETTING.fullmatch(setting):
            raise ParamsError(
                f"{setting!r}: parameters of a run are written as Snakemake's --config takes "
                "them, such as 'retrain={reason: drift, lookback_days: 14}'."
            )
    if settings and not any(uses_snakemake(line) for line in task.target):
        raise ParamsError(f"{', '.join(task.target)}: takes no parameters, it calls no Snakemake.")


def settings_of(changes: Sequence[str]) -> list[str]:
    """Parameters written one by one as Snakemake's --config takes them.

    Args:
        changes: ``SECTION.NAME=VALUE`` each; a value is taken as it stands, whatever signs it has.

    Raises:
        ParamsError: one isn't of this form.
    """
    sections: dict[str, dict[str, Any]] = {}
    for change in changes:
        found = CHANGE.fullmatch(change)
        if found is None:
            raise ParamsError(
                f"{change!r}: a parameter of a run is written SECTION.NAME=VALUE, such as "
                "retrain.lookback_days=14."
            )
        section, *names, last = found["name"].split(".")
        place = sections.setdefault(section, {})
        for name in names:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise ParamsError(f"{change!r}: {name} was given a value of its own, too.")
        place[last] = found["value"]
    # JSON is YAML, and quotes whatever YAML would take for a sign of its own.
    return [f"{section}={json.dumps(value)}" for section, value in sections.items()]


def uses_snakemake(line: str) -> bool:
    """Whether a line of the table calls Snakemake."""
    return line.split()[0] == "snakemake"


def other_snakemake() -> str | None:
    """The process that runs Snakemake in this folder, as its lock names it; None if none does."""
    with suppress(OSError):
        return locks.holder_of(LOCK)
    return None


def unknown_words(schedule: Schedule) -> dict[str, list[str]]:
    """What can't run: for each task the lines whose command or target does not exist, and why."""
    rules = _snakemake_rules()
    found: dict[str, list[str]] = {}
    for name, task in schedule.tasks.items():
        why = [text for line in task.target if (text := _wrong_with(line, rules))]
        if why:
            found[name] = why
    return found


def _wrong_with(line: str, rules: set[str]) -> str | None:
    program, *words = shlex.split(line)
    if program == "pitchline":
        return _wrong_with_ours(words)
    if any(word.startswith(("-s", "--snakefile")) for word in words):
        return None
    missing = [w for w in words if not FLAG.fullmatch(w) and w not in rules and "/" not in w]
    return f"`{line}`: Snakemake has no rule {', '.join(missing)}" if missing else None


def _wrong_with_ours(words: list[str]) -> str | None:
    from pitchline.cli import cli

    command: click.Command = cli
    context = click.Context(cli)
    for number, word in enumerate(words):
        if not isinstance(command, click.Group):
            return None
        if word.startswith("-"):
            return None
        inner = command.get_command(context, word)
        if inner is None:
            return f"there is no command `{shlex.join(['pitchline', *words[: number + 1]])}`"
        command = inner
    if isinstance(command, click.Group) and not command.invoke_without_command:
        return f"`{shlex.join(['pitchline', *words])}` needs a verb"
    return None


def _snakemake_rules() -> set[str]:
    done = subprocess.run(
        [str(TOOLS / "snakemake"), "--list-rules"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        raise ParamsError(f"Snakefile: its rules can't be listed:\n{tail}")
    return {line.strip() for line in done.stdout.splitlines()}
