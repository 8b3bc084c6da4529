"""A dry run works on its own temporary copy of the tables: it sees everything, and nothing of it stays."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlalchemy import inspect
from sqlalchemy import make_url
from sqlalchemy import text

from syncengine.errors import StoreError
from syncengine.ports import Keyed
from syncengine.ports import Subject
from syncengine.store.database import open_engine
from syncengine.store.database import prepare
from syncengine.store.store import SqlStore
from syncengine.store.temporary import shadow
from tests.bench.postgres import Server
from tests.store.clock import StillClock
from tests.store.conftest import Open
from tests.store.filled import fill
from tests.store.filled import impatient
from tests.store.filled import rows
from tests.store.operations import ORDERS
from tests.store.operations import operation
from tests.store.pictures import DOCUMENT


def _pretend(store: SqlStore, coupling: int) -> int:
    """Change something in every table a plan touches; gives the id of a new coupling."""
    with store.transaction():
        made = store.couplings.couple(ORDERS, "s5", "b5", created_by="plan")
        store.couplings.settle(coupling, None, [])
        store.couplings.end(coupling, "removed", "gone")
        store.work.add(Subject(ORDERS, made))
        store.work.retry(None)
        store.work.done(Subject(ORDERS, coupling))
        store.cursors.put(ORDERS, "sales", "poll", "moved")
        store.cursors.remember(ORDERS, "sales", {"s6": "1"}, "filtered")
        store.matching.put(ORDERS, "sales", [Keyed("s7", "", {0: "key"})])
        store.journal.open(operation())
        store.conflicts.refresh(ORDERS, coupling, [])
        store.history.note(Subject(ORDERS, made), "planned", {})
        store.remembered.put("identity:sales", "another")
    return made


def test_it_sees_what_there_is_and_leaves_nothing(store: SqlStore, open_store: Open, engine: Engine) -> None:
    coupling = fill(store)
    before, names = rows(store, "CRONUS"), set(inspect(engine).get_table_names())
    dry = open_store(writes=False)
    shadow(dry.session)
    with dry.transaction():
        assert dry.couplings.by_remote(ORDERS, "sales", ["s1"])["s1"][0].id == coupling
        assert dry.cursors.get(ORDERS, "sales", "poll") == "of CRONUS"
        assert dry.work.pending(ORDERS) == 1
    made = _pretend(dry, coupling)
    with dry.transaction():
        assert dry.couplings.by_remote(ORDERS, "back_office", ["b5"])["b5"][0].id == made
        assert dry.cursors.get(ORDERS, "sales", "poll") == "moved"
        assert dry.conflicts.open() == []
    assert rows(store, "CRONUS") == before
    dry.close()
    assert rows(store, "CRONUS") == before
    assert set(inspect(engine).get_table_names()) == names


def test_it_reads_history_and_archive_and_adds_nothing_to_them(store: SqlStore, open_store: Open) -> None:
    """What was planned before, and a version that a person wants back, are part of what a plan depends on."""
    coupling = fill(store)
    with store.transaction():
        store.history.note(Subject(ORDERS, coupling), "planned", {"kind": "update"})
    dry = open_store(writes=False)
    shadow(dry.session)
    with dry.transaction():
        dry.history.note(Subject(ORDERS, coupling), "planned", {"kind": "pretended"})
        assert [one["kind"] for one in dry.history.newest(Subject(ORDERS, coupling), "planned", 5)] == ["update"]
        assert dry.archive.document(coupling, 1) == DOCUMENT


def test_ids_of_the_copy_continue_where_the_real_ones_are(store: SqlStore, open_store: Open) -> None:
    """A plan that couples must not name another coupling's number."""
    coupling = fill(store)
    dry = open_store(writes=False)
    shadow(dry.session)
    assert _pretend(dry, coupling) > coupling


def test_the_copy_keeps_what_must_be_unique(store: SqlStore, open_store: Open) -> None:
    fill(store)
    dry = open_store(writes=False)
    shadow(dry.session)
    with pytest.raises(StoreError), dry.transaction():
        dry.couplings.couple(ORDERS, "s1", "b9", created_by="plan")


def test_a_plan_needs_no_turn_among_the_writers(store: SqlStore, open_store: Open) -> None:
    """It is asked for while a run is at work: it waits for nobody, and nobody waits for it."""
    fill(store)
    dry = open_store(writes=False)
    impatient(dry.session)
    with store.transaction():
        store.cursors.put(ORDERS, "sales", "poll", "under way")
        shadow(dry.session)
        with dry.transaction():
            assert dry.cursors.get(ORDERS, "sales", "poll") == "of CRONUS"
    impatient(store.session)
    with dry.transaction():
        dry.cursors.put(ORDERS, "sales", "poll", "pretended")
        with store.transaction():
            store.cursors.put(ORDERS, "sales", "poll", "meanwhile")


def test_the_store_may_stand_in_a_schema_of_its_own(postgres: Server, clock: StillClock) -> None:
    """A database shared with others: everything of ours is where the user's search path begins. (PostgreSQL alone.)"""
    url = make_url(postgres.database())
    with open_engine(url.render_as_string(hide_password=False)).begin() as connection:
        connection.execute(text('CREATE SCHEMA "Sync engine"'))
    ours = url.update_query_dict({"options": '-csearch_path="Sync\\ engine"'}).render_as_string(hide_password=False)
    engine = open_engine(ours)
    prepare(engine)
    prepare(engine)
    store = SqlStore(engine, "CRONUS", clock)
    coupling = fill(store)
    dry = SqlStore(engine, "CRONUS", clock, writes=False)
    shadow(dry.session)
    _pretend(dry, coupling)
    with store.transaction():
        assert store.couplings.get([coupling])[coupling].status == "coupled"
    for one in (store, dry):
        one.close()
    assert inspect(open_engine(url.render_as_string(hide_password=False))).get_table_names() == []
