"""Logs: one JSON object a line on standard error."""

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec

LOGGER = "pitchline.serve"
_encoder = msgspec.json.Encoder()


class JsonLines(logging.Formatter):
    """A record as one line of JSON; the mapping ``extra={"told": ...}`` adds its entries."""

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, logger, message, and what else is told."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            **getattr(record, "told", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return _encoder.encode(line).decode()


def config(level: str = "INFO") -> dict[str, Any]:
    """The configuration of ``logging`` for the service and its web server."""
    ours = {"handlers": ["screen"], "level": level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "pitchline.serve.log.JsonLines"}},
        "handlers": {
            "screen": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {"pitchline": ours, "uvicorn": ours, "py.warnings": ours},
    }
