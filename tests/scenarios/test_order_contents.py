"""What an order carries, and how it arrives: dates, units, discounts, currencies, prices, names, many lines."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.sandbox import world
from syncengine.sandbox.seed import Product
from tests.bench.bench import Bench

pytestmark = pytest.mark.loaded


def line_of(product: Product, quantity: Any, unit: int = 0, **columns: Any) -> dict[str, Any]:
    """A line as a form sends it: `unit` counts the units of the product, the base unit first."""
    return {
        "productid@odata.bind": f"/products({product.sales_id})",
        "uomid@odata.bind": f"/uoms({product.units[unit].sales_id})",
        "quantity": quantity,
        "ispriceoverridden": True,
        "priceperunit": product.price * product.units[unit].size,
        **columns,
    }


def order_with(bench: Bench, *lines: dict[str, Any], currency: str = "USD", **columns: Any) -> str:
    """A submitted order with these lines; gives its number."""
    seeded = bench.running.world
    order = bench.seller.enter(
        seeded.customers[0].sales_id, seeded.price_lists[currency], seeded.currencies[currency], [], **columns
    )
    for place, line in enumerate(lines, start=1):
        body = {"salesorderid@odata.bind": f"/salesorders({order})", "lineitemnumber": place, **line}
        bench.seller.person.request("POST", "salesorderdetails", body)
    bench.seller.submit(order)
    return str(bench.seller.order(order)["ordernumber"])


@pytest.mark.parametrize(
    ("zone", "stored", "day", "noon"),
    [
        # The form stores midnight of the day, where the seller sits, in UTC.
        ("Pacific/Auckland", "2026-03-15T11:00:00Z", "2026-03-16", "2026-03-19T23:00:00Z"),
        ("Europe/Berlin", "2026-03-15T23:00:00Z", "2026-03-16", "2026-03-20T11:00:00Z"),
        ("America/New_York", "2026-03-16T04:00:00Z", "2026-03-16", "2026-03-20T16:00:00Z"),
    ],
)
def test_a_day_is_the_same_day_on_both_sides(bench: Bench, zone: str, stored: str, day: str, noon: str) -> None:
    bench.configure(sales={"time_zone": zone})
    number = bench.sales_order(1, requestdeliveryby=stored)
    bench.sync()
    order = bench.clerk.order(number)
    assert order["requestedDeliveryDate"] == day
    bench.clerk.change(order, requestedDeliveryDate="2026-03-20")
    bench.sync()
    assert bench.seller.order(number)["requestdeliveryby"] == noon
    bench.agreed()


def test_one_product_in_several_units(shop: Bench) -> None:
    """Pieces and boxes of one product are two lines with two units, not 14 of one."""
    product = shop.products[1]
    number = order_with(shop, line_of(product, 2), line_of(product, 12, unit=1))
    shop.sync()
    lines = shop.clerk.order(number)["salesOrderLines"]
    assert [(one["unitOfMeasureCode"], one["quantity"], one["unitPrice"]) for one in lines] == [
        ("PCS", 2, product.price),
        ("BOX", 12, product.price * 12),
    ]
    shop.agreed()


def test_amount_and_percentage_are_one_invoice_discount(shop: Bench) -> None:
    """Both may be set in Sales; the percentage counts on the total of the lines, and is never a payment discount."""
    product = shop.products[0]
    number = order_with(
        shop,
        line_of(product, 4, priceperunit=Decimal("50.00"), manualdiscountamount=Decimal(20)),
        discountpercentage=Decimal(10),
        discountamount=Decimal("7.50"),
    )
    shop.sync()
    order = shop.clerk.order(number)
    assert order["discountAmount"] == Decimal("25.50")  # 10 % of 180, and 7.50
    assert order["totalAmountExcludingTax"] == Decimal("154.50")
    shop.agreed()


def test_a_discount_the_clerk_changes_becomes_an_amount(shop: Bench) -> None:
    """An amount on one side cannot be a percentage on the other without moving when a line changes."""
    product = shop.products[0]
    line = line_of(product, 4, priceperunit=Decimal("50.00"))
    number = order_with(shop, line, discountpercentage=Decimal(10))
    shop.sync()
    shop.clerk.change(shop.clerk.order(number), discountAmount=Decimal(30))
    shop.sync()
    here = shop.seller.order(number)
    assert (here["discountamount"], here["discountpercentage"] or 0) == (30, 0)
    assert here["totalamountlessfreight"] == 170
    shop.agreed()


def test_the_local_currency_is_blank_in_the_ledger_and_a_code_in_sales(shop: Bench) -> None:
    number = shop.sales_order(1)
    back = shop.back_office_order(1)
    shop.sync()
    order = shop.clerk.order(number)
    assert (order["currencyCode"], order["currencyId"]) == ("USD", "00000000-0000-0000-0000-000000000000")
    here = shop.sales_order_of(back["number"])
    assert here["_transactioncurrencyid_value"] == shop.running.world.currencies["USD"]
    shop.agreed()


def test_a_price_keeps_its_five_decimals_where_it_was_entered(shop: Bench) -> None:
    """Sales keeps two of them; that is its loss, and nobody's edit."""
    back = shop.back_office_order(1, release=False)
    shop.clerk.change_line(back, back["salesOrderLines"][0], unitPrice=Decimal("1.23456"))
    shop.clerk.act(back, "release")
    shop.sync()
    assert shop.sales_order_of(back["number"])["order_details"][0]["priceperunit"] == Decimal("1.23")
    shop.agreed()
    shop.clerk.change_line(back, back["salesOrderLines"][0], description="Desk, oak, oiled")
    shop.sync(sweep_all=True)
    assert shop.clerk.order(back["number"])["salesOrderLines"][0]["unitPrice"] == Decimal("1.23456")
    shop.agreed()


