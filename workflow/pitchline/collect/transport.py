"""One request to a host: limited, bounded in time and size, told honestly who asks."""

import gzip
import io
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from pitchline import __version__
from pitchline.collect.limiter import HostLimiter, OutOfTime
from pitchline.collect.source import Answer

LARGEST_BODY = 64 * 2**20
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 20.0
MOST_REDIRECTS = 5
CHUNK = 1 << 16
GZIP_MAGIC = b"\x1f\x8b"


class TooSlow(Exception):
    """The answer didn't come in the time it may take."""


class Broken(Exception):
    """No whole answer came: refused, reset, cut off, too large or not decodable."""


class _LimitedAdapter(HTTPAdapter):
    """Takes the host's turn for every request, redirects included, until the answer begins."""

    def __init__(self, turn: Callable[[str], AbstractContextManager[None]]) -> None:
        super().__init__(max_retries=0)
        self._turn = turn

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send one request when its turn has come."""
        with self._turn(request.url or ""):
            return super().send(request, *args, **kwargs)


class _Session(requests.Session):
    """Leaves redirects alone: requests would read the body of each without any limit."""

    def resolve_redirects(self, *args: Any, **kwargs: Any) -> Any:
        """Follow none."""
        del args, kwargs
        return iter(())


class Transport:
    """The way to the hosts.

    Args:
        contact: where the user can be reached, told in the User-Agent.
        limiter_of: the limiter of a host, by ``host:port``.
        answer_seconds: how long one answer may take.
        latest: the clock's seconds after which no request is sent.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        contact: str | None,
        limiter_of: Callable[[str], HostLimiter],
        answer_seconds: float,
        latest: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.requests = 0
        self.bytes = 0
        self._limiter_of = limiter_of
        self._answer_seconds = answer_seconds
        self._latest = latest
        self._clock = clock
        self._session = _Session()
        # Proxies are taken from the environment; the credentials of a ~/.netrc are not.
        self._session.auth = _no_auth
        self._session.headers["User-Agent"] = user_agent(contact)
        self._session.headers["Accept"] = "*/*"
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _LimitedAdapter(self._turn))

    @contextmanager
    def _turn(self, url: str) -> Iterator[None]:
        if self._clock() > self._latest:
            raise OutOfTime
        with self._limiter_of(urlsplit(url).netloc).turn(self._latest):
            self.requests += 1
            yield

    def get(self, url: str, headers: Mapping[str, str], secret: bool = False) -> Answer:
        """Ask once.

        Args:
            url: the address.
            headers: sent beside our own.
            secret: whether they hold a secret, which no redirect may carry elsewhere.

        Raises:
            TooSlow: no whole answer within its time.
            Broken: the connection or the answer is.
            OutOfTime: the turn of the request would come too late.
        """
        try:
            for _ in range(MOST_REDIRECTS + 1):
                answer = self._get(url, headers, follow=not secret)
                if isinstance(answer, Answer):
                    return answer
                url = urljoin(url, answer)
        except requests.Timeout as error:
            raise TooSlow(f"no answer: {_short(error)}") from error
        # A ValueError: the address that a redirect leads to is none.
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
        ) as error:
            raise Broken(_short(error)) from error
        raise Broken(f"redirected more than {MOST_REDIRECTS} times")

    def _get(self, url: str, headers: Mapping[str, str], follow: bool) -> Answer | str:
        """The answer, or where it says to go."""
        with self._session.get(
            url,
            headers=dict(headers),
            stream=True,
            timeout=(CONNECT_SECONDS, min(SILENCE_SECONDS, self._answer_seconds)),
        ) as response:
            target = self._session.get_redirect_target(response) if follow else None
            return target or Answer(
                url=response.url,
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=self._read(response),
            )

    def _read(self, response: requests.Response) -> bytes:
        # A server that drips bytes never lets a socket time out: the whole answer has a limit too.
        ends = time.monotonic() + self._answer_seconds
        parts, size = [], 0
        raw = response.raw
        try:
            while part := raw.read1(CHUNK, decode_content=True):
                size += len(part)
                if size > LARGEST_BODY:
                    raise Broken(f"the body is larger than {LARGEST_BODY:,} bytes")
                if time.monotonic() > ends:
                    raise TooSlow(f"the answer took longer than {self._answer_seconds:g} s")
                parts.append(part)
        except urllib3.exceptions.TimeoutError as error:
            raise TooSlow(f"the answer stopped: {_short(error)}") from error
        except urllib3.exceptions.HTTPError as error:
            raise Broken(_short(error)) from error
        body = b"".join(parts)
        self.bytes += size
        return _unzipped(body)


def _unzipped(body: bytes) -> bytes:
    """A body that came compressed although its headers don't say so."""
    if not body.startswith(GZIP_MAGIC):
        return body
    try:
        with gzip.open(io.BytesIO(body)) as handle:
            plain = handle.read(LARGEST_BODY + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Broken(f"the body is no whole gzip stream ({error})") from error
    if len(plain) > LARGEST_BODY:
        raise Broken(f"the body is larger than {LARGEST_BODY:,} bytes")
    return plain


def user_agent(contact: str | None) -> str:
    """Who asks: the program, its version, and where its user can be reached."""
    return f"pitchline/{__version__}" + (f" (+{contact})" if contact else "")


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]
