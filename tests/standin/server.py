"""The hosts on the loopback address, each on a port of its own."""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.standin import failures, fbref, fotmob
from tests.standin.failures import LOOP, Failure, Programme
from tests.standin.fbref import Fbref
from tests.standin.football_datasets import FootballDatasets
from tests.standin.fotmob import Fotmob
from tests.standin.log import Log, Received
from tests.standin.open_sources import (
    FootballDataCoUk,
    FootballDataOrg,
    OpenFootball,
    OpenLigaDb,
)
from tests.standin.recordings import Recordings, WithRecordings
from tests.standin.simulate import Oddities, World, season_at, season_before
from tests.standin.web import Reply, Request, Settings, Site, Transport

HOSTS = (
    "fotmob",
    "fbref",
    "openfootball",
    "football_data_org",
    "openligadb",
    "football_data_co_uk",
    "football_datasets",
)
ADDRESS = "127.0.0.1"
LEAGUES = ("eng-premier-league", "ger-bundesliga", "uefa-champions-league")
DRIP_PIECES = 400


class StandIn:
    """Every source on this machine, telling one simulated world.

    Args:
        seed: of the world.
        now: the moment the hosts live in; may be moved on through ``settings.now`` or ``now``.
        seasons: those the hosts have, oldest first; the current one and the one before if None.
        teams: clubs of each league, an even number.
        leagues: slugs of the competitions, see ``simulate.COMPETITIONS``.
        vintage: the shapes FotMob serves, see ``fotmob.VINTAGES``.
        recordings: a folder of recorded bodies, served where they answer.
        log_to: a file every request is written to.
        port: of the first host, the others follow; free ones if None.
        oddities: how many matches don't go as planned.
        club_names: names for the clubs of the first league instead of invented ones.
        others: anything else of ``Settings``.
    """

    def __init__(
        self,
        seed: int = 1,
        now: datetime | str = "2026-02-01T12:00:00Z",
        seasons: Sequence[str] | None = None,
        teams: int = 20,
        leagues: Sequence[str] = LEAGUES,
        vintage: str = "2026",
        recordings: Path | None = None,
        log_to: Path | None = None,
        port: int | None = None,
        oddities: Oddities | None = None,
        club_names: Sequence[str] | None = None,
        **others: Any,
    ) -> None:
        if vintage not in fotmob.VINTAGES:
            raise ValueError(f"vintage {vintage!r}: one of {', '.join(fotmob.VINTAGES)} is needed")
        moment = _moment(now)
        current = season_at(moment)
        self.settings = Settings(now=moment, vintage=vintage, **others)
        self.settings.robots = {
            "fotmob": fotmob.ROBOTS, "fbref": fbref.ROBOTS, **self.settings.robots
        }  # fmt: skip
        self.world = World(
            seed,
            tuple(seasons or (season_before(current), current)),
            tuple(leagues),
            teams,
            oddities or Oddities(),
            club_names,
        )
        self.requests = Log(log_to)
        self._programmes = {host: Programme() for host in HOSTS}
        self._sites = _sites(self.world, self.settings)
        if recordings:
            known = Recordings(recordings)
            for host in ("fotmob", "fbref"):
                self._sites[host] = WithRecordings(self._sites[host], known, host)
        self._ports = {host: port + i if port else 0 for i, host in enumerate(HOSTS)}
        self._servers: dict[str, _Server] = {}

    @property
    def now(self) -> datetime:
        """The moment the hosts live in."""
        return self.settings.now

    @now.setter
    def now(self, moment: datetime | str) -> None:
        self.settings.now = _moment(moment)

    def start(self) -> Self:
        """Let every host answer; on the same ports as before after a stop."""
        for host in HOSTS:
            if host not in self._servers:
                self._start(host)
        return self

    def _start(self, host: str) -> None:
        server = _Server(self._ports[host], host, self)
        self._ports[host] = server.server_port
        self._servers[host] = server
        server.thread.start()

    def stop(self, host: str | None = None) -> None:
        """Cut one host or every host off: ports closed, connections dropped."""
        for name in [host] if host else list(self._servers):
            server = self._servers.pop(name, None)
            if server:
                server.cut_off()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def base_url(self, host: str) -> str:
        """The address of a host, without a trailing slash."""
        return f"http://{ADDRESS}:{self._ports[_known(host)]}"

    # Failures.

    def fail(
        self,
        host: str,
        what: Sequence[Failure],
        path: str | None = None,
        repeat: bool = False,
    ) -> None:
        """Let the next requests fail, one failure each.

        Args:
            host: which host.
            what: in order; ``Failure.NONE`` lets one pass.
            path: the start of the targets it concerns, or a glob with ``*``; everything but
                robots.txt if None.
            repeat: again from the start after the last one.
        """
        self._programmes[_known(host)].add(what, path, repeat)

    def fail_at_random(
        self,
        host: str,
        chances: Mapping[Failure, float],
        seed: int = 1,
        path: str | None = None,
    ) -> None:
        """Let requests fail with given probabilities; listed failures come first."""
        self._programmes[_known(host)].add_chance(chances, seed, path)

    def heal(self, host: str | None = None) -> None:
        """Nothing goes wrong any more, at one host or anywhere."""
        for name in [_known(host)] if host else HOSTS:
            self._programmes[name].clear()

    def pending(self, host: str) -> int:
        """How many listed failures haven't come yet."""
        return self._programmes[_known(host)].pending()

    # Answers.

    def answer(self, host: str, request: Request) -> tuple[Reply, Failure]:
        """What a host answers now, and what goes wrong with it."""
        if request.path.startswith(LOOP):
            return failures.redirect_on(request.path), Failure.REDIRECT_LOOP
        failure = self._programmes[host].next(request.target)
        site = self._robots(host) if request.path == "/robots.txt" else self._sites[host]
        if failure is Failure.NONE and self._is_over_limit(host):
            failure = Failure.FBREF_429 if host == "fbref" else Failure.RATE_LIMITED_SECONDS
        return failures.answer(failure, request, site, self.settings), failure

    def _is_over_limit(self, host: str) -> bool:
        # football-data.org counts for itself: it tells what is left in headers.
        limit = self.settings.limits.get(host)
        if limit is None or host == "football_data_org":
            return False
        start = time.monotonic() - 60
        return sum(r.at > start for r in self.requests.of(host)) >= limit

    def _robots(self, host: str) -> Site:
        return _Robots(self.settings.robots.get(host))


