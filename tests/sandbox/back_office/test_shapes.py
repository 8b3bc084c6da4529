"""What answers look like. (Sections 9.2, 9.3, 9.5, 9.6 and 9.7 of the fact sheet.)"""

from __future__ import annotations

import base64
import re
import uuid
from decimal import Decimal
from typing import Any

import pytest

# An order as captured from a tenant, in its order of keys.
ORDER_KEYS = [
    "@odata.etag",
    "id",
    "number",
    "externalDocumentNumber",
    "orderDate",
    "postingDate",
    "customerId",
    "customerNumber",
    "customerName",
    "billToName",
    "billToCustomerId",
    "billToCustomerNumber",
    "shipToName",
    "shipToContact",
    "sellToAddressLine1",
    "sellToAddressLine2",
    "sellToCity",
    "sellToCountry",
    "sellToState",
    "sellToPostCode",
    "billToAddressLine1",
    "billToAddressLine2",
    "billToCity",
    "billToCountry",
    "billToState",
    "billToPostCode",
    "shipToAddressLine1",
    "shipToAddressLine2",
    "shipToCity",
    "shipToCountry",
    "shipToState",
    "shipToPostCode",
    "shortcutDimension1Code",
    "shortcutDimension2Code",
    "currencyId",
    "currencyCode",
    "pricesIncludeTax",
    "paymentTermsId",
    "shipmentMethodId",
    "salesperson",
    "partialShipping",
    "requestedDeliveryDate",
    "discountAmount",
    "discountAppliedBeforeTax",
    "totalAmountExcludingTax",
    "totalTaxAmount",
    "totalAmountIncludingTax",
    "fullyShipped",
    "status",
    "lastModifiedDateTime",
    "phoneNumber",
    "email",
]
LINE_KEYS = [
    "@odata.etag",
    "id",
    "documentId",
    "sequence",
    "itemId",
    "accountId",
    "lineType",
    "lineObjectNumber",
    "description",
    "description2",
    "unitOfMeasureId",
    "unitOfMeasureCode",
    "quantity",
    "unitPrice",
    "discountAmount",
    "discountPercent",
    "discountAppliedBeforeTax",
    "amountExcludingTax",
    "taxCode",
    "taxPercent",
    "totalTaxAmount",
    "amountIncludingTax",
    "invoiceDiscountAllocation",
    "netAmount",
    "netTaxAmount",
    "netAmountIncludingTax",
    "shipmentDate",
    "shippedQuantity",
    "invoicedQuantity",
    "invoiceQuantity",
    "shipQuantity",
    "itemVariantId",
    "locationId",
]


def test_keys_come_as_context_then_etag_then_properties_in_page_order(lab: Any) -> None:
    """Expanded entities have their ETag too."""
    made = lab.order(lab.item_line())
    order = lab.read(f"salesOrders({made['id']})?$expand=salesOrderLines,customer")
    assert list(order) == ["@odata.context", *ORDER_KEYS, "salesOrderLines", "customer"]
    assert list(order["salesOrderLines"][0]) == LINE_KEYS
    assert order["customer"]["@odata.etag"].startswith('W/"')
    assert order["@odata.context"] == f"{lab.root}/$metadata#companies({lab.company.id})/salesOrders/$entity"


def test_contexts_name_the_path_of_the_set(lab: Any) -> None:
    """A line's context goes through its order, as in a captured batch answer."""
    order = lab.order(lab.item_line())
    path = f"salesOrders({order['id']})/salesOrderLines"
    prefix = f"{lab.root}/$metadata#companies({lab.company.id})/salesOrders({order['id']})/salesOrderLines"
    assert lab.read(path)["@odata.context"] == prefix
    line = order["salesOrderLines"][0]["id"]
    assert lab.read(f"{path}({line})")["@odata.context"] == f"{prefix}/$entity"


