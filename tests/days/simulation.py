"""Days go by: the clock is set shortly before each due time, and idle hours are skipped.

While anything is at work the clock goes at its own pace, so a time to recovery is that of the
machine that this runs on. Where nothing is at work it is moved on by the period in which the
scheduler looks after itself.
"""

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import psutil

from pitchline import layout
from pitchline.alerts import planning, sender
from pitchline.alerts.routes import addresses
from pitchline.params import load
from pitchline.schedule import ledger
from pitchline.schedule.due import due_times
from pitchline.schedule.embedded import TEND_SECONDS
from pitchline.schedule.ledger import Run
from tests.days.client import health
from tests.days.faults import FAULTS, Fault
from tests.days.world import DAY, World, midnight

LEAD = timedelta(seconds=1.2)
LOOK_SECONDS = 0.1
DOWN = timedelta(minutes=10)
# What does not settle in so long, of this machine's time, is reported as it is.
PATIENCE_SECONDS = 420.0
IDLE_SECONDS = 0.7
MONDAY = 0
MOST_RUNS = 100_000


@dataclass
class Struck:
    """A fault and what came of it.

    Attributes:
        day: from 1 on.
        fault: its name.
        task: during which it struck.
        ended_at: when it was over.
        has_struck: whether what it was to hit was there.
        recovery_minutes: from then on until all was well; None if it never was.
        unwell: what was not well when patience ended.
    """

    day: int
    fault: str
    task: str
    ended_at: str
    has_struck: bool = True
    recovery_minutes: float | None = None
    unwell: list[str] = field(default_factory=list)


def plan(days: int, seed: int, world: World) -> list[str]:
    """The fault of each day: all in turn, in a seeded order; MLflow's on Mondays."""
    rng = random.Random(seed)
    # Each kind is looked at as a class here.
    able = [name for name, kind in FAULTS.items() if kind.possible(world)]  # type: ignore[attr-defined]
    others = [name for name in able if name != "MLflow down"]
    first = midnight(world.clock.true) + DAY
    chosen: list[str] = []
    waiting: list[str] = []
    mondays = 0
    for day in range(days):
        if (first + day * DAY).weekday() == MONDAY and "MLflow down" in able:
            mondays += 1
            if mondays % 2:
                chosen.append("MLflow down")
                continue
        if not waiting:
            waiting = rng.sample(others, len(others))
        chosen.append(waiting.pop())
    return chosen


