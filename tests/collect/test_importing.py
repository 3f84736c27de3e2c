"""Recordings on disk come into the archive once, through the checks of fetched answers."""

import contextlib
import gzip
import json
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import ClassVar

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect import importing
from pitchline.collect.importing import Imported, import_files, read_file
from pitchline.collect.rows import Parsed, Unreadable, unknown_keys
from pitchline.collect.source import Answer, Ask, Outcome, Plan
from pitchline.collect.store import verify
from pitchline.errors import ArchiveError, PitchlineError
from tests.collect._archives import ENGLAND, SOURCE, Home, at, quick_packs, snapshot
from tests.collect._children import Child, Say

RECORDED = datetime(2026, 5, 8, 12, tzinfo=UTC)


class Shots:
    """A source of small JSON bodies: ``{"id": "1", "goals": 2}``."""

    name = SOURCE
    kinds: ClassVar[Mapping[str, str]] = {"match": "one match", "day": "one day"}
    licence = "none"
    needs_right = None
    forbids_learning = False
    obeys_robots = False
    least_seconds_between_requests = 0.0
    token_variable = None
    codes_of = SOURCE
    after: tuple[str, ...] = ()

    def plan(self, plan: Plan) -> Iterator[Ask]:
        raise AssertionError(f"an import asks for nothing: {plan}")

    def classify(self, answer: Answer) -> Outcome:
        raise AssertionError(f"an import has no answers: {answer}")

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:
        content = self._content(kind, body)
        if content["id"] != key:
            raise Unreadable(f"`id`: {content['id']!r} instead of {key!r}")
        if "goals" not in content:
            raise Unreadable("`goals`: missing")
        return Parsed(drift=unknown_keys("", content.keys(), {"id", "goals"}))

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:
        if path.suffix == ".csv":
            return path.stem, ENGLAND
        return self._content(kind, body)["id"], ENGLAND

    def _content(self, kind: str, body: bytes) -> dict[str, str]:
        assert kind in self.kinds
        try:
            content = json.loads(body)
        except ValueError as error:
            raise Unreadable("no JSON") from error
        if not isinstance(content, dict) or "id" not in content:
            raise Unreadable("`id`: missing")
        return content


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_packs(monkeypatch)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def bring(home: Home, *files: Path, at: datetime | None = RECORDED, **more: str) -> Imported:
    """Import files; the archive must be whole afterwards."""
    raw = home.dir.parent
    result = import_files(Shots(), more.pop("kind", "match"), files, raw, home.state, at, **more)
    verify(home.dir)
    assert home.strangers() == set()
    return result


def body(key: str, goals: int = 0) -> bytes:
    return json.dumps({"id": key, "goals": goals}).encode()


def file(folder: Path, name: str, content: bytes, modified: datetime | None = None) -> Path:
    path = folder / name
    if name.endswith(".gz"):
        content = gzip.compress(content)
    elif name.endswith(".zst"):
        content = zstandard.ZstdCompressor(write_checksum=True).compress(content)
    path.write_bytes(content)
    if modified:
        os.utime(path, (modified.timestamp(), modified.timestamp()))
    return path


def test_the_same_recordings_twice_add_nothing_whatever_their_wrapping(
    home: Home, tmp_path: Path
) -> None:
    files = [file(tmp_path, f"1.json{ending}", body("1")) for ending in ("", ".gz", ".zst")]
    result = bring(home, *files)
    assert (result.added, result.known) == (1, 2)
    packs = {path: path.read_bytes() for path in home.dir.rglob("*.zst")}
    result = bring(home, *files, at=None)
    assert (result.added, result.known) == (0, 3)
    assert (result.quarantined, result.refused) == ([], [])
    assert {path: path.read_bytes() for path in home.dir.rglob("*.zst")} == packs
    assert home.contents() == Counter({("match", "1", "2026-05-08T12:00:00Z", body("1")): 1})


