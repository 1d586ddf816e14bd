"""Logs messages in the two ways in which Lambda functions do it."""

from __future__ import annotations

import json
import logging
import sys
from functools import cache

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}


def log(message: str, level: str, *, structured: bool) -> None:
    """Log the message with a level of `LEVELS`: as a line of JSON, or as Lambda's own text line.

    The tracer puts the trace's ids into both.
    """
    logger = _structured_logger() if structured else _plain_logger()
    logger.log(LEVELS[level], "%s", message)


def log_at_every_level(message: str, *, structured: bool) -> None:
    """Log the message once at each level, the lowest first."""
    for level in ("debug", "info", "warning", "error", "critical"):
        log(message, level, structured=structured)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with what the tracer put on the record: `dd.trace_id` and the like."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        document = {
            "message": record.getMessage(),
            "level": record.levelname,
            "logger": record.name,
            "timestamp": self.formatTime(record),
            **{name: value for name, value in vars(record).items() if name.startswith("dd.")},
        }
        return json.dumps(document)


@cache
def _structured_logger() -> logging.Logger:
    """A logger with a handler of its own, on standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("weblog.structured")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    logger.propagate = False
    return logger


@cache
def _plain_logger() -> logging.Logger:
    """A logger that leaves the line to the root logger's handler, which is Lambda's."""
    logger = logging.getLogger("weblog.plain")
    logger.setLevel(logging.DEBUG)
    return logger