def test_an_etag_is_length_and_hash_in_base64(lab: Any) -> None:
    """W/"base64 of 'N;H1;00;'": N digits of a 64-bit number, then the literal 1."""
    for one in lab.list("customers"):
        found = re.fullmatch(r'W/"(.+)"', one["@odata.etag"])
        text = base64.b64decode(found.group(1)).decode()
        digits, number = re.fullmatch(r"'(\d+);(\d+)1;00;'", text).groups()
        assert len(number) == int(digits)
        assert int(number) < 2**64


def test_an_etag_changes_with_any_exposed_value_and_with_nothing_else(lab: Any) -> None:
    """It is computed from the exposed values of the page."""
    order = lab.order(lab.item_line())
    again = lab.read(f"salesOrders({order['id']})")
    assert again["@odata.etag"] == order["@odata.etag"]
    changed = lab.changed(f"salesOrders({order['id']})", {"externalDocumentNumber": "PO-1"})
    assert changed["@odata.etag"] != order["@odata.etag"]
    same = lab.changed(f"salesOrders({order['id']})", {"externalDocumentNumber": "PO-1"})
    assert same["@odata.etag"] == changed["@odata.etag"]


def test_no_etag_header_is_sent_unless_switched_on(lab: Any) -> None:
    """Unlike plain OData: the token is in the body only."""
    path = f"salesOrders({lab.order()['id']})"
    assert "etag" not in lab.get(path).headers
    lab.switch(etag_header=True)
    answer = lab.get(path)
    assert answer.headers["etag"] == answer.json()["@odata.etag"]


def test_create_answers_201_with_an_absolute_location(lab: Any) -> None:
    """The location leads to the new entity."""
    answer = lab.post("salesOrders", {"customerNumber": "10000"})
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{lab.prefix}/salesOrders({answer.json()['id']})"
    assert lab.read(answer.headers["location"])["id"] == answer.json()["id"]
    assert answer.headers["odata-version"] == "4.0"


def test_create_answers_204_when_no_content_is_preferred(lab: Any) -> None:
    """The server knows the literal word return-no-content, not return=minimal."""
    answer = lab.post("salesOrders", {"customerNumber": "10000"}, prefer="return-no-content")
    assert (answer.status_code, answer.content) == (204, b"")
    assert lab.get(answer.headers["location"]).status_code == 200
    assert lab.post("salesOrders", {"customerNumber": "10000"}, prefer="return=minimal").status_code == 201


def test_patch_answers_the_entity_read_again(lab: Any) -> None:
    """Not an echo: what the system made of the value is in the answer."""
    order = lab.order()
    answer = lab.patch(f"salesOrders({order['id']})", {"externalDocumentNumber": " po-7 "}, if_match="*")
    assert answer.status_code == 200
    assert answer.json()["externalDocumentNumber"] == "PO-7"
    assert answer.json()["@odata.context"].endswith("/salesOrders/$entity")


def test_delete_answers_204_without_a_body(lab: Any) -> None:
    """And the entity is gone."""
    path = f"salesOrders({lab.order()['id']})"
    answer = lab.delete(path, if_match="*")
    assert (answer.status_code, answer.content) == (204, b"")
    lab.refused(lab.get(path), 404, "BadRequest_ResourceNotFound")


def test_ids_are_lower_case_sequential_guids(lab: Any) -> None:
    """With dashes, without braces, the third group like f111."""
    ids = [lab.order()["id"] for _ in range(3)]
    for one in ids:
        assert str(uuid.UUID(one)) == one
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-f[01]11-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one)
    assert len(set(ids)) == 3


def test_empty_values_are_never_null(lab: Any) -> None:
    """Text is "", a GUID zeros, a date 0001-01-01."""
    order = lab.order()
    assert order["externalDocumentNumber"] == ""
    assert order["currencyId"] == "00000000-0000-0000-0000-000000000000"
    assert order["requestedDeliveryDate"] == "0001-01-01"
    assert None not in lab.read(f"salesOrders({order['id']})").values()