def test_a_total_that_lost_decimals_move_is_told(bench: Bench) -> None:
    """3 at 1.23456 are 3.70, 3 at 1.23 are 3.69: totals are compared to the cent, and nothing is written for it."""
    back = bench.back_office_order(3, release=False)
    bench.clerk.change_line(back, back["salesOrderLines"][0], unitPrice=Decimal("1.23456"))
    bench.clerk.act(back, "release")
    assert [one["code"] for one in bench.sync(expect=1)["errors"]] == ["totals-differ"]
    differences = bench.verify()["differences"]
    assert [(one["group"], one["line"]) for one in differences] == [("total", None)]
    assert differences[0]["back_office"] - differences[0]["sales"] == Decimal("0.01")
    bench.mark()
    bench.sync(expect=1)
    assert bench.writes() == []


def test_a_quantity_keeps_five_decimals(bench: Bench) -> None:
    product = bench.products[0]
    bench.admin.person.request("PATCH", f"products({product.sales_id})", {"quantitydecimal": 5})
    number = order_with(bench, line_of(product, Decimal("0.33333"), priceperunit=Decimal(3)))
    bench.sync()
    assert bench.clerk.order(number)["salesOrderLines"][0]["quantity"] == Decimal("0.33333")
    bench.agreed()


def test_names_with_quotes_and_brackets_arrive_as_they_are(shop: Bench) -> None:
    name = "O'Brien & Sons <x>"
    number = shop.sales_order(1, shipto_name=name, name=name, shipto_line1='5 "Quote" Lane; 100% <b>')
    shop.sync()
    order = shop.clerk.order(number)
    assert (order["shipToName"], order["shipToAddressLine1"]) == (name, '5 "Quote" Lane; 100% <b>')
    shop.clerk.change(order, shipToName="Åse & <Søn> 'A/S'")
    shop.sync()
    assert shop.seller.order(number)["shipto_name"] == "Åse & <Søn> 'A/S'"
    shop.agreed()


@pytest.mark.loaded(False)
def test_a_discount_for_each_unit_is_one_for_the_line_there(bench: Bench) -> None:
    """The organization counts manual discounts for each unit; Business Central knows one for the line."""
    organization(bench, discountcalculationmethod=1)
    product = bench.products[0]
    line = line_of(product, 4, priceperunit=Decimal("50.00"), manualdiscountamount=Decimal("2.50"))
    number = order_with(bench, line)
    bench.sync()
    (there,) = bench.clerk.order(number)["salesOrderLines"]
    assert (there["discountAmount"], there["amountExcludingTax"]) == (10, 190)
    bench.agreed()
    bench.clerk.change_line(bench.clerk.order(number), there, discountAmount=Decimal(20))
    bench.sync()
    assert bench.seller.order(number)["order_details"][0]["manualdiscountamount"] == 5
    bench.agreed()


@pytest.mark.loaded(False)
def test_a_discount_that_does_not_divide_is_held_as_far_as_it_does(bench: Bench) -> None:
    """10.00 on 3 pieces are 3.33 a piece in Sales, and stay 10.00 in the back office: a loss, and nobody's edit."""
    organization(bench, discountcalculationmethod=1)
    back = bench.back_office_order(3, release=False)
    bench.clerk.change_line(back, back["salesOrderLines"][0], discountAmount=Decimal(10))
    bench.clerk.act(back, "release")
    assert [one["code"] for one in bench.sync(expect=1)["errors"]] == ["totals-differ"]
    assert bench.sales_order_of(back["number"])["order_details"][0]["manualdiscountamount"] == Decimal("3.33")
    bench.mark()
    bench.sync(expect=1)
    assert bench.writes() == []
    assert bench.clerk.order(back["number"])["salesOrderLines"][0]["discountAmount"] == 10


def organization(bench: Bench, **columns: Any) -> None:
    row = bench.admin.person.get("organizations?$select=organizationid")["value"][0]
    bench.admin.person.request("PATCH", f"organizations({row['organizationid']})", columns)


@pytest.fixture
def vat(running: world.Sandbox, tmp_path: Path) -> Iterator[Bench]:
    """A company under VAT: prices of sales tax companies never include it."""
    made = Bench(running, tmp_path, tax="vat")
    yield made
    made.restart()


def test_prices_that_include_tax_are_read_without_it(vat: Bench) -> None:
    """A clerk's document with prices including tax: price, line discount and invoice discount lose their tax."""
    back = vat.back_office_order(1, release=False, pricesIncludeTax=True)
    (line,) = back["salesOrderLines"]
    share = 1 + Decimal(line["taxPercent"]) / 100
    assert share > 1
    vat.clerk.change_line(back, line, quantity=2, unitPrice=100 * share, discountAmount=10 * share)
    vat.clerk.change(vat.clerk.order(back["number"]), discountAmount=20 * share)
    vat.clerk.act(back, "release")
    vat.sync()
    here = vat.sales_order_of(back["number"])
    assert (here["order_details"][0]["priceperunit"], here["order_details"][0]["manualdiscountamount"]) == (100, 10)
    assert (here["discountamount"], here["totalamountlessfreight"]) == (20, 170)
    assert here["totalamount"] == vat.clerk.order(back["number"])["totalAmountIncludingTax"]
    vat.agreed()


def test_a_price_from_sales_is_written_with_tax_where_the_document_has_it(vat: Bench) -> None:
    back = vat.back_office_order(1, release=False, pricesIncludeTax=True)
    (line,) = back["salesOrderLines"]
    share = 1 + Decimal(line["taxPercent"]) / 100
    vat.configure(integration={"new_from_back_office": "any", "on_order_change": "amend"})
    vat.sync()
    here = vat.sales_order_of(back["number"])
    vat.seller.edit(
        here["salesorderid"], lines={here["order_details"][0]["salesorderdetailid"]: {"priceperunit": Decimal(40)}}
    )
    vat.sync()
    (line,) = vat.clerk.order(back["number"])["salesOrderLines"]
    assert line["unitPrice"] == 40 * share
    vat.agreed()


def test_documents_we_make_have_prices_without_tax(shop: Bench) -> None:
    """Also for a customer whose own setting says otherwise."""
    number = shop.sales_order(2)
    shop.sync()
    assert shop.clerk.order(number)["pricesIncludeTax"] is False
    assert [one.body["pricesIncludeTax"] for one in shop.writes("back_office") if one.method == "POST"] == [False]


def test_an_order_of_a_person_goes_to_the_persons_company(bench: Bench) -> None:
    """The order stays the person's in Sales; only another customer in the back office replaces it."""
    seeded = bench.running.world
    person = bench.admin.person.request(
        "POST",
        "contacts",
        {
            "firstname": "Ann",
            "lastname": "Lee",
            "parentcustomerid_account@odata.bind": f"/accounts({seeded.customers[2].sales_id})",
        },
        prefer="return=representation",
    )["contactid"]
    number = bench.sales_order(1, submit=False)
    order = bench.seller.order(number)["salesorderid"]
    bench.seller.change(order, **{"customerid_contact@odata.bind": f"/contacts({person})"})
    bench.seller.submit(order)
    bench.sync()
    there = bench.clerk.order(number)
    assert there["customerNumber"] == seeded.customers[2].number
    assert bench.seller.order(number)["_customerid_value"] == person
    bench.agreed()
    bench.clerk.change(there, customerId=seeded.customers[1].back_office_id)
    bench.sync()
    assert bench.seller.order(number)["_customerid_value"] == seeded.customers[1].sales_id
    bench.agreed()


def test_an_order_of_a_person_without_company_waits(bench: Bench) -> None:
    person = bench.admin.person.request("POST", "contacts", {"lastname": "Lee"}, prefer="return=representation")
    number = bench.sales_order(1, submit=False)
    order = bench.seller.order(number)["salesorderid"]
    bench.seller.change(order, **{"customerid_contact@odata.bind": f"/contacts({person['contactid']})"})
    bench.seller.submit(order)
    bench.sync()
    assert bench.clerk.orders(f"externalDocumentNumber eq '{number}'") == []
    company = bench.running.world.customers[0].sales_id
    bench.admin.person.request(
        "PATCH",
        f"contacts({person['contactid']})",
        {"parentcustomerid_account@odata.bind": f"/accounts({company})"},
    )
    bench.seller.edit(order, name="again")
    bench.sync()
    assert bench.clerk.order(number)["customerNumber"] == bench.running.world.customers[0].number
    bench.agreed()


def test_freight_as_a_write_in_line(bench: Bench) -> None:
    """Configured so, freight is a line of the write-in item; changed there, it is the freight here; other write-ins
    are none of it.
    """
    bench.configure(back_office={"freight_as": "write-in"})
    write_in = {"isproductoverridden": True, "productdescription": "Engraving", "quantity": 1, "priceperunit": 15}
    number = order_with(bench, line_of(bench.products[0], 1), write_in, freightamount=Decimal("12.50"))
    bench.sync()
    lines = bench.clerk.order(number)["salesOrderLines"]
    assert [(one["lineObjectNumber"], one["description"], one["unitPrice"]) for one in lines[1:]] == [
        ("WRITE-IN", "Engraving", 15),
        ("WRITE-IN", "Freight", Decimal("12.5")),
    ]
    bench.clerk.change_line(bench.clerk.order(number), lines[2], unitPrice=Decimal(18))
    bench.sync()
    here = bench.seller.order(number)
    assert (here["freightamount"], len(here["order_details"])) == (18, 2)
    bench.agreed()


def seller_with_code(bench: Bench) -> str:
    """The seller, known in the back office as JR; gives the user's id."""
    me = bench.seller.person.get("WhoAmI")["UserId"]
    bench.admin.person.request("PATCH", f"systemusers({me})", {"internalemailaddress": "jane@example.com"})
    bench.clerk.create("salespeoplePurchasers", code="JR", displayName="Jane Roe", email="jane@example.com")
    return str(me)


def test_the_owner_is_the_salesperson_of_the_new_document_and_then_left_alone(bench: Bench) -> None:
    seller_with_code(bench)
    bench.clerk.create("salespeoplePurchasers", code="XX", displayName="Nobody there")
    number = bench.sales_order(1)
    bench.sync()
    order = bench.clerk.order(number)
    assert order["salesperson"] == "JR"
    bench.clerk.change(order, salesperson="XX")
    bench.sync()
    assert bench.clerk.order(number)["salesperson"] == "XX"
    bench.agreed()


def test_the_salesperson_owns_the_new_order_in_sales(bench: Bench) -> None:
    jane = seller_with_code(bench)
    hers = bench.back_office_order(1, salesperson="JR")
    nobodys = bench.back_office_order(2)
    bench.sync()
    assert bench.sales_order_of(hers["number"])["_ownerid_value"] == jane
    ours = bench.sales_order_of(nobodys["number"])
    assert ours["_ownerid_value"] == ours["_createdby_value"] != jane
    bench.agreed()


