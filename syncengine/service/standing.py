"""How a company stands, for people: freshness, queue, conflicts, sweep, runs, the last verify. Reads the store only."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from syncengine.engine.detect import LOADED
from syncengine.engine.pausing import pauses
from syncengine.engine.sweep import SWEEP
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.service.runs import VERIFIED
from syncengine.service.wiring import Company
from syncengine.store import health
from syncengine.store.queries import set_aside
from syncengine.store.session import moment
from syncengine.store.store import SqlStore


def standing(company: Company, *, limit: int, since: datetime | None) -> dict[str, Any]:
    """`freshness_s`: the age of the oldest change of a side that was not carried over; None where there is none."""
    mappings = company.offline_mappings()
    now = company.clock.now()
    with company.store() as store, store.transaction():
        by_mapping = health.by_mapping(store.session)
        aside = set_aside(store.session)
        runs = [
            {name: value for name, value in row.items() if name != "company"} for row in store.runs.newest(limit, since)
        ]
        holder = store.lease.holder()
        verified = store.remembered.get(VERIFIED)
        held = sorted(pauses(store.remembered))
        conflicts = store.conflicts.counts()
        shown = []
        for name, mapping in mappings.items():
            one = by_mapping.get(name, health.MappingHealth())
            shown.append(
                {
                    "id": name,
                    "coupled": one.coupled,
                    "pending": one.work["moving"],
                    "waiting": one.work["waiting"],
                    "failed": one.failed,
                    "conflicts": conflicts.get(name, 0),
                    "in_progress": one.in_progress,
                    "skipped": aside.get(name, 0),
                    "paused": "*" in held or name in held,
                    "freshness_s": {side: _oldest(one, side, now) for side in SIDES},
                    "sweep_age_s": _swept(store, name, now) if mapping.kind == "order" else None,
                }
            )
    at_work = holder is not None and bool(holder["holder"]) and moment(holder["expires_at"]) > now
    return {
        "company": company.name,
        "mode": company.mode,
        "paused": held,
        "running": {name: holder[name] for name in ("holder", "run_id", "mode")} if at_work and holder else None,
        "mappings": shown,
        "last_run": next((run for run in runs if run["kind"] != "verify"), None),
        "runs": runs,
        "verify": verified,
    }


def _oldest(one: health.MappingHealth, side: Side, now: datetime) -> float | None:
    seen = [at for (of, _), at in one.oldest.items() if of == side]
    return round(max(0.0, (now - min(seen)).total_seconds()), 1) if seen else None


def _swept(store: SqlStore, mapping: str, now: datetime) -> float | None:
    """How long ago the sweep last compared a slice; before the first one, since the load compared everything."""
    kept = store.cursors.get(mapping, "both", SWEEP)
    at = json.loads(kept)["at"] if kept else store.cursors.get(mapping, *LOADED)
    return round(max(0.0, (now - datetime.fromisoformat(at)).total_seconds()), 1) if at else None
