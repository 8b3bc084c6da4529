"""Bodies that are refused. (Sections 3.1, 3.3 and 9.20 of the fact sheet.)"""

from __future__ import annotations

from typing import Any

import pytest


def test_an_error_ends_with_its_correlation_id_after_two_blanks(lab: Any) -> None:
    """{"error": {"code", "message"}} and nothing else."""
    answer = lab.get("salesUnicorns")
    assert list(answer.json()) == ["error"]
    assert list(answer.json()["error"]) == ["code", "message"]
    assert ".  CorrelationId:  " in answer.json()["error"]["message"]
    assert answer.json()["error"]["message"].endswith(".")


@pytest.mark.parametrize("name", ["unicorn", "Number", "lineItems"])
def test_an_unknown_property_in_a_body_is_400(lab: Any, name: Any) -> None:
    """Named with its type."""
    answer = lab.post("salesOrders", {"customerNumber": "10000", name: "x"})
    assert lab.refused(answer, 400, "BadRequest") == (
        f"The property '{name}' does not exist on type 'Microsoft.NAV.salesOrder'. "
        "Make sure to only use property names that are defined by the type."
    )


def test_read_only_properties_are_refused_or_ignored(lab: Any) -> None:
    """The documented answer, and the switch for the other report."""
    body = {
        "customerNumber": "10000",
        "customerName": "X",
        "totalTaxAmount": 5,
        "id": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
    }
    message = lab.refused(lab.post("salesOrders", body), 400, "BadRequest_InvalidOperation")
    assert message == "Control 'customerName' is read-only."
    lab.switch(read_only_properties="ignored")
    assert lab.made("salesOrders", body)["customerName"] == "Adatum Corporation"


def test_the_number_of_an_order_cannot_be_chosen(lab: Any) -> None:
    """Read-only, or refused by the number series."""
    body = {"customerNumber": "10000", "number": "MINE"}
    lab.refused(lab.post("salesOrders", body), 400, "BadRequest_InvalidOperation")
    lab.switch(number_in_body="manual-numbers")
    message = lab.refused(lab.post("salesOrders", body), 400, "Application_DialogException")
    assert message == (
        "You may not enter numbers manually. If you want to enter numbers manually, please activate "
        "Manual Nos. in No. Series S-ORD."
    )


@pytest.mark.parametrize("name", ["shippedQuantity", "invoicedQuantity"])
def test_quantities_kept_by_the_system_cannot_be_written(lab: Any, name: Any) -> None:
    """The page does not say so, the table does."""
    order = lab.order(lab.item_line())
    path = f"salesOrders({order['id']})/salesOrderLines({order['salesOrderLines'][0]['id']})"
    message = lab.refused(lab.patch(path, {name: 1}, if_match="*"), 400, "BadRequest_InvalidOperation")
    assert message == f"Control '{name}' is read-only."
    lab.switch(system_kept_quantities="ignored")
    assert lab.changed(path, {name: 1})[name] == 0


def test_fully_shipped_is_accepted_and_has_no_effect(lab: Any) -> None:
    """The target is a FlowField."""
    order = lab.order(lab.item_line())
    assert lab.changed(f"salesOrders({order['id']})", {"fullyShipped": True})["fullyShipped"] is False


@pytest.mark.parametrize(
    ("name", "length"),
    [("externalDocumentNumber", 35), ("shipToName", 100), ("sellToCity", 30), ("phoneNumber", 30)],
)
def test_a_text_that_is_too_long_is_refused(lab: Any, name: Any, length: Any) -> None:
    """With the length that it may have."""
    longest = "1" * length
    assert lab.made("salesOrders", {"customerNumber": "10000", name: longest})[name] == longest
    answer = lab.post("salesOrders", {"customerNumber": "10000", name: "X" * (length + 1)})
    message = lab.refused(answer, 400, "Application_StringExceededLength")
    assert message.startswith(
        f"The length of the string is {length + 1}, but it must be less than or equal to {length}"
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("salesOrders", {"customerId": "nonsense"}),
        ("salesOrders", {"customerNumber": "10000", "orderDate": "31.12.2026"}),
        ("salesOrders", {"customerNumber": "10000", "orderDate": "2026-02-30"}),
        ("salesOrders", {"customerNumber": "10000", "partialShipping": "yes"}),
        ("salesOrders", {"customerNumber": 10000}),
        ("salesOrders", {"customerNumber": "10000", "discountAmount": "5"}),
        ("items", {"displayName": "X", "type": "Unicorn"}),
        ("salesOrders", []),
        ("salesOrders", {"customerNumber": "10000", "salesOrderLines": {}}),
    ],
)
def test_values_of_the_wrong_type_are_400(lab: Any, path: Any, body: Any) -> None:
    """GUID, date, boolean, number, enum, structure."""
    lab.refused(lab.post(path, body), 400, "BadRequest")


