"""How far a long piece of work has come, how fast it goes, and how long it will still take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass
class Pace:
    """`total` None: nobody knows. `what` goes along with each report: mapping, side, wave."""

    phase: str
    what: Mapping[str, Any]
    started: datetime
    total: int | None = None
    done: int = 0

    def after(self, more: int, now: datetime) -> dict[str, Any]:
        """A report once `more` of it is done."""
        self.done += more
        seconds = (now - self.started).total_seconds()
        rate = self.done / seconds if seconds > 0 else None
        left = None
        if rate and self.total is not None:
            left = max(0.0, (self.total - self.done) / rate)
        return {
            **self.what,
            "done": self.done,
            "total": self.total,
            "per_second": round(rate, 1) if rate else None,
            "seconds_left": round(left) if left is not None else None,
        }
