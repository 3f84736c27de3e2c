"""Hostile requests, each of a kind, drawn from a seed."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

KINDS: dict[str, Callable[[random.Random, list[str]], bytes]] = {}
CONNECTIONS = 48
PATIENCE = 60.0
SOON = 0.1
METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
)
PATHS = (
    "/v1/health",
    "/v1/fixtures",
    "/v1/predictions",
    "/v1/predict",
    "/v1/model",
    "/v1/metrics",
    "/v1/docs",
)
NUMBERS = (
    b"1e999", b"-1e999", b"1e308", b"123456789" * 50, b"0.1" + b"0" * 400 + b"1", b"-0", b"NaN",
    b"Infinity", b"-Infinity", b"0x10", b"01", b"1.", b".5", b"+1", b"1e", b"--1", b"1_000",
    b"9007199254740993",
)  # fmt: skip
NAMES = ("team", "date", "competition", "limit", "x")
VALUES = (
    "%00", "%ff", "2026-13-01", "-1", "1e9", "9" * 50, "a" * 500, "%F0%9F%98%80", "[]", "",
)  # fmt: skip
TEXTS = (
    "\u0000",
    "\u202e",
    "\ud83d\ude00",
    "\ufeff",
    "\uff21rsenal",
    "a" * 3000,
    "'; drop table",
    "<script>",
    "%00",
    "../../",
    "{{7*7}}",
    "\\",
    '"',
)


def kind(
    make: Callable[[random.Random, list[str]], bytes],
) -> Callable[[random.Random, list[str]], bytes]:
    """Take a kind into ``KINDS``."""
    KINDS[make.__name__.replace("_", " ")] = make
    return make


def post(body: bytes, *lines: str, path: str = "/v1/predict", method: str = "POST") -> bytes:
    """A request with a body."""
    every = [f"{method} {path} HTTP/1.1", "Host: x", *lines, f"Content-Length: {len(body)}"]
    return "\r\n".join(every).encode() + b"\r\n\r\n" + body


def _row(reads: list[str], **changes: Any) -> dict[str, Any]:
    return dict.fromkeys(reads, 1.0) | changes


def _any(random_: random.Random, depth: int = 0) -> Any:
    choice = random_.randrange(9 if depth < 4 else 6)
    if choice == 6:
        return [_any(random_, depth + 1) for _ in range(random_.randrange(4))]
    if choice > 6:
        return {
            random_.choice(("rows", "fixtures", "match_id", "home", "x")): _any(random_, depth + 1)
            for _ in range(3)
        }
    return (
        None,
        True,
        random_.uniform(-1e12, 1e12),
        10 ** random_.randrange(400),
        random_.choice(TEXTS),
        "",
    )[choice]


@kind
def malformed_json(random_: random.Random, reads: list[str]) -> bytes:
    whole = bytearray(json.dumps({"rows": [_row(reads)]}).encode())
    for _ in range(random_.randrange(1, 6)):
        place = random_.randrange(len(whole))
        whole[place : place + random_.randrange(3)] = random_.randbytes(random_.randrange(3))
    return post(bytes(whole))


@kind
def cut_json(random_: random.Random, reads: list[str]) -> bytes:
    whole = json.dumps({"rows": [_row(reads)]}).encode()
    return post(whole[: random_.randrange(len(whole))])


@kind
def numbers(random_: random.Random, reads: list[str]) -> bytes:
    text = json.dumps({"rows": [_row(reads, **{random_.choice(reads): "HERE"})]}).encode()
    return post(text.replace(b'"HERE"', random_.choice(NUMBERS)))


@kind
def wrong_types(random_: random.Random, reads: list[str]) -> bytes:
    row = _row(reads, **{random_.choice(reads): _any(random_)})
    return post(json.dumps({"rows": [row]}).encode())


@kind
def wrong_columns(random_: random.Random, reads: list[str]) -> bytes:
    row = _row(reads, **{random_.choice(TEXTS): 1.0})
    if random_.random() < 0.5:
        del row[random_.choice(reads)]
    return post(json.dumps({"rows": [row]}).encode())


@kind
def other_shapes(random_: random.Random, reads: list[str]) -> bytes:
    del reads
    return post(json.dumps(_any(random_)).encode())


@kind
def deep_nesting(random_: random.Random, reads: list[str]) -> bytes:
    del reads
    opened = random_.choice((b"[", b'{"rows":', b'{"rows":[', b'{"fixtures":[{"home":'))
    return post(b'{"rows":' + opened * random_.randrange(100, 20_000))


@kind
def strange_texts(random_: random.Random, reads: list[str]) -> bytes:
    del reads
    names = {name: random_.choice(TEXTS) for name in ("home", "away", "kick_off")}
    asked = names if random_.random() < 0.6 else {"match_id": random_.choice(TEXTS)}
    return post(
        json.dumps({"fixtures": [asked]}, ensure_ascii=random_.random() < 0.5).encode(
            "utf-8", "surrogatepass"
        )
    )


@kind
def strange_moments(random_: random.Random, reads: list[str]) -> bytes:
    del reads
    moment = random_.choice(
        (
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "2026-02-30",
            "2026-05-24T24:00:00Z",
            "now",
            "1e9",
            "\uff12\uff10\uff12\uff16-05-24",
        )
    )
    return post(
        json.dumps(
            {"fixtures": [{"home": "Arsenal", "away": "Chelsea", "kick_off": moment}]}
        ).encode()
    )


@kind
def too_many_rows(random_: random.Random, reads: list[str]) -> bytes:
    return post(json.dumps({"rows": [_row(reads)] * random_.choice((0, 1001, 1500))}).encode())


@kind
def oversized_body(random_: random.Random, reads: list[str]) -> bytes:
    del reads
    if random_.random() < 0.9:
        return (
            post(b"")[:-5] + str(random_.choice((4194305, 10**12, 10**30))).encode() + b"\r\n\r\n"
        )
    return post(b" " * (5 * 1024**2))


@kind
def half_a_request(random_: random.Random, reads: list[str]) -> bytes:
    whole = post(json.dumps({"rows": [_row(reads)]}).encode())
    return whole[: random_.randrange(1, len(whole))]


@kind
def no_http(random_: random.Random, reads: list[str]) -> bytes:
    del reads
    return random_.randbytes(random_.randrange(1, 400)) + b"\r\n\r\n"


@kind
def damaged_head(random_: random.Random, reads: list[str]) -> bytes:
    whole = bytearray(post(json.dumps({"rows": [_row(reads)]}).encode()))
    for _ in range(random_.randrange(1, 4)):
        whole[random_.randrange(80)] = random_.randrange(256)
    return bytes(whole)


@kind
def strange_lengths(random_: random.Random, reads: list[str]) -> bytes:
    del reads
    line = random_.choice(
        (
            "Content-Length: -1",
            "Content-Length: 1e3",
            "Content-Length: 5\r\nContent-Length: 7",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Expect: 100-continue",
            "Content-Length: 99999999999999999999999",
        )
    )
    return f"POST /v1/predict HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n".encode() + random_.choice(
        (b"0\r\n\r\n", b"ffffffffffffffffff\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"")
    )


@kind
def wrong_methods(random_: random.Random, reads: list[str]) -> bytes:
    body = json.dumps({"rows": [_row(reads)]}).encode()
    return post(body, method=random_.choice(METHODS), path=random_.choice((*PATHS, "*", "x:1")))


@kind
def strange_paths(random_: random.Random, reads: list[str]) -> bytes:
    del reads
    path = random_.choice(
        (
            "/../../etc/passwd",
            "/v1/%2e%2e/%2e%2e/models/champion.json",
            "/v1/health/",
            "//v1//health",
            "/v1/health%00",
            "/v1/%ff%fe",
            "/v1/" + "a" * 5000,
            "/%",
            "/v1/predict?x=%ZZ",
            "/v1/fixtures;a=1",
            "\\v1\\health",
            "/v1/\u00e9",
        )
    )
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode("latin-1")


@kind
def strange_queries(random_: random.Random, reads: list[str]) -> bytes:
    del reads
    query = "&".join(
        f"{random_.choice(NAMES)}={random_.choice(VALUES)}" for _ in range(random_.randrange(1, 5))
    )
    return f"GET {random_.choice(PATHS)}?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@kind
def strange_headers(random_: random.Random, reads: list[str]) -> bytes:
    line = random_.choice(
        (
            "Content-Type: application/xml",
            "Content-Type: ",
            "Content-Encoding: gzip",
            "Authorization: Bearer \x01",
            "X-Request-ID: " + "a" * 200,
            "X-Request-ID: {}\x7f",
            "Connection: upgrade\r\nUpgrade: websocket",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c",
            "Host: y",
            "X: " + "y" * 70_000,
            "\r\n".join(f"X-{n}: {n}" for n in range(300)),
        )
    )
    return post(json.dumps({"rows": [_row(reads)]}).encode(), line)


@kind
def pipelined(random_: random.Random, reads: list[str]) -> bytes:
    every = [
        random_.choice(list(KINDS.values())[:6])(random_, reads)
        for _ in range(random_.randrange(2, 8))
    ]
    return b"".join(every) + random_.choice((b"", b"garbage\r\n\r\n", b"GET / HTTP/1.1\r\n"))


async def sent(
    port: int, count: int, seed: int, reads: list[str]
) -> tuple[Counter[str], Counter[str], int]:
    """Send requests of all kinds in turn.

    Returns:
        Answers by status ("none" where the connection ended without one), 5xx by kind, and the
        requests whose connection the service held longer than ``PATIENCE``.
    """
    statuses: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    hung = 0
    waiting = iter(range(count))

    async def client() -> None:
        nonlocal hung
        for number in waiting:
            random_ = random.Random(f"{seed} {number}")  # noqa: S311
            name = list(KINDS)[number % len(KINDS)]
            content = KINDS[name](random_, reads)
            try:
                found = await asyncio.wait_for(_answers(port, content, random_), PATIENCE)
            except TimeoutError:
                hung += 1
                continue
            for status in found or ["none"]:
                statuses[status] += 1
                if status.startswith("5"):
                    failed[name] += 1

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return statuses, failed, hung


async def _answers(port: int, content: bytes, random_: random.Random) -> list[str]:
    """The statuses that come back until the service falls silent or ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    told = b""
    try:
        if random_.random() < 0.02:
            # In drops.
            for start in range(0, min(len(content), 60), 3):
                writer.write(content[start : start + 3])
                await asyncio.sleep(0.005)
            content = content[60:]
        writer.write(content)
        await writer.drain()
        while part := await asyncio.wait_for(reader.read(65536), SOON if told else None):
            told += part
    except TimeoutError:
        pass
    except OSError:
        return []
    finally:
        writer.close()
    return [line[9:12].decode() for line in told.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
