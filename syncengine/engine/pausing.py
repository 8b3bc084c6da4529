"""Paused mappings: their changes are still detected and kept, nothing of them is planned or written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from syncengine.engine.context import Run
from syncengine.ports import Remembered

PAUSED: Final = "paused"
EVERYTHING: Final = "*"


def pauses(remembered: Remembered) -> Mapping[str, str]:
    """Mapping name, or "*" for all of them -> since when."""
    kept = remembered.get(PAUSED)
    return dict(kept) if isinstance(kept, dict) else {}


def paused(run: Run, mapping: str) -> bool:
    """Asked before each chunk, within a transaction: a pause holds from the next round on, in a run under way too."""
    held = pauses(run.store.remembered)
    return mapping in held or EVERYTHING in held


def paused_mappings(run: Run) -> list[str]:
    with run.store.transaction():
        held = pauses(run.store.remembered)
    return [name for name in run.mappings if name in held or EVERYTHING in held]
