"""The folder of the backups: pieces of files, each once, and the manifests that name them.

Layout::

    store.json              format, and whose backups these are
    lock
    objects/<2>/<62 hex>    a piece, named by the SHA-256 of its content: the SHA-256 of what
                            follows (32 bytes), then a zstd frame
    backups/<name>.json     a backup, written last: without it there is no backup

A piece that a backup before it has stored is not stored again, so a backup costs what is new.
"""

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import zstandard

from pitchline.backup.manifest import CHUNK_BYTES, FORMAT, NAME, Manifest, decode, encode
from pitchline.environment import Environment
from pitchline.errors import ArtifactError, BackupError
from pitchline.files import PART_SUFFIX, read_json, write_bytes, write_json

STORE_FILE = "store.json"
OBJECTS, BACKUPS, LOCK = "objects", "backups", "lock"
SCRATCH = ".new-"
DIGEST_BYTES = 32


class Store:
    """A folder of backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # -- the folder

    @contextmanager
    def held(self, *, shared: bool = False) -> Iterator[None]:
        """Hold the store: alone to change it, or with others to read it. Ends with the process.

        Raises:
            BackupError: the folder can't be used.
        """
        try:
            if not shared:
                self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            if shared and error.errno in (errno.EROFS, errno.EACCES):
                # A copy that may only be read, on a medium of its own.
                yield
                return
            raise BackupError(
                f"{self.folder}: can't be used for backups ({error.strerror}). Check the disk and "
                "`backup.folder` in params.yaml, or name another folder with --to."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def exists(self) -> bool:
        """Whether backups were ever made here."""
        return (self.folder / STORE_FILE).exists()

    def environment(self) -> Environment | None:
        """Whose backups these are; None in a new folder.

        Raises:
            BackupError: the folder is another version's, or no store of backups.
        """
        path = self.folder / STORE_FILE
        if not path.exists():
            return None
        try:
            told: dict[str, Any] = read_json(path, made_by="pitchline backup create")
            form, environment = told["format"], told["environment"]
        except (ArtifactError, KeyError, TypeError) as error:
            raise BackupError(
                f"{path}: damaged. Write anew into it "
                f'{{"format": {FORMAT}, "environment": "dev"}} (or test, or prod).'
            ) from error
        if form != FORMAT:
            raise BackupError(
                f"{path}: made by another version of Pitchline (format {form}, this one reads "
                f"{FORMAT}). Name another folder with --to or `backup.folder`."
            )
        return environment  # type: ignore[no-any-return]

    def stamp(self, environment: Environment) -> None:
        """Say whose backups these are."""
        write_json(self.folder / STORE_FILE, {"format": FORMAT, "environment": environment})

    # -- pieces

    def _object(self, digest: str) -> Path:
        return self.folder / OBJECTS / digest[:2] / digest[2:]

    def put(self, content: bytes, level: int) -> tuple[str, int]:
        """Store a piece unless it is here and whole, and look that it can be read.

        Returns:
            Its digest, and the bytes written to the disk.

        Raises:
            PitchlineError: the disk is full or the folder can't be written.
            BackupError: what was written is not what can be read.
        """
        digest = hashlib.sha256(content).hexdigest()
        with suppress(BackupError):
            self.get(digest)
            return digest, 0
        written = self._write(digest, content, level)
        self.get(digest)
        return digest, written

    def _write(self, digest: str, content: bytes, level: int) -> int:
        frame = zstandard.ZstdCompressor(level=level).compress(content)
        write_bytes(self._object(digest), hashlib.sha256(frame).digest() + frame)
        return DIGEST_BYTES + len(frame)

    def get(self, digest: str) -> bytes:
        """A piece.

        Raises:
            BackupError: it is missing or damaged.
        """
        path = self._object(digest)
        try:
            stored = path.read_bytes()
        except OSError as error:
            raise BackupError(f"{path}: {error.strerror}") from error
        told, frame = stored[:DIGEST_BYTES], stored[DIGEST_BYTES:]
        if hashlib.sha256(frame).digest() != told:
            raise BackupError(f"{path}: damaged")
        try:
            if not 0 <= zstandard.frame_content_size(frame) <= CHUNK_BYTES:
                raise BackupError(f"{path}: not a piece of a file")
            content: bytes = zstandard.ZstdDecompressor().decompress(frame)
        except zstandard.ZstdError as error:
            raise BackupError(f"{path}: damaged") from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise BackupError(f"{path}: holds something else than its name says")
        return content

    # -- backups

    def names(self) -> list[str]:
        """The names of all backups, the oldest first."""
        found = (self.folder / BACKUPS).glob("*.json")
        return sorted(path.stem for path in found if NAME.fullmatch(path.stem))

    def path_of(self, name: str) -> Path:
        """The file of a backup."""
        return self.folder / BACKUPS / f"{name}.json"

    def read(self, name: str) -> Manifest:
        """A backup by its name.

        Raises:
            BackupError: there is none by that name, it is damaged, or a newer version made it.
        """
        path = self.path_of(name)
        try:
            return decode(path.read_bytes(), str(path)) if NAME.fullmatch(name) else _absent(name)
        except FileNotFoundError:
            return _absent(name)
        except OSError as error:
            raise BackupError(f"{path}: can't be read ({error.strerror}).") from error

    def add(self, name: str, manifest: Manifest) -> None:
        """Make a backup valid: its manifest in one rename."""
        write_bytes(self.path_of(name), encode(manifest))

    def remove(self, name: str) -> None:
        """Forget a backup; its pieces stay until ``sweep``."""
        self.path_of(name).unlink()

    def pieces(self) -> set[str]:
        """The digests of all pieces that are here, whole or not."""
        return {path.parent.name + path.name for path in self._objects()}

    def _objects(self) -> Iterator[Path]:
        return (self.folder / OBJECTS).glob("??/*")

    def sweep(self, manifests: Iterable[Manifest] | None = None) -> None:
        """Remove the pieces no backup needs, and what killed processes left.

        Args:
            manifests: all backups; None to read them here. No piece is removed while there is one
                that can't be read: what it needs isn't known.
        """
        for path in (self.folder / BACKUPS).glob(f".*{PART_SUFFIX}"):
            path.unlink(missing_ok=True)
        for path in self.folder.glob(f"{SCRATCH}*"):
            shutil.rmtree(path, ignore_errors=True)
        try:
            known = [self.read(name) for name in self.names()] if manifests is None else manifests
        except BackupError:
            return
        needed = {digest for each in known for file in each.files for digest in file.chunks}
        for path in self._objects():
            if path.parent.name + path.name not in needed:
                path.unlink()


def _absent(name: str) -> Manifest:
    raise BackupError(f"there is no backup {name!r}. See `pitchline backup list`.")
