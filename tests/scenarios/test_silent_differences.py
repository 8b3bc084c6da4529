"""Whatever differs is found though nothing tells of it: named by `verify`, mended or listed by a run with `--sweep`.

Every compared row of orders, customers, items and contacts is in the tables below, or has a rule that finds it another
value, or says why its two sides cannot differ; a row that is none of that fails. The other mappings are named with what
holds their rows instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from syncengine.errors import FailureClass
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.mapping.transforms.law import AsIs
from syncengine.mapping.transforms.texts import Capitals
from syncengine.mapping.transforms.texts import Country
from syncengine.mapping.transforms.texts import Fits
from syncengine.ports import Coupling
from syncengine.records.values import SIDES
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.sandbox.seed import FREIGHT_ACCOUNT
from tests.bench.bench import Bench
from tests.scenarios.acts import listed
from tests.scenarios.silence import alter
from tests.scenarios.silence import silenced
from tests.scenarios.test_invoices import released
from tests.scenarios.test_quotes import quoted

pytestmark = pytest.mark.loaded(has_companion=True)

Act = Callable[[Bench, str], object]
"""What a person does to the order of this number."""


def sales(**columns: Any) -> Act:
    return lambda bench, number: _patch(bench, "sales", "salesorders", _order(bench, number), columns)


def sales_line(**columns: Any) -> Act:
    return lambda bench, number: _patch(bench, "sales", "salesorderdetails", _line(bench, number), columns)


def back(**columns: Any) -> Act:
    return lambda bench, number: _patch(bench, "back_office", "salesOrders", _document(bench, number)["id"], columns)


def beside(**columns: Any) -> Act:
    return lambda bench, number: _patch(
        bench, "back_office", "companion/orderDocuments", _document(bench, number)["id"], columns
    )


def back_line(**columns: Any) -> Act:
    def act(bench: Bench, number: str) -> None:
        document = _document(bench, number)
        body = {name: value(bench) if callable(value) else value for name, value in columns.items()}
        bench.clerk.change_line(document, document["salesOrderLines"][0], **body)

    return act


def _order(bench: Bench, number: str) -> str:
    return str(bench.seller.order(number)["salesorderid"])


def _line(bench: Bench, number: str) -> str:
    return str(bench.seller.order(number)["order_details"][0]["salesorderdetailid"])


def _document(bench: Bench, number: str) -> dict[str, Any]:
    return bench.clerk.order(number)


def _patch(bench: Bench, side: Side, table: str, row: str, columns: Mapping[str, Any]) -> None:
    body = {name: value(bench) if callable(value) else value for name, value in columns.items()}
    if side == "sales":
        bench.admin.person.request("PATCH", f"{table}({row})", body)
        return
    path = f"{table.removeprefix('companion/')}({row})"
    if table.startswith("companion/"):
        bench.clerk.through_companion("PATCH", path, body, if_match="*")
    else:
        bench.clerk.person.request("PATCH", bench.clerk._path(path), body, if_match="*")


def _raw(side: Side, table: str, **columns: Any) -> Act:
    def act(bench: Bench, number: str) -> None:
        row = _order(bench, number) if side == "sales" else _document(bench, number)["id"]
        body = {name: value(bench) if callable(value) else value for name, value in columns.items()}
        alter(bench, side, table, row, **body)

    return act


def _there(entity_set: str, code: str) -> Callable[[Bench], str]:
    return lambda bench: str(bench.clerk.find(entity_set, f"code eq '{code}'")["id"])


def _ship_one(bench: Bench, number: str) -> None:
    document = _document(bench, number)
    bench.clerk.act(document, "release")
    first = {"sequence": document["salesOrderLines"][0]["sequence"], "quantity": 1}
    bench.clerk.act(document, "ship", lines=[first])


def _freight(bench: Bench, number: str) -> None:
    bench.clerk.add_line(
        _document(bench, number), lineType="Account", lineObjectNumber=FREIGHT_ACCOUNT, quantity=1, unitPrice=9
    )


def _taxed(bench: Bench, number: str) -> None:
    """Its first line is of a group of goods that is taxed since this morning."""
    bench.running.back_office.set_tax_rate(bench.running.world.company, "", "SUPPLIES", Decimal(5))
    document = _document(bench, number)
    bench.clerk.change_line(document, document["salesOrderLines"][0], taxCode="SUPPLIES")


SHIP_TO = {f"ship_to_{name}" for name in ("name", "line1", "line2", "city", "post_code", "state", "country")}
BILL_TO = {f"bill_to_{name}" for name in ("name", "line1", "line2", "city", "post_code", "state", "country")}

ORDERS: Mapping[str, tuple[Act | str, Act | str, set[str]]] = {
    # row: how it comes to differ in Sales, how in the back office (or why it cannot), and what may differ along with it
    "status_line": (
        sales(submitstatusdescription="mine"),
        lambda bench, number: bench.clerk.act(_document(bench, number), "release"),
        set(),
    ),
    "status_code": (sales(submitstatus=3), "1 in every state of a document", set()),
    "customer": (
        sales(**{"customerid_account@odata.bind": lambda b: f"/accounts({b.running.world.customers[1].sales_id})"}),
        back(customerId=lambda b: b.running.world.customers[1].back_office_id),
        {"payment_terms", "set", *SHIP_TO, *BILL_TO},
    ),
    "currency": (
        _raw("sales", "salesorder", transactioncurrencyid=lambda b: b.running.world.currencies["EUR"]),
        back(currencyCode="EUR"),
        {"unit_price", "total"},
    ),
    "payment_terms": (sales(paymenttermscode=4), back(paymentTermsId=_there("paymentTerms", "60 DAYS")), set()),
    "shipment_method": (sales(freighttermscode=1), back(shipmentMethodId=_there("shipmentMethods", "FOB")), set()),
    "shipping_agent": (
        sales(shippingmethodcode=2),
        beside(shippingAgentCode="UPS"),
        set(),
    ),
    "work_description": (
        sales(description="Ring twice"),
        beside(workDescription="Ring"),
        set(),
    ),
    "requested_delivery": (
        sales(requestdeliveryby="2027-03-16T12:00:00Z"),
        back(requestedDeliveryDate="2027-03-16"),
        set(),
    ),
    "discount": (sales(discountamount=Decimal("0.01")), back(discountAmount=Decimal("0.01")), {"total"}),
    "freight": (sales(freightamount=Decimal("0.01")), _freight, {"total"}),
    "total": (
        _raw("sales", "salesorder", totalamount=Decimal("2615.41")),
        _raw("back_office", "salesOrder", totalAmountIncludingTax=Decimal("2615.41")),
        set(),
    ),
    "lines.product": (
        sales_line(
            **{
                "productid@odata.bind": lambda b: f"/products({b.products[6].sales_id})",
                "uomid@odata.bind": lambda b: f"/uoms({b.products[6].units[0].sales_id})",
            }
        ),
        back_line(itemId=lambda b: b.products[6].back_office_id),
        {"unit", "unit_price", "description", "total"},
    ),
    "lines.unit": (
        sales_line(**{"uomid@odata.bind": lambda b: f"/uoms({b.products[0].units[1].sales_id})"}),
        back_line(unitOfMeasureCode=lambda b: b.products[0].units[1].code),
        {"unit_price", "total"},
    ),
    "lines.quantity": (sales_line(quantity=Decimal("2.01")), back_line(quantity=Decimal("2.01")), {"total"}),
    "lines.unit_price": (sales_line(priceperunit=181), back_line(unitPrice=181), {"total"}),
    "lines.line_discount": (
        sales_line(manualdiscountamount=Decimal("0.01")),
        back_line(discountAmount=Decimal("0.01")),
        {"total"},
    ),
    "lines.description": (sales_line(description="Oak"), back_line(description="Oak"), set()),
    "lines.tax": (sales_line(tax=Decimal("0.01")), _taxed, {"total"}),
    "lines.shipped": (sales_line(quantityshipped=1), _ship_one, {"status_line", "backordered"}),
    "lines.backordered": (sales_line(quantitybackordered=1), "follows from what was shipped", set()),
}

AT_CREATION = "written once, and each side's own from then on"
ONE_SIDE = "a fact of one side"
MATCHED = "serves to tell which record is which"


def why_not(row: Row) -> str:
    """Why this row is not compared; "" where it is."""
    if row.compared or row.check == "equal":
        return ""
    reasons = {
        AT_CREATION: row.only_create or bool(row.choose),
        ONE_SIDE: not (row.sales and row.back_office),
        MATCHED: row.check == "match",
    }
    return next(reason for reason, holds in reasons.items() if holds)


def rows_of(mapping: TableMapping) -> dict[str, Row]:
    """Those that are compared, of lines with a prefix."""
    lines = mapping.lines.rows if mapping.lines else {}
    every = {**mapping.rows, **{f"lines.{name}": row for name, row in lines.items()}}
    return {name: row for name, row in every.items() if not why_not(row)}


def _text(row: Row, side: Side) -> Act | None:
    """A text of one column, where the table has nothing."""
    columns = row.columns(side)
    if type(row.transform) not in (AsIs, Fits, Capitals, Country) or len(columns) != 1 or row.is_reference:
        return None
    value = {columns[0]: "DE" if isinstance(row.transform, Country) else "Other"}
    if side == "sales":
        return sales(**value)
    return _raw(side, "salesOrder", **value) if row.to == "sales" else back(**value)


def ways(mapping: TableMapping) -> dict[tuple[str, Side], Act]:
    """For each compared row and side how it comes to differ there. A row that is not in the table is an error."""
    found: dict[tuple[str, Side], Act] = {}
    for name, row in rows_of(mapping).items():
        for side, way in zip(SIDES, ORDERS.get(name, (None, None))[:2], strict=True):
            act = way or _text(row, side)
            assert act, f"{name}: nothing says how it comes to differ in {side}, nor why it cannot"
            if not isinstance(act, str):
                found[name, side] = act
    return found


def differences(verified: dict[str, Any]) -> dict[str, set[tuple[str, str]]]:
    """By number of the record: row and reason."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for one in verified["differences"]:
        found[str(one["record"]["number"])].add((one["group"], one["reason"]))
    return found


