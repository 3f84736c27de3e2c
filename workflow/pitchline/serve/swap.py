"""The champion that serves, and the thread that exchanges it when the pointer changes.

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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

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
RECALL = "from pitchline.promote import champion; champion.locate(champion.read_champion())"
DVC = Path(".dvc")

Files = dict[str, bytes]
Stamp = tuple[tuple[int, int, int] | None, ...]


class NotHere(ArtifactError):
    """The files of a champion are nowhere on this machine."""


class Witness(Protocol):
    """Who is told what becomes of models, in the thread that watches."""

    def refused(self, version: str | None, reason: str, serving: str) -> None:
        """A model was refused; another one goes on."""

    def serves(self, version: str) -> None:
        """The model that the pointer names serves."""


class Champion:
    """The model that serves.

    Attributes:
        swaps: how often another model took over.
        refusals: how often one was refused.
    """

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
    def current(self) -> Served:
        """The model that serves now; one look, without a lock.

        Raises:
            RuntimeError: ``start`` was not called.
        """
        served = self._current
        if served is None:
            raise RuntimeError("no model is loaded: call start() first")
        return served

    @property
    def refused(self) -> list[dict[str, str | None]]:
        """What was refused since the last swap: version (None if unknown), reason, at."""
        return list(self._refused)

    def start(self) -> None:
        """Load the first model and begin to watch.

        Raises:
            ArtifactError: there is no champion, or it can't be loaded.
        """
        self._ended.clear()
        content = self._pointer()
        self._take(content, self._load(content))
        self._thread = threading.Thread(target=self._watch, name="champion", daemon=True)
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
            if self._witness is not None:
                self._witness.serves(self.current.version)
            return
        seen = content, stamps(self._root, content)
        if seen == self._seen and time.monotonic() < self._again_at:
            return
        self._again_at = float("inf")
        try:
            with yielding():
                served = self._load(content)
        except NotHere as error:
            self._again_at = time.monotonic() + RETRY_SECONDS
            self._refuse(content, str(error))
        except ArtifactError as error:
            self._refuse(content, str(error))
        except Exception as error:  # noqa: BLE001 whatever a damaged model brings, the old one serves
            self._refuse(content, f"{layout.CHAMPION}: its model can't be loaded ({error!r})")
        else:
            # What was interrupted by the end of the watch or a newer pointer decides nothing.
            if served is None:
                return
            self._take(content, served)
        self._seen = seen

    def _take(self, content: bytes | None, served: Served | None) -> None:
        if served is None:
            raise ArtifactError(
                f"{layout.CHAMPION}: changed while its model was fetched. Try again."
            )
        before, self._current = self._current, served
        self._taken = content
        self._refused.clear()
        if self._witness is not None:
            self._witness.serves(served.version)
        if before is not None:
            self.swaps += 1
            log.info("model %s serves, %s before", served.version, before.version)

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
        log.warning(
            "model %s refused, %s goes on: %s", told["version"], self.current.version, reason
        )
        if self._witness is not None:
            self._witness.refused(told["version"], reason, self.current.version)

    def _pointer(self) -> bytes | None:
        try:
            return (self._root / layout.CHAMPION).read_bytes()
        except OSError:
            return None

    def _load(self, content: bytes | None) -> Served | None:
        """The pointer's model; None if the pointer changed while its files were fetched."""
        pointer = parsed(content)
        try:
            files, place = held(self._root, pointer)
        except NotHere:
            if not (self._root / DVC).is_dir():
                raise
            if not self._recalled(content):
                return None
            files, place = held(self._root, pointer)
        return engine.read(files, pointer, place)

    def _recalled(self, content: bytes | None) -> bool:
        """Have the files copied out of DVC's cache or remote, if they are there.

        In a process of its own: DVC is large, and a remote may take its time.

        Returns:
            Whether the pointer stayed as it was and the watch went on.
        """
        process = subprocess.Popen(
            [sys.executable, "-c", RECALL],
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


@contextmanager
def yielding() -> Iterator[None]:
    """Let other threads have the interpreter sooner than they usually would."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, SWITCH_SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def parsed(content: bytes | None) -> dict[str, Any]:
    """What a pointer says.

    Raises:
        ArtifactError: it is missing, damaged, or its version isn't that of its files.
    """
    if content is None:
        raise ArtifactError(f"{layout.CHAMPION}: missing. Make it with `{MADE_BY}`.")
    try:
        pointer = json.loads(content)
        Pointer.model_validate(pointer)
    except (ValueError, RecursionError) as error:
        problem = str(error)
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "(the whole file)"
            problem = f"field `{field}`: {first['msg']}"
        raise ArtifactError(
            f"{layout.CHAMPION}: {problem}. Restore it with `git checkout {layout.CHAMPION}`."
        ) from error
    digest = hashlib.sha256()
    for name in BUNDLE:
        digest.update(bytes.fromhex(pointer["files"][name]["sha256"]))
    if digest.hexdigest()[:VERSION_LENGTH] != pointer["version"]:
        raise ArtifactError(
            f"{layout.CHAMPION}: field `version`: not the version of its files. Restore it with "
            f"`git checkout {layout.CHAMPION}`."
        )
    if not isinstance(pointer.get("decision", {}), dict):
        raise ArtifactError(f"{layout.CHAMPION}: field `decision`: not a mapping.")
    return dict(pointer)


def version_told(content: bytes | None) -> str | None:
    """The version that a pointer names, if it names one."""
    try:
        version = json.loads(content or b"")["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return version if isinstance(version, str) and len(version) <= VERSION_LENGTH else None


def folders(version: str) -> tuple[Path, Path]:
    """Where the files of a champion may lie, in the order of looking."""
    return layout.CHAMPIONS / version, layout.CANDIDATE


def held(root: Path, pointer: Mapping[str, Any]) -> tuple[Files, str]:
    """The bytes of a champion's files, each as its hash says, and their folder.

    Args:
        root: the project's folder.
        pointer: names version and files.

    Raises:
        NotHere: no folder has them all, as the pointer says.
    """
    problem = None
    for folder in folders(pointer["version"]):
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
                        f"{layout.CHAMPION} names. Remove {folder}, so that it is fetched anew."
                    )
                break
        else:
            return files, str(folder)
    raise problem or NotHere(f"{layout.CHAMPION}: its files are not here.")


def stamps(root: Path, content: bytes | None) -> Stamp:
    """What tells that a file of the pointer's model was changed: of each, inode, size and time."""
    try:
        pointer = parsed(content)
    except ArtifactError:
        return ()
    found: list[tuple[int, int, int] | None] = []
    for folder in folders(pointer["version"]):
        for name in pointer["files"]:
            try:
                # A network file system asks its server when a file is opened.
                with (root / folder / name).open("rb") as handle:
                    told = os.fstat(handle.fileno())
                found.append((told.st_ino, told.st_size, told.st_mtime_ns))
            except OSError:
                found.append(None)
    return tuple(found)
