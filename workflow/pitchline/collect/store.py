"""One source's archive, opened for adding: what is known, what is new, and nothing twice.

Every answer goes to a journal first, in one write. The journal becomes a pack when the run ends
or when it grows large; what a killed run left in it is taken up by the next one. One process at a
time holds a source's lock; it ends with the process.
"""

import fcntl
import io
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from pitchline import console
from pitchline.collect.archive import (
    MANIFEST,
    Pack,
    Snapshot,
    add_pack,
    decode_pack,
    manifest_bytes,
    read_manifest,
    read_pack,
    write_manifest,
)
from pitchline.collect.clock import moment_of
from pitchline.collect.index import INDEX, Body, Entry, index_bytes, read_index
from pitchline.collect.source import Ask
from pitchline.errors import ArchiveError
from pitchline.files import PART_SUFFIX, write_bytes

JOURNAL = "journal.jsonl"
COMMIT_BYTES = 256 * 2**20
LOCK_POLL_SECONDS = 0.2
_PARTITION = re.compile(r"\w[\w.-]*/\w[\w.-]*")
# DVC and file systems like few files; a partition's packs are merged when they are more.
MOST_PACKS = 50
# An unreadable answer may be a whim of the moment, or for good: it is asked for again, not at once.
QUARANTINE_STANDS = timedelta(hours=1)


class _Check(msgspec.Struct):
    """A line of the journal that is no snapshot: a key was checked, and nothing was new."""

    checked: str
    kind: str
    key: str


