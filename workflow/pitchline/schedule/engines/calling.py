"""Calls of the runner from an engine, by the standard library: Prefect's environment lacks ours.

Calls at work are ended together when the engine is asked to end; their due times are then free for
whoever comes next.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

# How the project's `pitchline` is called: JSON, its words and its PYTHONPATH.
VARIABLE = "PITCHLINE_CALL"
TEND_SECONDS = 60.0
# A runner asked to end has `grace_seconds` for its task; after these it is left to the ledger.
ENDING_SECONDS = 60.0
CANCELLED = 143
# Beside its own limit a run may wait for those of all others.
SLACK_SECONDS = 600.0

Say = Callable[[str], None]


class RunFailed(Exception):
    """A run that did not end well; the ledger and the run's log tell more."""


@dataclass(frozen=True)
class Program:
    """The project's ``pitchline``.

    Attributes:
        words: the command and its first arguments.
        path: PYTHONPATH for it; None leaves it out.
    """

    words: list[str]
    path: str | None = None

    def env(self) -> dict[str, str]:
        """The environment to call it in."""
        env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        return env if self.path is None else env | {"PYTHONPATH": self.path}

    def spelt(self) -> str:
        """It as the value of the variable."""
        return json.dumps({"words": self.words, "path": self.path})


def this_program(params_file: str) -> Program:
    """The ``pitchline`` that runs now."""
    words = [sys.executable, "-m", "pitchline", "--params", params_file]
    return Program(words, os.pathsep.join(path for path in sys.path if path))


def given_program() -> Program:
    """The ``pitchline`` that the variable names; else the one of the folder's `.venv`."""
    told = os.environ.get(VARIABLE)
    return Program(**json.loads(told)) if told else Program([".venv/bin/pitchline"])


def takes_lookback(target: Sequence[str]) -> bool:
    """Whether a task retrains, and so takes ``lookback_days``."""
    return any("retrain" in line.split()[1:] for line in target if line.startswith("snakemake "))


def settings_of(reason: str | None, lookback_days: int | None) -> list[str]:
    """Parameters of a retraining as the runner takes them; none where none is given.

    Raises:
        RunFailed: the reason has characters that can't be passed on.
    """
    if reason is not None and not reason.isprintable():
        raise RunFailed(f"reason: {reason!r} has line breaks or signs of control; leave them out")
    given = {"reason": reason, "lookback_days": lookback_days}
    told = {name: value for name, value in given.items() if value is not None}
    return [f"retrain={json.dumps(told, ensure_ascii=False)}"] if told else []


def longest_seconds(limits_minutes: Mapping[str, float]) -> float:
    """Seconds after which no run is waiting or at work, were each task queued once."""
    return sum(limits_minutes.values()) * 60 + SLACK_SECONDS


@dataclass
class Calls:
    """The calls of one engine's process."""

    program: Program
    say: Say
    at_work: set[subprocess.Popen[str]] = field(default_factory=set)
    ending: threading.Event = field(default_factory=threading.Event)

    def call(
        self,
        task: str,
        trigger: str,
        reason: str | None = None,
        settings: Sequence[str] = (),
        say: Say | None = None,
    ) -> int:
        """Call the runner and wait for its end; gives its exit code.

        Args:
            task: of the table.
            trigger: who calls.
            reason: recorded as the run's cause; None for the usual one.
            settings: parameters for this run alone.
            say: takes each line that the runner and its task write; else the engine's own.
        """
        return self.follow(self.begin(task, trigger, reason, settings), say)

    def begin(
        self,
        task: str,
        trigger: str,
        reason: str | None = None,
        settings: Sequence[str] = (),
        due: str | None = None,
    ) -> subprocess.Popen[str]:
        """Call the runner, for ``follow`` to wait for.

        Args:
            task: of the table.
            trigger: who calls.
            reason: recorded as the run's cause; None for the usual one.
            settings: parameters for this run alone.
            due: the due time (UTC) to answer, which may be ahead: the runner waits for it. None
                for the latest one.
        """
        words = [*self.program.words, "run", task, "--trigger", trigger, "--show"]
        words += ["--reason", reason] if reason else []
        words += ["--due", due] if due else []
        words += ["--", *settings] if settings else []
        process = self._start(words)
        self.at_work.add(process)
        return process

    def follow(self, process: subprocess.Popen[str], say: Say | None = None) -> int:
        """Pass on what a runner writes until it ends; gives its exit code."""
        try:
            if self.ending.is_set():
                process.terminate()
            for line in process.stdout or ():
                (say or self.say)(line.rstrip())
            return process.wait()
        except BaseException:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(ENDING_SECONDS)
            raise
        finally:
            self.at_work.discard(process)

    def end(self) -> None:
        """Ask all runners to end, and start no other."""
        self.ending.set()
        for process in list(self.at_work):
            process.terminate()

    def look_after(self) -> None:
        """Close lost runs and make up for missed ones, in the background, until the end."""
        threading.Thread(target=self._look_after, name="tend", daemon=True).start()

    def _look_after(self) -> None:
        while not self.ending.wait(TEND_SECONDS):
            done = subprocess.run(
                [*self.program.words, "schedule", "tend", "--quiet", "--names"],
                env=self.program.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                text=True, check=False,
            )  # fmt: skip
            for task in done.stdout.split():
                threading.Thread(
                    target=self.call, args=(task, "catch-up"), name=task, daemon=True
                ).start()

    def _start(self, words: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            words, env=self.program.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip


def table(program: Program) -> dict[str, dict[str, Any]]:
    """The table's tasks that are on, as ``pitchline schedule list --json`` tells them.

    Raises:
        RunFailed: it could not be read.
    """
    done = subprocess.run(
        [*program.words, "schedule", "list", "--json"],
        env=program.env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RunFailed(f"the table can't be read:\n{done.stderr or done.stdout}")
    tasks: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return {name: task for name, task in tasks.items() if task["enabled"]}
