"""The raw archive gives back what was put in, or says which file is damaged."""

import base64
import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect import archive
from pitchline.collect.archive import Pack, Snapshot
from pitchline.errors import ArchiveError, ArtifactError

PARTITION = "eng-premier-league/2014-15"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
JSON_BODIES = st.builds(
    lambda value, indent, ascii_only: json.dumps(
        value, indent=indent, ensure_ascii=ascii_only
    ).encode(),
    VALUES,
    st.sampled_from([None, 1]),
    st.booleans(),
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=100).map(str.encode),
    JSON_BODIES,
    st.sampled_from(
        [
            b"",
            b"\n",
            b"\r\n\n\n",
            b"\x00\xff\xfe",
            b"\xed\xa0\x80",
            "\ufeff{}".encode(),
            "a\u2028b\u2029c\x85d\x0be".encode(),
            b'{"matches": "\\n\\ud800"}',
            b' {"a":1}',
            b'{"a":1} ',
            b"[1]\n",
            b'{"a":1}{"a":2}',
            b'{"body":1},"status":9',
            b"NaN",
            b"1" * 400,
            b"[" * 3000 + b"]" * 3000,
            b'{"a":1,"a":2}',
            '["a\u2028b\u2029c\x85d"]'.encode(),
        ]
    ),
)
SNAPSHOTS = st.builds(
    Snapshot,
    source=st.text(max_size=10),
    kind=st.text(max_size=10),
    key=st.text(max_size=10),
    url=st.text(max_size=10),
    fetched_at=st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z"),
    status=st.integers(100, 599),
    etag=st.none() | st.text(max_size=10),
    body=BODIES,
    last_modified=st.none() | st.text(max_size=10),
    reason=st.none() | st.text(max_size=10),
)


def snapshot(body: bytes, key: str = "one", fetched_at: str = "2026-01-01T00:00:00Z") -> Snapshot:
    return Snapshot("starter", "season", key, "file:x", fetched_at, 200, None, body)


def archive_of(folder: Path, snapshots: list[Snapshot]) -> Pack:
    pack = archive.add_pack(folder, PARTITION, snapshots)
    archive.write_manifest(folder, "starter", [pack])
    return pack


def compressed(lines: list[bytes]) -> bytes:
    content = b"".join(line + b"\n" for line in lines)
    return zstandard.ZstdCompressor().compress(content)


