"""One request at a time per host, so many seconds apart, across processes and restarts.

The state is one small file a host. Its lock is held while a request is on its way, so that the
distance is kept as the server sees it; it ends with its process, however that ends.
(pyrate-limiter's SQLite bucket was measured first: with two processes one waited until the other
had ended, and a spacing came out 5 % short.)
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# Between two looks whether another process's request is over.
POLL_SECONDS = 0.02
# Spacings after which one who waits holds back no more.
LONG_WAIT = 4
STATE_LENGTH = 64


class OutOfTime(Exception):
    """The next request would come after the deadline."""


class HostLimiter:
    """Spaces the requests to one host.

    Args:
        path: the host's state; shared by all processes that ask it.
        seconds: the least time between two requests.
    """

    def __init__(
        self,
        path: Path,
        seconds: float,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._spacing = seconds
        self._clock = clock
        self._sleep = sleep
        path.parent.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def turn(self, latest: float) -> Iterator[None]:
        """Wait for the turn of one request; it is over when the block ends.

        Args:
            latest: seconds of the clock after which the request isn't worth sending.

        Raises:
            OutOfTime: the turn would come later than that; no turn is taken.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._take(descriptor, latest)
            try:
                yield
            finally:
                self._note(descriptor)
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int, latest: float) -> None:
        """Hold the lock at a moment when a request may be sent."""
        began = self._clock()
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                missing = self._missing(descriptor, began)
                if missing <= 0:
                    self._note(descriptor)
                    return
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            except BlockingIOError:
                missing = POLL_SECONDS
            if self._clock() + missing > latest:
                raise OutOfTime
            self._sleep(missing)

    def _missing(self, descriptor: int, began: float) -> float:
        """Seconds until one who began to wait at a moment may send."""
        now, last = self._clock(), self._last(descriptor)
        if last > now:
            # A clock that was set back must not make anyone wait for hours.
            self._note(descriptor)
            last = now
        due = last + self._spacing
        # All wake at the same moment: who has waited longer holds back less, and comes first.
        waited = max(0.0, due - began) / (LONG_WAIT * self._spacing) if self._spacing else 1.0
        return due + POLL_SECONDS * max(0.0, 1.0 - waited) - now

    def _note(self, descriptor: int) -> None:
        # One write of a fixed length: a kill leaves the old moment or the new one.
        os.pwrite(descriptor, f"{self._clock():.6f}".ljust(STATE_LENGTH).encode("ascii"), 0)

    def _last(self, descriptor: int) -> float:
        """The moment of the last request; the distant past where the file doesn't tell."""
        try:
            moment = float(os.pread(descriptor, STATE_LENGTH, 0))
        except ValueError:
            return 0.0
        return moment if moment == moment else 0.0
