"""A company that is handed on from scenario to scenario, as long as each leaves it in agreement."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncengine.sandbox import world
from tests.bench.bench import Bench
from tests.bench.prepared import loaded

MOST = 25  # scenarios to one company: agreement is checked over all its orders


class Shops:
    """The one company that is open, and how many scenarios it has seen."""

    def __init__(self, running: world.Sandbox, folder: Path) -> None:
        self.running = running
        self.folder = folder
        self.opened = 0
        self.used = 0
        self.bench: Bench | None = None

    def take(self) -> Bench:
        bench = self.bench
        if bench is None or bench.spent or Bench.newest is not bench or self.used >= MOST:
            self.close()
            self.opened += 1
            self.used = 0
            bench = loaded(self.running, self.folder / str(self.opened))
            # Many scenarios recreate and remove on one day here; the safety limits have tests of their own.
            bench.configure(integration={"max_destructive_floor": 100_000})
            bench.unlike_new = False
            bench.sync()
            self.bench = bench
        self.used += 1
        bench.spent = True  # until it has shown that both sides agree
        bench.mark()
        return bench

    def close(self) -> None:
        if self.bench is not None:
            self.bench.restart()
            self.bench = None


@pytest.fixture(scope="session")
def shops(running: world.Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    made = Shops(running, tmp_path_factory.mktemp("shops"))
    yield made
    made.close()


@pytest.fixture
def shop(shops: Shops) -> Bench:
    """A company whose master data is coupled already. It may hold orders of scenarios before, all in agreement."""
    return shops.take()
