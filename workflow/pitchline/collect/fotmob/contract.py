"""JSON checked against a shape: strictly and fast first, tolerantly and with reasons if that fails.

A shape is a tree of msgspec structs. A body of a known vintage is decoded in one pass, and a key
never seen before or a value of another type fails it. Only then is the body taken apart: unknown
keys become drift, elements of lists that can't be read become faults, and what is left must still
have every required field.
"""

from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, cast, get_args, get_origin

import msgspec

from pitchline.collect.rows import Unreadable

_T = TypeVar("_T")
_S = TypeVar("_S", bound=msgspec.Struct)
_NOTHING = msgspec.Raw(b"null")
# What decoding may raise whatever the bytes are; the errors of msgspec are ValueErrors.
_DECODING_ERRORS = (ValueError, RecursionError, OverflowError)
_SHOWN = 200


def also_known(*keys: str) -> Callable[[type[_S]], type[_S]]:
    """Makes a struct strict: these keys are known too but not read, any other key is drift."""

    def strict(shape: type[_S]) -> type[_S]:
        ignored = {f"ignored_{number}": key for number, key in enumerate(keys)}
        return cast(
            type[_S],
            msgspec.defstruct(
                shape.__name__,
                [(name, msgspec.Raw, _NOTHING) for name in ignored],
                bases=(shape,),
                module=shape.__module__,
                rename=ignored,
                forbid_unknown_fields=True,
            ),
        )

    return strict


class Findings:
    """What a tolerant reading met.

    Attributes:
        drift: paths of unknown keys, without indexes.
        faults: elements and optional values left out, each with its path and the reason.
    """

    def __init__(self) -> None:
        self.drift: set[str] = set()
        self.faults: list[str] = []


class Contract(Generic[_T]):
    """A shape, and the ways to decode bytes into it.

    Args:
        shape: the struct of the whole body.
        unwrap: takes the body out of a wrapping, or says that it is no such body by Unreadable;
            called only where the strict reading failed.
    """

    def __init__(self, shape: type[_T], unwrap: Callable[[Any], Any]) -> None:
        self._shape = shape
        self._unwrap = unwrap
        self._decoder = msgspec.json.Decoder(shape)

    def read(self, body: bytes) -> tuple[_T, Findings]:
        """Decodes a body.

        Raises:
            Unreadable: no JSON, or a required field is missing or wrong.
        """
        findings = Findings()
        try:
            return self._decoder.decode(body), findings
        except _DECODING_ERRORS:
            pass
        tree = self._unwrap(decoded(body))
        try:
            return msgspec.convert(_cleaned(tree, self._shape, "", findings), self._shape), findings
        except Unreadable:
            raise
        except _DECODING_ERRORS as error:
            raise Unreadable(_reason(error)) from None


def decoded(body: bytes) -> Any:
    """Any JSON as plain objects.

    Raises:
        Unreadable: it is no JSON, or one nested beyond measure.
    """
    try:
        return msgspec.json.decode(body)
    except _DECODING_ERRORS as error:
        raise Unreadable(f"no JSON: {error}") from None


def _reason(error: BaseException) -> str:
    """The text of an error of msgspec, its path as ``general.matchId``."""
    return str(error).replace("`$.", "`")[:_SHOWN]


def _cleaned(value: Any, shape: Any, path: str, findings: Findings) -> Any:
    """A value without what the shape doesn't know or can't hold."""
    if get_origin(shape) is Annotated:
        shape = get_args(shape)[0]
    if get_origin(shape) in (Union, UnionType):
        shape = _alternative(value, get_args(shape))
    if isinstance(value, dict):
        if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
            return _cleaned_struct(value, shape, path, findings)
        if get_origin(shape) is dict:
            return dict(_kept(value.items(), len(value), get_args(shape)[1], path, findings))
    if isinstance(value, list) and get_origin(shape) is list and not _is_plain(shape):
        numbered = [(str(number), element) for number, element in enumerate(value)]
        kept = _kept(numbered, len(value), get_args(shape)[0], path, findings)
        return [element for _, element in kept]
    return value


def _alternative(value: Any, shapes: tuple[Any, ...]) -> Any:
    """The member of a union that can hold an object or a list; any of them for a plain value."""
    for shape in shapes:
        origin = get_origin(shape)
        if isinstance(value, dict) and (
            origin is dict or (isinstance(shape, type) and issubclass(shape, msgspec.Struct))
        ):
            return shape
        if isinstance(value, list) and origin is list:
            return shape
    return None


def _cleaned_struct(
    value: dict[str, Any], shape: type[msgspec.Struct], path: str, findings: Findings
) -> dict[str, Any]:
    """An object without unknown keys and without small optional values of a wrong type."""
    fields = _fields(shape)
    strict = shape.__struct_config__.forbid_unknown_fields
    kept: dict[str, Any] = {}
    for key, member in value.items():
        where = f"{path}.{key}" if path else key
        field = fields.get(key)
        if field is None:
            if strict:
                findings.drift.add(where)
            continue
        if field.type is msgspec.Raw:
            continue
        kept[key] = _cleaned(member, field.type, where, findings)
        if not field.required and _is_small(field.type):
            error = _misfit(kept[key], field.type)
            if error:
                findings.faults.append(f"{where}: {error}")
                del kept[key]
    return kept


@cache
def _fields(shape: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """The fields of a struct by their keys in JSON."""
    return {field.encode_name: field for field in msgspec.structs.fields(shape)}


def _is_plain(shape: Any) -> bool:
    """Whether a shape holds numbers and texts only, or a list of those."""
    origin = get_origin(shape)
    if origin is Annotated:
        return _is_plain(get_args(shape)[0])
    if origin in (Union, UnionType):
        return all(_is_plain(member) for member in get_args(shape))
    if origin is list:
        return _is_plain(get_args(shape)[0])
    return shape in (int, float, str, bool, type(None))


@cache
def _is_small(shape: Any) -> bool:
    """Whether a value may be left out alone: plain, or an object of nothing but plain values.

    A section that holds more than that and doesn't fit makes the body unreadable.
    """
    if get_origin(shape) in (Union, UnionType):
        return all(_is_small(member) for member in get_args(shape))
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        read = (field.type for field in _fields(shape).values())
        return all(member is msgspec.Raw or _is_plain(member) for member in read)
    return _is_plain(shape)


def _kept(
    elements: Any, count: int, shape: Any, path: str, findings: Findings
) -> list[tuple[str, Any]]:
    """The elements of a list or map the shape can hold.

    Raises:
        Unreadable: most of them can't be read.
    """
    kept: list[tuple[str, Any]] = []
    faults: list[str] = []
    for key, element in elements:
        cleaned = _cleaned(element, shape, path, findings)
        error = _misfit(cleaned, shape)
        if error:
            faults.append(f"{path}[{key}]: {error}"[:_SHOWN])
        else:
            kept.append((key, cleaned))
    if len(faults) * 2 > count:
        raise Unreadable(f"{path}: {len(faults)} of {count} can't be read, such as {faults[0]}")
    findings.faults += faults
    return kept


def _misfit(value: Any, shape: Any) -> str | None:
    """Why a value doesn't fit a shape, or None."""
    try:
        msgspec.convert(value, shape)
    except _DECODING_ERRORS as error:
        return _reason(error)
    return None
