"""The sources there are: every module of pitchline.collect.sources, by name."""

import functools
import importlib
import pkgutil

from pitchline.collect import sources, starter
from pitchline.collect.archive import Snapshot
from pitchline.collect.rows import Parsed, Unreadable
from pitchline.collect.source import Source
from pitchline.collect.starter import bodies
from pitchline.errors import ParamsError


@functools.cache
def names() -> list[str]:
    """Every source's name, sorted."""
    return sorted(
        module.name
        for module in pkgutil.iter_modules(sources.__path__)
        if not module.name.startswith("_")
    )


@functools.cache
def source_named(name: str) -> Source:
    """A source, its module imported only now.

    Raises:
        ParamsError: there is none of that name.
    """
    if name not in names():
        raise ParamsError(
            f"{name!r}: no such source; there are {', '.join(['starter', *names()])}. "
            "docs/add-a-source.md tells how to add one."
        )
    source: Source = importlib.import_module(f"pitchline.collect.sources.{name}").SOURCE
    return source


def parse(snapshot: Snapshot) -> Parsed:
    """Rows of a snapshot, by its source's parser.

    Raises:
        Unreadable: no row can be taken from it, or no parser is there for it.
    """
    if snapshot.source == starter.SOURCE:
        return bodies.parse(snapshot.kind, snapshot.body)
    if snapshot.source not in names():
        raise Unreadable(f"no parser for source {snapshot.source}, kind {snapshot.kind}")
    source = source_named(snapshot.source)
    if snapshot.kind not in source.kinds:
        raise Unreadable(f"no parser for source {snapshot.source}, kind {snapshot.kind}")
    return source.parse(snapshot.kind, snapshot.key, snapshot.body)


def codes_of(source: str) -> str | None:
    """The column of competitions.csv with a source's codes; None where the slugs are its codes."""
    return None if source == starter.SOURCE else source_named(source).codes_of