def test_a_recording_is_dated_by_option_or_by_its_own_time(home: Home, tmp_path: Path) -> None:
    own = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    bring(home, file(tmp_path, "1.json", body("1"), own))
    bring(home, file(tmp_path, "2.json.gz", body("2"), own), at=None)
    assert {key: moment for _, key, moment, _ in home.contents()} == {
        "1": "2026-05-08T12:00:00Z",
        "2": "2025-01-02T03:04:05Z",
    }


def test_an_older_recording_is_filed_behind_what_is_there(home: Home, tmp_path: Path) -> None:
    bring(home, file(tmp_path, "new.json", body("1", 2)))
    older = file(tmp_path, "old.json", body("1", 1), datetime(2025, 1, 1, tzinfo=UTC))
    assert bring(home, older, at=None).added == 1
    # Neither the old body nor the new one is news again.
    assert bring(home, older, at=None).known == 1
    # Nor is it when its file is dated otherwise, as a copy is.
    assert bring(home, older, at=datetime(2027, 1, 1, tzinfo=UTC)).known == 1
    with home.opened() as opened:
        newest = opened.newest("match", "1")
        assert newest is not None
        assert newest.body == body("1", 2)
        entry = opened.entry("match", "1")
        assert entry is not None
        assert len(entry.bodies) == 2


def test_recordings_join_what_was_fetched(home: Home, tmp_path: Path) -> None:
    fetched = snapshot("1", body("1"), 0, etag="e")
    home.put(ENGLAND, fetched)
    result = bring(home, file(tmp_path, "1.json", body("1"), datetime(2025, 1, 1, tzinfo=UTC)),
                   at=None)  # fmt: skip
    assert (result.added, result.known) == (0, 1)
    with home.opened() as opened:
        entry = opened.entry("match", "1")
        assert entry is not None
        # The server's validator still goes with the next question.
        assert (entry.etag, entry.checked_at) == ("e", at(0))


def test_wrong_content_is_quarantined_with_its_reason(home: Home, tmp_path: Path) -> None:
    good, bad = file(tmp_path, "1.json", body("1")), file(tmp_path, "2.json", b'{"id": "2"}')
    result = bring(home, good, bad)
    assert (result.added, result.known, result.refused) == (1, 0, [])
    assert result.quarantined == [f"{bad}: `goals`: missing"]
    assert home.told()["match", "2"][0][2] == "`goals`: missing"
    assert len(home.contents()) == 2
    assert bring(home, bad).known == 1


def test_a_file_told_to_be_something_else_is_quarantined(home: Home, tmp_path: Path) -> None:
    path = file(tmp_path, "1.json", body("1"))
    result = bring(home, path, key="7", partition="ger/2025-26")
    assert result.quarantined == [f"{path}: `id`: '1' instead of '7'"]
    assert [one[1] for one in home.contents()] == ["7"]
    assert {path.rpartition("/")[0] for path in home.packs()} == {"ger/2025-26"}


def test_a_name_tells_what_content_does_not_without_its_wrapping(
    home: Home, tmp_path: Path
) -> None:
    path = file(tmp_path, "7.csv.gz", body("8"))
    assert bring(home, path).quarantined == [f"{path}: `id`: '8' instead of '7'"]


