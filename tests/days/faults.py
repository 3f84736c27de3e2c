"""What goes wrong, one thing a day.

A fault may begin before a due time (`before`), strike while the task is at work (`strike`), and
ends (`end`); from then on the time to recovery counts.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import psutil

from pitchline import layout
from pitchline.schedule import ledger
from pitchline.schedule.ledger import Run
from tests.days.world import World
from tests.standin import Failure

AT_WORK_SECONDS = 60.0
# Tasks that are surely still at work when something strikes some seconds later.
LONG = ("collect", "emergency-retrain")
BAD_BODIES = (
    Failure.CHALLENGE_PAGE,
    Failure.TRUNCATED,
    Failure.EMPTY,
    Failure.MISSING_KEYS,
    Failure.HTML_AS_CSV,
    Failure.SERVER_503,
    Failure.WRONG_SEASON,
)


class Fault:
    """One fault.

    Attributes:
        tasks: during which it strikes; all of them if empty.
        lasts: whether it goes on until the run has ended.
        is_down: whether the scheduler is not there at the due time.
        has_struck: whether what was to be hit was there.
    """

    tasks: tuple[str, ...] = ()
    lasts = False
    is_down = False
    has_struck = True

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng = world, rng

    @classmethod
    def possible(cls, world: World) -> bool:  # noqa: ARG003
        return True

    def before(self) -> None: ...

    def strike(self, task: str) -> None: ...

    def end(self) -> None: ...

    # What several of them need.

    def _run_at_work(self, task: str) -> Run | None:
        """The task's run, once its command is at work."""
        ends = time.monotonic() + AT_WORK_SECONDS
        while time.monotonic() < ends:
            with suppress(Exception):
                for run in ledger.open_runs(path=self.world.folder / layout.LEDGER):
                    if run.task == task and run.status == "running":
                        return run
            time.sleep(0.05)
        return None

    def _processes(self, run: Run) -> tuple[psutil.Process | None, list[psutil.Process]]:
        """The runner and the processes of its task."""
        with suppress(psutil.Error):
            runner = psutil.Process(run.pid)
            return runner, runner.children(recursive=True)
        return None, []

    def _after_a_while(self) -> None:
        time.sleep(self.rng.uniform(0.0, self.world.strike_seconds))

    def _kill(self, processes: Sequence[psutil.Process | None]) -> None:
        self.has_struck = False
        for process in processes:
            with suppress(psutil.Error):
                if process is not None:
                    process.kill()
                    self.has_struck = True


class SourceDown(Fault):
    """Every host refuses connections while data is collected."""

    tasks = ("collect",)
    lasts = True

    @classmethod
    def possible(cls, world: World) -> bool:
        return world.standin is not None

    def before(self) -> None:
        assert self.world.standin is not None
        self.world.standin.stop()

    def end(self) -> None:
        assert self.world.standin is not None
        self.world.standin.start()


class BadData(SourceDown):
    """Every host answers with what it should not."""

    def before(self) -> None:
        assert self.world.standin is not None
        for host in ("openfootball", "football_data_co_uk"):
            self.world.standin.fail(host, [self.rng.choice(BAD_BODIES)], repeat=True)

    def end(self) -> None:
        assert self.world.standin is not None
        self.world.standin.heal()


class RunnerKilled(Fault):
    """SIGKILL for the runner alone."""

    tasks = LONG

    def strike(self, task: str) -> None:
        run = self._run_at_work(task)
        self._after_a_while()
        self._kill([] if run is None else [self._processes(run)[0]])


class TreeKilled(Fault):
    """SIGKILL for the runner and all it has started."""

    tasks = LONG

    def strike(self, task: str) -> None:
        run = self._run_at_work(task)
        self._after_a_while()
        runner, others = (None, []) if run is None else self._processes(run)
        self._kill([runner, *others])


class TaskKilled(Fault):
    """SIGKILL for the task's own process: Snakemake, or the command."""

    tasks = LONG

    def strike(self, task: str) -> None:
        run = self._run_at_work(task)
        self._after_a_while()
        runner, others = (None, []) if run is None else self._processes(run)
        with suppress(psutil.Error):
            self._kill([each for each in others if runner and each.ppid() == runner.pid])


class RunnerFrozen(Fault):
    """The runner is stopped and never goes on."""

    def strike(self, task: str) -> None:
        run = self._run_at_work(task)
        runner, _ = (None, []) if run is None else self._processes(run)
        self.has_struck = False
        with suppress(psutil.Error):
            if runner is not None:
                runner.send_signal(signal.SIGSTOP)
                self.has_struck = True


