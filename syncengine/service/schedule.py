"""Schedules as configuration writes them: `every 30s`, or five cron fields; "" is never."""

from __future__ import annotations

import re
from datetime import UTC
from datetime import datetime
from typing import Any
from typing import Final

from syncengine.errors import ConfigurationError

_EVERY: Final = re.compile(r"every\s+(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds_between(text: str, name: str) -> float:
    """How often a schedule comes, about; 0 for never. Raises ConfigurationError."""
    if not text.strip():
        return 0
    match = _EVERY.fullmatch(text.strip())
    if match:
        return float(match.group(1)) * _SECONDS[match.group(2)]
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415  slow to import, and seldom needed

    trigger = _cron(CronTrigger, text, name)
    first = trigger.get_next_fire_time(None, datetime.now(UTC))
    second = trigger.get_next_fire_time(first, first) if first else None
    return (second - first).total_seconds() if first and second else 0


def trigger(text: str, name: str, jitter_s: float = 0) -> Any:
    """An APScheduler trigger, or None for never. Raises ConfigurationError.

    `jitter_s` spreads the moments by up to that much, and never by more than a tenth of the interval: several
    companies, and several installations, do not all knock at the same second.
    """
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415
    from apscheduler.triggers.interval import IntervalTrigger  # noqa: PLC0415

    if not text.strip():
        return None
    match = _EVERY.fullmatch(text.strip())
    if match:
        seconds = float(match.group(1)) * _SECONDS[match.group(2)]
        if seconds < 1:
            raise ConfigurationError(f"{name}: {text!r} is too often", remedy='Use "every 1s" at the least.')
        return IntervalTrigger(seconds=int(seconds), jitter=min(jitter_s, seconds / 10) or None)
    cron = _cron(CronTrigger, text, name)
    cron.jitter = jitter_s or None
    return cron


def _cron(kind: Any, text: str, name: str) -> Any:
    try:
        return kind.from_crontab(text, timezone="UTC")
    except ValueError as error:
        raise ConfigurationError(
            f"{name}: {text!r} is no schedule: {error}", remedy='Use "every 30s", "every 15m", or five cron fields.'
        ) from error
