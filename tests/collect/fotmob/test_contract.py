"""Strict reading, and what is done where it fails."""

import json
from typing import Any

import msgspec
import pytest

from pitchline.collect.fotmob.contract import Contract, also_known
from pitchline.collect.fotmob.pages import unwrapped
from pitchline.collect.rows import Unreadable


@also_known("color")
class Leaf(msgspec.Struct, rename="camel"):
    size: int
    page_url: str | None = None
    pair: list[int] | None = None


@also_known("Other Key")
class Tree(msgspec.Struct, rename="camel"):
    name: str
    leaves: list[Leaf]
    age: int | None = None
    first: Leaf | None = None
    by_name: dict[str, Leaf] | None = None


CONTRACT = Contract(Tree, unwrapped)


def read(tree: Any) -> tuple[Tree, set[str], list[str]]:
    found, findings = CONTRACT.read(json.dumps(tree).encode())
    return found, findings.drift, findings.faults


def test_known_keys_are_no_drift() -> None:
    tree = {"name": "a", "leaves": [{"size": 1, "color": "red", "pageUrl": "/"}], "Other Key": [1]}
    found, drift, faults = read(tree)
    assert (found.leaves[0].size, found.leaves[0].page_url) == (1, "/")
    assert drift == set()
    assert faults == []


def test_unknown_keys_are_drift_without_indexes_and_nothing_is_lost() -> None:
    leaves = [{"size": 1, "new": 1}, {"size": 2, "new": 2, "newer": {}}]
    found, drift, faults = read({"name": "a", "leaves": leaves, "newest": None})
    assert [leaf.size for leaf in found.leaves] == [1, 2]
    assert drift == {"newest", "leaves.new", "leaves.newer"}
    assert faults == []


def test_a_bad_element_is_a_fault_and_the_rest_is_kept() -> None:
    leaves = [{"size": 1}, {"size": "many"}, {"size": 3}, "no leaf"]
    found, _, faults = read({"name": "a", "leaves": leaves})
    assert [leaf.size for leaf in found.leaves] == [1, 3]
    assert len(faults) == 2
    assert faults[0].startswith("leaves[1]: ")
    assert "size" in faults[0]


def test_a_list_of_mostly_bad_elements_is_unreadable() -> None:
    with pytest.raises(Unreadable, match=r"leaves: 2 of 3 can't be read"):
        read({"name": "a", "leaves": [{"size": 1}, {"size": "x"}, {}]})


def test_a_wrong_optional_value_is_left_out_and_told() -> None:
    tree = {"name": "a", "leaves": [], "age": "old", "first": {"size": 1, "pair": [1, "x"]}}
    found, _, faults = read(tree)
    assert found.age is None
    assert found.first == msgspec.convert({"size": 1}, Leaf)
    assert [fault.split(":")[0] for fault in faults] == ["age", "first.pair"]


@pytest.mark.parametrize(
    ("tree", "named"),
    [
        ({"leaves": []}, "name"),
        ({"name": 1, "leaves": []}, "name"),
        ({"name": "a", "leaves": {}}, "leaves"),
        ({"name": "a", "leaves": [], "byName": []}, "byName"),
        ([], "list"),
        ("text", "str"),
        ({"error": "Verification required", "code": "TURNSTILE_REQUIRED"}, "Verification required"),
        ({"pageProps": {"__N_REDIRECT": "/matches/a-vs-b/1#2"}}, "redirect"),
        ({"pageProps": {"fallback": {}, "translations": {}}}, "name"),
    ],
)
def test_a_missing_or_wrong_required_field_is_named(tree: Any, named: str) -> None:
    with pytest.raises(Unreadable, match=named):
        read(tree)


def test_elements_of_a_map_are_judged_like_those_of_a_list() -> None:
    by_name = {"a": {"size": 1}, "b": {"size": 2}, "c": {}}
    found, _, faults = read({"name": "a", "leaves": [], "byName": by_name})
    assert found.by_name is not None
    assert sorted(found.by_name) == ["a", "b"]
    assert faults[0].startswith("byName[c]: ")


@pytest.mark.parametrize("key", ["pageProps", "props"])
def test_pages_are_unwrapped(key: str) -> None:
    inner: Any = {"name": "a", "leaves": [{"size": 1}]}
    page = {"pageProps": inner} if key == "pageProps" else {"props": {"pageProps": inner}}
    found, drift, _ = read(page)
    assert found.leaves[0].size == 1
    assert drift == set()


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\xff\xfe", b'{"name": "a", "leaves": [', b"<html></html>"),
        *(b'{"name": "\xff", "leaves": []}', b'{"name": "\\ud800", "leaves": []}'),
        *(b'{"name": NaN, "leaves": []}', b'{"name": "a", "leaves": [{"size": 1e999}]}'),
        *(b"[" * 100_000, b'{"leaves":' * 50_000, b'{"new":' + b"[" * 100_000),
        b'{"name": "a", "leaves": [], "age": ' + b"9" * 10_000 + b"}",
    ],
)
def test_bytes_that_are_no_such_json_are_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        CONTRACT.read(body)
