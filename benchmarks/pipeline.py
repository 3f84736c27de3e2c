"""Time the pipeline as a newcomer meets it, and check that its bytes are the same everywhere.

    python benchmarks/pipeline.py            # all of it, in fresh clones under a temporary folder
    python benchmarks/pipeline.py --keep DIR # the same, in DIR, left there

It clones the committed state of this repository, runs `make run` and both doors, and prints
one Markdown table. Needs Linux, Python 3.11, make, git and a package index within reach.
"""

import argparse
import hashlib
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def call(folder: Path, *command: str, env: dict[str, str] | None = None) -> tuple[float, str]:
    """Wall-clock seconds of a command and what it printed; a failure ends the benchmark."""
    start = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed in {folder}:\n{done.stdout}")
    return time.perf_counter() - start, done.stdout


def clone(folder: Path) -> Path:
    """A fresh clone."""
    call(ROOT, "git", "clone", "--quiet", str(ROOT), str(folder))
    return folder


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every artifact; receipts and a machine's state are none."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for top in ("data", "models", "reports")
        for path in sorted((folder / top).rglob("*"))
        if path.is_file()
        and not {"reports/collect", "data/state"}
        & {parent.as_posix() for parent in path.relative_to(folder).parents}
    }


def tools(folder: Path, other: Path) -> dict[str, str]:
    """The environment of one clone, used on the code of another."""
    path = f"{folder / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "PYTHONPATH": str(other / "workflow")}


def measure(base: Path) -> list[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    rows = []
    first = clone(base / "first")
    install, _ = call(first, "make", "--silent", "environment", env={"UV_NO_CACHE": "1"})
    rows.append(("fresh clone: install, nothing cached", f"{install:.0f} s", "120 s"))
    run, output = call(first, "make", "--silent", "run")
    rows.append(("fresh clone: `make run`, all stages and record", f"{run:.0f} s", "180 s"))
    search = re.findall(r"^tune .*?([0-9.]+) s$", output, flags=re.MULTILINE)[-1]
    rows.append(("50 x 5 hyperparameter search", f"{float(search):.0f} s", "60 s"))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    rows.append(("largest single process, install included", f"{peak:.0f} MB", "2048 MB"))

    own = tools(first, first)
    again = min(call(first, "snakemake", "--cores", "2", env=own)[0] for _ in range(3))
    rows.append(("second `snakemake --cores 2`, best of 3", f"{again:.1f} s", "4 s"))
    again = min(call(first, "dvc", "repro", env=own)[0] for _ in range(3))
    rows.append(("second `dvc repro`, best of 3", f"{again:.1f} s", "3 s"))

    expected = hashes(first)
    clean = "up to date" in call(first, "dvc", "status", env=own)[1]
    unchanged = not call(first, "git", "status", "--porcelain", env=own)[1]
    rows.append(
        (
            "`dvc status` and `git status` after `make run`",
            "clean" if clean and unchanged else "NOT clean",
            "clean",
        )
    )
    for name, command in (
        ("`snakemake --cores 1`", ("snakemake", "--cores", "1")),
        ("`dvc repro`", ("dvc", "repro")),
    ):
        other = clone(base / command[0])
        seconds, _ = call(other, *command, env=tools(first, other))
        found = hashes(other)
        common = {k: v for k, v in expected.items() if k in found}
        same = sum(found[k] == v for k, v in common.items())
        rows.append((f"{name} in another fresh clone", f"{seconds:.0f} s", ""))
        rows.append(
            (f"files of {name} equal to the first clone's", f"{same} of {len(common)}", "all")
        )
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, default=None, metavar="DIR")
    keep = parser.parse_args().keep
    with tempfile.TemporaryDirectory() as temporary:
        rows = measure(keep or Path(temporary))
    print("| what | measured | goal |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
