"""Reading and writing files: atomic, byte-stable, with errors that name the file."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from pitchline.errors import ArtifactError, PitchlineError

if TYPE_CHECKING:
    import pandas as pd

PART_SUFFIX = ".part"


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it replaces ``path`` in one rename.

    A reader sees the old bytes or the new ones, never a part. On failure the
    temporary file is removed and ``path`` stays as it was.

    Raises:
        PitchlineError: the disk is full or the folder can't be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{PART_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        yield temporary
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PitchlineError(
            f"{path}: could not be written ({reason}). "
            "The previous file, if there was one, is untouched. "
            "Free disk space or check the folder's permissions, then run again."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _remove_leftovers(path: Path) -> None:
    """Remove temporary files of ``path`` whose process was killed."""
    for leftover in path.parent.glob(f".{path.name}.*{PART_SUFFIX}"):
        owner = leftover.name.removesuffix(PART_SUFFIX).rpartition(".")[2]
        if not (owner.isdigit() and psutil.pid_exists(int(owner))):
            leftover.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 ``content`` to ``path`` atomically."""
    write_bytes(path, content.encode())


def json_bytes(value: Any) -> bytes:
    """Render ``value`` as indented JSON, keys in their given order, NaN refused."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON to ``path`` atomically."""
    write_bytes(path, json_bytes(value))


def read_json(path: Path, *, made_by: str) -> Any:
    """Read a JSON file.

    Args:
        path: the file.
        made_by: the command that makes it, named in the error.

    Raises:
        ArtifactError: the file is missing or isn't JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactError(f"{path}: missing. Make it with `{made_by}`.") from error
    except OSError as error:
        raise ArtifactError(
            f"{path}: can't be read ({error.strerror}). Make it anew with `{made_by}`."
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"{path}: not valid JSON ({error}). Make it anew with `{made_by}`."
        ) from error


def write_parquet(path: Path, frame: "pd.DataFrame") -> None:
    """Write ``frame`` to Parquet (zstd) atomically; equal frames give equal bytes.

    The pandas metadata block is left out: it names library versions.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    # Figures seldom repeat: a dictionary of them takes twice the time and more room.
    repeating = [column.name for column in table.schema if not pa.types.is_floating(column.type)]
    with replacing(path) as temporary:
        pq.write_table(
            table,
            temporary,
            compression="zstd",
            version="2.6",
            write_page_checksum=True,
            use_dictionary=repeating,
        )


def read_parquet(path: Path, *, made_by: str) -> "pd.DataFrame":
    """Read a Parquet file into a frame.

    Raises:
        ArtifactError: the file is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as handle:
            table = pq.read_table(handle, page_checksum_verification=True)
        frame: pd.DataFrame = table.to_pandas()
        return frame
    except FileNotFoundError as error:
        raise ArtifactError(f"{path}: missing. Make it with `{made_by}`.") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ArtifactError(
            f"{path}: not a readable Parquet file ({error}). Make it anew with `{made_by}`."
        ) from error
