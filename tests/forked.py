"""An environment whose commands start at once: they fork from a process that has imported all.

A run of the whole DAG is some twenty commands, and with a few seasons of data each would spend most
of its time on the imports of its libraries, not of the package, which every project has its own of.

A folder of programs looks like the environment's; `pitchline`, `snakemake` and `dvc` there ask the
process that forks. What they run has the caller's arguments, environment, folder, standard streams
and exit code, gets its signals and dies with it. It is not the caller's child, nor shows what it
was started with to those who look at processes. A caller elsewhere, in another namespace or with
another limit, as by `unshare` or `ulimit`, gets the real program.
"""

import ctypes
import gc
import importlib
import json
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

REAL = Path(sys.executable).parent
PARENT_DEATH_SIGNAL = 1
PLACES = "places"
PROGRAMS = {"pitchline": "pitchline.cli", "snakemake": "snakemake.cli", "dvc": "dvc.cli"}
# Of libraries alone: the package is that of the caller's folder.
LIBRARIES = (
    "click",
    "dvc.api",
    "dvc.cli",
    "dvc.cli.parser",
    "dvc.dvcfile",
    "dvc.repo",
    "dvc.stage.run",
    "matplotlib.figure",
    "mlflow",
    "mlflow.pyfunc",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "numba",
    "optuna",
    "pandera.pandas",
    "psutil",
    "pyarrow.parquet",
    "pydantic",
    "requests",
    "scipy.optimize",
    "sklearn.linear_model",
    "snakemake.api",
    "snakemake.cli",
    "xgboost",
)
CALLER = """#!{python} -IS
import json, os, resource, signal, socket, sys
def place():
    names = [os.readlink(f"/proc/self/ns/{{name}}") for name in ("mnt", "net", "pid", "user")]
    return [*names, resource.getrlimit(resource.RLIMIT_FSIZE)]
name = os.path.basename(sys.argv[0])
try:
    is_near = str(place()) in open({places!r}).read().splitlines()
except OSError:
    is_near = False
if not is_near:
    os.execv(os.path.join({real!r}, name), [name, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    asked = {{
        "program": name, "words": sys.argv[1:], "env": dict(os.environ), "folder": os.getcwd(),
    }}
    text = json.dumps(asked).encode()
    socket.send_fds(server, [len(text).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(text)
    process = int.from_bytes(server.recv(4), "big")
    def pass_on(number, frame):
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    code = int(server.recv(16) or b"70")
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
"""


@contextmanager
def at_work(
    folder: Path, libraries: Sequence[str] = LIBRARIES, prefix: Sequence[str] = ()
) -> Iterator[Path]:
    """An environment like this one, in a folder of its own, whose commands fork.

    Args:
        folder: empty; its path must be short, a socket is put there.
        libraries: what the process imports that forks.
        prefix: starts that process elsewhere, such as where there is no network; then all commands
            run there.

    Yields:
        The folder of its programs, for the PATH.
    """
    address = folder / "calls"
    tools = _likeness(folder, address)
    left_out = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "NUMBA_CACHE_DIR")
    env = {key: value for key, value in os.environ.items() if key not in left_out}
    process = subprocess.Popen(
        [*prefix, sys.executable, __file__, str(address), str(tools), *libraries],
        env=env | {"OPENBLAS_NUM_THREADS": "1"},
        cwd=folder,
    )
    try:
        while not address.exists():
            assert process.poll() is None, "it did not start"
            time.sleep(0.02)
        yield tools
    finally:
        process.kill()
        process.wait()


def _likeness(folder: Path, address: Path) -> Path:
    """What looks like this virtual environment: Python goes by pyvenv.cfg, others by the PATH."""
    tools = folder / "bin"
    tools.mkdir()
    (folder / "lib").symlink_to(REAL.parent / "lib")
    (folder / "pyvenv.cfg").write_bytes((REAL.parent / "pyvenv.cfg").read_bytes())
    for program in REAL.iterdir():
        if program.name not in PROGRAMS:
            (tools / program.name).symlink_to(program)
    _note_place(folder)
    text = CALLER.format(
        python=sys.executable,
        places=str(folder / PLACES),
        real=str(REAL),
        address=str(address),
    )
    for name in PROGRAMS:
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    return tools


def _note_place(folder: Path) -> None:
    """Note where this process is, as the callers tell it of themselves."""
    names = [str(Path(f"/proc/self/ns/{n}").readlink()) for n in ("mnt", "net", "pid", "user")]
    with (folder / PLACES).open("a", encoding="utf-8") as places:
        places.write(f"{[*names, resource.getrlimit(resource.RLIMIT_FSIZE)]}\n")


def serve(address: str, tools: str, libraries: Sequence[str]) -> None:
    """Answer calls until the process is ended, or the one that started it ends."""
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
    sys.path.remove(str(Path(__file__).parent))
    _note_place(Path(address).parent)
    for library in libraries:
        importlib.import_module(library)
    assert "pitchline" not in sys.modules
    # Arrow's allocator has a thread of its own, and sees to itself at a fork.
    threads = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    assert len(threads) - threads.count("jemalloc_bg_thd") == 1, f"{threads}: only one can fork"
    sys.executable = f"{tools}/python"
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{address}.new")
        server.listen(64)
        Path(f"{address}.new").rename(address)
        while True:
            call, _ = server.accept()
            if os.fork():
                call.close()
                continue
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            server.close()
            asked, files = _read(call)
            process = os.fork()
            if process == 0:
                call.close()
                break
            for file in files:
                os.close(file)
            _attend(call, process)
    _be(asked, files)


def _read(call: socket.socket) -> tuple[dict[str, Any], list[int]]:
    length, files, _, _ = socket.recv_fds(call, 4, 3)
    text = b""
    while len(text) < int.from_bytes(length, "big"):
        text += call.recv(1 << 16)
    return json.loads(text), files


def _attend(call: socket.socket, process: int) -> None:
    """Tell the caller how the command ends, and end it if the caller is gone."""
    call.sendall(process.to_bytes(4, "big"))
    ended = os.pidfd_open(process)
    with selectors.DefaultSelector() as waiting:
        waiting.register(ended, selectors.EVENT_READ)
        waiting.register(call, selectors.EVENT_READ)
        happened = [key.fileobj for key, _ in waiting.select()]
        if ended not in happened:
            os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    with suppress(OSError):
        call.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _be(asked: dict[str, Any], files: list[int]) -> None:
    """Be the command that is asked for; its end is the process's."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"])
    sys.path[:0] = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.argv = [f"{Path(sys.executable).parent}/{asked['program']}", *asked["words"]]
    sys.exit(importlib.import_module(PROGRAMS[asked["program"]]).main())


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], sys.argv[3:])
