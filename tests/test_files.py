"""Files are written whole or not at all, with stable bytes, and read with helpful errors."""

import errno
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline import files
from pitchline.errors import ArtifactError, PitchlineError

MAKER = "snakemake --cores 1 ingest"
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # Every text but lone surrogates, which no UTF-8 file can hold.
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def parts_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".part")]


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "match_id": pd.Series(["a", "ü", None], dtype="str"),
            "goals": pd.array([2, None, 0], dtype="Int64"),
            "xg": [0.1, float("nan"), 1.5],
            "kick_off": pd.array(
                ["2020-01-01", None, "2021-08-14T14:00"], dtype="datetime64[ms, UTC]"
            ),
        }
    )


def test_the_old_bytes_stay_until_the_new_ones_are_complete(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(b"old")
    with files.replacing(path) as temporary:
        temporary.write_bytes(b"ne")
        assert path.read_bytes() == b"old"
        temporary.write_bytes(b"new")
    assert path.read_bytes() == b"new"
    assert not parts_in(tmp_path)


def test_a_reader_at_work_goes_on_with_the_old_bytes(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(b"old and longer")
    with path.open("rb") as reader:
        files.write_bytes(path, b"new")
        assert reader.read() == b"old and longer"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("failure", [RuntimeError("boom"), KeyboardInterrupt()])
def test_a_writer_that_fails_midway_changes_nothing(tmp_path: Path, failure: BaseException) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(b"old")
    with pytest.raises(type(failure)), files.replacing(path) as temporary:
        temporary.write_bytes(b"ne")
        raise failure
    assert path.read_bytes() == b"old"
    assert not parts_in(tmp_path)


def test_a_full_disk_is_named_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(b"old")
    with pytest.raises(PitchlineError) as caught, files.replacing(path) as temporary:
        temporary.write_bytes(b"ne")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(path) in str(caught.value)
    assert "No space left on device" in str(caught.value)
    assert "Free disk space" in str(caught.value)
    assert path.read_bytes() == b"old"
    assert not parts_in(tmp_path)


def test_a_writer_killed_midway_leaves_the_old_file_and_the_next_one_succeeds(
    tmp_path: Path,
) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(b"old")
    program = (
        "import os, pathlib, sys\n"
        "from pitchline.files import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_bytes(b'ne')\n"
        "    os._exit(9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert killed.returncode == 9
    assert path.read_bytes() == b"old"
    assert len(parts_in(tmp_path)) == 1
    files.write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert not parts_in(tmp_path)


def test_the_part_of_a_writer_still_at_work_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    waiting = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE) as writer:
        part = tmp_path / f".{path.name}.{writer.pid}{files.PART_SUFFIX}"
        part.write_bytes(b"half")
        files.write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert part.read_bytes() == b"half"


def test_missing_folders_are_made(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a" / "b" / "note.txt", "Fußball\u2028")
    assert (tmp_path / "a/b/note.txt").read_bytes() == "Fußball\u2028".encode()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be", encoding="utf-8")
    target = tmp_path / "data" / "table.json"
    with pytest.raises(PitchlineError, match="could not be written") as caught:
        files.write_text(target, "x")
    assert str(target) in str(caught.value)


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "table.json").mkdir()
    with pytest.raises(PitchlineError, match=r"table\.json: could not be written"):
        files.write_text(tmp_path / "table.json", "x")
    assert not parts_in(tmp_path)


@given(content=st.binary())
@settings(max_examples=20, deadline=None, derandomize=True)
def test_the_hash_is_that_of_the_bytes(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "hashed"
    files.write_bytes(path, content)
    assert path.read_bytes() == content
    assert files.sha256_of(path) == hashlib.sha256(content).hexdigest()


@given(value=JSON_VALUES)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_json_reads_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "value.json"
    files.write_json(path, value)
    assert files.read_json(path, made_by=MAKER) == value
    assert path.read_bytes() == files.json_bytes(value)


def test_json_keeps_the_order_of_keys() -> None:
    assert files.json_bytes({"b": 1, "a": 2}) == b'{\n  "b": 1,\n  "a": 2\n}\n'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_json_lacks_is_refused_and_nothing_is_written(
    tmp_path: Path, number: float
) -> None:
    path = tmp_path / "metrics.json"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(path, {"log_loss": number})
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": }', b"\xff\xfe"])
def test_broken_json_names_the_file_and_its_maker(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ingest.json"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="not valid JSON") as caught:
        files.read_json(path, made_by=MAKER)
    assert str(path) in str(caught.value)
    assert MAKER in str(caught.value)


@pytest.mark.parametrize("read", [files.read_json, files.read_parquet])
def test_a_missing_file_names_itself_and_its_maker(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "gone"
    with pytest.raises(ArtifactError, match="missing") as caught:
        read(path, made_by=MAKER)
    assert str(path) in str(caught.value)
    assert MAKER in str(caught.value)


@pytest.mark.parametrize("read", [files.read_json, files.read_parquet])
def test_a_folder_in_the_place_of_an_input_names_itself_and_its_maker(
    tmp_path: Path, read: Any
) -> None:
    with pytest.raises(ArtifactError) as caught:
        read(tmp_path, made_by=MAKER)
    assert str(tmp_path) in str(caught.value)
    assert MAKER in str(caught.value)


def test_equal_frames_give_equal_parquet_bytes(tmp_path: Path) -> None:
    def written(table: pd.DataFrame) -> bytes:
        files.write_parquet(tmp_path / "table.parquet", table)
        return (tmp_path / "table.parquet").read_bytes()

    first = written(frame())
    assert written(frame()) == first
    assert written(frame().set_axis([7, 3, 5])) == first
    assert written(frame().iloc[::-1].iloc[::-1]) == first
    joined = pd.concat([frame().iloc[:1], frame().iloc[1:]], ignore_index=True)
    pd.testing.assert_frame_equal(joined, frame())
    assert written(joined) == first


def test_parquet_bytes_name_no_version_of_pandas(tmp_path: Path) -> None:
    files.write_parquet(tmp_path / "table.parquet", frame())
    assert pd.__version__.encode() not in (tmp_path / "table.parquet").read_bytes()


def test_a_frame_that_differs_in_one_value_gives_other_bytes(tmp_path: Path) -> None:
    files.write_parquet(tmp_path / "one", frame())
    files.write_parquet(tmp_path / "two", frame().assign(xg=[0.1, float("nan"), 1.6]))
    assert (tmp_path / "one").read_bytes() != (tmp_path / "two").read_bytes()


def test_parquet_reads_back_with_its_values_times_and_nulls(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    files.write_parquet(path, frame())
    found = files.read_parquet(path, made_by=MAKER)
    pd.testing.assert_frame_equal(found, frame(), check_dtype=False)
    assert found["kick_off"].dtype == frame()["kick_off"].dtype
    assert found.isna().equals(frame().isna())


def test_a_frame_that_cannot_be_written_leaves_the_old_table(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    files.write_parquet(path, frame())
    before = path.read_bytes()
    mixed = pd.DataFrame({"mixed": pd.Series([1, "two", {"three": 3}], dtype=object)})
    with pytest.raises(Exception, match="mixed"):
        files.write_parquet(path, mixed)
    assert path.read_bytes() == before
    assert not parts_in(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_truncated_parquet_file_names_itself_and_its_maker(tmp_path: Path, share: float) -> None:
    path = tmp_path / "table.parquet"
    files.write_parquet(path, frame())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ArtifactError, match="not a readable Parquet file") as caught:
        files.read_parquet(path, made_by=MAKER)
    assert str(path) in str(caught.value)
    assert MAKER in str(caught.value)


def test_a_damaged_byte_is_never_a_failure_without_the_file_name(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    files.write_parquet(path, frame())
    content = path.read_bytes()
    refused = 0
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        try:
            files.read_parquet(path, made_by=MAKER)
        except ArtifactError as error:
            assert str(path) in str(error)
            refused += 1
    assert refused > len(content) / 4
