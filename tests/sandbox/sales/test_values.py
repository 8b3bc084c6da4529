from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

REFUSED = [
    ("salesorders", {"name": "x" * 301}, "0x80044331"),
    ("salesorders", {"description": "x" * 2001}, "0x80044331"),
    ("salesorders", {"submitstatus": -1}, "0x8004432F"),
    ("salesorders", {"submitstatus": 1_000_000_001}, "0x8004432F"),
    ("salesorders", {"discountpercentage": Decimal("100.01")}, "0x80044330"),
    ("salesorders", {"freightamount": Decimal("-0.01")}, "0x80040317"),
    ("salesorders", {"discountamount": Decimal("1000000000000.01")}, "0x80040317"),
    ("salesorders", {"paymenttermscode": 99}, "0x8004431A"),
    ("salesorders", {"requestdeliveryby": "1752-12-31T00:00:00Z"}, "0x80040239"),
    ("invoices", {"duedate": "1700-01-01"}, "0x80040239"),
    ("salesorders", {"name": 5}, "0x80048d19"),
    ("salesorders", {"discountpercentage": "5"}, "0x80048d19"),
    ("salesorders", {"freightamount": True}, "0x80048d19"),
    ("salesorders", {"submitstatus": Decimal("1.5")}, "0x80048d19"),
    ("salesorders", {"paymenttermscode": "Net 30"}, "0x80048d19"),
    ("salesorders", {"willcall": 1}, "0x80048d19"),
    ("salesorders", {"requestdeliveryby": "tomorrow"}, "0x80048d19"),
    ("salesorders", {"requestdeliveryby": "2026-13-01"}, "0x80048d19"),
    ("invoices", {"duedate": "2026-01-01T00:00:00Z"}, "0x80048d19"),
    ("salesorders", {"salesorderid": "not-a-guid"}, "0x80048d19"),
    ("salesorders", {"statuscode": 3}, "0x80048408"),
]


@pytest.mark.parametrize(("path", "body", "code"), REFUSED, ids=[f"{p}-{next(iter(b))}-{c}" for p, b, c in REFUSED])
def test_values_outside_their_limits_are_refused(sales: Any, path: str, body: dict[str, Any], code: str) -> None:
    """Each kind of bad value has its own code, and nothing is written."""
    response = sales.admin.post(path, body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)
    assert sales.admin.read(path)["value"] == []


def test_a_too_long_text_names_attribute_entity_and_maximum(sales: Any) -> None:
    """The words are those of the documentation's batch example."""
    message = sales.admin.post("salesorders", {"name": "x" * 301}).json()["error"]["message"]
    assert message == (
        "A validation error occurred.  The length of the 'name' attribute of the 'salesorder' entity "
        "exceeded the "
        "maximum allowed length of '300'."
    )


def test_text_is_never_cut(sales: Any) -> None:
    """The longest allowed text comes back whole."""
    key = sales.admin.make("salesorders", {"name": "x" * 300})
    assert sales.admin.read(f"salesorders({key})")["name"] == "x" * 300


def test_text_of_an_int_is_converted_but_of_a_decimal_not(sales: Any) -> None:
    """The OData library takes "200" for Int32, as an example of the documentation does."""
    key = sales.admin.make("accounts", {"name": "x", "numberofemployees": "200"})
    assert sales.admin.read(f"accounts({key})")["numberofemployees"] == 200


def test_money_is_answered_with_four_digits(sales: Any, catalog: Any) -> None:
    """Trailing zeros are kept on the wire: 20000.0000."""
    key = sales.admin.make("accounts", {"name": "x", "revenue": 20000})
    text = sales.admin.get(f"accounts({key})?$select=revenue").text
    assert '"revenue":20000.0000' in text


def test_decimals_have_the_digits_of_storage_or_of_the_column(sales: Any, catalog: Any) -> None:
    """Never in exponent form; which scale is a switch."""
    order = catalog.order(None, catalog.bikes(2, quantityshipped=0))
    path = f"salesorders({order})/order_details?$select=quantity,quantityshipped"
    text = sales.admin.get(path).text
    assert '"quantity":2.0000000000' in text
    assert '"quantityshipped":0.0000000000' in text
    sales.setup(decimal_scale="precision")
    assert '"quantity":2.00000' in sales.admin.get(path).text


