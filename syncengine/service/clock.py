"""The real clock."""

from __future__ import annotations

import time
from datetime import UTC
from datetime import datetime


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