def test_the_local_currency_reads_as_zero_guid_with_its_real_code(lab: Any) -> None:
    """It has no row of its own; generalLedgerSetup names it."""
    order = lab.order()
    assert (order["currencyId"], order["currencyCode"]) == ("00000000-0000-0000-0000-000000000000", "USD")
    assert [one["code"] for one in lab.list("currencies")] == ["EUR"]
    assert lab.list("generalLedgerSetup")[0]["localCurrencyCode"] == "USD"


def test_datetimes_are_utc_with_at_most_three_digits(lab: Any) -> None:
    """Trimmed, as SQL Server's datetime keeps them: thousandths ending in 0, 3 or 7."""
    for _ in range(5):
        stamp = lab.order()["lastModifiedDateTime"]
        found = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,3}))?Z", stamp)
        assert found, stamp
        digits = found.group(1) or ""
        assert not digits.endswith("0")
        assert len(digits) < 3 or digits[-1] in "37"


def test_numbers_are_exact_and_keep_a_scale_only_where_captured(lab: Any) -> None:
    """`1000.8` stays so; amountIncludingTax keeps two places, as in a captured answer."""
    answer = lab.get(f"salesOrders({lab.order(lab.item_line('1896-S', 2))['id']})?$expand=salesOrderLines")
    assert '"unitPrice":1000.8,' in answer.text
    assert '"quantity":2,' in answer.text
    assert '"amountIncludingTax":2001.60,' in answer.text
    assert '"amountExcludingTax":2001.6,' in answer.text


def test_rounding_is_half_away_from_zero(lab: Any) -> None:
    """Amounts to the cent, quantities to five decimals."""
    order = lab.order({**lab.item_line("1896-S"), "quantity": 0.5, "unitPrice": 0.25})
    line = order["salesOrderLines"][0]
    assert line["amountExcludingTax"] == Decimal("0.13")
    path = f"salesOrders({order['id']})/salesOrderLines({line['id']})"
    assert lab.changed(path, {"quantity": 1.234565})["quantity"] == Decimal("1.23457")


def test_metadata_none_leaves_out_context_and_etags(lab: Any) -> None:
    """odata.metadata=none asks for bare data."""
    order = lab.order(lab.item_line())
    answer = lab.read(
        f"salesOrders({order['id']})?$expand=salesOrderLines", accept="application/json;odata.metadata=none"
    )
    assert not any(name.startswith("@") for name in [*answer, *answer["salesOrderLines"][0]])


@pytest.mark.parametrize("path", ["customers", "items", "salesOrders"])
def test_a_collection_is_wrapped_in_value(lab: Any, path: Any) -> None:
    """@odata.context, then value."""
    assert list(lab.read(path)) == ["@odata.context", "value"]


def test_return_minimal_is_honoured_by_switch(lab: Any) -> None:
    """The standard's own word for it."""
    lab.switch(return_minimal="honoured")
    answer = lab.post("salesOrders", {"customerNumber": "10000"}, prefer="return=minimal")
    assert (answer.status_code, answer.content) == (204, b"")
    assert lab.get(answer.headers["location"]).status_code == 200


def test_rounding_in_the_middle_is_a_switch(lab: Any) -> None:
    """Away from zero, or to the even digit: of quantities, amounts and discounts."""
    found = {}
    for midpoint in ("away-from-zero", "to-even"):
        lab.switch(midpoint=midpoint)
        line = lab.item_line(quantity=Decimal("1.000005"), unitPrice=Decimal("10.125"), discountPercent=0)
        half = lab.item_line(quantity=Decimal("0.5"), unitPrice=Decimal("0.25"), discountPercent=0)
        quantity, amount = lab.order(line, half)["salesOrderLines"]
        found[midpoint] = (quantity["quantity"], amount["amountExcludingTax"])
    assert found == {
        "away-from-zero": (Decimal("1.00001"), Decimal("0.13")),
        "to-even": (1, Decimal("0.12")),
    }