def test_a_body_that_is_no_json_is_400(lab: Any) -> None:
    """Nor is an empty text an object."""
    answer = lab.http.post(lab.url("items"), content=b"{nonsense", headers={"content-type": "application/json"})
    lab.refused(answer, 400, "BadRequest")


def test_enum_members_are_taken_by_wire_name_and_by_caption(lab: Any) -> None:
    """The escaped name is safe, the caption is believed accepted."""
    assert lab.made("items", {"displayName": "A", "type": "Non_x002D_Inventory"})["type"] == "Non_x002D_Inventory"
    assert lab.made("items", {"displayName": "B", "type": "Non-Inventory"})["type"] == "Non_x002D_Inventory"
    lab.switch(enum_captions="refused")
    lab.refused(lab.post("items", {"displayName": "C", "type": "Non-Inventory"}), 400, "BadRequest")


def test_null_clears_or_is_refused(lab: Any) -> None:
    """Text to "", GUID to zeros, date to 0001-01-01."""
    order = lab.order(requestedDeliveryDate="2031-01-01", externalDocumentNumber="A")
    path = f"salesOrders({order['id']})"
    cleared = lab.changed(path, {"requestedDeliveryDate": None, "externalDocumentNumber": None, "paymentTermsId": None})
    assert (cleared["requestedDeliveryDate"], cleared["externalDocumentNumber"]) == ("0001-01-01", "")
    assert cleared["paymentTermsId"] == "00000000-0000-0000-0000-000000000000"
    lab.refused(lab.patch(path, {"customerNumber": None}, if_match="*"), 400, "BadRequest")
    lab.switch(null_values="refused")
    lab.refused(lab.patch(path, {"email": None}, if_match="*"), 400, "BadRequest")


def test_codes_are_stored_in_upper_case_without_outer_blanks(lab: Any) -> None:
    """So a lossy round trip must not look like somebody's edit."""
    order = lab.order(externalDocumentNumber="  ord-01042-k7p2 ")
    assert order["externalDocumentNumber"] == "ORD-01042-K7P2"
    assert len(lab.list("salesOrders?$filter=externalDocumentNumber eq 'ord-01042-k7p2'")) == 1


def test_deep_patch_is_refused(lab: Any) -> None:
    """One request per line."""
    order = lab.order(lab.item_line())
    body = {"salesOrderLines": [{"id": order["salesOrderLines"][0]["id"], "quantity": 2}]}
    lab.refused(lab.patch(f"salesOrders({order['id']})", body, if_match="*"), 400, "BadRequest")


@pytest.mark.parametrize("status", [400, 409])
def test_a_duplicate_number_is_refused(lab: Any, status: Any) -> None:
    """400 measured, 409 in a reading of version 28: both must be understood."""
    lab.switch(duplicate_key_status=status)
    answer = lab.post("customers", {"number": "10000", "displayName": "Twice"})
    message = lab.refused(answer, status, "Internal_EntityWithSameKeyExists")
    assert message == "The record in table Customer already exists. Identification fields and values: No.='10000'"


@pytest.mark.parametrize("blocked", ["Ship", "Invoice", "All"])
def test_a_blocked_customer_takes_no_new_orders(lab: Any, blocked: Any) -> None:
    """Whatever the kind of block."""
    customer = lab.list("customers?$filter=number eq '10000'")[0]["id"]
    assert lab.changed(f"customers({customer})", {"blocked": blocked})["blocked"] == blocked
    message = lab.refused(lab.post("salesOrders", {"customerNumber": "10000"}), 400, "Application_DialogException")
    assert message == f"You cannot create this type of document when Customer 10000 is blocked with type {blocked}"


