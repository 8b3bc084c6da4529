"""Dimensions of documents, their lines, and what is posted from them."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def divided(lab: Any) -> Any:
    """The seeded company with a global dimension and one more."""
    lab.service.add_dimension(
        lab.company, "DEPARTMENT", "Department", {"SALES": "Sales", "PROD": "Production"}, global_number=1
    )
    lab.service.add_dimension(lab.company, "AREA", "Area", {"30": "Europe", "70": "America"})
    return lab


def values(lab: Any, path: Any) -> Any:
    return {one["code"]: one["valueCode"] for one in lab.list(f"{path}/dimensionSetLines")}


def test_dimensions_are_written_below_their_document(divided: Any) -> None:
    """Keyed by the dimension, unique within the parent; also in a deep insert."""
    order = divided.made(
        "salesOrders",
        {"customerNumber": "10000", "dimensionSetLines": [{"code": "AREA", "valueCode": "30"}]},
    )
    path = f"salesOrders({order['id']})/dimensionSetLines"
    (line,) = divided.list(path)
    assert (line["parentType"], line["valueDisplayName"]) == ("Sales_x0020_Order", "Europe")
    assert divided.changed(f"{path}({line['id']})", {"valueCode": "70"})["valueDisplayName"] == "America"
    answer = divided.post(path, {"code": "AREA", "valueCode": "30"})
    divided.refused(answer, 400, "Application_DialogException")
    assert divided.delete(f"{path}({line['id']})", if_match="*").status_code == 204
    assert divided.list(path) == []


def test_a_new_line_inherits_the_dimensions_of_its_header(divided: Any) -> None:
    """Comment lines do not; what changes on the header later does not reach the lines."""
    order = divided.made(
        "salesOrders?$expand=salesOrderLines",
        {
            "customerNumber": "10000",
            "dimensionSetLines": [{"code": "AREA", "valueCode": "30"}],
            "salesOrderLines": [divided.item_line(), {"lineType": "Comment", "description": "Fragile"}],
        },
    )
    goods, comment = order["salesOrderLines"]
    assert values(divided, f"salesOrderLines({goods['id']})") == {"AREA": "30"}
    assert values(divided, f"salesOrderLines({comment['id']})") == {}
    path = f"salesOrders({order['id']})/dimensionSetLines"
    (line,) = divided.list(path)
    divided.changed(f"{path}({line['id']})", {"valueCode": "70"})
    assert values(divided, f"salesOrderLines({goods['id']})") == {"AREA": "30"}


def test_lines_of_a_deep_insert_may_have_dimensions_of_their_own(divided: Any) -> None:
    """Unless they have inherited one of that code already."""
    line = divided.item_line(dimensionSetLines=[{"code": "AREA", "valueCode": "70"}])
    order = divided.order(line, divided.item_line("1900-S"))
    first, second = order["salesOrderLines"]
    assert values(divided, f"salesOrderLines({first['id']})") == {"AREA": "70"}
    assert values(divided, f"salesOrderLines({second['id']})") == {}
    assert order["totalAmountExcludingTax"] == first["netAmount"] + second["netAmount"]
    body = {"customerNumber": "10000", "dimensionSetLines": [{"code": "AREA", "valueCode": "30"}]}
    answer = divided.post("salesOrders", {**body, "salesOrderLines": [line]})
    assert "already exists" in divided.refused(answer, 400, "Application_DialogException")


def test_shortcut_codes_and_global_dimensions_follow_each_other(divided: Any) -> None:
    """Writing either shows in the other."""
    order = divided.order(shortcutDimension1Code="sales")
    path = f"salesOrders({order['id']})"
    assert values(divided, path) == {"DEPARTMENT": "SALES"}
    (line,) = divided.list(f"{path}/dimensionSetLines")
    divided.changed(f"{path}/dimensionSetLines({line['id']})", {"valueCode": "PROD"})
    assert divided.read(path)["shortcutDimension1Code"] == "PROD"
    divided.changed(path, {"shortcutDimension1Code": ""})
    assert values(divided, path) == {}
    divided.made(f"{path}/dimensionSetLines", {"code": "DEPARTMENT", "valueCode": "SALES"})
    assert divided.read(path)["shortcutDimension1Code"] == "SALES"


def test_a_shortcut_code_must_be_a_value_of_its_global_dimension(divided: Any) -> None:
    """A value of another dimension will not do, and without a second global dimension nothing will."""
    for number, code in ((1, "30"), (2, "SALES")):
        body = {"customerNumber": "10000", f"shortcutDimension{number}Code": code}
        message = divided.refused(divided.post("salesOrders", body), 400, "Internal_InvalidTableRelation")
        assert message.startswith(f"The field Shortcut Dimension {number} Code of table Sales Header")


def test_posted_documents_keep_the_dimensions(divided: Any) -> None:
    """They can be read there and not be written."""
    order = divided.order(divided.item_line(), dimensionSetLines=[{"code": "AREA", "valueCode": "30"}])
    path = f"salesOrderLines({order['salesOrderLines'][0]['id']})/dimensionSetLines"
    divided.changed(f"{path}({divided.list(path)[0]['id']})", {"valueCode": "70"})
    divided.door("POST", f"orders/{order['id']}/ship")
    divided.door("POST", f"orders/{order['id']}/invoice")
    for name in ("salesShipment", "salesInvoice"):
        (posted,) = divided.list(f"{name}s?$expand={name}Lines")
        assert values(divided, f"{name}s({posted['id']})") == {"AREA": "30"}
        below = f"{name}Lines({posted[f'{name}Lines'][0]['id']})"
        assert values(divided, below) == {"AREA": "70"}
        answer = divided.post(f"{name}s({posted['id']})/dimensionSetLines", {"code": "AREA", "valueCode": "70"})
        divided.refused(answer, 400, "Application_DialogException")


def test_an_order_made_from_a_quote_keeps_the_dimensions(divided: Any) -> None:
    """Of header and lines alike."""
    quote = divided.made(
        "salesQuotes",
        {
            "customerNumber": "10000",
            "dimensionSetLines": [{"code": "AREA", "valueCode": "30"}],
            "salesQuoteLines": [divided.item_line()],
        },
    )
    divided.post(f"salesQuotes({quote['id']})/Microsoft.NAV.makeOrder")
    (order,) = divided.list("salesOrders?$expand=salesOrderLines")
    assert values(divided, f"salesOrders({order['id']})") == {"AREA": "30"}
    assert values(divided, f"salesOrderLines({order['salesOrderLines'][0]['id']})") == {"AREA": "30"}


def test_deleted_documents_and_lines_take_their_dimensions_along(divided: Any) -> None:
    """Nothing is left without its parent."""
    order = divided.order(divided.item_line(), dimensionSetLines=[{"code": "AREA", "valueCode": "30"}])
    table = divided.company["dimensionSetLine"]
    assert len(table) == 2
    divided.delete(f"salesOrderLines({order['salesOrderLines'][0]['id']})")
    assert len(table) == 1
    divided.delete(f"salesOrders({order['id']})")
    assert len(table) == 0


def test_documents_and_lines_have_default_dimensions(divided: Any) -> None:
    """A document those of its customer, a line those of its item where the header says nothing; both can be removed."""
    for owner, code, value in (
        (("customer", "10000"), "DEPARTMENT", "SALES"),
        (("item", "1896-S"), "AREA", "70"),
        (("item", "1896-S"), "DEPARTMENT", "PROD"),
    ):
        divided.service.add_default_dimension(divided.company, *owner, code, value)
    order = divided.order(divided.item_line(), divided.item_line("1900-S"), {"lineType": "Comment", "description": "!"})
    first, second, comment = (f"salesOrderLines({line['id']})" for line in order["salesOrderLines"])
    header = f"salesOrders({order['id']})"
    assert order["shortcutDimension1Code"] == "SALES"
    assert values(divided, header) == {"DEPARTMENT": "SALES"}
    assert values(divided, first) == {"DEPARTMENT": "SALES", "AREA": "70"}
    assert values(divided, second) == {"DEPARTMENT": "SALES"}
    assert values(divided, comment) == {}
    for owner in (header, first):
        for one in divided.list(f"{owner}/dimensionSetLines"):
            assert divided.delete(f"{owner}/dimensionSetLines({one['id']})", if_match="*").status_code == 204
    assert values(divided, first) == values(divided, header) == {}
    assert divided.read(header)["shortcutDimension1Code"] == ""


def test_a_changed_customer_or_item_brings_its_own_default_dimensions(divided: Any) -> None:
    """What stood there before goes."""
    divided.service.add_default_dimension(divided.company, "item", "1900-S", "AREA", "70")
    order = divided.order(divided.item_line(), dimensionSetLines=[{"code": "AREA", "valueCode": "30"}])
    line = f"salesOrderLines({order['salesOrderLines'][0]['id']})"
    assert values(divided, line) == {"AREA": "30"}
    divided.changed(f"salesOrders({order['id']})", {"customerNumber": "20000"})
    assert values(divided, f"salesOrders({order['id']})") == {}
    (made,) = divided.order_with_lines(order["id"])["salesOrderLines"]
    path = f"salesOrders({order['id']})/salesOrderLines({made['id']})"
    (item,) = divided.list("items?$filter=number eq '1900-S'")
    divided.changed(path, {"itemId": item["id"]})
    assert values(divided, f"salesOrderLines({made['id']})") == {"AREA": "70"}
