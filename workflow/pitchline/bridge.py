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

from pitchline import console, layout
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


def planned(*arguments: str) -> list[str]:
    """The rules Snakemake would run, or an empty list.

    Args:
        arguments: which Snakefile and targets; without any, all.
    """
    output = _checked(
        "the plan can't be made",
        *("snakemake", "--dry-run", "--cores", "1", "--quiet", "reason"),
        *arguments,
    )
    if NOTHING_TO_DO in output:
        return []
    lines = output.splitlines()
    rules = {
        line.split()[1].rstrip(":") for line in lines if line.startswith(("rule ", "localrule "))
    }
    return sorted(rules) or ["(see `snakemake -n`)"]


def is_built(stage: str, params: Params) -> bool:
    """Whether a stage's outputs are those of its inputs, code and parameters as they are here.

    The stage file alone is asked, as DVC does: whether what lies upstream is out of date is the
    affair of the stages there.
    """
    if stage == "collect":
        # Named as a target, `collect` would ask the sources.
        targets = [str(layout.RAW / name / "manifest.json") for name in params.collect.sources]
    else:
        targets = [stage]
    return not planned("--snakefile", f"workflow/{stage}.smk", "--", *targets)


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
    from pitchline.promote import champion as champions

    current = champions.read_champion()
    if current is not None:
        champions.keep(current["version"], current["files"], champions.locate(current))
    for worker in range(2, params.train.workers + 1):
        write_text(layout.WORKERS / f"{worker}.done", "")
    if not layout.TRACKED.exists():
        _checked("the run can't be tracked", "pitchline", "train", "track")


@click.command()
@click.option(
    "--built",
    is_flag=True,
    help="Record the stages that are up to date, and leave the others as dvc.lock has them.",
)
@click.option("--push", is_flag=True, help="Send what was recorded to the DVC remote as well.")
@click.pass_obj
def record(params_file: Path, built: bool, push: bool) -> None:
    """Record in DVC what Snakemake built here.

    Refused while Snakemake still plans something, when parameters were changed on Snakemake's
    command line, and inside a DVC stage. With --built, a stage of which that is true is left out
    and named; the others are recorded.
    """
    params = load(params_file)
    _refuse_inside_stage()
    if push:
        _refuse_without_remote()
    left = planned()
    if left and not built:
        raise BridgeError(
            f"Snakemake still plans {', '.join(left)}: what is here was not made from params.yaml "
            "and the code as they are (were parameters changed on the command line?). "
            "Run `snakemake --cores 2` first."
        )
    recorded = [stage for stage in stages() if not left or is_built(stage, params)]
    left_out = [stage for stage in stages() if stage not in recorded]
    if not recorded:
        raise BridgeError("no stage is up to date here: run `snakemake --cores 2` first.")
    _checked("DVC can't record the files", "dvc", "commit", "--force", "--quiet", *recorded)
    if push:
        _checked("the files can't be sent to the DVC remote", "dvc", "push", "--quiet", *recorded)
    where = "dvc.lock, the cache and the remote" if push else "dvc.lock and the cache"
    console.say("record", f"{where} hold what was built ({', '.join(recorded)})")
    if left_out:
        console.say(
            "record",
            f"left as dvc.lock has it, not made from what is here: {', '.join(left_out)}",
        )


def _refuse_without_remote() -> None:
    """DVC would say so only after everything was recorded."""
    config = _checked("DVC can't read its settings", "dvc", "config", "--list")
    if not any(line.startswith("core.remote=") for line in config.splitlines()):
        raise BridgeError(
            "DVC has no default remote to push to: `dvc remote add --default NAME URL` "
            "(docs/retraining.md, Remotes)."
        )
