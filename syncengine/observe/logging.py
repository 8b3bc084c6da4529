"""structlog on standard error: console or JSON lines, with run, company and mapping bound, secrets redacted."""

from __future__ import annotations

import logging
import sys
from typing import Any
from typing import Literal

import structlog
from structlog.typing import EventDict
from structlog.typing import WrappedLogger

from syncengine.observe.redaction import redact

Format = Literal["console", "json"]
LEVELS = ("debug", "info", "warning", "error")


def configure(style: Format = "console", level: str = "warning") -> None:
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: redact(value, key) for key, value in event.items()}


def get_logger() -> Any:
    return structlog.get_logger("syncengine")


def bind(**context: str) -> None:
    """Context for every event of this thread: run, company, mapping."""
    structlog.contextvars.bind_contextvars(**context)
