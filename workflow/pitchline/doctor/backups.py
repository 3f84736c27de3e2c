"""Backups: there are some, and the newest is fresh."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from pitchline.backup.listing import GOOD, listed
from pitchline.backup.store import Store
from pitchline.doctor.finding import Finding, Installation, error, ok, warning
from pitchline.params import load

OLD = timedelta(days=2)
CREATE = "pitchline backup create"


def backups(here: Installation) -> Iterator[Finding]:
    """The newest backup by its manifest; `pitchline backup verify` reads them."""
    store = Store(Path(load(here.params_file).backup.folder))
    if not store.exists():
        yield warning(f"{store.folder}: no backup yet", CREATE)
        return
    store.environment()
    entries = listed(store)
    for entry in entries:
        if entry.state != GOOD:
            yield error(f"{entry.name}: {entry.state}", f"pitchline backup verify {entry.name}")
    good = [entry for entry in entries if entry.state == GOOD and entry.created_at]
    if not good:
        yield warning(f"{store.folder}: no good backup", CREATE)
        return
    age = here.now - datetime.fromisoformat(str(good[0].created_at))
    told = f"{len(good)} in {store.folder}, the newest {good[0].name}"
    if age > OLD:
        yield warning(f"{told}, {age.days} days old", CREATE)
    elif os.stat(store.folder).st_dev == os.stat(".").st_dev:  # noqa: PTH116
        yield ok(f"{told}; on the disk of the project, `backup.folder` can name another")
    else:
        yield ok(told)
