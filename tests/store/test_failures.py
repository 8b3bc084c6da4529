"""A store that fails says what is wrong and what to do, exits 7, and keeps what it had."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy import text

from syncengine.errors import ConfigurationError
from syncengine.errors import StoreError
from syncengine.ports import Subject
from syncengine.service.lease import hold
from syncengine.store.database import open_engine
from syncengine.store.database import prepare
from syncengine.store.store import SqlStore
from tests.bench.postgres import Server
from tests.store.clock import StillClock
from tests.store.conftest import Open
from tests.store.filled import fill
from tests.store.filled import rows
from tests.store.operations import operation
from tests.store.pictures import DOCUMENT

ORDERS = "SALESORDER-ORDER"


def test_a_store_that_takes_no_writes_can_still_be_read(store: SqlStore, engine: Engine, open_store: Open) -> None:
    fill(store)
    before = rows(store, "CRONUS")
    store.close()
    other = open_store()
    if engine.dialect.name == "sqlite":
        _pragma(other, "query_only = ON")
    else:
        with engine.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = on"))
        other = open_store()
    with pytest.raises(StoreError) as refused, other.transaction():
        other.work.add(Subject(ORDERS, None, "sales", "s1"))
    assert (refused.value.exit_code, refused.value.code) == (7, "store-read-only")
    assert refused.value.remedy
    assert rows(open_store(writes=False), "CRONUS") == before


def test_a_full_disk_loses_nothing(tmp_path: Path, clock: StillClock) -> None:
    """The commit that does not fit is not there at all, the ones before it are; with space it goes on."""
    engine = open_engine(f"sqlite:///{tmp_path / 'small.db'}")
    prepare(engine)
    store = SqlStore(engine, "CRONUS", clock)
    pages = store.session.run(text("PRAGMA page_count")).scalar_one()
    store.session.connection.rollback()
    _pragma(store, f"max_page_count = {pages + 40}")
    kept = 0
    with pytest.raises(StoreError) as refused:  # noqa: PT012  which of them does not fit is SQLite's business
        for _ in range(1000):
            with store.transaction():
                made = store.journal.open(operation(documents={"sales": DOCUMENT, "back_office": DOCUMENT}))
                store.journal.claim(made, ORDERS, "back_office", "key", [f"key {made}"])
            kept += 1
    assert (refused.value.exit_code, refused.value.code) == (7, "store-full")
    assert "free some space" in refused.value.remedy
    assert kept > 0
    with store.transaction():
        assert len(store.journal.unfinished()) == kept
    _pragma(store, f"max_page_count = {pages + 4000}")
    with store.transaction():
        made = store.journal.open(operation())
        assert len(store.journal.unfinished()) == kept + 1
    store.close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"This is a letter to my aunt. " * 100)
    with pytest.raises(StoreError) as refused:
        prepare(open_engine(f"sqlite:///{file}"))
    assert (refused.value.exit_code, refused.value.code) == (7, "store-unreachable")
    assert file.read_bytes().startswith(b"This is a letter")


def test_a_store_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        prepare(open_engine(f"sqlite:///{tmp_path}"))
    assert (refused.value.exit_code, refused.value.code) == (7, "store-unreachable")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError) as refused:
        open_engine(f"sqlite:///{tmp_path / 'file' / 'store.db'}")
    assert refused.value.exit_code == 7


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        prepare(open_engine(f"postgresql+psycopg://nobody@/nothing?host={tmp_path}"))
    assert (refused.value.exit_code, refused.value.code) == (7, "store-unreachable")
    assert refused.value.remedy


def test_a_database_that_is_not_there(postgres: Server) -> None:
    url = postgres.database().replace("/store_", "/no_such_store_")
    with pytest.raises(StoreError) as refused:
        prepare(open_engine(url))
    assert (refused.value.exit_code, refused.value.code) == (7, "store-unreachable")


def test_a_connection_that_is_cut_in_a_transaction(postgres: Server, clock: StillClock) -> None:
    """Nothing of that transaction is kept; as soon as the server answers again, a new connection goes on."""
    url = postgres.database()
    engine = open_engine(url)
    prepare(engine)
    store = SqlStore(engine, "CRONUS", clock)
    coupling = fill(store)
    before = rows(store, "CRONUS")

    def interrupted() -> None:
        with store.transaction():
            store.couplings.end(coupling, "removed", "will not be kept")
            postgres.allow(url, connections=False)
            postgres.cut_off(url)
            store.work.add(Subject(ORDERS, coupling))

    with pytest.raises(StoreError) as refused:
        interrupted()
    assert (refused.value.exit_code, refused.value.code) == (7, "store-unreachable")
    with pytest.raises(StoreError):
        SqlStore(engine, "CRONUS", clock)
    postgres.allow(url, connections=True)
    store.close()
    again = SqlStore(engine, "CRONUS", clock)
    assert rows(again, "CRONUS") == before
    again.close()


def test_a_run_without_its_store_has_no_lease(postgres: Server, clock: StillClock) -> None:
    """The end of the lease does not hide what went wrong."""
    url = postgres.database()
    engine = open_engine(url)
    prepare(engine)
    store = SqlStore(engine, "CRONUS", clock)

    def cut() -> None:
        with hold(engine, store.session, mode="bidirectional", run_id="run-1", lease_s=30):
            postgres.cut_off(url)
            with store.transaction():
                pass

    with pytest.raises(StoreError) as refused:
        cut()
    assert refused.value.code == "store-unreachable"
    store.close()


def test_other_databases_are_refused_with_what_is_known() -> None:
    for url in ("mysql://user@host/db", "nonsense"):
        with pytest.raises(ConfigurationError) as refused:
            open_engine(url)
        assert refused.value.exit_code == 2
        assert "[store] url" in refused.value.message


def _pragma(store: SqlStore, text: str) -> None:
    raw = store.session.connection.connection.driver_connection
    assert raw is not None
    raw.execute(f"PRAGMA {text}").fetchall()
