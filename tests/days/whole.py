"""Days from the first build to the last look, and what they were like."""

import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pitchline import layout
from pitchline.alerts import sender
from pitchline.collect import store
from pitchline.collect.archive import read_archive
from pitchline.schedule import ledger
from tests.alerts.servers import free_port, hook_at_work
from tests.days import world as worlds
from tests.days.client import Client, await_health
from tests.days.reckoning import delays, reckon
from tests.days.simulation import Simulation, plan
from tests.days.world import SOURCES, World


def days_in(
    home: Path,
    clock_file: Path,
    days: int,
    seed: int,
    crons: Mapping[str, str],
    *,
    megabytes: int | None = None,
    tracking: bool = True,
    faults: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Let days go by.

    Args:
        home: a folder for the project and all beside it.
        clock_file: of the clock, not on the disk that gets full.
        days: how many.
        seed: of the faults.
        crons: of each task that is on.
        megabytes: size of a disk of its own for the folder; None for none.
        tracking: whether there is an MLflow server; else a file, which is never down.
        faults: one a day; else drawn from all.

    Returns:
        The figures.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        if megabytes is not None:
            stack.enter_context(worlds.small_disk(home, megabytes))
        hosts = stack.enter_context(worlds.standin())
        hook = stack.enter_context(hook_at_work())
        clock = worlds.SetClock(clock_file, worlds.BEGINS)
        workspace = worlds.copied(home / "project")
        store_uri = f"sqlite:///{home / 'mlflow.db'}"
        uri = f"http://127.0.0.1:{free_port()}" if tracking else store_uri
        worlds.build(workspace, hosts, crons, clock)
        world = worlds.of(workspace, hosts, hook, clock, free_port(), uri)
        stack.callback(_end, world)
        if tracking:
            world.start_tracking()
        world.start_service()
        await_health(world.port)
        built = time.monotonic() - began
        print(f"built after {built:.0f} s", flush=True)
        client = stack.enter_context(Client(world.port, clock))
        simulation = Simulation(world, seed)
        world.start_scheduler()
        world.await_tasks()
        chosen = list(faults) if faults is not None else plan(days, seed, world)
        at = time.monotonic()
        simulation.live(chosen)
        lived = time.monotonic() - at
        figures = _figures(world, simulation, client)
    return figures | {
        "days": len(chosen),
        "seed": seed,
        "crons": dict(crons),
        "seconds": {
            "building": round(built),
            "days": round(lived),
            **{name: round(value) for name, value in simulation.seconds.items()},
        },
    }


def _figures(world: World, simulation: Simulation, client: Client) -> dict[str, Any]:
    runs = simulation.runs()
    reckoned = reckon(world.schedule, runs, simulation.begins, world.clock.true)
    recoveries = [each.recovery_minutes for each in simulation.struck]
    known = [minutes for minutes in recoveries if minutes is not None]
    book = sender.current(world.folder / layout.ALERTS)
    polls, good = client.polls, client.good
    return {
        "due": reckoned.due,
        "once": reckoned.once,
        "missed": reckoned.missed,
        "doubled": reckoned.doubled,
        "open": reckoned.open,
        "runs": reckoned.statuses,
        "bad_runs": [
            {"run": r.run_id, "status": r.status, "cause": r.cause, "exit_code": r.exit_code}
            for r in runs
            if r.status not in ("succeeded", "skipped")
        ],
        "run_seconds": _spent(runs),
        "start_delays": delays(runs, "scheduler"),
        "faults": [asdict(each) for each in simulation.struck],
        "longest_recovery_minutes": max(known, default=None),
        "never_recovered": sum(each is None for each in recoveries),
        "collected": simulation.collected,
        "polls": polls,
        "availability": good / polls if polls else None,
        "answers": {f"{path} {told}": n for (path, told), n in sorted(client.answers.items())},
        "polls_failed": client.failures[:50],
        "models_served": len(client.models),
        "alerts": {
            "raised": len(book.episodes),
            "open": sorted(each.key for each in book.episodes if each.open),
            "recovered": sum(not each.open for each in book.episodes),
            "messages": len(world.hook.got),
            "waiting": simulation.alerts_waiting(),
        },
        "archive": _archive(world),
        "end": _end_state(world),
    }


def _spent(runs: Sequence[ledger.Run]) -> dict[str, dict[str, float]]:
    """Seconds of the runs that succeeded, by task."""
    found: dict[str, list[float]] = {}
    for run in runs:
        if run.status == "succeeded":
            found.setdefault(run.task, []).append(run.metrics.get("seconds", 0.0))
    return {
        name: {"median": round(sorted(told)[len(told) // 2], 1), "all": round(sum(told))}
        for name, told in found.items()
    }


def _archive(world: World) -> dict[str, Any]:
    """Bodies kept by source, each checked against its hash."""
    kept = {}
    for source in SOURCES:
        folder = world.folder / layout.RAW / source
        store.verify(folder)
        kept[source] = len(list(read_archive(folder)))
    return kept


def _end_state(world: World) -> dict[str, Any]:
    doctor = world.call("pitchline", "doctor", "--json")
    with suppress(ValueError):
        found = json.loads(doctor.stdout)
        doctor_says = [each for each in _findings(found) if each.get("level") != "ok"]
        return {
            "doctor_exit": doctor.returncode,
            "doctor": doctor_says,
            "snakemake": world.call("snakemake", "--cores", "2", "-n", "retrain", "predict").stdout[
                -300:
            ],
            "status_exit": world.call("pitchline", "status", "--check").returncode,
        }
    return {"doctor_exit": doctor.returncode, "doctor": doctor.stdout[-2000:]}


def _findings(told: Any) -> list[dict[str, Any]]:
    return told if isinstance(told, list) else list(told.get("findings", []))


def _end(world: World) -> None:
    for name in ("scheduler", "service", "mlflow"):
        process = world.processes.get(name)
        if process is None or process.poll() is not None:
            continue
        process.terminate()
        try:
            process.wait(30.0)
        except Exception:  # noqa: BLE001 it has had its time
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
