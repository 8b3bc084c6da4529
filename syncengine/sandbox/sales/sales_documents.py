"""Rules of orders, quotes, invoices and opportunities: numbers, customer, addresses, and what their lines
mirror.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.sales.currencies import check_price_list
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.locks import LINES_OF

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

NUMBERS = {
    "salesorder": ("ordernumber", "orderprefix", "currentordernumber"),
    "quote": ("quotenumber", "quoteprefix", "currentquotenumber"),
    "invoice": ("invoicenumber", "invoiceprefix", "currentinvoicenumber"),
}
_SUFFIX = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_ADDRESS = (
    "name",
    "contactname",
    "line1",
    "line2",
    "line3",
    "city",
    "stateorprovince",
    "postalcode",
    "country",
    "telephone",
    "fax",
)


def on_create(session: Session, table: Table, row: Row) -> None:
    """Raises DataverseError."""
    _number(session, table, row)
    if table.name == "quote":
        row.setdefault("revisionnumber", 0)
    _both(session, table, row, None)
    _same_currency_as_order(session, table, row)


def on_update(session: Session, table: Table, row: Row, old: Row) -> None:
    """Raises DataverseError."""
    if table.name == "quote" and row.get("transactioncurrencyid") != old.get("transactioncurrencyid"):
        line, lookup = LINES_OF["quote"]
        if session.db.find(line, lookup, row["quoteid"]):
            text = "The currency cannot be changed because this quote has Products associated with it."
            raise DataverseError(400, "0x8004480e", text)
    _both(session, table, row, old)
    _mirror(session, table, row, old)


def _both(session: Session, table: Table, row: Row, old: Row | None) -> None:
    kind = row.get("customeridtype")
    for column, table_name in (("accountid", "account"), ("contactid", "contact")):
        row.pop(column, None)
        if kind == table_name and row.get("customerid"):
            row[column] = row["customerid"]
    if "willcall" in table.columns and row.get("willcall") and session.switches.willcall_clears_shipto:
        _clear_ship_to(row, old)
    for block in ("shipto", "billto"):
        if f"{block}_composite" in table.columns:
            _put(row, f"{block}_composite", composite(row, block))
    check_price_list(session, table, row)


def _clear_ship_to(row: Row, old: Row | None) -> None:
    """Only when it becomes true: what is typed in afterwards stays."""
    if old is None or not old.get("willcall"):
        for part in _ADDRESS:
            row.pop(f"shipto_{part}", None)


def composite(row: Row, block: str) -> str | None:
    """The address as one text of lines, as the service computes it; None without any part."""
    place = " ".join(row[k] for k in (f"{block}_stateorprovince", f"{block}_postalcode") if row.get(k))
    city = ", ".join(piece for piece in (row.get(f"{block}_city"), place) if piece)
    pieces = [row.get(f"{block}_{part}") for part in ("line1", "line2", "line3")] + [
        city,
        row.get(f"{block}_country"),
    ]
    return "\r\n".join(piece for piece in pieces if piece) or None


def _put(row: Row, name: str, value: str | None) -> None:
    if value is None:
        row.pop(name, None)
    else:
        row[name] = value


def _number(session: Session, table: Table, row: Row) -> None:
    if table.name not in NUMBERS:
        return
    column, prefix, counter = NUMBERS[table.name]
    if not row.get(column):
        world = session.world
        world.counters[counter] = number = world.counters.get(counter, 1000) + 1
        suffix = "".join(world.ids.choice(_SUFFIX) for _ in range(world.organization.get("uniquespecifierlength", 6)))
        row[column] = f"{world.organization.get(prefix, 'ORD')}-{number:05d}-{suffix}"


def _same_currency_as_order(session: Session, table: Table, row: Row) -> None:
    order = session.db.get("salesorder", row.get("salesorderid") or "") if table.name == "invoice" else None
    if order is not None and order.get("transactioncurrencyid") != row.get("transactioncurrencyid"):
        raise DataverseError(400, "0x80048ced", "The currency of the invoice does not match the currency of the order.")


_MIRRORS = {
    "salesorder": (("statecode", "salesorderstatecode"), ("ispricelocked", "salesorderispricelocked")),
    "quote": (("statecode", "quotestatecode"),),
    "invoice": (("statecode", "invoicestatecode"), ("ispricelocked", "invoiceispricelocked")),
    "opportunity": (("statecode", "opportunitystatecode"),),
}
_OWNERSHIP = ("ownerid", "owneridtype", "owninguser", "owningteam", "owningbusinessunit")


def mirrored(header_table: str, header: Row) -> Row:
    """What a line shows of its header: state, price lock, owner."""
    found = {theirs: header.get(mine) for mine, theirs in _MIRRORS[header_table]}
    return found | {name: header.get(name) for name in _OWNERSHIP}


def _mirror(session: Session, table: Table, row: Row, old: Row) -> None:
    """Lines show the header's state and owner by a join: no line gets a new version when they change."""
    watched = [mine for mine, _ in _MIRRORS[table.name]] + list(_OWNERSHIP)
    if all(row.get(name) == old.get(name) for name in watched):
        return
    line, lookup = LINES_OF[table.name]
    shown = mirrored(table.name, row)
    for one in session.db.find(line, lookup, row[table.primary_id]):
        session.db.put(line, one[session.table(line).primary_id], {**one, **shown})
