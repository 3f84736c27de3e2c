"""A project whose tasks are small scripts, and real runners in it.

The environment's folder of programs is a stand-in: its `python` is this one, its `snakemake` runs
the script named as target. So the runner under test is whole and a task takes no time.
"""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import yaml

from pitchline.schedule import ledger
from pitchline.schedule.ledger import Run
from tests.conftest import ROOT

SNAKEMAKE = """#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift
exec ./tasks/"$1"
"""
PATIENCE = 60.0


class Project:
    """A folder with a schedule."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tools = folder / "bin"
        self.tools.mkdir()
        (self.tools / "python").symlink_to(sys.executable)
        self._script(self.tools / "snakemake", SNAKEMAKE)
        self.params: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text())
        self.params["schedule"] |= {
            "heartbeat_seconds": 0.2,
            "lost_after_seconds": 2.0,
            "grace_seconds": 0.5,
            "tasks": {},
        }
        paths = [p for p in sys.path if p.endswith("site-packages")]
        self.env = {
            key: value
            for key, value in os.environ.items()
            # Each of the many processes would compile the package anew.
            if not key.startswith("PITCHLINE_") and key != "PYTHONDONTWRITEBYTECODE"
        } | {
            "PYTHONPATH": os.pathsep.join([str(ROOT / "workflow"), *paths]),
        }

    def _script(self, path: Path, text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def task(self, name: str, script: str, **settings: Any) -> None:
        """Add a task that runs a shell script."""
        self._script(self.folder / "tasks" / name, f"#!/bin/bash\n{script}\n")
        task = {
            "cron": "0 2 * * *",
            "target": [f"snakemake {name}"],
            "priority": 5,
            "limit_minutes": 1.0,
            "retries": {"times": 0, "backoff_seconds": 0.0, "exit_codes": None},
            "enabled": True,
            "catch_up": True,
        }
        self.params["schedule"]["tasks"][name] = task | settings
        (self.folder / "params.yaml").write_text(yaml.safe_dump(self.params, sort_keys=False))

    def command(self, *words: str) -> list[str]:
        return [str(self.tools / "python"), "-m", "pitchline", *words]

    def start(self, *words: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a command of ours; its own output goes to a file."""
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                self.command(*words), cwd=self.folder, env=self.env | env, stdout=said, stderr=said
            )

    def call(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Call a command of ours; all it says is in ``stdout``."""
        return subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def runs(self, task: str | None = None, *, skipped: bool = False) -> list[Run]:
        """All runs, the oldest first."""
        path = self.folder / "data/state/schedule/ledger.sqlite"
        return ledger.recent_runs(1000, task, skipped=skipped, path=path)[::-1]

    def await_(self, what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Wait until something is so."""
        ends = time.monotonic() + seconds
        while (began := time.monotonic()) < ends:
            found = what()
            if found:
                return found
            # Who looks without a pause takes a core from what is awaited.
            time.sleep(min(0.2, max(0.02, 3 * (time.monotonic() - began))))
        said = (self.folder / "said").read_text() if (self.folder / "said").exists() else ""
        raise AssertionError(f"never came to be; said so far:\n{said}\n{self.runs()}")

    def await_status(self, task: str, status: str) -> Run:
        """Wait until a task's newest run has a status."""
        run: Run = self.await_(
            lambda: next((r for r in self.runs(task)[-1:] if r.status == status), None)
        )
        return run

    def processes(self, name: str = "sleep") -> list[psutil.Process]:
        """Processes of a name whose folder is the project's."""
        found = []
        for process in psutil.process_iter(["name"]):
            with suppress(psutil.Error):
                if process.info["name"] == name and process.cwd() == str(self.folder):
                    found.append(process)
        return found

    def lines(self, name: str) -> list[str]:
        """Lines that tasks have written to a file."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []
