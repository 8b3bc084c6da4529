"""The back doors: setup, rows, reset, the clerk's own fields; and seeding in process."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from syncengine.sandbox.back_office import BusinessCentral
from syncengine.sandbox.back_office.refusals import RefusedError


def test_setup_lists_every_switch_with_its_meaning(bare: Any) -> None:
    """Value, default, choices, meaning and the mark of its source."""
    plain = bare.door("GET", "setup")
    described = bare.door("GET", "setup?describe=1")
    assert plain.keys() == described.keys()
    assert {"archive_orders", "bidirectional", "legacy", "has_archive_api", "has_companion"} <= plain.keys()
    for one in described.values():
        assert one.keys() == {"value", "default", "choices", "meaning", "mark"}
        assert one["mark"].startswith("[")
        assert one["value"] == one["default"]


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"unicorn": 1}, "archive_orders"),
        ({"lambdas": "maybe"}, "ignored, refused"),
        ({"archive_orders": "yes"}, "any bool"),
        ({"stale_status": 500}, "409, 412"),
        ({"rate_limit": -1}, "zero and above"),
    ],
)
def test_an_unknown_switch_or_value_is_400_naming_the_legal_ones(bare: Any, sent: Any, says: Any) -> None:
    """And nothing is changed."""
    before = bare.door("GET", "setup")
    answer = bare._send("PATCH", f"{bare.origin}/sandbox/setup", sent, {})
    assert answer.status_code == 400
    assert says in answer.text
    assert bare.door("GET", "setup") == before


def test_reset_gives_the_same_ids_again(lab: Any) -> None:
    """Right after construction: one company, no records, default switches; tokens stay."""
    first = lab.company.id
    lab.switch(archive_orders=True)
    lab.door("POST", "reset")
    assert lab.door("GET", "setup")["archive_orders"] is False
    (company,) = lab.list(f"{lab.root}/companies")
    assert company["id"] == first
    lab.use(next(iter(lab.service.environment.companies.values())))
    for path in ("customers", "items", "salesOrders"):
        assert lab.list(path) == []
    assert lab.list("generalLedgerSetup")[0]["localCurrencyCode"] == "USD"


def test_the_same_seed_gives_the_same_ids() -> None:
    """Runs are repeatable; another seed gives others."""
    ids = [[*BusinessCentral(seed=seed).environment.companies] for seed in (5, 5, 6)]
    assert ids[0] == ids[1] != ids[2]


def test_a_row_changed_in_the_database_moves_no_stamp_and_no_etag(lab: Any) -> None:
    """No validation, no side effect: corruption as a restored backup would bring it."""
    order = lab.order(lab.item_line())
    row = lab.door("GET", f"rows/salesOrder/{order['id']}")
    assert row["number"] == order["number"]
    lab.door("PATCH", f"rows/salesOrder/{order['id']}", {"customerName": "Somebody", "orderDate": "2001-02-03"})
    after = lab.read(f"salesOrders({order['id']})")
    assert (after["customerName"], after["orderDate"]) == ("Somebody", "2001-02-03")
    assert after["@odata.etag"] == order["@odata.etag"]
    assert after["lastModifiedDateTime"] == order["lastModifiedDateTime"]
    line = order["salesOrderLines"][0]["id"]
    lab.door("PATCH", f"rows/salesOrderLine/{line}", {"quantity": 7.5})
    assert lab.read(f"salesOrderLines({line})")["quantity"] == Decimal("7.5")
    changed = lab.changed(f"salesOrders({order['id']})", {"email": "a@b.com"}, token=order["@odata.etag"])
    assert changed["@odata.etag"] != order["@odata.etag"]


def test_indexes_follow_a_row_changed_in_the_database(lab: Any) -> None:
    """It is found by its new value."""
    order = lab.order()
    lab.door("PATCH", f"rows/salesOrder/{order['id']}", {"externalDocumentNumber": "LOST"})
    assert len(lab.list("salesOrders?$filter=externalDocumentNumber eq 'LOST'")) == 1


def test_rows_are_listed_as_stored(lab: Any) -> None:
    """Internal columns too; an unknown table, row or column is an error."""
    lab.order()
    (row,) = lab.door("GET", "rows/salesOrder")
    assert row["_status"] == "Open"
    assert len(lab.door("GET", "rows/customer")) == 2
    assert lab.http.get("/sandbox/rows/unicorn").status_code == 404
    assert lab.http.get("/sandbox/rows/customer/1").status_code == 404
    path = f"{lab.origin}/sandbox/rows/salesOrder/{row['id']}"
    assert lab._send("PATCH", path, {"unicorn": 1}, {}).status_code == 400
    assert lab.http.get("/sandbox/unicorn").status_code == 404


def test_the_clerk_edits_what_only_the_client_shows(lab: Any) -> None:
    """Your Reference ends up on shipments and invoices; a Ship-to Code brings its address."""
    lab.service.add_ship_to_address(lab.company, "10000", "DEPOT", displayName="Depot", city="Macon")
    order = lab.order(lab.item_line())
    answer = lab.door("PATCH", f"orders/{order['id']}", {"yourReference": "REF 7", "shipToCode": "DEPOT"})
    assert (answer["order"]["shipToName"], answer["order"]["shipToCity"]) == ("Depot", "Macon")
    lab.door("POST", f"orders/{order['id']}/ship")
    assert lab.list("salesShipments")[0]["customerPurchaseOrderReference"] == "REF 7"
    assert lab.http.post(f"/sandbox/orders/{order['id']}/unicorn").status_code == 400
    assert lab.http.post("/sandbox/orders/5a7c3f10-1b7e-f011-b9c4-000d3a2b1c4d/ship").status_code == 404


def test_the_request_log_tells_who_asked_what(lab: Any) -> None:
    """Number, method, path, headers without secrets, status, who, sizes."""
    last = lab.door("GET", "requests")[-1]["number"]
    lab.get("items?$top=1", prefer="odata.maxpagesize=5")
    (entry,) = lab.door("GET", f"requests?since={last}")
    assert (entry["method"], entry["status"], entry["who"]) == ("GET", 200, "integration")
    assert entry["path"].endswith("/items?$top=1")
    assert "authorization" not in entry["headers"]
    assert entry["headers"]["prefer"] == "odata.maxpagesize=5"


def test_a_company_starts_with_setup_and_nothing_else() -> None:
    """No customers, items or orders; number series at their beginning."""
    service = BusinessCentral()
    (company,) = service.environment.companies.values()
    assert company.name == "CRONUS USA, Inc."
    for table in ("customer", "item", "salesOrder", "unitOfMeasure"):
        assert len(company[table]) == 0
    assert len(company["generalLedgerSetup"]) == 1


def test_seeding_validates_like_a_post_and_raises_on_refusal() -> None:
    """With defaults, deep inserts, dates as dates; a refused insert leaves nothing."""
    service = BusinessCentral()
    company = service.create_company("Second", local_currency="EUR", tax="vat")
    service.insert(company, "unitsOfMeasure", {"code": "PCS"})
    item = {"number": "A", "displayName": "A", "unitPrice": Decimal(5), "baseUnitOfMeasureCode": "PCS"}
    service.insert(company, "items", item)
    service.insert(company, "customers", {"number": "1", "displayName": "One"})
    key = service.insert(
        company,
        "salesOrders",
        {
            "customerNumber": "1",
            "orderDate": date(2026, 3, 2),
            "salesOrderLines": [{"lineType": "Item", "lineObjectNumber": "A", "quantity": Decimal("1.5")}],
        },
    )
    assert company["salesOrder"].rows[key]["totalAmountIncludingTax"] == Decimal("9.38")
    with pytest.raises(RefusedError, match="Item does not exist"):
        service.insert(
            company,
            "salesOrders",
            {"customerNumber": "1", "salesOrderLines": [{"lineType": "Item", "lineObjectNumber": "B"}]},
        )
    assert len(company["salesOrder"]) == 1
    for wrong in (
        lambda: service.insert(company, "unicorns", {}),
        lambda: service.set_customer(company, "1", unicorn=1),
        lambda: service.add_price(company, "?", Decimal(1)) and service.set_item(company, "?", inventory=1),
        lambda: service.create_company("Third", tax="none"),
    ):
        with pytest.raises(ValueError, match=r".+"):
            wrong()


def test_thousands_of_orders_are_seeded_in_seconds() -> None:
    """20 000 with five lines each must be feasible; a tenth of them here."""
    service = BusinessCentral()
    (company,) = service.environment.companies.values()
    service.insert(company, "unitsOfMeasure", {"code": "PCS"})
    item = {"number": "A", "displayName": "A", "unitPrice": Decimal(5), "baseUnitOfMeasureCode": "PCS"}
    service.insert(company, "items", item)
    service.insert(company, "customers", {"number": "1", "displayName": "One"})
    line = {"lineType": "Item", "lineObjectNumber": "A", "quantity": 2, "unitPrice": Decimal("4.5")}
    started = time.perf_counter()
    for number in range(2000):
        service.insert(
            company,
            "salesOrders",
            {"customerNumber": "1", "externalDocumentNumber": f"X{number}", "salesOrderLines": [line] * 5},
        )
    assert time.perf_counter() - started < 10
    assert len(company["salesOrderLine"]) == 10_000