def mended(bench: Bench) -> dict[str, set[tuple[str, str]]]:
    """After a run with `--sweep`: what still differs is listed with its reason, and a further run writes nothing."""
    bench.sync(sweep_all=True, expect=None)
    verified = bench.verify()
    left = [one for one in verified["differences"] if one["reason"] == "unexplained"]
    assert left == []
    bench.mark()
    bench.sync(sweep_all=True, expect=None)
    assert [(w.table, w.body) for w in bench.writes()] == []
    return differences(verified)


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)])
def test_every_row_of_an_order_that_differs_silently_is_named_and_mended(bench: Bench, *, whole: bool) -> None:
    """An order for each compared row and each side where it can differ; not `whole`: one line of addresses for all."""
    for code in ("DHL", "UPS"):
        bench.clerk.through_companion("POST", "shippingAgents", {"code": code, "displayName": f"{code} parcels"})
    acts = ways(bench.company.live().mappings["SALESORDER-ORDER"])
    assert ORDERS.keys() <= {name for name, _ in acts}
    if not whole:
        alike = (SHIP_TO | BILL_TO) - {"ship_to_post_code", "bill_to_country"}
        acts = {way: act for way, act in acts.items() if way[0] not in alike}
    address = {"shipto_name": "A", "shipto_line1": "1 Main", "shipto_city": "Rome"}
    numbers = {bench.sales_order(2, 3, **address): way for way in acts}
    bench.sync()
    for number, way in numbers.items():
        acts[way](bench, number)
    silenced(bench)
    bench.mark()
    bench.sync()
    assert bench.writes() == [], "no poll sees any of it"
    named = differences(bench.verify())
    assert named.keys() == numbers.keys()
    for number, (name, side) in numbers.items():
        row, along = name.removeprefix("lines."), ORDERS[name][2] if name in ORDERS else set()
        groups = {group for group, _ in named[number]}
        assert row in groups, (name, side)
        assert groups <= {row} | along, (name, side)
        assert {reason for _, reason in named[number]} == {"unexplained"}, (name, side)
    left = {numbers[number] for number in mended(bench)}
    assert left == {("currency", "sales"), ("currency", "back_office"), ("total", "sales"), ("total", "back_office")}


