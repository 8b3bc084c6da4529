"""A clock that moves only when it is told to."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime
from datetime import timedelta


class StillClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
