"""The champion as it serves: watched by the pointer's content, swapped by one assignment."""

import json
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from pitchline import layout
from pitchline.errors import ArtifactError, PitchlineError
from pitchline.serve.engine import Served, load
from pitchline.serve.log import LOGGER

_log = logging.getLogger(LOGGER)


class Champion:
    """The model that serves, and the thread that looks for a newer one."""

    def __init__(self, root: Path, poll_seconds: float = 0.5) -> None:
        self._root = root
        self._poll_seconds = poll_seconds
        self._current: Served | None = None
        self._seen: bytes | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.refused: list[dict[str, Any]] = []

    @property
    def current(self) -> Served:
        """The model that serves.

        Raises:
            ArtifactError: none was loaded yet.
        """
        if self._current is None:
            raise ArtifactError(f"{layout.CHAMPION}: no model is loaded yet. Call `start` first.")
        return self._current

    def start(self) -> None:
        """Load the first model and watch for the next one.

        Raises:
            ArtifactError: there is none, or it can't be loaded.
        """
        try:
            self._seen = (self._root / layout.CHAMPION).read_bytes()
        except OSError as error:
            raise ArtifactError(
                f"{layout.CHAMPION}: can't be read. Run `snakemake --cores 2 promote`."
            ) from error
        self._current = self._loaded(self._seen)
        self._thread = threading.Thread(target=self._watch, name="champion", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._poll_seconds):
            try:
                content = (self._root / layout.CHAMPION).read_bytes()
            except OSError:
                continue
            if content != self._seen:
                self._seen = content
                self._swap(content)

    def _swap(self, content: bytes) -> None:
        try:
            self._current = self._loaded(content)
        except PitchlineError as error:
            moment = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            refusal = {"version": _version(content), "reason": str(error), "at": moment}
            self.refused.append(refusal)
            _log.error("a newer model was refused", extra={"told": refusal})
        else:
            _log.info("a newer model serves", extra={"told": {"model": self._current.version}})

    def _loaded(self, content: bytes) -> Served:
        try:
            pointer = json.loads(content)
            folders = [self._root / layout.CHAMPIONS / pointer["version"]]
            folders += [self._root / layout.CANDIDATE]
            folder = next((each for each in folders if each.is_dir()), folders[0])
            served = load(pointer, folder)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtifactError(
                f"{layout.CHAMPION}: not a pointer ({error}). Restore it with "
                f"`git checkout {layout.CHAMPION}`."
            ) from error
        if not np.isfinite(served.predict(np.full((1, len(served.reads)), np.nan))).all():
            raise ArtifactError(f"{folder}: the model forecasts no numbers. Train it anew.")
        return served


def _version(content: bytes) -> str | None:
    try:
        version = json.loads(content)["version"]
    except (ValueError, KeyError, TypeError):
        return None
    return version if isinstance(version, str) else None
