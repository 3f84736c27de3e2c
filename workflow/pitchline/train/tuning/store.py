"""Results of fits, kept so that a search goes on where it stopped, and workers share it.

A file a fit, under a folder named by a key over all that decides a fit. A file is put in its place
by one rename and holds a digest of itself: one that is truncated or altered counts as absent, and
the fit is made again. Who makes a fit creates a claim beside it first, which the file system grants
to one process alone, on network file systems too. A claim whose owner died is taken over; two
workers that make the same fit after all write the same curve.
"""

import hashlib
import importlib.metadata
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import psutil

from pitchline.errors import PitchlineError
from pitchline.files import PART_SUFFIX, json_bytes, write_json
from pitchline.train.model import OUTCOMES
from pitchline.train.split import Split
from pitchline.train.tuning.batch import Fitted, Unit
from pitchline.train.tuning.folds import DECIMALS

KEPT = 2
SEARCH_FILE = "search.json"
KEY_LENGTH = 16
LIBRARIES = ("numpy", "optuna", "pandas", "scikit-learn", "scipy", "xgboost")
# Where a claim's owner can't be looked at, being on another host, it has so many times as long
# as the longest fit seen, and at least so many seconds.
PATIENCE = 20.0
LEAST_PATIENCE = 60.0
CLOCK_TOLERANCE = 2.0


class Store(Protocol):
    """Where results of fits are kept."""

    def read(self, unit: Unit, settings: dict[str, Any]) -> Fitted | None:
        """The unit's result with these settings, if it is there and whole."""

    def claim(self, unit: Unit) -> bool:
        """Whether the unit is now the caller's to fit."""

    def write(self, unit: Unit, settings: dict[str, Any], fitted: Fitted) -> None:
        """Keep a result."""

    def release(self, unit: Unit) -> None:
        """Give a claim back."""


class Memory:
    """A store of one process, for a search that need not outlive it."""

    def __init__(self) -> None:
        self._claimed: set[Unit] = set()

    def read(self, unit: Unit, settings: dict[str, Any]) -> Fitted | None:
        """Nothing: what the process knows it was told."""
        del unit, settings
        return None

    def claim(self, unit: Unit) -> bool:
        """Whether no other thread has it."""
        fresh = unit not in self._claimed
        self._claimed.add(unit)
        return fresh

    def write(self, unit: Unit, settings: dict[str, Any], fitted: Fitted) -> None:
        """Nothing to do."""

    def release(self, unit: Unit) -> None:
        """Let another thread have it."""
        self._claimed.discard(unit)


