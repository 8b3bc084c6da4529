"""Master data: what of a customer, contact, item, currency and salesperson flows, and which way."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.config.mapping_files import shipped_folder
from tests.bench.bench import Bench


@pytest.fixture
def overlay(bench: Bench) -> Path:
    folder = bench.folder / "ours"
    folder.mkdir()
    bench.configure(mappings={"paths": [str(shipped_folder()), str(folder)]})
    return folder


def account(bench: Bench, place: int = 0) -> dict[str, Any]:
    return dict(bench.admin.person.get(f"accounts({bench.running.world.customers[place].sales_id})"))


def customer(bench: Bench, place: int = 0) -> dict[str, Any]:
    number = bench.running.world.customers[place].number
    return bench.clerk.find("customers", f"number eq '{number}'")


def change(bench: Bench, entity_set: str, row: dict[str, Any], **columns: Any) -> None:
    path = bench.clerk._path(f"{entity_set}({row['id']})")
    bench.clerk.person.request("PATCH", path, columns, if_match=row["@odata.etag"])


def user(bench: Bench, first: str, last: str, email: str) -> str:
    """Somebody who sells: a licensed user of Sales."""
    made = bench.admin.person.request(
        "POST",
        "systemusers",
        {
            "firstname": first, "lastname": last, "internalemailaddress": email, "domainname": email,
            "mobilephone": "555-0142", "islicensed": True,
            "businessunitid@odata.bind": f"/businessunits({business_unit(bench)})",
        },
        prefer="return=representation",
    )  # fmt: skip
    return str(made["systemuserid"])


def business_unit(bench: Bench) -> str:
    return str(bench.admin.person.get("businessunits?$select=businessunitid")["value"][0]["businessunitid"])


def test_a_customer_flows_both_ways_column_by_column(bench: Bench) -> None:
    """Every row of Microsoft's own customer mapping that API v2.0 shows: each side's edit arrives on the other."""
    bench.sync()
    here = account(bench)
    bench.admin.person.request(
        "PATCH",
        f"accounts({here['accountid']})",
        {
            "websiteurl": "https://example.com", "telephone1": "555-0101", "emailaddress1": "info@example.com",
            "paymenttermscode": 3, "address1_freighttermscode": 1, "address1_line2": "Suite 4",
        },
    )  # fmt: skip
    bench.sync()
    there = customer(bench)
    assert (there["website"], there["phoneNumber"], there["email"], there["addressLine2"]) == (
        "https://example.com",
        "555-0101",
        "info@example.com",
        "Suite 4",
    )
    assert there["paymentTermsId"] == bench.running.world.terms["45 DAYS"]
    assert there["shipmentMethodId"] == bench.clerk.find("shipmentMethods", "code eq 'FOB'")["id"]
    change(bench, "customers", there, website="https://example.org", creditLimit=2500, currencyCode="EUR")
    bench.sync()
    here = account(bench)
    assert (here["websiteurl"], here["creditlimit"]) == ("https://example.org", Decimal(2500))
    assert here["_transactioncurrencyid_value"] == bench.running.world.currencies["EUR"]
    bench.agreed()


def test_the_credit_limit_belongs_to_the_back_office(bench: Bench) -> None:
    bench.sync()
    change(bench, "customers", customer(bench), creditLimit=800)
    bench.sync()
    here = account(bench)
    bench.admin.person.request("PATCH", f"accounts({here['accountid']})", {"creditlimit": 1_000_000})
    bench.sync()
    assert account(bench)["creditlimit"] == 800
    assert customer(bench)["creditLimit"] == 800
    bench.agreed()


def test_customers_are_created_where_an_overlay_says_so(bench: Bench, overlay: Path) -> None:
    """The new customer's number, which the back office assigns, comes back as the account number."""
    (overlay / "customer.yaml").write_text("name: CUSTOMER\ncreate: both\n")
    made = bench.admin.person.request(
        "POST",
        "accounts",
        {"name": "O'Brien & Sons <x>", "address1_city": "Miami", "address1_postalcode": "37125"},
        prefer="return=representation",
    )
    back = bench.clerk.create("customers", displayName="Zed & Co", type="Company")
    bench.sync()
    there = bench.clerk.find("customers", "displayName eq 'O''Brien %26 Sons <x>'")
    assert there["city"] == "Miami"
    bench.sync()
    assert bench.admin.person.get(f"accounts({made['accountid']})")["accountnumber"] == there["number"]
    found = bench.admin.person.get(f"accounts?$filter=accountnumber eq '{back['number']}'")["value"]
    assert [one["name"] for one in found] == ["Zed & Co"]
    bench.agreed()


