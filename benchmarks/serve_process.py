"""The service as a process, for the benchmarks, and the table of what they measured."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import serve_load as load

ROOT = Path(__file__).parents[1]
PORT = 8765
BATCH = 1000


@dataclass
class Serving:
    """A service at work.

    Attributes:
        process: of ``pitchline serve``.
        log: its log.
        seconds: from the command to the first answer.
    """

    process: psutil.Process
    log: Path
    seconds: float

    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        found = [
            each
            for each in self.process.children(recursive=True)
            if "spawn_main" in " ".join(each.cmdline())
        ]
        return found or [self.process]

    def megabytes(self) -> list[float]:
        """Resident memory of each worker."""
        return [each.memory_info().rss / 2**20 for each in self.workers()]

    def lines(self) -> Iterator[dict[str, Any]]:
        """The log's lines that speak of models."""
        for line in self.log.read_bytes().splitlines():
            if b"serves, " in line or b" refused, " in line:
                yield json.loads(line)


@contextmanager
def serving(folder: Path, **variables: object) -> Iterator[Serving]:
    """``pitchline serve`` in a folder, once it answers."""
    told = {f"PITCHLINE_SERVE_{name.upper()}": str(value) for name, value in variables.items()}
    environment = os.environ | told | {"PITCHLINE_SERVE_PORT": str(PORT)}
    environment["PYTHONPATH"] = str(ROOT / "workflow")
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    log = folder / "serve.log"
    began = time.perf_counter()
    with log.open("wb") as writing:
        process = subprocess.Popen(
            [sys.executable, "-c", "from pitchline.cli import main; main()", "serve"],
            cwd=folder, env=environment, stderr=writing,
        )  # fmt: skip
    try:
        while True:
            try:
                load.get(PORT, "/v1/health")
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(log.read_text()) from None
                time.sleep(0.005)
        yield Serving(psutil.Process(process.pid), log, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(timeout=60)


class Report:
    """The table that is printed at the end."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []

    def add(self, what: str, measured: str, goal: str = "") -> None:
        """Add a row, and show it."""
        busy = os.getloadavg()[0]
        print(f"{what}: {measured} [{goal}] load {busy:.1f}", flush=True)
        self.rows.append((what, measured, goal))

    def show(self) -> None:
        """Print the table."""
        print("\n| what | measured | goal |\n|---|---|---|")
        for row in self.rows:
            print(f"| {' | '.join(row)} |")


def bodies() -> tuple[bytes, bytes]:
    """A body of one row and one of a batch, of rows that differ."""
    reads = load.get(PORT, "/v1/model")["reads"]
    values = np.random.default_rng(1).normal(1, 1, (BATCH, len(reads))).round(6).tolist()
    rows = [dict(zip(reads, row, strict=True)) for row in values]
    return json.dumps({"rows": rows[:1]}).encode(), json.dumps({"rows": rows}).encode()
