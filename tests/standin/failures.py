"""What can go wrong with a source, one by one, in a given order or at random."""

import gzip
import json
import random
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from tests.standin.log import matches
from tests.standin.web import Reply, Request, Settings, Site, Transport, http_date

TURNSTILE_BODY = b'{"error":"Verification required","code":"TURNSTILE_REQUIRED"}'
LOOP = "/redirect-loop/"
ABSURD_RETRY_AFTER = 86400
FBREF_RETRY_AFTER = 3600
CONDITIONS = {"if-none-match", "if-modified-since"}
# Keys whose absence leaves nothing to tell a match by.
REQUIRED_KEYS = {"home", "homeTeam", "team1", "teams"}


class Failure(StrEnum):
    """One way an answer goes wrong; NONE lets one request pass."""

    NONE = "none"
    TURNSTILE = "403 with a demand for verification in JSON"
    FORBIDDEN_PAGE = "403 with a block page"
    CHALLENGE_403 = "403 with a challenge page"
    UNAUTHORIZED = "401 in plain text"
    CHALLENGE_PAGE = "200 with a challenge page"
    APP_SHELL = "200 with the page of an app without its data"
    RATE_LIMITED = "429 without Retry-After"
    RATE_LIMITED_SECONDS = "429 with Retry-After in seconds"
    RATE_LIMITED_DATE = "429 with Retry-After as a date"
    RATE_LIMITED_ABSURD = "429 with a Retry-After of a day"
    FBREF_429 = "FBref's 429 page with Retry-After"
    FBREF_429_BARE = "FBref's 429 page without Retry-After"
    SERVER_500 = "500"
    SERVER_502 = "502"
    SERVER_503 = "503"
    SERVER_504 = "504"
    NOT_FOUND = "404"
    TRUNCATED = "half the body, told as the whole"
    CUT_OFF = "connection closed in the middle of the body"
    RESET = "connection reset before the answer"
    TIMEOUT = "an answer that comes too late"
    DRIP = "an answer in small pieces with pauses"
    EMPTY = "200 with an empty body"
    REVERSE_FIXTURE = "the body of the reverse fixture"
    MATCH_NULL = "a match that is null"
    WRONG_SEASON = "the body of another season"
    GZIP = "gzip although not asked for"
    DRIFT = "new unknown keys"
    MISSING_KEYS = "required keys missing"
    REDIRECT_LOOP = "redirects without end"
    HTML_AS_CSV = "a page labelled as CSV"
    NO_TABLE = "a page without its schedule table"
    HEADER_ONLY = "a schedule table with nothing but its header"


# What a public host does to a well-behaved client on a bad day.
MIXED: Mapping[Failure, float] = {
    Failure.SERVER_503: 0.03,
    Failure.SERVER_500: 0.01,
    Failure.RATE_LIMITED_SECONDS: 0.02,
    Failure.CUT_OFF: 0.02,
    Failure.RESET: 0.02,
    Failure.TRUNCATED: 0.01,
    Failure.CHALLENGE_PAGE: 0.005,
    Failure.TURNSTILE: 0.005,
    Failure.EMPTY: 0.01,
    Failure.DRIFT: 0.03,
    Failure.MISSING_KEYS: 0.005,
}


class Programme:
    """The failures of one host: lists consumed in order first, then chance."""

    def __init__(self) -> None:
        self._lists: list[tuple[str | None, deque[Failure], bool]] = []
        self._chances: list[tuple[str | None, Mapping[Failure, float], random.Random]] = []
        self._lock = threading.Lock()

    def add(self, failures: Sequence[Failure], path: str | None, repeat: bool) -> None:
        """Failures for the next requests of a path, again and again with ``repeat``."""
        with self._lock:
            self._lists.append((path, deque(failures), repeat))

    def add_chance(self, chances: Mapping[Failure, float], seed: int, path: str | None) -> None:
        """Failures that come with given probabilities."""
        if sum(chances.values()) > 1:
            raise ValueError(f"the probabilities sum to {sum(chances.values())}, more than 1")
        with self._lock:
            self._chances.append((path, dict(chances), random.Random(seed)))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._lists.clear()
            self._chances.clear()

    def pending(self) -> int:
        """How many listed failures haven't come yet; those that repeat aren't counted."""
        with self._lock:
            return sum(len(left) for _, left, repeat in self._lists if not repeat)

    def next(self, target: str) -> Failure:
        """What happens to a request."""
        with self._lock:
            for path, left, repeat in self._lists:
                if left and _applies(path, target):
                    failure = left.popleft()
                    if repeat:
                        left.append(failure)
                    return failure
            for path, chances, rng in self._chances:
                if _applies(path, target):
                    luck = rng.random()
                    for failure, chance in chances.items():
                        luck -= chance
                        if luck < 0:
                            return failure
        return Failure.NONE


