"""The ports of the prediction service and of MLflow's page: free, or theirs."""

import http.client
import json
import socket
from collections.abc import Callable, Iterator

from pitchline.doctor.finding import Finding, Installation, ok, warning

SERVICE_PORT, MLFLOW_PORT = 8000, 5000
PORT_VARIABLE = "PITCHLINE_SERVE_PORT"
SECONDS = 0.5
HOST = "127.0.0.1"


def ports(here: Installation) -> Iterator[Finding]:
    """Who listens, if anyone."""
    told = here.variables.get(PORT_VARIABLE, "")
    port = int(told) if told.isdigit() and 0 < int(told) < 65536 else SERVICE_PORT
    yield _port(port, "the prediction service", _is_service, f"{PORT_VARIABLE}=<another>")
    yield _port(MLFLOW_PORT, "MLflow", _is_mlflow, "mlflow ui --port <another>")


def _port(port: int, whose: str, is_ours: Callable[[int], bool], other: str) -> Finding:
    try:
        with socket.create_connection((HOST, port), timeout=SECONDS):
            pass
    except OSError:
        return ok(f"{port} is free for {whose}")
    if is_ours(port):
        return ok(f"{whose} answers on {port}")
    return warning(
        f"{port} is taken by something that is not {whose}",
        f"end it (`ss -ltnp 'sport = :{port}'` names it), or use another port: {other}",
    )


def _is_service(port: int) -> bool:
    try:
        told = json.loads(_get(port, "/v1/health"))
    except ValueError:
        return False
    return isinstance(told, dict) and {"live", "ready"} <= set(told)


def _is_mlflow(port: int) -> bool:
    return _get(port, "/health").strip() == b"OK"


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().read(1 << 16)
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()
