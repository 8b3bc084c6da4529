"""Currency of a row, its exchange rate, how many digits its money has, and the amounts in base currency."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.values import money
from syncengine.sandbox.sales.values import rounded

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Column
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

# Whose currency a row takes over: its parent's, not the user's.
INHERITED = {
    "salesorderdetail": ("salesorderid", "salesorder"),
    "quotedetail": ("quoteid", "quote"),
    "invoicedetail": ("invoiceid", "invoice"),
    "opportunityproduct": ("opportunityid", "opportunity"),
    "productpricelevel": ("pricelevelid", "pricelevel"),
    "discount": ("discounttypeid", "discounttype"),
}
OWN = frozenset({"transactioncurrency", "organization", "systemuser", "businessunit", "team"})


def currency_of(session: Session, row: Row) -> Row:
    """The currency row; the base currency where the row has none."""
    key = row.get("transactioncurrencyid") or session.world.currency_id
    return session.db.tables["transactioncurrency"].rows[key]


def default_currency(session: Session, table: Table, row: Row) -> None:
    """The parent's currency for lines, else, by switch, the user's, else the organization's."""
    if "transactioncurrencyid" not in table.columns or table.name in OWN:
        return
    if table.name in INHERITED:
        lookup, parent = INHERITED[table.name]
        found = session.db.get(parent, row.get(lookup) or "")
        if found is not None:
            row["transactioncurrencyid"] = found.get("transactioncurrencyid") or session.world.currency_id
        return
    if row.get("transactioncurrencyid") is None:
        chosen = session.switches.default_currency == "user"
        user = (session.db.get("systemuser", session.actor.user) if chosen else None) or {}
        row["transactioncurrencyid"] = user.get("transactioncurrencyid") or session.world.currency_id


def digits(session: Session, column: Column, row: Row) -> int:
    """By PrecisionSource: the column's own, the organization's pricing precision, or the currency's."""
    if column.precision_source == 1:
        return int(session.world.organization.get("pricingdecimalprecision", 2))
    if column.precision_source == 2:
        return int(currency_of(session, row).get("currencyprecision", 2))
    return column.precision or 2


def settle(session: Session, table: Table, row: Row, written: Any = None) -> None:
    """Round what was written to its precision and bring the base amounts up to date. `written`: column
    names.
    """
    for name in written if written is not None else list(row):
        column = table.columns.get(name)
        value = row.get(name)
        if column is None or not isinstance(value, Decimal):
            continue
        if column.kind == "Money":
            row[name] = money(value, digits(session, column, row), session.midpoint)
        elif column.kind == "Decimal":
            row[name] = rounded(value, column.precision or 2, session.midpoint)
    if not table.money or "exchangerate" not in table.columns or table.name in OWN:
        return
    if not any(row.get(column.name) is not None for column in table.money) and row.get("transactioncurrencyid") is None:
        return
    rate = currency_of(session, row).get("exchangerate") or Decimal(1)
    row["exchangerate"] = rounded(rate, _rate_digits(session, table), session.midpoint)
    for column in table.money:
        value = row.get(column.name)
        base = column.name + "_base"
        if value is None:
            row.pop(base, None)
        elif base in table.columns:
            row[base] = rounded(value / rate, 4, session.midpoint)


def _rate_digits(session: Session, table: Table) -> int:
    """The pages of 2019 say 10 for every table, the current ones 12 for orders."""
    return 10 if session.switches.exchange_rate_digits == "10" else table.columns["exchangerate"].precision or 10


def check_clearing(table: Table, row: Row) -> None:
    """A row with money needs its currency. Raises DataverseError."""
    if row.get("transactioncurrencyid") is None and any(row.get(c.name) is not None for c in table.money):
        raise DataverseError(400, "0x80048cfb", "The currency cannot be null.")


def check_price_list(session: Session, table: Table, row: Row) -> None:
    """Price list and document must share a currency. Raises DataverseError."""
    key = row.get("pricelevelid")
    code = {
        "salesorder": "0x80048cee",
        "quote": "0x80048cee",
        "opportunity": "0x80048cea",
        "invoice": "0x80048cea",
    }
    if key is None or table.name not in code:
        return
    price_list = session.db.get("pricelevel", key) or {}
    if price_list.get("transactioncurrencyid") != row.get("transactioncurrencyid"):
        text = "The currency of the record does not match the currency of the price list."
        raise DataverseError(400, code[table.name], text)
