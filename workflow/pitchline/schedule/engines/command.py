"""``pitchline schedule celery``, ``prefect`` and ``health``: other engines over the table."""

import os
import sys
from pathlib import Path

import click

from pitchline import layout
from pitchline.errors import PitchlineError
from pitchline.params import load
from pitchline.schedule.engines import calling
from pitchline.schedule.engines.health import SERVICES, is_well

PREFECT = Path(".venv-prefect/bin")
PREFECT_HOME = layout.STATE / "prefect"
PASSED_ON = {"ignore_unknown_options": True, "help_option_names": []}


@click.command(context_settings=PASSED_ON)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND ...")
@click.pass_obj
def celery(params_file: Path, words: tuple[str, ...]) -> None:
    """Celery with the table's application: `worker`, `beat`, `flower`, `call`, `inspect` ...

    Needs `make environment-celery` and a Redis (PITCHLINE_BROKER, else this machine's port 6379).
    """
    from pitchline.schedule.engines import celery_app

    app = celery_app.make_app(load(params_file).schedule, params_file, celery_app.broker())
    app.start(argv=[*words[:1], *celery_app.usual_options(*words[:1] or ("",)), *words[1:]])


@click.command(context_settings=PASSED_ON)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="server|flows|COMMAND ...")
@click.pass_obj
def prefect(params_file: Path, words: tuple[str, ...]) -> None:
    """Prefect: `server`, `flows` (deploy the table and run it), or any command of its own.

    Needs `make environment-prefect`.
    """
    if not (PREFECT / "prefect").exists():
        raise PitchlineError(
            f"{PREFECT}: Prefect is not installed; it needs an environment of its own. "
            "Run `make environment-prefect`."
        )
    host = os.environ.get("PITCHLINE_HOST", "127.0.0.1")
    port = os.environ.get("PITCHLINE_PREFECT_PORT", "4200")
    if words == ("server",):
        words = ("server", "start", "--host", host, "--port", port)
    is_flows = words == ("flows",)
    if is_flows:
        load(params_file)
        command = [str(PREFECT / "python"), "-m", "pitchline.schedule.engines.prefect_serve"]
    else:
        command = [str(PREFECT / "prefect"), *words]
    usual = {
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_HOME": str(PREFECT_HOME.absolute()),
        "PREFECT_RUNNER_POLL_FREQUENCY": "2",
        "PREFECT_RUNNER_SERVER_PORT": os.environ.get("PITCHLINE_FLOWS_PORT", "8080"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    PREFECT_HOME.mkdir(parents=True, exist_ok=True)
    program = calling.this_program(str(params_file))
    env = usual | os.environ | {
        calling.VARIABLE: program.spelt(),
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }  # fmt: skip
    if is_flows:
        from pitchline.schedule.engines.supervising import supervise

        sys.exit(supervise(command, env))
    os.execve(command[0], command, env)  # noqa: S606 its own environment's program


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(SERVICES)))
def health(names: tuple[str, ...]) -> None:
    """Ask the Procfile's services whether they are well; the exit status is 1 if one is not."""
    found = {name: is_well(name) for name in names or SERVICES}
    for name, well in found.items():
        click.echo(f"{name:<12}{'well' if well else 'does not answer'}")
    sys.exit(0 if all(found.values()) else 1)
