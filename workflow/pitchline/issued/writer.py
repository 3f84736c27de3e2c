"""The service's side of the log: rows are taken at once and written by a thread."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from pitchline.errors import PitchlineError
from pitchline.issued.log import Batch, append, table_of, unique_name

_log = logging.getLogger("pitchline.issued")

DAY_MILLISECONDS = 24 * 60 * 60 * 1000
# A disk that hangs must not keep the service from ending.
STOP_SECONDS = 10.0

Counted = Callable[[int], None]


def uncounted(rows: int) -> None:
    """Note nothing."""
    del rows


class Writer:
    """Takes forecasts and appends them to the log.

    Rows that can't be written are kept and tried again, up to a bound; beyond it the newest are
    lost, counted and told. Neither ever fails or delays whoever adds rows.

    Attributes:
        written: rows in the log.
        lost: rows that are not, and never will be.
    """

    def __init__(
        self,
        folder: Path,
        flush_seconds: float,
        flush_rows: int,
        kept_rows: int,
        on_written: Counted = uncounted,
        on_lost: Counted = uncounted,
    ) -> None:
        """A writer at rest.

        Args:
            folder: of the log.
            flush_seconds: between two files.
            flush_rows: waiting rows that are written at once.
            kept_rows: most rows that wait.
            on_written: told the rows of each writing.
            on_lost: told the rows of each loss.
        """
        self.written = 0
        self.lost = 0
        self._folder = folder
        self._flush_seconds = flush_seconds
        self._flush_rows = flush_rows
        self._kept_rows = kept_rows
        self._on_written, self._on_lost = on_written, on_lost
        self._batches: list[Batch] = []
        self._rows = 0
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._due = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None
        self._token = os.urandom(4).hex()
        self._numbers = count()
        self._ids = _ids()
        self._failing = False

    @property
    def waiting(self) -> int:
        """Rows that are not written yet."""
        return self._rows

    def add(self, batch: Batch) -> None:
        """Take rows."""
        rows = len(batch.matches)
        with self._lock:
            fits = self._rows + rows <= self._kept_rows
            if fits:
                self._batches.append(batch)
                self._rows += rows
        if not fits:
            self._lose(rows)
        elif self._rows >= self._flush_rows and not self._failing:
            self._due.set()

    def start(self) -> None:
        """Write from now on."""
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="forecast log", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and cease."""
        self._ended = True
        self._due.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(STOP_SECONDS)
        if thread is None or not thread.is_alive():
            self.flush()
        with self._lock:
            rows, self._rows = self._rows, 0
            self._batches = []
        if rows:
            self._lose(rows)
        if self.lost:
            _log.error("forecasts are not in the log", extra={"told": {"lost": self.lost}})

    def flush(self) -> bool:
        """Write all that waits; whether that went well."""
        with self._writing:
            with self._lock:
                waiting, self._batches = self._batches, []
            # A file a day: what of one is written must not wait for the other.
            days: dict[int, list[Batch]] = {}
            for batch in waiting:
                days.setdefault(batch.issued_at // DAY_MILLISECONDS, []).append(batch)
            return False not in [self._written(batches) for batches in days.values()]

    def _written(self, batches: list[Batch]) -> bool:
        rows = sum(len(batch.matches) for batch in batches)
        try:
            name = unique_name(datetime.now(UTC), next(self._numbers), self._token)
            append(self._folder, table_of(batches, self._ids), name)
        except PitchlineError as error:
            with self._lock:
                self._batches = batches + self._batches
            self._tell(error)
            return False
        except Exception as error:  # noqa: BLE001 what no try can write must not pile up
            with self._lock:
                self._rows -= rows
            self._lose(rows)
            self._tell(error)
            return False
        with self._lock:
            self._rows -= rows
        self.written += rows
        self._on_written(rows)
        if self._failing:
            self._failing = False
            _log.info("the log of forecasts is written again", extra={"told": {"rows": rows}})
        return True

    def _work(self) -> None:
        while not self._ended:
            self._due.wait(self._flush_seconds)
            self._due.clear()
            self.flush()

    def _lose(self, rows: int) -> None:
        with self._lock:
            first, self.lost = not self.lost, self.lost + rows
        if first:
            _log.error("forecasts are lost to the log", extra={"told": {"rows": rows}})
        self._on_lost(rows)

    def _tell(self, error: Exception) -> None:
        if not self._failing:
            told = {"waiting": self._rows, "kept at most": self._kept_rows}
            _log.error("the log of forecasts can't be written: %s", error, extra={"told": told})
        self._failing = True


def _ids() -> Iterator[str]:
    """Ids that no other process gives."""
    prefix = os.urandom(8).hex()
    return (f"{prefix}-{number:x}" for number in count())
