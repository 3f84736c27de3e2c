"""The model that a pointer names, and the thread that exchanges it when the pointer changes.

The pointer is watched by its content, so this works on network file systems too. A new model is
loaded and checked beside the old one and takes its place by one assignment; one that fails is
refused, and the old one goes on.
"""

import hashlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.promote.champion import MADE_BY, Pointer
from pitchline.serve import engine
from pitchline.serve.engine import Served
from pitchline.train.candidate import BUNDLE, VERSION_LENGTH

log = logging.getLogger("pitchline.serve")

KEPT_REFUSALS = 100
# Files that are not here may come from DVC's remote, which may be back later.
RETRY_SECONDS = 60.0
RECALL_SECONDS = 120.0
RECALL_STEP = 0.1
# While a model is loaded, others wait no longer than this for the interpreter, 5 ms else.
SWITCH_SECONDS = 0.0005
DVC = Path(".dvc")

Files = dict[str, bytes]
Stamp = tuple[tuple[int, int, int] | None, ...]


class NotHere(ArtifactError):
    """The files of a model are nowhere on this machine."""


class Witness(Protocol):
    """Who is told what becomes of models, in the thread that watches."""

    def refused(self, version: str | None, reason: str, serving: str) -> None:
        """A model was refused; another one goes on."""

    def serves(self, version: str) -> None:
        """The model that the pointer names is in place."""

    def ends(self) -> None:
        """There is no pointer any more, and none is needed."""


@dataclass(frozen=True)
class Place:
    """Where a pointer stands and what it must be.

    Attributes:
        file: the pointer.
        form: what it must hold to be followed.
        made_by: how one comes by it, for errors.
        mended_by: how a damaged one is put right, for errors.
        stores: where its model's files may lie, by version, in the order of looking; last the
            candidate's folder is looked at.
        recall: the Python that brings files from DVC into the first of them.
    """

    file: Path
    form: type[BaseModel]
    made_by: str
    mended_by: str
    stores: Sequence[Path]
    recall: str


CHAMPION = Place(
    file=layout.CHAMPION,
    form=Pointer,
    made_by=f"Make it with `{MADE_BY}`.",
    mended_by=f"Restore it with `git checkout {layout.CHAMPION}`.",
    stores=(layout.CHAMPIONS,),
    recall="from pitchline.promote import champion; champion.locate(champion.read_champion())",
)


