import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline.serve import ubjson


def text(value: str) -> bytes:
    content = value.encode()
    return b"L" + struct.pack(">q", len(content)) + content


def test_values_of_every_type_are_read() -> None:
    document = (
        b"{"
        + text("a")
        + b"["
        + b"i\xff"
        + b"U\xff"
        + b"I\x01\x00"
        + b"l\xff\xff\xff\xff"
        + b"L\x00\x00\x00\x00\x00\x00\x01\x00"
        + b"TFZ"
        + b"]"
        + text("b")
        + b"D"
        + struct.pack(">d", 0.1)
        + text("c")
        + b"S"
        + text("é")
        + b"}"
    )
    assert ubjson.loads(document) == {
        "a": [-1, 255, 256, -1, 256, True, False, None],
        "b": 0.1,
        "c": "é",
    }


@given(st.lists(st.floats(width=32), max_size=20))
def test_an_array_of_one_type_is_read_whole(values: list[float]) -> None:
    content = b"[$d#L" + struct.pack(f">q{len(values)}f", len(values), *values)
    found = ubjson.loads(content)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array(values, dtype=np.float32))


@given(st.binary(max_size=60))
def test_anything_else_is_a_value_error(content: bytes) -> None:
    try:
        ubjson.loads(b"{" + content)
    except ValueError:
        return
    assert content.endswith(b"}") or content.startswith((b"#", b"$"))


@pytest.mark.parametrize(
    "content", [b"", b"?", b"[$d", b"[$d#", b"[#i\x02Z", b"ZZ", b"S", b"[$d#i\xff"]
)
def test_what_ends_too_early_or_too_late_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not UBJSON"):
        ubjson.loads(content)


def test_too_deep_a_nesting_is_refused() -> None:
    with pytest.raises(ValueError, match="not UBJSON"):
        ubjson.loads(b"[" * 100_000)
