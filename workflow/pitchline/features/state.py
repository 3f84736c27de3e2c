"""Where the memory of a build is kept between runs, and when it is no longer trusted."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from pitchline.features.replay import Checkpoint, Memory
from pitchline.files import write_bytes

FORMAT = 1
SHA256_BYTES = 32
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
    """Write a memory, its SHA-256 behind it; it replaces the earlier one in one step."""
    arrays: dict[str, np.ndarray] = {"rows": memory.rows}
    listed = []
    for number, checkpoint in enumerate(memory.checkpoints):
        listed.append({"event": checkpoint.event, "digest": checkpoint.digest})
        for group, state in checkpoint.states.items():
            for slot, array in state.items():
                arrays[f"{number}/{group}/{slot}"] = array
    arrays["about"] = np.frombuffer(
        json.dumps({"key": key, "checkpoints": listed}).encode(), dtype=np.uint8
    )
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    content = buffer.getvalue()
    write_bytes(path, content + hashlib.sha256(content).digest())


def load(path: Path, key: str) -> Memory | None:
    """Read a memory made with the same key; None if there is none, or it isn't whole.

    It only saves time: without it everything is computed anew, to the same bytes.
    """
    try:
        told = path.read_bytes()
    except OSError:
        return None
    content, digest = told[:-SHA256_BYTES], told[-SHA256_BYTES:]
    if hashlib.sha256(content).digest() != digest:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        about = json.loads(stored["about"].tobytes())
        if about["key"] != key:
            return None
        states: list[dict[str, dict[str, np.ndarray]]] = [{} for _ in about["checkpoints"]]
        for name in stored.files:
            number, _, rest = name.partition("/")
            if rest:
                group, _, slot = rest.partition("/")
                states[int(number)].setdefault(group, {})[slot] = stored[name]
        checkpoints = tuple(
            Checkpoint(each["event"], each["digest"], state)
            for each, state in zip(about["checkpoints"], states, strict=True)
        )
        return Memory(checkpoints, stored["rows"])
