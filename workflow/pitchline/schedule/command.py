"""``pitchline run``, ``schedule``, ``status``, ``logs`` and ``cancel``."""

import os
import subprocess
import sys
import time
from pathlib import Path

import click

from pitchline import console, layout
from pitchline.errors import PitchlineError
from pitchline.params import load
from pitchline.schedule.engines.command import celery, health, prefect

QUEUED_WITHIN_SECONDS = 30.0


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("task")
@click.argument("settings", nargs=-1, metavar="[-- SECTION={...} ...]")
@click.option("--trigger", default="manual", show_default=True, help="Who calls.")
@click.option("--reason", default=None, help="Why; recorded as the run's cause.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="SECTION.NAME=VALUE",
    help="A parameter of this run alone; may be repeated.",
)
@click.option("--due", "due_text", default=None, help="The due time to answer, in UTC.")
@click.option(
    "--wait/--no-wait",
    default=True,
    help="Wait for its end, or print the run's name while another process waits.",
)
@click.option("--show/--quiet", default=None, help="Show the task's output; by hand it is.")
@click.option(
    "--record/--no-record",
    "records",
    default=True,
    help="Heed schedule.record, or record nothing in DVC.",
)
@click.option(
    "--nothing-to-do",
    "passes",
    is_flag=True,
    help="Record the run, and that its due time is answered, without running anything.",
)
@click.option("--run-id", default=None, hidden=True)
@click.pass_obj
def run(
    params_file: Path,
    task: str,
    settings: tuple[str, ...],
    trigger: str,
    reason: str | None,
    changes: tuple[str, ...],
    due_text: str | None,
    wait: bool,
    show: bool | None,
    records: bool,
    passes: bool,
    run_id: str | None,
) -> None:
    """Run a TASK of the schedule when its turn comes, within its limit.

    The exit code is the task's; 124 if it was ended at its limit. After `--`, parameters for this
    run alone, as Snakemake's --config takes them: `-- 'retrain={lookback_days: 14}'`.
    """
    from pitchline.schedule import clock, processes, targets, turns
    from pitchline.schedule.runner import run_task
    from pitchline.schedule.work import Asked

    schedule = load(params_file).schedule
    settings = (*settings, *targets.settings_of(changes))
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
        records,
        passes,
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


@click.group()
def schedule() -> None:
    """The schedule: list it, check it, render it for another engine, or be the engine."""


for _engine in (celery, health, prefect):
    schedule.add_command(_engine)


@schedule.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_tasks(params_file: Path, as_json: bool) -> None:
    """List the tasks with what they run and when they are due next."""
    import json

    from pitchline.schedule import clock
    from pitchline.schedule.due import next_dues

    table = load(params_file).schedule
    dues = next_dues(table, clock.now())
    if as_json:
        told = {
            name: task.model_dump(mode="json") | {"due": due and clock.spell(due)}
            for (name, task), due in zip(table.tasks.items(), dues.values(), strict=True)
        }
        click.echo(json.dumps(told, indent=2))
        return
    for name, due in dues.items():
        task = table.tasks[name]
        when = "off" if due is None else clock.spell(due)
        click.echo(
            f"{name:<20}{task.cron:<16}{when:<22}priority {task.priority}  "
            f"limit {task.limit_minutes:g} min  {'; '.join(task.target)}"
        )


@schedule.command()
@click.pass_obj
def check(params_file: Path) -> None:
    """Tell which tasks could not run; the exit status is 1 if one of them is on."""
    from pitchline.schedule.targets import unknown_words

    table = load(params_file).schedule
    found = unknown_words(table)
    for name, why in found.items():
        state = "on" if table.tasks[name].enabled else "off"
        click.echo(f"{name} ({state}): {'; '.join(why)}")
    on = [name for name in found if table.tasks[name].enabled]
    if on:
        raise PitchlineError(
            f"params.yaml: schedule.tasks: {', '.join(on)} can't run. Set `enabled: false` there, "
            "or mend `target`."
        )
    console.say("schedule", f"{len(table.tasks) - len(found)} of {len(table.tasks)} tasks can run")


@schedule.command()
@click.option("--quiet", is_flag=True, help="Say nothing if all is well.")
@click.option(
    "--names", is_flag=True, help="Print what is to be caught up, for an engine to start it."
)
@click.pass_obj
def tend(params_file: Path, quiet: bool, names: bool) -> None:
    """Close lost runs, catch up what was missed, tell what is overdue.

    The embedded scheduler does it by itself; crontab and systemd call this every ten minutes.
    """
    from pitchline.schedule import tending

    look = tending.tend(load(params_file).schedule)
    for name, span in look.to_catch_up.items():
        if names:
            click.echo(name)
            continue
        console.say("schedule", f"{name}: {span.count} due time(s) missed, caught up")
        tending.start_run(params_file, name, "catch-up")
    for name in look.overdue:
        console.warn("schedule", f"{name}: overdue")
    if not quiet:
        console.say("schedule", f"{len(look.closed)} lost, {len(look.overdue)} overdue")


@schedule.command()
@click.option(
    "--cancel-running", is_flag=True, help="End runs at work when asked to end, else they may end."
)
@click.pass_obj
def start(params_file: Path, cancel_running: bool) -> None:
    """Be the scheduler, for a machine without cron; SIGTERM ends it."""
    from pitchline.schedule.embedded import serve

    serve(params_file, cancels=cancel_running)