def test_a_blocked_item_takes_no_new_lines(lab: Any) -> None:
    """Blocked, or Sales Blocked."""
    order = lab.order()
    path = f"salesOrders({order['id']})/salesOrderLines"
    item = lab.list("items?$filter=number eq '1896-S'")[0]["id"]
    lab.changed(f"items({item})", {"blocked": True})
    message = lab.refused(lab.post(path, lab.item_line()), 400, "Application_FieldValidationException")
    assert message == "Blocked must be equal to 'No'  in Item: No.=1896-S. Current value is 'Yes'."
    lab.service.set_item(lab.company, "1900-S", sales_blocked=True)
    message = lab.refused(lab.post(path, lab.item_line("1900-S")), 400, "Application_FieldValidationException")
    assert message.startswith("Sales Blocked must be equal to 'No'")


def test_records_without_posting_groups_cannot_be_used(bare: Any) -> None:
    """They come from a configuration template; without one, orders are refused."""
    company = bare.service.create_company("Bare", customer_template=False, item_template=False)
    bare.use(company)
    bare.made("unitsOfMeasure", {"code": "PCS"})
    bare.made("customers", {"number": "C1", "displayName": "X"})
    message = bare.refused(
        bare.post("salesOrders", {"customerNumber": "C1"}), 400, "Application_FieldValidationException"
    )
    assert message == "Gen. Bus. Posting Group must have a value in Customer: No.=C1. It cannot be zero or empty."
    bare.service.set_customer(company, "C1", general_business_group="DOMESTIC")
    order = bare.made("salesOrders", {"customerNumber": "C1"})
    bare.made("items", {"number": "I1", "displayName": "X", "baseUnitOfMeasureCode": "PCS"})
    answer = bare.post(f"salesOrders({order['id']})/salesOrderLines", bare.item_line("I1"))
    message = bare.refused(answer, 400, "Application_FieldValidationException")
    assert message == "Gen. Prod. Posting Group must have a value in Item: No.=I1. It cannot be zero or empty."


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (
            {"lineType": "Item", "lineObjectNumber": "NOPE"},
            "Application_DialogException",
            "Item does not exist.",
        ),
        (
            {"lineType": "Account", "lineObjectNumber": "9"},
            "Application_DialogException",
            "Account does not exist.",
        ),
        (
            {"itemId": "5a7c3f10-1b7e-f011-b9c4-000d3a2b1c4d"},
            "Application_DialogException",
            "Item does not exist.",
        ),
        (
            {"lineType": "Resource", "lineObjectNumber": "LISA"},
            "Internal_InvalidTableRelation",
            "contains a value (LISA) that cannot be found in the related table (Resource).",
        ),
        (
            {"lineType": "Item", "lineObjectNumber": "1896-S", "unitOfMeasureCode": "BOX"},
            "Internal_InvalidTableRelation",
            "contains a value (BOX) that cannot be found in the related table (Item Unit of Measure).",
        ),
        (
            {"lineType": "Item", "lineObjectNumber": "1896-S", "quantity": 1, "discountPercent": 101},
            "Application_FieldValidationException",
            "The value must be less than or equal to 100. Value: 101.",
        ),
        (
            {"lineType": "Item", "lineObjectNumber": "1896-S", "discountAmount": 5},
            "Application_FieldValidationException",
            None,
        ),
    ],
)
def test_lines_that_cannot_be(lab: Any, line: Any, code: Any, message: Any) -> None:
    """Unknown numbers, units the item lacks, impossible discounts; nothing of them stays."""
    path = f"salesOrders({lab.order()['id']})/salesOrderLines"
    found = lab.refused(lab.post(path, line), 400, code)
    assert message is None or found.endswith(message)
    assert lab.list(path) == []


