"""How many rows a page should have, so that it stays comfortable whatever the rows weigh."""

from __future__ import annotations

import sys
import threading
from collections.abc import Hashable
from typing import Final

LARGEST_BYTES: Final = 8 * 1024 * 1024
AIM_BYTES: Final = LARGEST_BYTES // 2
"""Rows differ: what is twice as heavy as those before still fits."""

FIRST: Final = 20
"""Rows of a first page, when nobody knows what one weighs."""


class PageSizes:
    """Learned for each thing that is read, and kept as long as the connection."""

    def __init__(self) -> None:
        self._weights: dict[Hashable, float] = {}
        self._lock = threading.Lock()

    def known(self, what: Hashable) -> bool:
        return what in self._weights

    def rows(self, what: Hashable, most: int) -> int:
        weight = self._weights.get(what)
        return min(most, FIRST) if weight is None else max(1, min(most, int(AIM_BYTES / weight)))

    def most_bytes(self, rows: int) -> int:
        """What a page of so many rows may weigh; one row weighs what it weighs."""
        return LARGEST_BYTES if rows > 1 else sys.maxsize

    def learn(self, what: Hashable, rows: int, size: int) -> None:
        """A page of so many rows weighed so much. Heavier rows count at once, lighter ones by and by."""
        if not rows:
            return
        with self._lock:
            weight, before = max(1.0, size / rows), self._weights.get(what)
            self._weights[what] = weight if before is None or weight > before else (before * 3 + weight) / 4

    def too_large(self, what: Hashable, rows: int) -> int:
        """A page of so many rows was more than we take; gives how many to ask for instead."""
        with self._lock:
            fewer = max(1, rows // 2)
            self._weights[what] = max(self._weights.get(what, 0.0), AIM_BYTES / fewer)
            return fewer
