"""What API v2.0 has no entity for: through the companion extension where it is installed, by its fallback where not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from syncengine.service.check import check
from syncengine.service.decisions import resolve
from tests.bench.bench import Bench
from tests.scenarios.acts import write_note
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.loaded(has_companion=True)


@pytest.fixture
def extended(bench: Bench) -> Bench:
    """With the companion from the beginning."""
    return bench


def through(bench: Bench) -> dict[str, str]:
    """What `check` says of the mappings that depend on the companion."""
    return {one.message.partition(": ")[0]: one.message for one in check(bench.company) if one.id.endswith(".through")}


def service(bench: Bench, number: str = "LISA") -> tuple[str, dict[str, Any]]:
    """A resource, and the product of type Services that stands for it; the product's id, and a line to order it."""
    seeded = bench.running.world
    bench.running.back_office.insert(
        seeded.company,
        "resources",
        {
            "number": number,
            "displayName": "Lisa, fitter",
            "type": "Person",
            "baseUnitOfMeasureCode": "PCS",
            "unitPrice": Decimal(80),
            "unitCost": Decimal(45),
        },
    )
    first = bench.products[1]
    like = bench.admin.person.get(f"products({first.sales_id})")
    product = bench.running.sales.insert(
        "product",
        {
            "productnumber": number,
            "name": "Fitting",
            "producttypecode": 3,
            "defaultuomscheduleid": like["_defaultuomscheduleid_value"],
            "defaultuomid": first.units[0].sales_id,
            "quantitydecimal": 2,
            "price": Decimal(1),
        },
    )
    bench.running.sales.patch("product", product, {"statecode": 0, "statuscode": 1})
    return product, {"product": product, "unit": first.units[0].sales_id, "quantity": 3, "price": 75}


def enter(bench: Bench, *lines: dict[str, Any]) -> str:
    seeded = bench.running.world
    order = bench.seller.enter(
        seeded.customers[0].sales_id, seeded.price_lists["USD"], seeded.currencies["USD"], list(lines)
    )
    bench.seller.submit(order)
    return str(bench.seller.order(order)["ordernumber"])


@scenario(
    "a resource, and the product of type Services with its number",
    "a seller orders it, and a clerk enters an order with it",
    "it is a resource there and a product here, with the back office's name, price and cost",
)
def test_given_a_resource_when_it_is_ordered_then_it_is_a_product_here(extended: Bench) -> None:
    product, line = service(extended)
    number = enter(extended, line)
    theirs = extended.clerk.create(
        "salesOrders",
        customerId=extended.running.world.customers[1].back_office_id,
        salesOrderLines=[{"lineType": "Resource", "lineObjectNumber": "LISA", "quantity": 2, "unitPrice": 90}],
    )
    extended.clerk.act(theirs, "release")
    extended.sync()
    (made,) = extended.clerk.order(number)["salesOrderLines"]
    assert (made["lineType"], made["lineObjectNumber"]) == ("Resource", "LISA")
    assert (made["quantity"], made["unitPrice"]) == (3, 75)
    (here,) = extended.sales_order_of(theirs["number"])["order_details"]
    assert (here["_productid_value"], here["isproductoverridden"], here["priceperunit"]) == (product, False, 90)
    shown = extended.admin.person.get(f"products({product})")
    assert (shown["name"], shown["price"], shown["standardcost"]) == ("Lisa, fitter", 80, 45)
    assert through(extended)["RESOURCE-PRODUCT"] == "RESOURCE-PRODUCT: works through companion/resources"
    extended.agreed()


@scenario(
    "an order for a resource",
    "the seller takes an item instead",
    "the line is of that item in both",
)
def test_given_an_order_for_a_resource_when_an_item_is_taken_instead_then_both_have_it(extended: Bench) -> None:
    _, line = service(extended)
    number = enter(extended, line)
    extended.sync()
    order = extended.seller.order(number)
    item = extended.products[2]
    extended.seller.edit(
        order["salesorderid"],
        lines={
            order["order_details"][0]["salesorderdetailid"]: {
                "productid@odata.bind": f"/products({item.sales_id})",
                "uomid@odata.bind": f"/uoms({item.units[0].sales_id})",
                "ispriceoverridden": True,
                "priceperunit": 12,
            }
        },
    )
    extended.sync()
    (made,) = extended.clerk.order(number)["salesOrderLines"]
    assert (made["lineType"], made["itemId"], made["unitPrice"]) == ("Item", item.back_office_id, 12)
    extended.agreed()