def test_unreadable_files_are_refused_and_the_others_kept(home: Home, tmp_path: Path) -> None:
    whole = body("9" * 3000)
    broken_middle = bytearray(gzip.compress(whole))
    broken_middle[10] = 0xFF
    with pytest.raises(zlib.error):
        gzip.decompress(broken_middle)
    frame = zstandard.ZstdCompressor(level=1).compress(os.urandom(300_000))
    bad = {
        "cut.json.gz": gzip.compress(whole)[:-10],
        "broken.json.gz": bytes(broken_middle),
        "plain.json.gz": whole,
        "cut.json.zst": frame[: len(frame) // 2],
        "cut at the end.json.zst": frame[:-3],
        "plain.json.zst": whole,
        "empty.json.zst": b"",
        "nothing.json": b"",
        "text.json": b"no JSON",
        "other.json": b'{"key": 1}',
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.json").mkdir()
    names = [*bad, "folder.json", "absent.json"]
    paths = [tmp_path / name for name in names]
    first, last = file(tmp_path, "1.json", body("1")), file(tmp_path, "2.json", body("2"))
    result = bring(home, first, *paths, last)
    assert result.added == 2
    assert len(result.refused) == len(names)
    for line, path in zip(result.refused, paths, strict=True):
        assert line.startswith(f"{path}: ")
        assert len(line) > len(f"{path}: ") + 5
    assert {one[1] for one in home.contents()} == {"1", "2"}


def test_several_compressed_parts_are_one_file(tmp_path: Path) -> None:
    for name, compress in [
        ("a.gz", gzip.compress),
        ("a.zst", zstandard.ZstdCompressor().compress),
    ]:
        (tmp_path / name).write_bytes(compress(b"first ") + compress(b"second"))
        assert read_file(tmp_path / name) == b"first second"


def test_a_file_of_unknown_length_is_read_whole(tmp_path: Path) -> None:
    content = os.urandom(50_000) * 4
    stream = zstandard.ZstdCompressor().compressobj()
    (tmp_path / "a.zst").write_bytes(stream.compress(content) + stream.flush())
    assert read_file(tmp_path / "a.zst") == content


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(importing, "LARGEST_FILE", 10_000)
    assert len(read_file(file(tmp_path, f"fits.json{ending}", b"x" * 10_000))) == 10_000
    with pytest.raises(ArchiveError, match="larger than 10,000 bytes"):
        read_file(file(tmp_path, f"large.json{ending}", b"x" * 10_001))
    with pytest.raises(ArchiveError, match="larger than 10,000 bytes"):
        read_file(file(tmp_path, f"bomb.json{ending}", b"\0" * 5_000_000))
    # It is no longer read than it takes to see that.
    endless = file(tmp_path, f"endless.json{ending}", os.urandom(50_000))
    endless.write_bytes(endless.read_bytes() + b"junk")
    with pytest.raises(ArchiveError, match="larger than 10,000 bytes"):
        read_file(endless)


@settings(max_examples=120, deadline=None)
@given(
    ending=st.sampled_from([".gz", ".zst"]),
    content=st.binary(max_size=400),
    cut=st.integers(0, 500),
    middle=st.binary(max_size=4),
)
def test_a_damaged_file_is_refused_or_read_right(
    tmp_path_factory: pytest.TempPathFactory, ending: str, content: bytes, cut: int, middle: bytes
) -> None:
    path = file(tmp_path_factory.mktemp("files"), f"a{ending}", content)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut] + middle + whole[cut + len(middle) :])
    with contextlib.suppress(ArchiveError):
        assert read_file(path) == content
    path.write_bytes(whole[: max(1, min(cut, len(whole) - 1))])
    with pytest.raises(ArchiveError):
        read_file(path)


def test_a_name_that_is_no_text_is_no_hindrance(home: Home, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/m\xff.json"))
    path.write_bytes(body("1"))
    assert bring(home, path, file(tmp_path, "2.json", body("2"))).added == 2


def test_unknown_keys_are_told(home: Home, tmp_path: Path) -> None:
    path = file(tmp_path, "1.json", b'{"id": "1", "goals": 0, "weather": "fine"}')
    assert bring(home, path).drift == {"weather"}


def test_a_kind_the_source_has_not_is_refused_with_those_it_has(home: Home, tmp_path: Path) -> None:
    with pytest.raises(PitchlineError, match=r"--kind season: shots has match, day"):
        bring(home, file(tmp_path, "1.json", body("1")), kind="season")
    assert not home.dir.exists()


def test_an_import_cut_off_by_a_kill_can_be_done_again(home: Home, tmp_path: Path) -> None:
    files = [file(tmp_path, f"{n}.json", body(str(n))) for n in range(5)]

    def die_in_the_middle(say: Say) -> None:
        def one_by_one() -> Iterator[Path]:
            yield from files[:3]
            os._exit(0)

        import_files(Shots(), "match", one_by_one(), home.dir.parent, home.state, RECORDED)

    Child(die_in_the_middle).finish()
    assert bring(home, *files).added == 5
    assert set(home.contents().values()) == {1}
    assert len(home.contents()) == 5
