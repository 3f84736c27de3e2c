"""The search for hyperparameters: its time, what a second worker gains, and whether bytes differ.

    python benchmarks/search.py DIR [--warm-up 10] [--all-groups] [--times 3]

DIR is a project whose features are built: this one after `make run`, or one that
`benchmarks/everything.py` made and `pitchline features build` filled. The parameters are those of
params.yaml, but for these. Every run starts without kept fits, in a folder of its own.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
STUDY = Path("models/candidate/study.json")
KEPT = Path("data/state/study")


def prepare(folder: Path, home: Path, warm_up: int | None, all_groups: bool) -> None:
    """A folder that has features and parameters alone."""
    (home / "data").mkdir()
    for name in ("features", "quality"):
        (home / "data" / name).symlink_to((folder / "data" / name).resolve())
    content = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    if warm_up is not None:
        content["train"]["warm_up_seasons"] = warm_up
    if all_groups:
        content["train"]["groups"] = dict.fromkeys(content["train"]["groups"], True)
    (home / "params.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def start(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    command = [sys.executable, "-m", "pitchline", "train", *arguments]
    return subprocess.Popen(command, cwd=home, env=environment, stderr=subprocess.DEVNULL)


def searched(home: Path, workers: int, threads: int) -> float:
    """Seconds until all workers have found every fit done, from nothing."""
    shutil.rmtree(home / KEPT, ignore_errors=True)
    began = time.perf_counter()
    running = [start(home, "search", "--threads", str(threads)) for _ in range(workers)]
    assert not any(worker.wait() for worker in running)
    return time.perf_counter() - began


def tuned(home: Path) -> tuple[float, str]:
    """Seconds of the rest, fits being kept, and the study's hash."""
    (home / STUDY).unlink(missing_ok=True)
    began = time.perf_counter()
    assert start(home, "tune").wait() == 0
    return time.perf_counter() - began, hashlib.sha256((home / STUDY).read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--warm-up", type=int, help="seasons that only warm ratings up")
    parser.add_argument("--all-groups", action="store_true", help="every group of features is on")
    parser.add_argument("--times", type=int, default=3)
    told = parser.parse_args()
    best: dict[tuple[int, int], float] = {}
    hashes, rest = set(), []
    with tempfile.TemporaryDirectory(prefix="pitchline-search-") as name:
        home = Path(name)
        prepare(told.folder, home, told.warm_up, told.all_groups)
        for _ in range(told.times):
            for way in ((1, 1), (1, 2), (2, 1)):
                seconds = searched(home, *way)
                best[way] = min(seconds, best.get(way, seconds))
                again, digest = tuned(home)
                rest.append(again)
                hashes.add(digest)
                load = os.getloadavg()[0]
                print(f"{way[0]} workers, {way[1]} threads: {seconds:.1f} s (load {load:.1f})")
    for (workers, threads), seconds in best.items():
        print(
            f"best of {told.times}, {workers} workers of {threads} threads: {seconds:.1f} s, "
            f"{best[1, 1] / seconds:.2f} times as fast as one of one"
        )
    print(f"tune when all fits are kept: {min(rest):.1f} s")
    print(f"studies of different bytes: {len(hashes)}")


if __name__ == "__main__":
    main()
