"""The command ``pitchline <stage> <verb>``; every rule's line can be pasted in a shell."""

import atexit
import importlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from pitchline import __version__, console, environment
from pitchline.errors import PitchlineError
from pitchline.params import PARAMS_FILE

# Small matrices are slower on many threads, and sums then depend on how many there are. Set before
# NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

UNFLUSHED = 120
"""What Python ends with where the rest of its output could not be written."""

# A stage's code is imported only when one of its commands is called.
COMMANDS = {
    "collect": "pitchline.collect.command:collect",
    "ingest": "pitchline.ingest.command:ingest",
    "features": "pitchline.features.command:features",
    "train": "pitchline.train.command:train",
    "backtest": "pitchline.backtest.command:backtest",
    "promote": "pitchline.promote.command:promote",
    "predict": "pitchline.predict.command:predict",
    "issued": "pitchline.issued.command:issued",
    "monitor": "pitchline.monitor.command:monitor",
    "run": "pitchline.schedule.command:run",
    "schedule": "pitchline.schedule.command:schedule",
    "status": "pitchline.schedule.command:status",
    "logs": "pitchline.schedule.command:logs",
    "cancel": "pitchline.schedule.command:cancel",
    "serve": "pitchline.serve.command:serve",
    "alerts": "pitchline.alerts.command:alerts",
    "teams": "pitchline.ingest.identity.command:teams",
    "params": "pitchline.params_command:params",
    "dictionary": "pitchline.dictionary:dictionary",
    "lineage": "pitchline.lineage:lineage",
    "raw": "pitchline.collect.command:raw",
    "summary": "pitchline.summary:summary",
    "environment": "pitchline.environment_command:command",
    "doctor": "pitchline.doctor.command:doctor",
    "backup": "pitchline.backup.command:backup",
    "sync": "pitchline.bridge:sync",
    "record": "pitchline.bridge:record",
}

# XGBoost and pandera import these where they find them, for what no stage uses: a second of each
# process. A stage that needs scikit-learn imports it when it does.
UNUSED = ("sklearn", "hypothesis")

# They say how a project that is another environment's can be mended.
OF_ANY_ENVIRONMENT = ("environment", "doctor")


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the pipeline."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        with _hidden(*UNUSED):
            command: click.Command = getattr(importlib.import_module(module), name)
        return command


@contextmanager
def _hidden(*packages: str) -> Iterator[None]:
    """Let packages that are not imported yet seem not to be installed."""
    hidden = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option(
    "--params",
    "params_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=PARAMS_FILE,
    show_default=True,
    help="The parameter file.",
)
@click.option(
    "--log",
    "log_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Also write what is reported to this file.",
)
@click.pass_context
def cli(ctx: click.Context, params_file: Path, log_file: Path | None) -> None:
    """Football match predictions: collect, ingest, features, train, promote, predict, monitor."""
    console.configure(log_file)
    if ctx.invoked_subcommand not in OF_ANY_ENVIRONMENT:
        environment.check_project()
    ctx.obj = params_file


def main() -> NoReturn:
    """Run the command and end the process; an expected failure ends with its text and status 1."""
    try:
        cli(prog_name="pitchline")
    except PitchlineError as error:
        console.fail(str(error))
        end_process(1)
    except SystemExit as ending:
        end_process(ending.code)
    raise AssertionError("click ends a command with SystemExit")


def end_process(code: str | int | None) -> NoReturn:
    """End as ``sys.exit`` would, but without C++'s destructors.

    Arrow's threads may still be at work then, and abort a process that has done all it should:
    about one in thirty on a busy machine (apache/arrow issue 34314).
    """
    if isinstance(code, str):
        click.echo(code, err=True)
    status = code if isinstance(code, int) else int(code is not None)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = status or UNFLUSHED
    os._exit(status)
