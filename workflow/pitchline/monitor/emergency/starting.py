"""Queuing an emergency retraining, and remembering that it was asked for."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pitchline import layout
from pitchline.errors import ArtifactError, PitchlineError
from pitchline.files import read_json, write_json
from pitchline.params.types import utc_moment

MADE_BY = "pitchline monitor emergency --start"
# Where a run can't outlive its job, as on a hosted CI runner, this names a file: what is asked for
# goes there, as lines `name=value`, and whoever reads it starts the retraining.
ASKED_TO = "PITCHLINE_EMERGENCY_TO"


def started_before(path: Path = layout.EMERGENCIES) -> list[dict[str, Any]]:
    """The emergency retrainings started before, the oldest first.

    Raises:
        ArtifactError: the file that remembers them is damaged.
    """
    if not path.exists():
        return []
    content = read_json(path, made_by=MADE_BY)
    if not isinstance(content, list) or not all(_is_entry(each) for each in content):
        raise ArtifactError(
            f"{path}: not a list of retrainings, each with `as_of`. Restore it from a backup, or "
            "remove it: then the cool-down begins anew."
        )
    return content


def _is_entry(each: Any) -> bool:
    try:
        return isinstance(each, dict) and bool(utc_moment(each["as_of"]))
    except (KeyError, TypeError, ValueError):
        return False


def remember(decision: Mapping[str, Any], path: Path = layout.EMERGENCIES) -> None:
    """Add a retraining to those started, before it starts: one that dies still counts."""
    entry = {name: decision[name] for name in ("as_of", "reason", "champion")}
    write_json(path, [*started_before(path), entry])


def asked_elsewhere(decision: Mapping[str, Any]) -> str | None:
    """Leave the retraining to whoever reads the file that the environment names.

    Args:
        decision: as from ``rule.decide``.

    Returns:
        The file; None if the environment names none.

    Raises:
        PitchlineError: it can't be written.
    """
    path = os.environ.get(ASKED_TO)
    if not path:
        return None
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={decision[name]}\n" for name in ("reason", "lookback_days"))
    except OSError as error:
        raise PitchlineError(
            f"{path} ({ASKED_TO}): the emergency retraining could not be asked for "
            f"({error.strerror}). Mend that, then run the command of {layout.EMERGENCY} by hand."
        ) from error
    return path


def start(command: Sequence[str], params_file: Path) -> str:
    """Put the retraining into the runner's queue.

    Args:
        command: as from ``rule.command_of``.
        params_file: the parameter file.

    Returns:
        The run's name.

    Raises:
        PitchlineError: it could not be queued.
    """
    ours = [sys.executable, "-m", "pitchline", "--params", str(params_file)]
    done = subprocess.run([*ours, *command[1:]], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PitchlineError(
            f"the emergency retraining could not be queued: {done.stderr.strip()[-500:]}\n"
            f"Mend that, then run the command of {layout.EMERGENCY} by hand."
        )
    return done.stdout.strip()
