"""The sweep: compares coupled orders, lines included, whatever their stamps say.

A line edit in the back office may move no stamp, and deletions never show in a poll. Each run takes the next slice of
a rolling walk, sized so that all orders pass once per interval.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from typing import Final

from syncengine.engine.context import Run
from syncengine.engine.detect import LOADED
from syncengine.engine.load import accounted
from syncengine.engine.load import unlike
from syncengine.engine.unequal import plan_again
from syncengine.engine.unequal import unequal
from syncengine.engine.unmet import unmet
from syncengine.mapping.model import TableMapping
from syncengine.observe.logging import get_logger
from syncengine.ports import Coupling
from syncengine.ports import Subject
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.record import Record
from syncengine.records.values import SIDES
from syncengine.records.values import Side

log = get_logger()

SWEEP = "sweep"

REFUSALS: Final = ("refused", "did-not-take")
"""What a system would not have, it is not asked again until the record changes."""


def sweep(run: Run, mapping: TableMapping, *, interval_s: float, everything: bool = False) -> int:
    """Compare the next slice, or all; differences become work. Gives how many orders were compared."""
    with run.store.transaction():
        state = _state(run, mapping)
        count = run.store.couplings.count(mapping.name)
    size = count if everything else _due(run, state, count, interval_s)
    if everything:
        state = {"after": 0, "at": state["at"]}
    compared = 0
    while compared < size and not run.stop_asked():
        limit = min(run.limits.chunk, size - compared)
        with run.store.transaction():
            some = run.store.couplings.after(mapping.name, state["after"], limit)
        if not some:
            ended_before, state["after"] = state["after"], 0
            if compared == 0 and ended_before:
                continue  # the walk had ended exactly at the last order: begin again
            break
        _compare(run, mapping, some)
        compared += len(some)
        state["after"] = some[-1].id
    if size:
        state["at"] = run.clock.now().isoformat()
        with run.store.transaction():
            run.store.cursors.put(mapping.name, "both", SWEEP, json.dumps(state))
    return compared


def _state(run: Run, mapping: TableMapping) -> dict[str, Any]:
    kept = run.store.cursors.get(mapping.name, "both", SWEEP)
    if kept is not None:
        return dict(json.loads(kept))
    # A load has just compared everything: the first walk begins an interval later.
    return {"after": 0, "at": run.store.cursors.get(mapping.name, *LOADED) or run.clock.now().isoformat()}


def _due(run: Run, state: dict[str, Any], count: int, interval_s: float) -> int:
    if interval_s <= 0:
        return 0
    passed_s = (run.clock.now() - datetime.fromisoformat(state["at"])).total_seconds()
    share = min(1.0, passed_s / interval_s)
    # A handful of orders is not worth a request of its own until the interval is over.
    size = math.floor(count * share)
    return size if size >= min(count, run.limits.chunk // 4) else 0


def _compare(run: Run, mapping: TableMapping, some: Sequence[Coupling]) -> None:
    documents: dict[int, dict[Side, Any]] = {coupling.id: {} for coupling in some}
    for side in SIDES:
        found = run.systems[side].read(run.view(mapping, side), [coupling.remote_id(side) for coupling in some])
        for coupling in some:
            if coupling.remote_id(side) in found:
                documents[coupling.id][side] = found[coupling.remote_id(side)]
        run.counts.of(mapping.name).scanned[side] += len(found)
    run.references.clear()
    with run.store.transaction():
        whole = [(side, d) for held in documents.values() for side, d in held.items() if isinstance(d, Document)]
        run.references.preload(mapping, whole)
        refused = {one.coupling for code in REFUSALS for one in run.store.work.set_aside(mapping.name, code)}
        for coupling in some:
            held = documents[coupling.id]
            if coupling.id not in refused or not _as_it_was(coupling, held):
                _look_at(run, mapping, coupling, held)


def _as_it_was(coupling: Coupling, held: Mapping[Side, Document | Gone]) -> bool:
    """Are both sides in the versions in which they were planned last?"""
    return all(isinstance(seen, Document) and accounted(coupling, side, seen) for side, seen in held.items())


def _look_at(run: Run, mapping: TableMapping, coupling: Coupling, held: Mapping[Side, Document | Gone]) -> None:
    """What either side shows that its picture does not is work; so is what differs though both are as pictured."""
    records: dict[Side, Record] = {}
    changed = False
    for side, seen in held.items():
        record = _record(run, mapping, side, seen)
        if record is not None and coupling.base is not None and not unlike(mapping, record, coupling.base.of(side)):
            records[side] = record
            continue
        changed = True
        log.info("sweep_found", mapping=mapping.name, coupling=coupling.id, side=side)
        known = isinstance(seen, Document) and accounted(coupling, side, seen)
        run.store.work.add(Subject(mapping.name, coupling.id), changed=side, swept=known)
    if changed or len(records) < len(SIDES):
        return
    found = list(unequal(run.rules[mapping.name], mapping, coupling.line_pairs, records))
    subject = Subject(mapping.name, coupling.id)
    if found and run.store.work.state(subject) is None and subject not in run.store.journal.busy(mapping.name):
        log.info("sweep_found", mapping=mapping.name, coupling=coupling.id, side="both")
        plan_again(run, mapping, coupling, found, swept=True)


def _record(run: Run, mapping: TableMapping, side: Side, seen: Document | Gone) -> Record | None:
    """None where there is none, or it cannot be read as the mapping says."""
    if not isinstance(seen, Document):
        return None
    try:
        return run.record(mapping, side, seen)
    except ValueError:
        return None


def sweep_unmet(run: Run, mapping: TableMapping) -> None:
    """Records that ought to have entered, and that nothing has ever brought, become work."""
    for page in unmet(run, mapping):
        with run.store.transaction():
            for document in page.documents:
                subject = Subject(mapping.name, None, page.side, document.id)
                if run.store.work.state(subject) is None and subject not in run.store.journal.busy(mapping.name):
                    log.info("sweep_found", mapping=mapping.name, record=document.id, side=page.side)
                    run.store.work.add(subject, swept=True)
        if run.stop_asked():
            return
