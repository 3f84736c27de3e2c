"""A small project with something in every part, and a store for its backups."""

import contextlib
import hashlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from pitchline.backup.create import Made, create
from pitchline.backup.manifest import CHUNK_BYTES
from pitchline.backup.store import Store
from pitchline.params.backup import Backup
from tests.conftest import ROOT

NOW = datetime(2026, 11, 26, 4, 30, tzinfo=UTC)
LEDGER = Path("data/state/schedule/ledger.sqlite")
MLFLOW = Path("mlruns/mlflow.db")
PACK = Path("data/raw/fotmob_fixtures/eng-premier-league/2025-26/0123456789abcdef.jsonl.zst")
DATABASES = (LEDGER, MLFLOW)
FILES: dict[str, bytes] = {
    "models/champion.json": b'{"version": "a1"}\n',
    "models/decision.json": b"{}\n",
    "models/challenger.json": b'{"version": "b2"}\n',
    "models/champions/a1/model.ubj": bytes(range(256)) * 2100,
    "models/rejected/c3/model.ubj": b"rejected",
    "mlruns/artifacts/1/model.ubj": b"artifact",
    "data/state/tracking/000001-aaaaaaaaaaaa/run.json": b"{}",
    "data/state/study/k/fit.json": b"fit",
    "data/state/backtest_study/k/fit.json": b"fit",
    "data/raw/fotmob_fixtures/manifest.json": b"[]",
    str(PACK): hashlib.shake_256(b"pack").digest(3 * CHUNK_BYTES),
    "data/state/collect/fotmob_fixtures/journal.jsonl": b'{"a": 1}\n{"b": 2}\n',
    "data/log/forecasts/2026-11.jsonl": "Köln, Bayern\n".encode(),
    "data/state/alerts/spool.jsonl": b"",
    "logs/runs/collect-1.log": b"the output\n",
    "logs/runs/collect-1.jsonl": b"{}\n",
}
COMMITTED = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["backup"]
# What no backup needs.
PASSING: dict[str, bytes] = {
    "data/state/promote/lock": b"",
    "data/state/collect/fotmob_fixtures.lock": b"17\n",
    "data/state/tracking/.000002-bbbbbbbbbbbb.99.part/run.json": b"half",
    "data/raw/.manifest.json.99.part": b"half",
    "models/candidate/model.ubj": b"candidate",
    "data/features/matches.parquet": b"made by rules",
}


def settings(**changes: Any) -> Backup:
    """The committed section ``backup``, with entries of it changed."""
    content = dict(COMMITTED)
    for name, change in changes.items():
        content[name] = content[name] | change if isinstance(change, dict) else change
    return Backup.model_validate(content)


def write(project: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def build(project: Path) -> Path:
    """Write the project."""
    write(project, FILES | PASSING)
    for path in DATABASES:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        add_runs(project / path, 100)
    return project


def add_runs(path: Path, count: int) -> None:
    """Add rows to a database with a write-ahead log."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, told TEXT)")
        database.executemany("INSERT INTO runs (told) VALUES (?)", [("run " * 20,)] * count)
        database.commit()


def runs_in(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(database.execute("SELECT count(*) FROM runs").fetchone()[0])


def back_up(project: Path, store: Store, days: float = 0, **changes: Any) -> Made:
    """Make a backup some days after ``NOW``."""
    return create(project, store, settings(**changes), "dev", NOW + timedelta(days=days))


def held_by(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def objects(store: Store) -> list[Path]:
    return sorted(path for path in (store.folder / "objects").rglob("*") if path.is_file())
