"""The outermost layer: request ids, token, limits, bodies, errors, log lines, figures."""

import asyncio
import base64
import hmac
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from pitchline.errors import PitchlineError
from pitchline.serve import log
from pitchline.serve.connection import ENDED
from pitchline.serve.errors import FAILED, Problem
from pitchline.serve.log import LOGGER
from pitchline.serve.page import error as telling
from pitchline.serve.service import Service

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
# From headers (names in lower case) and body to the model's version and the answer's JSON.
Direct = Callable[[Mapping[bytes, bytes], bytes], Awaitable[tuple[str, bytes]]]

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
OPEN_TO_ALL = "/v1/health"
CLIENTS = 10_000
UNROUTED = "(none)"
JSON = b"application/json"
MODEL = b"x-model-version"
_log = logging.getLogger(LOGGER)


class Buckets:
    """Token buckets: a rate for each client, and twice as much at once."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._room = max(2 * rate, 1.0)
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, client: str, now: float) -> float:
        """Seconds that a client has to wait; 0 if it may go on, which is then counted."""
        left, seen = self._left.pop(client, (self._room, now))
        left = min(left + (now - seen) * self._rate, self._room)
        allowed = left >= 1
        self._left[client] = (left - allowed, now)
        if len(self._left) > CLIENTS:
            # The longest unseen is first.
            del self._left[next(iter(self._left))]
        return 0.0 if allowed else (1 - left) / self._rate


class Guard:
    """An ASGI application around the routes; whatever happens, it answers in one format."""

    def __init__(
        self, app: App, service: Service, direct: Mapping[tuple[str, str], Direct]
    ) -> None:
        """Guard an application.

        Args:
            app: answers all that is not in ``direct``.
            service: its settings and figures.
            direct: by method and path, what answers a body past the application.
        """
        self._app = app
        self._service = service
        self._direct = direct
        settings = service.settings
        self._token = settings.token.get_secret_value().encode() if settings.token else None
        self._buckets = Buckets(settings.rate_limit) if settings.rate_limit else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the start and end of the service."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given if REQUEST_ID.fullmatch(given) else os.urandom(12).hex().encode()
        scope["request_id"] = request_id.decode()
        headers[b"x-request-id"] = request_id
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        try:
            self._admit(scope, headers)
            if scope["method"] in {"POST", "PUT", "PATCH"}:
                content = await self._body(headers, receive)
                direct = self._direct.get((scope["method"], scope["path"]))
                if direct is not None:
                    scope["direct"] = scope["path"]
                    scope["model"], told = await direct(headers, content)
                    answer = [(b"content-type", JSON), (MODEL, scope["model"].encode())]
                    await _tell(200, told, answer, sending)
                    return
                receive = _replayed(content, receive)
            await self._app(scope, receive, sending)
        except Problem as problem:
            await _explain(problem, scope["request_id"], headers, sending)
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the client learns none of it
            _log.exception("a request failed", extra={"told": {"request": scope["request_id"]}})
            if status == 0:
                failed = Problem("internal", FAILED)
                await _explain(failed, scope["request_id"], headers, sending)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _admit(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        if scope["path"] == OPEN_TO_ALL:
            return
        if self._token is not None:
            given = token_of(headers.get(b"authorization", b""))
            if not hmac.compare_digest(given, self._token):
                raise Problem(
                    "unauthorized", "Send the header `Authorization: Bearer <token>`.",
                    headers={"WWW-Authenticate": "Bearer"},
                )  # fmt: skip
        if self._buckets is not None:
            client = (scope.get("client") or ("",))[0]
            wait = self._buckets.wait(client, time.monotonic())
            if wait > 0:
                raise Problem(
                    "rate-limited", f"Allowed: {self._service.settings.rate_limit:g} a second.",
                    headers={"Retry-After": str(int(wait) + 1)},
                )  # fmt: skip

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        limit = self._service.settings.body_limit
        told = headers.get(b"content-length", b"")
        if told.isdigit() and int(told[:20]) > limit:
            raise _oversized(limit)
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._service.settings.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return b""
                    part = message.get("body", b"")
                    size += len(part)
                    if size > limit:
                        raise _oversized(limit)
                    parts.append(part)
                    if not message.get("more_body", False):
                        return parts[0] if len(parts) == 1 else b"".join(parts)
        except TimeoutError:
            raise Problem(
                "slow-body",
                f"It must come within {self._service.settings.body_seconds:g} seconds.",
                headers={"Connection": "close"},
            ) from None

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route: str = scope.get("direct", "") or getattr(scope.get("route"), "path", UNROUTED)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._service.contest.answered()
        self._service.measures.answered(route, method, status, seconds)
        self._service.measures.serves(self._service.champion.current.version)
        if self._service.settings.access_log:
            told = {
                "request": scope["request_id"],
                "method": scope["method"][:20],
                "path": scope["path"][:200],
                "status": status,
                "seconds": round(seconds, 6),
                "model": scope.get("model"),
            }
            log.request(told)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if "state" in scope:
            scope["state"][ENDED] = self._service.measures.connection_ended
        try:
            await asyncio.to_thread(self._service.champion.start)
            await asyncio.to_thread(self._service.tables.start)
            await asyncio.to_thread(self._service.contest.start)
        except PitchlineError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        model = self._service.champion.current.version
        self._service.measures.serves(model)
        _log.info("ready", extra={"told": {"model": model}})
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self._service.champion.stop)
        await asyncio.to_thread(self._service.tables.stop)
        await asyncio.to_thread(self._service.contest.stop)
        log.STANDARD_ERROR.flush()
        await send({"type": "lifespan.shutdown.complete"})


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def token_of(authorization: bytes) -> bytes:
    """The token that a request brings: as bearer, or as the password of any user (RFC 7617)."""
    kind, _, told = authorization.partition(b" ")
    if kind.lower() == b"bearer":
        return told.strip()
    if kind.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(told.strip(), validate=True).partition(b":")[2]
    except ValueError:
        return b""


def _oversized(limit: int) -> Problem:
    return Problem("oversized-body", f"Allowed: {limit} bytes.", headers={"Connection": "close"})


def _replayed(content: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the whole body at once, then what the connection gives."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": content, "more_body": False}

    return again


async def _explain(
    problem: Problem, request_id: str, asked: dict[bytes, bytes], send: Send
) -> None:
    body, told = telling.answer(problem, request_id, asked.get(b"accept", b"").decode("latin-1"))
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    await _tell(problem.status, body, headers, send)


async def _tell(status: int, body: bytes, headers: list[tuple[bytes, bytes]], send: Send) -> None:
    headers = [(b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
