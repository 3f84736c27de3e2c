"""A season of daily backups: what each costs in room and time, beside full copies; and a restore.

The project is synthetic and grows as a real one does: a raw pack of random bytes a source and day,
a weekly candidate in MLflow's store with its trials as rows, a run a task in the ledger.
"""

import contextlib
import random
import shutil
import sqlite3
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pitchline.backup.create import create
from pitchline.backup.restore import plan, restore
from pitchline.backup.store import Store
from pitchline.backup.verify import verify
from pitchline.params import PARAMS_FILE, load

DAYS = 120
START = datetime(2026, 8, 1, 4, 30, tzinfo=UTC)
PACK_BYTES, SOURCES = 300_000, 3
MODEL_BYTES, ARTIFACTS, TRIALS = 200_000, 16, 50
RUNS_A_DAY = 18


def rows(path: Path, count: int, told: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, told TEXT)")
        new = [(f"{random.getrandbits(128):032x}", told) for _ in range(count)]
        database.executemany("INSERT INTO runs VALUES (?, ?)", new)


def grow(project: Path, day: int, choice: random.Random) -> None:
    """What a day adds."""
    for source in range(SOURCES):
        pack = project / f"data/raw/source{source}/eng-premier-league/2026-27/{day:04d}.jsonl.zst"
        pack.parent.mkdir(parents=True, exist_ok=True)
        pack.write_bytes(choice.randbytes(PACK_BYTES))
    log = project / "data/log/forecasts/2026.jsonl"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as lines:
        lines.writelines(f'{{"fixture": "{choice.getrandbits(64):016x}"}}\n' for _ in range(50))
    rows(project / "data/state/schedule/ledger.sqlite", RUNS_A_DAY, "succeeded " * 40)
    if day % 7 == 0:
        rows(project / "mlruns/mlflow.db", TRIALS * 30, "metric " * 8)
        for number in range(ARTIFACTS):
            artifact = project / f"mlruns/artifacts/{day}/artifacts/{number}.bin"
            artifact.parent.mkdir(parents=True, exist_ok=True)
            artifact.write_bytes(choice.randbytes(MODEL_BYTES // (number + 1)))


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    settings = load(PARAMS_FILE).backup
    choice = random.Random(20140816)  # noqa: S311
    with tempfile.TemporaryDirectory() as home:
        project, store = Path(home) / "project", Store(Path(home) / "backups")
        seconds, stored, copies, saved = [], [], {}, 0
        for day in range(DAYS):
            grow(project, day, choice)
            began = time.perf_counter()
            made = create(project, store, settings, "dev", START + timedelta(days=day))
            seconds.append(time.perf_counter() - began)
            stored.append(made.stored)
            copies[made.name] = made.manifest.bytes
            saved = made.manifest.bytes
        names = store.names()
        began = time.perf_counter()
        found = verify(store, names)
        verifying = time.perf_counter() - began
        began = time.perf_counter()
        restore(store, plan(store, names[-1], Path(home) / "new"), Path(home) / "new", force=False)
        restoring = time.perf_counter() - began
        quiet = [bytes_ for day, bytes_ in enumerate(stored) if day % 7]
        weekly = [bytes_ for day, bytes_ in enumerate(stored) if day and day % 7 == 0]
        print(f"{DAYS} daily backups, {len(names)} kept, problems found: {len(found.problems)}")
        print(f"project at the end          {saved / 1e6:8.1f} MB")
        print(f"a day's backup adds         {sum(quiet) / len(quiet) / 1e6:8.1f} MB")
        print(f"a day with a training adds  {sum(weekly) / len(weekly) / 1e6:8.1f} MB")
        print(f"folder of the backups       {size(store.folder) / 1e6:8.1f} MB")
        print(f"full copies would take      {sum(copies[n] for n in names) / 1e6:8.1f} MB")
        print(f"backup, last ten days       {sum(seconds[-10:]) / 10:8.2f} s")
        print(f"verify of all               {verifying:8.2f} s")
        print(f"restore                     {restoring:8.2f} s")
        shutil.rmtree(project)


if __name__ == "__main__":
    main()
