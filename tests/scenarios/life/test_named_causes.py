"""Why an order does not go on, each cause by its name, with the way out: and that the way out is one."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.errors import FailureClass
from tests.bench.bench import Bench
from tests.scenarios.acts import SUBMITTED
from tests.scenarios.acts import coupled
from tests.scenarios.acts import listed
from tests.scenarios.acts import live
from tests.scenarios.acts import sales_id
from tests.scenarios.acts import status_line
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.slow


def _retry(bench: Bench) -> None:
    with bench.company.store(writes=True) as store, store.transaction():
        store.work.retry(None)


def _write_in(bench: Bench, number: str) -> None:
    """A line that names its product by text."""
    order = sales_id(bench, number)
    bench.seller.reactivate(order)
    bench.seller.person.request(
        "POST",
        "salesorderdetails",
        {
            "salesorderid@odata.bind": f"/salesorders({order})",
            "isproductoverridden": True,
            "productdescription": "engraving",
            "quantity": 1,
            "priceperunit": 25,
            "lineitemnumber": 9,
        },
    )
    bench.seller.submit(order)


@scenario(
    "no setting that says which item stands for write-in lines",
    "a new order has such a line, and a coupled one gets one",
    "both wait for a person by that cause, nothing is written; with the setting both go on",
)
def test_write_in_unset(bench: Bench) -> None:
    text = bench.config.read_text(encoding="utf-8")
    bench.config.write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith("write_in")), encoding="utf-8"
    )
    bench.restart()
    old, new = coupled(bench), bench.sales_order(2, submit=False)
    for number in (old, new):
        _write_in(bench, number)
    bench.mark()
    result = bench.sync(expect=1)
    assert [error["code"] for error in result["errors"]] == ["write-in-unset"] * 2
    assert all("[back_office] write_in" in error["remedy"] for error in result["errors"])
    assert bench.writes("back_office") == []
    assert "no setting says which item stands for it" in status_line(bench, old)
    bench.config.write_text(text, encoding="utf-8")
    bench.restart()
    _retry(bench)
    bench.sync()
    for number, lines in ((old, 3), (new, 2)):
        (document,) = live(bench, number)
        assert len(document["salesOrderLines"]) == lines
        assert document["salesOrderLines"][-1]["description"] == "engraving"
    bench.agreed()


def _flows(bench: Bench, number: str, patch: pytest.MonkeyPatch) -> None:
    """A job in the back office and a flow in Sales, each of which answers a write there with an edit of its own."""
    order, days, places = sales_id(bench, number), iter(range(2, 28)), iter(range(1, 99))
    acts = {
        "back_office": lambda: bench.clerk.change(
            live(bench, number)[0], requestedDeliveryDate=f"2027-03-{next(days):02}"
        ),
        "sales": lambda: bench.seller.edit(order, shipto_line2=f"Dock {next(places)}"),
    }

    def writing(side: str, write: Any) -> Any:
        def written(groups: Any, view: Any) -> Any:
            answers = list(write(groups, view))
            acts[side]()
            return iter(answers)

        return written

    for side, system in bench.company.systems().items():
        patch.setattr(system, "write", writing(side, system.write))


@scenario(
    "a job in the back office and a flow in Sales, each of which answers a write there with an edit of its own",
    "a run carries each over and finds the next",
    "it ends after a few plans and says so; once they are off, `retry` brings both to agree",
)
def test_does_not_settle(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    number = coupled(bench)
    order = sales_id(bench, number)
    bench.seller.edit(order, requestdeliveryby="2027-03-01T12:00:00Z")
    with monkeypatch.context() as patch:
        _flows(bench, number, patch)
        result = bench.sync(expect=1)
    (error,) = result["errors"]
    assert (error["code"], error["class"]) == ("does-not-settle", "needs-a-person")
    assert "requested_delivery" in error["message"]
    assert "syncengine explain" in error["remedy"]
    _retry(bench)
    bench.sync()
    bench.agreed()


@scenario(
    "a mapping without a price list for what it creates in Sales",
    "a clerk's order comes over, and Sales cannot compute its prices",
    "it is not submitted half made, and a person reads which column says so; put right there, `retry` submits it",
)
def test_not_healthy(bench: Bench) -> None:
    bench.overlay("name: SALESORDER-ORDER\nfields:\n  price_list: null\n")
    bench.sync()
    document = bench.back_office_order(2)
    result = bench.sync(expect=1)
    (error,) = result["errors"]
    assert (error["code"], error["side"]) == ("not-healthy", "sales")
    assert "pricingerrorcode = 2" in error["message"]
    assert "syncengine retry" in error["remedy"]
    (row,) = bench.admin.person.get("salesorders?$filter=statecode eq 0")["value"]
    bench.sync(expect=1)
    assert len(bench.admin.person.get("salesorders?$select=salesorderid")["value"]) == 1
    price_list = bench.running.world.price_lists["USD"]
    bench.admin.person.request(
        "PATCH", f"salesorders({row['salesorderid']})", {"pricelevelid@odata.bind": f"/pricelevels({price_list})"}
    )
    _retry(bench)
    bench.sync()
    order = bench.seller.order(row["salesorderid"])
    assert (order["statecode"], order["pricingerrorcode"]) == (1, 0)
    assert order["submitstatusdescription"].startswith(document["number"])
    bench.agreed()


@scenario(
    "a clerk's order that was made in Sales, and that Sales refused to submit",
    "{then}",
    "{end}",
)
@pytest.mark.parametrize(
    ("then", "end"),
    [
        ("it is tried again", "it is submitted: its state was no seller's"),
        ("a seller edits it meanwhile", "it is the seller's to submit, and nothing is written before"),
    ],
)
def test_not_submitted(bench: Bench, then: str, end: str) -> None:
    bench.sync()
    bench.back_office_order(2)
    bench.fault(
        "sales", kind="refuse", next=9, status=400, code="0x80040265", message="Not now.",
        match={"method": "PATCH", "body": "statecode"},
    )  # fmt: skip
    result = bench.sync(expect=1)
    assert [error["code"] for error in result["errors"]] == ["refused"]
    bench.calm()
    (row,) = bench.admin.person.get("salesorders?$filter=statecode eq 0")["value"]
    order = row["salesorderid"]
    if "edits" in then:
        bench.seller.change(order, requestdeliveryby="2027-03-16T12:00:00Z")
    _retry(bench)
    bench.mark()
    bench.sync()
    if "edits" in then:
        assert bench.writes() == []
        assert listed(bench, FailureClass.WAITING) == ["held"]
        bench.seller.submit(order)
        bench.sync()
        number = bench.seller.order(order)["submitstatusdescription"].partition(" ")[0]
        assert bench.clerk.order(number)["requestedDeliveryDate"] == "2027-03-16"
    assert bench.seller.order(order)["statecode"] == SUBMITTED
    assert len(bench.admin.person.get("salesorders?$select=salesorderid")["value"]) == 1
    bench.agreed()