def as_first_written(one: Snapshot) -> bytes:
    """An envelope as the first packs have it: its body a text, JSON or not."""
    try:
        encoding, body = "utf-8", one.body.decode("utf-8")
    except UnicodeDecodeError:
        encoding, body = "base64", base64.b64encode(one.body).decode("ascii")
    fields = {
        "source": one.source,
        "kind": one.kind,
        "key": one.key,
        "url": one.url,
        "fetched_at": one.fetched_at,
        "status": one.status,
        "etag": one.etag,
        "sha256": one.sha256,
        "encoding": encoding,
        "body": body,
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def put_pack(folder: Path, pack: Pack, content: bytes) -> None:
    """Give a pack other bytes, and a manifest that agrees with them."""
    (folder / pack.path).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    changed = dataclasses.replace(pack, sha256=digest, size=len(content))
    archive.write_manifest(folder, "starter", [changed])


@given(snapshots=st.lists(SNAPSHOTS, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_any_snapshots_come_back_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, snapshots: list[Snapshot]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "round_trip"
    pack = archive_of(folder, snapshots)
    assert list(archive.read_archive(folder)) == snapshots
    assert archive.read_manifest(folder) == [pack]
    assert pack.snapshots == len(snapshots)
    assert pack.fetched_at == max(s.fetched_at for s in snapshots)


@given(one=SNAPSHOTS)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_an_envelope_is_one_line_of_json_with_the_hash_of_its_body(one: Snapshot) -> None:
    line = one.to_line()
    assert b"\n" not in line
    envelope = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    sha256 = msgspec.json.decode(envelope["sha256"], type=str)
    assert sha256 == hashlib.sha256(one.body).hexdigest()
    assert Snapshot.from_line(line, Path("pack")) == one


@pytest.mark.parametrize(
    ("body", "encoding", "written"),
    [
        (b'{"a": [1, 2.50]}', "json", b'{"a": [1, 2.50]}'),
        ('{"a":"Ø"}'.encode(), "json", '{"a":"Ø"}'.encode()),
        (b"5", "json", b"5"),
        (b'{"a":1}\n', "utf-8", b'"{\\"a\\":1}\\n"'),
        (b'{\n"a":1}', "utf-8", b'"{\\n\\"a\\":1}"'),
        (b' {"a":1}', "utf-8", b'" {\\"a\\":1}"'),
        ("<p>Ø</p>".encode(), "utf-8", '"<p>Ø</p>"'.encode()),
        (b"", "utf-8", b'""'),
        (b"\xff", "base64", b'"/w=="'),
    ],
)
def test_a_body_stands_in_its_line_as_plainly_as_it_can(
    body: bytes, encoding: str, written: bytes
) -> None:
    line = snapshot(body).to_line()
    envelope = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    assert bytes(envelope["encoding"]) == f'"{encoding}"'.encode()
    assert bytes(envelope["body"]) == written


@pytest.mark.parametrize("field", ["last_modified", "reason"])
def test_a_field_that_says_nothing_is_not_written(field: str) -> None:
    plain = snapshot(b"body")
    assert field.encode() not in plain.to_line()
    told = dataclasses.replace(plain, **{field: ""})
    assert json.loads(told.to_line())[field] == ""


@given(one=SNAPSHOTS)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_an_envelope_as_it_was_first_written_is_read(one: Snapshot) -> None:
    bare = dataclasses.replace(one, last_modified=None, reason=None)
    assert Snapshot.from_line(as_first_written(bare), Path("pack")) == bare


def test_a_pack_as_it_was_first_written_is_read(tmp_path: Path) -> None:
    both = [snapshot(b'{"home_goals":1}'), snapshot(b"\xff\x00", key="two")]
    pack = archive_of(tmp_path, both)
    lines = b"".join(as_first_written(one) + b"\n" for one in both)
    put_pack(tmp_path, pack, zstandard.ZstdCompressor(level=19).compress(lines))
    assert list(archive.read_archive(tmp_path)) == both


def test_a_pack_is_read_a_line_at_a_time() -> None:
    many = [snapshot(f'"{number}"'.encode(), key=str(number)) for number in range(50)]
    content = archive.encode_pack(many)
    lines = list(archive.pack_lines(content, Path("pack")))
    assert lines == [one.to_line() for one in many]
    assert list(archive.decode_pack(content, Path("pack"))) == many
    # The compressor writes a checksum: what is read is what was written.
    assert zstandard.get_frame_parameters(content).has_checksum


def test_bodies_that_repeat_one_another_far_apart_are_packed_once() -> None:
    # Further apart than the window that level 12 has of itself.
    body = hashlib.shake_256(b"seed").digest(3_300_000)
    twice = [snapshot(body, key="one"), snapshot(body, key="two")]
    assert len(archive.encode_pack(twice)) < 1.1 * len(body)


def test_the_manifest_has_one_rendering(tmp_path: Path) -> None:
    packs = [archive.add_pack(tmp_path, f"c/{s}", [snapshot(s.encode())]) for s in ("b", "a")]
    archive.write_manifest(tmp_path, "starter", packs)
    content = (tmp_path / archive.MANIFEST).read_bytes()
    assert archive.manifest_bytes("starter", packs) == content
    assert archive.manifest_bytes("starter", archive.read_manifest(tmp_path)) == content


@given(snapshots=st.lists(SNAPSHOTS, min_size=1, max_size=3))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_the_same_snapshots_give_the_same_bytes(snapshots: list[Snapshot]) -> None:
    again = [dataclasses.replace(s) for s in snapshots]
    assert archive.encode_pack(snapshots) == archive.encode_pack(iter(again))


def test_a_pack_is_named_by_its_hash(tmp_path: Path) -> None:
    pack = archive_of(tmp_path, [snapshot(b"body")])
    content = (tmp_path / pack.path).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert pack.path == f"{PARTITION}/{digest[:16]}.jsonl.zst"
    assert (pack.sha256, pack.size) == (digest, len(content))


def test_adding_a_pack_twice_adds_nothing(tmp_path: Path) -> None:
    first = archive_of(tmp_path, [snapshot(b"body")])
    files = {path: path.stat() for path in tmp_path.rglob("*") if path.suffix == ".zst"}
    assert archive.add_pack(tmp_path, PARTITION, [snapshot(b"body")]) == first
    assert {p: p.stat() for p in tmp_path.rglob("*") if p.suffix == ".zst"} == files
    other = archive.add_pack(tmp_path, PARTITION, [snapshot(b"another body")])
    assert other.path != first.path
    assert (tmp_path / first.path).exists()


def test_the_manifest_does_not_depend_on_the_order_of_packs(tmp_path: Path) -> None:
    packs = [archive.add_pack(tmp_path, f"c/{s}", [snapshot(s.encode())]) for s in ("b", "a", "c")]
    archive.write_manifest(tmp_path, "starter", packs)
    first = (tmp_path / archive.MANIFEST).read_bytes()
    archive.write_manifest(tmp_path, "starter", reversed(packs))
    assert (tmp_path / archive.MANIFEST).read_bytes() == first
    assert [s.body for s in archive.read_archive(tmp_path)] == [b"a", b"b", b"c"]


def test_a_missing_pack_is_named_with_the_fix(tmp_path: Path) -> None:
    pack = archive_of(tmp_path, [snapshot(b"body")])
    (tmp_path / pack.path).unlink()
    with pytest.raises(ArchiveError, match="missing") as caught:
        list(archive.read_archive(tmp_path))
    assert str(tmp_path / pack.path) in str(caught.value)
    assert "dvc pull" in str(caught.value)


def test_a_truncated_pack_is_named_with_the_fix(tmp_path: Path) -> None:
    pack = archive_of(tmp_path, [snapshot(b"body")])
    content = (tmp_path / pack.path).read_bytes()
    for length in (0, 1, len(content) // 2, len(content) - 1):
        (tmp_path / pack.path).write_bytes(content[:length])
        with pytest.raises(ArchiveError, match=f"truncated: {length} bytes") as caught:
            list(archive.read_archive(tmp_path))
        assert str(tmp_path / pack.path) in str(caught.value)
        assert "dvc pull" in str(caught.value)


def test_any_altered_byte_of_a_pack_is_found(tmp_path: Path) -> None:
    pack = archive_of(tmp_path, [snapshot(b"body")])
    content = (tmp_path / pack.path).read_bytes()
    for position in range(len(content)):
        altered = bytearray(content)
        altered[position] ^= 1
        (tmp_path / pack.path).write_bytes(altered)
        with pytest.raises(ArchiveError, match="altered") as caught:
            list(archive.read_archive(tmp_path))
        assert str(tmp_path / pack.path) in str(caught.value)
        assert "dvc pull" in str(caught.value)


@pytest.mark.parametrize("first_written", [False, True])
@pytest.mark.parametrize(
    ("body", "other"),
    [
        (b'{"home_goals":1}', b'{"home_goals":2}'),
        (b'{"home_goals":1}', b'{"home_goals": 1}'),
        (b"<p>1</p>", b"<p>2</p>"),
        (b"\xff\x00", b"\xff\xfe"),
    ],
)
def test_an_altered_body_in_a_rehashed_pack_is_found(
    tmp_path: Path, body: bytes, other: bytes, first_written: bool
) -> None:
    pack = archive_of(tmp_path, [snapshot(body)])
    write = as_first_written if first_written else Snapshot.to_line
    altered = write(snapshot(other))
    sha256 = snapshot(other).sha256.encode()
    assert altered.count(sha256) == 1
    altered = altered.replace(sha256, snapshot(body).sha256.encode())
    put_pack(tmp_path, pack, compressed([altered]))
    with pytest.raises(ArchiveError, match="SHA-256") as caught:
        list(archive.read_archive(tmp_path))
    assert str(tmp_path / pack.path) in str(caught.value)
    assert "season/one" in str(caught.value)
    assert "dvc pull" in str(caught.value)


def compact(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def without(field: str) -> bytes:
    fields = json.loads(snapshot(b"body").to_line())
    del fields[field]
    return compact(fields)


def with_field(field: str, value: Any) -> bytes:
    return compact(json.loads(snapshot(b"body").to_line()) | {field: value})


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"{", b"5", b"[]", b"null", b"{}"),
        *(without("sha256"), without("body"), without("fetched_at")),
        *(with_field("encoding", "latin-1"), with_field("encoding", None)),
        *(with_field("body", 5), with_field("status", "200"), with_field("key", None)),
        with_field("encoding", "base64").replace(b'"body":"body"', b'"body":"\xc3\xb8"'),
        snapshot(b"body").to_line()[:-1],
    ],
)
def test_a_line_that_is_no_envelope_names_its_pack(tmp_path: Path, line: bytes) -> None:
    pack = archive_of(tmp_path, [snapshot(b"body")])
    put_pack(tmp_path, pack, compressed([line]))
    with pytest.raises(ArchiveError, match="no snapshot envelope") as caught:
        list(archive.read_archive(tmp_path))
    assert str(tmp_path / pack.path) in str(caught.value)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":1},"status":9', b"", b'"'])
def test_a_body_that_is_not_the_json_it_claims_is_found(tmp_path: Path, body: bytes) -> None:
    pack = archive_of(tmp_path, [snapshot(b"{}")])
    line = snapshot(b"{}").to_line()
    assert line.endswith(b'"body":{}}')
    put_pack(tmp_path, pack, compressed([line[:-3] + body + b"}"]))
    with pytest.raises(ArchiveError) as caught:
        list(archive.read_archive(tmp_path))
    assert str(tmp_path / pack.path) in str(caught.value)


def test_a_field_that_looks_like_a_body_is_none(tmp_path: Path) -> None:
    tricky = dataclasses.replace(snapshot(b'{"a":1,"body":2}'), key='x","body":"y', etag=',"body":')
    archive_of(tmp_path, [tricky])
    assert list(archive.read_archive(tmp_path)) == [tricky]


@pytest.mark.parametrize("length", [1, 2**17 - 1, 2**17, 2**17 + 1, 300_000])
def test_lines_of_any_length_are_told_apart(tmp_path: Path, length: int) -> None:
    many = [
        snapshot(b"x" * size, key=str(n)) for n, size in enumerate((length, 0, length, 1, length))
    ]
    archive_of(tmp_path, many)
    assert list(archive.read_archive(tmp_path)) == many


@pytest.mark.parametrize(
    "content",
    [
        b"no zstd at all",
        zstandard.ZstdCompressor().compress(b"\xff\xfe\n"),
        compressed([snapshot(b"body").to_line()])[:-4],
    ],
    ids=["not compressed", "not UTF-8", "half a frame"],
)
def test_a_rehashed_pack_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    pack = archive_of(tmp_path, [snapshot(b"body")])
    put_pack(tmp_path, pack, content)
    with pytest.raises(ArchiveError) as caught:
        list(archive.read_archive(tmp_path))
    assert str(tmp_path / pack.path) in str(caught.value)


def test_a_pack_with_fewer_snapshots_than_the_manifest_says_is_found(tmp_path: Path) -> None:
    both = [snapshot(b"first"), snapshot(b"second", key="two")]
    pack = archive_of(tmp_path, both)
    put_pack(tmp_path, pack, compressed([both[0].to_line()]))
    with pytest.raises(ArchiveError) as caught:
        list(archive.read_archive(tmp_path))
    assert str(tmp_path / pack.path) in str(caught.value)


@pytest.mark.parametrize(
    "manifest",
    [
        5,
        None,
        [],
        {},
        {"packs": None},
        {"packs": 5},
        {"packs": ["c/2014-15/0.jsonl.zst"]},
        {"packs": [{}]},
        {"packs": {"path": "c/2014-15/0.jsonl.zst"}},
    ],
    ids=json.dumps,
)
def test_a_manifest_of_another_shape_names_itself_and_the_fix(
    tmp_path: Path, manifest: Any
) -> None:
    path = tmp_path / archive.MANIFEST
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ArchiveError, match="packs") as caught:
        archive.read_manifest(tmp_path)
    assert str(path) in str(caught.value)
    assert "snakemake --cores 1 -f collect" in str(caught.value)


@pytest.mark.parametrize("change", [{"extra": 1}, {"path": 5}, {"size": "252"}])
def test_a_manifest_entry_with_a_wrong_field_names_the_manifest(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    pack = archive_of(tmp_path, [snapshot(b"body")])
    # Without the pack's own bytes every field of the entry is looked at.
    (tmp_path / pack.path).write_bytes(b"x")
    entry = vars(pack) | change
    path = tmp_path / archive.MANIFEST
    path.write_text(json.dumps({"source": "starter", "packs": [entry]}), encoding="utf-8")
    with pytest.raises(ArchiveError) as caught:
        list(archive.read_archive(tmp_path))
    assert str(path) in str(caught.value)


def test_a_missing_or_broken_manifest_names_itself_and_its_maker(tmp_path: Path) -> None:
    for content in (None, "{"):
        if content is not None:
            (tmp_path / archive.MANIFEST).write_text(content, encoding="utf-8")
        with pytest.raises(ArtifactError) as caught:
            archive.read_manifest(tmp_path)
        assert str(tmp_path / archive.MANIFEST) in str(caught.value)
        assert "snakemake --cores 1 collect" in str(caught.value)