@scenario(
    "an order for a service product whose resource is not there yet",
    "the resource is entered",
    "the order waited for it, and goes on by itself",
)
def test_given_a_service_without_its_resource_when_it_comes_then_the_order_goes_on(extended: Bench) -> None:
    _, line = service(extended, "LISA")
    there = extended.clerk.through_companion("GET", "resources?$filter=number eq 'LISA'")["value"][0]
    extended.clerk.through_companion("PATCH", f"resources({there['id']})", {"number": "LIZ"}, if_match="*")
    number = enter(extended, line)
    extended.sync()
    assert extended.live_documents(number) == []
    again = extended.clerk.through_companion("GET", f"resources({there['id']})")
    extended.clerk.through_companion(
        "PATCH", f"resources({there['id']})", {"number": "LISA"}, if_match=again["@odata.etag"]
    )
    extended.sync()
    assert len(extended.live_documents(number)) == 1
    extended.agreed()


@scenario(
    "no companion, and an order of a clerk with a resource",
    "it comes to Sales",
    "the line is a write-in, so that totals agree, and `check` says so",
)
@pytest.mark.loaded(False)
def test_given_no_companion_when_a_resource_is_ordered_there_then_it_is_a_write_in_here(bench: Bench) -> None:
    service(bench)
    order = bench.clerk.create(
        "salesOrders",
        customerId=bench.running.world.customers[1].back_office_id,
        salesOrderLines=[{"lineType": "Resource", "lineObjectNumber": "LISA", "quantity": 2, "unitPrice": 90}],
    )
    bench.clerk.act(order, "release")
    bench.sync()
    (here,) = bench.sales_order_of(order["number"])["order_details"]
    assert (here["productdescription"], here["isproductoverridden"]) == ("Lisa, fitter", True)
    said = through(bench)["RESOURCE-PRODUCT"]
    assert said == "RESOURCE-PRODUCT: companion/resources is not there; lines of resources are write-ins in Sales"
    bench.switch("back_office", has_companion=True)
    assert through(bench)["RESOURCE-PRODUCT"] == "RESOURCE-PRODUCT: works through companion/resources"
    bench.switch("back_office", has_companion=False)
    through(bench)
    bench.agreed()


def notes_here(bench: Bench, number: str) -> list[str]:
    order = bench.seller.order(number)["salesorderid"]
    rows = bench.admin.person.get(f"annotations?$filter=_objectid_value eq {order}")["value"]
    return sorted(str(row["notetext"]) for row in rows)


def notes_there(bench: Bench, number: str) -> list[str]:
    (order,) = bench.live_documents(number)
    rows = bench.clerk.through_companion("GET", f"recordNotes?$filter=parentId eq {order['id']}")["value"]
    return sorted(str(row["text"]) for row in rows)


def write_there(bench: Bench, number: str, text: str) -> str:
    (order,) = bench.live_documents(number)
    made = bench.clerk.through_companion("POST", "recordNotes", {"parentId": order["id"], "text": text})
    return str(made["id"])


@scenario(
    "an order that both sides have",
    "the seller writes a note, the clerk writes another, and each changes the other's",
    "both have both notes, as they were changed last",
)
def test_given_an_order_when_notes_are_written_on_both_sides_then_both_have_them(extended: Bench) -> None:
    number = extended.sales_order(2)
    extended.sync()
    ours = write_note(extended, number, "<div><p>Call <b>first</b></p></div>")
    theirs = write_there(extended, number, "Gate B, after ten")
    extended.sync()
    both = ["Call first", "Gate B, after ten"]
    assert notes_there(extended, number) == both
    assert notes_here(extended, number) == ["<div><p>Call <b>first</b></p></div>", "Gate B, after ten"]
    here = next(
        row
        for row in extended.admin.person.get("annotations")["value"]
        if row["annotationid"] != ours and row["notetext"] == "Gate B, after ten"
    )
    extended.seller.person.request("PATCH", f"annotations({here['annotationid']})", {"notetext": "Gate C"})
    rows = extended.clerk.through_companion("GET", "recordNotes")["value"]
    other = next(row["id"] for row in rows if row["id"] != theirs)
    extended.clerk.through_companion("PATCH", f"recordNotes({other})", {"text": "Call last"}, if_match="*")
    extended.sync()
    assert notes_here(extended, number) == notes_there(extended, number) == ["Call last", "Gate C"]
    assert through(extended)["NOTE-ANNOTATION"] == "NOTE-ANNOTATION: works through companion/recordNotes"
    extended.agreed()


