"""What was acknowledged survives kills at any step, full disks and two runs at once."""

import errno
import itertools
import os
import random
import resource
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pitchline.collect import archive, index, store
from pitchline.collect.archive import Snapshot
from pitchline.errors import ArchiveError, PitchlineError
from tests.collect._archives import (
    ENGLAND,
    GERMANY,
    SOURCE,
    Home,
    Identity,
    at,
    identity,
    quick_packs,
    snapshot,
)
from tests.collect._children import Child, Say, Steps

KILLED = -9


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_packs(monkeypatch)
    # Renames and locks are real; only the waiting for the disk is left out.
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def reopened(home: Home) -> Counter[Identity]:
    """What the next run finds; it leaves an archive in which all is accounted for."""
    with home.opened():
        pass
    found = home.contents()
    assert set(found.values()) <= {1}, "a snapshot stands there twice"
    assert store.verify(home.dir) == len(found)
    assert home.strangers() == set()
    assert not home.journal.exists()
    told = {(kind, key, b[0]) for (kind, key), known in home.told().items() for b in known}
    assert told == {one[:3] for one in found}
    return found


# -- killed at a step


BEFORE = [
    snapshot("1", b"a"),
    snapshot("2", b"a", 1),
    snapshot("1", b"b", 2),
    snapshot("3", b"<", 3, reason="no JSON"),
]
ADDED = [
    (snapshot("1", b"c", 10), ENGLAND),
    (snapshot("9", b"\xff", 11), GERMANY),
    (snapshot("2", b"b", 12), ENGLAND),
]


def some_packs(home: Home) -> None:
    for one in BEFORE[:2]:
        home.put(ENGLAND, one)
    for one in BEFORE[2:]:
        home.put(GERMANY if one.key == "3" else ENGLAND, one)


def add_some(home: Home, say: Say) -> None:
    with home.opened() as opened:
        for one, partition in ADDED:
            opened.add(one, partition)
            say(one.key)
        opened.checked("match", "3", at(50))
        say("checked")


def compact_all(home: Home, say: Say) -> None:
    with home.opened() as opened:
        opened.compact()


def only_open(home: Home, say: Say) -> None:
    with home.opened():
        pass


Work = Callable[[Home, Say], None]


def killed_at(home: Home, work: Work, step: int) -> tuple[int, list[str]]:
    """Do the work in a child that is killed at a step, or tells how many there were."""

    def run(say: Say) -> None:
        steps = Steps(home.root, step)
        work(home, say)
        say(f"{steps.count}")

    return Child(run).wait()


def copies(original: Home, folder: Path) -> Iterator[Home]:
    for number in itertools.count():
        shutil.copytree(original.root, folder / str(number))
        yield Home(folder / str(number))
        shutil.rmtree(folder / str(number))


def test_a_kill_at_any_step_of_adding_and_committing_loses_nothing(
    home: Home, tmp_path: Path
) -> None:
    some_packs(home)
    before = Counter(map(identity, BEFORE))
    deaths = 0
    for step, copy in enumerate(copies(home, tmp_path / "copies"), start=1):
        status, told = killed_at(copy, add_some, step)
        found = reopened(copy)
        acknowledged = [one for one, _ in ADDED if one.key in told]
        if status == 0:
            assert int(told[-1]) == deaths == step - 1
            assert found == before + Counter(map(identity, acknowledged))
            break
        assert status == KILLED
        deaths += 1
        assert before + Counter(map(identity, acknowledged)) <= found
        # What was written when the kill came may be there too: one at most.
        under_way = Counter(identity(one) for one, _ in ADDED[: len(acknowledged) + 1])
        assert found <= before + under_way
        if "checked" in told:
            assert index.read_index(copy.dir)["match", "3"].checked_at == at(50)
    assert deaths > 25
    assert len(acknowledged) == len(ADDED)