def test_money_is_rounded_to_the_currencys_precision_half_away_from_zero(sales: Any, catalog: Any) -> None:
    """Amounts have the currency's digits, unit prices the organization's."""
    order = catalog.order(None, catalog.bikes(1, ispriceoverridden=True, priceperunit=Decimal("1.2345")))
    assert sales.admin.read(f"salesorders({order})/order_details")["value"][0]["priceperunit"] == Decimal("1.23")
    sales.organization(pricingdecimalprecision=4)
    order = catalog.order(
        None,
        catalog.bikes(1, ispriceoverridden=True, priceperunit=Decimal("1.2345")),
        freightamount=Decimal("0.005"),
    )
    row = sales.admin.read(f"salesorders({order})?$expand=order_details")
    assert row["order_details"][0]["priceperunit"] == Decimal("1.2345")
    assert row["freightamount"] == Decimal("0.01")


def test_user_local_dates_are_date_times_on_the_wire(sales: Any, catalog: Any) -> None:
    """Format is not behaviour: requestdeliveryby keeps its time of day, in UTC and whole seconds."""
    order = catalog.order(None, requestdeliveryby="2026-03-16T00:00:00.789+13:00")
    assert sales.admin.read(f"salesorders({order})")["requestdeliveryby"] == "2026-03-15T11:00:00Z"


@pytest.mark.parametrize("text", ["2026-03-16", "2026-03-16T00:00:00"])
def test_a_date_without_offset_is_taken_as_utc(sales: Any, catalog: Any, text: str) -> None:
    """No conversion to the user's zone is done."""
    order = catalog.order(None, requestdeliveryby=text)
    assert sales.admin.read(f"salesorders({order})")["requestdeliveryby"] == "2026-03-16T00:00:00Z"


def test_date_only_columns_are_dates_on_the_wire(sales: Any, catalog: Any) -> None:
    """invoice.duedate is YYYY-MM-DD both ways."""
    key = sales.admin.make("invoices", {"name": "x", "duedate": "2026-03-16"})
    assert sales.admin.read(f"invoices({key})")["duedate"] == "2026-03-16"


def test_write_only_columns_are_not_answered(sales: Any) -> None:
    """The secret of a service endpoint can be set and never read."""
    body = {
        "name": "hook",
        "contract": 8,
        "url": "http://127.0.0.1:9/x",
        "authtype": 4,
        "authvalue": "secret",
    }
    key = sales.admin.make("serviceendpoints", body)
    row = sales.admin.read(f"serviceendpoints({key})")
    assert "authvalue" not in row
    assert sales.admin.get(f"serviceendpoints({key})?$select=authvalue").status_code == 400


LINES = [
    ({"uomid@odata.bind": None}, "0x80043b0d"),
    ({"productid@odata.bind": None}, "0x80043b11"),
    ({"quantity": None}, "0x80081012"),
    ({"quantity": Decimal("1.5")}, "0x80043b07"),
    ({"productid@odata.bind": None, "productdescription": "text"}, "0x80043afa"),
]