@scenario(
    "a note on an order that is not submitted yet",
    "the order is submitted",
    "the note waited for it, and is on the document",
)
def test_given_a_note_before_the_order_when_that_is_submitted_then_it_follows(extended: Bench) -> None:
    number = extended.sales_order(2, submit=False)
    write_note(extended, number, "Ask for a ramp")
    waiting = next(one for one in extended.sync()["mappings"] if one["mapping"] == "NOTE-ANNOTATION")
    assert (waiting["waiting"], extended.live_documents(number)) == (1, [])
    extended.seller.submit(extended.seller.order(number)["salesorderid"])
    extended.sync()
    assert notes_there(extended, number) == ["Ask for a ramp"]
    extended.agreed()


@scenario(
    "an order with notes of both sides",
    "the seller changes the customer, so that the document is archived and recreated",
    "the notes are on the successor, each of them once",
)
def test_given_notes_when_the_order_is_recreated_then_they_are_on_the_successor(extended: Bench) -> None:
    number = extended.sales_order(2)
    extended.sync()
    write_note(extended, number, "Call first")
    write_there(extended, number, "Gate B")
    extended.sync()
    before = extended.live_documents(number)[0]["number"]
    order = extended.seller.order(number)["salesorderid"]
    other = extended.running.world.customers[2].sales_id
    extended.seller.edit(order, **{"customerid_account@odata.bind": f"/accounts({other})"})
    extended.sync()
    assert extended.live_documents(number)[0]["number"] != before
    assert notes_there(extended, number) == notes_here(extended, number) == ["Call first", "Gate B"]
    extended.agreed()


@scenario(
    "an order with a note that both sides have",
    "somebody in {side} deletes the note",
    "the other side keeps it, and it comes back to nobody",
)
@pytest.mark.parametrize("side", ["Sales", "Business Central"])
def test_given_a_note_when_one_side_deletes_it_then_the_other_keeps_it(extended: Bench, side: str) -> None:
    number = extended.sales_order(2)
    extended.sync()
    ours = write_note(extended, number, "Call first")
    extended.sync()
    if side == "Sales":
        extended.seller.person.request("DELETE", f"annotations({ours})")
    else:
        (row,) = extended.clerk.through_companion("GET", "recordNotes")["value"]
        extended.clerk.through_companion("DELETE", f"recordNotes({row['id']})", if_match="*")
        extended.seller.person.request("PATCH", f"annotations({ours})", {"notetext": "Call first!"})
    extended.sync()
    extended.sync()
    assert notes_here(extended, number) == ([] if side == "Sales" else ["Call first!"])
    assert notes_there(extended, number) == (["Call first"] if side == "Sales" else [])
    extended.agreed()


@scenario(
    "a note that is being carried over",
    "the answer to the write is lost",
    "the note is there once",
)
def test_given_a_note_when_the_answer_is_lost_then_it_is_there_once(extended: Bench) -> None:
    number = extended.sales_order(2)
    extended.sync()
    write_note(extended, number, "Call first")
    extended.fault(
        "back_office", kind="answer-lost", next=1, match={"method": "POST", "path": r"POST .*(recordNotes|\$batch)"}
    )
    extended.sync(expect=None)
    extended.calm()
    extended.later("back_office", 600)
    extended.clock.sleep(600)
    extended.sync()
    extended.sync()
    assert notes_there(extended, number) == ["Call first"]
    extended.agreed()


def price_here(bench: Bench, product: str, unit: str, currency: str = "USD") -> list[dict[str, Any]]:
    listed = bench.running.world.price_lists[currency]
    condition = f"_pricelevelid_value eq {listed} and _productid_value eq {product} and _uomid_value eq {unit}"
    return list(bench.admin.person.get(f"productpricelevels?$filter={condition}")["value"])


