"""From raw snapshots to the sources' own rows: every source's tables, names and ids untouched."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd
import pyarrow as pa

from pitchline.collect import registry
from pitchline.collect.archive import (
    Pack,
    Snapshot,
    checked_bytes,
    pack_lines,
    read_manifest,
)
from pitchline.collect.index import read_index
from pitchline.collect.rows import (
    EventRow,
    LineupRow,
    MatchRow,
    OddsRow,
    Parsed,
    ShotRow,
    TeamStatRow,
    Unreadable,
)

ROW_TYPES: dict[str, type[NamedTuple]] = {
    "matches": MatchRow,
    "team_stats": TeamStatRow,
    "shots": ShotRow,
    "events": EventRow,
    "lineups": LineupRow,
    "odds": OddsRow,
}
# Under this many compressed bytes a second process costs more than it brings.
WORTH_A_PROCESS = 2_000_000
_ARROW = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("ms", tz="UTC"),
}
_PANDAS = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}

# Kind, key, fetched_at and the body's SHA-256 of a snapshot.
Which = tuple[str, str, str, str]
_Job = tuple[Path, Pack, set[Which] | None]


@dataclass(frozen=True)
class Quarantined:
    """A body no row could be taken from.

    Attributes:
        source, kind, key: what the snapshot is of.
        sha256: the body's hash, by which `pitchline raw show` finds it.
        reason: why it was set aside.
    """

    source: str
    kind: str
    key: str
    sha256: str
    reason: str


@dataclass
class Staged:
    """Rows of many snapshots.

    Attributes:
        tables: by name, as in ``ROW_TYPES``, each with ``source``, ``snapshot`` and
            ``fetched_at`` besides.
        snapshots: bodies read.
        newest_fetch: the newest ``fetched_at``, or an empty text.
        faults: lines of readable bodies that no row could be taken from.
        drift: keys no parser knows, ``<source>: <path>``.
    """

    tables: dict[str, pa.Table]
    quarantined: list[Quarantined] = field(default_factory=list)
    snapshots: int = 0
    newest_fetch: str = ""
    faults: list[str] = field(default_factory=list)
    drift: set[str] = field(default_factory=set)

    def frame(self, table: str) -> pd.DataFrame:
        """One table as a frame: nullable integers and booleans, ordered as it was read."""
        frame: pd.DataFrame = self.tables[table].to_pandas(types_mapper=_PANDAS.get)
        return frame


def stage(snapshots: Iterable[Snapshot]) -> Staged:
    """Rows of snapshots in their order. A body that can't be parsed never stops the others."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in ROW_TYPES}
    counts: dict[str, list[int]] = {name: [] for name in ROW_TYPES}
    origins: list[tuple[str, str, str]] = []
    staged = Staged({})
    for snapshot in snapshots:
        staged.snapshots += 1
        staged.newest_fetch = max(staged.newest_fetch, snapshot.fetched_at)
        try:
            parsed, reason = registry.parse(snapshot), ""
        except Unreadable as error:
            parsed, reason = Parsed(), str(error) or "unreadable"
        except Exception as error:  # noqa: BLE001
            # A parser's own fault must not stop the others.
            parsed, reason = Parsed(), f"the parser failed: {type(error).__name__}: {error}"
        if reason:
            staged.quarantined.append(
                Quarantined(snapshot.source, snapshot.kind, snapshot.key, snapshot.sha256, reason)
            )
            continue
        origins.append((snapshot.source, snapshot.sha256, snapshot.fetched_at))
        for name in ROW_TYPES:
            found = getattr(parsed, name)
            rows[name] += found
            counts[name].append(len(found))
        what = f"{snapshot.source} {snapshot.kind} {snapshot.key}"
        staged.faults += [f"{what}: {fault}" for fault in parsed.faults]
        staged.drift |= {f"{snapshot.source}: {path}" for path in parsed.drift}
    for name, row_type in ROW_TYPES.items():
        staged.tables[name] = _table(row_type, rows[name], origins, counts[name])
    return staged


def _table(
    row_type: type[NamedTuple],
    rows: Sequence[tuple[Any, ...]],
    origins: Sequence[tuple[str, str, str]],
    counts: Sequence[int],
) -> pa.Table:
    schema = schema_of(row_type)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(row_type._fields)
    arrays = [pa.array(values, schema.field(i).type) for i, values in enumerate(columns)]
    which = np.repeat(np.arange(len(counts)), counts)
    for part in range(3):
        names = pa.array([origin[part] for origin in origins], pa.string())
        arrays.append(names.take(pa.array(which)))
    return pa.Table.from_arrays(arrays, schema=schema)


