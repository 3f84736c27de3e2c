"""What a machine that forgets, such as a hosted CI runner, carries from one run to the next.

Several workflows run side by side, and each has a folder of its own to carry. So nothing is taken
from a folder in the place of what is here: runs and emergency retrainings are put together, and
that can be done again and again. Alerts alone belong to one folder, that of whoever asks.
"""

import hashlib
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from pitchline import layout
from pitchline.errors import ArtifactError, PitchlineError
from pitchline.files import read_json, write_json
from pitchline.schedule import ledger

LEDGER = layout.LEDGER.name
EMERGENCIES = layout.EMERGENCIES.name
ALERTS = layout.ALERTS.name


def keep(folder: Path) -> str:
    """Write what is to be carried into a folder, in the place of what it held.

    Returns:
        The hash of its content.

    Raises:
        PitchlineError: the ledger can't be read.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    whole = hashlib.sha256()
    if layout.LEDGER.exists():
        with (
            ledger.explained(layout.LEDGER),
            closing(sqlite3.connect(layout.LEDGER)) as here,
            closing(sqlite3.connect(folder / LEDGER)) as copy,
        ):
            here.backup(copy)
            # One file is carried: none beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
            for line in copy.iterdump():
                whole.update(line.encode())
    if layout.EMERGENCIES.exists():
        shutil.copyfile(layout.EMERGENCIES, folder / EMERGENCIES)
    if layout.ALERTS.exists():
        shutil.copytree(layout.ALERTS, folder / ALERTS)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.name != LEDGER:
            whole.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
            whole.update(path.read_bytes())
    return whole.hexdigest()


def recall(folders: Sequence[Path], own: Path | None = None) -> int:
    """Put together what is here with what folders carry; a folder that is missing carries nothing.

    Args:
        folders: as ``keep`` wrote them.
        own: the one of them whose alerts take the place of those here.

    Returns:
        Runs that are new here.

    Raises:
        PitchlineError: a folder's content is damaged, or of a later version.
    """
    runs = 0
    for folder in folders:
        if (folder / LEDGER).exists():
            runs += _add_runs(folder / LEDGER)
        if (folder / EMERGENCIES).exists():
            _add_emergencies(folder / EMERGENCIES)
    if own is not None and (own / ALERTS).exists():
        shutil.rmtree(layout.ALERTS, ignore_errors=True)
        shutil.copytree(own / ALERTS, layout.ALERTS)
    return runs


def _add_emergencies(path: Path) -> None:
    here, carried = _listed(layout.EMERGENCIES), _listed(path)
    new = [each for each in carried if each not in here]
    if new:
        write_json(layout.EMERGENCIES, sorted([*here, *new], key=lambda each: str(each["as_of"])))


def _listed(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    found = read_json(path, made_by="pitchline monitor emergency --start")
    if not isinstance(found, list) or not all(
        isinstance(each, dict) and "as_of" in each for each in found
    ):
        raise ArtifactError(
            f"{path}: not a list of retrainings, each with `as_of`. Restore it from a backup, or "
            "remove it: then the cool-down begins anew."
        )
    return found


def _add_runs(path: Path) -> int:
    """Add the runs of another ledger that have ended, in the order in which all were queued.

    A due time keeps the run that holds it here.
    """
    carried = _rows(path)
    with (
        ledger.opened() as connection,
        ledger.explained(layout.LEDGER),
        ledger.transaction(connection),
    ):
        if connection.execute(
            "SELECT 1 FROM runs WHERE status IN ('queued', 'running')"
        ).fetchone():
            raise PitchlineError(
                f"{layout.LEDGER}: a run waits or works here, so nothing is put together with it. "
                "See `pitchline status`."
            )
        known = {row["run_id"] for row in connection.execute("SELECT run_id FROM runs")}
        claims = {tuple(row) for row in connection.execute("SELECT task, claim FROM runs")}
        new = [run for run in carried["runs"] if run["run_id"] not in known]
        for run in new:
            del run["number"]
            if (run["task"], run["claim"]) in claims:
                run["claim"] = None
            connection.execute(
                f"INSERT INTO runs ({', '.join(run)}) "  # noqa: S608 names of our own columns
                f"VALUES ({', '.join(f':{name}' for name in run)})",
                run,
            )
        if new:
            _renumber(connection)
        connection.executemany(
            "INSERT INTO tasks VALUES (:name, :cron, :since) ON CONFLICT (name) DO UPDATE "
            "SET since = min(since, excluded.since) WHERE cron = excluded.cron",
            carried["tasks"],
        )
    return len(new)


def _rows(path: Path) -> dict[str, list[dict[str, Any]]]:
    with ledger.opened(path) as connection, ledger.explained(path):
        ended = connection.execute(
            "SELECT * FROM runs WHERE status NOT IN ('queued', 'running') ORDER BY number"
        )
        tasks = connection.execute("SELECT * FROM tasks")
        return {"runs": [dict(row) for row in ended], "tasks": [dict(row) for row in tasks]}


def _renumber(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT number FROM runs ORDER BY queued_at, number").fetchall()
    # In two steps: a number that another run still has can't be given away.
    for sign in (-1, 1):
        connection.executemany(
            "UPDATE runs SET number = ? WHERE number = ?",
            [
                (sign * place, row["number"] if sign < 0 else -place)
                for place, row in enumerate(rows, start=1)
            ],
        )
