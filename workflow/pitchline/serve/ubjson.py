"""Universal Binary JSON (draft 12), as XGBoost writes its models."""

import struct
from typing import Any

import numpy as np

NUMBERS: dict[bytes, np.dtype[Any]] = {
    b"i": np.dtype(">i1"),
    b"U": np.dtype(">u1"),
    b"I": np.dtype(">i2"),
    b"l": np.dtype(">i4"),
    b"L": np.dtype(">i8"),
    b"d": np.dtype(">f4"),
    b"D": np.dtype(">f8"),
}
CONSTANTS = {b"Z": None, b"T": True, b"F": False}


def loads(content: bytes) -> Any:
    """The value of a document; arrays of one numeric type become numpy's.

    Raises:
        ValueError: it isn't such a document, or something follows it.
    """
    reader = _Reader(content)
    try:
        value = reader.value(reader.take(1))
    except (struct.error, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not UBJSON ({error})") from error
    if reader.place != len(content):
        raise ValueError(f"not UBJSON (something follows byte {reader.place})")
    return value


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def take(self, count: int) -> bytes:
        taken = self.content[self.place : self.place + count]
        if count < 0 or len(taken) != count:
            raise ValueError(f"not UBJSON (it ends or breaks at byte {self.place})")
        self.place += count
        return taken

    def number(self, kind: bytes) -> Any:
        if kind not in NUMBERS:
            raise ValueError(f"not UBJSON (unknown type {kind!r} at byte {self.place})")
        dtype = NUMBERS[kind]
        taken = self.take(dtype.itemsize)
        if dtype.kind == "f":
            return np.frombuffer(taken, dtype)[0].item()
        return int.from_bytes(taken, "big", signed=dtype.kind == "i")

    def length(self) -> int:
        count = self.number(self.take(1))
        if not isinstance(count, int):
            raise ValueError(f"not UBJSON (a length that is no integer at byte {self.place})")
        return count

    def text(self) -> str:
        return self.take(self.length()).decode()

    def value(self, kind: bytes) -> Any:
        if kind in CONSTANTS:
            return CONSTANTS[kind]
        if kind == b"S":
            return self.text()
        if kind == b"[":
            return self.array()
        if kind == b"{":
            return self.mapping()
        return self.number(kind)

    def header(self) -> tuple[bytes | None, int | None]:
        """Type and count of a container, where they are stated."""
        kind, count = None, None
        if self.content[self.place : self.place + 1] == b"$":
            self.take(1)
            kind = self.take(1)
        if self.content[self.place : self.place + 1] == b"#":
            self.take(1)
            count = self.length()
        elif kind is not None:
            raise ValueError(f"not UBJSON (a type without a count at byte {self.place})")
        return kind, count

    def array(self) -> Any:
        kind, count = self.header()
        if kind in NUMBERS and count is not None:
            dtype = NUMBERS[kind]
            read = np.frombuffer(self.take(count * dtype.itemsize), dtype)
            return read.astype(dtype.newbyteorder("="))
        found: list[Any] = []
        while count is None or len(found) < count:
            mark = kind or self.take(1)
            if count is None and mark == b"]":
                break
            found.append(self.value(mark))
        return found

    def mapping(self) -> dict[str, Any]:
        kind, count = self.header()
        found: dict[str, Any] = {}
        read = 0
        while count is None or read < count:
            if count is None and self.content[self.place : self.place + 1] == b"}":
                self.take(1)
                break
            name = self.text()
            found[name] = self.value(kind or self.take(1))
            read += 1
        return found
