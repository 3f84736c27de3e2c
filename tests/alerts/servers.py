"""A webhook and a mail server on this machine, which can be told to fail."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass
class Hook:
    """A webhook.

    Attributes:
        port: where it listens.
        mode: ``ok``, ``hang`` (never answers), ``trickle`` (answers without end), ``cut`` (takes
            the message and closes the connection), or a status that it answers.
        got: messages taken, whatever was answered.
    """

    port: int
    mode: str = "ok"
    got: list[dict[str, Any]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.got]

    @property
    def texts(self) -> list[str]:
        return [each["message"] for each in self.got]


@contextmanager
def hook_at_work(port: int = 0) -> Iterator[Hook]:
    """A webhook, until the end."""
    hook = Hook(port)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            content = json.loads(self.rfile.read(length))
            hook.got.append(content)
            if hook.mode == "hang":
                hook.ended.wait()
            elif hook.mode == "trickle":
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while not hook.ended.wait(0.1):
                    try:
                        self.wfile.write(b"X-More: 1\r\n")
                        self.wfile.flush()
                    except OSError:
                        return
            elif hook.mode == "cut":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            else:
                self.send_response(200 if hook.mode == "ok" else int(hook.mode))
                self.end_headers()

        def log_message(self, *told: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        hook.ended.set()
        server.shutdown()
        server.server_close()


@dataclass
class Mailbox:
    """A mail server's box, and whether it takes mail."""

    port: int
    answer: str = "250 OK"
    got: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}/?from=pitchline@example.org&to=ops@example.org"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802
        if self.answer.startswith("250"):
            self.got.append(envelope.content.decode())
        return self.answer


@contextmanager
def mail_at_work(port: int | None = None) -> Iterator[Mailbox]:
    """A mail server, until the end."""
    box = Mailbox(port or free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
