"""The parameters of the schedule: which task runs when, and how it is run."""

import re
import shlex
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, model_validator

from pitchline.params.types import Section

TASK_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
CRON_FIELD = re.compile(r"[0-9A-Za-z*,/-]+")
PROGRAMS = ("snakemake", "pitchline")
WORD = re.compile(r"[A-Za-z0-9_./=:,{}-]+")


def plain_cron(text: str) -> str:
    """An expression that every cron, systemd and GitHub understand alike."""
    allowed = 'five cron fields (minute hour day month weekday) in UTC, such as "0 2 * * *"'
    fields = text.split()
    if len(fields) != 5 or not all(CRON_FIELD.fullmatch(field) for field in fields):
        raise ValueError(allowed)
    if "L" in fields[2].upper() or "L" in fields[4].upper().replace("JUL", ""):
        raise ValueError(f"{allowed}; without L, which few crons know")
    if fields[2] != "*" and fields[4] != "*":
        raise ValueError(f"{allowed}; a day or a weekday, crons differ on what both mean")
    try:
        next(CronSim(text, datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        raise ValueError(f"{allowed}; this one: {error or 'never comes'}") from error
    return text


def plain_command(line: str) -> str:
    """A Snakemake call or a command of ours; never a line for a shell."""
    allowed = "`snakemake TARGET ...` or `pitchline COMMAND ...`, without a shell's signs"
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ValueError(allowed) from error
    if len(words) < 2 or words[0] not in PROGRAMS:
        raise ValueError(allowed)
    if not all(WORD.fullmatch(word) for word in words):
        raise ValueError(allowed)
    return line


class TaskRetries(Section):
    """When a task that failed is tried again within the same run and limit."""

    times: int = Field(ge=0, le=10, description="further tries of a task that failed")
    backoff_seconds: float = Field(
        ge=0, le=3600, description="wait before the n-th further try: this x 2^(n - 1)"
    )
    exit_codes: list[Annotated[int, Field(ge=1, le=255)]] | None = Field(
        description="exit codes that are tried again; null for every one"
    )


class ScheduledTask(Section):
    """One task of the schedule."""

    cron: Annotated[str, AfterValidator(plain_cron)] = Field(
        description="when it is due, in UTC: minute hour day month weekday"
    )
    target: list[Annotated[str, AfterValidator(plain_command)]] = Field(
        min_length=1,
        description="what it runs, one after the other: `snakemake TARGET ...` or "
        "`pitchline COMMAND ...`; a Snakemake option's value follows a `=`",
    )
    priority: int = Field(ge=0, le=9, description="of several waiting tasks the highest goes first")
    limit_minutes: float = Field(
        gt=0, le=1440, description="minutes after which it is ended with all its processes"
    )
    retries: TaskRetries
    enabled: bool = Field(description="whether it is run on schedule; by hand it always can be")
    catch_up: bool = Field(
        description="whether due times that passed while nothing could run it are made up for, "
        "all of them by one run"
    )


def plain_names(tasks: dict[str, ScheduledTask]) -> dict[str, ScheduledTask]:
    """Tasks whose names can be those of files and units."""
    for name in tasks:
        if not TASK_NAME.fullmatch(name):
            raise ValueError(f"tasks with names such as `data-quality`, not {name!r}")
    return tasks


class Schedule(Section):
    """The table of tasks, and what keeps the runner honest."""

    tasks: Annotated[dict[str, ScheduledTask], AfterValidator(plain_names)] = Field(
        min_length=1, description="the tasks, by name"
    )
    cores: int | None = Field(
        ge=1, le=1024, description="cores that Snakemake may use in a task; null for all"
    )
    record: Literal["none", "record", "push"] = Field(
        description="what follows a task that built something with Snakemake: nothing; or DVC is "
        "told, which writes dvc.lock for a person to commit; or that, and the files are sent to "
        "the DVC remote"
    )
    record_minutes: float = Field(
        gt=0, le=1440, description="minutes, beside the task's own limit, that recording may take"
    )
    heartbeat_seconds: float = Field(
        gt=0, le=60, description="a runner at work or waiting shows so often that it lives"
    )
    lost_after_seconds: float = Field(
        gt=0, le=3600, description="silence after which a runner is taken for hung and ended"
    )
    overdue_minutes: float = Field(
        gt=0, le=1440, description="minutes after its due time at which a task not begun is overdue"
    )
    grace_seconds: float = Field(
        ge=0, le=600, description="between the request to end and the end of a task's processes"
    )
    keep_runs: int = Field(
        ge=10, le=1_000_000, description="newest runs kept in the ledger, with their logs"
    )

    @model_validator(mode="after")
    def _silence_is_more_than_a_missed_beat(self) -> Self:
        if self.lost_after_seconds < 3 * self.heartbeat_seconds:
            raise ValueError("lost_after_seconds of at least three times heartbeat_seconds")
        return self
