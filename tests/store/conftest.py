"""Each test of this folder runs on SQLite and on PostgreSQL: both keep the same contract."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from syncengine.store.database import open_engine
from syncengine.store.database import prepare
from syncengine.store.store import SqlStore
from tests.store.clock import StillClock

Open = Callable[..., SqlStore]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    address: str = request.getfixturevalue("postgres").database()
    return address


@pytest.fixture
def engine(url: str) -> Engine:
    """An empty store with its tables."""
    made = open_engine(url)
    prepare(made)
    return made


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def open_store(engine: Engine, clock: StillClock) -> Iterator[Open]:
    """Opens the store once more, as another process would: `open_store()`, `open_store("Other Ltd.")`."""
    opened: list[SqlStore] = []

    def opens(company: str = "CRONUS", *, run_id: str = "run-1", writes: bool = True) -> SqlStore:
        store = SqlStore(engine, company, clock, run_id=run_id, writes=writes)
        opened.append(store)
        return store

    yield opens
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Open) -> SqlStore:
    return open_store()
