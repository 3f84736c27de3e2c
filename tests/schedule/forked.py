"""Commands of ours by a process that has the package loaded already and forks.

A workflow calls a dozen of them; to load the package anew each time would take most of the time.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    asked = {{"words": sys.argv[1:], "env": dict(os.environ), "folder": os.getcwd()}}
    text = json.dumps(asked).encode()
    socket.send_fds(server, [len(text).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(text)
    sys.exit(int(server.recv(16) or b"70"))
"""


def serve(address: str) -> None:
    """Answer calls until the process is ended."""

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(16)
        while True:
            call, _ = server.accept()
            if os.fork():
                call.close()
                continue
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            server.close()
            command = os.fork()
            if command == 0:
                _run(call)
            _, status = os.waitpid(command, 0)
            call.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)


def _run(call: socket.socket) -> None:
    """Be the command that is asked for; it ends the process."""
    from pitchline.cli import main

    length, files, _, _ = socket.recv_fds(call, 4, 3)
    text = b""
    while len(text) < int.from_bytes(length, "big"):
        text += call.recv(1 << 16)
    call.close()
    asked = json.loads(text)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"])
    sys.argv = ["pitchline", *asked["words"]]
    main()


@contextmanager
def at_work(tools: Path, folder: Path, env: dict[str, str]) -> Iterator[str]:
    """Serve calls by the Python among some tools; gives the program that calls.

    Args:
        tools: whose `python` is the one that the commands start others with.
        folder: for the socket; its path must be short.
        env: of the process.
    """
    address = folder / "calls"
    process = subprocess.Popen([tools / "python", __file__, str(address)], env=env)
    try:
        while not address.exists():
            assert process.poll() is None, "it did not start"
        yield CLIENT.format(python=tools / "python", address=str(address))
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    serve(sys.argv[1])