@scenario(
    "prices in Business Central's price lists, one of which Sales has already",
    "they come to Sales, and one is changed",
    "each is in the price list of its currency, per unit; prices of one customer, for quantities or for a time stay",
)
def test_given_prices_when_they_change_then_the_price_lists_of_sales_have_them(extended: Bench) -> None:
    one, two, three = extended.products[1], extended.products[2], extended.products[3]
    unit = two.units[0].sales_id
    (old,) = price_here(extended, two.sales_id, unit, "EUR")
    extended.admin.person.request("DELETE", f"productpricelevels({old['productpricelevelid']})")
    back_office, company = extended.running.back_office, extended.running.world.company
    known = back_office.add_price(company, one.number, Decimal("77.25"))
    back_office.add_price(company, two.number, Decimal("65.50"), unit=two.units[0].code, currency="EUR")
    for narrow in (
        {"customer_number": "10000"},
        {"minimum_quantity": Decimal(10)},
        {"ending": date(2030, 1, 1)},
    ):
        back_office.add_price(company, three.number, Decimal(1), **narrow)
    extended.sync()
    (base,) = price_here(extended, one.sales_id, one.units[0].sales_id)
    (made,) = price_here(extended, two.sales_id, unit, "EUR")
    assert (base["amount"], made["amount"], made["pricingmethodcode"]) == (Decimal("77.25"), Decimal("65.5"), 1)
    (untouched,) = price_here(extended, three.sales_id, three.units[0].sales_id)
    assert untouched["amount"] == three.price
    back_office._change(company, "priceListLine", company["priceListLine"].get(known), unitPrice=Decimal(79))
    extended.sync()
    assert price_here(extended, one.sales_id, one.units[0].sales_id)[0]["amount"] == 79
    assert through(extended)["PLLINE-PRODPRICE"].endswith("works through companion/priceListLines")
    extended.agreed()


@scenario(
    "a price that came to Sales",
    "an administrator overwrites it there",
    "it is put back: prices belong to the back office",
)
def test_given_a_price_when_it_is_overwritten_here_then_it_is_put_back(extended: Bench) -> None:
    one = extended.products[1]
    extended.running.back_office.add_price(extended.running.world.company, one.number, Decimal("77.25"))
    extended.sync()
    (here,) = price_here(extended, one.sales_id, one.units[0].sales_id)
    extended.admin.person.request("PATCH", f"productpricelevels({here['productpricelevelid']})", {"amount": 70})
    extended.sync()
    assert price_here(extended, one.sales_id, one.units[0].sales_id)[0]["amount"] == Decimal("77.25")
    extended.agreed()


def test_check_finds_nothing_wrong_with_what_works_through_the_companion(extended: Bench) -> None:
    """Tables, columns, kinds, lengths, filters: held against what both systems say of themselves."""
    found = [one for one in check(extended.company) if one.id.startswith("mapping")]
    names = {one.id.split(".")[1] for one in found if one.id.endswith(".back_office")}
    assert {"RESOURCE-PRODUCT", "PLLINE-PRODPRICE", "NOTE-ANNOTATION"} <= names
    assert [one.message for one in found if one.level == "error"] == []


@pytest.mark.loaded(False)
def test_without_it_no_request_is_made_to_it_but_the_question_for_it(bench: Bench) -> None:
    """And what needs it is no mapping of a run."""
    result = bench.sync()
    assert {"RESOURCE-PRODUCT", "PLLINE-PRODPRICE", "NOTE-ANNOTATION"}.isdisjoint(
        one["mapping"] for one in result["mappings"]
    )
    asked = {
        one["path"].partition("/companion/v1.0")[2]
        for one in bench.requests("back_office")
        if "companion" in one["path"]
    }
    assert asked == {"/$metadata"}


def test_check_holds_the_units_of_items_against_the_unit_groups_of_their_products(extended: Bench) -> None:
    """Names and sizes: a box of another size makes every order in boxes wrong."""

    def told() -> list[tuple[str, str]]:
        return [(one.level, one.message) for one in check(extended.company) if one.id == "units.items"]

    assert told() == [("ok", "the units of all items hold the same in both")]
    back_office, company = extended.running.back_office, extended.running.world.company
    first = extended.products[0]
    unit = first.units[1]
    (row,) = [
        one
        for one in company["itemUnitOfMeasure"].find("itemNumber", first.number)
        if one["unitOfMeasureCode"] == unit.code
    ]
    back_office._change(company, "itemUnitOfMeasure", row, quantityPerUnitOfMeasure=unit.size + 2)
    lacking = next(code for code in ("KG", "SET", "HOUR") if code not in {one.code for one in first.units})
    back_office.insert(company, "unitsOfMeasure", {"code": lacking, "displayName": "Another"})
    back_office.add_item_unit(company, first.number, lacking, Decimal(3))
    error, warning = told()
    assert error[0] == "error"
    assert f"{unit.code} of {first.number} holds {unit.size + 2} there and {unit.size} here" in error[1]
    assert warning[0] == "warning"
    assert f"{first.number} {lacking}" in warning[1]