def test_an_item_and_an_account_on_one_line_are_refused(lab: Any) -> None:
    """Specify only one of them."""
    item = lab.list("items?$filter=number eq '1896-S'")[0]["id"]
    account = lab.list("accounts")[0]["id"]
    path = f"salesOrders({lab.order()['id']})/salesOrderLines"
    answer = lab.post(path, {"itemId": item, "accountId": account})
    message = lab.refused(answer, 400, "Application_DialogException")
    assert message == 'Both "itemId" and "accountId" are specified. Specify only one of them.'


def test_a_line_without_type_is_a_comment(lab: Any) -> None:
    """The default when nothing says otherwise."""
    path = f"salesOrders({lab.order()['id']})/salesOrderLines"
    line = lab.made(path, {"description": "Please call"})
    assert (line["lineType"], line["description"], line["quantity"]) == ("Comment", "Please call", 0)


def test_ids_that_match_nothing_are_refused_by_the_page(lab: Any) -> None:
    """Payment terms, shipment method, currency, bill-to customer."""
    nothing = "5a7c3f10-1b7e-f011-b9c4-000d3a2b1c4d"
    path = f"salesOrders({lab.order()['id']})"
    for name, message in (
        ("paymentTermsId", 'The "paymentTermsId" does not match to a Payment Terms.'),
        ("shipmentMethodId", 'The "shipmentMethodId" does not match to a Shipment Method.'),
        ("currencyId", 'The "currencyId" does not match to a Currency.'),
        ("billToCustomerId", "The bill-to customer cannot be found."),
    ):
        answer = lab.patch(path, {name: nothing}, if_match="*")
        assert lab.refused(answer, 400, "Application_DialogException") == message
    answer = lab.patch(path, {"salesperson": "NOBODY"}, if_match="*")
    lab.refused(answer, 400, "Internal_InvalidTableRelation")


def test_a_refused_patch_changes_nothing(lab: Any) -> None:
    """Not even the fields that were fine."""
    order = lab.order()
    path = f"salesOrders({order['id']})"
    body = {"externalDocumentNumber": "HALF", "salesperson": "NOBODY"}
    assert lab.patch(path, body, if_match="*").status_code == 400
    assert lab.read(path)["@odata.etag"] == order["@odata.etag"]


def test_phone_numbers_have_no_letters(lab: Any) -> None:
    """A letter in a phone number is refused by the field."""
    body = {"customerNumber": "10000", "phoneNumber": "555 CALL"}
    message = lab.refused(lab.post("salesOrders", body), 400, "Application_FieldValidationException")
    assert message.startswith("Sell-to Phone No. must not contain letters in Sales Header")
    for path, name in (("customers", "phoneNumber"), ("contacts", "mobilePhoneNumber")):
        answer = lab.post(path, {"displayName": "Somebody", name: "ext. 12"})
        lab.refused(answer, 400, "Application_FieldValidationException")
    lab.made("customers", {"displayName": "Somebody", "phoneNumber": "+1 (425) 555-0101"})


def test_each_of_several_email_addresses_is_checked(lab: Any) -> None:
    """Addresses are separated by semicolons; one bad one refuses all."""
    path = f"salesOrders({lab.order()['id']})"
    both = "a@contoso.com;b@contoso.com"
    assert lab.changed(path, {"email": both})["email"] == both
    answer = lab.patch(path, {"email": "a@contoso.com;nobody"}, if_match="*")
    message = lab.refused(answer, 400, "Application_DialogException")
    assert message == 'The email address "nobody" is not valid.'
    answer = lab.post("customers", {"displayName": "Somebody", "email": "nobody"})
    lab.refused(answer, 400, "Application_DialogException")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("salesOrders", {"customerNumber": "10000", "sellToCountry": "QQ"}),
        ("salesOrders", {"customerNumber": "10000", "shipToCountry": "QQ"}),
        ("customers", {"displayName": "Somebody", "country": "QQ"}),
        ("contacts", {"displayName": "Somebody", "country": "QQ"}),
    ],
)
def test_a_country_must_be_known(lab: Any, path: Any, body: Any) -> None:
    """A new company knows the usual ones; others are added first."""
    lab.refused(lab.post(path, body), 400, "Internal_InvalidTableRelation")
    lab.made("countriesRegions", {"code": "QQ", "displayName": "Nowhere"})
    lab.made(path, body)
