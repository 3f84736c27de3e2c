"""The challenger beside the champion: who answers a fixture, and what is logged of both.

Whatever goes wrong with the challenger, the champion answers.
"""

import hashlib
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, Protocol

import numpy as np

from pitchline import layout
from pitchline.issued.log import Batch, Match, Mode, Role, milliseconds
from pitchline.issued.writer import Writer
from pitchline.promote import challenger as challengers
from pitchline.serve.engine import Served, in_pieces
from pitchline.serve.log import LOGGER
from pitchline.serve.measure import Measures
from pitchline.serve.swap import Follower, Place

_log = logging.getLogger(LOGGER)

# Of the matches of a request, in their order: what a model with these columns reads.
Features = Callable[[tuple[str, ...]], np.ndarray]

WHOLE = 2**64
# Work that waits for the challenger is dropped beyond so many matches.
WAITING = 20_000
STOP_SECONDS = 5.0
# The champion's start waits no longer than this for the challenger.
FIRST_SECONDS = 2.0

CHALLENGER = Place(
    file=layout.CHALLENGER,
    form=challengers.Pointer,
    made_by=f"Make it with `{challengers.MADE_BY}`.",
    mended_by=challengers.MENDED_BY,
    stores=challengers.STORES,
    recall=(
        "from pitchline.promote import challenger; challenger.locate(challenger.read_challenger())"
    ),
)


@dataclass(frozen=True)
class Challenge:
    """A model that challenges the champion, and how."""

    model: "Model"
    mode: Literal["shadow", "split"]
    share: float

    def takes(self, match: Match) -> bool:
        """Whether it answers a match; see ``position``."""
        return position(self.model.version, match) < self.share


