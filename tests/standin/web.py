"""Requests and replies as the hosts see them, and what the hosts share."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum, auto
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

KEPT_BODIES = 2000


class Transport(Enum):
    """How the bytes of a reply travel."""

    PLAIN = auto()
    CUT_OFF = auto()
    RESET = auto()
    LATE = auto()
    DRIP = auto()


@dataclass(frozen=True)
class Request:
    """A request; header names in lower case."""

    target: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        found = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[-1] for name, values in found.items()}


@dataclass(frozen=True)
class Reply:
    """What a host answers."""

    status: int
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    transport: Transport = Transport.PLAIN


@dataclass
class Settings:
    """What a test may change while the stand-in runs.

    Attributes:
        now: the moment the hosts live in; matches before it are over.
        vintage: the year whose shapes FotMob serves: 2020, 2022, 2023, 2025 or 2026.
        fbref_xg: whether FBref's pages have expected goals, as before 20 January 2026.
        fbref_comments: whether tables of its match pages stand in HTML comments.
        robots: each host's robots.txt; None where the host has none.
        token: what football-data.org takes; any token if None.
        limits: requests a minute after which a host answers 429; without an entry it never does.
        late_seconds: how long a late answer is held back.
        drip_seconds: the pause between two pieces of a dripping answer.
        retry_after_seconds: what a 429 asks for.
    """

    now: datetime
    vintage: str = "2026"
    fbref_xg: bool = False
    fbref_comments: bool = True
    robots: dict[str, str | None] = field(default_factory=dict)
    token: str | None = None
    limits: dict[str, int] = field(default_factory=dict)
    late_seconds: float = 30.0
    drip_seconds: float = 0.2
    retry_after_seconds: int = 2


class Site(Protocol):
    """What one host serves."""

    def answer(self, request: Request) -> Reply:
        """The answer while nothing goes wrong."""
        ...

    def mistaken(self, request: Request) -> Request:
        """What to ask this host for to get a body that is well formed and not what was asked for:
        the reverse fixture of a match, another season of a competition."""
        ...


class Bodies:
    """Bodies made once, with their tags."""

    def __init__(self) -> None:
        self._made: dict[object, tuple[bytes, str]] = {}

    def get(self, key: object, make: Callable[[], bytes]) -> tuple[bytes, str]:
        """A body and its tag."""
        if key not in self._made:
            if len(self._made) >= KEPT_BODIES:
                self._made.clear()
            body = make()
            tag = hashlib.sha1(body, usedforsecurity=False).hexdigest()[:14]
            self._made[key] = (body, tag)
            return body, tag
        return self._made[key]


def unchanged(request: Request, tag: str) -> bool:
    """Whether the client says it has the body of a tag."""
    asked = request.headers.get("if-none-match", "")
    return any(part.strip().removeprefix("W/") == f'"{tag}"' for part in asked.split(","))


def not_modified_since(request: Request, moment: datetime) -> bool:
    """Whether the client has a body at least as new as a moment."""
    asked = request.headers.get("if-modified-since")
    if not asked:
        return False
    try:
        return parsedate_to_datetime(asked) >= moment.replace(microsecond=0)
    except (ValueError, TypeError):
        return False


def http_date(moment: datetime) -> str:
    """A moment as headers write it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def not_found() -> Reply:
    """A page that says there is nothing."""
    title, text = "404: This page could not be found", "<h1>404</h1>"
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{text}</body></html>"
    return Reply(404, page.encode())
