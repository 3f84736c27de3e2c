"""A project on a small league, the hosts it asks, and the clock that all of them go by."""

import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from pitchline import layout
from pitchline.ingest.identity.teams import read_teams
from pitchline.params import load
from pitchline.params.schedule import Schedule
from tests.alerts.servers import Hook
from tests.conftest import ROOT
from tests.dag.workspace import Workspace, project_copy
from tests.standin import StandIn
from tests.standin.params import point_params_at

LEAGUE = "eng-premier-league"
SEASONS = ("2023-24", "2024-25", "2025-26")
# A Saturday, so that the first Monday has news to train on.
BEGINS = datetime(2026, 1, 31, 12, tzinfo=UTC)
SOURCES = {"openfootball": "openfootball", "football_data_co_uk": "football_data_co_uk"}
COLLECT_RETRIES = {
    "times": 2,
    "backoff_seconds": 0.05,
    "longest_backoff_seconds": 0.2,
    "longest_retry_after_seconds": 1.0,
    "answer_seconds": 2.0,
}
# The whole pipeline in seconds; a model of so little is not held to the gates on its worth.
SMALL = {
    "train": {
        "family": "xgboost",
        "test_days": 200,
        "folds": 2,
        "trials": 4,
        "max_rounds": 60,
        "early_stopping_rounds": 8,
    },
    "evaluate": {"refit_days": 150, "bootstrap_samples": 200},
}
KEPT_GATES = {"quality", "sample"}
RETRY_SECONDS = 3.0


class SetClock:
    """The clock of all processes: this machine's, and what its file adds."""

    def __init__(self, path: Path, moment: datetime) -> None:
        self.path = path
        self._offset = 0.0
        self._error = 0.0
        self.set(moment)

    @property
    def true(self) -> datetime:
        """The moment it is, whatever a clock that jumped says."""
        return datetime.fromtimestamp(time.time() + self._offset, tz=UTC)

    def set(self, moment: datetime) -> None:
        self._offset += (moment - self.true).total_seconds()
        self._write()

    def err(self, seconds: float) -> None:
        """Let the machine's clock go wrong by so much."""
        self._error = seconds
        self._write()

    def _write(self) -> None:
        part = self.path.with_suffix(".part")
        part.write_text(f"{self._offset + self._error:.3f}", encoding="ascii")
        part.replace(self.path)


@dataclass
class World:
    """What stands while days go by.

    Attributes:
        folder: the project's.
        standin: the hosts of the sources, if data is collected.
        hook: where alerts go.
        clock: of everything.
        schedule: the table.
        processes: the scheduler, the service and the MLflow server, by name.
        port: of the service, if there is one.
        pitchline: how it is called.
        strike_seconds: within which a fault strikes once a task is at work.
    """

    folder: Path
    standin: StandIn | None
    hook: Hook
    clock: SetClock
    schedule: Schedule
    env: dict[str, str]
    port: int | None
    pitchline: tuple[str, ...] = ("pitchline",)
    strike_seconds: float = 3.0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def call(self, *words: str, seconds: float = 300.0) -> subprocess.CompletedProcess[str]:
        """Run a command in the project; what it says is in ``stdout``."""
        return subprocess.run(
            words, cwd=self.folder, env=self.env, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, timeout=seconds,
        )  # fmt: skip

    def start(self, name: str, *words: str) -> None:
        """Start a process that goes on, its output in a file beside the project."""
        with (self.folder.parent / f"{name}.log").open("ab") as told:
            self.processes[name] = subprocess.Popen(
                words, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=told,
                stderr=told, start_new_session=True,
            )  # fmt: skip

    def start_scheduler(self) -> None:
        self.start("scheduler", *self.pitchline, "schedule", "start")

    def await_tasks(self) -> None:
        """Until the scheduler knows its tasks: what was due before is none of its own."""
        path = self.folder / layout.LEDGER
        names = {name for name, task in self.schedule.tasks.items() if task.enabled}
        ends = time.monotonic() + 60.0
        while time.monotonic() < ends:
            with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
                if {row[0] for row in connection.execute("SELECT name FROM tasks")} == names:
                    return
            time.sleep(0.05)
        raise TimeoutError("the scheduler has not begun")

    def start_service(self) -> None:
        self.start("service", *self.pitchline, "serve", "--port", str(self.port), "--workers", "2")

    def start_tracking(self) -> None:
        """A real MLflow server, once it answers."""
        uri = self.env["MLFLOW_TRACKING_URI"]
        self.start(
            "mlflow", "python", "-m", "mlflow", "server", "--workers", "1",
            "--backend-store-uri", f"sqlite:///{self.folder.parent / 'mlflow.db'}",
            "--artifacts-destination", str(self.folder.parent / "artifacts"),
            "--host", "127.0.0.1", "--port", uri.rpartition(":")[2],
        )  # fmt: skip
        ends = time.monotonic() + 120.0
        while time.monotonic() < ends:
            try:
                urllib.request.urlopen(f"{uri}/health", timeout=2.0).close()  # noqa: S310
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise TimeoutError(f"no MLflow server at {uri}")

    def move_hosts(self) -> None:
        """Let the hosts live in the clock's moment."""
        if self.standin is not None:
            self.standin.now = self.clock.true


