"""How a company is doing, from its store into the metrics; alerts are made of the same."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from datetime import datetime

from syncengine.errors import SyncError
from syncengine.observe.metrics import Metrics
from syncengine.ports import SafetyLimit
from syncengine.service.runs import VERIFIED
from syncengine.service.wiring import Company
from syncengine.store import health


@dataclass
class Health:
    """`error` is why the store could not be asked."""

    at: datetime
    mappings: dict[str, health.MappingHealth] = field(default_factory=dict)
    unexplained: int = 0
    held: list[str] = field(default_factory=list)  # the safety limits that wait for an approval, in words
    last_ends: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    error: SyncError | None = None


def look(company: Company) -> Health:
    found = Health(company.clock.now())
    try:
        with company.store() as store, store.transaction():
            found.mappings = health.by_mapping(store.session)
            found.last_ends = health.last_ends(store.session)
            found.held = [_words(one) for one in store.limits.all() if one.status == "open"]
            verified = store.remembered.get(VERIFIED)
            found.unexplained = int(verified["unexplained"]) if isinstance(verified, dict) else 0
    except SyncError as error:
        found.error = error
    return found


def measure(metrics: Metrics, company: str, found: Health) -> None:
    """What was seen, as gauges; while the store does not answer the last ones stay."""
    metrics.store(company, up=found.error is None)
    if found.error is not None:
        return
    for name, one in found.mappings.items():
        metrics.mapping(
            company,
            name,
            coupled=one.coupled,
            in_step=one.records_in_step,
            queue={str(state): count for state, count in one.work.items()},
            conflicts=one.conflicts,
            failed=one.failed,
            in_progress=one.in_progress,
            oldest_s={
                (side, state): max(0.0, (found.at - seen).total_seconds()) for (side, state), seen in one.oldest.items()
            },
        )
    metrics.unexplained(company, found.unexplained)


def _words(limit: SafetyLimit) -> str:
    number = f" ({limit.number})" if limit.number else ""
    return f"{limit.message}{number}"
