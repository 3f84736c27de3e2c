"""Kill retrain and promote at random moments, and look at what is left each time.

    python benchmarks/kills.py DIR [--times 20]

DIR is a fresh folder. A slice of the starter archive is built there as the tests build theirs, then
another candidate is asked for (another seed) and `snakemake retrain` is ended with SIGKILL, all its
processes at once, at a moment drawn from the length of an undisturbed run; each time from the same
start. After each kill the champion must be readable with all its files; after the rerun everything
must have the bytes of the undisturbed run, and pointer and registry must agree.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from tests.dag.conftest import build  # noqa: E402
from tests.dag.workspace import Workspace  # noqa: E402

RETRAIN = ("snakemake", "--cores", "2", "--", "retrain")
STATE = """
import json, os
from pitchline import layout
from pitchline.promote import champion, registry
from pitchline.train import tracking

pointer = champion.read_champion()
champion.locate(pointer)
with tracking.client() as mlflow:
    aliases = mlflow.get_registered_model(registry.MODEL_NAME).aliases
    tagged = {
        alias: mlflow.get_model_version(registry.MODEL_NAME, number).tags[tracking.VERSION_TAG]
        for alias, number in aliases.items()
    }
print(json.dumps({"pointer": pointer["version"], "aliases": tagged}))
"""


def ended_after(workspace: Workspace, seconds: float) -> bool:
    """Start a retraining and kill it with all its processes; False if it was done before."""
    run = subprocess.Popen(
        RETRAIN,
        cwd=workspace.folder,
        env=workspace.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(seconds)
    if run.poll() is not None:
        return False
    parent = psutil.Process(run.pid)
    for victim in (parent, *parent.children(recursive=True)):
        try:
            victim.kill()
        except psutil.NoSuchProcess:
            continue
    return run.wait(timeout=30) == -signal.SIGKILL


def state(workspace: Workspace) -> dict[str, object]:
    """The pointer's version and the aliases; fails if the champion is not whole."""
    told: dict[str, object] = json.loads(workspace.run(sys.executable, "-c", STATE).stdout)
    return told


def copy_of(source: Path, folder: Path) -> Workspace:
    shutil.copytree(source, folder, symlinks=True)
    return Workspace(folder)


def made(workspace: Workspace) -> dict[str, str]:
    """Hashes of what a run makes; of the decision only that it is there.

    One made by a rerun says "confirmed" where the run that was killed had promoted already.
    """
    return workspace.made() | {"models/decision.json": "present"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    os.environ.pop("PYTHONPATH", None)
    start = told.folder / "start"
    build(start)
    workspace = Workspace(start)
    workspace.edit_params({"seed: 20140816": "seed: 7"})
    undisturbed = copy_of(start, told.folder / "undisturbed")
    clock = time.monotonic()
    undisturbed.run(*RETRAIN)
    length = time.monotonic() - clock
    expected = made(undisturbed)
    print(f"undisturbed: {length:.1f} s, {state(undisturbed)}", flush=True)
    moments = random.Random(told.seed)  # noqa: S311
    killed = differing = disagreeing = 0
    for number in range(told.times):
        folder = told.folder / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        workspace = copy_of(start, folder)
        after = moments.uniform(0.05, 0.98) * length
        killed += ended_after(workspace, after)
        left = state(workspace)
        clock = time.monotonic()
        workspace.run(*RETRAIN)
        recovered = time.monotonic() - clock
        workspace.run("pitchline", "promote", "agree")
        found = state(workspace)
        same = made(workspace) == expected
        agrees = found["pointer"] == found["aliases"]["champion"]  # type: ignore[index]
        differing, disagreeing = differing + (not same), disagreeing + (not agrees)
        print(
            f"{number + 1:>3}: killed after {after:5.1f} s, left {left}; rerun {recovered:.1f} s, "
            f"bytes {'equal' if same else 'DIFFER'}, registry {'agrees' if agrees else 'DIFFERS'}",
            flush=True,
        )
    print(
        f"{killed} of {told.times} killed, the champion whole after each (this ends where it is "
        f"not); bytes differ {differing} times, pointer and registry disagree {disagreeing} times"
    )


if __name__ == "__main__":
    main()