def test_a_kill_at_any_step_of_compacting_loses_and_doubles_nothing(
    home: Home, tmp_path: Path
) -> None:
    some_packs(home)
    for one, partition in ADDED:
        home.put(partition, one)
    with home.opened() as opened:
        opened.read_again(lambda _: "")
    before, told_before = home.contents(), home.told()
    deaths = 0
    for step, copy in enumerate(copies(home, tmp_path / "copies"), start=1):
        status, told = killed_at(copy, compact_all, step)
        assert reopened(copy) == before
        assert copy.told() == told_before
        if status == 0:
            assert int(told[-1]) == deaths == step - 1
            assert len(copy.packs()) == 2
            break
        assert status == KILLED
        deaths += 1
    assert deaths > 20


def test_a_kill_while_mending_after_a_kill_loses_and_doubles_nothing(
    home: Home, tmp_path: Path
) -> None:
    some_packs(home)
    all_of_it = Counter(map(identity, BEFORE)) + Counter(identity(one) for one, _ in ADDED)
    dice = random.Random(5)
    twice = 0
    for copy in itertools.islice(copies(home, tmp_path / "copies"), 24):
        work = dice.choice([add_some, compact_all])
        status, told = killed_at(copy, work, dice.randint(5, 34))
        must = Counter(map(identity, BEFORE))
        must += Counter(identity(one) for one, _ in ADDED if one.key in told)
        for _ in range(dice.randint(1, 3)):
            again, _ = killed_at(copy, only_open, dice.randint(1, 16))
            twice += (status, again) == (KILLED, KILLED)
        assert must <= reopened(copy) <= all_of_it
    assert twice > 7


def test_a_journal_cut_off_anywhere_gives_back_its_whole_lines(home: Home, tmp_path: Path) -> None:
    some_packs(home)

    def add_and_die(say: Say) -> None:
        with home.opened() as opened:
            for one, partition in ADDED:
                opened.add(one, partition)
            os._exit(0)

    Child(add_and_die).finish()
    journal = home.journal.read_bytes()
    ends = [n + 1 for n, byte in enumerate(journal) if byte == 10]
    assert len(ends) == len(ADDED)
    cuts = {0, *range(1, len(journal), 37), *ends, *(n - 1 for n in ends), *(n + 1 for n in ends)}
    for cut, copy in zip(sorted(cuts), copies(home, tmp_path / "copies"), strict=False):
        copy.journal.write_bytes(journal[:cut])
        whole = [one for (one, _), end in zip(ADDED, ends, strict=True) if end <= cut]
        assert reopened(copy) == Counter(map(identity, BEFORE + whole)), cut


def test_nothing_is_appended_to_a_line_that_a_kill_cut_short(home: Home) -> None:
    some_packs(home)
    home.journal.parent.mkdir(parents=True, exist_ok=True)
    home.journal.write_bytes(ENGLAND.encode() + b'\t{"source":"sh')

    def add_and_die(say: Say) -> None:
        with home.opened() as opened:
            for one, partition in ADDED:
                opened.add(one, partition)
            os._exit(0)

    Child(add_and_die).finish()
    assert reopened(home) == Counter(map(identity, BEFORE + [one for one, _ in ADDED]))


# -- killed at any moment


def test_a_kill_at_any_moment_loses_and_doubles_no_acknowledged_snapshot(home: Home) -> None:
    dice = random.Random(7)
    acknowledged: Counter[Identity] = Counter()
    kills = 20
    with pytest.MonkeyPatch.context() as patch:
        # Commits and merges come often, so that kills fall into them too.
        patch.setattr(store, "COMMIT_BYTES", 4000)
        for kill in range(kills):

            def work(say: Say, kill: int = kill) -> None:
                with home.opened(wait=5) as opened:
                    for n in itertools.count():
                        body = f'{{"n":{kill},{n}}}'.encode().ljust(300, b" ")
                        one = snapshot(f"{n % 5}", body, kill * 100_000 + n)
                        opened.add(one, (ENGLAND, GERMANY)[n % 5 % 2])
                        say(f"{n}")
                        if n % 30 == 29:
                            opened.compact()

            child = Child(work)
            child.line()
            time.sleep(dice.uniform(0, 0.06))
            child.kill()
            status, told = child.wait()
            assert status == KILLED, told
            for n in range(int(told[-1]) + 1 if told else 1):
                body = f'{{"n":{kill},{n}}}'.encode().ljust(300, b" ")
                one = snapshot(f"{n % 5}", body, kill * 100_000 + n)
                acknowledged[identity(one)] += 1
            found = reopened(home)
            assert acknowledged <= found
            # Under way when the kill came: one a kill, at most.
            assert len(found) - len(acknowledged) <= kill + 1
            acknowledged |= found
    assert len(acknowledged) > 10 * kills