Change = Callable[[Coupling], tuple[Any, Any]]
"""What becomes of a coupling's base and line pairs."""


def kept(change: Change) -> Act:
    """Something else in the store than what was agreed."""

    def act(bench: Bench, number: str) -> None:
        with bench.company.store(writes=True) as store, store.transaction():
            (coupling,) = store.couplings.named("SALESORDER-ORDER", number)
            store.couplings.settle(coupling.id, *change(coupling))

    return act


def pictured(side: Side, row: str, value: Scalar, *, line: bool = False) -> Act:
    """The base says that this is what both had agreed on."""

    def change(coupling: Coupling) -> tuple[Any, Any]:
        assert coupling.base is not None
        picture = coupling.base.of(side)
        if line:
            one = picture.lines[coupling.line_pairs[0].id(side)]
            lines = {**picture.lines, one.id: replace(one, fields={**one.fields, row: value})}
            picture = replace(picture, lines=lines)
        else:
            picture = replace(picture, fields={**picture.fields, row: value})
        return replace(coupling.base, **{side: picture}), coupling.line_pairs

    return kept(change)


def _crossed(coupling: Coupling) -> tuple[Any, Any]:
    one, two = coupling.line_pairs
    crossed = [replace(one, back_office=two.back_office), replace(two, back_office=one.back_office)]
    return coupling.base, crossed