@scenario(
    "an order with a note that both sides have",
    "the order is shipped and invoiced, and gone from Business Central",
    "the note stays in Sales, nobody looks for it in Business Central any more",
)
def test_given_a_note_when_its_order_is_posted_then_it_stays_in_sales(extended: Bench) -> None:
    number = extended.sales_order(2)
    extended.sync()
    write_note(extended, number, "Call first")
    extended.sync()
    (order,) = extended.live_documents(number)
    extended.clerk.act(order, "release")
    extended.clerk.act(order, "ship")
    extended.clerk.act(order, "invoice")
    extended.sync(sweep_all=True)
    assert extended.live_documents(number) == []
    assert notes_here(extended, number) == ["Call first"]
    extended.agreed()


@scenario(
    "an order with a note that both sides have",
    "the clerk deletes the note, and nothing else happens",
    "the sweep finds that, and the note stays in Sales",
)
def test_given_a_note_when_the_clerk_deletes_it_then_the_sweep_lets_it_go(extended: Bench) -> None:
    number = extended.sales_order(2)
    extended.sync()
    write_note(extended, number, "Call first")
    extended.sync()
    (row,) = extended.clerk.through_companion("GET", "recordNotes")["value"]
    extended.clerk.through_companion("DELETE", f"recordNotes({row['id']})", if_match="*")
    extended.sync(sweep_all=True)
    assert (notes_here(extended, number), notes_there(extended, number)) == (["Call first"], [])
    extended.agreed()


def agents(bench: Bench, *codes: str) -> None:
    for code in codes:
        bench.clerk.through_companion("POST", "shippingAgents", {"code": code, "displayName": f"{code} parcels"})


def beside(bench: Bench, number: str) -> dict[str, Any]:
    """What the companion shows of the order's document."""
    (order,) = bench.live_documents(number)
    return bench.clerk.through_companion("GET", f"orderDocuments({order['id']})")


def change_beside(bench: Bench, number: str, **columns: Any) -> None:
    shown = beside(bench, number)
    bench.clerk.through_companion("PATCH", f"orderDocuments({shown['id']})", columns, if_match=shown["@odata.etag"])


DHL, FEDEX, UPS = 2, 3, 4  # values of the choice in Sales


@scenario(
    "a shipping agent and a description on an order in Sales",
    "it is submitted, both sides change both, and the seller then changes a quantity and the customer",
    "each has what was changed last, changed in place and on the successor too; an idle run asks the companion once",
)
def test_given_an_agent_and_a_description_when_they_change_then_both_sides_have_them(extended: Bench) -> None:
    agents(extended, "DHL", "UPS", "FEDEX")
    number = extended.sales_order(2, shippingmethodcode=DHL, description="Ring twice\r\nGate B")
    order = extended.seller.order(number)["salesorderid"]
    extended.sync()
    shown = beside(extended, number)
    assert (shown["shippingAgentCode"], shown["workDescription"]) == ("DHL", "Ring twice\nGate B")
    assert extended.seller.order(number)["description"] == "Ring twice\r\nGate B"  # line ends are nobody's edit
    extended.agreed()
    change_beside(extended, number, shippingAgentCode="UPS", yourReference="PO 77")
    extended.seller.edit(order, description="Ring once")
    extended.sync()
    here, shown = extended.seller.order(number), beside(extended, number)
    assert (here["shippingmethodcode"], here["description"]) == (UPS, "Ring once")
    assert (shown["shippingAgentCode"], shown["workDescription"]) == ("UPS", "Ring once")
    change_beside(extended, number, workDescription="Ring thrice")  # moves no stamp of the order itself
    extended.sync()
    assert extended.seller.order(number)["description"] == "Ring thrice"
    line = extended.seller.order(number)["order_details"][0]["salesorderdetailid"]
    extended.seller.edit(order, shippingmethodcode=FEDEX, lines={line: {"quantity": 9}})
    extended.sync()
    after = beside(extended, number)
    assert (after["id"], after["shippingAgentCode"], after["workDescription"]) == (shown["id"], "FEDEX", "Ring thrice")
    other = extended.running.world.customers[2].sales_id
    extended.seller.edit(order, **{"customerid_account@odata.bind": f"/accounts({other})"}, shippingmethodcode=DHL)
    extended.sync()
    successor = beside(extended, number)
    told = (successor["shippingAgentCode"], successor["workDescription"], successor["yourReference"])
    assert (successor["id"] != shown["id"], *told) == (True, "DHL", "Ring thrice", "PO 77")
    extended.sync()
    extended.mark()
    extended.sync()
    asked = [one for one in extended.requests("back_office") if "companion" in one["path"] and one["parts"]]
    assert len(asked) == 1  # all tables of it, in one batch
    extended.agreed()


