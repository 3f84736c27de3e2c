"""The engine of the service beside other ways to evaluate the same model; start, memory and swaps.

    python benchmarks/serve_engine.py DIR

DIR is a project with data/features and models/candidate. Two models are measured: the candidate,
and a large one, 400 rounds of trees of depth 4 beside a logit. Prints Markdown tables.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
import xgboost as xgb

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from pitchline import layout  # noqa: E402
from pitchline.files import read_parquet, write_bytes, write_json  # noqa: E402
from pitchline.promote.champion import describe_files  # noqa: E402
from pitchline.serve import engine, swap  # noqa: E402
from pitchline.train.candidate import BUNDLE, CARD_FILE, version_of  # noqa: E402
from pitchline.train.families.blend import BlendModel  # noqa: E402
from pitchline.train.golden import golden  # noqa: E402
from pitchline.train.model import Forecaster  # noqa: E402
from pitchline.train.split import trainable  # noqa: E402

ROWS = 50_000
SINGLE_SECONDS = 3.0
SWAPS = 40
SWAP_SECONDS = 0.5
LARGE = {
    "max_depth": 4,
    "learning_rate": 0.02,
    "min_child_weight": 5.0,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "reg_lambda": 1.0,
    "reg_alpha": 0.01,
}
START = """
import time
began = time.perf_counter()
import sys, psutil
from pathlib import Path
from pitchline.serve.swap import Champion
imported = time.perf_counter()
champion = Champion(Path(sys.argv[1]))
champion.start()
ready = time.perf_counter()
print(imported - began, ready - began, psutil.Process().memory_info().rss / 2**20)
champion.stop()
"""


def by_numpy(forest: engine.Forest, table: np.ndarray, margins: np.ndarray) -> np.ndarray:
    """The trees level by level in numpy, sums in the order of the trees."""
    x = table.astype(np.float32)
    node = np.tile(forest.roots, (len(x), 1))
    row = np.arange(len(x))[:, None]
    for _ in range(forest.depths.max()):
        value = x[row, forest.features[node]]
        unknown = np.isnan(value) & forest.default_left[node]
        node = forest.right[node] - ((value < forest.thresholds[node]) | unknown)
    sums = margins.copy()
    leaves = forest.leaves[node]
    for tree, result in enumerate(forest.classes):
        sums[:, result] += leaves[:, tree]
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True, dtype=np.float64).astype("f4"))


def single(ask: Callable[[int], object], count: int) -> tuple[float, float]:
    """Median and 99th percentile of the time for one row, milliseconds."""
    for number in range(20):
        ask(number % count)
    times = []
    until = time.perf_counter() + SINGLE_SECONDS
    while (began := time.perf_counter()) < until:
        ask(len(times) % count)
        times.append(time.perf_counter() - began)
    return tuple(1000 * np.percentile(times, [50, 99]))  # type: ignore[return-value]


def rate(ask: Callable[[], object]) -> float:
    """Rows a second in batches of ROWS, best of 3."""
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        ask()
        best = min(best, time.perf_counter() - began)
    return ROWS / best


def project(folder: Path, forecaster: Forecaster, rows: pd.DataFrame) -> Path:
    """A project with a model as its champion."""
    made = folder / "made"
    forecaster.save(made, {"as_of": "2026-05-08T00:00:00Z", "golden": golden(forecaster, rows)})
    for name in set(BUNDLE) - {path.name for path in made.iterdir()}:
        write_json(made / name, {})
    version = version_of(made)
    write_json(folder / layout.CHAMPION, {"version": version, "files": describe_files(made)})
    shutil.copytree(made, folder / layout.CHAMPIONS / version)
    return folder


def compared(forecaster: Forecaster, served: engine.Served, every: pd.DataFrame) -> None:
    """Print every way to evaluate a model: time a row, rows a second, differences."""
    model = forecaster.model
    assert isinstance(model, BlendModel)
    forest, booster = served.engine.forest, model.booster
    assert forest is not None
    booster.set_param({"nthread": 1})
    reads = list(served.reads)
    many = every.iloc[np.arange(ROWS) % len(every)].reset_index(drop=True)
    table = many[reads].to_numpy(dtype=np.float64)
    margins = np.random.default_rng(1).normal(0, 0.4, (ROWS, 3)).astype(np.float32)
    singles = [every.iloc[[n]] for n in range(200)]
    one = [slice(n, n + 1) for n in range(200)]
    x = table.astype(np.float32)
    exact = booster.inplace_predict(x, base_margin=margins)

    def of_matrix(part: slice) -> np.ndarray:
        matrix = xgb.DMatrix(
            x[part], base_margin=margins[part], feature_names=booster.feature_names, nthread=1
        )
        return np.asarray(booster.predict(matrix))

    def in_place(part: slice) -> np.ndarray:
        return np.asarray(booster.inplace_predict(x[part], base_margin=margins[part]))

    whole = slice(0, ROWS)
    ways: dict[str, Callable[[slice], np.ndarray]] = {
        "trees: predict on a DMatrix": of_matrix,
        "trees: inplace_predict": in_place,
        "trees: numpy": lambda part: by_numpy(forest, table[part], margins[part]),
        "trees: compiled loop": lambda part: forest.probabilities(table[part], margins[part]),
    }
    print("| way | one row, median | p99 | rows a second | cells that differ | by up to |")
    print("|---|---|---|---|---|---|")

    def told(name: str, times: tuple[float, float], rows: float, gap: np.ndarray) -> None:
        print(
            f"| {name} | {times[0]:.3f} ms | {times[1]:.3f} ms | {rows:,.0f} | "
            f"{np.count_nonzero(gap):,} of {gap.size:,} | {gap.max():.2g} |"
        )

    for name, way in ways.items():
        gap = np.abs(way(whole).astype(np.float64) - exact)
        times = single(lambda n, way=way: way(one[n]), len(one))  # type: ignore[misc]
        told(name, times, rate(lambda way=way: way(whole)), gap)  # type: ignore[misc]
    expected = forecaster.probabilities(many)
    times = single(lambda n: forecaster.probabilities(singles[n]), len(singles))
    told("Forecaster", times, rate(lambda: forecaster.probabilities(many)), np.zeros((ROWS, 3)))
    times = single(lambda n: served.predict(table[one[n]]), len(one))
    gap = np.abs(served.predict(table) - expected)
    told("engine", times, rate(lambda: served.predict(table)), gap)
    print()


def started(folder: Path) -> None:
    """Print import, start and memory of a process with the engine and nothing else."""
    command = [sys.executable, "-c", START, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    found = [
        [float(part) for part in out.split()]
        for out in (
            subprocess.run(
                command, env=environment, capture_output=True, text=True, check=True
            ).stdout
            for _ in range(4)
        )
    ][1:]
    imported, ready, memory = np.median(found, axis=0)
    print(f"import {imported:.2f} s, ready {ready:.2f} s, {memory:.0f} MB (medians of 3)")


def swapped(folders: list[Path], tables: dict[str, np.ndarray]) -> None:
    """Print how long a load takes, and the time of an answer while models are exchanged."""
    times = []
    pointers = [(folder / layout.CHAMPION).read_bytes() for folder in folders]
    for number in range(SWAPS):
        folder = folders[number % len(folders)]
        began = time.perf_counter()
        pointer = swap.parsed(pointers[number % len(folders)])
        files, place = swap.held(folder, pointer)
        engine.read(files, pointer, place)
        times.append(1000 * (time.perf_counter() - began))
    for name, part in (("candidate", times[::2]), ("large", times[1::2])):
        print(
            f"{name} read, hashed, checked: median {np.median(part):.1f} ms, max {max(part):.1f} ms"
        )
    home = folders[0]
    for folder in folders[1:]:
        shutil.copytree(folder / layout.CHAMPIONS, home / layout.CHAMPIONS, dirs_exist_ok=True)
    champion = swap.Champion(home, poll_seconds=0.05)
    champion.start()

    def asked(until: float) -> list[float]:
        found = []
        while (began := time.perf_counter()) < until:
            served = champion.current
            served.predict(tables[served.version])
            found.append(1000 * (time.perf_counter() - began))
        return found

    quiet = asked(time.perf_counter() + SWAPS * SWAP_SECONDS)
    busy = []
    for number in range(SWAPS):
        write_bytes(home / layout.CHAMPION, pointers[(number + 1) % len(pointers)])
        busy += asked(time.perf_counter() + SWAP_SECONDS)
    champion.stop()
    for name, found in (("quiet", quiet), (f"{champion.swaps} swaps", busy)):
        p50, p99, last = np.percentile(found, [50, 99, 100])
        print(f"{name}: a row in {p50:.3f} ms, p99 {p99:.3f} ms, max {last:.1f} ms, {len(found):,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    home = parser.parse_args().folder
    features = read_parquet(home / layout.FEATURES, made_by="snakemake features")
    rows = trainable(features, 1)
    small = Forecaster.load(home / layout.CANDIDATE)
    recipe = small.recipe
    large = Forecaster.fit(
        rows,
        replace(recipe, rounds=400, settings=LARGE, share=0.5),  # type: ignore[type-var, call-arg]
        seed=1,
    )
    with tempfile.TemporaryDirectory() as temporary:
        folders, tables = [], {}
        for name, forecaster in (("candidate", small), ("large", large)):
            folder = project(Path(temporary) / name, forecaster, rows)
            folders.append(folder)
            champion = swap.Champion(folder)
            champion.start()
            card = json.loads((folder / "made" / CARD_FILE).read_text())
            trees = champion.current.engine.forest
            assert trees is not None
            print(
                f"{name}: {card['family']}, {len(trees.roots)} trees, {len(trees.thresholds)} nodes"
            )
            print()
            compared(forecaster, champion.current, features)
            served = champion.current
            tables[served.version] = features[list(served.reads)].to_numpy(np.float64)[-1:]
            champion.stop()
            started(folder)
        swapped(folders, tables)


if __name__ == "__main__":
    main()
