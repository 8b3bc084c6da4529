"""A clock for days on which requests go on running after we gave up."""

from __future__ import annotations

from typing import Any

from tests.bench.bench import Bench
from tests.bench.bench import PatientClock
from tests.bench.bench import eventually


class SettlingClock(PatientClock):
    """Sleeping costs nothing, but for one thing: `settle_after_s` is as long as a service may go on with a request that
    we gave up, so what is still running there is waited for.
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self._running: list[tuple[str, Any]] = []
        self._since = {side: self._newest(side) for side in ("sales", "back_office")}

    def goes_on(self, side: str, fault: Any) -> None:
        """A fault that may hold up a request for longer than we wait."""
        self._running.append((side, fault))

    def sleep(self, seconds: float) -> None:
        if self._running:
            eventually(self._all_ended, 120)
        super().sleep(seconds)

    def _all_ended(self) -> bool:
        return all(self._ended(side) >= self._begun(side) for side in ("sales", "back_office"))

    def _begun(self, side: str) -> int:
        return sum(fault.hits for where, fault in self._running if where == side)

    def _ended(self, side: str) -> int:
        entries = self.bench.running.requests(side, self._since[side])
        return sum("still-running" in entry["faults"] for entry in entries)

    def _newest(self, side: str) -> int:
        entries = self.bench.running.requests(side, 0)
        return int(entries[-1]["number"]) if entries else 0