@pytest.mark.parametrize(("change", "code"), LINES, ids=[code for _, code in LINES])
def test_lines_need_product_unit_and_quantity(sales: Any, catalog: Any, change: dict[str, Any], code: str) -> None:
    """What is missing or too fine on a line has a code of its own."""
    line = {**catalog.bikes(1), **change}
    refused = sales.admin.post("salesorders", {"name": "x", "order_details": [line]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)


def test_a_unit_of_another_group_is_refused(sales: Any, catalog: Any) -> None:
    """The line's unit must belong to the product's unit group: 0x80043b14."""
    group = sales.admin.make("uomschedules", {"name": "Weights", "baseuomname": "KG"})
    unit = sales.admin.read(f"uomschedules({group})/unit_of_measure_schedule_conversions")["value"][0]["uomid"]
    line = {**catalog.bikes(1), "uomid@odata.bind": f"/uoms({unit})"}
    refused = sales.admin.post("salesorders", {"name": "x", "order_details": [line]})
    assert refused.json()["error"]["code"] == "0x80043b14"


def test_write_ins_take_a_text_instead_of_a_product(sales: Any, catalog: Any) -> None:
    """`isproductoverridden` decides; it is create-only and a product besides the text is refused."""
    write_in = {
        "isproductoverridden": True,
        "productdescription": "Engraving",
        "quantity": 1,
        "priceperunit": 25,
    }
    order = catalog.order(None, write_in)
    line = sales.admin.read(f"salesorders({order})/order_details")["value"][0]
    assert (line["salesorderdetailname"], line["extendedamount"]) == ("Engraving", Decimal(25))
    assert (
        sales.admin.post("salesorders", {"name": "x", "order_details": [write_in | catalog.bikes()]}).status_code == 400
    )
    path = f"salesorderdetails({line['salesorderdetailid']})"
    assert sales.admin.patch(path, {"isproductoverridden": False}).status_code == 204
    assert sales.admin.read(path)["isproductoverridden"] is True


def test_a_text_without_the_write_in_flag_is_no_write_in(sales: Any) -> None:
    """Without isproductoverridden a product is expected."""
    line = {"productdescription": "Engraving", "quantity": 1, "priceperunit": 25}
    refused = sales.admin.post("salesorders", {"name": "x", "order_details": [line]})
    assert refused.json()["error"]["code"] == "0x80043b11"


def test_a_line_without_order_is_refused(sales: Any, catalog: Any) -> None:
    """`salesorderid` is required by the system."""
    assert sales.admin.post("salesorderdetails", catalog.bikes()).status_code == 400


def test_line_numbers_of_the_grid_are_assigned_by_switch(sales: Any, catalog: Any) -> None:
    """`sequencenumber` counts up when it is not sent."""
    order = catalog.order(None, catalog.bikes(), catalog.cables(), catalog.bikes(1, sequencenumber=9))
    rows = sales.admin.read(f"salesorders({order})/order_details?$select=sequencenumber&$orderby=sequencenumber")
    assert [row["sequencenumber"] for row in rows["value"]] == [1, 2, 9]
    sales.setup(line_sequence="null")
    order = catalog.order(None, catalog.bikes())
    assert sales.admin.read(f"salesorders({order})/order_details")["value"][0]["sequencenumber"] is None


def test_fractions_of_a_second_are_a_switch(sales: Any) -> None:
    """A date-time that is written with milliseconds is answered in whole seconds, or as it was sent."""
    body = {"name": "x", "requestdeliveryby": "2026-05-13T12:00:00.250Z"}
    path = "salesorders({})?$select=requestdeliveryby"
    whole = sales.admin.read(path.format(sales.admin.make("salesorders", body)))
    assert whole["requestdeliveryby"] == "2026-05-13T12:00:00Z"
    sales.setup(milliseconds="kept")
    exact = sales.admin.read(path.format(sales.admin.make("salesorders", body)))
    assert exact["requestdeliveryby"] == "2026-05-13T12:00:00.250000Z"


def test_the_code_of_a_choice_out_of_range_is_a_switch(sales: Any) -> None:
    """0x8004431A, or the code of any invalid argument, with the same words."""
    sales.setup(choice_code="0x80040203")
    error = sales.admin.post("salesorders", {"name": "x", "paymenttermscode": 99}).json()["error"]
    assert error["code"] == "0x80040203"
    assert "outside the valid range" in error["message"]


def test_rounding_in_the_middle_is_a_switch(sales: Any, catalog: Any) -> None:
    """Half a unit of the last digit goes away from zero, or to the even digit: of money, prices and quantities."""
    columns = "discountamount,order_details"
    sent = {"ispriceoverridden": True, "priceperunit": Decimal("10.125"), "quantityshipped": Decimal("1.000005")}
    found = {}
    for midpoint in ("away-from-zero", "to-even"):
        sales.setup(midpoint=midpoint)
        order = catalog.order(None, catalog.bikes(1, **sent), discountamount=Decimal("0.125"))
        row = sales.admin.read(f"salesorders({order})?$select={columns.partition(',')[0]}&$expand=order_details")
        (line,) = row["order_details"]
        found[midpoint] = (row["discountamount"], line["priceperunit"], line["baseamount"], line["quantityshipped"])
    up, even = Decimal("10.13"), Decimal("10.12")
    assert found["away-from-zero"] == (Decimal("0.13"), up, up, Decimal("1.00001"))
    assert found["to-even"] == (Decimal("0.12"), even, even, Decimal("1.00000"))