class SourceArchive:
    """One source's archive, held by one process. Made by ``opened``."""

    def __init__(self, source: str, source_dir: Path, journal: Path, journalled: bool) -> None:
        self.source = source
        self._dir = source_dir
        self._journal = journal
        self._journalled = journalled
        self._packs: list[Pack] = []
        self.entries: dict[tuple[str, str], Entry] = {}
        self._pending: dict[str, list[Snapshot]] = defaultdict(list)
        self._pending_bytes = 0
        self._changed = False

    # -- looking

    def entry(self, kind: str, key: str) -> Entry | None:
        """What is known of a key."""
        return self.entries.get((kind, key))

    def keys(self, kind: str) -> list[str]:
        """Every key of a kind that has a readable body, sorted."""
        return sorted(
            e.key for e in self.entries.values() if e.kind == kind and e.newest_good is not None
        )

    def newest(self, kind: str, key: str) -> Snapshot | None:
        """The newest readable answer of a key."""
        entry = self.entry(kind, key)
        body = entry.newest_good if entry else None
        return self._read(kind, key, body) if body else None

    def is_fresh(self, ask: Ask, now: datetime) -> bool:
        """Whether the archived answer of a thing needs no new request."""
        entry = self.entry(ask.kind, ask.key)
        if entry is None:
            return False
        checked = moment_of(entry.checked_at)
        if checked > now:
            # A clock was wrong, then or now.
            return False
        if entry.newest.reason:
            return now - checked < min(ask.fresh_for, QUARANTINE_STANDS)
        final = ask.final_from is not None and checked >= ask.final_from
        return final or now - checked < ask.fresh_for

    # -- adding

    def add(self, snapshot: Snapshot, partition: str, *, anywhere: bool = False) -> bool:
        """Keep an answer, unless it equals the newest one of its key.

        Args:
            snapshot: the answer.
            partition: ``<competition>/<season>``, where a new key is filed.
            anywhere: leave out a body that equals any of its key's, not just the newest.

        Returns:
            Whether it was new.

        Raises:
            ArchiveError: the partition is none, or the disk is full.
        """
        if not _PARTITION.fullmatch(partition):
            raise ArchiveError(
                f"{self.source}: {partition!r} is no partition; it has to be two names with a "
                "slash between them, <competition>/<season>, of letters, digits, - . and _."
            )
        entry = self.entry(snapshot.kind, snapshot.key)
        if entry is not None:
            newest = entry.newest
            if snapshot.sha256 == newest.sha256:
                self.checked(snapshot.kind, snapshot.key, snapshot.fetched_at)
                if snapshot.fetched_at >= newest.fetched_at:
                    self._note_validators(entry, snapshot)
                return False
            if self._holds(snapshot) or (
                anywhere and snapshot.sha256 in {body.sha256 for body in entry.bodies}
            ):
                return False
        self._write_journal(_journal_line(snapshot, partition))
        self._take(snapshot, partition)
        if self._pending_bytes > COMMIT_BYTES:
            self.commit()
        return True

    def checked(self, kind: str, key: str, moment: str) -> None:
        """Note that the source holds nothing new for a key."""
        self._write_journal(msgspec.json.encode(_Check(moment, kind, key)))
        self._note_check(kind, key, moment)

    def commit(self) -> None:
        """Turn what is in the journal into packs, and empty it."""
        listed = {pack.path: pack for pack in self._packs}
        known = set(listed)
        for partition, snapshots in sorted(self._pending.items()):
            pack = add_pack(self._dir, partition, snapshots)
            listed[pack.path] = pack
            for snapshot in snapshots:
                self.file(snapshot, partition, pack.path)
        self._packs = sorted(listed.values(), key=lambda pack: pack.path)
        if self._pending or not (self._dir / MANIFEST).exists():
            write_manifest(self._dir, self.source, self._packs)
        if self._changed or self._pending or not (self._dir / INDEX).exists():
            write_bytes(self._dir / INDEX, index_bytes(self.entries.values()))
        self._pending.clear()
        self._pending_bytes = 0
        self._changed = False
        if self._journal.exists():
            # After a power cut the journal must not be gone before what replaces it is there.
            for folder in {
                self._dir,
                *((self._dir / path).parent for path in listed.keys() - known),
            }:
                _sync_folder(folder)
            self._journal.unlink()

    def compact(self, more_than: int = 1) -> tuple[int, int]:
        """Merge the packs of each partition that has more than so many into one.

        Returns:
            The number of packs before and after.
        """
        self.commit()
        before = len(self._packs)
        by_partition: dict[str, list[Pack]] = defaultdict(list)
        for pack in self._packs:
            by_partition[pack.path.rpartition("/")[0]].append(pack)
        merged, replaced = [], []
        for partition, packs in by_partition.items():
            if len(packs) <= more_than:
                merged += packs
                continue
            snapshots = [s for pack in packs for s in read_pack(self._dir, pack)]
            snapshots.sort(key=lambda s: (s.kind, s.key, s.fetched_at))
            pack = add_pack(self._dir, partition, snapshots)
            merged.append(pack)
            replaced += [old.path for old in packs if old.path != pack.path]
            for snapshot in snapshots:
                self.file(snapshot, partition, pack.path)
        if not replaced:
            return before, before
        self._packs = sorted(merged, key=lambda pack: pack.path)
        write_manifest(self._dir, self.source, self._packs)
        write_bytes(self._dir / INDEX, index_bytes(self.entries.values()))
        for path in replaced:
            (self._dir / path).unlink()
        return before, len(self._packs)

    def read_again(self, reason_of: Callable[[Snapshot], str]) -> int:
        """Judge the quarantined newest bodies anew, after a parser was mended.

        Args:
            reason_of: why a snapshot can't be read, or an empty text.

        Returns:
            How many left the quarantine.
        """
        freed = 0
        for entry in self.entries.values():
            body = entry.newest
            if not body.reason:
                continue
            snapshot = self._read(entry.kind, entry.key, body)
            if not reason_of(snapshot):
                entry.bodies[-1] = msgspec.structs.replace(body, reason="")
                self._changed = True
                freed += 1
        return freed

    # -- inside

    def recover(self) -> None:
        """Read the index; fold in packs it lacks, packs no manifest lists, and the journal."""
        self._packs = read_manifest(self._dir) if (self._dir / MANIFEST).exists() else []
        self.entries = read_index(self._dir)
        self._match_index_to_packs()
        orphans = self._take_orphans()
        left_over = self._journal.exists()
        self._replay()
        if self._pending or left_over:
            self.commit()
        # What they held is in listed packs now; a pack written again keeps its name.
        orphans -= {self._dir / pack.path for pack in self._packs}
        for path in orphans.union(self._dir.glob(f"**/.*{PART_SUFFIX}")):
            path.unlink(missing_ok=True)

    def _match_index_to_packs(self) -> None:
        """File the packs that the index lacks; forget bodies of packs that aren't listed."""
        indexed = {body.pack for e in self.entries.values() for body in e.bodies}
        for pack in self._packs:
            if pack.path not in indexed:
                self._changed = True
                for snapshot in read_pack(self._dir, pack):
                    self.file(snapshot, pack.path.rpartition("/")[0], pack.path)
        listed = {pack.path for pack in self._packs}
        for identity, entry in list(self.entries.items()):
            kept = [body for body in entry.bodies if body.pack in listed]
            if len(kept) == len(entry.bodies):
                continue
            # The pack may still stand there as an orphan, which would else count as held.
            self._changed = True
            del self.entries[identity]
            if kept:
                self.entries[identity] = Entry(
                    entry.kind, entry.key, entry.partition, kept[-1].fetched_at, kept
                )

    def _take_orphans(self) -> set[Path]:
        """Take up the snapshots of packs that a killed run wrote and did not list."""
        listed = {self._dir / pack.path for pack in self._packs}
        orphans = set(self._dir.glob("*/*/*.jsonl.zst")) - listed
        for path in sorted(orphans):
            partition = path.parent.relative_to(self._dir).as_posix()
            for snapshot in decode_pack(path.read_bytes(), path):
                if not self._holds(snapshot):
                    self._take(snapshot, partition)
        return orphans

    def _replay(self) -> None:
        if not self._journal.exists():
            return
        content = self._journal.read_bytes()
        # A line the kill cut short has no end.
        for line in content.split(b"\n")[:-1]:
            try:
                self._replay_line(line)
            except (ArchiveError, ValueError) as error:
                aside = self._journal.with_suffix(".unreadable")
                with aside.open("ab") as handle:
                    handle.write(line + b"\n")
                console.warn("collect", f"{aside}: a line of the journal was put there: {error}")

    def _replay_line(self, line: bytes) -> None:
        if line.startswith(b'{"checked"'):
            check = msgspec.json.decode(line, type=_Check)
            self._note_check(check.kind, check.key, check.checked)
            return
        partition, _, envelope = line.partition(b"\t")
        snapshot = Snapshot.from_line(envelope, self._journal)
        if not self._holds(snapshot):
            self._take(snapshot, partition.decode())

    def _holds(self, snapshot: Snapshot) -> bool:
        entry = self.entry(snapshot.kind, snapshot.key)
        return entry is not None and any(
            (body.fetched_at, body.sha256) == (snapshot.fetched_at, snapshot.sha256)
            for body in entry.bodies
        )

    def _take(self, snapshot: Snapshot, partition: str) -> None:
        entry = self.file(snapshot, partition, "")
        self._pending[entry.partition].append(snapshot)
        self._pending_bytes += len(snapshot.body)

    def file(self, snapshot: Snapshot, partition: str, pack: str) -> Entry:
        """Put a snapshot into the index, or tell the index its pack."""
        body = Body(snapshot.fetched_at, snapshot.sha256, pack, snapshot.reason or "")
        entry = self.entry(snapshot.kind, snapshot.key)
        if entry is None:
            entry = Entry(snapshot.kind, snapshot.key, partition, snapshot.fetched_at, [])
            self.entries[(snapshot.kind, snapshot.key)] = entry
        known = {(b.fetched_at, b.sha256): b.reason for b in entry.bodies}
        identity = (body.fetched_at, body.sha256)
        if pack and identity in known:
            body = msgspec.structs.replace(body, reason=known[identity])
        entry.bodies = sorted(
            [b for b in entry.bodies if (b.fetched_at, b.sha256) != identity] + [body],
            key=lambda b: b.fetched_at,
        )
        if entry.newest is body and identity not in known:
            self._note_validators(entry, snapshot)
        self._note_check(snapshot.kind, snapshot.key, snapshot.fetched_at)
        return entry

    def _note_validators(self, entry: Entry, snapshot: Snapshot) -> None:
        found = (snapshot.etag, snapshot.last_modified)
        if found != (entry.etag, entry.last_modified) and entry.newest.sha256 == snapshot.sha256:
            entry.etag, entry.last_modified = found
            self._changed = True

    def _note_check(self, kind: str, key: str, moment: str) -> None:
        entry = self.entry(kind, key)
        if entry is not None and moment > entry.checked_at:
            entry.checked_at = moment
            self._changed = True

    def _read(self, kind: str, key: str, body: Body) -> Snapshot:
        wanted = (kind, key, body.fetched_at, body.sha256)
        if not body.pack:
            for snapshot in self._pending[self.entries[(kind, key)].partition]:
                if _identity(snapshot) == wanted:
                    return snapshot
        for pack in self._packs:
            if pack.path == body.pack:
                for snapshot in read_pack(self._dir, pack):
                    if _identity(snapshot) == wanted:
                        return snapshot
        raise ArchiveError(
            f"{self._dir / INDEX}: says that {kind} {key} stands in {body.pack}, which doesn't "
            "hold it. Remove the index; the next collect makes it anew from the packs."
        )

    def _write_journal(self, line: bytes) -> None:
        if not self._journalled:
            return
        try:
            self._journal.parent.mkdir(parents=True, exist_ok=True)
            with self._journal.open("ab", buffering=0) as handle:
                _append(handle, line + b"\n")
        except OSError as error:
            raise ArchiveError(
                f"{self._journal}: could not be written ({error.strerror}). What was collected "
                "before is kept. Free disk space, then collect again."
            ) from error


