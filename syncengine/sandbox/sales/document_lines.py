"""Rules of order, quote, invoice and opportunity products: parent, product or write-in, unit, quantity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.locks import HEADER_OF
from syncengine.sandbox.sales.locks import ensure_lines_writable
from syncengine.sandbox.sales.sales_documents import mirrored

if TYPE_CHECKING:
    from decimal import Decimal

    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

PRODUCT_ACTIVE, PRODUCT_UNDER_REVISION = 0, 3


def header_of(session: Session, table: str, row: Row) -> Row:
    """Raises DataverseError when the line has no parent."""
    header_table, lookup = HEADER_OF[table]
    header = session.db.get(header_table, row.get(lookup) or "")
    if header is None:
        raise DataverseError(400, "0x80040203", f"The parent {header_table} of the {table} is missing.")
    return header


def on_create(session: Session, table: Table, row: Row) -> None:
    """Raises DataverseError."""
    header = header_of(session, table.name, row)
    header_table, lookup = HEADER_OF[table.name]
    ensure_lines_writable(session, header_table, header)
    row.setdefault("producttypecode", 1)
    row.setdefault("propertyconfigurationstatus", 2)
    row.update({name: value for name, value in mirrored(header_table, header).items() if value is not None})
    _check(session, row)
    _names(session, table, row, None)
    if session.switches.line_sequence == "assigned" and row.get("sequencenumber") is None:
        others = session.db.find(table.name, lookup, row[lookup])
        row["sequencenumber"] = 1 + max((one.get("sequencenumber") or 0 for one in others), default=0)


def on_update(session: Session, table: Table, row: Row, old: Row) -> None:
    """Raises DataverseError."""
    header_table, lookup = HEADER_OF[table.name]
    ensure_lines_writable(session, header_table, header_of(session, table.name, old))
    if row.get(lookup) != old.get(lookup):
        ensure_lines_writable(session, header_table, header_of(session, table.name, row))
    _check(session, row)
    _names(session, table, row, old)


def on_delete(session: Session, table: Table, row: Row) -> None:
    """Raises DataverseError."""
    ensure_writable(session, table, row)


def ensure_writable(session: Session, table: Table, row: Row) -> None:
    """May the acting user write the document of this line? Raises DataverseError."""
    header_table, _ = HEADER_OF[table.name]
    ensure_lines_writable(session, header_table, header_of(session, table.name, row))


def _check(session: Session, row: Row) -> None:
    if row.get("uomid") is not None and row.get("productdescription") is not None and row.get("productid") is None:
        raise DataverseError(400, "0x80043afa", "Both uomid and productdescription cannot be set.")
    if row.get("quantity") is None and session.switches.missing_quantity == "refused":
        raise DataverseError(400, "0x80081012", "The quantity of the product is missing.")
    if row.get("isproductoverridden"):
        if row.get("productid") is not None or row.get("productdescription") is None:
            raise DataverseError(400, "0x80040203", "A write-in product takes a product description and no product.")
        return
    if row.get("productid") is None:
        raise DataverseError(400, "0x80043b11", "The product id is missing.")
    if row.get("uomid") is None:
        raise DataverseError(400, "0x80043b0d", "The unit id is missing.")
    _check_product(session, row)


def _check_product(session: Session, row: Row) -> None:
    product = session.db.get("product", row["productid"])
    if product is None:
        raise DataverseError(400, "0x80043b24", "The product does not exist.")
    sold = product.get("statecode") in (PRODUCT_ACTIVE, PRODUCT_UNDER_REVISION)
    if not sold and session.switches.inactive_product == "refused":
        raise DataverseError(400, "0x80040203", "You can only add products that are active.")
    unit = session.db.get("uom", row["uomid"]) or {}
    if unit.get("uomscheduleid") != product.get("defaultuomscheduleid"):
        raise DataverseError(400, "0x80043b14", "The specified unit is not valid for this product.")
    quantity = row.get("quantity")
    if quantity is not None and -_exponent(quantity) > (product.get("quantitydecimal") or 0):
        raise DataverseError(400, "0x80043b07", "The number of decimal places on the quantity is invalid.")


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _names(session: Session, table: Table, row: Row, old: Row | None) -> None:
    """The computed names follow the product, or the text of a write-in."""
    same = old is not None and all(old.get(n) == row.get(n) for n in ("productid", "productdescription"))
    if same:
        return
    product = session.db.get("product", row.get("productid") or "") or {}
    text = product.get("name") or row.get("productdescription")
    for name in ("productname", table.primary_name):
        if name in table.columns and text is not None and (old is not None or row.get(name) is None):
            row[name] = text[: table.columns[name].max_length]
    if "productnumber" in table.columns:
        row["productnumber"] = product.get("productnumber")
