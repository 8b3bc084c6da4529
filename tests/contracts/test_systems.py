"""The contract of the port `System`, on everything that implements it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncengine.sandbox import world
from tests.bench.bench import Bench
from tests.contracts.beds import LIVE
from tests.contracts.beds import CentralBed
from tests.contracts.beds import LedgerBed
from tests.contracts.beds import LiveCentral
from tests.contracts.beds import LiveSales
from tests.contracts.beds import SalesBed
from tests.contracts.beds import live
from tests.contracts.beds import over
from tests.contracts.contract import SystemContract

ROOT = Path(__file__).parents[2]


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
    def bed(cls) -> Iterator[LiveSales]:
        with live("sales") as found:
            assert isinstance(found, LiveSales)
            yield found


class TestLiveBusinessCentral(SystemContract):
    @pytest.fixture(scope="class")
    @classmethod
    def bed(cls) -> Iterator[LiveCentral]:
        with live("back_office") as found:
            assert isinstance(found, LiveCentral)
            yield found


@pytest.mark.long
def test_the_live_beds_hold_on_a_tenant_in_another_process(tmp_path: Path) -> None:
    """Somebody's CONTRACT_CONFIG: here it names emulators that were started as a program of their own."""
    config = tmp_path / "tenant.toml"
    program = [sys.executable, "-c", "from syncengine.cli.main import main; main()"]
    tenant = subprocess.Popen(  # noqa: S603  our own program
        [*program, "sandbox", "--orders", "0", "--write-config", str(config)], stdout=subprocess.PIPE, cwd=tmp_path
    )
    try:
        assert tenant.stdout is not None
        assert tenant.stdout.readline()  # both answer by then
        asked = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", "TestLive", __file__]
        told = subprocess.run(  # noqa: S603  our own tests
            asked, capture_output=True, text=True, check=False, env={**os.environ, LIVE: str(config)}, cwd=ROOT
        )
    finally:
        tenant.terminate()
        tenant.communicate()
    assert told.returncode == 0, told.stdout[-4000:]
    passed = re.search(r"(\d+) passed", told.stdout)
    assert passed is not None
    assert int(passed[1]) > 50  # what cannot be had of a tenant is skipped, with its reason