def standin() -> StandIn:
    """The hosts: a league of real names that plays simulated seasons."""
    reference = ROOT / "workflow/reference"
    known = read_teams(reference / "teams.csv", reference / "team_names.csv").teams.values()
    clubs = [team.name for team in known if team.country == "ENG"][:20]
    return StandIn(now=BEGINS, seasons=SEASONS, leagues=(LEAGUE,), club_names=clubs)


def write_params(workspace: Workspace, hosts: StandIn, crons: Mapping[str, str]) -> None:
    """Parameters for the small league.

    Args:
        workspace: the project.
        hosts: what it asks.
        crons: of each task that is on; the others are off.
    """
    path = workspace.folder / "params.yaml"
    params: dict[str, Any] = yaml.safe_load(
        point_params_at(hosts, path.read_text(encoding="utf-8"), 0.0)
    )
    params["as_of"] = None
    params["collect"] |= {"sources": list(SOURCES)}
    params["collect"]["retries"] |= COLLECT_RETRIES
    for section, changes in SMALL.items():
        params[section] |= changes
    for name, gate in params["promote"]["gates"].items():
        if name not in KEPT_GATES:
            gate["threshold"] = None
    params["promote"]["gates"]["sample"]["threshold"] = 100.0
    schedule = params["schedule"]
    schedule |= {"heartbeat_seconds": 1.0, "lost_after_seconds": 10.0, "grace_seconds": 5.0}
    for name, task in schedule["tasks"].items():
        task["enabled"] = name in crons
        task["cron"] = crons.get(name, task["cron"])
        task["retries"]["backoff_seconds"] = RETRY_SECONDS
    params["alerts"] |= {"group_seconds": 2.0, "send_seconds": 5.0}
    params["backup"]["compression_level"] = 3
    text = yaml.safe_dump(params, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")


def build(workspace: Workspace, hosts: StandIn, crons: Mapping[str, str], clock: SetClock) -> None:
    """The project's first run: data collected, a champion promoted.

    Args:
        workspace: a copy of the project.
        hosts: what it asks.
        crons: of each task that is on.
        clock: which the processes go by.
    """
    write_params(workspace, hosts, crons)
    workspace.env |= {"PITCHLINE_CLOCK": str(clock.path), "no_proxy": "127.0.0.1"}
    workspace.commit("a small league")
    workspace.run("snakemake", "--cores", "2", "collect", "retrain", "predict", "monitor")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """A disk of its own for a folder, where the system allows it; whether it did."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        is_own = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        is_own = False
    try:
        yield is_own
    finally:
        if is_own:
            subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)


def copied(folder: Path) -> Workspace:
    """A copy of the project as it is now."""
    return project_copy(folder)


def of(
    workspace: Workspace, hosts: StandIn, hook: Hook, clock: SetClock, port: int, mlflow: str
) -> World:
    """The world around a built project."""
    env = workspace.env | {
        "PITCHLINE_ALERTS_CHAT": hook.url,
        "MLFLOW_TRACKING_URI": mlflow,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
        "PITCHLINE_SERVE_ACCESS_LOG": "false",
        "PITCHLINE_SERVE_FORECAST_LOG_SECONDS": "5",
    }
    schedule = load(workspace.folder / "params.yaml").schedule
    return World(workspace.folder, hosts, hook, clock, schedule, env, port)


DAY = timedelta(days=1)


def midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
