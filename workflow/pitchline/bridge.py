"""``pitchline sync`` and ``pitchline record``: DVC and Snakemake told of each other's work.

DVC goes by content hashes that travel with git; Snakemake by records that stay in this
folder. `sync` brings the files of the checked-out commit here and tells Snakemake they are
up to date; `record` tells DVC what Snakemake built.
"""

import os
import subprocess
import sys
from pathlib import Path

import click
import yaml

from pitchline import console
from pitchline.errors import BridgeError
from pitchline.files import write_text
from pitchline.params import Params, load

TOOLS = Path(sys.executable).parent
NOTHING_TO_DO = "Nothing to be done"


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment and keep what it prints."""
    program, *arguments = command
    path = f"{TOOLS}{os.pathsep}{os.environ.get('PATH', '')}"
    return subprocess.run(
        [str(TOOLS / program), *arguments],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def _checked(why: str, *command: str) -> str:
    done = _run(*command)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise BridgeError(f"{why}: `{' '.join(command)}` failed:\n{tail}")
    return done.stdout + done.stderr


def _refuse_inside_stage() -> None:
    if "DVC_STAGE" in os.environ:
        raise BridgeError(
            f"this is the DVC stage {os.environ['DVC_STAGE']}, which DVC records itself; "
            "run it from a shell."
        )


def stages() -> list[str]:
    """The names of the DVC stages, in the order of dvc.yaml."""
    return list(yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"])


def planned() -> list[str]:
    """The rules Snakemake would run, or an empty list."""
    output = _checked(
        "the plan can't be made", "snakemake", "--dry-run", "--cores", "1", "--quiet", "reason"
    )
    if NOTHING_TO_DO in output:
        return []
    lines = output.splitlines()
    rules = {
        line.split()[1].rstrip(":") for line in lines if line.startswith(("rule ", "localrule "))
    }
    return sorted(rules) or ["(see `snakemake -n`)"]


@click.command()
@click.option("--pull/--no-pull", default=True, help="Fetch from the DVC remote, if one is set.")
@click.pass_obj
def sync(params_file: Path, pull: bool) -> None:
    """Bring the files of the checked-out commit here, so that Snakemake plans nothing.

    Run it after a clone, a pull or a checkout. Where the recorded files differ from what
    params.yaml and the code ask for, it stops and says so.
    """
    params = load(params_file)
    _refuse_inside_stage()
    remote = _checked("DVC can't read its settings", "dvc", "remote", "list").strip()
    if pull and remote:
        _checked("the files can't be fetched", "dvc", "pull", "--quiet")
    else:
        _checked("the files are not in DVC's cache", "dvc", "checkout", "--quiet")
    status = _run("dvc", "status", "--quiet")
    if status.returncode != 0:
        details = _run("dvc", "status").stdout.strip()
        raise BridgeError(
            "the files here are not those of the recorded run:\n"
            f"{details}\n"
            "Build them with `snakemake --cores 2` (or `dvc repro`), then `pitchline record`."
        )
    _restore_local_state(params)
    _checked("Snakemake can't mark the files", "snakemake", "--touch", "--forceall", "--cores", "1")
    left = planned()
    if left:
        raise BridgeError(f"Snakemake still plans {', '.join(left)}; see `snakemake -n`.")
    console.say("sync", "files of the recorded run are here; nothing to be done")
    _warn_of_pending_decision(params)


def _warn_of_pending_decision(params: Params) -> None:
    """Marking everything as up to date would hide a candidate that was never judged."""
    from pitchline import layout
    from pitchline.promote.champion import decision_stands

    if not decision_stands(params.promote):
        console.warn(
            "sync",
            f"{layout.DECISION} is not about this candidate and these gates: "
            "run `pitchline promote decide`",
        )


def _restore_local_state(params: Params) -> None:
    """Make what neither git nor DVC carries.

    The champion's files in the store, the MLflow run, the marks of workers that have no work left.
    """
    from pitchline import layout
    from pitchline.promote import champion as champions

    current = champions.read_champion()
    if current is not None:
        champions.keep(current["version"], current["files"], champions.locate(current))
    for worker in range(2, params.train.workers + 1):
        write_text(layout.WORKERS / f"{worker}.done", "")
    if not layout.TRACKED.exists():
        _checked("the run can't be tracked", "pitchline", "train", "track")


@click.command()
@click.pass_obj
def record(params_file: Path) -> None:
    """Record in DVC what Snakemake built here.

    Refused while Snakemake still plans something, when parameters were changed on Snakemake's
    command line, and inside a DVC stage.
    """
    load(params_file)
    _refuse_inside_stage()
    left = planned()
    if left:
        raise BridgeError(
            f"Snakemake still plans {', '.join(left)}: what is here was not made from params.yaml "
            "and the code as they are (were parameters changed on the command line?). "
            "Run `snakemake --cores 2` first."
        )
    _checked("DVC can't record the files", "dvc", "commit", "--force", "--quiet", *stages())
    console.say("record", f"dvc.lock and the cache hold what was built ({', '.join(stages())})")
