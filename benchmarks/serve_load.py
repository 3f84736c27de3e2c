"""Clients of the service that take little time themselves: raw sockets, one prepared request."""

import asyncio
import http.client
import json
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PATIENCE = 30.0


def request_of(body: bytes) -> bytes:
    """POST /v1/predict with a body."""
    head = (
        "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(port: int, path: str) -> Any:
    """An answer's JSON, or its text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path)
    content = connection.getresponse().read()
    connection.close()
    try:
        return json.loads(content)
    except ValueError:
        return content.decode()


@dataclass
class Load:
    """What clients saw.

    Attributes:
        times: of each answer, seconds.
        wrong: answers of another status, another content or without an end, by kind.
        seconds: how long the clients were at work.
    """

    times: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def milliseconds(self, *percentiles: float) -> list[float]:
        """Percentiles of the times."""
        return [float(each) for each in 1000 * np.percentile(self.times, percentiles)]


def one_at_a_time(port: int, request: bytes, seconds: float) -> Load:
    """A client that asks again as soon as it is answered, on one connection."""
    load = Load()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(50):
            _answered(client, request)
        began = time.perf_counter()
        while (sent := time.perf_counter()) < began + seconds:
            if not _answered(client, request).startswith(b"HTTP/1.1 200 "):
                load.wrong["status"] += 1
            load.times.append(time.perf_counter() - sent)
        load.seconds = time.perf_counter() - began
    return load


def _answered(client: socket.socket, request: bytes) -> bytes:
    client.sendall(request)
    told = client.recv(1 << 20)
    while (end := told.find(b"\r\n\r\n")) < 0:
        told += client.recv(1 << 20)
    parts, missing = [told], end + 4 + _length(told[:end]) - len(told)
    while missing > 0:
        part = client.recv(1 << 20)
        if not part:
            raise ConnectionError("closed amid an answer")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _length(head: bytes) -> int:
    start = head.lower().index(b"content-length: ") + 16
    return int(head[start:].split(b"\r\n", 1)[0])


class Client(asyncio.Protocol):
    """A connection that asks again as soon as it is answered."""

    def __init__(self, load: Load, request: bytes, check: Callable[[bytes, bytes], str]) -> None:
        self._load = load
        self._request = request
        self._check = check
        self._got = b""
        self._sent = 0.0
        self.over = False
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask."""
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take part of an answer."""
        self._got += data
        end = self._got.find(b"\r\n\r\n")
        if end < 0 or len(self._got) < end + 4 + _length(self._got[:end]):
            return
        self._load.times.append(time.perf_counter() - self._sent)
        fault = self._check(self._got[:end], self._got[end + 4 :])
        if fault:
            self._load.wrong[fault] += 1
        self._got = b""
        if self.over:
            self._sent = 0.0
            self._transport.close()
        else:
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """End; while an answer is due that is a fault."""
        del exc
        if self._sent:
            self._load.wrong["no answer"] += 1
        self.ended.set_result(None)


async def together(
    port: int,
    request: bytes,
    connections: int,
    check: Callable[[bytes, bytes], str],
    over: Callable[[], bool],
) -> Load:
    """Connections that ask all the time.

    Args:
        port: of the service.
        request: what each sends.
        connections: how many.
        check: from an answer's head and body to the fault's name, empty if there is none.
        over: asked every 20 ms whether they are to end.
    """
    load = Load()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    clients = [
        (await loop.create_connection(lambda: Client(load, request, check), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    while not over():
        await asyncio.sleep(0.02)
    for client in clients:
        client.over = True
    await asyncio.wait_for(asyncio.gather(*(client.ended for client in clients)), PATIENCE)
    load.seconds = time.perf_counter() - began
    return load


def is_200(head: bytes, body: bytes) -> str:
    """The fault of an answer that is no 200."""
    del body
    return "" if head.startswith(b"HTTP/1.1 200 ") else "status"


def many(port: int, request: bytes, connections: int, seconds: float) -> Load:
    """Connections that ask all the time, for a while."""
    import uvloop

    until = time.perf_counter() + seconds
    return uvloop.run(
        together(port, request, connections, is_200, lambda: time.perf_counter() > until)
    )
