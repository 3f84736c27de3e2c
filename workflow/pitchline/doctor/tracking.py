"""MLflow's store: it answers, holds this project's paths, and no run waits for it."""

import contextlib
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from pitchline import layout
from pitchline.doctor.finding import Finding, Installation, error, ok, warning
from pitchline.errors import BackupError

DEFAULT = f"sqlite:///{layout.MLFLOW_STORE}/mlflow.db"
VARIABLE = "MLFLOW_TRACKING_URI"
SQLITE = "sqlite:///"
SECONDS = 1.0
# As `train.unsent` names them; it imports XGBoost, which takes longer than all checks.
WAITING = f"{6 * '[0-9]'}-{12 * '[0-9a-f]'}"
# Where MLflow writes down the absolute place of artifacts.
PLACES = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "model_versions": ("source", "storage_location"),
    "logged_models": ("artifact_location",),
}


def store(here: Installation) -> Iterator[Finding]:
    """The store that runs are sent to."""
    uri = here.variables.get(VARIABLE) or DEFAULT
    if uri.startswith(SQLITE):
        yield from _file(Path(uri.removeprefix(SQLITE)))
    elif uri.startswith(("http://", "https://")):
        yield from _server(uri)
    else:
        yield ok(f"{uri.partition('@')[2] or uri}: not looked at")
    waiting = len(list(layout.UNSENT.glob(WAITING)))
    if waiting:
        yield warning(f"{waiting} run(s) wait to be sent", "pitchline train track --send")


def _server(uri: str) -> Iterator[Finding]:
    shown = uri.rpartition("@")[2]
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=SECONDS):  # noqa: S310
            yield ok(f"the server {shown} answers")
    except urllib.error.HTTPError as failure:
        yield ok(f"the server {shown} answers (status {failure.code})")
    except (OSError, ValueError) as failure:
        yield warning(
            f"the server {shown} doesn't answer ({getattr(failure, 'reason', failure)}); "
            "runs wait here meanwhile",
            f"start it, or set {VARIABLE} anew",
        )


def _file(path: Path) -> Iterator[Finding]:
    if not path.exists():
        yield ok(f"{path}: made by the next training")
        return
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=SECONDS)) as database:
            database.execute("SELECT version_num FROM alembic_version").fetchall()
            others = _other_places(database) if _is_own(path) else []
    except sqlite3.Error as failure:
        busy = "locked" in str(failure)
        yield error(
            f"{path}: {failure}",
            f"fuser {path} names who holds it"
            if busy
            else "pitchline backup restore latest --only mlflow --force",
        )
        return
    if others:
        yield warning(
            f"{path}: artifacts are looked for in {others[0]}, a place this project was moved or "
            "copied from",
            "pitchline doctor --fix, and it names this folder",
            lambda: _relocate(path, others),
        )
    else:
        yield ok(f"{path} can be read")


def _is_own(path: Path) -> bool:
    """Whether the store is this project's alone."""
    return path.resolve().parent == layout.MLFLOW_STORE.resolve()


def _own() -> str:
    return str(layout.MLFLOW_STORE.absolute())


def _other_places(database: sqlite3.Connection) -> list[str]:
    """Folders ``mlruns`` of other projects that the store names."""
    end = f"/{layout.MLFLOW_STORE}/"
    found: set[str] = set()
    for table, column in _columns(database):
        rows = database.execute(f"SELECT DISTINCT {column} FROM {table}")  # noqa: S608
        for (value,) in rows:
            text = str(value or "").removeprefix("file://")
            if text.startswith("/") and end in text:
                found.add(text.partition(end)[0] + end.rstrip("/"))
    return sorted(found - {_own()})


def _columns(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    for table, columns in PLACES.items():
        there = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
        for column in columns:
            if column in there:
                yield table, column


def _relocate(path: Path, others: list[str]) -> str:
    """Let the store name this project's folder."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=SECONDS)) as database, database:
            for table, column in _columns(database):
                for other in others:
                    for scheme in ("", "file://"):
                        database.execute(
                            f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608
                            f"WHERE substr({column}, 1, ?) = ?",
                            (
                                f"{scheme}{_own()}",
                                len(f"{scheme}{other}") + 1,
                                len(f"{scheme}{other}") + 1,
                                f"{scheme}{other}/",
                            ),
                        )
    except sqlite3.Error as failure:
        raise BackupError(f"{path}: {failure}") from failure
    return f"{path}: artifacts are looked for in {_own()}"
