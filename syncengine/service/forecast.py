"""`forecast`: how many requests a first load and a usual day take, and how long that is under both services' quotas.

An estimate from counts that both systems answer, by a model written out in docs/reference/forecast.md. It asks for
counts only, and writes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import timedelta
from typing import Any
from typing import Final

from syncengine.config.models import LimitsPart
from syncengine.mapping.model import TableMapping
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.records.values import other
from syncengine.service.schedule import seconds_between
from syncengine.service.wiring import Company

DAY_S: Final = 86_400.0
KEYS_PAGE: Final = 5000
"""Rows of a page that holds keys only."""

GROUND_REQUESTS: Final = 12
"""What each side is asked once, whatever there is: token, `$metadata`, the organization or company, settings."""


@dataclass(frozen=True)
class Quota:
    """What one user may ask within a sliding window, and how much at once; as documented."""

    requests: int
    window_s: float
    at_once: int
    execution_s: float = 0.0  # of execution time within the window; 0: not limited

    @property
    def per_second(self) -> float:
        return self.requests / self.window_s


QUOTAS: Final[Mapping[Side, Quota]] = {
    "sales": Quota(6000, 300, 52, 1200),
    "back_office": Quota(6000, 300, 5),
}

READ_S: Final[Mapping[Side, float]] = {"sales": 0.3, "back_office": 0.4}
WRITE_S: Final[Mapping[Side, float]] = {"sales": 0.25, "back_office": 0.5}
"""Seconds that a page or one write is taken to need there; a document is one write with all its lines."""


@dataclass
class Load:
    """Requests and the operations in them, by side."""

    requests: dict[Side, float] = field(default_factory=lambda: dict.fromkeys(SIDES, 0.0))
    operations: dict[Side, float] = field(default_factory=lambda: dict.fromkeys(SIDES, 0.0))
    execution_s: dict[Side, float] = field(default_factory=lambda: dict.fromkeys(SIDES, 0.0))

    def reads(self, side: Side, pages: float) -> None:
        self.requests[side] += pages
        self.operations[side] += pages
        self.execution_s[side] += pages * READ_S[side]

    def writes(self, side: Side, count: float, batch: int) -> None:
        self.requests[side] += math.ceil(count / batch)
        self.operations[side] += count
        self.execution_s[side] += count * WRITE_S[side]

    def seconds(self, at_once: int) -> float:
        """Both sides work at once; each as fast as its quota, its concurrency and ours let it."""
        return max(_seconds(side, self, at_once) for side in SIDES)

    def as_json(self) -> dict[str, Any]:
        return {
            "requests": {side: math.ceil(self.requests[side]) for side in SIDES},
            "operations": {side: math.ceil(self.operations[side]) for side in SIDES},
        }


def _seconds(side: Side, load: Load, at_once: int) -> float:
    quota = QUOTAS[side]
    working = load.execution_s[side] / min(at_once, quota.at_once)
    by_execution = load.execution_s[side] * quota.window_s / quota.execution_s if quota.execution_s else 0.0
    return max(working, by_execution, load.requests[side] / quota.per_second)


def forecast(company: Company) -> dict[str, Any]:
    """Raises MappingError, RemoteSystemError."""
    configuration = company.loaded.configuration
    limits, mappings = configuration.limits, company.mappings_in_use()
    counts, changed = _counts(company, mappings), _changed(company, mappings)
    first = _first_load(mappings, counts, limits)
    day, runs = _usual_day(company, mappings, counts, changed)
    return {
        "counts": [{"mapping": name, **one} for name, one in counts.items()],
        "changed_yesterday": [{"mapping": name, **one} for name, one in changed.items()],
        "first_load": {**first.as_json(), "seconds": round(first.seconds(limits.concurrency))},
        "usual_day": {
            **day.as_json(),
            "runs": runs,
            "busy_seconds": round(day.seconds(limits.concurrency)),
            "share_of_quota": {
                side: round(day.requests[side] / (QUOTAS[side].per_second * DAY_S), 4) for side in SIDES
            },
        },
        "quotas": {
            side: {"requests": quota.requests, "window_s": quota.window_s, "at_once": quota.at_once}
            for side, quota in QUOTAS.items()
        },
        "assumes": {
            "seconds_per_page": dict(READ_S),
            "seconds_per_write": dict(WRITE_S),
            "at_once": limits.concurrency,
            "batch": limits.batch,
        },
    }


def _counts(company: Company, mappings: Mapping[str, TableMapping]) -> dict[str, dict[Side, int | None]]:
    """Records by mapping and side; None where a side does not count them."""
    found: dict[str, dict[Side, int | None]] = {}
    for name, mapping in mappings.items():
        found[name] = {}
        for side in SIDES:
            table = mapping.of(side).table
            found[name][side] = None if "/" in table else company.systems()[side].inspection.count(table)
    return found


def _changed(company: Company, mappings: Mapping[str, TableMapping]) -> dict[str, dict[Side, int | None]]:
    since = company.clock.now() - timedelta(days=1)
    found: dict[str, dict[Side, int | None]] = {}
    for name, mapping in mappings.items():
        found[name] = {}
        for side in SIDES:
            table = mapping.of(side).table
            found[name][side] = None if "/" in table else company.systems()[side].inspection.changed_since(table, since)
    return found


def _first_load(
    mappings: Mapping[str, TableMapping], counts: Mapping[str, Mapping[Side, int | None]], limits: LimitsPart
) -> Load:
    """Everything is read once, in pages; what the other side does not have is created where the mapping says so."""
    load = Load()
    for side in SIDES:
        load.reads(side, GROUND_REQUESTS)
    for name, mapping in mappings.items():
        page = limits.page_with_lines if mapping.lines else limits.page
        for side in SIDES:
            here = counts[name][side] or 0
            load.reads(side, _pages(here, page))
            if side == "sales":  # the tracked read of keys, for the cursor; of lines as well
                load.reads(side, _pages(here, KEYS_PAGE) * (2 if mapping.lines else 1))
        for side in SIDES:
            missing = (counts[name][other(side)] or 0) - (counts[name][side] or 0)
            if mapping.creates(side) and missing > 0:
                load.writes(side, missing, limits.batch)
                if mapping.kind == "order":
                    # The search for its key before, its number and state to the other side after.
                    load.reads(side, math.ceil(missing / limits.batch))
                    load.writes(other(side), missing, limits.batch)
                    load.writes(side, missing if side == "sales" else 0, limits.batch)
    return load


def _usual_day(
    company: Company,
    mappings: Mapping[str, TableMapping],
    counts: Mapping[str, Mapping[Side, int | None]],
    changed: Mapping[str, Mapping[Side, int | None]],
) -> tuple[Load, int]:
    """Idle polls at the pace of the schedule, each change read and carried over, the sweep and the verification."""
    configuration = company.loaded.configuration
    schedule, limits = configuration.schedule, configuration.limits
    load = Load()
    runs = _per_day(schedule.incremental)
    for side in SIDES:
        load.reads(side, 2 * runs)
    for name, mapping in mappings.items():
        for side in SIDES:
            moved = changed[name][side] or 0
            # Many changes share a run's requests only when they come together: each is taken to come alone.
            load.reads(side, moved)
            load.reads(other(side), moved)
            load.writes(other(side), moved, 1)
        if mapping.kind == "order":
            sweeps = _per_day(schedule.sweep)
            open_orders = min(counts[name][side] or 0 for side in SIDES)
            for side in SIDES:
                load.reads(side, sweeps * _pages(open_orders, limits.batch))
    verifies = _per_day(schedule.verify) + _per_day(schedule.full)
    for name, mapping in mappings.items():
        page = limits.page_with_lines if mapping.lines else limits.page
        for side in SIDES:
            load.reads(side, verifies * _pages(counts[name][side] or 0, page))
    return load, runs


def _per_day(text: str) -> int:
    seconds = seconds_between(text, "[schedule]")
    return round(DAY_S / seconds) if seconds else 0


def _pages(count: int, size: int) -> int:
    return math.ceil(count / size)