def test_an_owner_who_is_no_salesperson_leaves_the_customers_own(bench: Bench) -> None:
    bench.clerk.create("salespeoplePurchasers", code="AB", displayName="Al Bee")
    customer = bench.clerk.find("customers", f"number eq '{bench.running.world.customers[0].number}'")
    path = bench.clerk._path(f"customers({customer['id']})")
    bench.clerk.person.request("PATCH", path, {"salespersonCode": "AB"}, if_match="*")
    number = bench.sales_order(1)
    bench.sync()
    assert bench.clerk.order(number)["salesperson"] == "AB"
    bench.agreed()


@pytest.mark.long
def test_an_order_of_a_thousand_lines(bench: Bench) -> None:
    products = [bench.products[place % 12] for place in range(1000)]
    number = bench.sales_order(*range(1, 1001), products=products, freightamount=Decimal(9))
    bench.sync()
    lines = bench.clerk.order(number)["salesOrderLines"]
    assert [line["quantity"] for line in lines] == [*range(1, 1001), 1]
    bench.agreed()


def test_a_service_is_a_product_like_any_other(bench: Bench) -> None:
    """A service item is an item: product, unit, quantity and price, both ways."""
    seeded = bench.running.world
    unit = seeded.products[1].units[0]
    bench.clerk.create(
        "items", number="INSTALL", displayName="Installation", type="Service", baseUnitOfMeasureId=unit.back_office_id
    )
    group = bench.admin.person.get(f"products({seeded.products[1].sales_id})")["_defaultuomscheduleid_value"]
    product = bench.admin.person.request(
        "POST",
        "products",
        {
            "productnumber": "INSTALL",
            "name": "Installation",
            "producttypecode": 3,
            "quantitydecimal": 2,
            "defaultuomid@odata.bind": f"/uoms({unit.sales_id})",
            "defaultuomscheduleid@odata.bind": f"/uomschedules({group})",
        },
        prefer="return=representation",
    )["productid"]
    bench.admin.person.request("PATCH", f"products({product})", {"statecode": 0, "statuscode": 1})
    line = line_of(seeded.products[1], 3, priceperunit=Decimal(80))
    number = order_with(bench, {**line, "productid@odata.bind": f"/products({product})"})
    bench.sync()
    (there,) = bench.clerk.order(number)["salesOrderLines"]
    assert (there["lineObjectNumber"], there["quantity"], there["unitPrice"]) == ("INSTALL", 3, 80)
    bench.agreed()


def test_the_bill_to_address_is_the_back_offices(bench: Bench) -> None:
    """It follows the customer there and cannot be written: what the seller entered is kept in the history."""
    number = bench.sales_order(1, billto_name="Head office", billto_city="Elsewhere")
    bench.sync()
    here, there = bench.seller.order(number), bench.clerk.order(number)
    shown = [here[f"billto_{name}"] or "" for name in ("name", "line1", "city", "postalcode")]
    assert shown == [there[name] for name in ("billToName", "billToAddressLine1", "billToCity", "billToPostCode")]
    assert here["billto_city"] not in ("", "Elsewhere")
    bench.clerk.change(there, billToCustomerId=bench.running.world.customers[2].back_office_id)
    bench.sync()
    changed = bench.clerk.order(number)
    assert bench.seller.order(number)["billto_name"] == changed["billToName"] != there["billToName"]
    bench.agreed()


def test_a_post_code_in_small_letters_is_one_in_capitals(bench: Bench) -> None:
    """Business Central keeps post codes in capitals: nobody has changed them, and each side keeps its own."""
    number = bench.sales_order(2, shipto_line1="1 Mall", shipto_city="London", shipto_postalcode="sw1a 1aa")
    bench.sync()
    document = bench.clerk.order(number)
    assert document["shipToPostCode"] == "SW1A 1AA"
    bench.agreed()
    bench.seller.edit(bench.seller.order(number)["salesorderid"], shipto_postalcode="sw1a 2ab")
    bench.sync()
    bench.clerk.change(bench.clerk.order(number), shipToCity="Westminster")
    bench.sync()
    here, there = bench.seller.order(number), bench.clerk.order(number)
    assert (here["shipto_postalcode"], here["shipto_city"]) == ("sw1a 2ab", "Westminster")
    assert there["shipToPostCode"] == "SW1A 2AB"
    bench.agreed()