class Follower:
    """The model that a pointer names.

    Attributes:
        swaps: how often another model took over.
        refusals: how often one was refused.
    """

    place: Place
    role: str

    def __init__(
        self, root: Path, poll_seconds: float = 0.5, witness: Witness | None = None
    ) -> None:
        """Watch a project.

        Args:
            root: the project's folder.
            poll_seconds: from one look at the pointer to the next.
            witness: is told of models taken and refused.
        """
        self.swaps = 0
        self.refusals = 0
        self._root = root.absolute()
        self._poll_seconds = poll_seconds
        self._witness = witness
        self._current: Served | None = None
        self._taken: bytes | None = None
        self._seen: tuple[bytes | None, Stamp] | None = None
        self._again_at = float("inf")
        self._refused: deque[dict[str, str | None]] = deque(maxlen=KEPT_REFUSALS)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def refused(self) -> list[dict[str, str | None]]:
        """What was refused since the last swap: version (None if unknown), reason, at."""
        return list(self._refused)

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._watch, name=self.role, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cease to watch; the model stays."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self) -> None:
        while not self._ended.wait(self._poll_seconds):
            self._look()

    def _look(self) -> None:
        """Take what the pointer names, if that is new and good."""
        content = self._pointer()
        if content == self._taken:
            # Also when the pointer is back at it after one that was refused.
            if self._witness is not None and self._current is not None:
                self._witness.serves(self._current.version)
            return
        seen = content, stamps(self._root, content, self.place)
        if seen == self._seen and time.monotonic() < self._again_at:
            return
        self._again_at = float("inf")
        began = time.perf_counter()
        try:
            with yielding():
                served = self._load(content)
        except NotHere as error:
            self._again_at = time.monotonic() + RETRY_SECONDS
            self._refuse(content, str(error))
        except ArtifactError as error:
            self._refuse(content, str(error))
        except Exception as error:  # noqa: BLE001 whatever a damaged model brings, the old one serves
            self._refuse(content, f"{self.place.file}: its model can't be loaded ({error!r})")
        else:
            # What was interrupted by the end of the watch or a newer pointer decides nothing.
            if served is None:
                return
            self._take(content, served, time.perf_counter() - began)
        self._seen = seen

    def _take(self, content: bytes | None, served: Served | None, seconds: float = 0.0) -> None:
        if served is None:
            raise ArtifactError(
                f"{self.place.file}: changed while its model was fetched. Try again."
            )
        before, self._current = self._current, served
        self._taken = content
        self._refused.clear()
        if self._witness is not None:
            self._witness.serves(served.version)
        if before is not None:
            self.swaps += 1
            log.info(
                "%s %s serves, %s before", self.role, served.version, before.version,
                extra={"told": {"model": served.version, "seconds": round(seconds, 4)}},
            )  # fmt: skip

    def _refuse(self, content: bytes | None, reason: str) -> None:
        told = {
            "version": version_told(content),
            "reason": reason,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        last = self._refused[-1] if self._refused else {}
        if (last.get("version"), last.get("reason")) == (told["version"], reason):
            return
        self._refused.append(told)
        self.refusals += 1
        goes_on = self._current.version if self._current else "none"
        log.warning(
            "%s %s refused, %s goes on: %s", self.role, told["version"], goes_on, reason,
            extra={"told": {"refused": told["version"]}},
        )  # fmt: skip
        if self._witness is not None:
            self._witness.refused(told["version"], reason, goes_on)

    def _pointer(self) -> bytes | None:
        try:
            return (self._root / self.place.file).read_bytes()
        except OSError:
            return None

    def _load(self, content: bytes | None) -> Served | None:
        """The pointer's model; None if the pointer changed while its files were fetched."""
        pointer = parsed(content, self.place)
        try:
            files, place = held(self._root, pointer, self.place)
        except NotHere:
            if not (self._root / DVC).is_dir():
                raise
            if not self._recalled(content):
                return None
            files, place = held(self._root, pointer, self.place)
        return engine.read(files, pointer, place)

    def _recalled(self, content: bytes | None) -> bool:
        """Have the files copied out of DVC's cache or remote, if they are there.

        In a process of its own: DVC is large, and a remote may take its time.

        Returns:
            Whether the pointer stayed as it was and the watch went on.
        """
        process = subprocess.Popen(
            [sys.executable, "-c", self.place.recall],
            cwd=self._root,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + RECALL_SECONDS
        try:
            while process.poll() is None and time.monotonic() < until:
                if self._ended.wait(RECALL_STEP) or self._pointer() != content:
                    return False
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        return True


class Champion(Follower):
    """The model that serves."""

    place = CHAMPION
    role = "champion"

    @property
    def current(self) -> Served:
        """The model that serves now; one look, without a lock.

        Raises:
            RuntimeError: ``start`` was not called.
        """
        served = self._current
        if served is None:
            raise RuntimeError("no model is loaded: call start() first")
        return served

    def start(self) -> None:
        """Load the first model and begin to watch.

        Raises:
            ArtifactError: there is no champion, or it can't be loaded.
        """
        self._ended.clear()
        content = self._pointer()
        self._take(content, self._load(content))
        self._begin()


@contextmanager
def yielding() -> Iterator[None]:
    """Let other threads have the interpreter sooner than they usually would."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, SWITCH_SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def parsed(content: bytes | None, place: Place = CHAMPION) -> dict[str, Any]:
    """What a pointer says.

    Raises:
        ArtifactError: it is missing, damaged, or its version isn't that of its files.
    """
    if content is None:
        raise ArtifactError(f"{place.file}: missing. {place.made_by}")
    try:
        pointer = json.loads(content)
        place.form.model_validate(pointer)
    except (ValueError, RecursionError) as error:
        problem = str(error)
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "(the whole file)"
            problem = f"field `{field}`: {first['msg']}"
        raise ArtifactError(f"{place.file}: {problem}. {place.mended_by}") from error
    digest = hashlib.sha256()
    for name in BUNDLE:
        digest.update(bytes.fromhex(pointer["files"][name]["sha256"]))
    if digest.hexdigest()[:VERSION_LENGTH] != pointer["version"]:
        raise ArtifactError(
            f"{place.file}: field `version`: not the version of its files. {place.mended_by}"
        )
    if not isinstance(pointer.get("decision", {}), dict):
        raise ArtifactError(f"{place.file}: field `decision`: not a mapping.")
    return dict(pointer)


def version_told(content: bytes | None) -> str | None:
    """The version that a pointer names, if it names one."""
    try:
        version = json.loads(content or b"")["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return version if isinstance(version, str) and len(version) <= VERSION_LENGTH else None


def folders(version: str, place: Place) -> tuple[Path, ...]:
    """Where the files of a model may lie, in the order of looking."""
    return (*(store / version for store in place.stores), layout.CANDIDATE)


def held(root: Path, pointer: Mapping[str, Any], place: Place = CHAMPION) -> tuple[Files, str]:
    """The bytes of a model's files, each as its hash says, and their folder.

    Args:
        root: the project's folder.
        pointer: names version and files.
        place: of the pointer.

    Raises:
        NotHere: no folder has them all, as the pointer says.
    """
    problem = None
    for folder in folders(pointer["version"], place):
        files: Files = {}
        for name, hashes in pointer["files"].items():
            try:
                files[name] = (root / folder / name).read_bytes()
            except OSError:
                problem = problem or NotHere(f"{folder / name}: missing or unreadable.")
                break
            if hashlib.sha256(files[name]).hexdigest() != hashes["sha256"]:
                if folder != layout.CANDIDATE:
                    problem = problem or NotHere(
                        f"{folder / name}: truncated or altered, not the file that "
                        f"{place.file} names. Remove {folder}, so that it is fetched anew."
                    )
                break
        else:
            return files, str(folder)
    raise problem or NotHere(f"{place.file}: its files are not here.")


def stamps(root: Path, content: bytes | None, place: Place) -> Stamp:
    """What tells that a file of the pointer's model was changed: of each, inode, size and time."""
    try:
        pointer = parsed(content, place)
    except ArtifactError:
        return ()
    found: list[tuple[int, int, int] | None] = []
    for folder in folders(pointer["version"], place):
        for name in pointer["files"]:
            try:
                # A network file system asks its server when a file is opened.
                with (root / folder / name).open("rb") as handle:
                    told = os.fstat(handle.fileno())
                found.append((told.st_ino, told.st_size, told.st_mtime_ns))
            except OSError:
                found.append(None)
    return tuple(found)