@scenario(
    "a shipping agent and a description on an order",
    "the answer to what the companion was told is {what}, for a new document and for a successor",
    "both documents hold both, once",
)
@pytest.mark.parametrize("what", ["lost", "an error before it was done", "lost, while the clerk changed it"])
def test_given_an_agent_when_an_answer_is_lost_then_it_is_there(extended: Bench, what: str) -> None:
    agents(extended, "DHL", "UPS")
    kind = "reset-before" if "before" in what else "answer-lost"
    extended.fault("back_office", kind=kind, next=1, match={"method": "PATCH", "path": "orderDocuments"})
    number = extended.sales_order(2, shippingmethodcode=DHL, description="Ring twice")
    extended.sync(expect=None)
    if "clerk" in what:
        change_beside(extended, number, workDescription="Do not ring")
    extended.calm()
    extended.sync()
    described = "Do not ring" if "clerk" in what else "Ring twice"
    assert (beside(extended, number)["shippingAgentCode"], beside(extended, number)["workDescription"]) == (
        "DHL",
        described,
    )
    assert len(extended.live_documents(number)) == 1
    order, other = extended.seller.order(number), extended.running.world.customers[2].sales_id
    assert order["description"] == described
    extended.fault("back_office", kind=kind, next=1, match={"method": "PATCH", "path": "orderDocuments"})
    extended.seller.edit(
        order["salesorderid"], **{"customerid_account@odata.bind": f"/accounts({other})"}, shippingmethodcode=UPS
    )
    extended.sync(expect=None)
    extended.calm()
    extended.sync()
    assert len(extended.live_documents(number)) == 1
    assert (beside(extended, number)["shippingAgentCode"], beside(extended, number)["workDescription"]) == (
        "UPS",
        described,
    )
    extended.agreed()


@scenario(
    "an order whose customer has a shipping agent in Business Central, and one without",
    "both are handed over, the clerk takes an agent that Sales has no word for, and the document is released",
    "the default comes to Sales; what Sales cannot say is nobody's edit; the seller's new agent opens the document",
)
def test_given_a_default_agent_when_an_order_is_handed_over_then_sales_shows_it(extended: Bench) -> None:
    agents(extended, "DHL", "UPS", "OWN FLEET")
    company = extended.running.world.company
    customer = extended.running.world.customers[0]
    (row,) = [one for one in company["customer"].rows.values() if one["id"] == customer.back_office_id]
    extended.running.back_office._change(company, "customer", row, _shippingAgentCode="UPS")
    number = extended.sales_order(2)
    extended.sync()
    assert extended.seller.order(number)["shippingmethodcode"] == UPS
    change_beside(extended, number, shippingAgentCode="OWN FLEET")
    extended.sync()
    assert extended.seller.order(number)["shippingmethodcode"] is None
    (document,) = extended.live_documents(number)
    extended.clerk.act(document, "release")
    extended.seller.edit(extended.seller.order(number)["salesorderid"], shippingmethodcode=DHL, description="Ring")
    extended.sync()
    assert (beside(extended, number)["shippingAgentCode"], beside(extended, number)["workDescription"]) == (
        "DHL",
        "Ring",
    )
    assert extended.live_documents(number)[0]["status"] == "Open"
    extended.agreed()


