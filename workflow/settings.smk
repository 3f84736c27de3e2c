"""What every stage file shares: the checked parameters, the code a stage depends on, the lock."""

import functools
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import min_version

min_version("9.19")

# This folder's code, whatever folder the environment was made for: DVC runs its queued
# experiments in copies of the project.
CODE = str(Path("workflow").absolute())
sys.path.insert(0, CODE)
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, (CODE, os.environ.get("PYTHONPATH")))
)

try:
    from pitchline.errors import PitchlineError
    from pitchline.params import PARAMS_FILE, stated_in, validate
    from pitchline.rules import (
        code_of,
        effective_params_file,
        hold_lock,
        read_before,
        request,
        run_name,
        typed_as_stated,
    )
except ImportError as error:
    raise WorkflowError(
        f"Pitchline isn't installed here ({error}). Run `make environment`."
    )


try:
    STATED = stated_in(PARAMS_FILE)
    validate(STATED, str(PARAMS_FILE))
except PitchlineError as error:
    sys.exit(f"error: {error}")


configfile: "params.yaml"


config.update(typed_as_stated(config, STATED))

try:
    validate(
        config,
        (
            "params.yaml, changed on the command line"
            if workflow.config_settings.overwrite_config
            else "params.yaml"
        ),
    )
except PitchlineError as error:
    sys.exit(f"error: {error}")

# `pitchline` is found even where the environment was not activated.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

# Parameters changed on the command line reach the commands through a file of their own.
PARAMS = effective_params_file(config)
LOCK_FILE = "requirements/run.lock"


def settings(*names):
    """The parts of params.yaml a rule depends on; a change in one makes it run again.

    A part of a section is named with dots: ``train.gate``.
    """
    return {
        name: functools.reduce(lambda part, key: part[key], name.split("."), config)
        for name in names
    }


def decisive(section, *left_out):
    """The parts of a section, for ``settings``, but for those that decide no byte."""
    return [f"{section}.{name}" for name in config[section] if name not in left_out]


def threads_of_worker(wildcards):
    """Each worker of the search takes its share of the cores."""
    return max(1, (workflow.cores or 64) // config["train"]["workers"])


# Two lines a job that say nothing; each command reports what it did itself.
logger.addFilter(
    lambda record: not str(record.msg).startswith(("Select jobs to", "Execute "))
)


onstart:
    try:
        hold_lock()
    except PitchlineError as error:
        raise WorkflowError(str(error))