def test_a_customer_that_is_new_on_both_sides_at_once_is_one(bench: Bench, overlay: Path) -> None:
    """Its account is coupled, and the customer is not taken for another new one that has no account."""
    (overlay / "customer.yaml").write_text("name: CUSTOMER\ncreate: both\n")
    bench.sync()
    bench.admin.person.request("POST", "accounts", {"name": "Zed & Co", "accountnumber": "C-77"})
    bench.clerk.create("customers", displayName="Zed & Co", number="C-77", currencyCode="EUR")
    bench.sync()
    assert len(bench.admin.person.get("accounts?$filter=accountnumber eq 'C-77'")["value"]) == 1
    bench.agreed()


def test_an_item_gives_its_product_name_prices_and_stock(bench: Bench) -> None:
    bench.sync()
    product = bench.products[0]
    item = bench.clerk.find("items", f"number eq '{product.number}'")
    change(
        bench, "items", item, displayName="ATHENS Desk, oak", unitPrice=Decimal("1000.80"), unitCost=Decimal("640.5")
    )
    bench.sync()
    row = bench.admin.person.get(f"products({product.sales_id})")
    assert (row["name"], row["price"], row["standardcost"], row["currentcost"]) == (
        "ATHENS Desk, oak",
        Decimal("1000.80"),
        Decimal("640.5"),
        Decimal("640.5"),
    )
    bench.agreed()


def test_people_are_matched_by_email_and_merged_column_by_column(bench: Bench) -> None:
    there = bench.clerk.create("contacts", displayName="Ann Lee", type="Person", email="ann@example.com")
    made = bench.admin.person.request(
        "POST",
        "contacts",
        {"firstname": "Ann", "lastname": "Lee", "emailaddress1": "ann@example.com", "jobtitle": "Buyer"},
        prefer="return=representation",
    )
    bench.sync()
    there = bench.clerk.find("contacts", f"number eq '{there['number']}'")
    assert there["jobTitle"] == "Buyer"
    change(bench, "contacts", there, displayName="Anna Maria Lee", mobilePhoneNumber="555-0177")
    bench.sync()
    here = bench.admin.person.get(f"contacts({made['contactid']})")
    assert (here["fullname"], here["firstname"], here["lastname"], here["mobilephone"]) == (
        "Anna Maria Lee",
        "Anna Maria",
        "Lee",
        "555-0177",
    )
    bench.agreed()


def test_nobody_is_created_in_the_address_books_unasked(bench: Bench) -> None:
    bench.admin.person.request("POST", "contacts", {"lastname": "Lee", "emailaddress1": "ann@example.com"})
    bench.clerk.create("contacts", displayName="Bo Ek", type="Person", email="bo@example.com")
    bench.sync()
    assert bench.writes() == []


def test_salespeople_get_name_email_and_phone_of_the_user(bench: Bench) -> None:
    bench.clerk.create("salespeoplePurchasers", code="JR", displayName="J. Roe", email="jane@example.com")
    user(bench, "Jane", "Roe", "jane@example.com")
    bench.sync()
    there = bench.clerk.find("salespeoplePurchasers", "code eq 'JR'")
    assert (there["displayName"], there["phoneNo"]) == ("Jane Roe", "555-0142")
    bench.agreed()