# -- damage that no kill does


def test_packs_are_never_thrown_away_with_a_lost_or_older_manifest(
    home: Home, tmp_path: Path
) -> None:
    home.put(ENGLAND, BEFORE[0], BEFORE[1])
    older = home.manifest.read_bytes()
    some_packs(home)
    before = home.contents()
    assert len(before) == len(BEFORE)
    for manifest, copy in zip((None, older), copies(home, tmp_path / "copies"), strict=False):
        copy.manifest.unlink()
        if manifest is not None:
            copy.manifest.write_bytes(manifest)
        assert reopened(copy) == before


def test_an_older_archive_put_back_knows_only_what_it_holds(home: Home) -> None:
    home.put(ENGLAND, snapshot("1", b"a", etag="e0"))
    older = {path: path.read_bytes() for path in home.dir.rglob("*") if path.is_file()}
    home.put(ENGLAND, snapshot("1", b"b", 10, etag="e1"), snapshot("2", b"c", 10))
    newest = home.index.read_bytes()
    shutil.rmtree(home.dir)
    for path, content in older.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    home.index.write_bytes(newest)
    with home.opened() as opened:
        entry = opened.entry("match", "1")
        assert entry is not None
        # A validator of the lost body would have the server say that nothing is new.
        assert (entry.checked_at, entry.etag, len(entry.bodies)) == (at(0), None, 1)
        assert opened.entry("match", "2") is None
        assert opened.add(snapshot("1", b"b", 10, etag="e1"), ENGLAND)
    store.verify(home.dir)


def test_a_damaged_manifest_or_pack_is_named_and_nothing_is_thrown_away(home: Home) -> None:
    some_packs(home)
    files = {path: path.read_bytes() for path in home.dir.rglob("*") if path.is_file()}
    for path in (home.manifest, home.dir / min(home.packs())):
        home.index.unlink(missing_ok=True)
        path.write_bytes(files[path][:-5])
        with pytest.raises(PitchlineError) as caught, home.opened():
            pass
        assert str(path) in str(caught.value)
        path.write_bytes(files[path])
        home.index.write_bytes(files[home.index])
        assert {p: p.read_bytes() for p in home.dir.rglob("*") if p.is_file()} == files


# -- a full disk


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond a size: the part that fits is written, then comes an error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 1, 150])
def test_a_journal_that_finds_no_room_loses_nothing_acknowledged(home: Home, room: int) -> None:
    first, last = snapshot("1", b"a"), snapshot("3", b"c", 2)
    with home.opened() as opened:
        opened.add(first, ENGLAND)
        size = home.journal.stat().st_size
        with room_for(size + room):
            for _ in range(2):
                with pytest.raises(ArchiveError, match="Free disk space") as caught:
                    opened.add(snapshot("2", b"b" * 500, 1), ENGLAND)
                assert str(home.journal) in str(caught.value)
                assert home.journal.stat().st_size == size
        assert opened.entry("match", "2") is None
        # There is room again: the run goes on.
        opened.add(last, ENGLAND)
        killed = home.journal.read_bytes()
    expected = Counter(map(identity, [first, last]))
    assert reopened(home) == expected
    # And had it been killed before it packed:
    shutil.rmtree(home.dir)
    home.journal.write_bytes(killed)
    assert reopened(home) == expected


def test_a_journal_that_cannot_be_made_is_named(home: Home) -> None:
    home.state.mkdir(parents=True)
    (home.state / SOURCE).write_bytes(b"in the way")
    with home.opened() as opened:
        with pytest.raises(ArchiveError, match="could not be written") as caught:
            opened.add(snapshot("1", b"a"), ENGLAND)
        assert str(home.journal) in str(caught.value)
        (home.state / SOURCE).unlink()
    assert not home.contents()


