"""From raw snapshots to the sources' own rows: every source's tables, names and ids untouched."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt
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
from pitchline.collect.index import Body, Entry, read_index
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
from pitchline.ingest.growth import Bodies, Held, growth_of, held_by
from pitchline.ingest.ranges import within_range

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


class Wanted(NamedTuple):
    """Which bodies of a source's archive are read.

    Attributes:
        newest: those no later one of their key supersedes; None where every body counts.
        earlier: of each key the readable body before the newest readable one: only how many
            matches it holds is looked at.
    """

    newest: set[Which] | None
    earlier: set[Which]


_Job = tuple[Path, Pack, Wanted]


@dataclass(frozen=True)
class Origin:
    """The snapshot that something is said about.

    Attributes:
        source, kind, key: what the snapshot is of.
        sha256: the body's hash, by which `pitchline raw show` finds it.
        fetched_at: when it came, ISO 8601 in UTC.
        partition: where it is filed: ``<the source's code of the competition>/<season>``, where
            it is of one competition; empty for a snapshot from outside an archive.
    """

    source: str
    kind: str
    key: str
    sha256: str
    fetched_at: str
    partition: str


def _origin(snapshot: Snapshot, partition: str) -> dict[str, str]:
    return {
        "source": snapshot.source,
        "kind": snapshot.kind,
        "key": snapshot.key,
        "sha256": snapshot.sha256,
        "fetched_at": snapshot.fetched_at,
        "partition": partition,
    }


@dataclass(frozen=True)
class Quarantined(Origin):
    """A body no row could be taken from.

    Attributes:
        reason: why it was set aside.
    """

    reason: str


@dataclass(frozen=True)
class Fault(Origin):
    """A line of a readable body that no row could be taken from.

    Attributes:
        text: which line, and what is wrong with it.
    """

    text: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.source} {self.kind} {self.key}: {self.text}"


@dataclass(frozen=True)
class Emptied(Origin):
    """Values of a readable body that its table has no room for.

    Attributes:
        values: how many.
        text: which, and what was done.
    """

    values: int
    text: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.source} {self.kind} {self.key}: {self.text}"


@dataclass
class Staged:
    """Rows of many snapshots.

    Attributes:
        tables: by name, as in ``ROW_TYPES``, each with ``source``, ``snapshot`` and
            ``fetched_at`` besides.
        snapshots: bodies read.
        newest_fetch: the newest ``fetched_at``, or an empty text.
        faults: lines of readable bodies that no row could be taken from.
        emptied: values out of range, which were left out.
        drift: keys no parser knows, ``<source>: <path>``.
        bodies: how many bodies were read.
        lines: how many matches they hold, and how many lines no row could be taken from.
        drifted: how many of the bodies have keys no parser knows.
        earlier, newest: what the last two readable bodies of a key hold, where it has two.
    """

    tables: dict[str, pa.Table]
    quarantined: list[Quarantined] = field(default_factory=list)
    snapshots: int = 0
    newest_fetch: str = ""
    faults: list[Fault] = field(default_factory=list)
    emptied: list[Emptied] = field(default_factory=list)
    drift: set[str] = field(default_factory=set)
    bodies: Counter[Bodies] = field(default_factory=Counter)
    lines: Counter[Bodies] = field(default_factory=Counter)
    drifted: Counter[Bodies] = field(default_factory=Counter)
    earlier: list[Held] = field(default_factory=list)
    newest: list[Held] = field(default_factory=list)

    def frame(self, table: str) -> pd.DataFrame:
        """One table as a frame: nullable integers and booleans, ordered as it was read."""
        frame: pd.DataFrame = self.tables[table].to_pandas(types_mapper=_PANDAS.get)
        return frame


def stage(
    snapshots: Iterable[Snapshot],
    partition: str = "",
    regrown: AbstractSet[tuple[str, str]] = frozenset(),
) -> Staged:
    """Rows of snapshots in their order. A body that can't be parsed never stops the others.

    Args:
        snapshots: what to read.
        partition: where they are filed.
        regrown: kind and key of those whose earlier body is compared with this one.
    """
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in ROW_TYPES}
    counts: dict[str, list[int]] = {name: [] for name in ROW_TYPES}
    origins: list[dict[str, str]] = []
    staged = Staged({})
    for snapshot in snapshots:
        staged.snapshots += 1
        staged.newest_fetch = max(staged.newest_fetch, snapshot.fetched_at)
        origin = _origin(snapshot, partition)
        counted = Bodies(snapshot.source, snapshot.kind, partition, snapshot.fetched_at[:10])
        staged.bodies[counted] += 1
        parsed, reason = _parsed(snapshot)
        if reason:
            staged.quarantined.append(Quarantined(**origin, reason=reason))
            continue
        origins.append(origin)
        for name in ROW_TYPES:
            found = getattr(parsed, name)
            rows[name] += found
            counts[name].append(len(found))
        staged.faults += [Fault(**origin, text=fault) for fault in parsed.faults]
        staged.drift |= {f"{snapshot.source}: {path}" for path in parsed.drift}
        staged.lines[counted] += len(parsed.matches) + len(parsed.faults)
        if parsed.drift:
            staged.drifted[counted] += 1
        if (snapshot.kind, snapshot.key) in regrown:
            staged.newest += held_by(parsed, origin)
    for name, row_type in ROW_TYPES.items():
        bodies = np.repeat(np.arange(len(origins)), counts[name])
        table = _table(row_type, rows[name], origins, bodies)
        staged.tables[name], out = within_range(name, table, bodies)
        staged.emptied += [
            Emptied(**origins[each.body], values=each.values, text=each.text) for each in out
        ]
    return staged


def _parsed(snapshot: Snapshot) -> tuple[Parsed, str]:
    """The rows of a snapshot, or why none could be taken from it."""
    try:
        return registry.parse(snapshot), ""
    except Unreadable as error:
        return Parsed(), str(error) or "unreadable"
    except Exception as error:  # noqa: BLE001
        # A parser's own fault must not stop the others.
        return Parsed(), f"the parser failed: {type(error).__name__}: {error}"


def _table(
    row_type: type[NamedTuple],
    rows: Sequence[tuple[Any, ...]],
    origins: Sequence[Mapping[str, str]],
    bodies: npt.NDArray[np.int64],
) -> pa.Table:
    schema = schema_of(row_type)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(row_type._fields)
    arrays = [pa.array(values, schema.field(i).type) for i, values in enumerate(columns)]
    for part in ("source", "sha256", "fetched_at"):
        names = pa.array([origin[part] for origin in origins], pa.string())
        arrays.append(names.take(pa.array(bodies)))
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
        for wanted in [wanted_bodies(raw / source)]
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


def wanted_bodies(source_dir: Path) -> Wanted:
    """Which bodies of a source are read, by its index.

    Where the index doesn't know every pack, or there is none, every body counts, and the newest
    row of each match is taken later; then no body is compared with an earlier one.
    """
    index = read_index(source_dir)
    indexed = {body.pack for entry in index.values() for body in entry.bodies}
    if not indexed.issuperset(pack.path for pack in read_manifest(source_dir)):
        return Wanted(None, set())
    newest, earlier = set(), set()
    for entry in index.values():
        newest |= {_which(entry, body) for body in (entry.newest, entry.newest_good) if body}
        before = _readable_before(entry)
        if before:
            earlier.add(_which(entry, before))
    return Wanted(newest, earlier)


def _which(entry: Entry, body: Body) -> Which:
    return entry.kind, entry.key, body.fetched_at, body.sha256


def _readable_before(entry: Entry) -> Body | None:
    """The readable body before the newest readable one of a key."""
    good = [body for body in entry.bodies if not body.reason]
    return good[-2] if len(good) > 1 else None


_Part = tuple[Path, Pack, Wanted, int, int]


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
    source_dir: Path, pack: Pack, wanted: Wanted, first: int = 0, last: int | None = None
) -> Staged:
    lines = pack_lines(checked_bytes(source_dir, pack), source_dir / pack.path)
    found = (
        Snapshot.from_line(line, source_dir / pack.path) for line in islice(lines, first, last)
    )
    partition = pack.path.rpartition("/")[0]
    earlier: list[Held] = []

    def newest() -> Iterator[Snapshot]:
        for one in found:
            which = (one.kind, one.key, one.fetched_at, one.sha256)
            if wanted.newest is None or which in wanted.newest:
                yield one
            elif which in wanted.earlier:
                earlier.extend(held_by(_parsed(one)[0], _origin(one, partition)))

    staged = stage(newest(), partition, {(kind, key) for kind, key, _, _ in wanted.earlier})
    staged.earlier = earlier
    return staged


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
        whole.emptied += part.emptied
        whole.drift |= part.drift
        whole.bodies.update(part.bodies)
        whole.lines.update(part.lines)
        whole.drifted.update(part.drifted)
        whole.earlier += part.earlier
        whole.newest += part.newest
    return whole


def summary_of(staged: Staged) -> dict[str, Any]:
    """What ``data/quality/ingest.json`` tells of the bodies, in plain values and a fixed order.

    Returns:
        ``newest_fetch``, ``snapshots``; ``bodies``: for each source, kind, partition and day of
        fetch the number of ``bodies``, of their ``lines``, and of the bodies with keys no parser
        knows (``drifted``); ``quarantined``, ``faults`` and ``emptied`` with their origin;
        ``drift``; ``growth`` as ``growth_of`` gives it.
    """
    return {
        "newest_fetch": staged.newest_fetch,
        "snapshots": staged.snapshots,
        "bodies": [
            counted._asdict()
            | {
                "bodies": count,
                "lines": staged.lines[counted],
                "drifted": staged.drifted[counted],
            }
            for counted, count in sorted(staged.bodies.items())
        ],
        "quarantined": [asdict(item) for item in staged.quarantined],
        "faults": [asdict(item) for item in staged.faults],
        "emptied": [asdict(item) for item in staged.emptied],
        "drift": sorted(staged.drift),
        "growth": growth_of(staged.earlier, staged.newest),
    }
