"""JSON checked against a shape: strictly and fast first, tolerantly and with reasons if that fails.

A shape is a tree of msgspec structs. A body of a known vintage is decoded in one pass, and a key
never seen before or a value of another type fails it. Only then is the body taken apart: unknown
keys become drift, elements of lists that can't be read become faults, and what is left must still
have every required field.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Generic, NamedTuple, TypeVar, Union, cast, get_args, get_origin

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


@dataclass
class Findings:
    """What a tolerant reading met.

    Attributes:
        drift: paths of unknown keys, without indexes.
        faults: elements and optional values left out, each with its path and the reason.
    """

    drift: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


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
        try:
            return self._decoder.decode(body), Findings()
        except _DECODING_ERRORS:
            pass
        tree = self._unwrap(decoded(body))
        try:
            return self._converted(tree, picky=False)
        except _DECODING_ERRORS:
            pass
        try:
            return self._converted(tree, picky=True)
        except Unreadable:
            raise
        except _DECODING_ERRORS as error:
            raise Unreadable(_reason(error)) from None

    def _converted(self, tree: Any, picky: bool) -> tuple[_T, Findings]:
        """The body without what isn't known; if picky, without what can't be read either."""
        sieve = _Sieve(picky)
        return msgspec.convert(sieve.value(tree, self._shape, ""), self._shape), sieve.findings


class _Sieve:
    """Takes from a decoded body what its shape doesn't hold.

    Args:
        picky: whether to try each element of a list, and each small optional value, and to leave
            out those that don't fit; otherwise only unknown keys are left out.
    """

    def __init__(self, picky: bool) -> None:
        self.findings = Findings()
        self._picky = picky

    def value(self, value: Any, shape: Any, path: str) -> Any:
        """A value without what the shape doesn't know or can't hold."""
        kind, inner = _container(shape, isinstance(value, dict))
        if kind is _Kind.OBJECT:
            return self._object(value, inner, path)
        if kind is _Kind.MAP and isinstance(value, dict):
            return dict(self._elements(value.items(), len(value), inner, path))
        if kind is _Kind.LIST and isinstance(value, list):
            kept = self._elements(enumerate(value), len(value), inner, path)
            return [element for _, element in kept]
        return value

    def _object(
        self, value: dict[str, Any], shape: type[msgspec.Struct], path: str
    ) -> dict[str, Any]:
        """An object without unknown keys and without small optional values of a wrong type."""
        members = _members(shape)
        strict = shape.__struct_config__.forbid_unknown_fields
        kept: dict[str, Any] = {}
        for key, told in value.items():
            member = members.get(key)
            if member is None:
                if strict:
                    self.findings.drift.add(_below(path, key))
                continue
            if member.ignored:
                continue
            if isinstance(told, (dict, list)):
                told = self.value(told, member.shape, _below(path, key))
            if self._picky and member.dispensable:
                error = _misfit(told, member.shape)
                if error:
                    self.findings.faults.append(f"{_below(path, key)}: {error}"[:_SHOWN])
                    continue
            kept[key] = told
        return kept

    def _elements(
        self, elements: Iterable[tuple[Any, Any]], count: int, shape: Any, path: str
    ) -> list[tuple[Any, Any]]:
        """The elements of a list or map, those the shape can hold.

        Raises:
            Unreadable: most of them can't be read.
        """
        kept = [(key, self.value(element, shape, path)) for key, element in elements]
        if not self._picky:
            return kept
        errors = [(key, _misfit(element, shape)) for key, element in kept]
        faults = [f"{path}[{key}]: {error}"[:_SHOWN] for key, error in errors if error]
        if len(faults) * 2 > count:
            raise Unreadable(f"{path}: {len(faults)} of {count} can't be read, such as {faults[0]}")
        self.findings.faults += faults
        return [pair for pair, (_, error) in zip(kept, errors, strict=True) if not error]


def decoded(body: bytes) -> Any:
    """Any JSON as plain objects.

    Raises:
        Unreadable: it is no JSON, or one nested beyond measure.
    """
    try:
        return msgspec.json.decode(body)
    except _DECODING_ERRORS as error:
        raise Unreadable(f"no JSON: {error}") from None


def _below(path: str, key: str) -> str:
    """The path of a member."""
    return f"{path}.{key[:_SHOWN]}" if path else key[:_SHOWN]


def _reason(error: BaseException) -> str:
    """The text of an error of msgspec, its path as ``general.matchId``."""
    return str(error).replace("`$.", "`")[:_SHOWN]


class _Kind(Enum):
    """What a shape is to a sieve."""

    OBJECT = "object"
    MAP = "map"
    LIST = "list"
    OTHER = "other"


@cache
def _container(shape: Any, for_object: bool) -> tuple[_Kind, Any]:
    """What of a shape can hold a JSON object, or else a JSON list, and the shape within it."""
    origin = get_origin(shape)
    if origin is Annotated:
        return _container(get_args(shape)[0], for_object)
    if origin in (Union, UnionType):
        members = [_container(member, for_object) for member in get_args(shape)]
        return next((found for found in members if found[0] is not _Kind.OTHER), members[0])
    if for_object and isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return _Kind.OBJECT, shape
    if for_object and origin is dict:
        return _Kind.MAP, get_args(shape)[1]
    if not for_object and origin is list and not _is_plain(shape):
        return _Kind.LIST, get_args(shape)[0]
    return _Kind.OTHER, None


class _Member(NamedTuple):
    """A field of a struct.

    Attributes:
        ignored: known, but not read.
        dispensable: may be left out alone if it doesn't fit.
    """

    shape: Any
    ignored: bool
    dispensable: bool


@cache
def _members(shape: type[msgspec.Struct]) -> dict[str, _Member]:
    """The fields of a struct by their keys in JSON."""
    return {
        field.encode_name: _Member(
            field.type,
            field.type is msgspec.Raw,
            not field.required and _is_small(field.type),
        )
        for field in msgspec.structs.fields(shape)
    }


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


def _is_small(shape: Any) -> bool:
    """Whether a value may be left out alone: plain, or an object of nothing but plain values.

    A section that holds more than that and doesn't fit makes the body unreadable.
    """
    if get_origin(shape) in (Union, UnionType):
        return all(_is_small(member) for member in get_args(shape))
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        read = [field.type for field in msgspec.structs.fields(shape)]
        return all(member is msgspec.Raw or _is_plain(member) for member in read)
    return _is_plain(shape)


def _misfit(value: Any, shape: Any) -> str | None:
    """Why a value doesn't fit a shape, or None."""
    try:
        msgspec.convert(value, shape)
    except _DECODING_ERRORS as error:
        return _reason(error)
    return None
