"""`serve` under load, killed with SIGKILL at random moments and started again; on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import random
import subprocess
import threading
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.sandbox import world
from syncengine.sandbox.people import Refused
from tests.acceptance.shell import Shell

STORES = ("sqlite", "postgresql")
SCHEDULE = '\n[schedule]\nincremental = "every 1s"\nsweep = "every 2s"\nverify = ""\n'
NO_LIMIT = ("[integration]\n", "[integration]\nmax_destructive_floor = 100000\n")  # it has tests of its own
ENOUGH_RUNS = 8


class Load:
    """Two people who go on working, each edit with a value of its own, until they are told to stop."""

    def __init__(self, running: world.Sandbox, seed: int) -> None:
        self.running = running
        self.dice = random.Random(seed)  # noqa: S311  chance, no secret
        self.numbers: list[str] = []
        self.quantities: dict[str, int] = {}  # the last quantity that a seller asked for
        self.failure: BaseException | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        assert self.failure is None, self.failure

    def _work(self) -> None:
        try:
            seller, clerk = self.running.seller(), self.running.clerk()
            value = 100
            while not self._stopping.wait(0.3):
                value += 1
                if len(self.numbers) < 4 or self.dice.random() < 0.1:
                    self._enter(seller)
                    continue
                number = self.dice.choice(self.numbers)
                try:
                    if self.dice.random() < 0.6:
                        order = seller.order(number)
                        line = order["order_details"][0]["salesorderdetailid"]
                        seller.edit(order["salesorderid"], lines={line: {"quantity": value}})
                        self.quantities[number] = value
                    else:
                        clerk.change(clerk.order(number), requestedDeliveryDate=f"2027-{1 + value % 12:02}-11")
                except (Refused, LookupError):
                    continue  # not there yet, or just being replaced: people try again
        except BaseException as error:  # noqa: BLE001  shown by stop()
            self.failure = error

    def _enter(self, seller: Any) -> None:
        seeded = self.running.world
        lines = [
            {"product": one.sales_id, "unit": one.units[0].sales_id, "quantity": 2, "price": one.price}
            for one in seeded.products[:2]
        ]
        order = seller.enter(
            seeded.customers[0].sales_id, seeded.price_lists["USD"], seeded.currencies["USD"], lines
        )  # fmt: skip
        seller.submit(order)
        self.numbers.append(str(seller.order(order)["ordernumber"]))


def _killed(tmp_path: Path, store: str, kills: int, seed: int) -> None:
    running = world.start(orders=0)
    load = Load(running, seed)
    try:
        config = tmp_path / "syncengine.toml"
        config.write_text(running.configuration(store).replace(*NO_LIMIT) + SCHEDULE, encoding="utf-8")
        shell = Shell(config, running.printed(None), dict(_environment()))
        dice = random.Random(seed)  # noqa: S311  chance, no secret
        load.start()
        survived = 0
        for _ in range(kills):
            process = shell.start("--log-level", "error", "serve", "--port", "0")
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Listening on ")
            try:
                process.wait(dice.uniform(0.1, 2.0))
            except subprocess.TimeoutExpired:
                process.kill()
                survived += 1
            process.communicate(timeout=20)
        assert survived == kills, "a daemon ended by itself"
        load.stop()
        _agreement(shell, load, running)
        amid = sum(run["status"] == "interrupted" for run in shell.json("jobs", "--limit", "100000"))
        print(f"{kills} kills survived, {amid} of them amid a run")  # noqa: T201  shown with -s
        assert amid
    finally:
        load._stopping.set()
        running.host.stop()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SYNCENGINE")}


def _agreement(shell: Shell, load: Load, running: world.Sandbox) -> None:
    """Without a person: writes stop, no order stands there twice, the sellers' last words stand on both sides."""
    for _ in range(ENOUGH_RUNS):
        again = shell.json("sync", "--sweep", "--wait", "60", expect=None)
        written = sum(sum(one["inserted"].values()) + sum(one["modified"].values()) for one in again["mappings"])
        if again["exit_code"] == 0 and not written and not any(one["in_progress"] for one in again["mappings"]):
            break
    else:
        raise AssertionError(f"it does not come to rest: {again}")
    found = shell.json("verify", expect=None)
    assert found["differences"] == []
    clerk, seller = running.clerk(), running.seller()
    documents = clerk.orders("number ne ''")
    keys = Counter(one["externalDocumentNumber"] for one in documents)
    assert keys == Counter(load.numbers)
    assert len(seller.person.get("salesorders?$select=salesorderid")["value"]) == len(load.numbers)
    for number, quantity in load.quantities.items():
        assert clerk.order(number)["salesOrderLines"][0]["quantity"] == Decimal(quantity)


@pytest.mark.slow
@pytest.mark.parametrize("store", STORES)
def test_a_daemon_that_is_killed_a_few_times(tmp_path: Path, store: str, request: pytest.FixtureRequest) -> None:
    url = "sqlite:///engine.db" if store == "sqlite" else request.getfixturevalue("postgres").database()
    _killed(tmp_path, url, 3, 1)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("store", STORES)
def test_a_daemon_that_is_killed_two_hundred_times(tmp_path: Path, store: str, request: pytest.FixtureRequest) -> None:
    url = "sqlite:///engine.db" if store == "sqlite" else request.getfixturevalue("postgres").database()
    seed = random.randrange(1_000_000)  # noqa: S311  chance, no secret
    print(f"seed {seed}")  # noqa: T201  shown when it fails
    _killed(tmp_path, url, 200, seed)