def _uncoupled(bench: Bench, number: str) -> None:
    """The store has never heard of this order."""
    with bench.company.store(writes=True) as store, store.transaction():
        (coupling,) = store.couplings.named("SALESORDER-ORDER", number)
        for table, column in (("line_couplings", "coupling_id"), ("couplings", "id")):
            store.couplings.session.run(text(f"DELETE FROM {table} WHERE {column} = {coupling.id}"))


def both(*acts: Act) -> Act:
    return lambda bench, number: [act(bench, number) for act in acts]


def _add_line(bench: Bench, number: str) -> None:
    product = bench.products[5]
    bench.admin.add_line(_order(bench, number), product.sales_id, product.units[0].sales_id, 4, 3, lineitemnumber=9)


TOLD = {("status_line", "waiting"), ("status_code", "waiting")}
"""While a person is asked, Sales says so."""

CONTENTS: Mapping[str, tuple[Act, set[str], set[tuple[str, str]]]] = {
    # what has happened: how, what `verify` names, and what a run with `--sweep` leaves, with its reason
    "a line is gone in Sales": (
        lambda bench, number: bench.admin.remove_line(_line(bench, number)),
        {"set", "total"},
        set(),
    ),
    "a line is gone in the back office": (
        lambda bench, number: bench.clerk.remove_line(
            _document(bench, number), _document(bench, number)["salesOrderLines"][0]
        ),
        {"set", "total"},
        set(),
    ),
    "a line was added in Sales": (_add_line, {"set", "total"}, set()),
    "a line was added in the back office": (
        lambda bench, number: bench.clerk.add_line(
            _document(bench, number), lineType="Item", itemId=bench.products[5].back_office_id, quantity=4
        ),
        {"set", "total"},
        set(),
    ),
    "the order was canceled in Sales": (
        lambda bench, number: bench.admin.cancel(_order(bench, number)),
        {"(state)"},
        set(),
    ),
    "the order was fulfilled in Sales": (
        lambda bench, number: bench.admin.fulfil(_order(bench, number)),
        {"(state)"},
        {("(state)", "waiting")},  # of an order that is closed nothing is written there any more
    ),
    "the order was deleted in Sales": (
        lambda bench, number: bench.admin.delete(_order(bench, number)),
        {"(missing)"},
        {("(missing)", "waiting")},
    ),
    "the document was deleted": (
        lambda bench, number: bench.clerk.delete(_document(bench, number)),
        {"(missing)"},
        {("(missing)", "waiting")},  # set back to Active, it waits for the seller
    ),
    "the document was entered a second time": (
        lambda bench, number: bench.back_office_order(1, release=False, externalDocumentNumber=number),
        {"(duplicate)"},
        {("(duplicate)", "waiting")},
    ),
    "the store has lost its coupling": (_uncoupled, {"(missing)"}, set()),
    "the store has lost the pair of a line": (
        kept(lambda coupling: (coupling.base, coupling.line_pairs[:1])),
        {"set"},
        set(),
    ),
    "the lines are paired crosswise": (
        kept(_crossed),
        {"product", "unit", "quantity", "unit_price", "description"},
        {*((row, "conflict") for row in ("product", "unit", "quantity", "unit_price", "description")), *TOLD},
    ),
    "a quantity that was never agreed on": (
        both(sales_line(quantity=9), pictured("sales", "quantity", Decimal(9), line=True)),
        {"quantity", "total"},
        {("quantity", "conflict"), ("total", "waiting"), *TOLD},
    ),
    "a day that was never agreed on": (
        both(
            back(requestedDeliveryDate="2027-03-16"),
            pictured("back_office", "requested_delivery", date(2027, 3, 16)),
        ),
        {"requested_delivery"},
        set(),
    ),
    "a status that was never agreed on": (
        both(sales(submitstatusdescription="mine"), pictured("sales", "status_line", "mine")),
        {"status_line"},
        set(),
    ),
}


