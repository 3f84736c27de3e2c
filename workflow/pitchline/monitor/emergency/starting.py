"""Queuing an emergency retraining, and remembering that it was asked for."""

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