class _Robots:
    def __init__(self, text: str | None) -> None:
        self._text = text

    def answer(self, request: Request) -> Reply:  # noqa: ARG002
        if self._text is None:
            return Reply(404, b"404: Not Found", "text/plain; charset=utf-8")
        return Reply(200, self._text.encode(), "text/plain; charset=utf-8")

    def mistaken(self, request: Request) -> Request:
        return request


def _sites(world: World, settings: Settings) -> dict[str, Site]:
    return {
        "fotmob": Fotmob(world, settings),
        "fbref": Fbref(world, settings),
        "openfootball": OpenFootball(world, settings),
        "football_data_org": FootballDataOrg(world, settings),
        "openligadb": OpenLigaDb(world, settings),
        "football_data_co_uk": FootballDataCoUk(world, settings),
        "football_datasets": FootballDatasets(world, settings),
    }


def _moment(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError(f"{value}: a time zone is needed")
    return moment.astimezone(UTC)


def _known(host: str) -> str:
    if host not in HOSTS:
        raise ValueError(f"{host!r}: one of {', '.join(HOSTS)} is needed")
    return host


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, host: str, standin: StandIn) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.host = host
        self.standin = standin
        self.stopping = threading.Event()
        self.open: set[socket.socket] = set()
        self.thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def cut_off(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        self._handle(with_body=True)

    def do_HEAD(self) -> None:
        self._handle(with_body=False)

    def _handle(self, with_body: bool) -> None:
        if self.server.stopping.is_set():
            self.close_connection = True
            return
        at = time.monotonic()
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply, failure = self.server.standin.answer(self.server.host, Request(self.path, headers))
        self.server.standin.requests.add(
            Received(
                host=self.server.host,
                method=self.command,
                target=self.path,
                at=at,
                headers=headers,
                status=reply.status,
                failure=None if failure is Failure.NONE else failure.name,
            )
        )
        with contextlib.suppress(OSError):
            self._send(reply, reply.body if with_body else b"")

    def _send(self, reply: Reply, body: bytes) -> None:
        if reply.transport is Transport.RESET:
            self._reset()
            return
        late = self.server.standin.settings.late_seconds
        if reply.transport is Transport.LATE and self.server.stopping.wait(late):
            self.close_connection = True
            return
        head = self._head(reply)
        if reply.transport is Transport.CUT_OFF:
            self.connection.sendall(head + body[: len(body) // 2])
            self.close_connection = True
        elif reply.transport is Transport.DRIP:
            self._drip(head, body)
        else:
            self.connection.sendall(head + body)

    def _head(self, reply: Reply) -> bytes:
        self.send_response_only(reply.status)
        self.send_header("Date", self.date_time_string())
        if reply.status not in (304,):
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        # The parts of the head are kept back by the base class until they are flushed: taken
        # from there, head and body leave in one piece.
        head = b"".join([*self._headers_buffer, b"\r\n"])
        self._headers_buffer: list[bytes] = []
        return head

    def _drip(self, head: bytes, body: bytes) -> None:
        self.connection.sendall(head)
        size = max(1, len(body) // DRIP_PIECES)
        for start in range(0, len(body), size):
            if self.server.stopping.wait(self.server.standin.settings.drip_seconds):
                self.close_connection = True
                return
            self.connection.sendall(body[start : start + size])

    def _reset(self) -> None:
        """Close so that the client gets a reset instead of an end."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.server.open.discard(self.connection)
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The log is kept elsewhere."""
