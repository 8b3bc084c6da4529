from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


@pytest.fixture
def euro(sales: Any) -> str:
    """0.90 euro are worth one unit of the base currency."""
    key: str = sales.service.insert(
        "transactioncurrency",
        {
            "currencyname": "Euro",
            "isocurrencycode": "EUR",
            "currencysymbol": "€",
            "currencyprecision": 2,
            "exchangerate": Decimal("0.9"),
        },
    )
    return key


def test_currency_defaults_to_users_then_to_organizations(sales: Any, euro: str) -> None:
    """The order takes the caller's own currency when the user has one."""
    base = sales.service.world.currency_id
    plain = sales.integration.make("salesorders", {"name": "x"})
    assert sales.admin.read(f"salesorders({plain})")["_transactioncurrencyid_value"] == base
    bind = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro})"}
    sales.admin.patch(f"systemusers({sales.user('integration')})", bind)
    mine = sales.integration.make("salesorders", {"name": "x"})
    assert sales.admin.read(f"salesorders({mine})")["_transactioncurrencyid_value"] == euro


def test_price_list_and_order_must_share_a_currency(sales: Any, catalog: Any, euro: str) -> None:
    """An order in euro with a dollar price list is refused with 0x80048cee; an opportunity: 0x80048cea."""
    body = {
        "name": "x",
        "transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro})",
        "pricelevelid@odata.bind": f"/pricelevels({catalog.prices})",
    }
    for path, code in (
        ("salesorders", "0x80048cee"),
        ("quotes", "0x80048cee"),
        ("opportunities", "0x80048cea"),
    ):
        refused = sales.admin.post(path, body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)


def test_an_invoice_has_the_currency_of_its_order(sales: Any, catalog: Any, euro: str) -> None:
    """Another one is 0x80048ced."""
    body = {
        "name": "Invoice",
        "customerid_account@odata.bind": f"/accounts({catalog.account})",
        "salesorderid@odata.bind": f"/salesorders({catalog.order()})",
        "transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro})",
    }
    refused = sales.admin.post("invoices", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80048ced")


def test_a_quote_with_products_keeps_its_currency(sales: Any, catalog: Any, euro: str) -> None:
    """Changing it is 0x8004480e; without products it may change."""
    other = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro})"}
    body = {"name": "Quote", "customerid_account@odata.bind": f"/accounts({catalog.account})"}
    assert sales.admin.patch(f"quotes({sales.admin.make('quotes', body)})", other).status_code == 204
    text = {"isproductoverridden": True, "productdescription": "Advice", "quantity": 1, "priceperunit": 5}
    priced = sales.admin.make("quotes", {**body, "quote_details": [text]})
    refused = sales.admin.patch(f"quotes({priced})", other)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x8004480e")


def test_currency_cannot_be_cleared_while_there_is_money(sales: Any, catalog: Any) -> None:
    """Without currency money has no meaning: 0x80048cfb."""
    path = f"accounts({catalog.account})"
    sales.admin.patch(path, {"creditlimit": 500})
    refused = sales.admin.patch(path, {"transactioncurrencyid@odata.bind": None})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80048cfb")


def test_money_has_a_base_amount_by_the_exchange_rate(sales: Any, euro: str) -> None:
    """`x_base` = x / exchangerate, with four digits; the rate is copied onto the row."""
    bind = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro})"}
    account = sales.admin.make("accounts", {"name": "E", "creditlimit": 100, **bind})
    row = sales.admin.read(f"accounts({account})?$select=creditlimit,creditlimit_base,exchangerate")
    assert row["creditlimit_base"] == Decimal("111.1111")
    assert row["exchangerate"] == Decimal("0.9")
    assert row["_transactioncurrencyid_value"] == euro


def test_a_row_may_take_the_organizations_currency_whoever_writes_it(sales: Any, euro: str) -> None:
    """By switch the user's own currency does not count."""
    bind = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro})"}
    sales.admin.patch(f"systemusers({sales.user('integration')})", bind)
    sales.setup(default_currency="organization")
    mine = sales.admin.read(f"salesorders({sales.integration.make('salesorders', {'name': 'x'})})")
    assert mine["_transactioncurrencyid_value"] == sales.service.world.currency_id


def test_digits_of_the_exchange_rate_are_a_switch(sales: Any, euro: str) -> None:
    """Orders have twelve on the current page, ten on that of 2019."""
    sales.admin.patch(f"transactioncurrencies({euro})", {"exchangerate": Decimal("0.123456789012")})
    rates = {}
    for digits in ("column", "10"):
        sales.service.world.db["transactioncurrency"].rows[euro]["exchangerate"] = Decimal("0.123456789012")
        sales.setup(exchange_rate_digits=digits)
        body = {"name": "x", "transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro})"}
        key = sales.admin.make("salesorders", {**body, "freightamount": 1})
        rates[digits] = sales.admin.read(f"salesorders({key})?$select=exchangerate")["exchangerate"]
    assert rates == {"column": Decimal("0.123456789012"), "10": Decimal("0.1234567890")}
