"""The service over HTTP: times, rates, swaps under load, hostile requests, start and memory.

    python benchmarks/serve.py DIR [latency throughput batches swaps converge hostile start]

DIR is a project with features, predictions and a champion; it is copied, not changed. Without a
name all parts are run. One worker with the default settings, its log into a file, unless told
otherwise; clients on the same machine. `throughput` needs wrk. Prints a Markdown table at the end.
"""

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

import serve_load as load  # noqa: E402
from serve_hostile import KINDS, sent  # noqa: E402
from serve_models import project  # noqa: E402
from serve_process import BATCH, PORT, Report, bodies, serving  # noqa: E402
from serve_swaps import converge, swaps  # noqa: E402

SECONDS = 15.0
HOSTILE = 10_000
WRK = """wrk.method = "POST"
wrk.body = [==[{}]==]
wrk.headers["Content-Type"] = "application/json"
"""


def _elsewhere(function: Callable[..., load.Load], *args: Any) -> Any:
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    return pool.submit(function, *args)


def latency(folder: Path, report: Report) -> None:
    """Single requests, one at a time."""
    with serving(folder):
        one, _ = bodies()
        found = [
            _elsewhere(load.one_at_a_time, PORT, load.request_of(one), SECONDS).result()
            for _ in range(3)
        ]
    best = min(found, key=lambda each: each.milliseconds(99)[0])
    p50, p99, p999 = best.milliseconds(50, 99, 99.9)
    every = ", ".join(f"{each.milliseconds(99)[0]:.2f}" for each in found)
    report.add(
        "one prediction at a time: p50, p99, p99.9",
        f"{p50:.2f}, {p99:.2f}, {p999:.2f} ms (p99 of three runs: {every})",
        "p99 2 ms",
    )
    report.add("wrong among these", str(sum(sum(each.wrong.values()) for each in found)), "0")


def throughput(folder: Path, report: Report) -> None:
    """Predictions a second, one row a request, by wrk."""
    if shutil.which("wrk") is None:
        print("wrk is not installed: no throughput")
        return
    with serving(folder) as at_work:
        one, _ = bodies()
        script = folder / "one.lua"
        script.write_text(WRK.format(one.decode()))
        for connections in (1, 8, 32, 128):
            command = [
                "wrk", "-t1", f"-c{connections}", f"-d{SECONDS:.0f}s", "--latency", "-s",
                str(script), f"http://127.0.0.1:{PORT}/v1/predict",
            ]  # fmt: skip
            used = sum(at_work.process.cpu_times()[:2])
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            used = sum(at_work.process.cpu_times()[:2]) - used
            rate, count, p99 = (
                re.search(pattern, told)
                for pattern in (r"Requests/sec:\s+([\d.]+)", r"(\d+) requests in", r"\s99%\s+(\S+)")
            )
            assert rate
            assert count
            assert p99
            wrong = re.search(r"Non-2xx.*|Socket errors.*", told)
            report.add(
                f"predictions a second, {connections} connections",
                f"{float(rate[1]):,.0f}, p99 {p99[1]}, {1e6 * used / int(count[1]):.0f} us of CPU"
                + (f", {wrong[0]}" if wrong else ""),
                "4,000" if connections == 32 else "",
            )


def batches(folder: Path, report: Report) -> None:
    """Rows a second in batches, and single requests meanwhile."""
    with serving(folder) as at_work:
        one, batch = (load.request_of(body) for body in bodies())
        for connections in (1, 2):
            found = _elsewhere(load.many, PORT, batch, connections, SECONDS).result()
            rate = BATCH * len(found.times) / found.seconds
            p50, p99 = found.milliseconds(50, 99)
            report.add(
                f"rows a second in batches of {BATCH:,}, {connections} connection(s)",
                f"{rate:,.0f}; a batch in {p50:.1f} ms, p99 {p99:.1f} ms",
                "50,000",
            )
        quiet = _elsewhere(load.one_at_a_time, PORT, one, SECONDS).result()
        beside = _elsewhere(load.many, PORT, batch, 1, SECONDS + 2)
        time.sleep(1)
        busy = _elsewhere(load.one_at_a_time, PORT, one, SECONDS - 2).result()
        beside.result()
        report.add(
            "one prediction at a time, p50 and p99; while batches run",
            "{:.2f}, {:.2f} ms; {:.2f}, {:.2f} ms".format(
                *quiet.milliseconds(50, 99), *busy.milliseconds(50, 99)
            ),
        )
        report.add("memory after batches", f"{at_work.megabytes()[0]:.0f} MB", "300 MB a worker")


def hostile(folder: Path, report: Report) -> None:
    """Requests that no client should send."""
    with serving(folder, client_seconds=1, body_seconds=1) as at_work:
        reads = load.get(PORT, "/v1/model")["reads"]
        began = time.perf_counter()
        statuses, failed, hung = asyncio.run(sent(PORT, HOSTILE, 1, reads))
        seconds = time.perf_counter() - began
        time.sleep(1)
        open_ = len(at_work.process.net_connections()) - 1
        one, _ = bodies()
        after = load.one_at_a_time(PORT, load.request_of(one), 2)
        traces = at_work.log.read_bytes().count(b'"trace"')
        megabytes = at_work.megabytes()[0]
    told = ", ".join(f"{status} {count:,}" for status, count in sorted(statuses.items()))
    report.add(
        f"hostile requests of {len(KINDS)} kinds: 5xx; kept over a minute; traces in the log",
        f"{HOSTILE:,} in {seconds:.0f} s: {sum(failed.values())}; {hung}; {traces}",
        "0 5xx",
    )
    report.add("answers by status", told)
    report.add(
        "after them: wrong answers, open connections, memory",
        f"{sum(after.wrong.values())}, {open_}, {megabytes:.0f} MB",
        "0",
    )


def start(folder: Path, report: Report) -> None:
    """From the command to the first answer, and memory then and later."""
    found, used, memory = [], [], []
    for _ in range(5):
        with serving(folder) as at_work:
            found.append(at_work.seconds)
            used.append(sum(at_work.process.cpu_times()[:2]))
            memory.append(at_work.megabytes()[0])
    report.add(
        "command to first answer, median and longest of 5",
        f"{np.median(found):.2f}, {max(found):.2f} s, {np.median(used):.2f} s of CPU",
        "3 s",
    )
    report.add("memory then", f"{max(memory):.0f} MB", "300 MB")


PARTS = {
    each.__name__: each for each in (latency, throughput, batches, swaps, converge, hostile, start)
}


def main() -> None:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    told = parser.parse_args()
    report = Report()
    for name in told.parts or PARTS:
        with tempfile.TemporaryDirectory() as temporary:
            project(told.folder, Path(temporary))
            PARTS[name](Path(temporary), report)
    report.show()


if __name__ == "__main__":
    main()