@scenario(
    "coupled orders, and no companion: one described on both sides, one in Business Central alone",
    "the companion is installed",
    "what one side has flows; where both have one it is a conflict, and nobody's text is lost",
)
@pytest.mark.loaded(False)
def test_given_orders_when_the_companion_is_installed_then_what_differs_is_told(bench: Bench) -> None:
    one, two = bench.sales_order(2), bench.sales_order(3, description="Ring twice")
    bench.sync()
    bench.switch("back_office", has_companion=True)
    for number in (one, two):
        change_beside(bench, number, workDescription="Gate B")
    assert through(bench)["SALESORDER-ORDER, row work_description"].endswith("works through companion/orderDocuments")
    bench.sync(expect=1)
    assert (bench.seller.order(one)["description"], bench.seller.order(two)["description"]) == ("Gate B", "Ring twice")
    with bench.company.store() as store, store.transaction():
        (conflict,) = store.conflicts.open()
    told = ("work_description", "Ring twice", "Gate B")
    assert (conflict.group, conflict.sales, conflict.back_office) == told
    resolve(bench.company, conflict.id, "back_office", ())
    bench.sync()
    assert bench.seller.order(two)["description"] == "Gate B"
    bench.agreed()


@scenario(
    "an order with a resource, which came to Sales as a write-in while there was no companion",
    "the companion is installed, and Sales has a product for the resource",
    "the line is that product in Sales",
)
@pytest.mark.loaded(False)
def test_given_a_write_in_when_the_companion_is_installed_then_the_line_is_the_product(bench: Bench) -> None:
    product, _ = service(bench)
    order = bench.clerk.create(
        "salesOrders",
        customerId=bench.running.world.customers[1].back_office_id,
        salesOrderLines=[{"lineType": "Resource", "lineObjectNumber": "LISA", "quantity": 2, "unitPrice": 90}],
    )
    bench.clerk.act(order, "release")
    bench.sync()
    assert bench.sales_order_of(order["number"])["order_details"][0]["isproductoverridden"] is True
    bench.switch("back_office", has_companion=True)
    through(bench)
    bench.sync()
    (line,) = bench.sales_order_of(order["number"])["order_details"]
    assert (line["_productid_value"], line["quantity"], line["priceperunit"]) == (product, 2, 90)
    bench.agreed()


@scenario(
    "an order with a shipping agent and a description",
    "it is shipped and invoiced, while a draft invoice stands beside",
    "the invoice in Sales has both, as they were posted",
)
def test_given_an_agent_and_a_description_when_it_is_invoiced_then_the_invoice_has_them(extended: Bench) -> None:
    agents(extended, "DHL")
    number = extended.sales_order(2, shippingmethodcode=DHL, description="Ring twice\nGate B")
    extended.clerk.create("salesInvoices", customerId=extended.running.world.customers[0].back_office_id)
    extended.sync()
    (order,) = extended.live_documents(number)
    for action in ("release", "ship", "invoice"):
        extended.clerk.act(order, action)
    extended.sync()
    (invoice,) = extended.admin.person.get("invoices?$select=description,shippingmethodcode")["value"]
    assert (invoice["description"], invoice["shippingmethodcode"]) == ("Ring twice\nGate B", DHL)
    extended.agreed()


@scenario(
    "a customer that both sides have",
    "an administrator in Sales and a clerk change contact name, fax and shipping agent, beside other columns",
    "each side's edit arrives on the other, whichever table holds the column",
)
def test_given_a_customer_when_its_details_change_then_both_sides_have_them(extended: Bench) -> None:
    agents(extended, "DHL", "UPS")
    known = extended.running.world.customers[0]
    path = f"customerDetails({known.back_office_id})"
    extended.sync()
    changed = {"fax": "555-0199", "address1_primarycontactname": "Ann Ode", "address1_shippingmethodcode": DHL}
    extended.admin.person.request("PATCH", f"accounts({known.sales_id})", {**changed, "telephone1": "555-0101"})
    extended.sync()
    shown = extended.clerk.through_companion("GET", path)
    told = (shown["faxNumber"], shown["contactName"], shown["shippingAgentCode"])
    assert told == ("555-0199", "Ann Ode", "DHL")
    assert extended.clerk.find("customers", f"number eq '{shown['number']}'")["phoneNumber"] == "555-0101"
    extended.clerk.through_companion("PATCH", path, {"shippingAgentCode": "UPS"}, if_match=shown["@odata.etag"])
    extended.admin.person.request("PATCH", f"accounts({known.sales_id})", {"fax": "555-0200"})
    extended.sync()
    here = extended.admin.person.get(f"accounts({known.sales_id})")
    assert (here["address1_shippingmethodcode"], here["fax"]) == (UPS, "555-0200")
    assert extended.clerk.through_companion("GET", path)["faxNumber"] == "555-0200"
    extended.agreed()
