"""Whether the services of the Procfile and of compose.yaml are well, each asked in its own way."""

import http.client
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

HOST = "127.0.0.1"
SECONDS = 5.0
# Beat shows every few seconds that it lives.
BEAT_SILENCE_SECONDS = 60.0


def _page(variable: str, port: int, path: str) -> Callable[[], bool]:
    def answers() -> bool:
        told = int(os.environ.get(variable) or port)
        connection = http.client.HTTPConnection(HOST, told, timeout=SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        finally:
            connection.close()

    return answers


def _app() -> Any:
    """Celery's application, if its broker answers."""
    from celery import Celery

    from pitchline.schedule.engines.celery_app import broker

    app = Celery(broker=broker())
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=SECONDS)
    return app


def _redis() -> bool:
    return _app() is not None


def _worker() -> bool:
    return bool(_app().control.ping(timeout=SECONDS / 2, limit=1))


def _beat() -> bool:
    from pitchline.schedule.engines.celery_app import BEAT_LIVES

    return time.time() - BEAT_LIVES.stat().st_mtime < BEAT_SILENCE_SECONDS


SERVICES: dict[str, Callable[[], bool]] = {
    "api": _page("PITCHLINE_SERVE_PORT", 8000, "/v1/health"),
    "mlflow": _page("PITCHLINE_MLFLOW_PORT", 5000, "/health"),
    "redis": _redis,
    "scheduler": _beat,
    "worker": _worker,
    "flower": _page("PITCHLINE_FLOWER_PORT", 5555, "/healthcheck"),
    "prefect": _page("PITCHLINE_PREFECT_PORT", 4200, "/api/health"),
    "flows": _page("PITCHLINE_FLOWS_PORT", 8080, "/health"),
}


def is_well(name: str) -> bool:
    """Whether a service on this machine answers as it should."""
    with suppress(Exception):
        return SERVICES[name]()
    return False
