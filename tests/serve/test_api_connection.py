"""Over real sockets: slow and silent clients, bytes that are no HTTP; swaps and batches."""

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn

from pitchline.serve.app import build
from pitchline.serve.connection import HEAD_LIMIT, Connection
from pitchline.serve.measure import Measures
from pitchline.serve.names import read_names
from pitchline.serve.routes.predict import AT_ONCE
from pitchline.serve.service import Service
from pitchline.serve.settings import read_settings
from pitchline.serve.tables import Tables
from tests.serve.world import READS, Curve, Standing

ROW = {READS[0]: 25.0, READS[1]: 2.8}
ONE = json.dumps({"rows": [ROW]}).encode()
HEALTH = b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n"


def post(body: bytes, head: bytes = b"") -> bytes:
    """A request for a forecast."""
    length = str(len(body)).encode()
    return (
        b"POST /v1/predict HTTP/1.1\r\nHost: x\r\n" + head
        + b"Content-Length: " + length + b"\r\n\r\n" + body
    )  # fmt: skip


@dataclass
class Listening:
    """A service that listens."""

    port: int
    champion: Standing

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def asked(self, content: bytes) -> bytes:
        """What comes back for some bytes until the service ends the connection."""
        with self.connected() as client:
            client.sendall(content)
            return rest(client)

    def ended(self, kind: str) -> int:
        """How many connections of a kind the figures tell of."""
        told = self.asked(b"GET /v1/metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        name = f'pitchline_connections_ended_total{{kind="{kind}"}} '
        found = [line for line in told.decode().splitlines() if line.startswith(name)]
        return int(float(found[0].removeprefix(name))) if found else 0

    def predicted(self, body: bytes) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("POST", "/v1/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        return answer.status, told


def rest(client: socket.socket) -> bytes:
    found = []
    try:
        while part := client.recv(65536):
            found.append(part)
    except ConnectionResetError:
        pass
    return b"".join(found)


def refused(answer: bytes, status: int, kind: str) -> None:
    """Check that an answer is one problem document and the last of its connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0].startswith(f"http/1.1 {status} ".encode())
    assert b"content-type: application/problem+json" in lines
    assert b"connection: close" in lines
    told = json.loads(body)
    assert told["type"] == f"urn:pitchline:problem:{kind}"
    assert told["status"] == status
    number = told["instance"].rpartition(":")[2].encode()
    assert b"x-request-id: " + number in lines


@contextmanager
def listening(root: Path, champion: Standing, **variables: str) -> Iterator[Listening]:
    told = read_settings({f"PITCHLINE_SERVE_{n.upper()}": v for n, v in variables.items()})
    service = Service(told, champion, Tables(root, 60.0), read_names(root), Measures())
    server = uvicorn.Server(
        uvicorn.Config(
            build(service), port=0, log_config=None, ws="none", lifespan="on",
            http=partial(Connection, client_seconds=told.client_seconds),  # type: ignore[arg-type]
        )
    )  # fmt: skip
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until
            time.sleep(0.01)
        yield Listening(server.servers[0].sockets[0].getsockname()[1], champion)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def hasty(served_project: Path) -> Iterator[Listening]:
    """A service that waits for no client longer than a moment."""
    told = {"client_seconds": "0.3", "body_seconds": "0.3"}
    with listening(served_project, Standing(Curve()), **told) as made:
        yield made


@pytest.fixture(scope="module")
def patient(served_project: Path) -> Iterator[Listening]:
    with listening(served_project, Standing(Curve())) as made:
        yield made


@pytest.mark.parametrize("sent", [b"G", b"GET /v1/health HTTP/1.1\r\nHost: x\r\n", HEALTH[:-1]])
def test_a_head_that_does_not_end_is_given_up(hasty: Listening, sent: bytes) -> None:
    refused(hasty.asked(sent), 408, "slow-head")


def test_a_head_that_drips_is_given_up(hasty: Listening) -> None:
    with hasty.connected() as client:
        client.sendall(b"GET /v1/health HTTP/1.1\r\n")
        began = time.monotonic()
        try:
            while time.monotonic() < began + 20:
                client.sendall(b"X-More: 1\r\n")
                time.sleep(0.05)
        except OSError:
            return
    raise AssertionError("the connection lives on")


def test_a_head_that_does_not_end_is_given_up_after_an_answer_too(hasty: Listening) -> None:
    told = hasty.asked(HEALTH + b"GET /v1/model HTTP/1.1\r\n")
    first, _, second = told[1:].partition(b"HTTP/1.1 ")
    assert b" 200 OK" in first
    refused(b"HTTP/1.1 " + second, 408, "slow-head")


def test_a_body_that_does_not_come_is_given_up(hasty: Listening) -> None:
    head, _, _ = post(ONE).partition(b"\r\n\r\n")
    refused(hasty.asked(head + b"\r\n\r\n{"), 408, "slow-body")


def test_a_body_that_nobody_waits_for_keeps_no_connection(hasty: Listening) -> None:
    head = HEALTH[:-2] + b"Content-Length: 1000000\r\n\r\n"
    with hasty.connected() as client:
        client.sendall(head)
        began = time.monotonic()
        try:
            while time.monotonic() < began + 20:
                client.sendall(b"x")
                time.sleep(0.05)
        except OSError:
            return
    raise AssertionError("the connection lives on")


def test_a_silent_connection_is_closed(hasty: Listening) -> None:
    assert hasty.asked(b"") == b""


def test_answers_that_nobody_reads_are_given_up(hasty: Listening) -> None:
    asked = 3000
    with hasty.connected() as client:
        client.sendall(asked * HEALTH.replace(b"health", b"openapi.json"))
        time.sleep(2)
        told = rest(client)
    assert told.count(b"HTTP/1.1 200 OK") < asked
    assert hasty.ended("unread") > 0


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /v1/health HTTP/9.9\r\n\r\n",
        b"GET /v1/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/health HTTP/1.1\r\nno colon\r\n\r\n",
        post(ONE, b"Transfer-Encoding: chunked\r\n"),
        b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_bytes_that_are_no_http_get_a_problem_document(patient: Listening, sent: bytes) -> None:
    refused(patient.asked(sent), 400, "malformed-request")


def test_a_head_without_bounds_is_refused(patient: Listening) -> None:
    sent = b"GET /v1/health HTTP/1.1\r\n" + b"X-More: and more\r\n" * (HEAD_LIMIT // 10)
    refused(patient.asked(sent[: HEAD_LIMIT + 1]), 431, "oversized-head")


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"GET /v1/health HTTP/1.1\r\n", "slow-head"),
        (b"GET / HTTP/1.1\r\n" + b"X-More: and more\r\n" * (HEAD_LIMIT // 10), "oversized-head"),
        (b"hello\r\n\r\n", "malformed-request"),
        (b"", "silent"),
        (HEALTH + b"nonsense\r\n\r\n", "malformed-request"),
    ],
)
def test_connections_that_bring_no_request_are_counted(
    hasty: Listening, sent: bytes, kind: str
) -> None:
    before = hasty.ended(kind)
    hasty.asked(sent[: HEAD_LIMIT + 1])
    assert hasty.ended(kind) == before + 1


def test_an_answered_request_is_counted_as_no_ended_connection(hasty: Listening) -> None:
    kinds = ("slow-head", "oversized-head", "malformed-request", "silent", "unread")
    before = [hasty.ended(kind) for kind in kinds]
    hasty.asked(HEALTH[:-2] + b"Connection: close\r\n\r\n")
    assert [hasty.ended(kind) for kind in kinds] == before


def test_many_requests_at_once_are_no_large_head(patient: Listening) -> None:
    count = 2 * HEAD_LIMIT // len(HEALTH)
    told = patient.asked(HEALTH * count + HEALTH[:-2] + b"Connection: close\r\n\r\n")
    assert told.count(b"HTTP/1.1 200 OK") == count + 1


def test_what_came_whole_is_answered_before_the_rest_is_refused(patient: Listening) -> None:
    told = patient.asked(post(ONE) + post(ONE) + b"nonsense\r\n\r\n")
    assert told.count(b"HTTP/1.1 200 OK") == 2
    assert b"HTTP/1.1 400" not in told
    assert told.count(b'"model":"0123456789ab"') == 2


def test_pipelined_requests_are_answered_in_order(patient: Listening) -> None:
    names = [f"id-{number}" for number in range(50)]
    head = [post(ONE, f"X-Request-ID: {name}\r\n".encode()) for name in names[:-1]]
    last = post(ONE, f"X-Request-ID: {names[-1]}\r\nConnection: close\r\n".encode())
    told = patient.asked(b"".join([*head, last])).decode().lower()
    places = [told.index(f"x-request-id: {name}\r\n") for name in names]
    assert places == sorted(places)


def test_others_are_answered_while_a_batch_is_forecast(served_project: Path) -> None:
    release, entered = threading.Event(), threading.Event()

    class Slow(Curve):
        def predict(self, table: np.ndarray) -> np.ndarray:
            if len(table) > 1:
                entered.set()
                assert release.wait(20)
            return super().predict(table)

    body = json.dumps({"rows": [ROW] * 900}).encode()
    assert len(body) > AT_ONCE
    with (
        listening(served_project, Standing(Slow())) as made,
        ThreadPoolExecutor(1) as batch,
    ):
        waiting = batch.submit(made.predicted, body)
        assert entered.wait(20)
        for _ in range(3):
            assert made.predicted(ONE)[0] == 200
            assert b" 200 OK" in made.asked(HEALTH[:-2] + b"Connection: close\r\n\r\n")
        assert not waiting.done()
        release.set()
        status, told = waiting.result()
    assert status == 200
    assert len(told["predictions"]) == 900


def test_every_answer_is_of_the_model_that_it_names_while_models_change(
    served_project: Path,
) -> None:
    class Shifted(Curve):
        def predict(self, table: np.ndarray) -> np.ndarray:
            return super().predict(table + 40 * int(self.version, 16))

    models = [Shifted(version=f"{number:012x}") for number in range(5)]
    batch = json.dumps({"rows": [ROW] * 900}).encode()
    expected = {
        model.version: model.predict(np.array([[ROW[name] for name in READS]]))[0].tolist()
        for model in models
    }
    assert len({tuple(figures) for figures in expected.values()}) == len(models)
    champion = Standing(models[0])
    over = threading.Event()

    def changed() -> None:
        number = 0
        while not over.is_set():
            number += 1
            champion.current = models[number % len(models)]
            time.sleep(0.001)

    async def client(port: int, body: bytes, times: int) -> set[str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        seen = set()
        for _ in range(times):
            writer.write(post(body))
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 OK" in head
            fields = dict(line.split(b": ") for line in head.lower().split(b"\r\n")[1:-2])
            told = json.loads(await reader.readexactly(int(fields[b"content-length"])))
            version = told["model"]
            assert fields[b"x-model-version"].decode() == version
            for each in told["predictions"]:
                found = [each[f"probability_{name}"] for name in ("home", "draw", "away")]
                assert found == expected[version]
            seen.add(version)
        writer.close()
        return seen

    async def clients(port: int) -> list[set[str]]:
        ones = [client(port, ONE, 150) for _ in range(8)]
        return await asyncio.gather(*ones, *(client(port, batch, 10) for _ in range(2)))

    changing = threading.Thread(target=changed)
    with listening(served_project, champion) as made:
        changing.start()
        try:
            seen = asyncio.run(clients(made.port))
        finally:
            over.set()
            changing.join()
    assert set().union(*seen) == set(expected)
