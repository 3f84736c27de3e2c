"""Somebody who asks the service all along."""

import http.client
import json
import threading
import time
from collections import Counter
from datetime import datetime
from typing import Any

from tests.days.world import SetClock

PAUSE_SECONDS = 0.1
ANSWER_SECONDS = 10.0
OK = 200
HEALTH, PREDICTIONS, PREDICT = "/v1/health", "/v1/predictions?limit=20", "/v1/predict"


class Client:
    """Asks health, predictions and a forecast in turn, each on a connection of its own."""

    def __init__(self, port: int, clock: SetClock) -> None:
        self.answers: Counter[tuple[str, str]] = Counter()
        self.failures: list[dict[str, Any]] = []
        self.models: set[str] = set()
        self._port, self._clock = port, clock
        self._ended = threading.Event()
        self._fixture: str | None = None
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> "Client":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30.0)

    @property
    def polls(self) -> int:
        return sum(self.answers.values())

    @property
    def good(self) -> int:
        return sum(n for (_, told), n in self.answers.items() if told == str(OK))

    def _ask(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            self._poll(HEALTH)
            self._poll(PREDICTIONS)
            if self._fixture is not None:
                self._poll(PREDICT, {"fixtures": [{"match_id": self._fixture}]})

    def _poll(self, path: str, body: dict[str, Any] | None = None) -> None:
        moment: datetime = self._clock.true
        try:
            status, content = asked(self._port, path, body)
        except (OSError, http.client.HTTPException) as error:
            self._note(path, type(error).__name__, moment, str(error))
            return
        self._note(path, str(status), moment, content[:200].decode("utf-8", "replace"))
        if status == OK and path == HEALTH:
            self.models.add(json.loads(content)["model"])
        if status == OK and path == PREDICTIONS:
            told = json.loads(content)["predictions"]
            # The last of them kicks off long after this question.
            self._fixture = told[-1]["match_id"] if told else None

    def _note(self, path: str, told: str, moment: datetime, text: str) -> None:
        self.answers[path.partition("?")[0], told] += 1
        if told != str(OK):
            self.failures.append(
                {"path": path, "at": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "told": told, "text": text}
            )


def asked(port: int, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
    """Status and content of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def health(port: int) -> dict[str, Any] | None:
    """What the service tells of itself; None if it does not answer."""
    try:
        status, content = asked(port, HEALTH)
    except (OSError, http.client.HTTPException):
        return None
    told: dict[str, Any] = json.loads(content)
    return told if status == OK else None


def await_health(port: int, seconds: float = 120.0) -> dict[str, Any]:
    """What the service tells, once it does.

    Raises:
        TimeoutError: it never did.
    """
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        told = health(port)
        if told is not None:
            return told
        time.sleep(0.1)
    raise TimeoutError(f"the service did not answer within {seconds:g} s")