class Model(Protocol):
    """What is needed of a model."""

    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def reads(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def as_of(self) -> str: ...  # noqa: D102
    def predict(self, table: np.ndarray) -> np.ndarray: ...  # noqa: D102


def position(version: str, match: Match) -> float:
    """Where a match stands between 0 and 1, the same in every worker and after every restart.

    It goes by competition, season and teams, which a postponement leaves as they are, so a larger
    share only adds matches. Another challenger has other matches.

    Args:
        version: the challenger's.
        match: the match.
    """
    told = (version, match.competition, match.season, match.home_team, match.away_team)
    digest = hashlib.blake2b("\n".join(told).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / WHOLE


class Challenger(Follower):
    """The challenger that models/challenger.json names, if it is there."""

    place = CHALLENGER
    role = "challenger"
    _challenge: Challenge | None = None
    _looked: threading.Event

    @property
    def current(self) -> Challenge | None:
        """The challenge that runs now; None without one."""
        return self._challenge

    def start(self) -> None:
        """Begin to watch, and wait for the challenger unless it takes long to fetch."""
        self._ended.clear()
        self._looked = threading.Event()
        self._begin()
        self._looked.wait(FIRST_SECONDS)

    def _watch(self) -> None:
        try:
            self._look()
        finally:
            self._looked.set()
        super()._watch()

    def _look(self) -> None:
        if self._pointer() is not None:
            super()._look()
            return
        if self._witness is not None:
            self._witness.ends()
        if self._taken is not None or self._seen is not None:
            if self._current is not None:
                _log.info("challenger %s ends", self._current.version)
            self._challenge = self._current = self._taken = self._seen = None
            self._refused.clear()

    def _take(self, content: bytes | None, served: Served | None, seconds: float = 0.0) -> None:
        super()._take(content, served, seconds)
        if served is not None:
            _log.info("challenger %s begins", served.version)
            told = json.loads(content or b"")
            self._challenge = Challenge(served, told["mode"], told["share"])


class Watched(Protocol):
    """Who challenges, as ``Challenger`` keeps it."""

    @property
    def current(self) -> Challenge | None: ...  # noqa: D102
    @property
    def refused(self) -> list[dict[str, str | None]]: ...  # noqa: D102
    def start(self) -> None: ...  # noqa: D102
    def stop(self) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Work:
    """Matches of a request that the challenger forecasts unseen: those that ``chosen`` marks."""

    challenge: Challenge
    matches: Sequence[Match]
    features: Features
    chosen: np.ndarray
    request_id: str | None
    issued_at: int
    data_as_of: datetime


@dataclass
class Contest:
    """Champion and challenger of one worker.

    Attributes:
        challenger: who challenges; None where nobody may.
        writer: of the log of forecasts; None without a log.
        measures: the worker's figures.
        waiting: most matches that wait for the challenger.
    """

    measures: Measures
    challenger: Watched | None = None
    writer: Writer | None = None
    waiting: int = WAITING
    _held: list[Work] = field(default_factory=list, init=False, repr=False)
    _work: deque[Work] = field(default_factory=deque, init=False, repr=False)
    _matches: int = field(default=0, init=False, repr=False)
    _changed: threading.Condition = field(
        default_factory=threading.Condition, init=False, repr=False
    )
    _ended: bool = field(default=False, init=False, repr=False)
    _thread: threading.Thread | None = field(default=None, init=False, repr=False)

    def against(self, champion: str) -> Challenge | None:
        """The challenge to a champion; None without one, or where it is that model itself."""
        challenge = self.challenger.current if self.challenger else None
        return None if challenge is None or challenge.model.version == champion else challenge

    def share_out(
        self,
        champion: Model,
        probabilities: np.ndarray,
        matches: Sequence[Match],
        features: Features,
        request_id: str | None,
        data_as_of: datetime,
    ) -> tuple[np.ndarray, list[str]]:
        """Who answers which match, and with what; both models' forecasts go into the log.

        Args:
            champion: the model of the champion.
            probabilities: what it says, shape (matches, 3).
            matches: what was asked.
            features: of the matches.
            request_id: of the request.
            data_as_of: results up to then are in the features.

        Returns:
            Probabilities, shape (matches, 3), and the version that gives each row.
        """
        challenge = self.against(champion.version)
        now = time.time_ns() // 1_000_000
        by = [champion.version] * len(matches)
        if challenge is None:
            self._note(
                champion, "champion", "champion", probabilities, matches, None, request_id, now,
                data_as_of,
            )  # fmt: skip
            return probabilities, by
        taken = np.zeros(len(matches), dtype=bool)
        answered, theirs = probabilities, None
        if challenge.mode == "split":
            taken = np.array([challenge.takes(match) for match in matches], dtype=bool)
            if taken.any():
                theirs = self._forecast(challenge.model, features, taken)
        if theirs is None:
            taken[:] = False
        else:
            answered = probabilities.copy()
            answered[taken] = theirs
            chosen = [match for match, its in zip(matches, taken, strict=True) if its]
            by = [challenge.model.version if its else champion.version for its in taken]
            self._note(
                challenge.model, challenge.mode, "challenger", theirs, chosen, [True] * len(chosen),
                request_id, now, data_as_of,
            )  # fmt: skip
        self._note(
            champion, challenge.mode, "champion", probabilities, matches,
            [not its for its in taken], request_id, now, data_as_of,
        )  # fmt: skip
        if not taken.all():
            left = [match for match, its in zip(matches, taken, strict=True) if not its]
            self._hold(Work(challenge, left, features, ~taken, request_id, now, data_as_of))
        return answered, by

    def answered(self) -> None:
        """An answer was sent: what it left for the challenger may begin."""
        if self._held:
            with self._changed:
                self._work.extend(self._held)
                self._held.clear()
                self._changed.notify()

    def start(self) -> None:
        """Begin to watch, to forecast unseen and to write the log."""
        if self.challenger is not None:
            self.challenger.start()
        if self.writer is not None:
            self.writer.start()
        self._ended = False
        self._thread = threading.Thread(target=self._shadow, name="shadow", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; what waits is forecast and written if that takes no more than seconds."""
        if self.challenger is not None:
            self.challenger.stop()
        self.answered()
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
            self._thread = None
        with self._changed:
            left, self._matches = self._matches, 0
            self._work.clear()
        if left:
            self.measures.shadow_dropped(left)
        if self.writer is not None:
            self.writer.stop()

    def _hold(self, work: Work) -> None:
        count = len(work.matches)
        with self._changed:
            fits = self._matches + count <= self.waiting
            if fits:
                self._matches += count
                self._held.append(work)
        if not fits:
            self.measures.shadow_dropped(count)

    def _shadow(self) -> None:
        while True:
            with self._changed:
                while not self._work and not self._ended:
                    self._changed.wait()
                if not self._work:
                    return
                work = self._work.popleft()
            theirs = self._forecast(work.challenge.model, work.features, work.chosen)
            with self._changed:
                if self._matches:
                    self._matches -= len(work.matches)
            if theirs is not None:
                self._note(
                    work.challenge.model, work.challenge.mode, "challenger", theirs, work.matches,
                    [False] * len(work.matches), work.request_id, work.issued_at, work.data_as_of,
                )  # fmt: skip

    def _forecast(self, model: Model, features: Features, chosen: np.ndarray) -> np.ndarray | None:
        """What the challenger says, shape (chosen, 3); None where it fails in any way."""
        count = int(chosen.sum())
        try:
            found = np.asarray(in_pieces(model.predict, features(model.reads)[chosen]))
            if found.shape != (count, 3) or not np.isfinite(found).all():
                raise ValueError("no probabilities")
        except Exception as error:  # noqa: BLE001 whatever it is, the champion has answered
            self.measures.challenger_failed(count)
            _log.warning("challenger %s can't forecast: %r", model.version, error)
            return None
        return found

    def _note(
        self,
        model: Model,
        mode: Mode,
        role: Role,
        probabilities: np.ndarray,
        matches: Sequence[Match],
        served: Sequence[bool] | None,
        request_id: str | None,
        issued_at: int,
        data_as_of: datetime,
    ) -> None:
        self.measures.issued(role, mode, len(matches))
        if self.writer is not None:
            seen = [True] * len(matches) if served is None else served
            as_of = max(milliseconds(data_as_of), _moment(model.as_of))
            self.writer.add(
                Batch(
                    request_id, issued_at, mode, role, model.version, matches, probabilities,
                    seen, as_of,
                )
            )  # fmt: skip


@lru_cache(maxsize=16)
def _moment(text: str) -> int:
    """An ISO moment in milliseconds since 1970; UTC where it tells no zone."""
    read = datetime.fromisoformat(text)
    return milliseconds(read.replace(tzinfo=UTC) if read.tzinfo is None else read)
