"""What all tests share: an environment without our variables, and one pair of emulated systems for each worker."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from syncengine.observe.logging import configure
from syncengine.sandbox import world
from syncengine.store import database
from tests.bench import prepared
from tests.bench.bench import Bench
from tests.bench.postgres import Server

ROOT = Path(__file__).parent

for name in [name for name in os.environ if name.startswith("SYNCENGINE")]:
    del os.environ[name]

configure("json", "error")

settings.register_profile("unhurried", deadline=None)  # a busy machine is no fault
settings.load_profile("unhurried")

database.SYNCHRONOUS = "OFF"  # nothing in this process ends in a power cut; other processes wait for the disk

# What needs sockets, a database or a whole company is left out of `make check`.
NOT_QUICK = {"sandbox", "contracts", "scenarios", "service", "store", "stores", "recovery", "exhaustive", "acceptance"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(ROOT).parts[0] in NOT_QUICK:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True, scope="session")
def no_search_through_what_was_imported() -> None:
    """The collector of garbage looks at half a million objects of modules otherwise, again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # each test builds and drops whole companies; to look that often found nothing


@pytest.fixture(scope="session")
def running() -> Iterator[world.Sandbox]:
    """Both services on sockets, for the whole session; each test makes its own company on them."""
    sandbox = world.start(orders=0)
    yield sandbox
    sandbox.host.stop()


@pytest.fixture
def bench(running: world.Sandbox, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A fresh company: master data on both sides, no orders, an empty store; marked as `loaded`, with all of its master
    data coupled already (and with the switches of the back office that the mark names).
    """
    mark = request.node.get_closest_marker("loaded")
    loaded = mark is not None and mark.args != (False,)
    made = prepared.loaded(running, tmp_path, **mark.kwargs) if mark and loaded else Bench(running, tmp_path)
    yield made
    made.restart()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for the whole session; `postgres.database()` is a fresh database in it."""
    server = Server()
    yield server
    server.stop()
