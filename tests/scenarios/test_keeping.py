"""What is kept: versions brought back, differences repaired, old things forgotten, a customer shown and erased."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.bench import Bench
from tests.bench.cli import Cli

pytestmark = [pytest.mark.slow, pytest.mark.loaded]


@pytest.fixture
def cli(bench: Bench) -> Cli:
    bench.sync()
    return Cli(bench)


def _recreated(bench: Bench) -> str:
    number = bench.sales_order(2)
    bench.sync()
    order = bench.seller.order(number)
    line = order["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(order["salesorderid"], lines={line: {"quantity": 9}})
    bench.sync()
    return number


def test_a_version_is_brought_back_by_command(bench: Bench, cli: Cli) -> None:
    number = _recreated(bench)
    (version,) = cli.json("archive", "list", number)
    told = cli.json("archive", "restore", number, "1")
    assert told == {"order": number, "version": 1, "number": version["number"]}
    planned = cli.json("plan")
    assert [one["record"]["number"] for one in planned["actions"]] == [number], "a change like any other is planned"
    bench.sync()
    assert [one["quantity"] for one in bench.clerk.order(number)["salesOrderLines"]] == [2]
    assert [one["quantity"] for one in bench.seller.order(number)["order_details"]] == [2]
    assert len(bench.live_documents(number)) == 1
    assert [one["version"] for one in cli.json("archive", "list", number)] == [2, 1]
    bench.agreed()


def test_a_version_is_brought_back_at_once(bench: Bench, cli: Cli) -> None:
    number = _recreated(bench)
    said = cli.run("archive", "restore", number, "1", "--now")
    assert "recreated" in said.out
    assert [one["quantity"] for one in bench.clerk.order(number)["salesOrderLines"]] == [2]


def test_a_version_that_there_is_not(bench: Bench, cli: Cli) -> None:
    number = _recreated(bench)
    assert "Versions kept: 1." in cli.json("archive", "restore", number, "7", expect=2)["error"]["remedy"]
    said = cli.run("archive", "restore", number, "1")
    assert said.out.startswith(f"Noted: version 1 of {number}")


def test_verify_repairs_by_a_sync(bench: Bench, cli: Cli) -> None:
    """A row altered straight in the database, no stamp moved: found, queued, and carried over by the next sync."""
    number = bench.sales_order(2)
    bench.sync()
    document = bench.clerk.order(number)
    bench.clerk.change(document, requestedDeliveryDate="2027-03-16")
    with bench.company.store(writes=True) as store, store.transaction():
        tokens = store.couplings.named("SALESORDER-ORDER", number)[0]
    bench.sync()
    with bench.company.store(writes=True) as store, store.transaction():
        # As if that change had been read and lost.
        store.couplings.settle(tokens.id, tokens.base, tokens.line_pairs)
    order = bench.seller.order(number)
    bench.seller.edit(order["salesorderid"], requestdeliveryby="2027-05-05T16:00:00Z")
    with bench.company.store(writes=True) as store, store.transaction():
        current = store.couplings.get([tokens.id])[tokens.id]
        for side in ("sales",):
            found = bench.company.sales.read(_view(), [current.sales_id])[current.sales_id]
            store.couplings.account(
                current.id, {**current.tokens, side: {**current.tokens["sales"], "": getattr(found, "version", None)}}
            )
    bench.mark()
    bench.sync()
    assert bench.writes() == [], "nothing says that anything has changed"
    found_by = cli.json("verify", "--repair", expect=1)
    assert {one["group"] for one in found_by["differences"]} >= {"requested_delivery"}
    assert bench.writes() == [], "verify has no writes of its own"
    bench.sync(expect=None)
    assert bench.clerk.order(number)["requestedDeliveryDate"] == "2027-05-05"


def _view():  # type: ignore[no-untyped-def]  # noqa: ANN202
    from syncengine.records.document import View  # noqa: PLC0415

    return View("salesorders", ("ordernumber",))


def test_old_things_are_forgotten_once_a_day(bench: Bench, cli: Cli) -> None:
    bench.configure(retention={"history_days": 1, "archive_days": 1, "operations_days": 2, "runs_days": 1})
    number = _recreated(bench)
    assert cli.json("archive", "list", number) != []
    bench.clock.sleep(3 * 86400)
    bench.sync()
    assert cli.json("archive", "list", number) == []
    assert len(cli.json("jobs")) == 1
    told = cli.json("explain", number)
    assert told["events"] == []
    assert told["coupling"]["base"] is not None
    assert set(cli.json("data", "prune")) == {"history", "conflicts", "archive", "operations", "runs"}
    assert cli.run("data", "prune").out == "Removed: nothing.\n"
    bench.agreed()


def test_a_customer_is_shown_and_forgotten(bench: Bench, cli: Cli, tmp_path: Path) -> None:
    number = _recreated(bench)
    customer = bench.clerk.order(number)["customerNumber"]
    told = cli.json("data", "export", customer)
    assert {one["mapping"] for one in told} == {"CUSTOMER", "SALESORDER-ORDER"}
    (order,) = [one for one in told if one["mapping"] == "SALESORDER-ORDER"]
    assert (order["sales"]["number"], len(order["archive"])) == (number, 1)
    file = tmp_path / "customer.json"
    assert cli.run("data", "export", customer, "--out", str(file)).out.startswith("2 records")
    assert len(json.loads(file.read_text())) == 2
    assert file.stat().st_mode & 0o077 == 0
    cli.run("data", "erase", customer, expect=2)
    erased = cli.json("data", "erase", customer, "--yes")
    assert (erased["records"], erased["archive"]) == (2, 1)
    assert cli.json("archive", "list", number) == []
    bench.agreed()
    cli.run("data", "export", "NOBODY", expect=2)
    assert cli.run("data", "erase", customer, "--yes").out.startswith("Erased: 2 records")
