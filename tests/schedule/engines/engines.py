"""A project with services on free ports, which end with the test."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from tests.schedule.project import Project

PORTS = ("SERVE", "MLFLOW", "REDIS", "FLOWER", "PREFECT", "FLOWS")
PREFECT = ROOT / ".venv-prefect"
PATIENCE = 120.0


def need(what: str, found: bool, how: str) -> None:
    """Skip where a program is missing; in CI nothing may be missing."""
    if found:
        return
    told = f"{what} is not installed here: {how}"
    if os.environ.get("PITCHLINE_CI") == "1":
        pytest.fail(told)
    pytest.skip(told)


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Engines(Project):
    """A project whose services listen on free ports."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.env |= {f"PITCHLINE_{name}_PORT": str(port) for name, port in self.ports.items()}
        self.env |= {"PATH": f"{self.tools}:{os.environ['PATH']}"}
        if PREFECT.exists():
            (folder / PREFECT.name).symlink_to(PREFECT)
        self.services: list[subprocess.Popen[bytes]] = []

    def script(self, name: str, line: str) -> None:
        """Put a program on the path of the services."""
        self._script(self.tools / name, f"#!/bin/sh\n{line}\n")

    def service(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command of ours that stays, in a session of its own."""
        return self.serve(self.command(*words))

    def serve(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start any command that stays."""
        with (self.folder / "said").open("ab") as said:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.env, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        self.services.append(process)
        return process

    def redis(self) -> subprocess.Popen[bytes]:
        return self.serve(
            ["redis-server", "--port", str(self.ports["REDIS"]), "--bind", "127.0.0.1",
             "--save", ""]
        )  # fmt: skip

    def await_well(self, *names: str) -> None:
        """Wait until services are well, as `pitchline schedule health` tells."""

        def are_well() -> bool:
            ended = [each.args for each in self.services if each.poll() is not None]
            assert not ended, f"{ended} ended:\n{self.said}"
            return self.call("schedule", "health", *names).returncode == 0

        self.await_(are_well, seconds=PATIENCE)

    @property
    def said(self) -> str:
        path = self.folder / "said"
        return path.read_text(errors="replace") if path.exists() else ""

    def left(self) -> list[psutil.Process]:
        """Processes at work in the folder."""
        return [
            each
            for each in psutil.process_iter(["cwd", "cmdline"])
            if each.info["cwd"] == str(self.folder)
            and each.pid != os.getpid()
            # It tells of the runs that ended here, and outlives them.
            and "alerts" not in (each.info["cmdline"] or [])
        ]

    def end(self) -> None:
        for process in self.services:
            if process.poll() is None:
                process.kill()
                process.wait()
        for each in self.left():
            each.send_signal(signal.SIGKILL)


@contextmanager
def engines(folder: Path) -> Iterator[Engines]:
    made = Engines(folder)
    try:
        yield made
    finally:
        made.end()