def test_what_else_differs_silently_is_named_and_mended_or_a_person_is_asked(bench: Bench) -> None:
    """Lines, states, documents and couplings; a base that says what was never agreed on; a key that nothing made."""
    numbers = {bench.sales_order(2, 3): what for what in CONTENTS}
    bench.sync()
    for number, what in numbers.items():
        CONTENTS[what][0](bench, number)
    never_seen = {bench.sales_order(1), str(bench.back_office_order(1)["number"])}
    bench.back_office_order(1, release=False, externalDocumentNumber="SE:1234")
    silenced(bench)
    bench.mark()
    bench.sync()
    assert bench.writes() == [], "no poll sees any of it"
    named = differences(bench.verify())
    assert {number: {group for group, _ in found} for number, found in named.items()} == {
        **{number: CONTENTS[what][1] for number, what in numbers.items()},
        **{number: {"(missing)"} for number in never_seen},
        "SE:1234": {"(duplicate)"},
    }
    assert {reason for found in named.values() for _, reason in found} == {"unexplained"}
    left = mended(bench)
    assert left == {
        **{number: CONTENTS[what][2] for number, what in numbers.items() if CONTENTS[what][2]},
        "SE:1234": {("(duplicate)", "waiting")},
    }
    assert listed(bench, FailureClass.PERSON).count("doubled") == 2


def _euro(bench: Bench) -> str:
    return f"/transactioncurrencies({bench.running.world.currencies['EUR']})"


MASTERS: Mapping[str, Mapping[str, tuple[Any, Any]]] = {
    # mapping: row: another value in Sales, in the back office (a text: why it cannot be there); other texts are "Other"
    "CUSTOMER": {
        "number": ({"accountnumber": "C-9"}, "renumbering moves every stamp"),
        "email": ({"emailaddress1": "o@here.example"}, {"email": "o@there.example"}),
        "website": ({"websiteurl": "https://here.example"}, {"website": "https://there.example"}),
        "currency": (
            {"transactioncurrencyid@odata.bind": _euro},
            {"currencyCode": "EUR"},
        ),
        "payment_terms": ({"paymenttermscode": 4}, {"paymentTermsId": _there("paymentTerms", "60 DAYS")}),
        "shipment_method": ({"address1_freighttermscode": 1}, {"shipmentMethodId": _there("shipmentMethods", "FOB")}),
        "shipping_agent": (
            {"address1_shippingmethodcode": 2},
            {"companion/customerDetails.shippingAgentCode": "UPS"},
        ),
        "credit_limit": ({"creditlimit": Decimal("0.01")}, {"creditLimit": Decimal("0.01")}),
        "owner": ("a customer without a salesperson leaves it alone", "nobody in Sales is a salesperson"),
    },
    "ITEM-PRODUCT": {
        "price": ({"price": Decimal("0.01")}, {"unitPrice": Decimal("0.01")}),
        "standard_cost": ({"standardcost": Decimal("0.01")}, {"unitCost": Decimal("0.01")}),
        "current_cost": ({"currentcost": Decimal("0.01")}, "the same column as standard_cost"),
        "on_hand": ({"quantityonhand": Decimal("7.01")}, "moved by postings only"),
    },
    "CONTACT": {
        "name": ({"lastname": "Other"}, {"displayName": "Other"}),
        "email": ({"emailaddress1": "o@here.example"}, {"email": "o@there.example"}),
        "website": ({"websiteurl": "https://here.example"}, {"website": "https://there.example"}),
    },
}


PHONES = {"phone", "mobile", "fax"}  # letters are refused there


