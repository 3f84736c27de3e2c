"""``pitchline run``, ``schedule``, ``status``, ``logs`` and ``cancel``."""

import os
import subprocess
import sys
import time
from pathlib import Path

import click

from pitchline import layout
from pitchline.errors import PitchlineError
from pitchline.params import load

SLUG = r"[a-z][a-z0-9-]*"
QUEUED_WITHIN_SECONDS = 30.0


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("task")
@click.argument("settings", nargs=-1, metavar="[-- SECTION={...} ...]")
@click.option("--trigger", default="manual", show_default=True, help="Who calls.")
@click.option("--reason", default=None, help="Why; recorded as the run's cause.")
@click.option("--due", "due_text", default=None, help="The due time to answer, in UTC.")
@click.option(
    "--wait/--no-wait",
    default=True,
    help="Wait for its end, or print the run's name while another process waits.",
)
@click.option("--show/--quiet", default=None, help="Show the task's output; by hand it is.")
@click.option("--run-id", default=None, hidden=True)
@click.pass_obj
def run(
    params_file: Path,
    task: str,
    settings: tuple[str, ...],
    trigger: str,
    reason: str | None,
    due_text: str | None,
    wait: bool,
    show: bool | None,
    run_id: str | None,
) -> None:
    """Run a TASK of the schedule when its turn comes, within its limit.

    The exit code is the task's; 124 if it was ended at its limit. After `--`, parameters for this
    run alone, as Snakemake's --config takes them: `-- 'retrain={lookback_days: 14}'`.
    """
    from pitchline.schedule import clock, processes, targets, turns
    from pitchline.schedule.runner import Asked, run_task

    schedule = load(params_file).schedule
    targets.check_settings(targets.task_named(schedule, task), settings)
    due = None if due_text is None else clock.moment_of(due_text)
    if not wait:
        promised = turns.new_run_id(task)
        _start_waiting(promised)
        click.echo(promised)
        return
    if os.environ.get(processes.FOLDER) == str(Path.cwd()):
        raise PitchlineError(
            f"run {os.environ.get(processes.RUN)} is calling, and {task} could never begin before "
            "it ends: call with --no-wait."
        )
    asked = Asked(
        task,
        trigger,
        reason,
        due,
        settings,
        trigger == "manual" and run_id is None if show is None else show,
        run_id,
    )
    try:
        code = run_task(schedule, params_file, asked)
    except PitchlineError as error:
        from pitchline import alerts
        from pitchline.schedule import telling

        if trigger != "manual":
            telling.tell_unusable(f"{task}: {error}")
            alerts.send_soon()
        raise
    sys.exit(code)


def _start_waiting(promised: str) -> None:
    """Let a process of its own wait, and return once it stands in the queue.

    Raises:
        PitchlineError: it could not be queued.
    """
    from pitchline.schedule import ledger, processes
    from pitchline.schedule.log import last_lines

    words = [word for word in sys.argv[1:] if word != "--no-wait"]
    at = words.index("run") + 1
    words[at:at] = ["--run-id", promised, "--quiet"]
    told = layout.RUN_LOGS / f"{promised}.runner.log"
    told.parent.mkdir(parents=True, exist_ok=True)
    with told.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pitchline", *words],
            env=processes.unmarked(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    ends = time.monotonic() + QUEUED_WITHIN_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        if any(run.run_id == promised for run in ledger.recent_runs(50, skipped=True)):
            return
        time.sleep(0.05)
    if process.poll() != 0:
        raise PitchlineError("\n".join(last_lines(told, 5)) or f"{promised}: was not queued")
