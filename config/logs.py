"""What is logged, and how: for people, or as JSON for machines that collect it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

# Libraries that tell more than an operator wants to know.
LEVELS = {
    "aiohttp": "WARNING",
    "celery": "WARNING",
    "daphne": "WARNING",
    "django.request": "ERROR",
    "django.server": "WARNING",
}


def settings(*, level: str, formatter: str) -> dict[str, Any]:
    """Django's LOGGING: everything to stderr; `formatter` is "console" or "json"."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "console": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
            "json": {"()": JSONFormatter},
        },
        "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": formatter}},
        "root": {"handlers": ["stream"], "level": level},
        "loggers": {name: {"level": least} for name, least in LEVELS.items()},
    }


STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JSONFormatter(logging.Formatter):
    """One object a line: time, level, logger, message and the record's extra ids."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