@schedule.command()
@click.pass_obj
def content(params_file: Path) -> None:
    """Print the hashes by which CI keys its caches: of archive, models' pointers and all state."""
    from pitchline.schedule.artifacts import content as hashes

    load(params_file)
    for name, value in hashes().items():
        click.echo(f"{name}={value}")


@schedule.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def keep(params_file: Path, folder: Path) -> None:
    """Write the ledger, the emergencies and the alerts to FOLDER, and print its content's hash.

    For a machine that forgets, such as a hosted CI job: a cache carries the folder.
    """
    from pitchline.schedule import carrying

    load(params_file)
    click.echo(f"memory={carrying.keep(folder)}")


@schedule.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--own",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="A folder as well, and its alerts take the place of those here.",
)
@click.pass_obj
def recall(params_file: Path, folders: tuple[Path, ...], own: Path | None) -> None:
    """Put the runs and emergencies that FOLDERS carry together with those that are here."""
    from pitchline.schedule import carrying

    load(params_file)
    runs = carrying.recall([*folders, own] if own else folders, own)
    console.say("schedule", f"{runs} run(s) of elsewhere are known now")


@schedule.command()
@click.argument("engine", type=click.Choice(["crontab", "systemd", "github"]))
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Write there; else a crontab is printed, units go to schedule/, workflows to .github/.",
)
@click.pass_obj
def render(params_file: Path, engine: str, folder: Path | None) -> None:
    """Write the table down for another ENGINE."""
    from pitchline.files import write_text
    from pitchline.schedule.render import crontab, github, systemd
    from pitchline.schedule.targets import TOOLS

    params = load(params_file)
    table = params.schedule
    if engine == "github":
        made, usual = github.files(table, params.alerts), Path()
    else:
        files = crontab.files if engine == "crontab" else systemd.files
        made, usual = files(table, Path.cwd(), TOOLS / "pitchline"), Path("schedule")
    if engine == "crontab" and folder is None:
        click.echo(made["crontab"], nl=False)
        return
    for name, text in made.items():
        path = (folder or usual) / name
        write_text(path, text)
        console.say("schedule", f"wrote {path}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--check", "checks", is_flag=True, help="Exit with 1 if a task is overdue or failed.")
@click.pass_obj
def status(params_file: Path, as_json: bool, checks: bool) -> None:
    """Everything at a glance: schedule, runs, quality, champion, disk, alerts."""
    import json

    from pitchline.schedule.page import page
    from pitchline.schedule.status import gather, is_well

    told = gather(load(params_file).schedule)
    click.echo(json.dumps(told, indent=2) if as_json else page(told))
    if checks and not is_well(told):
        sys.exit(1)


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--follow", is_flag=True, help="Go on until the run has ended.")
@click.option("--events", is_flag=True, help="What the runner did, as JSON lines.")
def logs(run_id: str, follow: bool, events: bool) -> None:
    """Show the output of a RUN: its id or the beginning of it, a task's name, or `last`."""
    from pitchline.schedule import ledger
    from pitchline.schedule.log import events_of
    from pitchline.schedule.page import run_page

    found = ledger.find_run(run_id)
    click.echo(run_page(found), err=True)
    path = events_of(Path(found.log)) if events else Path(found.log)
    if not path.exists() and not found.is_open:
        raise PitchlineError(
            f"{path}: its log is not kept here; it was removed, or this project was restored from "
            "a backup without it. `pitchline backup restore latest --only logs` brings back the "
            "logs that the newest backup has (`backup.run_logs` bounds them)."
        )
    at = 0
    while True:
        is_open = ledger.find_run(found.run_id).is_open
        if path.exists():
            with path.open("rb") as handle:
                handle.seek(at)
                new = handle.read()
            at += len(new)
            sys.stdout.buffer.write(new)
            sys.stdout.buffer.flush()
        if not follow or not is_open:
            return
        time.sleep(0.3)


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--reason", default="by hand", show_default=True, help="Why; it is recorded.")
@click.pass_obj
def cancel(params_file: Path, run_id: str, reason: str) -> None:
    """End a RUN that waits or works, with all its processes."""
    import signal

    from pitchline.schedule import beats, ledger, turns

    table = load(params_file).schedule
    found = ledger.find_run(run_id)
    if not found.is_open:
        raise PitchlineError(f"{found.run_id}: has ended already, {found.status}.")
    with ledger.opened() as connection, ledger.explained(layout.LEDGER):
        turns.ask_to_cancel(connection, found, reason)
        runner = beats.runner_of(found)
        if runner is not None:
            runner.send_signal(signal.SIGTERM)
        ends = time.monotonic() + table.grace_seconds + QUEUED_WITHIN_SECONDS
        while time.monotonic() < ends:
            turns.close_the_gone(connection, table.lost_after_seconds)
            now = turns.present(connection, found)
            if not now.is_open:
                console.say("cancel", f"{found.run_id}: {now.status}")
                return
            time.sleep(0.1)
    raise PitchlineError(
        f"{found.run_id}: asked to end, its runner (process {found.pid} on {found.host}) has not "
        "yet. Look again with `pitchline status`."
    )
