"""One request at a time per host, so many seconds apart, across processes and restarts.

The state is one small file a host, changed only under ``flock``: it ends with its process,
however that ends. (pyrate-limiter's SQLite bucket was measured first: with two processes one
waited until the other had ended, and a spacing came out 5 % short.)
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# What may pass between the mark and the first byte on the wire.
MARGIN_SECONDS = 0.02


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
        self._spacing = seconds + MARGIN_SECONDS
        self._clock = clock
        self._sleep = sleep
        path.parent.mkdir(parents=True, exist_ok=True)

    def wait(self, latest: float) -> None:
        """Wait for the turn of one request; return right before it may be sent.

        Args:
            latest: seconds of the clock after which the request isn't worth sending.

        Raises:
            OutOfTime: the turn would come later than that; no turn is taken.
        """
        with self._state() as state:
            turn = max(self._clock(), state["next"])
            if turn > latest:
                raise OutOfTime
            state["next"] = turn + self._spacing
        self._sleep(max(0.0, turn - self._clock()))
        # A process that woke late sent later than its turn: keep the distance from what was sent.
        while (missing := self._mark()) > 0:
            self._sleep(missing)

    def _mark(self) -> float:
        with self._state() as state:
            now = self._clock()
            missing = state["sent"] + self._spacing - now
            if missing > 0:
                return missing
            state["sent"] = now
            state["next"] = max(state["next"], now + self._spacing)
            return 0.0

    @contextmanager
    def _state(self) -> Iterator[dict[str, float]]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            state = self._read(os.pread(descriptor, 4096, 0))
            before = dict(state)
            yield state
            if state != before:
                # One write of a fixed length: a kill leaves the old state or the new one.
                text = json.dumps(state).ljust(96).encode("ascii")
                os.pwrite(descriptor, text, 0)
        finally:
            os.close(descriptor)

    def _read(self, content: bytes) -> dict[str, float]:
        try:
            stored = json.loads(content)
            state = {"next": float(stored["next"]), "sent": float(stored["sent"])}
        except (ValueError, KeyError, TypeError):
            return {"next": 0.0, "sent": 0.0}
        # A clock that was set back must not make anyone wait for hours.
        now = self._clock()
        if state["sent"] > now:
            state["sent"] = now
        state["next"] = min(state["next"], now + 1000 * self._spacing)
        return state
