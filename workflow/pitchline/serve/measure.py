"""Figures about the service, in Prometheus's text format.

With several workers each writes its figures into the folder PROMETHEUS_MULTIPROC_DIR, which
``pitchline serve`` makes, and whichever worker is asked tells the sum.
"""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from pitchline.serve.settings import MEASURES_FOLDER

BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
MEDIA_TYPE = CONTENT_TYPE_LATEST


class Measures:
    """Counters of one worker."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "pitchline_requests", "Requests answered.", ("route", "method", "status"),
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "pitchline_request_seconds", "Seconds from a request's first line to its answer.",
            ("route",), registry=self._registry, buckets=BUCKETS,
        )  # fmt: skip
        self._ended = Counter(
            "pitchline_connections_ended",
            "Connections ended before their request came to an answer, by kind.", ("kind",),
            registry=self._registry,
        )  # fmt: skip
        self._predictions = Counter(
            "pitchline_predictions", "Rows forecast by POST /v1/predict, by model.", ("model",),
            registry=self._registry,
        )  # fmt: skip
        self._serving = Gauge(
            "pitchline_serving", "Workers that serve a model.", ("model",),
            registry=self._registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self._refused = Gauge(
            "pitchline_refused_models", "Newer models that a worker refused.",
            registry=self._registry, multiprocess_mode="livemax",
        )  # fmt: skip
        self._issued = Counter(
            "pitchline_issued", "Forecasts of matches, by the model's role and the mode.",
            ("role", "mode"), registry=self._registry,
        )  # fmt: skip
        self._dropped = Counter(
            "pitchline_shadow_dropped",
            "Matches that the challenger did not forecast, as too many waited.",
            registry=self._registry,
        )  # fmt: skip
        self._failed = Counter(
            "pitchline_challenger_failed", "Matches that the challenger could not forecast.",
            registry=self._registry,
        )  # fmt: skip
        self._logged = Counter(
            "pitchline_forecast_log_rows", "Forecasts written into the log, and lost to it.",
            ("outcome",), registry=self._registry,
        )  # fmt: skip
        self._issued_as: dict[tuple[str, str], Counter] = {}
        self._model: str | None = None
        # Finding a counter by its labels takes longer than counting.
        self._answered: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        labels = route, method, status
        found = self._answered.get(labels)
        if found is None:
            found = self._requests.labels(route, method, str(status)), self._seconds.labels(route)
            self._answered[labels] = found
        found[0].inc()
        found[1].observe(seconds)

    def connection_ended(self, kind: str) -> None:
        """Count a connection that was ended, of a client that is slow, silent or no HTTP."""
        self._ended.labels(kind).inc()

    def forecast(self, model: str, rows: int) -> None:
        """Count rows that a model forecast."""
        self._predictions.labels(model).inc(rows)

    def issued(self, role: str, mode: str, matches: int) -> None:
        """Count matches that a model forecast in a role."""
        found = self._issued_as.get((role, mode))
        if found is None:
            found = self._issued_as[role, mode] = self._issued.labels(role, mode)
        found.inc(matches)

    def shadow_dropped(self, matches: int) -> None:
        """Count matches that the challenger did not come to."""
        self._dropped.inc(matches)

    def challenger_failed(self, matches: int) -> None:
        """Count matches that the challenger could not forecast."""
        self._failed.inc(matches)

    def log_written(self, rows: int) -> None:
        """Count rows written into the log of forecasts."""
        self._logged.labels("written").inc(rows)

    def log_lost(self, rows: int) -> None:
        """Count rows lost to it."""
        self._logged.labels("lost").inc(rows)

    def serves(self, model: str) -> None:
        """Note the model that the worker serves."""
        if model != self._model:
            if self._model is not None:
                self._serving.labels(self._model).set(0)
            self._serving.labels(model).set(1)
            self._model = model

    def text(self, refused: int) -> bytes:
        """All figures, of all workers."""
        self._refused.set(refused)
        if MEASURES_FOLDER not in os.environ:
            return generate_latest(self._registry)
        every = CollectorRegistry()
        MultiProcessCollector(every)  # type: ignore[no-untyped-call]
        return generate_latest(every)