def _applies(path: str | None, target: str) -> bool:
    if path is None:
        return target != "/robots.txt"
    return matches(path, target)


@dataclass(frozen=True)
class Situation:
    """What a failure may look at: the request, the host, and what the host would answer."""

    request: Request
    site: Site
    settings: Settings

    @property
    def normal(self) -> Reply:
        """The whole body, even where a 304 was due."""
        headers = {k: v for k, v in self.request.headers.items() if k not in CONDITIONS}
        return self.site.answer(Request(self.request.target, headers))


def page(title: str, text: str, status: int = 200, **headers: str) -> Reply:
    """A small web page."""
    body = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{text}</body></html>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, body.encode(), headers=named)


def _challenge(status: int) -> Reply:
    return page(
        "Just a moment...",
        "<h1>Checking your browser</h1><p>Verify you are human by completing the action below.</p>"
        '<div id="cf-challenge"></div><p>Ray ID: <code>0000000000000000</code></p>',
        status,
    )


def _app_shell(_: Situation) -> Reply:
    shell = {"fetchingLeagueData": False, "ssr": True, "fallback": {}, "translations": {}}
    data = json.dumps({"props": {"pageProps": shell}})
    script = f'<script id="__NEXT_DATA__" type="application/json">{data}</script>'
    return page("Stand-in", f'<div id="__next"></div>{script}')


def _fbref_429(retry_after: int | None) -> Reply:
    headers = {} if retry_after is None else {"Retry_After": str(retry_after)}
    return page(
        "Rate Limited Request (429 error)",
        "<h1>Rate Limited Request (429 error)</h1><p>Too many requests in too short a time: "
        "sessions that look like a bot's are held in jail for an hour.</p>",
        429,
        **headers,
    )