class Folder:
    """A store on disk that any number of processes share."""

    def __init__(self, folder: Path, at_once: int):
        self.folder = folder
        self.seconds: dict[Unit, float] = {}
        self._at_once = at_once
        self._strangers: dict[Path, tuple[bytes, float]] = {}
        process = psutil.Process()
        self._owner = {
            "host": socket.gethostname(),
            "process": process.pid,
            "since": process.create_time(),
        }

    def path_of(self, unit: Unit) -> Path:
        """The file of a unit's result; a folder a batch keeps listings short."""
        batch = unit.trial // self._at_once
        return self.folder / f"{batch:05d}" / f"{unit.trial:05d}-{unit.fold:02d}.json"

    def read(self, unit: Unit, settings: dict[str, Any]) -> Fitted | None:
        """The unit's result with these settings, if it is there and whole."""
        try:
            body = json.loads(self.path_of(unit).read_bytes())
            content = body["fit"]
            whole = body["sha256"] == _digest(content)
            if not whole or content["settings"] != settings:
                return None
            fitted = Fitted(content["curve"], content["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        self.seconds[unit] = fitted.seconds
        return fitted

    def write(self, unit: Unit, settings: dict[str, Any], fitted: Fitted) -> None:
        """Keep a result.

        Raises:
            PitchlineError: the disk is full or the folder can't be written.
        """
        content = {"settings": settings, "curve": fitted.curve, "seconds": fitted.seconds}
        body = json.dumps({"sha256": _digest(content), "fit": content}).encode()
        path = self.path_of(unit)
        # Hosts share the folder, so a process number alone names no writer.
        owner = f"{self._owner['host']}.{os.getpid()}.{threading.get_ident()}"
        temporary = path.with_name(f".{path.name}.{owner}{PART_SUFFIX}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(body)
            temporary.replace(path)
        except OSError as error:
            raise self._failure(error) from error
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        self.seconds[unit] = fitted.seconds

    def claim(self, unit: Unit) -> bool:
        """Whether the unit is now the caller's to fit.

        Raises:
            PitchlineError: the disk is full or the folder can't be written.
        """
        path = self._claim_path(unit)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for _ in range(2):
                with suppress(FileExistsError), path.open("xb") as handle:
                    handle.write(json_bytes(self._owner))
                    self._strangers.pop(path, None)
                    return True
                if not self._is_abandoned(path):
                    return False
                path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failure(error) from error
        return False

    def release(self, unit: Unit) -> None:
        """Give a claim back."""
        with suppress(OSError):
            self._claim_path(unit).unlink(missing_ok=True)

    def seconds_by_trial(self, trials: int) -> dict[str, float]:
        """Seconds of fits of each trial, by its number, as far as this store has seen them."""
        found: dict[str, float] = {}
        for unit in sorted(self.seconds):
            if unit.trial < trials:
                number = str(unit.trial)
                found[number] = round(found.get(number, 0.0) + self.seconds[unit], DECIMALS)
        return found

    def keep_newest(self) -> None:
        """Remove the results of earlier searches beside this one, but for the newest."""
        others = [path for path in self.folder.parent.iterdir() if path != self.folder]
        used = {path: _last_use(path) for path in others if path.is_dir()}
        for path in sorted(used, key=lambda p: used[p], reverse=True)[KEPT - 1 :]:
            shutil.rmtree(path, ignore_errors=True)

    def _claim_path(self, unit: Unit) -> Path:
        return self.path_of(unit).with_suffix(".claim")

    def _is_abandoned(self, path: Path) -> bool:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return True
        with suppress(ValueError, TypeError, KeyError):
            owner = json.loads(content)
            if owner["host"] == self._owner["host"]:
                return not _is_alive(owner["process"], owner["since"])
        # Network file systems remember which files were not there; a listing asks them anew.
        list(path.parent.iterdir())
        # Clocks of hosts differ: what counts is how long it has been seen from here.
        now = time.monotonic()
        seen, since = self._strangers.get(path, (b"", now))
        if seen != content:
            since = now
        self._strangers[path] = (content, since)
        longest = max(self.seconds.values(), default=0.0)
        return now - since > max(LEAST_PATIENCE, PATIENCE * longest)

    def _failure(self, error: OSError) -> PitchlineError:
        return PitchlineError(
            f"{self.folder}: could not be written ({error.strerror or error}). The fits made so "
            "far are kept. Free disk space or check the folder's permissions, then run again."
        )


def _is_alive(process: int, since: float) -> bool:
    try:
        began: float = psutil.Process(process).create_time()
    except psutil.Error:
        return False
    # Numbers of processes are used again: the moment it began tells them apart.
    return abs(began - since) < CLOCK_TOLERANCE


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _last_use(folder: Path) -> float:
    try:
        return (folder / SEARCH_FILE).stat().st_mtime
    except OSError:
        return 0.0


def code_digest() -> str:
    """Hex SHA-256 over the stage's code."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()


def data_digest(
    rows: pd.DataFrame, columns: Sequence[str], splits: list[Split], market: str | None
) -> str:
    """Hex SHA-256 over all that the fits read: features, prices, results and folds."""
    prices = [f"{market}_{outcome}" for outcome in OUTCOMES] if market else []
    digest = hashlib.sha256()
    for column in (*columns, *prices):
        digest.update(f"{column}\0".encode())
        digest.update(np.ascontiguousarray(rows[column].to_numpy(dtype=np.float64)).tobytes())
    digest.update("".join(rows["result"]).encode())
    for split in splits:
        for part in (split.train, split.test):
            digest.update(f"{len(part)}\0".encode() + part.astype(np.int64).tobytes())
    return digest.hexdigest()


def open_folder(root: Path, decides: dict[str, Any], at_once: int) -> Folder:
    """The store of one search.

    Args:
        root: holds a folder a search.
        decides: all that decides a fit, beside code and libraries. How many trials there are
            doesn't: a longer search goes on from a shorter one.
        at_once: trials a batch.

    Raises:
        PitchlineError: the folder can't be written.
    """
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    stated = {**decides, "at_once": at_once, "code": code_digest(), "libraries": versions}
    key = hashlib.sha256(json_bytes(stated)).hexdigest()[:KEY_LENGTH]
    write_json(root / key / SEARCH_FILE, stated)
    return Folder(root / key, at_once)
