"""What one user may ask of one service: how much at once, how much in a while, and when to hold still.

Both services count per user, so all threads of one side share one budget. It starts narrow, widens while all goes
well, and halves when the service pushes back; what it asks to wait, everybody waits.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from collections.abc import Iterator
from typing import Final

START: Final = 2
WINDOW_S: Final = 300.0
LONGEST_S: Final = 60.0


class Busy(Exception):
    """The service asked to be left alone for longer than anybody should wait for it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it asks to wait {seconds:.0f} s")
        self.seconds = seconds


class Budget:
    """`ceiling`: requests at once; `rate`: requests within five minutes. Times are seconds of `monotonic`."""

    def __init__(
        self,
        ceiling: int,
        rate: int,
        patience_s: float,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.ceiling = ceiling
        self.rate = rate
        self.patience_s = patience_s
        self._monotonic = monotonic
        self._jitter = jitter
        self._changed = threading.Condition()
        self._width = float(min(START, ceiling))
        self._running = 0
        self._started: deque[float] = deque()
        self._still_until = float("-inf")
        self._streak = 0

    @property
    def width(self) -> int:
        """How many may run at once now."""
        return int(self._width)

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """One request's place; waits for it. Raises Busy where the service asked for more than our patience."""
        with self._changed:
            while (wait_s := self._wait_s()) is not None:
                self._changed.wait(wait_s)
            self._running += 1
            self._started.append(self._monotonic())
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def went_well(self) -> None:
        """An answer that says nothing of limits: after as many as run at once, there is room for one more."""
        with self._changed:
            self._streak = 0
            self._width = min(float(self.ceiling), self._width + 1 / self._width)
            self._changed.notify_all()

    def pushed_back(self, retry_after_s: float | None) -> None:
        """The service has had too much. Those who were under way together count once."""
        with self._changed:
            now = self._monotonic()
            if now >= self._still_until:
                self._width = max(1.0, self._width // 2)
                self._streak += 1
            if retry_after_s is None:
                retry_after_s = min(LONGEST_S, 2.0 ** (self._streak - 1)) * (0.5 + self._jitter() / 2)
            self._still_until = max(self._still_until, now + retry_after_s)

    def _wait_s(self) -> float | None:
        """None: go. Otherwise how long to wait before looking again, at most."""
        now = self._monotonic()
        while self._started and self._started[0] <= now - WINDOW_S:
            self._started.popleft()
        full_until = self._started[0] + WINDOW_S if len(self._started) >= self.rate else now
        still_s = max(self._still_until, full_until) - now
        if still_s > self.patience_s:
            raise Busy(still_s)
        if still_s > 0:
            return still_s
        return LONGEST_S if self._running >= self.width else None
