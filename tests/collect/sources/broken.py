"""Bodies that are no longer what they were."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import strategies as st

from pitchline.collect.rows import Parsed, Unreadable
from pitchline.collect.source import Plan

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "0001-01-01",
            "0001-01-01T00:00:00+09:00",
            "9999-12-31T23:59:59-09:00",
            "24:00",
            "\ud800",
            "9" * 400,
            10**400,
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += _places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += _places(inner, (*path, index))
    return found


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


@st.composite
def broken_json(draw: st.DrawFn, good: Any) -> bytes:
    """A good answer in which up to three values are anything else."""
    for _ in range(draw(st.integers(1, 3))):
        good = _replaced(good, draw(st.sampled_from(_places(good))), draw(ANYTHING))
    return json.dumps(good).encode()


def garbage(good: bytes) -> st.SearchStrategy[bytes]:
    """Bytes, and a good body cut off or with bytes in its middle."""
    cut = st.integers(0, len(good))
    return (
        st.binary(max_size=60)
        | cut.map(lambda n: good[:n])
        | st.tuples(cut, st.binary(max_size=6)).map(lambda t: good[: t[0]] + t[1] + good[t[0] :])
        | st.sampled_from([b"[" * 100_000, b'{"a":' * 100_000, b"NaN", b"\xff\xfe", b"null"])
    )


def parsed_or_unreadable(parse: Callable[[], Parsed]) -> Parsed | None:
    """What a parser makes of a body; anything raised but Unreadable is the test's failure."""
    try:
        return parse()
    except Unreadable as error:
        assert str(error)
        return None


def planned(**given: Any) -> Plan:
    """A plan of one host; the rest as given."""
    return cast(Plan, SimpleNamespace(base_url="http://host", token=None, **given))
