"""Arrays in a flat file: equal content gives equal bytes, and a damaged file is seen as one.

The file: SHA-256 of what follows; length of the contents in bytes, a little-endian integer of eight
bytes; the contents (JSON, blanks up to a multiple of eight); all arrays, one behind the other.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pitchline.files import replacing

SHA256_BYTES = 32
NUMBER = np.dtype("<f8")


@dataclass
class Flat:
    """A file's contents, and its arrays in their order.

    Attributes:
        contents: as they were given to ``save``.
    """

    contents: Any
    _numbers: np.ndarray
    _done: int = 0

    def array(self, shape: Sequence[int]) -> np.ndarray:
        """The next array; it can't be written to."""
        first, self._done = self._done, self._done + math.prod(shape)
        return self._numbers[first : self._done].reshape(tuple(shape))


def save(path: Path, contents: Any, arrays: Iterable[np.ndarray]) -> None:
    """Write contents and arrays; they replace the earlier file in one step."""
    told = json.dumps(contents).encode()
    told += b" " * (-len(told) % NUMBER.itemsize)
    parts: list[Any] = [
        len(told).to_bytes(NUMBER.itemsize, "little"),
        told,
        *(np.ascontiguousarray(array, dtype=NUMBER) for array in arrays if array.size),
    ]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    with replacing(path) as temporary, temporary.open("wb") as handle:
        handle.write(digest.digest())
        handle.writelines(parts)


def load(path: Path) -> Flat:
    """Read a file.

    Raises:
        OSError: there is none.
        ValueError: it isn't whole.
    """
    told = memoryview(path.read_bytes())
    content = told[SHA256_BYTES:]
    if hashlib.sha256(content).digest() != told[:SHA256_BYTES]:
        raise ValueError("truncated or altered")
    begin = NUMBER.itemsize
    end = begin + int.from_bytes(content[:begin], "little")
    return Flat(json.loads(bytes(content[begin:end])), np.frombuffer(content[end:], dtype=NUMBER))
