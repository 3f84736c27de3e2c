"""Where the memory of a build is kept between runs, and when it is no longer trusted."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from pitchline.features.group import State
from pitchline.features.replay import Checkpoint, Memory
from pitchline.files import replacing

FORMAT = 2
SHA256_BYTES = 32
NUMBER = np.dtype("<f8")
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
    """Write a memory; it replaces the earlier one in one step.

    The file: SHA-256 of what follows; length of the contents in bytes, a little-endian integer of
    eight bytes; the contents (JSON, blanks up to a multiple of eight); all arrays, one behind the
    other.
    """
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
    about = {"key": key, "rows": memory.rows.shape, "checkpoints": listed}
    contents = json.dumps(about).encode()
    contents += b" " * (-len(contents) % NUMBER.itemsize)
    parts: list[Any] = [
        len(contents).to_bytes(NUMBER.itemsize, "little"),
        contents,
        *(np.ascontiguousarray(array, dtype=NUMBER) for array in arrays if array.size),
    ]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    with replacing(path) as temporary, temporary.open("wb") as handle:
        handle.write(digest.digest())
        handle.writelines(parts)


def load(path: Path, key: str) -> Memory | None:
    """Read a memory made with the same key; None if there is none, or it isn't whole.

    It only saves time: without it everything is computed anew, to the same bytes.
    """
    try:
        told = memoryview(path.read_bytes())
    except OSError:
        return None
    content = told[SHA256_BYTES:]
    if hashlib.sha256(content).digest() != told[:SHA256_BYTES]:
        return None
    begin = NUMBER.itemsize
    end = begin + int.from_bytes(content[:begin], "little")
    about = json.loads(bytes(content[begin:end]))
    if about["key"] != key:
        return None
    numbers = np.frombuffer(content[end:], dtype=NUMBER)
    done = 0

    def array(shape: list[int]) -> np.ndarray:
        nonlocal done
        first, done = done, done + math.prod(shape)
        return numbers[first:done].reshape(shape)

    rows = array(about["rows"])
    checkpoints = []
    for each in about["checkpoints"]:
        states: dict[str, State] = {}
        for group, slot, shape in each["arrays"]:
            states.setdefault(group, {})[slot] = array(shape)
        checkpoints.append(Checkpoint(each["event"], each["digest"], states))
    return Memory(tuple(checkpoints), rows)
