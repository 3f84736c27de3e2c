"""The protocol of a source, and what passes between a source and the engine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePath
from typing import Protocol

from pitchline.collect.rows import Parsed


@dataclass(frozen=True)
class Ask:
    """One thing to ask a source for.

    Attributes:
        kind: what it is (``season``, ``day``, ``match``).
        key: what identifies it within the kind; the parser checks the answer against it.
        url: the full address, without secrets.
        partition: where its answers are kept, ``<competition>/<season>``.
        fresh_for: how long an archived answer stands before it is asked for again.
        final_from: an answer checked at or after this moment never changes again.
        headers: sent with the request and kept nowhere (a token).
    """

    kind: str
    key: str
    url: str
    partition: str
    fresh_for: timedelta = timedelta(hours=12)
    final_from: datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What the server answered, whatever it was.

    Attributes:
        status: the HTTP status.
        headers: names in lower case.
        body: as received, after the transfer's own compression.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Outcome(StrEnum):
    """What an answer, or its absence, means for the run."""

    OK = "ok"
    NOT_MODIFIED = "not modified"
    CHALLENGE = "challenge"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not found"
    RATE_LIMITED = "rate limited"
    SERVER_ERROR = "server error"
    NETWORK = "network"
    TIMEOUT = "timeout"
    UNEXPECTED = "unexpected content"


class Archived(Protocol):
    """An archived answer, as a plan may look at it."""

    @property
    def fetched_at(self) -> str:
        """When it was fetched, ISO 8601 in UTC."""
        ...

    @property
    def body(self) -> bytes:
        """The bytes received."""
        ...


class Plan(Protocol):
    """What a source may know when it decides what to ask for.

    Attributes:
        base_url: where the source's host stands, without a trailing slash.
        competitions: the chosen competitions the source has, in its own codes; by slug
            (``eng-premier-league``) in the order of params.yaml.
        seasons: the chosen seasons, oldest first, ``2025-26``.
        as_of: the moment the run stands at, in UTC.
        days_back, days_ahead: the window of days around ``as_of``.
        fresh_for: how long an answer that may change stands before it is asked for again.
        token: the secret the source needs, or None.
    """

    base_url: str
    competitions: Mapping[str, str]
    seasons: tuple[str, ...]
    as_of: datetime
    days_back: int
    days_ahead: int
    fresh_for: timedelta
    token: str | None

    def newest(self, source: str, kind: str, key: str) -> Archived | None:
        """The newest answer of a key whose body could be read, or None."""
        ...

    def keys(self, source: str, kind: str) -> list[str]:
        """Every key of a kind that has an answer, sorted."""
        ...


class Source(Protocol):
    """One source: what to ask for, what an answer means, how bytes become rows.

    A module of pitchline.collect.sources holds one as ``SOURCE``.

    Attributes:
        name: as in params.yaml, the same as the module's.
        kinds: what it can be asked for, each with one line for people.
        licence: under what terms its data come, one line.
        needs_right: why the user must state a right to collect it, or None.
        forbids_learning: whether its terms name machine learning besides.
        obeys_robots: whether robots.txt is asked first; False for interfaces made for programs.
        least_seconds_between_requests: the floor under the parameter of that name.
        token_variable: the environment variable that holds its secret, or None.
        codes_of: the column of competitions.csv that holds its codes.
        after: sources whose archive it reads; they are collected first.
    """

    name: str
    kinds: Mapping[str, str]
    licence: str
    needs_right: str | None
    forbids_learning: bool
    obeys_robots: bool
    least_seconds_between_requests: float
    token_variable: str | None
    codes_of: str
    after: tuple[str, ...]

    def plan(self, plan: Plan) -> Iterator[Ask]:
        """What to ask for, in order; the archive may be read between two asks."""
        ...

    def classify(self, answer: Answer) -> Outcome:
        """What an answer means; see pitchline.collect.classify for what most share."""
        ...

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:
        """Rows of one body. Pure: the same bytes give the same rows.

        Raises:
            Unreadable: a required field is missing or wrong, or the body isn't what the key names.
        """
        ...

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:
        """Key and partition of a body that a user already has.

        Args:
            kind: one of the source's kinds.
            body: its bytes.
            path: the file it was read from, where content alone doesn't tell.

        Raises:
            Unreadable: neither the content nor the path tells.
        """
        ...
