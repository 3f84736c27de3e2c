"""Commands in processes of their own that start at once: they fork from one that has imported all.

Importing takes a process of its own seconds. What is asked of the interpreter's start itself, as of
its environment variables, needs ``shell`` of project.py.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess

PRELOADED = [
    "mlflow",
    "mlflow.pyfunc",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "optuna",
    "pitchline.promote.command",
    "pitchline.train.command",
    "pitchline.train.study",
    "pitchline.train.tracking",
    "xgboost",
    "tests.promote.forks",
    "tests.train.forks",
]


def fork_server() -> ForkServerContext:
    """A context whose processes fork from one that has imported what the commands need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@dataclass(frozen=True)
class Started:
    """A command at work.

    Attributes:
        process: it.
        told: the end of the pipe that takes its standard error.
    """

    process: ForkServerProcess
    told: Connection

    def kill(self) -> int:
        """End it with SIGKILL; its exit code."""
        self.process.kill()
        return self.wait()[0]

    def wait(self) -> tuple[int, str]:
        """Its exit code, and what it told on standard error."""
        with self.told, os.fdopen(os.dup(self.told.fileno()), encoding="utf-8") as pipe:
            text = pipe.read()
        self.process.join()
        code = self.process.exitcode
        assert code is not None
        return code, text


def start(
    *arguments: str, first: Callable[[], object] | None = None, **environment: str
) -> Started:
    """Start a command of pitchline in the current folder.

    Args:
        arguments: of the command.
        first: what is called in the process before, a function of a module.
        environment: variables that are other ones there.
    """
    told, tells = multiprocessing.Pipe(duplex=False)
    others = {**os.environ, **environment}
    process = fork_server().Process(
        target=_run,
        args=(os.getcwd(), others, arguments, first, tells),  # noqa: PTH109
    )
    process.start()
    tells.close()
    return Started(process, told)


def done(
    *arguments: str, first: Callable[[], object] | None = None, **environment: str
) -> tuple[int, str]:
    """Run a command as ``start`` does: its exit code, and what it told on standard error."""
    return start(*arguments, first=first, **environment).wait()


def _run(
    folder: str,
    environment: dict[str, str],
    arguments: tuple[str, ...],
    first: Callable[[], object] | None,
    tells: Connection,
) -> None:
    from pitchline.cli import main

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(tells.fileno(), sys.stderr.fileno())
    tells.close()
    if first is not None:
        first()
    sys.argv = ["pitchline", *arguments]
    main()


def die(*_: object, **__: object) -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(name: str) -> None:
    """Let this process die as soon as it calls a method of MLflow's client."""
    from mlflow import MlflowClient

    setattr(MlflowClient, name, die)


def die_at_removal() -> None:
    """Let this process die before a run that was sent is removed from those that wait."""
    from pitchline.train import unsent

    unsent.remove = die


def die_at_statement(number: int) -> None:
    """Let this process die before so many statements of SQL were executed."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    left = [number]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            die()

    event.listen(Engine, "before_cursor_execute", count)


def limit_files_to(size: int) -> None:
    """No file may grow beyond a size in bytes: writing fails as on a full disk."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