def _limited(**headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(429, b"Too Many Requests", "text/plain; charset=utf-8", named)


def _limited_until(situation: Situation) -> Reply:
    until = datetime.now(UTC) + timedelta(seconds=situation.settings.retry_after_seconds)
    return _limited(Retry_After=http_date(until))


def _truncated(situation: Situation) -> Reply:
    normal = situation.normal
    return replace(normal, body=normal.body[: len(normal.body) // 2])


def _with(**changes: object) -> "Callable[[Situation], Reply]":
    return lambda situation: replace(situation.normal, **changes)  # type: ignore[arg-type]


def _mistaken(situation: Situation) -> Reply:
    return situation.site.answer(situation.site.mistaken(situation.request))


def _gzip(situation: Situation) -> Reply:
    normal = situation.normal
    headers = {**normal.headers, "Content-Encoding": "gzip"}
    return replace(normal, body=gzip.compress(normal.body, 1), headers=headers)


def _drift(situation: Situation) -> Reply:
    """New keys in JSON and new columns in tables, beside all that was there before."""
    normal = situation.normal
    if "json" in normal.content_type or normal.body[:1] in (b"{", b"["):
        data = json.loads(normal.body)
        _add_keys(data, 3)
        return replace(normal, body=json.dumps(data, ensure_ascii=False).encode())
    if "csv" in normal.content_type or normal.body.startswith(b"Date,"):
        end = b"\r\n" if b"\r\n" in normal.body else b"\n"
        lines = normal.body.split(end)
        lines = [line + (b",1" if i else b",NewColumn") if line else line
                 for i, line in enumerate(lines)]  # fmt: skip
        return replace(normal, body=end.join(lines))
    cell = rb'\1<td class="right " data-stat="new_stat" >1</td></tr>'
    return replace(normal, body=re.sub(rb"(</td>)</tr>", cell, normal.body))


def _add_keys(value: object, depth: int) -> None:
    if isinstance(value, dict):
        if depth:
            for inner in list(value.values()):
                _add_keys(inner, depth - 1)
        value["newKey"] = {"since": "today"}
    elif isinstance(value, list) and depth:
        for inner in value:
            _add_keys(inner, depth - 1)


def _missing(situation: Situation) -> Reply:
    normal = situation.normal
    if "json" in normal.content_type or normal.body[:1] in (b"{", b"["):
        data = _without(json.loads(normal.body))
        return replace(normal, body=json.dumps(data, ensure_ascii=False).encode())
    gone = (
        normal.body.replace(b"HomeTeam", b"TeamOne")
        .replace(b'data-stat="home_team"', b'data-stat="gone"')
        .replace(b'class="scorebox"', b'class="gone"')
    )
    return replace(normal, body=gone)


def _without(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without(inner) for key, inner in value.items() if key not in REQUIRED_KEYS}
    if isinstance(value, list):
        return [_without(inner) for inner in value]
    return value


def _loop(situation: Situation) -> Reply:
    return redirect_on(LOOP + "0")


def redirect_on(path: str) -> Reply:
    """A redirect that leads to the next one."""
    number = int(path.removeprefix(LOOP) or 0)
    return Reply(302, headers={"Location": f"{LOOP}{(number + 1) % 2}"})


def _no_table(situation: Situation) -> Reply:
    normal = situation.normal
    body = re.sub(rb'<table[^>]*id="sched.*?</table>', b"", normal.body, flags=re.DOTALL)
    return replace(normal, body=body)


def _header_only(situation: Situation) -> Reply:
    normal = situation.normal
    body = re.sub(rb"<tbody>.*?</tbody>", b"<tbody></tbody>", normal.body, flags=re.DOTALL)
    return replace(normal, body=body)


def _server_error(status: int) -> "Callable[[Situation], Reply]":
    return lambda _: page(f"{status}", f"<h1>{status}</h1><p>Something went wrong.</p>", status)


_EFFECTS: "Mapping[Failure, Callable[[Situation], Reply]]" = {
    Failure.TURNSTILE: lambda _: Reply(403, TURNSTILE_BODY, "application/json"),
    Failure.FORBIDDEN_PAGE: lambda _: page(
        "ERROR: The request could not be satisfied",
        "<h1>403 ERROR</h1><h2>The request could not be satisfied.</h2><p>Request blocked.</p>",
        403,
        X_Cache="Error from edge",
    ),
    Failure.CHALLENGE_403: lambda _: _challenge(403),
    Failure.UNAUTHORIZED: lambda _: Reply(401, b"Unauthorized", "text/plain; charset=utf-8"),
    Failure.CHALLENGE_PAGE: lambda _: _challenge(200),
    Failure.APP_SHELL: _app_shell,
    Failure.RATE_LIMITED: lambda _: _limited(),
    Failure.RATE_LIMITED_SECONDS: lambda s: _limited(
        Retry_After=str(s.settings.retry_after_seconds)
    ),
    Failure.RATE_LIMITED_DATE: _limited_until,
    Failure.RATE_LIMITED_ABSURD: lambda _: _limited(Retry_After=str(ABSURD_RETRY_AFTER)),
    Failure.FBREF_429: lambda _: _fbref_429(FBREF_RETRY_AFTER),
    Failure.FBREF_429_BARE: lambda _: _fbref_429(None),
    Failure.SERVER_500: _server_error(500),
    Failure.SERVER_502: _server_error(502),
    Failure.SERVER_503: _server_error(503),
    Failure.SERVER_504: _server_error(504),
    Failure.NOT_FOUND: _server_error(404),
    Failure.TRUNCATED: _truncated,
    Failure.CUT_OFF: _with(transport=Transport.CUT_OFF),
    Failure.RESET: lambda _: Reply(0, transport=Transport.RESET),
    Failure.TIMEOUT: _with(transport=Transport.LATE),
    Failure.DRIP: _with(transport=Transport.DRIP),
    Failure.EMPTY: _with(body=b""),
    Failure.REVERSE_FIXTURE: _mistaken,
    Failure.MATCH_NULL: _with(body=b'{"match":null}'),
    Failure.WRONG_SEASON: _mistaken,
    Failure.GZIP: _gzip,
    Failure.DRIFT: _drift,
    Failure.MISSING_KEYS: _missing,
    Failure.REDIRECT_LOOP: _loop,
    Failure.HTML_AS_CSV: lambda _: replace(
        page("Service Unavailable", "<h1>Service Unavailable</h1>"), content_type="text/csv"
    ),
    Failure.NO_TABLE: _no_table,
    Failure.HEADER_ONLY: _header_only,
}


def answer(failure: Failure, request: Request, site: Site, settings: Settings) -> Reply:
    """What a host answers under a failure."""
    if failure is Failure.NONE:
        return site.answer(request)
    return _EFFECTS[failure](Situation(request, site, settings))
