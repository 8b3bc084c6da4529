"""A store with something in every table."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy import text

from syncengine.errors import FailureClass
from syncengine.planner.steps import Problem
from syncengine.ports import Keyed
from syncengine.ports import Subject
from syncengine.records.record import LinePair
from syncengine.records.values import Ref
from syncengine.store import tables
from syncengine.store.session import Session
from syncengine.store.store import SqlStore
from tests.store.operations import GOODS
from tests.store.operations import ORDERS
from tests.store.operations import SENT_AT
from tests.store.operations import operation
from tests.store.pictures import BASE
from tests.store.pictures import DOCUMENT

WAITING = Problem(FailureClass.WAITING, "not-coupled", "waiting", "")


def fill(store: SqlStore) -> int:
    """Something in every table, under the same names in each company; gives the coupling."""
    with store.transaction():
        coupling = store.couplings.couple(ORDERS, "s1", "b1", created_by="match")
        store.couplings.name(coupling, "ORD-01001", "S-ORD101001")
        store.couplings.settle(coupling, BASE, [LinePair(-1, "line-a", "20000")])
        store.couplings.former(ORDERS, "sales", "s0", coupling, "predecessor")
        store.cursors.put(ORDERS, "sales", "poll", f"of {store.session.company}")
        store.cursors.remember(ORDERS, "sales", {"s8": store.session.company}, "filtered")
        store.matching.put(ORDERS, "sales", [Keyed("s9", "", {0: "key"})])
        store.matching.put(ORDERS, "back_office", [Keyed("b9", "", {0: "key"})])
        store.work.park(Subject(ORDERS, None, "sales", "s2"), WAITING, causes=[Ref("CUSTOMER", None, "sales", "c1")])
        store.work.add(Subject(ORDERS, coupling))
        made = store.journal.open(operation(subject=Subject(ORDERS, coupling)))
        store.journal.claim(made, ORDERS, "sales", "id", ["s7"])
        store.journal.sending(made, [1], SENT_AT)
        store.runs.started(f"run of {store.session.company}", "sync", "bidirectional")
        store.conflicts.refresh(ORDERS, coupling, [GOODS])
        store.archive.keep(
            mapping=ORDERS, coupling=coupling, operation=made, order="ORD-01001", number="S-1", reason="",
            document=DOCUMENT, decisions=(),
        )  # fmt: skip
        store.history.note(Subject(ORDERS, coupling), "seen", {})
        store.limits.open("destructive-limit", f"of {store.session.company}")
        store.remembered.put("identity:sales", store.session.company)
        store.lease.take(store.session.company, "bidirectional", "run-1", 30, freed=False)
    return coupling


def rows(store: SqlStore, company: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of a company, by table, in an order of their own."""
    with store.transaction():
        return {
            table.name: sorted(
                (tuple(row) for row in store.session.run(select(table).where(table.c.company == company))), key=repr
            )
            for table in tables.metadata.sorted_tables
        }


def impatient(session: Session) -> None:
    """Does not wait for a lock."""
    sqlite = session.connection.dialect.name == "sqlite"
    raw = session.connection.connection.driver_connection
    assert raw is not None
    raw.execute("PRAGMA busy_timeout = 0" if sqlite else "SET lock_timeout = '100ms'")
    if not sqlite:
        raw.commit()
    assert session.run(text("SELECT 1")).scalar() == 1
    session.connection.rollback()
