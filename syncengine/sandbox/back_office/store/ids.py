"""Ids that look like SQL Server's sequential GUIDs, the same for the same seed."""

from __future__ import annotations

import random


class Ids:
    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311  repeatable on purpose
        self._next = dice.randrange(1, 2**32)
        self._middle = f"{dice.randrange(2**16):04x}-f111"
        self._tail = f"{dice.randrange(2**14) + 2**15:04x}-6045bd{dice.randrange(2**24):06x}"

    def new(self) -> str:
        self._next = (self._next + 1) % 2**32
        return f"{self._next.to_bytes(4, 'little').hex()}-{self._middle}-{self._tail}"
