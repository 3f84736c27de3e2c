"""Commands in processes of their own that start at once, to be killed for good."""

import contextlib
import os
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path


def started(
    context: ForkServerContext, folder: Path, uri: str, command: tuple[str, ...] | None
) -> ForkServerProcess:
    """Start a command, or nothing, in a folder with an MLflow store."""
    process = context.Process(target=_run, args=(str(folder), uri, command))
    process.start()
    return process


def _run(folder: str, uri: str, command: tuple[str, ...] | None) -> None:
    from pitchline.cli import cli

    os.chdir(folder)
    os.environ["MLFLOW_TRACKING_URI"] = uri
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
        if command is not None:
            cli.main(list(command), standalone_mode=False)
