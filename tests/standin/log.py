"""Every request received, so that a test can say what a client may and may not do."""

import json
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Received:
    """One request.

    Attributes:
        target: path and query.
        at: monotonic seconds; on one machine comparable between processes.
        headers: names in lower case.
        status: as sent; 0 where the connection was reset.
        failure: the failure applied, or None.
    """

    host: str
    method: str
    target: str
    at: float
    headers: Mapping[str, str]
    status: int
    failure: str | None

    @property
    def path(self) -> str:
        return urlsplit(self.target).path


class Log:
    """Requests in the order received; safe to read while the hosts answer."""

    def __init__(self, file: Path | None = None) -> None:
        self._received: list[Received] = []
        self._file = file
        self._lock = threading.Lock()

    def add(self, received: Received) -> None:
        """Note a request; written to the file, one JSON object a line, if there is one."""
        with self._lock:
            self._received.append(received)
            if self._file:
                with self._file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(asdict(received), ensure_ascii=False) + "\n")

    def clear(self) -> None:
        """Forget what was received so far."""
        with self._lock:
            self._received.clear()

    def of(self, host: str | None = None, path: str | None = None) -> list[Received]:
        """The requests of a host, and of a path (see ``matches``)."""
        with self._lock:
            received = list(self._received)
        return [
            r
            for r in received
            if (host is None or r.host == host) and (path is None or matches(path, r.target))
        ]

    def count(self, host: str | None = None, path: str | None = None) -> int:
        """How many requests."""
        return len(self.of(host, path))

    def tightest_spacing(self, host: str) -> float:
        """The shortest time between two requests to a host; infinite for fewer than two."""
        times = sorted(r.at for r in self.of(host))
        return min((b - a for a, b in pairwise(times)), default=float("inf"))

    def most_in_any(self, host: str, seconds: float = 60) -> int:
        """The most requests to a host in any stretch of so many seconds."""
        times = sorted(r.at for r in self.of(host))
        return max((bisect_right(times, t + seconds) - i for i, t in enumerate(times)), default=0)

    def fetched_again(self, host: str | None = None) -> list[str]:
        """Targets whose whole body was sent more than once, as ``host target``."""
        sent = Counter(f"{r.host} {r.target}" for r in self.of(host) if r.status == 200)
        return [target for target, times in sent.items() if times > 1]


def matches(pattern: str, target: str) -> bool:
    """Whether a pattern names a target: as a glob if it has a ``*``, else as its start."""
    return fnmatchcase(target, pattern) if "*" in pattern else target.startswith(pattern)


def read_log(file: Path) -> list[Received]:
    """A log that another process wrote."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Received(**json.loads(line)) for line in lines]
