"""Swaps of the model under load, and how several workers go over."""

import asyncio
import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import serve_load as load
import uvloop
from serve_models import SPOILT, bad, good
from serve_process import PORT, Report, serving

from pitchline import layout
from pitchline.files import read_json, read_parquet, write_bytes, write_json
from pitchline.promote.champion import describe_files
from pitchline.train.candidate import version_of
from pitchline.train.model import Forecaster
from pitchline.train.split import trainable

QUIET_SECONDS = 30.0
SWAPS, BAD = 80, 20
SWAP_SECONDS = 0.65
CONNECTIONS = 8
PROBABILITIES = ("probability_home", "probability_draw", "probability_away")


def swaps(folder: Path, report: Report) -> None:
    """A hundred swaps under load, a fifth of them to bad models."""
    pointer = read_json(folder / layout.CHAMPION, made_by="snakemake promote")
    forecaster = Forecaster.load(folder / layout.CHAMPIONS / pointer["version"])
    rows = trainable(read_parquet(folder / layout.FEATURES, made_by="snakemake features"), 1)
    asked = rows[list(forecaster.columns)].iloc[-1:].to_numpy(dtype=np.float64)
    versions = good(folder, forecaster, rows, asked)
    spoilt = [
        bad(folder, versions[number % len(versions)], kind, number)
        for number in range(BAD // len(SPOILT))
        for kind in SPOILT
    ]
    answers = {each.version: json.loads(each.answer) for each in versions}
    write_bytes(folder / layout.CHAMPION, versions[0].pointer)
    values = [None if np.isnan(value) else value for value in asked[0].tolist()]
    body = json.dumps({"rows": [dict(zip(forecaster.columns, values, strict=True))]}).encode()
    seen: Counter[str] = Counter()

    def check(head: bytes, content: bytes) -> str:
        if not head.startswith(b"HTTP/1.1 200 "):
            return "status"
        told = json.loads(content)
        version = told["model"]
        seen[version] += 1
        if f"x-model-version: {version}\r\n".encode() not in head + b"\r\n":
            return "header"
        found = [told["predictions"][0][name] for name in PROBABILITIES]
        return "" if found == answers.get(version) else "content"

    async def all_of_it() -> tuple[load.Load, load.Load]:
        request = load.request_of(body)
        until = time.perf_counter() + QUIET_SECONDS
        quiet = await load.together(
            PORT, request, CONNECTIONS, check, lambda: time.perf_counter() > until
        )
        changing = asyncio.create_task(change())
        during = await load.together(PORT, request, CONNECTIONS, check, changing.done)
        await changing
        return quiet, during

    async def change() -> None:
        turns = [versions[(number + 1) % len(versions)] for number in range(SWAPS)]
        for number, each in enumerate(spoilt):
            turns.insert(5 * number + 4, each)
        for turn in turns:
            write_bytes(folder / layout.CHAMPION, turn.pointer)
            await asyncio.sleep(SWAP_SECONDS)

    with serving(folder, poll_seconds=0.1) as at_work:
        quiet, during = uvloop.run(all_of_it())
        lines = list(at_work.lines())
        megabytes = at_work.megabytes()[0]
    taken = [line for line in lines if line["level"] == "info"]
    refused = {line["refused"] for line in lines if line["level"] == "warning"}
    times = 1000 * np.array([line["seconds"] for line in taken])
    before, after = quiet.milliseconds(99)[0], during.milliseconds(99)[0]
    report.add(
        "swaps under load; bad models refused",
        f"{len(taken)} of {SWAPS}; {len(refused & {each.version for each in spoilt})} of {BAD}",
        "all",
    )
    failed = during.wrong["status"] + during.wrong["no answer"]
    mistaken = during.wrong["content"] + during.wrong["header"]
    report.add(
        f"answers in {during.seconds:.0f} s of swaps; failed; not by the model named",
        f"{len(during.times):,} by {len(seen)} models; {failed}; {mistaken}",
        "0; 0",
    )
    report.add(
        "a model read, checked and taken, median and longest",
        f"{np.median(times):.1f}, {times.max():.1f} ms",
        "100 ms",
    )
    report.add(
        f"p99 of {CONNECTIONS} connections, quiet and during swaps",
        f"{before:.2f} and {after:.2f} ms, {after / before:.2f} times",
        "2 times",
    )
    report.add("memory after the swaps", f"{megabytes:.0f} MB", "300 MB a worker")
    for kind in SPOILT:
        reasons = {
            line["message"].partition(": ")[2]
            for line in lines
            if line.get("refused") in {each.version for each in spoilt if each.bad == kind}
        }
        print(f"  {kind}: {len(reasons)} reasons, e.g. {min(reasons, default='-')[:160]}")


def converge(folder: Path, report: Report) -> None:
    """How long several workers take until all have gone over."""
    pointers = [(folder / layout.CHAMPION).read_bytes()]
    pointers += [
        json.dumps(json.loads(pointers[0]) | {"version": version, "files": files}).encode()
        for version, files in _copies(folder, json.loads(pointers[0]))
    ]
    for workers in (2, 4):
        with serving(folder, workers=workers) as at_work:
            until = time.monotonic() + 60
            while at_work.log.read_bytes().count(b'"ready"') < workers:
                assert time.monotonic() < until
                time.sleep(0.05)
            slowest = []
            for number in range(20):
                done = len(list(at_work.lines()))
                write_bytes(folder / layout.CHAMPION, pointers[(number + 1) % 2])
                began = time.perf_counter()
                while len(list(at_work.lines())) < done + workers:
                    assert time.perf_counter() - began < 60
                    time.sleep(0.01)
                slowest.append(time.perf_counter() - began)
                version = json.loads(pointers[(number + 1) % 2])["version"]
                told = {load.get(PORT, "/v1/model")["model"] for _ in range(30)}
                assert told == {version}, told
            memory = ", ".join(f"{each:.0f}" for each in at_work.megabytes())
        report.add(
            f"{workers} workers: all gone over, median and longest of 20",
            f"{np.median(slowest):.2f}, {max(slowest):.2f} s",
            "2 s",
        )
        report.add(f"{workers} workers: memory of each", f"{memory} MB", "300 MB")


def _copies(folder: Path, pointer: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The champion under another version: with another study."""
    made = folder / "made"
    shutil.copytree(folder / layout.CHAMPIONS / pointer["version"], made)
    write_json(made / "study.json", {"another": True})
    version = version_of(made)
    files = describe_files(made)
    made.rename(folder / layout.CHAMPIONS / version)
    yield version, files