class Simulation:
    """Days in a world."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.begins = world.clock.true
        self.struck: list[Struck] = []
        self.collected: list[dict[str, Any]] = []
        self.seconds: dict[str, float] = {"waiting for runs": 0.0, "recovering": 0.0}
        self._rng = random.Random(seed)
        self._params = load(world.folder / "params.yaml")

    def live(self, faults: Sequence[str]) -> None:
        """Let as many days go by as there are faults."""
        first = midnight(self.world.clock.true) + DAY
        for number, name in enumerate(faults):
            self._day(number + 1, first + number * DAY, name)

    def _day(self, number: int, start: datetime, name: str) -> None:
        moments = list(self._moments(start - timedelta(seconds=1), start + DAY))
        fault: Fault | None = FAULTS[name](self.world, self._rng)
        able = [
            (moment, task)
            for moment, tasks in moments
            for task in tasks
            if fault is not None and (not fault.tasks or task in fault.tasks)
        ]
        at, struck_task = self._rng.choice(able) if able else (None, "")
        for moment, tasks in moments:
            if moment <= self.world.clock.true:
                continue
            if moment == at and fault is not None:
                self._struck(number, name, fault, moment, struck_task)
            else:
                self._go(moment)
                self._tell_unwell(number, self._settle())
            if "collect" in tasks and self.world.standin is not None:
                self._note_collected(start)
            self.world.move_hosts()

    def _tell_unwell(self, day: int, unwell: Sequence[str]) -> None:
        """A day without a fault at work should be well; if not, it is among the faults."""
        if unwell:
            now = f"{self.world.clock.true:%Y-%m-%dT%H:%M:%SZ}"
            self.struck.append(Struck(day, "none", "", now, unwell=list(unwell)))
            print(f"day {day}: {unwell}", flush=True)

    def _moments(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, list[str]]]:
        found = sorted(
            (due, name)
            for name, task in self.world.schedule.tasks.items()
            if task.enabled
            for due in due_times(task.cron, after, until - timedelta(seconds=1))
        )
        for moment, group in groupby(found, key=lambda each: each[0]):
            yield moment, [name for _, name in group]

    def _go(self, moment: datetime) -> None:
        """To shortly before a due time, and past it."""
        self.world.clock.set(moment - LEAD)
        self.world.move_hosts()
        while self.world.clock.true < moment:
            time.sleep(0.05)

    def _struck(self, day: int, name: str, fault: Fault, moment: datetime, task: str) -> None:
        began = self.world.clock.true
        fault.before()
        if fault.is_down:
            self.world.clock.set(moment + DOWN)
        else:
            self._go(moment)
            fault.strike(task)
            if fault.lasts:
                self._settle()
        fault.end()
        over = self.world.clock.true
        told = Struck(day, name, task, f"{over:%Y-%m-%dT%H:%M:%SZ}", fault.has_struck)
        self.struck.append(told)
        at = time.monotonic()
        unwell = self._settle()
        self.seconds["recovering"] += time.monotonic() - at
        if unwell:
            told.unwell = unwell
        else:
            told.recovery_minutes = round((self.world.clock.true - over) / timedelta(minutes=1), 2)
        spent = self.world.clock.true - began
        print(f"day {day}: {name} ({task}): {asdict(told)} {spent}", flush=True)

    def _settle(self) -> list[str]:
        """Wait until all is well; what is not, after a long time."""
        at, quiet = time.monotonic(), time.monotonic()
        while True:
            unwell = self.unwell()
            if not unwell:
                self.seconds["waiting for runs"] += time.monotonic() - at
                return []
            if time.monotonic() - at > PATIENCE_SECONDS:
                return unwell
            if self._at_work():
                quiet = time.monotonic()
            elif time.monotonic() - quiet > IDLE_SECONDS:
                quiet = time.monotonic()
                self.world.clock.set(self.world.clock.true + timedelta(seconds=TEND_SECONDS))
            time.sleep(LOOK_SECONDS)

    def _at_work(self) -> bool:
        """Whether a runner or a sender of alerts is there."""
        if ledger.open_runs(path=self.world.folder / layout.LEDGER):
            return True
        scheduler = self.world.processes["scheduler"]
        try:
            return bool(psutil.Process(scheduler.pid).children())
        except psutil.Error:
            return False

    def unwell(self) -> list[str]:
        """What is not as it should be: a due time unanswered, a run open, a task that failed."""
        found = []
        path = self.world.folder / layout.LEDGER
        now = self.world.clock.true
        runs = ledger.recent_runs(60, path=path)
        found += [f"{run.run_id} is {run.status}" for run in runs if run.is_open]
        for name, task in self.world.schedule.tasks.items():
            if task.enabled:
                latest = next(iter(list(due_times(task.cron, now - 8 * DAY, now))[-1:]), None)
                # One begun while the clock was ahead may be of a due time still to come.
                until_now = [run for run in runs if run.due and run.due <= now]
                found += _unanswered(name, latest, until_now, self.begins)
        if self.world.processes["scheduler"].poll() is not None:
            found.append("the scheduler is gone")
        found += self._unserved()
        if self.world.hook.mode == "ok" and (waiting := self.alerts_waiting()):
            found.append(f"{waiting} alert(s) wait")
        return found

    def _unserved(self) -> list[str]:
        """What is not well with the service, if there is one."""
        if self.world.port is None:
            return []
        told = health(self.world.port)
        champion = json.loads((self.world.folder / layout.CHAMPION).read_text())["version"]
        if told is None:
            return ["the service does not answer"]
        if told["model"] != champion:
            return [f"the service serves {told['model']}, the champion is {champion}"]
        return []

    def runs(self) -> list[Run]:
        """All of the ledger, the oldest first."""
        return ledger.recent_runs(MOST_RUNS, skipped=True, path=self.world.folder / layout.LEDGER)[
            ::-1
        ]

    def alerts_waiting(self) -> int:
        """Notices that no address has got yet."""
        folder = self.world.folder / layout.ALERTS
        book = sender.current(folder)
        env: Mapping[str, str] = self.world.env
        where = addresses(self._params.alerts, env)
        now = self.world.clock.true.timestamp()
        return sum(
            notice.kind != "again"
            for message in planning.plan(book, where, self._params.alerts, now)
            for notice in message.notices
        )

    def _note_collected(self, day: datetime) -> None:
        path = self.world.folder / layout.RECEIPTS / "run.json"
        told = json.loads(path.read_text())
        self.collected.append(
            {
                "day": f"{day:%Y-%m-%d}",
                "overall": told["overall_status"],
                "sources": {name: each["status"] for name, each in told["tasks"].items()},
            }
        )


def _unanswered(
    name: str, latest: datetime | None, runs: Sequence[Run], begins: datetime
) -> list[str]:
    """Why a task's latest due time is not answered by a success."""
    if latest is None or latest <= begins:
        return []
    of_task = [run for run in runs if run.task == name and run.due and run.due >= latest]
    if not of_task:
        return [f"{name} of {latest:%d %b %H:%M} has not run"]
    newest = of_task[0]
    return [] if newest.status == "succeeded" else [f"{newest.run_id} is {newest.status}"]