def test_the_owner_of_an_account_follows_its_salesperson(bench: Bench) -> None:
    """A customer without salesperson, or with one who is nobody in Sales, leaves the owner alone."""
    bench.clerk.create("salespeoplePurchasers", code="JR", displayName="Jane Roe", email="jane@example.com")
    bench.clerk.create("salespeoplePurchasers", code="XX", displayName="Nobody there")
    jane = user(bench, "Jane", "Roe", "jane@example.com")
    bench.sync()
    owner = account(bench)["_ownerid_value"]
    change(bench, "customers", customer(bench), salespersonCode="XX")
    bench.sync()
    assert account(bench)["_ownerid_value"] == owner
    change(bench, "customers", customer(bench), salespersonCode="JR")
    bench.sync()
    assert account(bench)["_ownerid_value"] == jane
    bench.agreed()


def test_stock_below_nothing_is_none_in_sales(bench: Bench) -> None:
    """More was shipped than was received: Business Central counts on, the column in Sales starts at 0."""
    number = bench.sales_order(7)
    bench.sync()
    order = bench.clerk.order(number)
    bench.clerk.act(order, "release")
    bench.clerk.act(order, "ship")
    bench.sync()
    product = bench.products[0]
    assert bench.clerk.find("items", f"number eq '{product.number}'")["inventory"] < 0
    assert not bench.admin.person.get(f"products({product.sales_id})")["quantityonhand"]
    bench.agreed()


def test_a_currency_is_created_where_an_overlay_says_so(bench: Bench, overlay: Path) -> None:
    """With the newest rate of today, its name, its symbol or else its code; an order in it then goes."""
    (overlay / "currency.yaml").write_text("name: CURRENCY\ncreate: sales\n")
    seeded, there = bench.running.world, bench.running.back_office
    there.insert(seeded.company, "currencies", {"code": "JPY", "displayName": "Japanese yen", "symbol": ""})
    for day, rate in ((date(2020, 1, 1), 110), (date(2024, 1, 1), 150), (date(2099, 1, 1), 200)):
        there.add_exchange_rate(seeded.company, "JPY", day, Decimal(rate))
    bench.sync()
    (made,) = bench.admin.person.get("transactioncurrencies?$filter=isocurrencycode eq 'JPY'")["value"]
    assert (made["currencyname"], made["currencysymbol"], made["exchangerate"], made["currencyprecision"]) == (
        "Japanese yen",
        "JPY",
        150,
        2,
    )
    yen = f"/transactioncurrencies({made['transactioncurrencyid']})"
    bench.admin.person.request("POST", "pricelevels", {"name": "Yen", "transactioncurrencyid@odata.bind": yen})
    back = bench.back_office_order(1, currencyCode="JPY")
    bench.sync()
    assert bench.sales_order_of(back["number"])["_transactioncurrencyid_value"] == made["transactioncurrencyid"]
    bench.agreed()


def test_a_currency_without_a_rate_is_listed_and_not_created(bench: Bench, overlay: Path) -> None:
    """Rates are those of the run: what was asked for before is not taken for the rate that was entered since."""
    (overlay / "currency.yaml").write_text("name: CURRENCY\ncreate: sales\n")
    bench.running.back_office.insert(bench.running.world.company, "currencies", {"code": "JPY"})
    (told,) = bench.sync(expect=1)["errors"]
    assert (told["mapping"], told["code"]) == ("CURRENCY", "does-not-survive")
    assert "no exchange rate of JPY" in told["message"]
    assert bench.writes("sales") == []
    bench.running.back_office.add_exchange_rate(bench.running.world.company, "JPY", date(2024, 1, 1), Decimal(150))
    with bench.company.store(writes=True) as store, store.transaction():
        store.work.retry(None)
    bench.sync()
    (made,) = bench.admin.person.get("transactioncurrencies?$filter=isocurrencycode eq 'JPY'")["value"]
    assert made["exchangerate"] == 150


def test_currencies_are_only_paired_unasked(bench: Bench) -> None:
    """Names and rates of those that are there stay each side's own."""
    bench.running.back_office.insert(bench.running.world.company, "currencies", {"code": "JPY", "displayName": "Yen"})
    euro = bench.running.world.currencies["EUR"]
    bench.admin.person.request("PATCH", f"transactioncurrencies({euro})", {"currencyname": "Euros", "exchangerate": 2})
    bench.sync()
    assert bench.writes() == []
