"""The contract of the port `System`, on everything that implements it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncengine.sandbox import world
from tests.bench.bench import Bench
from tests.contracts.beds import CentralBed
from tests.contracts.beds import LedgerBed
from tests.contracts.beds import LiveCentral
from tests.contracts.beds import LiveSales
from tests.contracts.beds import SalesBed
from tests.contracts.beds import live
from tests.contracts.beds import over
from tests.contracts.contract import SystemContract


@pytest.fixture(scope="class")
def company(running: world.Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One company for all tests of a class: each makes orders of its own."""
    folder: Path = tmp_path_factory.mktemp("contract")
    made = Bench(running, folder)
    yield made
    made.restart()


class TestDynamicsSales(SystemContract):
    @pytest.fixture(scope="class")
    @classmethod
    def bed(cls, company: Bench) -> SalesBed:
        found = over(company, "sales")
        assert isinstance(found, SalesBed)
        return found


class TestBusinessCentral(SystemContract):
    @pytest.fixture(scope="class")
    @classmethod
    def bed(cls, company: Bench) -> CentralBed:
        found = over(company, "back_office")
        assert isinstance(found, CentralBed)
        return found


class TestLedger(SystemContract):
    @pytest.fixture(scope="class")
    @classmethod
    def bed(cls) -> LedgerBed:
        return LedgerBed()


class TestLiveDynamicsSales(SystemContract):
    @pytest.fixture(scope="class")
    @classmethod
    def bed(cls) -> LiveSales:
        found = live("sales")
        assert isinstance(found, LiveSales)
        return found


class TestLiveBusinessCentral(SystemContract):
    @pytest.fixture(scope="class")
    @classmethod
    def bed(cls) -> LiveCentral:
        found = live("back_office")
        assert isinstance(found, LiveCentral)
        return found
