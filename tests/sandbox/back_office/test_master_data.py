"""Customers, items, codes, contacts, attachments. (Section 4.4 of the fact sheet.)"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def test_a_customer_needs_a_name_and_gets_a_number(lab: Any) -> None:
    """DisplayName must be there and not blank; the number comes from the series."""
    message = lab.refused(lab.post("customers", {}), 400, "Application_DialogException")
    assert message == 'A "displayName" must be provided.'
    message = lab.refused(lab.post("customers", {"displayName": ""}), 400, "Application_DialogException")
    assert message == 'The blank "displayName" is not allowed.'
    made = lab.made("customers", {"displayName": "School of Fine Art"})
    assert (made["number"], made["type"], made["blocked"]) == ("C00010", "Company", "_x0020_")
    assert made["currencyCode"] == "USD"


def test_the_id_of_a_customer_may_be_chosen(lab: Any) -> None:
    """For entities keyed by SystemId; not for orders."""
    wanted = "11111111-2222-3333-4444-555555555555"
    assert lab.made("customers", {"id": wanted, "displayName": "X"})["id"] == wanted
    answer = lab.post("customers", {"id": wanted, "displayName": "Y"})
    lab.refused(answer, 400, "Internal_EntityWithSameKeyExists")
    answer = lab.post("salesOrders", {"id": wanted, "customerNumber": "10000"})
    lab.refused(answer, 400, "BadRequest_InvalidOperation")


def test_a_renamed_customer_takes_his_documents_along(lab: Any) -> None:
    """PATCH number renames the record; ids stay."""
    order = lab.order(lab.item_line())
    lab.changed(f"customers({order['customerId']})", {"number": "10001"})
    after = lab.read(f"salesOrders({order['id']})")
    assert (after["customerNumber"], after["billToCustomerNumber"]) == ("10001", "10001")
    assert after["customerId"] == order["customerId"]
    answer = lab.patch(f"customers({order['customerId']})", {"number": "20000"}, if_match="*")
    lab.refused(answer, 400, "Internal_EntityWithSameKeyExists")


def test_a_renamed_item_takes_its_lines_along(lab: Any) -> None:
    """Lines, units and prices follow."""
    order = lab.order(lab.item_line("1900-S", unitOfMeasureCode="BOX"))
    item = lab.list("items?$filter=number eq '1900-S'")[0]["id"]
    lab.changed(f"items({item})", {"number": "1900-T"})
    assert lab.order_with_lines(order["id"])["salesOrderLines"][0]["lineObjectNumber"] == "1900-T"
    line = lab.made(f"salesOrders({order['id']})/salesOrderLines", lab.item_line("1900-T", unitOfMeasureCode="BOX"))
    assert line["unitPrice"] == Decimal("1156.8")


def test_records_in_use_cannot_be_deleted(lab: Any) -> None:
    """A customer with an order, an item on a line."""
    order = lab.order(lab.item_line())
    message = lab.refused(lab.delete(f"customers({order['customerId']})"), 400, "Application_DialogException")
    assert message.startswith("You cannot delete Customer 10000")
    item = order["salesOrderLines"][0]["itemId"]
    lab.refused(lab.delete(f"items({item})"), 400, "Application_DialogException")
    lab.delete(f"salesOrders({order['id']})")
    assert lab.delete(f"items({item})").status_code == 204


def test_ids_and_codes_of_related_records_agree(lab: Any) -> None:
    """Either is enough; two that differ are refused."""
    euro = lab.list("currencies")[0]
    path = f"customers({lab.list('customers')[0]['id']})"
    changed = lab.changed(path, {"currencyCode": "EUR"})
    assert changed["currencyId"] == euro["id"]
    changed = lab.changed(path, {"currencyId": "00000000-0000-0000-0000-000000000000"})
    assert changed["currencyCode"] == "USD"
    krona = lab.made("currencies", {"code": "SEK"})
    answer = lab.patch(path, {"currencyId": krona["id"], "currencyCode": "EUR"}, if_match="*")
    lab.refused(answer, 400, "Application_DialogException")
    pieces = lab.list("unitsOfMeasure?$filter=code eq 'PCS'")[0]
    item = lab.made("items", {"displayName": "X", "baseUnitOfMeasureId": pieces["id"]})
    assert item["baseUnitOfMeasureCode"] == "PCS"


def test_orders_take_the_customers_currency(lab: Any) -> None:
    """With its factor on prices."""
    path = f"customers({lab.list('customers')[0]['id']})"
    lab.changed(path, {"currencyCode": "EUR"})
    order = lab.order(lab.item_line())
    assert order["currencyCode"] == "EUR"
    assert order["salesOrderLines"][0]["unitPrice"] == Decimal("800.64")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("unitsOfMeasure", "code"),
        ("currencies", "code"),
        ("paymentTerms", "code"),
        ("shipmentMethods", "code"),
        ("contacts", "displayName"),
    ],
)
def test_required_properties_must_be_there(lab: Any, path: Any, name: Any) -> None:
    """Blank mandatory fields."""
    lab.refused(lab.post(path, {}), 400, "BadRequest_RequiredParamNotProvided")
    lab.refused(lab.post(path, {name: ""}), 400, "Application_DialogException")
    assert lab.made(path, {name: "NEW"})[name] == "NEW"


def test_a_variant_is_unique_within_its_item(lab: Any) -> None:
    """ItemId or itemNumber must be given, also by the path."""
    lab.refused(lab.post("itemVariants", {"code": "RED"}), 400, "Application_DialogException")
    made = lab.made("itemVariants", {"code": "RED", "itemNumber": "1896-S"})
    assert made["itemId"] == lab.list("items?$filter=number eq '1896-S'")[0]["id"]
    lab.refused(
        lab.post("itemVariants", {"code": "RED", "itemNumber": "1896-S"}),
        400,
        "Internal_EntityWithSameKeyExists",
    )
    other = lab.list("items?$filter=number eq '1900-S'")[0]["id"]
    assert lab.made(f"items({other})/itemVariants", {"code": "RED"})["itemNumber"] == "1900-S"


def test_inventory_cannot_be_given_at_creation(lab: Any) -> None:
    """It is a result of entries."""
    lab.refused(lab.post("items", {"displayName": "X", "inventory": 5}), 400, "Application_DialogException")


def test_exchange_rates_and_ledger_setup_are_read_only(lab: Any) -> None:
    """405 on POST."""
    (rate,) = lab.list("currencyExchangeRates")
    assert (rate["currencyCode"], rate["exchangeRateAmount"]) == ("EUR", Decimal("0.8"))
    for path in (
        "currencyExchangeRates",
        "generalLedgerSetup",
        "salesShipments",
        "jobQueueEntries",
        "approvalEntries",
    ):
        lab.refused(lab.post(path, {}), 405, "BadRequest_MethodNotAllowed")


def test_the_local_currency_cannot_have_a_record(lab: Any) -> None:
    """It has no row."""
    lab.refused(lab.post("currencies", {"code": "USD"}), 400, "Application_DialogException")


def test_files_travel_with_their_document(lab: Any) -> None:
    """Created below the order, their content in a stream of its own, gone with the order."""
    order = lab.order()
    path = f"salesOrders({order['id']})/documentAttachments"
    made = lab.made(path, {"fileName": "drawing.txt"})
    assert (made["parentType"], made["byteSize"]) == ("Sales_x0020_Order", 0)
    stream = f"documentAttachments({made['id']})/attachmentContent"
    answer = lab.http.patch(
        lab.url(stream),
        content=b"four legs",
        headers={"content-type": "application/octet-stream", "if-match": made["@odata.etag"]},
    )
    assert answer.status_code == 204
    assert lab.get(stream).content == b"four legs"
    assert lab.list(path)[0]["byteSize"] == 9
    lab.delete(f"salesOrders({order['id']})")
    assert lab.list("documentAttachments") == []
    answer = lab.post("attachments", {"fileName": "x", "parentId": order["id"], "parentType": "Sales Order"})
    lab.refused(answer, 400, "Application_DialogException")


def test_a_deep_insert_leaves_nothing_out(lab: Any) -> None:
    """Whatever collection below a record takes new ones."""
    item = lab.made(
        "items",
        {
            "displayName": "Bicycle",
            "baseUnitOfMeasureCode": "PCS",
            "itemVariants": [{"code": "RED", "description": "Red"}, {"code": "BLUE"}],
        },
    )
    assert [one["code"] for one in lab.list(f"items({item['id']})/itemVariants")] == ["BLUE", "RED"]
    order = lab.order(documentAttachments=[{"fileName": "drawing.pdf"}], attachments=[{"fileName": "note.txt"}])
    (drawing,) = lab.list(f"salesOrders({order['id']})/documentAttachments")
    (note,) = lab.list(f"salesOrders({order['id']})/attachments")
    assert (drawing["fileName"], note["fileName"]) == ("drawing.pdf", "note.txt")
    assert drawing["parentId"] == note["parentId"] == order["id"]


def test_a_deep_insert_that_fails_below_leaves_nothing(lab: Any) -> None:
    """A refused record below undoes the one above."""
    body = {"displayName": "Bicycle", "itemVariants": [{"code": "RED"}, {"code": "RED"}]}
    before = len(lab.list("items"))
    lab.refused(lab.post("items", body), 400, "Internal_EntityWithSameKeyExists")
    assert len(lab.list("items")) == before
    assert lab.list("itemVariants") == []
