"""The book: every alert that was heard of, and what each address knows of it."""

from pathlib import Path
from typing import Literal

import msgspec

from pitchline.alerts.record import SEVERITIES, Fact, Severity
from pitchline.errors import AlertError
from pitchline.files import write_bytes

FILE = "book.json"

Kind = Literal["new", "worse", "again", "recovered"]
Fate = Literal["told", "unsure", "dropped"]


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """A key from its first alert to its recovery.

    Attributes:
        id: of the first alert.
        key: what it is about.
        subject: of the newest alert.
        severity: the highest so far.
        title: of the newest alert, and so text, source, facts and environment.
        count: alerts so far.
        opened_at: moment of the first alert, in seconds since 1970.
        last_at: of the newest.
        news_at: of the newest that was news: the first, one that is worse, one of another subject.
        closed_at: of the recovery; None while it is open.
        recovery: what the recovery says.
    """

    id: str
    key: str
    subject: str
    severity: Severity
    title: str
    text: str
    source: str
    environment: str
    facts: dict[str, Fact]
    count: int
    opened_at: float
    last_at: float
    news_at: float
    closed_at: float | None = None
    recovery: str = ""

    @property
    def open(self) -> bool:
        """Whether nobody said yet that all is well."""
        return self.closed_at is None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What an address knows of a key.

    Attributes:
        fate: of what was last to be told: told; unsure, if a message left and nobody knows whether
            it came; dropped.
        kind: what that was.
        aware: whether the address knows, or may know, of an alert and of no recovery.
        severity: the highest that was to be told since the last recovery.
        subject: the newest that was to be told.
        episode: id of the episode.
        count: alerts of the episode by then.
        at: when, in seconds since 1970.
    """

    fate: Fate
    kind: Kind
    aware: bool
    severity: Severity
    subject: str
    episode: str
    count: int
    at: float


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Failures in a row of an address.

    Attributes:
        failures: how many.
        since: moment of the first, in seconds since 1970.
        next_at: when it is tried again.
        problem: what happened last.
    """

    failures: int
    since: float
    next_at: float
    problem: str


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of alerts.

    Attributes:
        episodes: the oldest first; of a key only the last one may be open.
        known: by address and key.
        trouble: by address.
        untold: alerts dropped of which the address was not told yet, by address.
        dropped: alerts dropped ever.
        taken: ids of the alerts read last, whose files may not be removed yet.
        layout: version of this layout.
    """

    episodes: list[Episode] = []
    known: dict[str, dict[str, Known]] = {}
    trouble: dict[str, Trouble] = {}
    untold: dict[str, int] = {}
    dropped: int = 0
    taken: list[str] = []
    layout: Literal[1] = 1

    def newest(self) -> dict[str, Episode]:
        """The newest episode of each key."""
        return {episode.key: episode for episode in self.episodes}

    def open_episode(self, key: str) -> Episode | None:
        """The open episode of a key."""
        episode = self.newest().get(key)
        return episode if episode is not None and episode.open else None


class DamagedBook(AlertError):
    """The book can't be read."""


def rank(severity: Severity) -> int:
    """Higher is worse."""
    return SEVERITIES.index(severity)


def read(folder: Path) -> Book:
    """The book of a folder; an empty one if there is none.

    Raises:
        DamagedBook: it isn't what it should be.
        AlertError: it can't be read.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Book)
    except FileNotFoundError:
        return Book()
    except msgspec.MsgspecError as error:
        raise DamagedBook(
            f"{path}: damaged ({error}). The next `pitchline alerts send` puts it aside and begins "
            "a new one."
        ) from error
    except OSError as error:
        raise AlertError(
            f"{path}: can't be read ({error.strerror}). Check its permissions."
        ) from error


def write(book: Book, folder: Path) -> None:
    """Write the book atomically.

    Raises:
        PitchlineError: the disk is full or the folder can't be written.
    """
    write_bytes(folder / FILE, msgspec.json.format(msgspec.json.encode(book), indent=1))
