"""The list of a backup's files: what they were called, how large, by which hashes."""

import hashlib
import re
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pitchline.backup.parts import BY_NAME, is_passing, owner_of
from pitchline.environment import Environment
from pitchline.errors import BackupError
from pitchline.params.types import Moment

FORMAT = 1
NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d{1,3})?")
# 256 KiB: where a page of an SQLite file changes, one such piece is stored anew.
CHUNK_BYTES = 1 << 18

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _plain(path: str) -> str:
    """A path below the project's folder, and of a part."""
    pure = PurePosixPath(path)
    plain = (
        str(pure) == path
        and not pure.is_absolute()
        and not {"..", "."} & set(pure.parts)
        and not re.search(r"[\\\x00-\x1f:]", path)
    )
    if not plain or owner_of(pure) is None or any(is_passing(name) for name in pure.parts):
        raise ValueError("the path of a file of this project that backups hold")
    return path


class Saved(BaseModel):
    """One saved file.

    Attributes:
        path: relative to the project, with ``/``.
        bytes: its size.
        modified_ns: when it was last written, nanoseconds since 1970.
        sha256: of its bytes.
        chunks: SHA-256 of each piece of ``CHUNK_BYTES`` bytes, in order.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    path: Annotated[str, AfterValidator(_plain)]
    bytes: Annotated[int, Field(ge=0)]
    modified_ns: Annotated[int, Field(ge=0, lt=2**63)]
    sha256: Sha256
    chunks: list[Sha256]


class Manifest(BaseModel):
    """One backup.

    Attributes:
        format: version of this description.
        created_at: when it was begun, ISO 8601 in UTC.
        pitchline: the version that made it.
        environment: dev, test or prod.
        commit: the git commit that was checked out; None outside a repository.
        parts: the parts asked for; one of which nothing was there has no files.
        notes: what went not quite as it should.
        files: sorted by path.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    format: int
    created_at: Moment
    pitchline: str
    environment: Environment
    commit: str | None
    parts: list[str]
    notes: list[str]
    files: list[Saved]

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for file in self.files)


def lacking(manifest: Manifest, pieces: set[str]) -> list[str]:
    """The files of a backup of which a piece isn't among these."""
    return [file.path for file in manifest.files if not pieces.issuperset(file.chunks)]


def name_of(moment: datetime, taken: set[str]) -> str:
    """The name of a backup begun at a moment; sorted, names are in order of time."""
    name = f"{moment.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}"
    number = 2
    while name in taken:
        name, number = f"{name.partition('Z')[0]}Z-{number}", number + 1
    return name


def moment_of(manifest: Manifest) -> datetime:
    """When a backup was begun."""
    return datetime.fromisoformat(manifest.created_at)


def encode(manifest: Manifest) -> bytes:
    """A manifest as bytes: the SHA-256 of what follows on a line of its own, then JSON."""
    content = manifest.model_dump_json(indent=1).encode() + b"\n"
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def decode(content: bytes, origin: str) -> Manifest:
    """Read a manifest.

    Args:
        content: the bytes of its file.
        origin: the file's name, for the error.

    Raises:
        BackupError: it is altered, holds what no backup holds, or was made by a newer version.
    """
    digest, _, text = content.partition(b"\n")
    if hashlib.sha256(text).hexdigest().encode() != digest:
        raise BackupError(
            f"{origin}: altered, it is not what its first line says. "
            "Use another backup (`pitchline backup list`)."
        )
    try:
        told = _Versioned.model_validate_json(text).format
        if told != FORMAT:
            raise BackupError(
                f"{origin}: made by another version of Pitchline (format {told}, this one reads "
                f"{FORMAT}). Use the version that made it; it stands in the field `pitchline`."
            )
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(map(str, problem["loc"])) or "(the whole file)"
        raise BackupError(
            f"{origin}: field `{field}`: found {problem['input']!r:.80}; allowed: "
            f"{problem['msg'].removeprefix('Value error, ')}. It was not made by Pitchline; "
            "use another backup."
        ) from error
    _check(manifest, origin)
    return manifest


class _Versioned(BaseModel):
    format: int


def _check(manifest: Manifest, origin: str) -> None:
    paths = [file.path for file in manifest.files]
    if paths != sorted(set(paths)):
        raise BackupError(f"{origin}: field `files`: a path stands twice or out of order.")
    unknown = set(manifest.parts) - set(BY_NAME)
    if unknown:
        raise BackupError(f"{origin}: field `parts`: unknown {', '.join(sorted(unknown))}.")
    for file in manifest.files:
        if len(file.chunks) != -(-file.bytes // CHUNK_BYTES):
            raise BackupError(f"{origin}: {file.path}: as many pieces as {file.bytes} bytes need.")
    inner = {parent for path in paths for parent in PurePosixPath(path).parents}
    clash = inner & {PurePosixPath(path) for path in paths}
    if clash:
        raise BackupError(f"{origin}: {min(clash)}: both a file and a folder.")
