"""What a person holds up or sets aside: pause, exclude, skip, uncouple, and a sync of certain orders only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench.bench import Bench
from tests.bench.cli import Cli

pytestmark = [pytest.mark.slow, pytest.mark.loaded]

ORDERS = "SALESORDER-ORDER"


@pytest.fixture
def cli(bench: Bench) -> Cli:
    bench.sync()
    return Cli(bench)


def _of_orders(result: dict[str, Any]) -> dict[str, Any]:
    (found,) = [one for one in result["mappings"] if one["mapping"] == ORDERS]
    return dict(found)


def _waiting_order(bench: Bench) -> str:
    """An order of a customer that nobody knows in the back office."""
    account = bench.admin.person.request(
        "POST", "accounts", {"name": "Tailspin Toys", "accountnumber": "90210"}, prefer="return=representation"
    )
    number = bench.sales_order(1, account=account["accountid"])
    bench.sync()
    return number


# pause, resume


def test_a_paused_mapping_is_not_written_and_catches_up_later(bench: Bench, cli: Cli) -> None:
    """Masters go on, orders stand still; the changes are noticed meanwhile, and the age of the oldest one is shown."""
    coupled = bench.sales_order(2)
    bench.sync()
    assert cli.json("pause", "--mapping", ORDERS) == {"paused": [ORDERS]}
    number = bench.sales_order(3)
    bench.seller.edit(bench.seller.order(coupled)["salesorderid"], shipto_city="Portland")
    bench.mark()
    result = bench.sync()
    assert (bench.writes(), result["paused"]) == ([], [ORDERS])
    (standing,) = [one for one in cli.json("status")["mappings"] if one["id"] == ORDERS]
    assert standing["paused"]
    assert standing["pending"] == 2
    assert standing["freshness_s"]["sales"] is not None
    assert standing["freshness_s"]["back_office"] is None
    assert cli.json("resume") == {"paused": []}
    bench.sync()
    assert bench.clerk.order(number)["externalDocumentNumber"] == number
    assert bench.clerk.order(coupled)["shipToCity"] == "Portland"
    bench.agreed()


def test_everything_can_be_paused(bench: Bench, cli: Cli) -> None:
    assert cli.run("pause").out == "Paused: everything.\n"
    bench.sales_order(2)
    bench.mark()
    said = cli.run("sync")
    assert bench.writes() == []
    assert said.out.startswith("Paused, so nothing of it was written: ")
    paused = said.out.splitlines()[0]
    assert "CURRENCY" in paused
    assert ORDERS in paused
    assert cli.json("plan")["actions"] == []
    assert cli.run("resume", "--mapping", ORDERS, expect=2).out == ""
    assert cli.run("resume").out == "Nothing is paused.\n"
    bench.sync()
    bench.agreed()


def test_an_unknown_mapping_is_not_paused(cli: Cli) -> None:
    error = cli.json("pause", "--mapping", "SALESORDER", expect=2)["error"]
    assert set(error) == {"code", "message", "remedy", "side"}
    assert ORDERS in error["remedy"]


# exclude


def test_an_excluded_order_is_left_alone_in_every_version(bench: Bench, cli: Cli) -> None:
    """Neither side is written, whoever edits it, a sweep included; taken back, it catches up."""
    number = bench.sales_order(2)
    bench.sync()
    excluded = cli.json("exclude", number)
    assert (excluded["order"], excluded["mapping"]) == (number, ORDERS)
    order = bench.seller.order(number)
    bench.seller.edit(order["salesorderid"], shipto_city="Portland")
    document = bench.clerk.order(number)
    bench.clerk.change(document, requestedDeliveryDate="2027-03-16")
    bench.mark()
    bench.sync()
    bench.sync(sweep_all=True)
    bench.full_sync()
    assert bench.writes() == []
    (row,) = cli.json("skipped")
    assert (row["id"], row["state"], row["record"]["number"]) == (excluded["id"], "excluded", number)
    reasons = {one["reason"] for one in cli.json("verify", expect=1)["differences"]}
    assert reasons == {"filtered"}
    assert cli.json("retry", str(row["id"])) == {"retried": 1}
    bench.sync()
    assert bench.clerk.order(number)["shipToCity"] == "Portland"
    assert cli.json("skipped") == []
    bench.agreed()


def test_a_new_order_can_be_excluded_before_it_was_ever_read(bench: Bench, cli: Cli) -> None:
    number = bench.sales_order(2)
    said = cli.run("exclude", number)
    assert said.out.startswith(f"{number} is left out from now on.")
    bench.mark()
    bench.sync()
    bench.full_sync()
    assert bench.writes() == []
    verified = bench.verify()
    assert (verified["exit_code"], verified["differences"], verified["filtered"]) == (0, [], 1)


def test_an_excluded_order_that_is_coupled_by_hand_stays_excluded(bench: Bench, cli: Cli) -> None:
    number = bench.sales_order(2)
    cli.run("exclude", number)
    document = bench.back_office_order(2)
    cli.run("exclude", document["number"])
    cli.run("couple-record", ORDERS, number, document["number"])
    bench.mark()
    bench.sync()
    assert bench.writes() == []
    assert [row["state"] for row in cli.json("skipped")] == ["excluded"]


def test_nobody_excludes_what_is_not_there(cli: Cli) -> None:
    assert "NO-SUCH-ORDER" in cli.json("exclude", "NO-SUCH-ORDER", expect=2)["error"]["message"]


# skip


def test_a_skipped_problem_is_told_no_more_until_the_record_changes(bench: Bench, cli: Cli) -> None:
    number = _waiting_order(bench)
    (waits,) = cli.json("waiting")
    assert cli.json("skip", str(waits["id"])) == {"skipped": 1}
    assert cli.json("waiting") == []
    assert _of_orders(bench.sync())["waiting"] == 0
    bench.full_sync()
    assert cli.json("waiting") == []
    (row,) = cli.json("skipped")
    assert (row["state"], row["record"]["number"], row["message"]) == ("skipped", number, waits["message"])
    bench.seller.edit(bench.seller.order(number)["salesorderid"], shipto_city="Portland")
    bench.sync()
    assert cli.json("skipped") == []
    assert [one["record"]["number"] for one in cli.json("waiting")] == [number]


def test_a_conflict_is_set_aside_with_its_order(bench: Bench, cli: Cli) -> None:
    """It is neither listed nor counted any more; taken back, it is asked again."""
    number = bench.sales_order(2)
    bench.sync()
    order, document = bench.seller.order(number), bench.clerk.order(number)
    bench.clerk.change_line(document, document["salesOrderLines"][0], quantity=15)
    bench.seller.edit(order["salesorderid"], lines={order["order_details"][0]["salesorderdetailid"]: {"quantity": 20}})
    bench.sync(expect=1)
    excluded = cli.json("exclude", number)
    bench.sync()
    assert cli.json("conflicts") == []
    cli.json("retry", str(excluded["id"]))
    bench.sync(expect=1)
    assert [one["group"] for one in cli.json("conflicts")] == ["goods"]


def test_a_skipped_problem_can_be_taken_back(bench: Bench, cli: Cli) -> None:
    _waiting_order(bench)
    (waits,) = cli.json("waiting")
    assert cli.run("skip", str(waits["id"])).out == "1 skipped. `syncengine skipped` lists them.\n"
    cli.run("retry", "--all")
    assert len(cli.json("skipped")) == 1, "`--all` is what is parked, not what was skipped"
    cli.run("retry", str(waits["id"]), "--now")
    assert len(cli.json("waiting")) == 1


def test_skip_takes_all_or_none(bench: Bench, cli: Cli) -> None:
    _waiting_order(bench)
    (waits,) = cli.json("waiting")
    cli.run("skip", str(waits["id"]), "4711", expect=2)
    assert len(cli.json("waiting")) == 1
    cli.run("skip", expect=2)


def test_skip_and_exclude_now(bench: Bench, cli: Cli) -> None:
    """`--now` answers with the run."""
    _waiting_order(bench)
    (waits,) = cli.json("waiting")
    other = bench.sales_order(2)
    result = cli.json("skip", str(waits["id"]), "--now")
    assert (result["kind"], result["status"]) == ("sync", "completed")
    assert bench.clerk.order(other)["externalDocumentNumber"] == other
    assert cli.json("exclude", other, "--now")["kind"] == "sync"


# uncouple


def test_an_uncoupled_order_is_not_created_again_and_can_be_coupled_again(bench: Bench, cli: Cli) -> None:
    number = bench.sales_order(2)
    bench.sync()
    there = bench.clerk.order(number)["number"]
    ended = cli.json("uncouple", ORDERS, number)
    assert (ended["mapping"], ended["uncoupled"]) == (ORDERS, 1)
    bench.seller.edit(bench.seller.order(number)["salesorderid"], shipto_city="Portland")
    bench.mark()
    bench.sync()
    assert bench.writes() == []
    (row,) = cli.json("couplings", "--mapping", ORDERS)
    assert row["status"] == "uncoupled"
    cli.run("couple-record", ORDERS, number, there)
    cli.run("uncouple", ORDERS, number)
    cli.run("couple", "--mapping", ORDERS)
    assert [one["status"] for one in cli.json("couplings", "--mapping", ORDERS)] == [
        "coupled", "uncoupled", "uncoupled",
    ]  # fmt: skip
    bench.sync(expect=None)
    assert len(bench.live_documents(number)) == 1


def test_a_whole_mapping_is_uncoupled_and_matched_again(bench: Bench, cli: Cli) -> None:
    before = len([one for one in cli.json("couplings", "--mapping", "CUSTOMER") if one["status"] == "coupled"])
    said = cli.run("uncouple", "CUSTOMER", "--all")
    assert said.out.startswith(f"{before} uncoupled.")
    cli.run("couple", "--mapping", "CUSTOMER")
    found = [one["status"] for one in cli.json("couplings", "--mapping", "CUSTOMER")]
    assert (found.count("coupled"), found.count("uncoupled")) == (before, before)
    number = bench.sales_order(2)
    bench.sync()
    assert bench.clerk.order(number)["externalDocumentNumber"] == number
    bench.agreed()


def test_uncouple_says_what_it_needs(cli: Cli) -> None:
    cli.run("uncouple", ORDERS, expect=2)
    cli.run("uncouple", ORDERS, "ORD-1", "--all", expect=2)
    cli.run("uncouple", ORDERS, "ORD-1", expect=2)
    cli.run("uncouple", "NO MAPPING", "--all", expect=2)


# sync --order


def test_a_sync_of_one_order_leaves_the_others_for_the_next_run(bench: Bench, cli: Cli) -> None:
    one, other = bench.sales_order(2), bench.sales_order(3)
    result = cli.json("sync", "--order", one)
    assert (result["kind"], result["status"], _of_orders(result)["inserted"]["back_office"]) == ("sync", "completed", 1)
    assert bench.clerk.order(one)["externalDocumentNumber"] == one
    assert bench.live_documents(other) == []
    bench.seller.edit(bench.seller.order(one)["salesorderid"], shipto_city="Portland")
    cli.run("sync", "--order", bench.clerk.order(one)["number"])
    assert bench.clerk.order(one)["shipToCity"] == "Portland"
    assert bench.live_documents(other) == []
    bench.sync()
    assert bench.clerk.order(other)["externalDocumentNumber"] == other
    bench.agreed()


def test_several_orders_and_a_dry_run(bench: Bench, cli: Cli) -> None:
    numbers = [bench.sales_order(n) for n in (2, 3, 4)]
    document = bench.back_office_order(5)
    bench.mark()
    asked = ("--order", numbers[0], "--order", document["id"])
    planned = cli.json("sync", *asked, "--dry-run")
    assert {one["record"]["number"] for one in planned["actions"]} == {numbers[0], document["number"]}
    assert bench.writes() == []
    cli.run("sync", *asked)
    assert [len(bench.live_documents(number)) for number in numbers] == [1, 0, 0]
    bench.sales_order_of(document["number"])


def test_an_order_that_nobody_has(cli: Cli) -> None:
    error = cli.json("sync", "--order", "ORD-9", expect=2)["error"]
    assert "ORD-9" in error["message"]
    cli.run("sync", "--order", "ORD-9", "--sweep", expect=2)
