"""Where the memory of a build is kept between runs, and when it is no longer trusted."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from pitchline.features import flat
from pitchline.features.group import State
from pitchline.features.replay import Checkpoint, Memory

FORMAT = 2
_CODE = Path(__file__).parent


def key_of(settings: Any) -> str:
    """What a memory must have been made with to be of use: settings, code, libraries.

    Args:
        settings: the section ``features`` as plain values.
    """
    import numba

    digest = hashlib.sha256()
    for path in sorted(_CODE.glob("*.py")):
        digest.update(path.read_bytes())
    told = [FORMAT, settings, numba.__version__, np.__version__]
    digest.update(json.dumps(told, sort_keys=True).encode())
    return digest.hexdigest()


def save(path: Path, key: str, memory: Memory) -> None:
    """Write a memory; it replaces the earlier one in one step."""
    arrays = [memory.rows]
    listed: list[dict[str, Any]] = []
    for checkpoint in memory.checkpoints:
        slots = [
            (group, slot, array)
            for group, state in checkpoint.states.items()
            for slot, array in state.items()
        ]
        arrays += [array for _, _, array in slots]
        listed.append(
            {
                "event": checkpoint.event,
                "digest": checkpoint.digest,
                "arrays": [(group, slot, array.shape) for group, slot, array in slots],
            }
        )
    flat.save(path, {"key": key, "rows": memory.rows.shape, "checkpoints": listed}, arrays)


def load(path: Path, key: str) -> Memory | None:
    """Read a memory made with the same key; None if there is none, or it isn't whole.

    It only saves time: without it everything is computed anew, to the same bytes.
    """
    try:
        read = flat.load(path)
    except (OSError, ValueError):
        return None
    about = read.contents
    if about["key"] != key:
        return None
    rows = read.array(about["rows"])
    checkpoints = []
    for each in about["checkpoints"]:
        states: dict[str, State] = {}
        for group, slot, shape in each["arrays"]:
            states.setdefault(group, {})[slot] = read.array(shape)
        checkpoints.append(Checkpoint(each["event"], each["digest"], states))
    return Memory(tuple(checkpoints), rows)