class FullDisk(Fault):
    """No byte is left on the project's disk, for some seconds of the run."""

    seconds = 6.0

    @classmethod
    def possible(cls, world: World) -> bool:
        return world.folder.parent.is_mount()

    def strike(self, task: str) -> None:
        self._run_at_work(task)
        ballast = self.world.folder.parent / "ballast"
        with ballast.open("wb", buffering=0) as handle, suppress(OSError):
            while True:
                handle.write(bytes(2**20))
        with ballast.open("ab", buffering=0) as handle, suppress(OSError):
            while True:
                handle.write(bytes(512))
        time.sleep(self.seconds)

    def end(self) -> None:
        (self.world.folder.parent / "ballast").unlink(missing_ok=True)


class ClockAhead(Fault):
    """The machine's clock runs three hours ahead until it is set right."""

    seconds = 3 * 3600.0

    def strike(self, task: str) -> None:  # noqa: ARG002
        self.world.clock.err(self.seconds)
        time.sleep(3.0)

    def end(self) -> None:
        self.world.clock.err(0.0)


class ClockBehind(ClockAhead):
    """The machine's clock runs two hours behind until it is set right."""

    seconds = -2 * 3600.0


class TrackingDown(Fault):
    """The MLflow server is not there while a model is trained."""

    tasks = ("retrain",)
    lasts = True

    @classmethod
    def possible(cls, world: World) -> bool:
        return "mlflow" in world.processes

    def before(self) -> None:
        _kill_group(self.world.processes["mlflow"])

    def end(self) -> None:
        # What could not be sent is kept; where nothing was trained, nothing was to be sent.
        self.has_struck = any((self.world.folder / layout.UNSENT).rglob("*.json"))
        self.world.start_tracking()


class AlertsDown(TreeKilled):
    """The address of the alerts answers 500 while a run is lost, and for the next 45 minutes."""

    def before(self) -> None:
        self.world.hook.mode = "500"

    def end(self) -> None:
        self.world.clock.set(self.world.clock.true + timedelta(minutes=45))
        time.sleep(2.0)
        self.world.hook.mode = "ok"


class SchedulerKilled(Fault):
    """SIGKILL for the scheduler; ten minutes after the due time another is started."""

    is_down = True

    def before(self) -> None:
        scheduler = self.world.processes["scheduler"]
        scheduler.kill()
        scheduler.wait()

    def end(self) -> None:
        self.world.start_scheduler()


class WorkerKilled(Fault):
    """SIGKILL for one of the service's two workers."""

    @classmethod
    def possible(cls, world: World) -> bool:
        return "service" in world.processes

    def strike(self, task: str) -> None:  # noqa: ARG002
        service = psutil.Process(self.world.processes["service"].pid)
        workers = [each for each in service.children() if _is_worker(each)]
        self._kill([self.rng.choice(workers)] if workers else [])


class ChampionBroken(WorkerKilled):
    """models/champion.json is cut off, and after some seconds put back."""

    def __init__(self, world: World, rng: random.Random) -> None:
        super().__init__(world, rng)
        self._path = world.folder / layout.CHAMPION
        self._content = b""

    def strike(self, task: str) -> None:  # noqa: ARG002
        _await_quiet(self.world)
        self._content = self._path.read_bytes()
        self._path.write_bytes(self._content[: len(self._content) // 2])
        time.sleep(4.0)

    def end(self) -> None:
        part = self._path.with_suffix(".part")
        part.write_bytes(self._content)
        part.replace(self._path)


FAULTS: dict[str, Callable[[World, random.Random], Fault]] = {
    "source down": SourceDown,
    "bad data": BadData,
    "runner killed": RunnerKilled,
    "runner and task killed": TreeKilled,
    "task killed": TaskKilled,
    "runner frozen": RunnerFrozen,
    "disk full": FullDisk,
    "clock 3 h ahead": ClockAhead,
    "clock 2 h behind": ClockBehind,
    "MLflow down": TrackingDown,
    "alerts can't be sent": AlertsDown,
    "scheduler killed": SchedulerKilled,
    "service worker killed": WorkerKilled,
    "champion.json broken": ChampionBroken,
}


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "spawn_main" in " ".join(process.cmdline())
    return False


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _await_quiet(world: World) -> None:
    """Until no run is open."""
    while ledger.open_runs(path=world.folder / layout.LEDGER):
        time.sleep(0.1)