def schema_of(row_type: type[NamedTuple]) -> pa.Schema:
    """The Arrow schema of a row type, with the columns that tell where a row is from."""
    hints = get_type_hints(row_type)
    fields = [pa.field(name, _arrow_type(hints[name])) for name in row_type._fields]
    origin = [pa.field(name, pa.string()) for name in ("source", "snapshot", "fetched_at")]
    return pa.schema([*fields, *origin])


def _arrow_type(hint: Any) -> pa.DataType:
    if get_origin(hint) in (UnionType, Union):
        hint = next(part for part in get_args(hint) if part is not NoneType)
    return _ARROW[str if get_origin(hint) is Literal else hint]


def stage_sources(raw: Path, sources: Sequence[str]) -> Staged:
    """Rows of what the archives of some sources hold now: the newest body of every key.

    Large archives are read by a process for each core; the result doesn't depend on that.

    Args:
        raw: ``data/raw``.
        sources: their names, in order of precedence.
    """
    jobs = [
        (raw / source, pack, wanted)
        for source in sources
        for wanted in [newest_bodies(raw / source)]
        for pack in read_manifest(raw / source)
    ]
    processes = _cores()
    if sum(pack.size for _, pack, _ in jobs) < WORTH_A_PROCESS or processes < 2:
        return joined([_stage_pack(*job) for job in jobs])
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        return joined(list(pool.map(_stage_share, _shares(jobs, processes))))


def _cores() -> int:
    """Cores this process may use; a container often gives it fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def newest_bodies(source_dir: Path) -> set[Which] | None:
    """Kind, key, ``fetched_at`` and SHA-256 of every body no later one of its key supersedes.

    None where the index doesn't know every pack, or there is none: then every body counts, and
    the newest row of each match is taken later.
    """
    index = read_index(source_dir)
    indexed = {body.pack for entry in index.values() for body in entry.bodies}
    if not indexed.issuperset(pack.path for pack in read_manifest(source_dir)):
        return None
    return {
        (entry.kind, entry.key, body.fetched_at, body.sha256)
        for entry in index.values()
        for body in (entry.newest, entry.newest_good)
        if body
    }


_Part = tuple[Path, Pack, set[Which] | None, int, int]


def _shares(jobs: Sequence[_Job], processes: int) -> list[list[_Part]]:
    """Packs cut into runs of about equal size, one for each process, in their order."""
    share = sum(pack.size for _, pack, _ in jobs) / processes
    shares: list[list[_Part]] = [[]]
    room = share
    for source_dir, pack, wanted in jobs:
        first = 0
        while first < pack.snapshots:
            fits = pack.snapshots - first
            if len(shares) < processes:
                fits = min(fits, max(1, round(pack.snapshots * room / pack.size)))
            shares[-1].append((source_dir, pack, wanted, first, first + fits))
            first += fits
            room -= pack.size * fits / pack.snapshots
            if room <= 0 and len(shares) < processes:
                shares.append([])
                room = share
    return shares


def _stage_share(parts: Sequence[_Part]) -> Staged:
    return joined([_stage_pack(*part) for part in parts])


def _stage_pack(
    source_dir: Path, pack: Pack, wanted: set[Which] | None, first: int = 0, last: int | None = None
) -> Staged:
    lines = pack_lines(checked_bytes(source_dir, pack), source_dir / pack.path)
    found = (
        Snapshot.from_line(line, source_dir / pack.path) for line in islice(lines, first, last)
    )
    return stage(
        s for s in found if wanted is None or (s.kind, s.key, s.fetched_at, s.sha256) in wanted
    )


def joined(parts: Sequence[Staged]) -> Staged:
    """Several parts as one, in their order."""
    whole = Staged(
        {
            name: pa.concat_tables(
                [schema_of(kind).empty_table(), *(p.tables[name] for p in parts)]
            )
            for name, kind in ROW_TYPES.items()
        }
    )
    for part in parts:
        whole.quarantined += part.quarantined
        whole.snapshots += part.snapshots
        whole.newest_fetch = max(whole.newest_fetch, part.newest_fetch)
        whole.faults += part.faults
        whole.drift |= part.drift
    return whole
