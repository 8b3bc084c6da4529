"""Forgetting what is old, by configuration and once a day; showing and erasing what is kept of one customer."""

from __future__ import annotations

from datetime import datetime
from datetime import timedelta
from typing import Any
from typing import Final

from syncengine.errors import SyncError
from syncengine.errors import UsageError
from syncengine.observe.logging import get_logger
from syncengine.ports import Subject
from syncengine.service.wiring import Company
from syncengine.store.retention import SqlRetention
from syncengine.store.store import SqlStore

log = get_logger()

PRUNED: Final = "pruned"
EVERY: Final = timedelta(days=1)
NEEDED: Final = 2
"""Days that operations are kept at least: safety limits count over a rolling day."""


def prune(company: Company, store: SqlStore) -> dict[str, int]:
    """Remove what is older than `[retention]` says; gives how many, by kind."""
    part, now = company.loaded.configuration.retention, company.clock.now()
    days = {
        "history": part.history_days,
        "archive": part.archive_days,
        "operations": max(part.operations_days, NEEDED) if part.operations_days else 0,
        "runs": part.runs_days,
    }
    before = {name: now - timedelta(days=kept) for name, kept in days.items() if kept}
    return SqlRetention(store.session).prune(before)


def prune_daily(company: Company, store: SqlStore) -> None:
    """Within a run that holds the lease. What cannot be removed now is removed tomorrow."""
    now = company.clock.now()
    try:
        with store.transaction():
            last = store.remembered.get(PRUNED)
            if isinstance(last, str) and now - datetime.fromisoformat(last) < EVERY:
                return
            store.remembered.put(PRUNED, now.isoformat())
        removed = prune(company, store)
        if any(removed.values()):
            log.info(
                "pruned",
                history=removed.get("history", 0),
                conflicts=removed.get("conflicts", 0),
                archive=removed.get("archive", 0),
                operations=removed.get("operations", 0),
                runs=removed.get("runs", 0),
            )
    except SyncError as error:
        log.warning("not_pruned", error=error.message)


def export(company: Company, mapping: str, customer: str) -> list[dict[str, Any]]:
    """Everything kept of a customer and of what points at it. Raises UsageError."""
    with company.store() as store, store.transaction():
        retention = SqlRetention(store.session)
        return retention.export(_of(retention, mapping, customer))


def erase(company: Company, mapping: str, customer: str) -> dict[str, int]:
    """Forget it. What is coupled stays coupled, with the base that keeps it the same. Raises UsageError."""
    with company.store(writes=True) as store, store.transaction():
        retention = SqlRetention(store.session)
        couplings = _of(retention, mapping, customer)
        busy = {one.subject.coupling for one in store.journal.unfinished()}
        if busy & set(couplings):
            raise UsageError(
                "a write to one of the customer's records is in progress; nothing was erased",
                remedy="Run `syncengine sync` first: it settles what is in progress.",
            )
        erased = retention.erase(couplings)
        store.history.note(Subject(mapping, couplings[0]), "erased", {"by": "person", "records": len(couplings)})
    return {"records": len(couplings), **erased}


def _of(retention: SqlRetention, mapping: str, customer: str) -> list[int]:
    found = retention.of_customer(mapping, customer)
    if not found:
        raise UsageError(
            f"nothing is kept of {mapping} {customer!r}",
            remedy=f"`syncengine couplings --mapping {mapping}` lists them.",
        )
    return found
