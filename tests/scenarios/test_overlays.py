"""What consultants change is a folder of files: a column pair, a table pair, a row that recreates."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.config.mapping_files import shipped_folder
from tests.bench.bench import Bench

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