def columns_to(mapping: TableMapping, side: Side) -> dict[str, dict[str, Any]]:
    """Row -> the columns that make it differ on this side; a row that is not in the table is an error."""
    found: dict[str, dict[str, Any]] = {}
    for name, row in rows_of(mapping).items():
        held = MASTERS[mapping.name].get(name)
        columns = row.columns(side)
        if held is None:
            assert isinstance(row.transform, Fits | Country), f"{name}: nothing says how it comes to differ"
            other = "555-0177" if name in PHONES else "Other"
            found[name] = {columns[0]: "DE" if isinstance(row.transform, Country) else other}
        elif not isinstance(way := held[0 if side == "sales" else 1], str):
            found[name] = way
    return found


@pytest.mark.parametrize("name", MASTERS)
def test_every_row_of_a_master_that_differs_silently_is_named_and_mended(bench: Bench, name: str) -> None:
    """All rows of one record in Sales, and all of another one in the back office."""
    for code in ("DHL", "UPS"):
        bench.clerk.through_companion("POST", "shippingAgents", {"code": code, "displayName": f"{code} parcels"})
    for person in ("Ann", "Bea"):
        bench.clerk.create("contacts", displayName=f"{person} Lee", type="Person", email=f"{person}@example.com")
        body = {"firstname": person, "lastname": "Lee", "emailaddress1": f"{person}@example.com"}
        bench.admin.person.request("POST", "contacts", body)
    bench.sync()
    mapping = bench.company.live().mappings[name]
    with bench.company.store() as store, store.transaction():
        one, two = store.couplings.after(name, 0, 2)
    expected: dict[str, set[str]] = {}
    for side, coupling in (("sales", one), ("back_office", two)):
        wanted = columns_to(mapping, side)
        expected[str(coupling.sales_id)] = set(wanted) | ({"current_cost"} if "standard_cost" in wanted else set())
        by_table: dict[str, dict[str, Any]] = defaultdict(dict)
        for columns in wanted.values():
            for column, value in columns.items():
                table, _, last = column.rpartition(".") if column.startswith("companion/") else ("", "", column)
                by_table[table or mapping.of(side).table][last] = value
        for table, columns in by_table.items():
            _patch(bench, side, table, coupling.remote_id(side), columns)
    silenced(bench)
    bench.mark()
    bench.sync()
    assert bench.writes() == [], "no poll sees any of it"
    found: dict[str, set[str]] = defaultdict(set)
    for difference in bench.verify()["differences"]:
        assert difference["reason"] == "unexplained"
        found[difference["record"]["sales"]].add(difference["group"])
    assert found == expected
    assert mended(bench) == {}


def test_totals_of_quotes_and_invoices_that_differ_silently_are_named_and_listed(bench: Bench) -> None:
    """A total is nobody's to write, so a person is told."""
    quoted(bench, 2)
    document = released(bench, 2)
    for action in ("ship", "invoice"):
        bench.clerk.act(document, action)
    bench.sync()
    for name, table in (("QUOTE", "quote"), ("POSTEDSALESINV-INV", "invoice")):
        with bench.company.store() as store, store.transaction():
            (coupling,) = store.couplings.after(name, 0, 2)
        alter(bench, "sales", table, coupling.sales_id, totalamount=Decimal("0.01"))
    named = {reason for found in differences(bench.verify()).values() for reason in found}
    assert named == {("total", "unexplained")}
    left = {reason for found in mended(bench).values() for reason in found}
    assert left == {("total", "waiting")}
    assert listed(bench) == ["totals-differ", "totals-differ"]


ELSEWHERE: Mapping[str, str] = {
    # mapping: which rows of it are compared, and by what they are held instead of by a row of the tables above
    "SALESPEOPLE": "one way, no lines: rows of the same kinds as a customer's",
    "RESOURCE-PRODUCT": "the rows of an item",
    "PLLINE-PRODPRICE": "one way: a price, as an item's",
    "NOTE-ANNOTATION": "a text, as an order's, and the order it belongs to",
    "QUOTE": "the rows of an order; its total in the test above",
    "POSTEDSALESINV-INV": "one way, the rows of an order; its total in the test above",
}


def test_every_shipped_mapping_is_in_a_table_and_every_row_is_compared_or_says_why_not(bench: Bench) -> None:
    """A new mapping with rows that are compared has to be put into one of them."""
    mappings = bench.company.live().mappings
    compared = {name for name, mapping in mappings.items() if rows_of(mapping)}
    assert compared == {"SALESORDER-ORDER", *MASTERS, *ELSEWHERE}
    for name in MASTERS:
        for side in SIDES:
            assert columns_to(mappings[name], side)
