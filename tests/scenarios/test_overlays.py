"""What consultants change is a folder of files: a column pair, a table pair, a row that recreates."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from syncengine.config.mapping_files import shipped_folder
from syncengine.store.health import by_mapping
from syncengine.store.queries import aside
from tests.bench.bench import Bench
from tests.scenarios.acts import write_note

COLUMN_PAIR = """
name: SALESORDER-ORDER
fields:
  clerk_phone: {sales: billto_telephone, back_office: phoneNumber, transform: {fits: 30}}
"""

TABLE_PAIR = """
name: CONTACT
create: back-office
sales: {table: contacts, number: fullname}
back_office: {table: contacts, number: number}
match: [[email]]
fields:
  name:  {sales: fullname, back_office: displayName, to: back-office, transform: {fits: 100}}
  email: {sales: emailaddress1, back_office: email, transform: {fits: 80}}
  phone: {sales: telephone1, back_office: phoneNumber, transform: {fits: 30}}
"""

RECREATE_ROW = """
name: SALESORDER-ORDER
recreates: [customer, lines.set, lines.goods, ship_to]
"""


@pytest.fixture
def overlay(bench: Bench) -> Path:
    folder = bench.folder / "ours"
    folder.mkdir()
    bench.configure(mappings={"paths": [str(shipped_folder()), str(folder)]})
    return folder


def test_a_column_pair_flows_both_ways(bench: Bench, overlay: Path) -> None:
    (overlay / "order.yaml").write_text(COLUMN_PAIR)
    number = bench.sales_order(1, billto_telephone="555-0100")
    bench.sync()
    assert bench.clerk.order(number)["phoneNumber"] == "555-0100"
    bench.clerk.change(bench.clerk.order(number), phoneNumber="555-0199")
    bench.sync()
    assert bench.seller.order(number)["billto_telephone"] == "555-0199"
    bench.agreed()


def test_a_table_pair_is_loaded_created_and_merged(bench: Bench, overlay: Path) -> None:
    (overlay / "contact.yaml").write_text(TABLE_PAIR)
    bench.admin.person.request(
        "POST", "contacts", {"firstname": "Ann", "lastname": "Lee", "emailaddress1": "ann@example.com"}
    )
    matched = bench.clerk.create("contacts", displayName="Bo Ek", email="bo@example.com")
    bench.admin.person.request(
        "POST", "contacts", {"lastname": "Ek", "firstname": "Bo", "emailaddress1": "bo@example.com"}
    )
    bench.sync()
    made = bench.clerk.find("contacts", "email eq 'ann@example.com'")
    assert made["displayName"] == "Ann Lee"
    bench.clerk.person.request(
        "PATCH", bench.clerk._path(f"contacts({made['id']})"), {"phoneNumber": "555-0100"}, if_match=made["@odata.etag"]
    )
    bench.sync()
    rows = bench.admin.person.get("contacts?$filter=emailaddress1 eq 'ann@example.com'")["value"]
    assert rows[0]["telephone1"] == "555-0100"
    assert bench.clerk.find("contacts", "email eq 'bo@example.com'")["id"] == matched["id"]
    bench.agreed()


def test_a_row_that_recreates(bench: Bench, overlay: Path) -> None:
    (overlay / "order.yaml").write_text(RECREATE_ROW)
    number = bench.sales_order(1)
    bench.sync()
    before = bench.clerk.order(number)["number"]
    bench.seller.edit(
        bench.seller.order(number)["salesorderid"], shipto_line1="1 Harbor Street", shipto_city="Portland"
    )
    bench.sync()
    after = bench.clerk.order(number)
    assert after["number"] != before
    assert after["shipToCity"] == "Portland"
    bench.agreed()


def test_a_changed_mapping_gives_parked_records_another_chance(bench: Bench, overlay: Path) -> None:
    """An order was refused because a text is too long; the overlay shortens it, and the next run sends it."""
    (overlay / "order.yaml").write_text(COLUMN_PAIR.replace(", transform: {fits: 30}", ""))
    number = bench.sales_order(1, billto_telephone="5" * 40)
    bench.sync(expect=1)
    (overlay / "order.yaml").write_text(COLUMN_PAIR)
    bench.restart()
    bench.sync()
    assert bench.clerk.order(number)["phoneNumber"] == "5" * 30
    bench.agreed()


BUNDLE_IS_ONE_LINE = """
name: SALESORDER-ORDER
lines:
  sales: {only: {producttypecode: [1, 2, 4, 5]}}
"""

EVERY_POSTED_INVOICE = """
name: POSTEDSALESINV-INV
back_office: {enters_when: {$state: [open, paid, canceled, corrective]}}
fields:
  order:
    sales: salesorderid
    back_office: orderId
    lookup: SALESORDER-ORDER
    to: sales
    only_create: true
    on_missing: blank
  their_order: {sales: description, back_office: externalDocumentNumber, to: sales}
