"""A source's archive: nothing twice, nothing lost, every altered byte found."""

import hashlib
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pitchline.cli import cli
from pitchline.collect import archive, index, store
from pitchline.collect.source import Ask
from pitchline.collect.store import SourceArchive
from pitchline.errors import ArchiveError, PitchlineError
from tests.collect._archives import (
    ENGLAND,
    GERMANY,
    SOURCE,
    START,
    Home,
    at,
    identity,
    quick_packs,
    snapshot,
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_packs(monkeypatch)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


# -- adding


def test_what_is_added_is_there_before_and_after_the_run(home: Home) -> None:
    first, second = snapshot("1", b'{"a":1}'), snapshot("1", b"\xff", 5, etag="e", status=203)
    with home.opened() as opened:
        assert opened.newest("match", "1") is None
        assert opened.add(first, ENGLAND)
        assert opened.newest("match", "1") == first
        assert opened.add(second, ENGLAND)
        assert opened.newest("match", "1") == second
    with home.opened() as opened:
        assert opened.newest("match", "1") == second
    assert list(archive.read_archive(home.dir)) == [first, second]
    assert not home.journal.exists()


def test_a_body_equal_to_the_newest_of_its_key_adds_nothing(home: Home) -> None:
    home.put(ENGLAND, snapshot("1", b"a"))
    before = {path: path.read_bytes() for path in home.dir.rglob("*.zst")}
    with home.opened() as opened:
        assert not opened.add(snapshot("1", b"a", 60), ENGLAND)
        entry = opened.entry("match", "1")
        assert entry is not None
        assert entry.checked_at == at(60)
    assert {path: path.read_bytes() for path in home.dir.rglob("*.zst")} == before
    with home.opened() as opened:
        entry = opened.entry("match", "1")
        assert entry is not None
        assert (entry.checked_at, len(entry.bodies)) == (at(60), 1)


def test_equal_bodies_of_other_keys_and_kinds_are_kept(home: Home) -> None:
    all_three = [snapshot("1", b"a"), snapshot("2", b"a"), snapshot("1", b"a", kind="day")]
    home.put(ENGLAND, *all_three)
    assert home.contents() == Counter(map(identity, all_three))


def test_a_body_that_came_back_is_news_unless_any_equal_one_will_do(home: Home) -> None:
    home.put(ENGLAND, snapshot("1", b"a"), snapshot("1", b"b", 1))
    with home.opened() as opened:
        assert not opened.add(snapshot("1", b"a", 2), ENGLAND, anywhere=True)
        assert opened.add(snapshot("1", b"a", 2), ENGLAND)
        newest = opened.newest("match", "1")
        assert newest is not None
        assert (newest.body, newest.fetched_at) == (b"a", at(2))


def test_the_very_same_snapshot_is_never_kept_twice(home: Home) -> None:
    old, new = snapshot("1", b"a"), snapshot("1", b"b", 1)
    home.put(ENGLAND, old, new)
    with home.opened() as opened:
        assert not opened.add(old, ENGLAND)
    assert home.contents() == Counter(map(identity, [old, new]))
    store.verify(home.dir)


def test_a_body_older_than_what_is_there_is_filed_behind_it(home: Home) -> None:
    home.put(ENGLAND, snapshot("1", b"new", 100))
    with home.opened() as opened:
        assert opened.add(snapshot("1", b"old", 50), ENGLAND, anywhere=True)
        newest = opened.newest("match", "1")
        assert newest is not None
        assert newest.body == b"new"
        entry = opened.entry("match", "1")
        assert entry is not None
        assert [body.fetched_at for body in entry.bodies] == [at(50), at(100)]
        assert entry.checked_at == at(100)


def test_an_old_body_seen_again_on_disk_is_no_check_of_the_newest(home: Home) -> None:
    home.put(ENGLAND, snapshot("1", b"a"), snapshot("1", b"b", 10))
    with home.opened() as opened:
        opened.add(snapshot("1", b"a", 90), ENGLAND, anywhere=True)
        entry = opened.entry("match", "1")
        assert entry is not None
        assert entry.checked_at == at(10)


def test_a_key_stays_in_the_partition_it_was_first_filed_in(home: Home) -> None:
    home.put(ENGLAND, snapshot("1", b"a"))
    home.put(GERMANY, snapshot("1", b"b", 1), snapshot("2", b"c", 1))
    assert sorted(path.rpartition("/")[0] for path in home.listed()) == [ENGLAND, ENGLAND, GERMANY]


def test_what_came_before_an_error_is_kept(home: Home) -> None:
    with pytest.raises(RuntimeError), home.opened() as opened:
        opened.add(snapshot("1", b"a"), ENGLAND)
        raise RuntimeError
    assert sum(home.contents().values()) == 1


def test_packs_are_never_changed_or_removed_by_adding(home: Home) -> None:
    kept: dict[str, bytes] = {}
    for n in range(4):
        home.put(ENGLAND, snapshot("1", b"%d" % n, n))
        found = {path: (home.dir / path).read_bytes() for path in home.packs()}
        assert kept.items() <= found.items()
        assert len(found) == n + 1
        kept = found


def test_a_large_journal_becomes_a_pack_during_the_run(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "COMMIT_BYTES", 1000)
    with home.opened() as opened:
        opened.add(snapshot("1", b"x" * 600), ENGLAND)
        assert not home.packs()
        opened.add(snapshot("2", b"y" * 600), ENGLAND)
        assert len(home.packs()) == 1
        assert not home.journal.exists()
        opened.add(snapshot("3", b"z"), ENGLAND)
        found = [opened.newest("match", key) for key in "123"]
        assert [len(one.body) for one in found if one] == [600, 600, 1]
    assert sum(home.contents().values()) == 3


def test_keys_are_those_of_the_kind_that_can_be_read(home: Home) -> None:
    with home.opened() as opened:
        for key, kind, reason in [
            ("b", "match", None),
            ("a", "match", None),
            ("c", "match", "broken"),
            ("d", "day", None),
        ]:
            opened.add(snapshot(key, b"x", kind=kind, reason=reason), ENGLAND)
        assert opened.keys("match") == ["a", "b"]
        assert opened.keys("day") == ["d"]
        assert opened.keys("other") == []


def test_validators_are_those_of_the_newest_body(home: Home) -> None:
    def validators(opened: SourceArchive) -> tuple[str | None, str | None]:
        entry = opened.entry("match", "1")
        assert entry is not None
        return entry.etag, entry.last_modified

    with home.opened() as opened:
        opened.add(snapshot("1", b"a", 0, etag="e0", last_modified="m0"), ENGLAND)
        assert validators(opened) == ("e0", "m0")
        opened.add(snapshot("1", b"b", 10, etag="e1"), ENGLAND)
        assert validators(opened) == ("e1", None)
        opened.add(snapshot("1", b"old", 5, etag="e2"), ENGLAND)
        assert validators(opened) == ("e1", None)
        # The same body under a new validator: the next question is asked with it.
        opened.add(snapshot("1", b"b", 20, etag="e3"), ENGLAND)
        assert validators(opened) == ("e3", None)
    with home.opened() as opened:
        assert validators(opened) == ("e3", None)


# -- fresh or not


def ask(key: str = "1", hours: float = 12, final_seconds: int | None = None) -> Ask:
    final = None if final_seconds is None else START + timedelta(seconds=final_seconds)
    return Ask("match", key, f"http://host/{key}", ENGLAND, timedelta(hours=hours), final)


HOUR = 3600


@pytest.mark.parametrize(
    ("now", "hours", "final", "expected"),
    [
        (0, 12, None, True),
        (12 * HOUR - 1, 12, None, True),
        (12 * HOUR, 12, None, False),
        (0, 0, None, False),
        (900 * HOUR, 12, 0, True),
        (900 * HOUR, 12, -5, True),
        # Checked a second before it became final.
        (900 * HOUR, 12, 1, False),
    ],
)
def test_an_answer_stands_for_its_time_and_a_final_one_for_good(
    home: Home, now: int, hours: float, final: int | None, expected: bool
) -> None:
    with home.opened() as opened:
        opened.add(snapshot("1", b"a"), ENGLAND)
        moment = START + timedelta(seconds=now)
        assert opened.is_fresh(ask("1", hours, final), moment) is expected
        assert not opened.is_fresh(ask("2", hours, final), moment)


def test_a_check_without_news_counts_from_its_own_moment(home: Home) -> None:
    with home.opened() as opened:
        opened.add(snapshot("1", b"a"), ENGLAND)
        late = START + timedelta(hours=20)
        assert not opened.is_fresh(ask(), late)
        opened.checked("match", "1", at(19 * HOUR))
        assert opened.is_fresh(ask(), late)
        assert opened.is_fresh(ask(hours=0, final_seconds=19 * HOUR), late)
        opened.checked("match", "1", at(3 * HOUR))
        assert opened.is_fresh(ask(), late)
        opened.checked("match", "unknown", at(0))
    with home.opened() as opened:
        assert opened.is_fresh(ask(), late)


def test_a_quarantined_newest_body_is_never_final_but_not_asked_for_at_once(home: Home) -> None:
    with home.opened() as opened:
        opened.add(snapshot("1", b"a"), ENGLAND)
        opened.add(snapshot("1", b"<", 10, reason="no JSON"), ENGLAND)
        final = ask(final_seconds=0)
        assert opened.is_fresh(final, START + timedelta(minutes=30))
        assert not opened.is_fresh(final, START + timedelta(hours=2))
        assert not opened.is_fresh(ask(hours=0.1), START + timedelta(minutes=30))
        opened.add(snapshot("1", b"b", 20), ENGLAND)
        assert opened.is_fresh(final, START + timedelta(hours=13))


# -- quarantine


def test_a_quarantined_body_is_kept_with_its_reason_and_never_the_answer(home: Home) -> None:
    good, bad = snapshot("1", b"a"), snapshot("1", b"<html>", 1, reason="`id`: missing")
    home.put(ENGLAND, good, bad, snapshot("2", b"?", reason="no JSON"))
    with home.opened() as opened:
        assert opened.newest("match", "1") == good
        assert opened.newest("match", "2") is None
        assert opened.keys("match") == ["1"]
    assert bad in set(archive.read_archive(home.dir))
    assert home.told()["match", "2"][0][2] == "no JSON"


def test_a_mended_parser_frees_the_newest_bodies_it_can_read(home: Home) -> None:
    home.put(
        ENGLAND,
        snapshot("1", b"a"),
        snapshot("1", b"b", 1, reason="unknown"),
        snapshot("2", b"<", reason="unknown"),
        snapshot("3", b"older", reason="unknown"),
        snapshot("3", b"c", 1),
    )
    asked: list[bytes] = []

    def reason_of(one: archive.Snapshot) -> str:
        asked.append(one.body)
        return "still unknown" if one.body == b"<" else ""

    with home.opened() as opened:
        assert opened.read_again(reason_of) == 1
    assert sorted(asked) == [b"<", b"b"]
    with home.opened() as opened:
        newest = opened.newest("match", "1")
        assert newest is not None
        assert newest.body == b"b"
        assert opened.keys("match") == ["1", "3"]
        assert opened.read_again(reason_of) == 0
        # What was freed stays so when the packs are merged.
        opened.add(snapshot("9", b"z"), ENGLAND)
        assert opened.compact() == (2, 1)
        assert opened.keys("match") == ["1", "3", "9"]
    store.verify(home.dir)


def test_a_body_freed_before_it_was_packed_stays_free(home: Home) -> None:
    with home.opened() as opened:
        opened.add(snapshot("1", b"b", reason="unknown"), ENGLAND)
        assert opened.read_again(lambda _: "") == 1
    with home.opened() as opened:
        assert opened.keys("match") == ["1"]


def test_the_newest_answer_is_told_with_its_own_moment(home: Home) -> None:
    with home.opened() as opened:
        for seconds, body in enumerate([b"a", b"b", b"a"]):
            opened.add(snapshot("1", body, seconds, etag=f"e{seconds}"), ENGLAND)
        for _ in range(2):
            newest = opened.newest("match", "1")
            assert newest is not None
            assert (newest.fetched_at, newest.etag) == (at(2), "e2")
            opened.commit()


# -- the index


def filled(home: Home) -> None:
    """Three packs in two partitions, with a quarantined body and validators."""
    home.put(ENGLAND, snapshot("1", b'{"a":1}', etag="e"), snapshot("2", b"<", reason="no JSON"))
    home.put(ENGLAND, snapshot("1", b'{"a":2}', 10, last_modified="m"))
    home.put(GERMANY, snapshot("3", b"\xff\xfe", 20), snapshot("1", b"day", 20, kind="day"))


@pytest.mark.parametrize(
    "damage",
    [None, b"", b"x", b"\n", b"0" * 64 + b"\n[]\n", "cut", "flip", "other shape"],
    ids=str,
)
def test_a_lost_or_damaged_index_is_made_again_with_the_same_bodies(
    home: Home, damage: bytes | str | None
) -> None:
    filled(home)
    before, contents, packs = home.told(), home.contents(), home.packs()
    good = home.index.read_bytes()
    if damage is None:
        home.index.unlink()
    elif damage == "cut":
        home.index.write_bytes(good[:-1])
    elif damage == "flip":
        home.index.write_bytes(good.replace(b"no JSON", b"no JSoN"))
    elif damage == "other shape":
        # As another version would have written it: its hash is right.
        content = b'["match","1"]\n'
        digest = hashlib.sha256(content).hexdigest().encode()
        home.index.write_bytes(digest + b"\n" + content)
    else:
        assert isinstance(damage, bytes)
        home.index.write_bytes(damage)
    with home.opened():
        pass
    assert (home.told(), home.contents(), home.packs()) == (before, contents, packs)
    assert store.verify(home.dir) == 5
    entry = index.read_index(home.dir)["match", "1"]
    assert (entry.checked_at, entry.etag, entry.last_modified) == (at(10), None, "m")


def test_the_index_does_not_depend_on_the_order_of_adding(tmp_path: Path) -> None:
    snapshots = [snapshot(str(n), b"%d" % n, n) for n in range(6)]
    indexes = []
    for folder, order in [("a", snapshots), ("b", snapshots[::-1])]:
        home = Home(tmp_path / folder)
        with home.opened() as opened:
            for one in order:
                opened.add(one, ENGLAND)
            opened.compact()
        indexes.append({k: (e.checked_at, home.told()[k]) for k, e in opened.entries.items()})
    assert indexes[0] == indexes[1]


def test_a_new_archive_without_answers_is_whole(home: Home) -> None:
    with home.opened():
        pass
    assert store.verify(home.dir) == 0


# -- verify


def altered(path: Path, positions: Iterable[int], mask: Callable[[], int]) -> Iterator[int]:
    """One byte after another altered in place; the file is as it was afterwards."""
    good = path.read_bytes()
    with path.open("r+b", buffering=0) as handle:
        for position in positions:
            os.pwrite(handle.fileno(), bytes([good[position] ^ mask()]), position)
            yield position
            os.pwrite(handle.fileno(), good[position : position + 1], position)
    assert path.read_bytes() == good


def test_verify_finds_any_altered_byte(home: Home) -> None:
    filled(home)
    dice = random.Random(1)
    missed = []
    for path in sorted(path for path in home.dir.rglob("*") if path.is_file()):
        positions = range(path.stat().st_size)
        if path.suffix == ".zst":
            positions = sorted(dice.sample(positions, 60))
        for position in altered(path, positions, lambda: dice.choice([1, 2, 4, 8, 16, 32, 128])):
            try:
                store.verify(home.dir)
                missed.append((path.name, position))
            except PitchlineError as error:
                assert str(home.dir) in str(error)
    assert not missed
    assert store.verify(home.dir) == 5


@pytest.mark.parametrize("white", [b" ", b"\n", b"\t", b"\r"])
def test_verify_finds_whitespace_put_in_taken_away_or_swapped(home: Home, white: bytes) -> None:
    filled(home)
    for path in (home.manifest, home.index):
        good = path.read_bytes()
        changed = [white + good, good + white, good.replace(b"\n", b"\r\n"), good.rstrip()]
        changed += [good[:n] + white + good[n:] for n in range(0, len(good), 197)]
        changed += [
            good[:n] + white + good[n + 1 :]
            for n in range(len(good))
            if good[n : n + 1].isspace() and good[n : n + 1] != white and n % 3 == 0
        ]
        for bad in changed:
            path.write_bytes(bad)
            with pytest.raises(PitchlineError):
                store.verify(home.dir)
        path.write_bytes(good)
    store.verify(home.dir)


def test_verify_finds_any_altered_byte_of_an_empty_archive(home: Home) -> None:
    with home.opened():
        pass
    for path in (home.manifest, home.index):
        for _ in altered(path, range(path.stat().st_size), lambda: 1):
            with pytest.raises(PitchlineError):
                store.verify(home.dir)


def test_verify_finds_files_cut_off_lost_or_swapped(home: Home) -> None:
    filled(home)
    for path in sorted(home.dir.rglob("*")):
        if not path.is_file():
            continue
        good = path.read_bytes()
        for length in (0, 1, 64, 65, len(good) // 2, len(good) - 1):
            path.write_bytes(good[:length])
            with pytest.raises(PitchlineError, match=r"json"):
                store.verify(home.dir)
        path.unlink()
        if path != home.index:
            with pytest.raises(PitchlineError, match="missing"):
                store.verify(home.dir)
        path.write_bytes(good)
    one, two = (home.dir / name for name in sorted(home.packs())[:2])
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    with pytest.raises(ArchiveError, match=r"altered|truncated"):
        store.verify(home.dir)


def test_verify_finds_an_index_of_another_state_with_a_right_hash(home: Home) -> None:
    filled(home)
    entries = list(index.read_index(home.dir).values())
    home.index.write_bytes(index.index_bytes(entries[1:]))
    with pytest.raises(ArchiveError, match=r"index\.json.*Remove it"):
        store.verify(home.dir)
    entries[0].bodies = entries[0].bodies[:-1]
    home.index.write_bytes(index.index_bytes(entries))
    with pytest.raises(ArchiveError, match=r"index\.json.*Remove it"):
        store.verify(home.dir)


# -- compacting


def test_compacting_keeps_every_body_in_one_pack_a_partition(home: Home) -> None:
    for n in range(6):
        home.put(ENGLAND, snapshot("1", b"%d" % n, n))
        home.put(GERMANY, snapshot("2", b"%d" % n, n))
    before, told = home.contents(), home.told()
    with home.opened() as opened:
        assert opened.compact() == (12, 2)
        newest = opened.newest("match", "1")
        assert newest is not None
        assert newest.body == b"5"
    assert home.contents() == before
    assert home.told() == told
    assert home.packs() == home.listed()
    assert store.verify(home.dir) == 12
    files = {path: path.read_bytes() for path in home.dir.rglob("*.zst")}
    with home.opened() as opened:
        assert opened.compact() == (2, 2)
    assert {path: path.read_bytes() for path in home.dir.rglob("*.zst")} == files


def test_compacted_packs_do_not_depend_on_how_their_snapshots_came(tmp_path: Path) -> None:
    snapshots = [snapshot(str(n % 3), b"%d" % n, n) for n in range(8)]
    packs = []
    for folder, size in [("a", 1), ("b", 3)]:
        home = Home(tmp_path / folder)
        for first in range(0, len(snapshots), size):
            home.put(ENGLAND, *snapshots[first : first + size])
        with home.opened() as opened:
            opened.compact()
        packs.append(home.packs())
    assert packs[0] == packs[1]
    assert len(packs[0]) == 1


def test_compacting_takes_what_the_run_has_just_added_along(home: Home) -> None:
    home.put(ENGLAND, snapshot("1", b"a"))
    with home.opened() as opened:
        opened.add(snapshot("1", b"b", 1), ENGLAND)
        assert opened.compact() == (2, 1)
        assert opened.add(snapshot("1", b"c", 2), ENGLAND)
    assert sum(home.contents().values()) == 3
    store.verify(home.dir)


# -- the lock


def test_a_held_source_is_waited_for_and_then_named(home: Home) -> None:
    lock = home.state / f"{SOURCE}.lock"
    with home.opened() as opened:
        opened.add(snapshot("1", b"a"), ENGLAND)
        began = store.time.monotonic()
        with pytest.raises(ArchiveError) as caught, home.opened(wait=0.3):
            pass
        assert 0.3 <= store.time.monotonic() - began < 5
    for told in (SOURCE, str(os.getpid()), str(lock), "Wait for it to end"):
        assert told in str(caught.value)
    with home.opened() as opened:
        assert opened.keys("match") == ["1"]


def test_another_source_is_not_locked(home: Home) -> None:
    other = home.root / "raw" / "other"
    with home.opened(), store.opened("other", other, home.state, timedelta(0)):
        pass


# -- the commands


def test_the_commands_list_show_verify_and_compact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path / "data")
    home.state.mkdir(parents=True)
    filled(home)

    def told(*arguments: str) -> str:
        return CliRunner().invoke(cli, ["raw", *arguments], catch_exceptions=False).output

    def listed(*arguments: str) -> list[list[str]]:
        return [line.split("\t") for line in told("list", *arguments).splitlines() if "\t" in line]

    before = sorted(listed())
    assert len(before) == 5
    assert [line[2:3] + line[5:] for line in listed("--quarantined")] == [["2", "no JSON"]]
    assert '"a": 2' in told("show", "1") or "day" in told("show", "1")
    assert "3 packs, 5 snapshots, all intact" in told("verify")
    assert "3 packs made 2" in told("compact", SOURCE)
    assert sorted(listed()) == before
    assert "2 packs, 5 snapshots, all intact" in told("verify")


# -- against a model

KEYS = st.sampled_from(["1", "2", "3"])
FEW_BODIES = st.sampled_from([b"a", b"b", b'{"c":1}', b"\xff"])
REASONS = st.sampled_from([None, None, "broken"])


class ArchiveMachine(RuleBasedStateMachine):
    """An archive and a dictionary that tells what it should hold."""

    def __init__(self) -> None:
        super().__init__()
        self._patch = pytest.MonkeyPatch()
        quick_packs(self._patch)
        self._patch.setattr(store, "COMMIT_BYTES", 12)
        self._patch.setattr(os, "fsync", lambda _: None)
        self.bodies: dict[str, list[tuple[str, bytes, str]]] = {}
        self.reasons: dict[tuple[str, str], str] = {}
        self.checked_at: dict[str, str] = {}
        self.clock = 0

    @initialize()
    def start(self) -> None:
        self._temporary = tempfile.TemporaryDirectory()
        self.home = Home(Path(self._temporary.name))
        self._open()

    def teardown(self) -> None:
        self._patch.undo()
        if hasattr(self, "_temporary"):
            self._temporary.cleanup()

    def _open(self) -> None:
        self.archive = SourceArchive(SOURCE, self.home.dir, self.home.journal, journalled=True)
        self.archive.recover()

    @rule(key=KEYS, body=FEW_BODIES, reason=REASONS, passed=st.integers(1, 5))
    def add(self, key: str, body: bytes, reason: str | None, passed: int) -> None:
        self.clock += passed
        known = self.bodies.setdefault(key, [])
        is_new = not known or known[-1][1] != body
        one = snapshot(key, body, self.clock, reason=reason)
        assert self.archive.add(one, ENGLAND if key < "3" else GERMANY) is is_new
        if is_new:
            known.append((at(self.clock), body, reason or ""))
            self.reasons[key, at(self.clock)] = reason or ""
        self.checked_at[key] = at(self.clock)

    @rule(key=KEYS, body=FEW_BODIES, back=st.integers(1, 20))
    def import_older(self, key: str, body: bytes, back: int) -> None:
        moment = at(self.clock - back)
        known = self.bodies.setdefault(key, [])
        is_new = body not in [b for _, b, _ in known] and moment not in [m for m, _, _ in known]
        if not is_new:
            return
        one = snapshot(key, body, self.clock - back)
        assert self.archive.add(one, ENGLAND if key < "3" else GERMANY, anywhere=True)
        known.append((moment, body, ""))
        known.sort(key=lambda b: b[0])
        self.checked_at[key] = max(moment, self.checked_at.get(key, ""))

    @rule(key=KEYS, passed=st.integers(1, 5))
    def check(self, key: str, passed: int) -> None:
        self.clock += passed
        self.archive.checked("match", key, at(self.clock))
        if self.bodies.get(key):
            self.checked_at[key] = at(self.clock)

    @rule()
    def commit(self) -> None:
        self.archive.commit()
        assert not self.home.journal.exists()

    @rule()
    def compact(self) -> None:
        _, after = self.archive.compact()
        partitions = {ENGLAND if key < "3" else GERMANY for key, b in self.bodies.items() if b}
        assert after == len(partitions)
        assert self.home.packs() == self.home.listed()

    @rule()
    def end_and_open_again(self) -> None:
        self.archive.commit()
        self._open()

    @rule()
    def be_killed_and_open_again(self) -> None:
        self._open()

    @rule()
    @precondition(lambda self: self.home.index.exists())
    def lose_the_index(self) -> None:
        self.archive.commit()
        self.home.index.unlink()
        self._open()
        self.archive.commit()
        self._forget_what_only_the_index_knew()

    @rule()
    @precondition(lambda self: self.home.manifest.exists())
    def lose_the_manifest(self) -> None:
        self.archive.commit()
        self.home.manifest.unlink()
        self._open()
        self._forget_what_only_the_index_knew()

    def _forget_what_only_the_index_knew(self) -> None:
        """The checks without news, and what a mended parser freed."""
        self.checked_at = {k: b[-1][0] for k, b in self.bodies.items() if b}
        self.bodies = {
            k: [(m, b, self.reasons.get((k, m), "")) for m, b, _ in known]
            for k, known in self.bodies.items()
        }

    @rule()
    def mend_the_parser(self) -> None:
        quarantined = [k for k, b in self.bodies.items() if b and b[-1][2]]
        assert self.archive.read_again(lambda _: "") == len(quarantined)
        for key in quarantined:
            moment, body, _ = self.bodies[key][-1]
            self.bodies[key][-1] = (moment, body, "")
        self.archive.commit()

    @invariant()
    def it_tells_what_the_model_holds(self) -> None:
        if not hasattr(self, "archive"):
            return
        for key in "123":
            entry, right = self.archive.entry("match", key), self.bodies.get(key)
            if not right:
                assert entry is None
                continue
            assert entry is not None
            assert [b.fetched_at for b in entry.bodies] == [m for m, _, _ in right]
            assert [bool(b.reason) for b in entry.bodies] == [bool(r) for _, _, r in right]
            assert entry.checked_at == self.checked_at[key]
            newest = self.archive.newest("match", key)
            good = [(m, b) for m, b, r in right if not r]
            assert ((newest.fetched_at, newest.body) if newest else None) == (
                good[-1] if good else None
            )

    @invariant()
    def what_is_packed_is_there_once_and_verifies(self) -> None:
        if not hasattr(self, "archive") or not self.home.manifest.exists():
            return
        if self.home.journal.exists():
            return
        right = Counter(("match", k, m, b) for k, known in self.bodies.items() for m, b, _ in known)
        assert self.home.contents() == right
        if self.home.index.exists():
            assert store.verify(self.home.dir) == sum(right.values())


TestArchiveAgainstAModel = ArchiveMachine.TestCase
TestArchiveAgainstAModel.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


# -- what must not get in


@pytest.mark.parametrize("partition", ["../..", "eng", "eng/2025-26/x", "eng/..", "", "a\tb/c"])
def test_a_partition_that_is_no_two_names_is_refused(home: Home, partition: str) -> None:
    with home.opened() as opened, pytest.raises(ArchiveError, match="is no partition"):
        opened.add(snapshot("1", b"{}"), partition)
    assert not list(home.dir.glob("**/*.zst"))


def test_a_check_dated_in_the_future_makes_nothing_fresh(home: Home) -> None:
    ask = Ask("match", "1", "http://host/1", ENGLAND, fresh_for=timedelta(hours=1))
    with home.opened() as opened:
        opened.add(snapshot("1", b"{}", seconds=60), ENGLAND)
        assert not opened.is_fresh(ask, START)
        assert opened.is_fresh(ask, START + timedelta(seconds=61))


def test_a_line_of_the_journal_that_is_none_is_put_aside_and_the_others_count(home: Home) -> None:
    with home.opened():
        pass
    good = ENGLAND.encode() + b"\t" + snapshot("1", b'{"a":1}').to_line()
    home.journal.parent.mkdir(parents=True, exist_ok=True)
    home.journal.write_bytes(b'{"checked":5}\nnoise\n' + good + b"\n")
    with home.opened() as opened:
        assert opened.newest("match", "1") == snapshot("1", b'{"a":1}')
    aside = home.journal.with_suffix(".unreadable")
    assert aside.read_bytes() == b'{"checked":5}\nnoise\n'
    assert not home.journal.exists()
