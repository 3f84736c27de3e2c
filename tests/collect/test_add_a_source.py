"""The page on adding a source says what the smallest source in the tree does."""

import re
import typing

import yaml

from pitchline.collect import registry
from pitchline.collect.source import Source
from tests.conftest import ROOT

PAGE = (ROOT / "docs/add-a-source.md").read_text(encoding="utf-8")
SOURCES = ROOT / "workflow/pitchline/collect/sources"
SMALLEST = "openfootball"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_quoted_source_is_the_smallest_that_plans_by_itself() -> None:
    rooms = tuple(folder.name for folder in SOURCES.parent.iterdir() if folder.is_dir())
    sizes = {
        name: len((SOURCES / f"{name}.py").read_text(encoding="utf-8").splitlines())
        for name in registry.names()
        # The rooms of these hold their parsers.
        if not name.startswith(rooms)
    }
    assert min(sizes, key=lambda name: sizes[name]) == SMALLEST


def test_what_is_quoted_stands_in_the_module() -> None:
    module = (SOURCES / f"{SMALLEST}.py").read_text(encoding="utf-8")
    quoted = blocks("python")
    assert len(quoted) >= 5
    for block in quoted:
        assert block in module, block


def test_the_entry_is_the_one_of_params() -> None:
    (entry,) = blocks("yaml")
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    (name,) = shown = yaml.safe_load(entry)
    assert shown[name] == params["collect"]["network"][name]


def test_every_member_of_the_protocol_is_explained() -> None:
    members = set(typing.get_type_hints(Source)) | {"plan", "classify", "parse", "identify"}
    assert {m for m in members if f"`{m}`" not in PAGE} == set()


def test_every_source_keeps_to_the_protocol() -> None:
    for name in registry.names():
        source = registry.source_named(name)
        missing = [m for m in typing.get_type_hints(Source) if not hasattr(source, m)]
        assert (source.name, missing) == (name, [])
        assert source.kinds