"""

QUOTES_STAY = """
name: QUOTE
create: none
"""


def bundle(bench: Bench) -> str:
    """A submitted order of a bundle, a component it needs and one that was chosen with it; gives its number."""
    number = bench.sales_order(1, submit=False)
    order = bench.seller.order(number)["salesorderid"]
    for place, kind in enumerate((2, 3, 4), start=2):
        product = bench.products[place]
        line = {
            "salesorderid@odata.bind": f"/salesorders({order})",
            "productid@odata.bind": f"/products({product.sales_id})",
            "uomid@odata.bind": f"/uoms({product.units[0].sales_id})",
            "producttypecode": kind,
            "quantity": place,
            "ispriceoverridden": True,
            "priceperunit": 0 if kind == 3 else 10,
            "lineitemnumber": place,
        }
        bench.seller.person.request("POST", "salesorderdetails", line)
    bench.seller.submit(order)
    return number


def test_a_bundle_is_sent_line_by_line(bench: Bench) -> None:
    """As Sales shows it: the bundle, what belongs to it, what was chosen with it. Nobody can tell which is shipped."""
    number = bundle(bench)
    bench.sync()
    assert [one["quantity"] for one in bench.clerk.order(number)["salesOrderLines"]] == [1, 2, 3, 4]
    bench.agreed()


def test_a_bundle_is_one_line_where_the_item_is_a_kit(bench: Bench, overlay: Path) -> None:
    """The item brings its components itself; those that were chosen are lines of their own."""
    (overlay / "order.yaml").write_text(BUNDLE_IS_ONE_LINE)
    number = bundle(bench)
    bench.sync()
    assert [one["quantity"] for one in bench.clerk.order(number)["salesOrderLines"]] == [1, 2, 4]
    bench.agreed()


def test_invoices_without_an_order_of_ours_come_where_an_overlay_lets_them(bench: Bench, overlay: Path) -> None:
    (overlay / "invoice.yaml").write_text(EVERY_POSTED_INVOICE)
    made = bench.clerk.create(
        "salesInvoices",
        customerId=bench.running.world.customers[0].back_office_id,
        externalDocumentNumber="PO 77",
        salesInvoiceLines=[{"lineType": "Item", "itemId": bench.products[0].back_office_id, "quantity": 2}],
    )
    bench.clerk.person.request("POST", bench.clerk._path(f"salesInvoices({made['id']})/Microsoft.NAV.post"), None)
    bench.sync()
    (here,) = bench.admin.person.get("invoices?$expand=invoice_details")["value"]
    assert (here["description"], here["_salesorderid_value"]) == ("PO 77", None)
    assert here["invoice_details"][0]["quantity"] == 2
    bench.agreed()


def test_quotes_stay_where_they_are_where_an_overlay_says_so(bench: Bench, overlay: Path) -> None:
    (overlay / "quote.yaml").write_text(QUOTES_STAY)
    seeded = bench.running.world
    quote = bench.seller.person.request(
        "POST",
        "quotes",
        {
            "customerid_account@odata.bind": f"/accounts({seeded.customers[0].sales_id})",
            "pricelevelid@odata.bind": f"/pricelevels({seeded.price_lists['USD']})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({seeded.currencies['USD']})",
        },
        prefer="return=representation",
    )["quoteid"]
    bench.seller.person.request("PATCH", f"quotes({quote})", {"statecode": 1, "statuscode": 2})
    bench.sync()
    assert bench.clerk.person.get(bench.clerk._path("salesQuotes"))["value"] == []
    bench.agreed()


def test_what_was_outstanding_of_a_mapping_that_is_taken_out_is_set_aside_until_it_is_back(bench: Bench) -> None:
    """Nobody plans it any more: it is neither counted nor alerted, and nothing of it is lost."""
    account = bench.admin.person.request("POST", "accounts", {"name": "Proseware"}, prefer="return=representation")
    number = bench.sales_order(1, account=account["accountid"])
    write_note(bench, number, "Call first")
    bench.sync()
    waiting = [("NOTE-ATTACHMENT", 1), ("SALESORDER-ORDER", 1)]
    assert _waiting(bench) == waiting
    folder = bench.folder / "without"
    shutil.copytree(shipped_folder(), folder)
    (folder / "note-attachment.yaml").unlink()
    bench.configure(mappings={"paths": [str(folder)]})
    bench.sync()
    assert _waiting(bench) == waiting[1:]
    with bench.company.session() as session:
        assert [row["mapping"] for row in aside(session)] == ["NOTE-ATTACHMENT"]
    bench.configure(mappings={"paths": [str(shipped_folder())]})
    bench.sync()
    assert _waiting(bench) == waiting


def _waiting(bench: Bench) -> list[tuple[str, int]]:
    with bench.company.session() as session:
        return sorted((name, one.work["waiting"]) for name, one in by_mapping(session).items() if one.work["waiting"])
