"""The clock of one emulated service: the real one, plus what `POST /sandbox/clock` has moved it by."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime
from datetime import timedelta


class Clock:
    def __init__(self) -> None:
        self.offset = timedelta(0)
        self.frozen: datetime | None = None

    def now(self) -> datetime:
        """The service's own time, with microseconds, in UTC."""
        return (self.frozen or datetime.now(UTC)) + self.offset

    def move(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)
