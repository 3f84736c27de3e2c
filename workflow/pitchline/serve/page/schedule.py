"""The run ledger and the schedule, as the page tells them."""

from datetime import datetime
from pathlib import Path

from pitchline.serve.page.evidence import Gap
from pitchline.serve.page.runs import Runs

NONE = Runs((), (), Gap("No run was noted yet.", "snakemake --cores 2 collect"), None)


class Schedule:
    """The last runs and the next ones of a project."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, now: datetime | None) -> tuple[Runs, bool]:
        """What is known now, and whether that differs from the last look."""
        del now
        return NONE, False