def _identity(snapshot: Snapshot) -> tuple[str, str, str, str]:
    return snapshot.kind, snapshot.key, snapshot.fetched_at, snapshot.sha256


def _append(handle: io.FileIO, content: bytes) -> None:
    """Append all of it, safe on disk, or nothing."""
    before = handle.seek(0, os.SEEK_END)
    left = memoryview(content)
    try:
        # A disk that fills up takes a part first, without an error.
        while left:
            left = left[handle.write(left) :]
        os.fsync(handle.fileno())
    except OSError:
        handle.truncate(before)
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _journal_line(snapshot: Snapshot, partition: str) -> bytes:
    return partition.encode() + b"\t" + snapshot.to_line()


@contextmanager
def opened(
    source: str, source_dir: Path, state_dir: Path, wait: timedelta, journalled: bool = True
) -> Iterator[SourceArchive]:
    """Open a source's archive for adding; what is pending is committed at the end, come what may.

    Args:
        source: its name.
        source_dir: ``data/raw/<source>``.
        state_dir: where its lock and journal stand.
        wait: how long to wait for another process that holds it.
        journalled: whether each answer is safe before the next is asked for; not needed for what
            still stands on disk elsewhere.

    Raises:
        ArchiveError: another process holds it, or a pack is damaged.
    """
    with held(state_dir / f"{source}.lock", source, wait):
        archive = SourceArchive(source, source_dir, state_dir / source / JOURNAL, journalled)
        archive.recover()
        try:
            yield archive
        finally:
            archive.commit()


