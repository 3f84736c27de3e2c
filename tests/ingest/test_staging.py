"""Raw snapshots become the sources' own rows: all of the newest, each once."""

import dataclasses
import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pitchline.collect import archive, registry, starter
from pitchline.collect.archive import Snapshot
from pitchline.collect.index import INDEX
from pitchline.collect.rows import Parsed, Unreadable
from pitchline.collect.store import opened
from pitchline.errors import ArchiveError
from pitchline.ingest import staging
from pitchline.ingest.growth import Bodies, growth_of, held_by
from pitchline.ingest.identity.teams import Teams
from pitchline.ingest.ranges import Bounded, bounded
from pitchline.ingest.staging import ROW_TYPES, Fault, Quarantined, Staged
from pitchline.params import Params
from tests.bodies import Season, as_body, as_snapshot, changed
from tests.conftest import tables_of
from tests.ingest.conftest import Telling, match_row

PARTITION = "eng-premier-league/2025-26"
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    str: st.text(max_size=4),
    datetime: st.datetimes(datetime(1850, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(
        lambda m: m.replace(microsecond=m.microsecond // 1000 * 1000)
    ),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    parts = get_args(hint)
    if NoneType in parts:
        return st.none() | st.one_of(*(values(part) for part in parts if part is not NoneType))
    return PLAIN[hint]


def rows(table: str) -> st.SearchStrategy[list[NamedTuple]]:
    """Rows of a table whose values are all in range; tests/ingest/test_ranges.py has the others."""
    row_type = ROW_TYPES[table]
    hints = get_type_hints(row_type)
    limits = {column.name: column for column in bounded(table)}
    fields = {
        name: in_range(hints[name], limits[name]) if name in limits else values(hints[name])
        for name in row_type._fields
    }
    return st.lists(st.builds(row_type, **fields), max_size=2)


def in_range(hint: Any, column: Bounded) -> st.SearchStrategy[Any]:
    if int in (hint, *get_args(hint)):
        inside: st.SearchStrategy[Any] = st.integers(
            int(max(column.low, -(2**63))), int(min(column.high, 2**53))
        )
    else:
        inside = st.floats(column.low, column.high)
    return st.none() | inside if column.nullable else inside


PARSED = st.builds(
    Parsed,
    **{name: rows(name) for name in ROW_TYPES},
    drift=st.sets(st.sampled_from(["a.b", "c"])),
    faults=st.lists(st.sampled_from(["line 3: no date", "line 9: no score"]), max_size=2),
)
BODIES = st.lists(PARSED | st.just(Unreadable("`home` is missing")), max_size=5)


def contents(staged: Staged) -> dict[str, Any]:
    """All that is staged, in plain values."""
    told = plainly(staged)
    tables = {
        name: [tuple(row.values()) for row in table.to_pylist()]
        for name, table in staged.tables.items()
    }
    return told | {"tables": tables}


def plainly(staged: Staged) -> dict[str, Any]:
    """All but the tables, in plain values."""
    whole = dataclasses.replace(staged, tables={})
    return {each.name: getattr(whole, each.name) for each in dataclasses.fields(whole)}


def one_by_one(snapshots: Sequence[Snapshot], raw: Path | None = None) -> dict[str, Any]:
    """What staging must give, from the parsers' rows alone, and where each stands below ``raw``."""
    filed = {
        (snapshot.source, snapshot.sha256): pack.path.rpartition("/")[0]
        for manifest in (sorted(raw.glob("*/manifest.json")) if raw else ())
        for pack in archive.read_manifest(manifest.parent)
        for snapshot in archive.read_pack(manifest.parent, pack)
    }
    expected = Staged({name: [] for name in ROW_TYPES}, snapshots=len(snapshots))
    for s in snapshots:
        expected.newest_fetch = max(expected.newest_fetch, s.fetched_at)
        partition = filed.get((s.source, s.sha256), "")
        origin = (s.source, s.kind, s.key, s.sha256, s.fetched_at, partition)
        counted = Bodies(s.source, s.kind, partition, s.fetched_at[:10])
        expected.bodies[counted] += 1
        try:
            parsed = registry.parse(s)
        except Unreadable as error:
            expected.quarantined.append(Quarantined(*origin, str(error)))
            continue
        for name in ROW_TYPES:
            rows_from = (s.source, s.sha256, s.fetched_at)
            expected.tables[name] += [(*row, *rows_from) for row in getattr(parsed, name)]
        expected.faults += [Fault(*origin, fault) for fault in parsed.faults]
        expected.drift |= {f"{s.source}: {path}" for path in parsed.drift}
        expected.lines[counted] += len(parsed.matches) + len(parsed.faults)
        if parsed.drift:
            expected.drifted[counted] += 1
    return plainly(expected) | {"tables": expected.tables}


@pytest.fixture
def on_cores(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes a machine of so many cores, to which no archive is too small."""

    def change(cores: int) -> None:
        monkeypatch.setattr(staging, "WORTH_A_PROCESS", 0)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))

    return change


def file_in_packs(raw: Path, source: str, snapshots: list[Snapshot], sizes: list[int]) -> None:
    """An archive of a source, as many snapshots in each pack as told."""
    packs = []
    for number, size in enumerate(sizes):
        part, snapshots = snapshots[:size], snapshots[size:]
        packs.append(archive.add_pack(raw / source, f"c/{2000 + number}", part))
    assert not snapshots
    archive.write_manifest(raw / source, source, packs)


def add(raw: Path, *snapshots: Snapshot) -> None:
    """Bring snapshots into the starter's archive as a run does, index and all."""
    state = raw.parent / "state"
    with opened("starter", raw / "starter", state, timedelta(seconds=5), journalled=False) as held:
        for one in snapshots:
            held.add(one, PARTITION)


def staged_bodies(raw: Path) -> list[str]:
    """The hash of every body that rows were taken from, as often as they were."""
    found = staging.stage_sources(raw, ["starter"]).tables["matches"].to_pylist()
    return [row["snapshot"] for row in found if row["line"] == 0]


# -- rows of snapshots


@given(bodies=BODIES, cut=st.integers(0, 5), moments=st.permutations(range(1, 6)))
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(bodies=[], cut=0, moments=[1, 2, 3, 4, 5])
def test_staging_gives_the_rows_of_each_body_and_parts_add_up(
    telling: Telling, bodies: list[Parsed | Unreadable], cut: int, moments: list[int]
) -> None:
    snapshots = [
        dataclasses.replace(one, fetched_at=f"2026-01-0{moment}T00:00:00Z")
        for one, moment in zip(telling(bodies), moments, strict=False)
    ]
    whole = staging.stage(snapshots)
    assert contents(whole) == one_by_one(snapshots)
    parts = [staging.stage(snapshots[:cut]), staging.stage(snapshots[cut:])]
    assert contents(staging.joined(parts)) == contents(whole)


def test_no_parts_at_all_are_no_rows() -> None:
    found = staging.joined([])
    assert contents(found) == one_by_one([])
    assert all(found.frame(name).empty for name in ROW_TYPES)


def test_a_frame_keeps_large_numbers_and_what_is_not_told(telling: Telling) -> None:
    told = [match_row(line=value, attendance=count) for value, count in ((2**53 + 1, None), (0, 0))]
    frame = staging.stage(telling([Parsed(matches=told)])).frame("matches")
    assert frame["line"].tolist() == [2**53 + 1, 0]
    assert frame["attendance"].isna().tolist() == [True, False]


def test_the_starter_archive_is_staged_whole() -> None:
    snapshots = list(archive.read_archive(starter.PACKS))
    found = staging.stage_sources(starter.PACKS.parent, [starter.PACKS.name])
    assert contents(found) == one_by_one(snapshots, starter.PACKS.parent)
    assert found.tables["matches"].num_rows == 4560


# -- by several processes


@pytest.mark.parametrize("cores", [1, 2, 3, 9])
def test_the_number_of_processes_decides_nothing(
    tmp_path: Path, telling: Telling, on_cores: Callable[[int], None], cores: int
) -> None:
    bodies = [
        Parsed(matches=[match_row(match=f"{body}-{line}") for line in range(body % 3)])
        if body % 5
        else Unreadable("nothing in it")
        for body in range(13)
    ]
    first = telling(bodies)
    second = [dataclasses.replace(one, source="second") for one in telling(bodies)]
    file_in_packs(tmp_path, "starter", first, [1, 2, 3, 7])
    file_in_packs(tmp_path, "second", second, [8, 5])
    on_cores(cores)
    for order in (["starter", "second"], ["second", "starter"]):
        expected = [one for name in order for one in {"starter": first, "second": second}[name]]
        found = staging.stage_sources(tmp_path, order)
        assert contents(found) == one_by_one(expected, tmp_path)
        assert len(found.quarantined) == 6


def parsed_in(raw: Path) -> set[str]:
    return {f.text.rpartition(" ")[2] for f in staging.stage_sources(raw, ["starter"]).faults}


def test_only_a_large_archive_on_several_cores_is_worth_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_cores: Callable[[int], None]
) -> None:
    file_in_packs(tmp_path, "starter", [as_snapshot(b"1"), as_snapshot(b"2")], [1, 1])
    monkeypatch.setattr(registry, "parse", lambda _: Parsed(faults=[f"read in {os.getpid()}"]))
    here = str(os.getpid())
    assert parsed_in(tmp_path) == {here}
    on_cores(1)
    assert parsed_in(tmp_path) == {here}
    on_cores(2)
    assert here not in parsed_in(tmp_path)


def test_a_damaged_pack_is_named_whichever_process_reads_it(
    tmp_path: Path, on_cores: Callable[[int], None]
) -> None:
    file_in_packs(tmp_path, "starter", [as_snapshot(b"1"), as_snapshot(b"2")], [2])
    [pack] = archive.read_manifest(tmp_path / "starter")
    path = tmp_path / "starter" / pack.path
    path.write_bytes(path.read_bytes()[:-1])
    for cores in (1, 2):
        on_cores(cores)
        with pytest.raises(ArchiveError, match="truncated") as caught:
            staging.stage_sources(tmp_path, ["starter"])
        assert str(path) in str(caught.value)


# -- what counts, by the index


def at(day: int, body: bytes, key: str = "one", reason: str | None = None) -> Snapshot:
    found = as_snapshot(body, key=key, fetched_at=f"2026-05-{day:02d}T00:00:00Z")
    return dataclasses.replace(found, reason=reason)


@pytest.fixture
def old(season: Season) -> bytes:
    return as_body(season)


@pytest.fixture
def new(season: Season) -> bytes:
    return as_body(changed(season, 2, home_goals=3, away_goals=1))


def hashes(*bodies: bytes) -> list[str]:
    return [as_snapshot(body).sha256 for body in bodies]


@pytest.mark.parametrize("at_once", [True, False], ids=["one pack", "two packs"])
@pytest.mark.parametrize("cores", [1, 2])
def test_a_superseded_body_does_not_count(
    tmp_path: Path,
    old: bytes,
    new: bytes,
    at_once: bool,
    cores: int,
    on_cores: Callable[[int], None],
) -> None:
    raw = tmp_path / "raw"
    both = [at(1, old), at(2, new)]
    for part in [both] if at_once else [[one] for one in both]:
        add(raw, *part)
    on_cores(cores)
    assert staged_bodies(raw) == hashes(new)
    found = staging.stage_sources(raw, ["starter"])
    assert (found.snapshots, found.newest_fetch) == (1, "2026-05-02T00:00:00Z")
    assert found.frame("matches")["home_goals"].tolist() == [4, 0, 3]


def test_every_key_has_its_own_newest_body(tmp_path: Path, old: bytes, new: bytes) -> None:
    raw = tmp_path / "raw"
    add(raw, at(1, old), at(2, new), at(1, new, key="two"), at(3, old, key="two"))
    found = staging.stage_sources(raw, ["starter"])
    assert found.snapshots == 2
    assert sorted(staged_bodies(raw)) == sorted(hashes(old, new))
    seen = {(row["snapshot"], row["fetched_at"]) for row in found.tables["matches"].to_pylist()}
    assert seen == {
        (at(2, new).sha256, at(2, new).fetched_at),
        (at(1, old).sha256, "2026-05-03T00:00:00Z"),
    }


def test_a_body_that_came_back_counts_once(tmp_path: Path, old: bytes, new: bytes) -> None:
    raw = tmp_path / "raw"
    add(raw, at(1, old), at(2, new), at(3, old))
    assert staged_bodies(raw) == hashes(old)
    found = staging.stage_sources(raw, ["starter"])
    assert set(found.frame("matches")["fetched_at"]) == {"2026-05-03T00:00:00Z"}


def test_a_body_superseded_under_one_key_counts_under_another_alone(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    raw = tmp_path / "raw"
    add(raw, at(1, old), at(2, new), at(1, old, key="two"))
    assert sorted(staged_bodies(raw)) == sorted(hashes(old, new))


@pytest.mark.parametrize("cores", [1, 2])
def test_a_quarantined_newest_body_leaves_the_newest_good_one(
    tmp_path: Path, old: bytes, new: bytes, cores: int, on_cores: Callable[[int], None]
) -> None:
    raw = tmp_path / "raw"
    broken = [at(day, f"<html>{day}".encode(), reason="no JSON") for day in (3, 4)]
    add(raw, at(1, old), at(2, new), *broken)
    on_cores(cores)
    found = staging.stage_sources(raw, ["starter"])
    assert staged_bodies(raw) == hashes(new)
    assert found.snapshots == 2
    assert [item.sha256 for item in found.quarantined] == [broken[-1].sha256]
    assert "JSON" in found.quarantined[0].reason
    assert found.newest_fetch == broken[-1].fetched_at


def test_a_key_that_was_never_readable_is_told_and_stops_no_other(
    tmp_path: Path, old: bytes
) -> None:
    raw = tmp_path / "raw"
    add(raw, at(1, old), at(2, b"<html>", key="two", reason="no JSON"))
    found = staging.stage_sources(raw, ["starter"])
    assert staged_bodies(raw) == hashes(old)
    assert [item.key for item in found.quarantined] == ["two"]


def test_a_good_body_after_a_broken_one_ends_its_quarantine(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    raw = tmp_path / "raw"
    add(raw, at(1, old), at(2, b"<html>", reason="no JSON"), at(3, new))
    found = staging.stage_sources(raw, ["starter"])
    assert staged_bodies(raw) == hashes(new)
    assert not found.quarantined


def test_a_body_that_a_mended_parser_reads_counts_as_the_newest(
    tmp_path: Path, old: bytes, new: bytes, teams: Teams, params: Params
) -> None:
    raw = tmp_path / "raw"
    add(raw, at(1, old), at(2, new, reason="read by no parser of its day"))
    found = staging.stage_sources(raw, ["starter"])
    assert not found.quarantined
    matches = tables_of(found, teams, params)["matches"]
    assert matches["snapshot"].tolist() == hashes(new) * 3


def test_without_an_intact_index_every_body_counts(tmp_path: Path, old: bytes, new: bytes) -> None:
    raw = tmp_path / "raw"
    add(raw, at(1, old), at(2, new))
    index = raw / "starter" / INDEX
    assert len(staged_bodies(raw)) == 1
    index.write_bytes(index.read_bytes().replace(b"2026-05-02", b"2026-05-03"))
    assert sorted(staged_bodies(raw)) == sorted(hashes(old, new))
    index.unlink()
    assert sorted(staged_bodies(raw)) == sorted(hashes(old, new))


def test_merging_packs_changes_no_row(tmp_path: Path, old: bytes, new: bytes) -> None:
    raw = tmp_path / "raw"
    for one in (at(1, old), at(2, new), at(3, old, key="two"), at(4, b"<", reason="no JSON")):
        add(raw, one)
    before = staging.stage_sources(raw, ["starter"])
    state = raw.parent / "state"
    with opened("starter", raw / "starter", state, timedelta(seconds=5)) as held:
        assert held.compact() == (4, 1)
    after = staging.stage_sources(raw, ["starter"])
    for name in ROW_TYPES:
        rows_before, rows_after = (
            sorted(map(str, contents(part)["tables"][name])) for part in (before, after)
        )
        assert rows_before == rows_after
    assert before.quarantined == after.quarantined


@given(
    answers=st.lists(
        st.tuples(st.sampled_from(["one", "two"]), st.integers(0, 2), st.booleans()), max_size=8
    )
)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_of_every_key_the_newest_body_counts_and_the_newest_good_one(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[tuple[str, int, bool]],
) -> None:
    monkeypatch.setattr(registry, "parse", lambda one: Parsed(matches=[match_row(match=one.key)]))
    raw = tmp_path_factory.mktemp("answers") / "raw"
    came = [
        at(day, f"{body} {good}".encode(), key, None if good else "broken")
        for day, (key, body, good) in enumerate(answers, start=1)
    ]
    add(raw, *came)
    expected = set()
    for key in ("one", "two"):
        kept: list[Snapshot] = []
        for one in came:
            if one.key == key and (not kept or one.body != kept[-1].body):
                kept.append(one)
        good = [one for one in kept if not one.reason]
        expected |= {(one.key, one.sha256, one.fetched_at) for one in (*kept[-1:], *good[-1:])}
    found = staging.stage_sources(raw, ["starter"])
    rows = found.tables["matches"].to_pylist()
    assert len(rows) == len(expected)
    assert {(row["match"], row["snapshot"], row["fetched_at"]) for row in rows} == expected


def test_a_parser_that_fails_itself_stops_no_other_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def parse(snapshot: Snapshot) -> Parsed:
        if snapshot.body == b"1":
            raise ZeroDivisionError("a mistake of ours")
        return Parsed(matches=[match_row(match="2")])

    monkeypatch.setattr(registry, "parse", parse)
    found = staging.stage([as_snapshot(b"1"), as_snapshot(b"2")])
    assert found.tables["matches"].column("match").to_pylist() == ["2"]
    (item,) = found.quarantined
    assert item.reason == "the parser failed: ZeroDivisionError: a mistake of ours"


# -- what ingest.json tells of the bodies


def test_faults_and_quarantine_say_where_their_body_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(snapshot: Snapshot) -> Parsed:
        if snapshot.body == b"2":
            raise Unreadable("`home` is missing")
        return Parsed(matches=[match_row()], faults=["line 3: no date"], drift={"a.b"})

    monkeypatch.setattr(registry, "parse", parse)
    file_in_packs(tmp_path, "starter", [as_snapshot(b"1"), as_snapshot(b"2", key="two")], [1, 1])
    found = staging.summary_of(staging.stage_sources(tmp_path, ["starter"]))
    assert json.loads(json.dumps(found)) == found
    origin = {"source": "starter", "kind": "season", "fetched_at": "2026-06-01T00:00:00Z"}
    (fault,), (aside,) = found["faults"], found["quarantined"]
    assert fault == origin | {
        "key": "one",
        "sha256": as_snapshot(b"1").sha256,
        "partition": "c/2000",
        "text": "line 3: no date",
    }
    assert aside["partition"] == "c/2001"
    assert aside["reason"] == "`home` is missing"
    counted = [
        (line["partition"], line["day"], line["bodies"], line["lines"], line["drifted"])
        for line in found["bodies"]
    ]
    assert counted == [("c/2000", "2026-06-01", 1, 2, 1), ("c/2001", "2026-06-01", 1, 0, 0)]
    assert found["drift"] == ["starter: a.b"]


def growth(raw: Path) -> dict[str, Any]:
    found: dict[str, Any] = staging.summary_of(staging.stage_sources(raw, ["starter"]))["growth"]
    return found


@pytest.mark.parametrize("cores", [1, 2])
def test_a_key_that_lost_results_is_told_with_both_counts(
    tmp_path: Path, season: Season, old: bytes, cores: int, on_cores: Callable[[int], None]
) -> None:
    raw = tmp_path / "raw"
    fewer = as_body(changed(season, 1, home_goals=None, away_goals=None))
    add(raw, at(1, old), at(2, old, key="two"))
    add(raw, at(3, fewer))
    on_cores(cores)
    found = growth(raw)
    assert [(line["day"], line["keys"]) for line in found["compared"]] == [("2026-05-03", 1)]
    (line,) = found["shrunk"]
    assert (line["matches_before"], line["results_before"]) == (3, 2)
    assert (line["matches"], line["results"]) == (3, 1)
    assert line["sha256"] == hashes(fewer)[0]
    assert (line["competition"], line["season"]) == ("eng-premier-league", "2025-26")


def test_a_key_that_grows_or_stays_is_compared_and_not_told(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    raw = tmp_path / "raw"
    add(raw, at(1, old), at(2, new))
    assert growth(raw)["shrunk"] == []
    assert sum(line["keys"] for line in growth(raw)["compared"]) == 1


def test_only_the_last_two_readable_bodies_of_a_key_are_compared(
    tmp_path: Path, season: Season, old: bytes, new: bytes
) -> None:
    raw = tmp_path / "raw"
    empty = as_body(season | {"matches": season["matches"][2:]})
    add(raw, at(1, new), at(2, empty), at(3, b"<html>", reason="no JSON"), at(4, old))
    assert growth(raw)["shrunk"] == []
    add(raw, at(5, empty), at(6, b"<html>2", reason="no JSON"))
    (line,) = growth(raw)["shrunk"]
    assert (line["matches_before"], line["matches"], line["results"]) == (3, 1, 0)
    assert line["fetched_at"] == at(5, empty).fetched_at


def test_a_body_that_lost_a_whole_season_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    origin = {"source": "s", "kind": "k", "key": "1", "sha256": "a" * 64, "partition": "c/2025-26"}
    before = held_by(
        Parsed(matches=[match_row(), match_row(season="2024-25")]),
        origin | {"fetched_at": "2026-05-01T00:00:00Z"},
    )
    now = held_by(Parsed(), origin | {"fetched_at": "2026-05-02T00:00:00Z"})
    found = growth_of(before, now)["shrunk"]
    assert [(line["season"], line["matches"]) for line in found] == [("2024-25", 0), ("2025-26", 0)]
    assert {line["fetched_at"] for line in found} == {"2026-05-02T00:00:00Z"}
