"""The standing that the features stage left, watched together with its feature table."""

import logging
import threading
import time
from pathlib import Path

from pitchline import layout
from pitchline.features import standing
from pitchline.features.ahead import Ahead, FixtureAhead
from pitchline.files import sha256_of
from pitchline.serve.log import LOGGER

# The table is written first; until its standing is there too, the one before serves on.
SETTLING_SECONDS = 30.0
# The start waits no longer for compiled loops; where none are stored yet, they take some more.
START_SECONDS = 1.0
YET = "its features can't be computed yet; ask again in some seconds"
FIX = "make the features anew: `snakemake --cores 2 features`"
ABSENT = f"its features can't be computed, as the build was of an older version; {FIX}"
OTHER = f"its features can't be computed, as table and standing are of different builds; {FIX}"
DAMAGED = f"its features can't be computed, as the standing can't be read; {FIX}"
Stamp = tuple[int, int, int] | None
_log = logging.getLogger(LOGGER)


class WatchedStanding:
    """A standing, taken when it is that of the feature table beside it.

    One that is absent or damaged leaves the one before, for as long as that is the table's.

    Attributes:
        reason: why there is none to compute from, if there is none.
    """

    def __init__(self, root: Path) -> None:
        self.reason = YET
        self._paths = root / layout.FEATURES, root / layout.STANDING
        self._ahead: Ahead | None = None
        self._belongs_to: str | None = None
        self._table: str | None = None
        self._seen: tuple[Stamp, Stamp] = (None, None)
        self._differ_since: float | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def ahead(self) -> Ahead | None:
        """What computes features; None if there is nothing to compute from."""
        since = self._differ_since
        if since is not None and time.monotonic() - since > SETTLING_SECONDS:
            return None
        return self._ahead

    def start(self) -> None:
        """Take the standing; what takes long goes on beside the service."""
        self._thread = threading.Thread(target=self.refresh, name="standing", daemon=True)
        self._thread.start()
        self._thread.join(START_SECONDS)

    def stop(self) -> None:
        """Wait for what the start began."""
        if self._thread is not None:
            self._thread.join()

    def refresh(self) -> None:
        """Look at both files, and take the standing if it is new and the table's."""
        with self._lock:
            seen = stamp(self._paths[0]), stamp(self._paths[1])
            if seen[1] is None and self._ahead is None:
                self.reason = ABSENT
            if seen == self._seen:
                return
            try:
                if seen[0] is not None and seen[0] != self._seen[0]:
                    self._table = sha256_of(self._paths[0])
                self._take(seen[1])
            except OSError:
                # Replaced or removed a moment ago: the next look tells.
                self.reason = ABSENT
                return
            self._seen = seen
            if self._ahead is None or self._belongs_to == self._table:
                self._differ_since = None
            elif self._differ_since is None:
                self._differ_since = time.monotonic()

    def _take(self, seen: Stamp) -> None:
        if seen is None:
            self.reason = ABSENT
            return
        try:
            found, belongs_to = standing.load(self._paths[1])
            if belongs_to != self._table:
                self.reason = OTHER
                return
            ahead = Ahead(found)
            warm(ahead)
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 whatever it brings, the tables are watched on
            self.reason = DAMAGED
            _log.error("the standing can't be read", exc_info=error)
            return
        self._ahead, self._belongs_to = ahead, belongs_to


def warm(ahead: Ahead) -> None:
    """Load the compiled loops, so that the first request finds them."""
    ahead.features([FixtureAhead("", "", 0, "", "", ahead.standing.as_of)])


def stamp(path: Path) -> Stamp:
    """What tells that another file stands in a place; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
