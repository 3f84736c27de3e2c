"""Alerts of the service: a model was refused, a good one is in its place again."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from pitchline import alerts, layout

REFUSED = "serve/model-refused"
CHALLENGER_REFUSED = "serve/challenger-refused"
SOURCE = "serve"
# To start a process that sends costs half a second of a core.
APART_SECONDS = 5.0
UNKNOWN = "(no version)"


@dataclass(frozen=True)
class Words:
    """What is told of a model in one role.

    Attributes:
        key: of the alert.
        severity: of a refusal.
        title: of a refusal; names ``{version}``, may name ``{serving}``, the model that goes on.
        fix: what to do; may name ``{serving}``.
        serves: of a model that is in place again; names ``{version}``.
    """

    key: str
    severity: alerts.Severity
    title: str
    fix: str
    serves: str


CHAMPION = Words(
    REFUSED,
    "error",
    "Model {version} is refused, {serving} goes on serving",
    "Requests are answered by {serving} meanwhile. `pitchline promote list` shows the models; "
    "`pitchline promote --rollback` returns to the one before, `pitchline promote decide` promotes "
    "the candidate.",
    "Model {version} serves, as the pointer says.",
)
CHALLENGER = Words(
    CHALLENGER_REFUSED,
    "warning",
    "Challenger {version} is refused",
    "The champion answers. `pitchline promote challenge --version V` names another challenger, "
    "`pitchline promote challenge --stop` ends the challenge.",
    "Challenger {version} is in place, as its pointer says.",
)


class ModelAlerts:
    """Tells of a refused model once, whichever worker refuses it, and of the recovery."""

    def __init__(self, root: Path, words: Words = CHAMPION) -> None:
        """Tell of a project's models.

        Args:
            root: the project's folder.
            words: of the role that the models have.
        """
        self._root = root
        self._words = words
        self._folder = root / layout.ALERTS
        self._sending = threading.Lock()
        self._sent_at = float("-inf")
        self._later: threading.Timer | None = None
        # Another worker, or this service before it was started anew, may have told of one.
        self._may_be_open = True

    def refused(self, version: str | None, reason: str, serving: str) -> None:
        """Raise an alert that says why, and have it sent."""
        self._may_be_open = True
        named = version or UNKNOWN
        words = self._words
        if alerts.is_open(words.key, subject=named, folder=self._folder):
            return
        told = alerts.tell(
            words.key,
            words.severity,
            words.title.format(version=named, serving=serving),
            f"{reason}\n{words.fix.format(serving=serving)}",
            source=SOURCE,
            subject=named,
            facts={"refused": named, "serving": serving},
            folder=self._folder,
        )
        if told is not None:
            self._send()

    def serves(self, version: str) -> None:
        """Tell of the recovery, if an alert is open."""
        self._resolve(self._words.serves.format(version=version))

    def ends(self) -> None:
        """The same where no model is asked for any more."""
        self._resolve("No model is asked for any more.")

    def _resolve(self, text: str) -> None:
        if not self._may_be_open:
            return
        self._may_be_open = False
        if alerts.resolve(self._words.key, text, source=SOURCE, folder=self._folder) is not None:
            self._send()

    def _send(self) -> None:
        """Have alerts sent, by one process for all that come within some seconds."""
        with self._sending:
            if self._later is not None:
                return
            wait = self._sent_at + APART_SECONDS - time.monotonic()
            if wait <= 0:
                self._sent_at = time.monotonic()
                alerts.send_soon(self._root)
                return
            self._later = threading.Timer(wait, self._send_later)
            self._later.daemon = True
            self._later.start()

    def _send_later(self) -> None:
        with self._sending:
            self._later, self._sent_at = None, time.monotonic()
            alerts.send_soon(self._root)