@contextmanager
def held(path: Path, source: str, wait: timedelta) -> Iterator[None]:
    """Hold a source's lock.

    Raises:
        ArchiveError: another process holds it for longer than ``wait``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    latest = time.monotonic() + wait.total_seconds()
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > latest:
                    owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                    raise ArchiveError(
                        f"{source}: another process ({owner}) is collecting it "
                        f"(lock {path}). Wait for it to end, then run again."
                    ) from error
                time.sleep(LOCK_POLL_SECONDS)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def verify(source_dir: Path) -> int:
    """Check a source's packs, bodies, manifest and index against their hashes and each other.

    Returns:
        The number of snapshots.

    Raises:
        ArchiveError: naming the file that is not what it should be.
    """
    packs = read_manifest(source_dir)
    manifest = source_dir / MANIFEST
    if manifest.read_bytes() != manifest_bytes(source_dir.name, packs):
        raise ArchiveError(f"{manifest}: altered. Restore it from a backup or with `dvc pull`.")
    rebuilt = SourceArchive(source_dir.name, source_dir, Path(), journalled=False)
    snapshots = 0
    for pack in packs:
        found = list(read_pack(source_dir, pack))
        snapshots += len(found)
        told = (len((source_dir / pack.path).read_bytes()), max(s.fetched_at for s in found))
        if told != (pack.size, pack.fetched_at):
            raise ArchiveError(f"{manifest}: tells {pack.path} wrongly: {told} is right.")
        for snapshot in found:
            rebuilt.file(snapshot, pack.path.rpartition("/")[0], pack.path)
    _verify_index(source_dir, rebuilt)
    return snapshots


def _verify_index(source_dir: Path, rebuilt: SourceArchive) -> None:
    path = source_dir / INDEX
    if not path.exists():
        return
    entries = read_index(source_dir)
    mend = "Remove it; the next collect makes it anew from the packs."
    if path.read_bytes() != index_bytes(entries.values()):
        raise ArchiveError(f"{path}: altered: its content isn't what its hash says. {mend}")
    for identity in entries.keys() | rebuilt.entries.keys():
        told, right = entries.get(identity), rebuilt.entries.get(identity)
        if told is None or right is None or _places(told) != _places(right):
            raise ArchiveError(f"{path}: {' '.join(identity)} isn't what the packs hold. {mend}")


def _places(entry: Entry) -> list[tuple[str, str, str]]:
    return sorted((body.fetched_at, body.sha256, body.pack) for body in entry.bodies)
