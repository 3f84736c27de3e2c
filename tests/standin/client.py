"""A client that does nothing a test didn't ask for: no retries, no redirects, no cache."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Got:
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def get(
    url: str, headers: Mapping[str, str] | None = None, timeout: float = 5, method: str = "GET"
) -> Got:
    """One request over a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, headers=dict(headers or {}))
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, named, answer.read())
    finally:
        connection.close()