class FullDisk:
    """A disk without room from the n-th file on, for so many files."""

    def __init__(self, patch: pytest.MonkeyPatch, first: int, failures: float) -> None:
        self.writes = 0
        self._left = failures
        whole = Path.write_bytes

        def write_bytes(path: Path, content: bytes) -> int:
            self.writes += 1
            if self.writes >= first and self._left > 0:
                self._left -= 1
                whole(path, content[:10])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return whole(path, content)

        patch.setattr(Path, "write_bytes", write_bytes)


@pytest.mark.parametrize("work", [add_some, compact_all])
@pytest.mark.parametrize("failures", [1, 1000])
def test_a_disk_that_fills_up_while_packing_loses_nothing(
    home: Home, tmp_path: Path, work: Work, failures: int
) -> None:
    some_packs(home)
    before = Counter(map(identity, BEFORE))
    expected = before + Counter(identity(one) for one, _ in ADDED if work is add_some)
    for first, copy in enumerate(copies(home, tmp_path / "copies"), start=1):
        told: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            disk = FullDisk(patch, first, failures)
            try:
                work(copy, told.append)
            except PitchlineError as error:
                assert str(copy.dir) in str(error)
                assert "No space left" in str(error)
                assert "Free disk space" in str(error)
            else:
                assert disk.writes < first
                break
        assert len(told) == (4 if work is add_some else 0)
        # What is there already can be read on a full disk, too.
        assert before <= copy.contents()
        assert reopened(copy) == expected
    assert first > 3


# -- two at once


def test_two_processes_adding_at_once_lose_and_double_nothing(home: Home) -> None:
    def work(name: str) -> Callable[[Say], None]:
        def run(say: Say) -> None:
            for turn in range(4):
                with home.opened(wait=20) as opened:
                    for n in range(6):
                        own = snapshot(f"{name}-{n}", b"%d" % turn, turn)
                        shared = snapshot(f"both-{turn}-{n}", b"same", turn)
                        assert opened.add(own, ENGLAND)
                        say(own.key)
                        say(f"{opened.add(shared, GERMANY)}")

        return run

    children = [Child(work(name)) for name in ("left", "right")]
    told = [child.finish() for child in children]
    assert sum(lines.count("True") for lines in told) == 24
    found = reopened(home)
    assert len(found) == 2 * 24 + 24
    right = {
        ("match", f"{name}-{n}", at(t))
        for name in ("left", "right")
        for n in range(6)
        for t in range(4)
    }
    assert {one[:3] for one in found if one[1][:4] != "both"} == right


def test_the_second_process_goes_on_as_soon_as_the_first_has_ended(home: Home) -> None:
    def hold(say: Say) -> None:
        with home.opened() as opened:
            opened.add(snapshot("1", b"a"), ENGLAND)
            say("held")
            time.sleep(0.3)

    holder = Child(hold)
    holder.line()
    with home.opened(wait=20) as opened:
        assert opened.keys("match") == ["1"]
        assert not opened.add(snapshot("1", b"a", 5), ENGLAND)
    holder.finish()


def test_a_killed_process_holds_no_lock(home: Home) -> None:
    def hold(say: Say) -> None:
        with home.opened() as opened:
            opened.add(snapshot("1", b"a"), ENGLAND)
            say("held")
            time.sleep(20)

    holder = Child(hold)
    holder.line()
    with pytest.raises(ArchiveError, match=rf"another process \({holder.pid}\)"), home.opened():
        pass
    holder.kill()
    holder.wait()
    with home.opened() as opened:
        assert opened.keys("match") == ["1"]


def test_a_reader_beside_a_run_sees_whole_packs_only(home: Home) -> None:
    def add(say: Say) -> None:
        for n in range(25):
            home.put(ENGLAND, snapshot("1", b"%d" % n, n))

    home.put(ENGLAND, snapshot("0", b"first"))
    writer = Child(add)
    counts = []
    while not counts or counts[-1] < 26:
        found: list[Snapshot] = list(archive.read_archive(home.dir))
        counts.append(len(found))
    writer.finish()
    assert counts == sorted(counts)
