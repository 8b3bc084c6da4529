"""Company is in every key: two companies in one database never see each other's rows."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import update

from syncengine.errors import FailureClass
from syncengine.ports import Subject
from syncengine.store import queries
from syncengine.store import tables
from tests.store.clock import StillClock
from tests.store.conftest import Open
from tests.store.filled import fill
from tests.store.filled import rows
from tests.store.operations import ORDERS


def test_the_other_company_sees_nothing_of_it(open_store: Open, clock: StillClock) -> None:
    ours, theirs = open_store("CRONUS"), open_store("Fabrikam")
    coupling = fill(ours)
    with theirs.transaction():
        couplings = theirs.couplings
        assert couplings.get([coupling]) == {}
        assert couplings.by_remote(ORDERS, "sales", ["s1"]) == {}
        assert couplings.brief(ORDERS, "sales", ["s1"]) == {}
        assert couplings.known(ORDERS, "sales", ["s0", "s1", "s7"]) == {}
        assert couplings.by_line(ORDERS, "sales", ["line-a"]) == {}
        assert couplings.after(ORDERS, 0, 10) == []
        assert couplings.count(ORDERS) == 0
        assert theirs.cursors.get(ORDERS, "sales", "poll") is None
        assert theirs.cursors.remembered(ORDERS, "sales", ["s8"]) == {}
        assert theirs.cursors.filtered(ORDERS) == 0
        assert theirs.matching.unique(ORDERS, 0, "", 100) == []
        assert theirs.matching.ambiguous(ORDERS, 0, ("", ""), 100) == []
        assert theirs.matching.count(ORDERS, "sales") == 0
        assert theirs.work.claim(ORDERS, 10, clock.now() + timedelta(days=9)) == []
        assert theirs.work.parked() == {}
        assert theirs.work.release("CUSTOMER", {"sales": ["c1"]}) == 0
        assert theirs.work.retry(None) == 0
        assert theirs.journal.unfinished() == []
        assert theirs.journal.busy(ORDERS) == set()
        assert theirs.journal.attempts(Subject(ORDERS, coupling)) == 0
        assert theirs.runs.newest(10) == []
        assert theirs.conflicts.open() == []
        assert theirs.conflicts.counts() == {}
        assert theirs.limits.all() == []
        assert theirs.limits.created() == 0
        assert theirs.archive.versions() == []
        assert theirs.archive.versions("ORD-01001") == []
        assert theirs.remembered.get("identity:sales") is None
        assert theirs.lease.holder() is None
        assert queries.couplings(theirs.session) == []
        assert queries.parked(theirs.session, list(FailureClass)) == []
        assert queries.in_progress(theirs.session) == []
        assert queries.story(theirs.session, "ORD-01001") is None


def test_the_other_company_changes_nothing_of_it(open_store: Open) -> None:
    """Even asked with the first company's own row numbers."""
    ours, theirs = open_store("CRONUS"), open_store("Fabrikam")
    coupling = fill(ours)
    before = rows(ours, "CRONUS")
    with ours.transaction():
        (held,) = ours.journal.unfinished()
        (question,) = ours.conflicts.open()
    with theirs.transaction():
        theirs.couplings.settle(coupling, None, [])
        theirs.couplings.account(coupling, {"sales": {"": "99"}})
        theirs.couplings.name(coupling, "X", "X")
        theirs.conflicts.answer(question.id, "sales")
        theirs.conflicts.refresh(ORDERS, coupling, [])
        theirs.journal.forget(held.id, [1])
        theirs.journal.flag_foreign_edit(held.id)
        theirs.journal.close(held.id, "done")
        theirs.work.done(Subject(ORDERS, coupling))
        theirs.work.retry_mapping(ORDERS)
        theirs.matching.clear(ORDERS)
        theirs.cursors.drop(ORDERS, "poll")
        theirs.cursors.forget(ORDERS, "sales", ["s8"])
        theirs.archive.succeeded(held.id, "X")
        theirs.runs.finished("run of CRONUS", "failed", 70, "")
    assert rows(ours, "CRONUS") == before


def test_both_keep_the_same_names_beside_each_other(open_store: Open) -> None:
    """The same ids, numbers and line ids in both: nothing is unique across companies."""
    ours, theirs = open_store("CRONUS"), open_store("Fabrikam")
    one, two = fill(ours), fill(theirs)
    assert one != two
    for store, coupling in ((ours, one), (theirs, two)):
        with store.transaction():
            assert store.couplings.by_line(ORDERS, "sales", ["line-a"]) == {"line-a": coupling}
            assert store.cursors.get(ORDERS, "sales", "poll") == f"of {store.session.company}"
            assert store.remembered.get("identity:sales") == store.session.company
            holder = store.lease.holder()
            assert holder is not None
            assert holder["holder"] == store.session.company


def test_every_table_has_the_company_in_its_keys(open_store: Open) -> None:
    """Each index and each key that spans rows begins with it; numbers given by the store itself are the exception."""
    store = open_store()
    coupled = fill(store)
    assert coupled
    for table in tables.metadata.sorted_tables:
        assert "company" in table.c, table.name
        keys = [index.columns for index in table.indexes]
        if "id" not in table.primary_key.columns:
            keys.append(table.primary_key.columns)
        for columns in keys:
            assert columns[0].name == "company", (table.name, [column.name for column in columns])
        with store.transaction():
            held = store.session.run(select(func.count()).select_from(table).where(table.c.company == "CRONUS"))
            assert held.scalar_one() > 0, f"this test leaves {table.name} empty"


def test_a_fence_is_that_of_one_company(open_store: Open) -> None:
    ours, theirs = open_store("CRONUS"), open_store("Fabrikam")
    with ours.transaction():
        ours.session.fence = ours.lease.take("us", "bidirectional", "run-1", 30, freed=False)
    with theirs.transaction():
        theirs.lease.take("them", "bidirectional", "run-2", 30, freed=False)
        theirs.session.run(update(tables.leases).where(tables.leases.c.company == "Fabrikam").values(fence=77))
    with ours.transaction():
        ours.cursors.put(ORDERS, "sales", "poll", "still ours")
