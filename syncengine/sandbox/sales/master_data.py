"""Rules of what orders refer to: customers, products, units, price lists, discounts, currencies; and of
notes.
"""

from __future__ import annotations

from base64 import b64decode
from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import invalid_argument
from syncengine.sandbox.sales.sales_documents import composite

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session


def person(session: Session, table: Table, row: Row, _: Row | None) -> None:
    """`fullname` by the convention First Name Last Name."""
    del session
    parts = [row[name] for name in ("firstname", "lastname") if row.get(name)]
    if parts or table.name == "contact":
        row["fullname"] = " ".join(parts) or None
    party(None, table, row, None)
    if table.name == "contact":
        kind = row.get("parentcustomeridtype")
        row["accountid"] = row.get("parentcustomerid") if kind == "account" else None
        row["parentcontactid"] = row.get("parentcustomerid") if kind == "contact" else None


def party(_: Session | None, table: Table, row: Row, __: Row | None) -> None:
    for block in ("address1", "address2", "address3"):
        if f"{block}_composite" in table.columns:
            row[f"{block}_composite"] = composite(row, block)


def product(session: Session, _: Table, row: Row, old: Row | None) -> None:
    """Raises DataverseError."""
    if not row.get("productnumber"):
        raise DataverseError(400, "0x80043b05", "The product number can not be null.")
    if _taken(session, "product", "productnumber", row, "productid"):
        text = "The specified product ID conflicts with the product ID of an existing record."
        raise DataverseError(400, "0x80043b06", f"{text} Specify a different product ID and try again.")
    row.setdefault("productstructure", 1)
    if row.get("quantitydecimal") is None:
        row["quantitydecimal"] = 0
    if row.get("defaultuomscheduleid") is None or row.get("defaultuomid") is None:
        raise DataverseError(400, "0x80043b13", "The unit schedule id of the product is missing.")
    unit = session.db.get("uom", row["defaultuomid"]) or {}
    if unit.get("uomscheduleid") != row["defaultuomscheduleid"]:
        raise DataverseError(400, "0x80043b14", "The specified unit is not valid for this product.")
    if old is not None and old.get("defaultuomscheduleid") != row["defaultuomscheduleid"]:
        text = "Please update only the unit. The unit group can't be updated once the product is created."
        raise DataverseError(400, "0x800422FE", text)


def unit(session: Session, _: Table, row: Row, __: Row | None) -> None:
    """Raises DataverseError."""
    if row.get("quantity") is None:
        row["quantity"] = Decimal("1.00000")
    base = session.db.get("uom", row.get("baseuom") or "")
    if base is not None and base.get("uomscheduleid") != row.get("uomscheduleid"):
        raise invalid_argument("The base unit does not belong to the unit group.")
    row.setdefault("isschedulebaseuom", False)


def price_list(session: Session, _: Table, row: Row, __: Row | None) -> None:
    """Raises DataverseError."""
    if not row.get("name"):
        raise DataverseError(400, "0x80043b0e", "The name can not be null.")
    if _taken(session, "pricelevel", "name", row, "pricelevelid"):
        raise DataverseError(400, "0x80043b0f", "The name already exists.")


def price_list_item(session: Session, _: Table, row: Row, __: Row | None) -> None:
    """Raises DataverseError."""
    if row.get("pricelevelid") is None:
        raise DataverseError(400, "0x80043b12", "The price level id is missing.")
    if row.get("productid") is None:
        raise DataverseError(400, "0x80043b11", "The product id is missing.")
    if row.get("uomid") is None:
        raise DataverseError(400, "0x80043b0d", "The unit id is missing.")
    found = session.db.get("product", row["productid"]) or {}
    measure = session.db.get("uom", row["uomid"]) or {}
    if measure.get("uomscheduleid") != found.get("defaultuomscheduleid"):
        raise DataverseError(400, "0x80043b14", "The specified unit is not valid for this product.")
    row["uomscheduleid"] = measure.get("uomscheduleid")
    row["productnumber"] = found.get("productnumber")
    row.setdefault("pricingmethodcode", 1)
    row.setdefault("quantitysellingcode", 1)
    row.setdefault("roundingpolicycode", 1)
    for other in session.db.find("productpricelevel", "productid", row["productid"]):
        same = other["pricelevelid"] == row["pricelevelid"] and other["uomid"] == row["uomid"]
        if same and other["productpricelevelid"] != row["productpricelevelid"]:
            raise DataverseError(
                400, "0x80043b08", "This product and unit combination has a price for this price list."
            )


def discount(session: Session, _: Table, row: Row, __: Row | None) -> None:
    """Raises DataverseError."""
    parent = session.db.get("discounttype", row.get("discounttypeid") or "") or {}
    row["isamounttype"] = bool(parent.get("isamounttype"))
    if row["lowquantity"] > row["highquantity"]:
        raise invalid_argument("The low quantity of a discount must not be greater than its high quantity.")


def currency(session: Session, _: Table, row: Row, __: Row | None) -> None:
    """Raises DataverseError."""
    if _taken(session, "transactioncurrency", "isocurrencycode", row, "transactioncurrencyid"):
        raise DataverseError(412, "0x80040237", f"A currency with the code {row['isocurrencycode']} already exists.")
    if (row.get("exchangerate") or Decimal(0)) <= 0:
        raise invalid_argument("The exchange rate must be greater than zero.")


def note(_: Session, __: Table, row: Row, ___: Row | None) -> None:
    """A note with a body is a document; its size is that of the decoded file. Raises DataverseError."""
    row["objecttypecode"] = row.get("objectidtype")
    body = row.get("documentbody") or ""
    try:
        content = b64decode(body, validate=True)
    except ValueError:
        raise invalid_argument("The attachment body is not valid base64.") from None
    row["isdocument"] = bool(content)
    row["filesize"] = len(content)


def user(session: Session, table: Table, row: Row, old: Row | None) -> None:
    person(session, table, row, old)
    became = row.get("isintegrationuser") and not (old or {}).get("isintegrationuser")
    if became and session.switches.integration_user_sets_flag:
        organization = {**session.world.organization, "issopintegrationenabled": True}
        session.stamp(organization, session.table("organization"))
        session.db.put("organization", session.world.organization_id, organization)


def _taken(session: Session, table: str, column: str, row: Row, key: str) -> bool:
    return any(one[key] != row[key] for one in session.db.find(table, column, row.get(column)))
