"""What the schedule tells people: a run that went wrong, a task that is overdue, a recovery."""

from pitchline import alerts
from pitchline.schedule import clock
from pitchline.schedule.due import Missed
from pitchline.schedule.ledger import Run
from pitchline.schedule.log import last_lines

SOURCE = "schedule"
LINES = 5
TITLES = {
    "failed": "{task} failed",
    "timed out": "{task} was ended at its limit",
    "lost": "{task} was lost: its runner died",
}


def failed_key(task: str) -> str:
    """Under which a task's failures are told."""
    return f"schedule/{task}/failed"


def overdue_key(task: str) -> str:
    """Under which it is told that a task does not begin."""
    return f"schedule/{task}/overdue"


def record_key(task: str) -> str:
    """Under which it is told that what a task built was not recorded in DVC."""
    return f"schedule/{task}/record"


def tell_ended(run: Run, log_tail: list[str] | None = None) -> bool:
    """Tell how a run ended, if that is news; whether something was told."""
    if run.status == "succeeded":
        return (
            alerts.resolve(
                failed_key(run.task), f"{run.run_id} succeeded.", source=SOURCE, now=clock.now()
            )
            is not None
        )
    if run.status not in TITLES or (run.status == "lost" and run.started_at is None):
        return False
    tail = log_tail or []
    lines = [
        f"Run {run.run_id} ({run.trigger}: {run.cause}), exit code {run.exit_code}.",
        *tail[-LINES:],
        f"Look with `pitchline logs {run.run_id}`; start it again with `pitchline run {run.task}`.",
    ]
    alerts.tell(
        failed_key(run.task),
        "error",
        TITLES[run.status].format(task=run.task),
        "\n".join(lines),
        source=SOURCE,
        subject=run.status,
        facts={"run": run.run_id, "exit_code": run.exit_code, "attempt": run.attempt},
        now=clock.now(),
    )
    return True


def tell_not_recorded(run: Run, why: str, log_tail: list[str]) -> None:
    """Tell that a task built what DVC doesn't know; the run itself is no failure."""
    lines = [
        f"Run {run.run_id} built its outputs and they stand; `pitchline record` did not: {why}.",
        *log_tail[-LINES:],
        "Mend that, then run `pitchline record --built` (docs/operations.md, Recording).",
    ]
    alerts.tell(
        record_key(run.task),
        "error",
        f"What {run.task} built is not recorded in DVC",
        "\n".join(lines),
        source=SOURCE,
        facts={"run": run.run_id},
        now=clock.now(),
    )


def tell_recorded(task: str, how: str) -> None:
    """Take back that something was not recorded, if that was told."""
    if alerts.is_open(record_key(task)):
        alerts.resolve(record_key(task), how, source=SOURCE, now=clock.now())


def tell_overdue(task: str, missed: Missed, last_success: Run | None) -> bool:
    """Tell that a due time passed and nothing began; whether it was told."""
    if alerts.is_open(overdue_key(task)):
        return False
    since = "never" if last_success is None or last_success.ended_at is None else clock.spell(
        last_success.ended_at
    )  # fmt: skip
    alerts.tell(
        overdue_key(task),
        "error",
        f"{task} is overdue",
        f"Due at {clock.spell(missed.first)}, not begun ({missed.count} due time(s) so far). "
        f"Its last success: {since}. Is cron, systemd or `pitchline schedule start` running? "
        f"Look with `pitchline status`; start it with `pitchline run {task}`.",
        source=SOURCE,
        facts={"due": clock.spell(missed.first), "missed": missed.count},
        now=clock.now(),
    )
    return True


def tell_on_time(task: str) -> bool:
    """Take an overdue task's alert back; whether there was one."""
    told = alerts.resolve(overdue_key(task), f"{task} began.", source=SOURCE, now=clock.now())
    return told is not None


def tell_unusable(text: str) -> None:
    """Tell that no run can be recorded at all."""
    alerts.tell(
        "schedule/ledger", "critical", "The run ledger can't be used", text, source=SOURCE,
        now=clock.now(),
    )  # fmt: skip


def tail_of(run: Run) -> list[str]:
    """The last lines of a run's output."""
    from pathlib import Path

    return last_lines(Path(run.log), LINES)
