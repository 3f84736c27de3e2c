"""One connection: uvicorn's HTTP, with limits for slow clients and errors in one format."""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from pitchline.serve.errors import MEDIA_TYPE, Problem
from pitchline.serve.log import LOGGER

HEAD_LIMIT = 64 * 1024
# What the application puts into the state of its life to be told of connections that end here.
ENDED = "connection_ended"
SILENT, UNREAD = "silent", "unread"
_log = logging.getLogger(LOGGER)


class Deadline:
    """A moment by which something must have happened."""

    def __init__(self, seconds: float, missed: Callable[[], None]) -> None:
        self._seconds = seconds
        self._missed = missed
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set it, unless it is set."""
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._due)

    def end(self) -> None:
        """It has happened."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        self._missed()


class Connection(HttpToolsProtocol):
    """A client's connection.

    Its first request, a request's head, and the rest of what was answered already must come in
    time, and an answer must be read in time; else the connection ends. While a request waits for
    its body or its answer, the guard is in charge.
    """

    def __init__(self, *args: Any, client_seconds: float, **named: Any) -> None:
        """Serve a connection.

        Args:
            args: of uvicorn's protocol.
            client_seconds: what is in time.
            named: of uvicorn's protocol.
        """
        super().__init__(*args, **named)
        self._seconds = client_seconds
        self._sent = Deadline(client_seconds, self._not_sent)
        self._read = Deadline(client_seconds, self._not_read)
        self._in_head = False
        self._in_message = False
        self._completed = False
        self._head_bytes = 0
        self._ended = False
        self._working: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._sent.begin(self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._sent.end()
        self._read.end()
        # uvicorn tells it to the last request alone; one before it may be at work.
        if self._working is not None:
            self._working.disconnected = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes of requests."""
        if self._ended:
            return
        self._completed = False
        super().data_received(data)
        if self._ended:
            return
        # Where a request ended in these bytes, who knows how many of them are the next one's head.
        if self._in_head and not self._completed:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT:
                self._end(Problem("oversized-head", f"Allowed: {HEAD_LIMIT} bytes."))
        if self._in_message:
            self._sent.begin(self.loop)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._working = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = self._in_message = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Its head is here."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is here."""
        self._in_message = False
        self._completed = True
        self._sent.end()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client reads more slowly than answers are written."""
        super().pause_writing()
        self._read.begin(self.loop)

    def resume_writing(self) -> None:
        """It has read them."""
        self._read.end()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        del msg
        self._end(Problem("malformed-request", "The bytes are no request of HTTP/1.1."))

    def _not_sent(self) -> None:
        if self._answering:
            self._sent.begin(self.loop)
        elif self._in_head:
            self._end(Problem("slow-head", f"It must come within {self._seconds:g} seconds."))
        else:
            self._count(SILENT)
            self.transport.close()

    def _not_read(self) -> None:
        self._count(UNREAD)
        self.transport.abort()

    def _count(self, kind: str) -> None:
        """Tell the application, which sees no request, that a connection was ended."""
        ended: Callable[[str], None] | None = self.app_state.get(ENDED)
        if ended is not None:
            ended(kind)

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _end(self, problem: Problem) -> None:
        """End the connection; with a problem document, or after the answers that are due."""
        self._ended = True
        self._sent.end()
        self._count(problem.kind)
        request_id = os.urandom(12).hex()
        told = {"request": request_id, "status": problem.status, "kind": problem.kind}
        _log.info("a connection was ended", extra={"told": told})
        if self._answering and not self.cycle.more_body:
            # All of the last request came: it and those before it are answered, the rest is not.
            self.cycle.keep_alive = False
            return
        if not (self._answering and (self.cycle.response_started or self.pipeline)):
            self.transport.write(_response(problem, request_id, self.server_state.default_headers))
        self.transport.close()


def _response(problem: Problem, request_id: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    body = problem.body(request_id)
    every = [
        *headers,
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        (b"connection", b"close"),
    ]
    head = b"".join(name + b": " + value + b"\r\n" for name, value in every)
    return STATUS_LINE[problem.status] + head + b"\r\n" + body
