"""Dimension values of documents and lines. [AL: codeunit DimensionManagement, Sales Header and Sales Line]

A new document has the default dimensions of its customer; a new line inherits those of its header, and has the
defaults of its item or account where the header says nothing. The two global dimensions stand on the header as shortcut
codes too, and each follows the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

TABLE = "dimensionSetLine"
PARENT_TYPE = {
    "salesOrder": "Sales_x0020_Order",
    "salesOrderLine": "Sales_x0020_Order_x0020_Line",
    "salesQuote": "Sales_x0020_Quote",
    "salesQuoteLine": "Sales_x0020_Quote_x0020_Line",
    "salesInvoice": "Sales_x0020_Invoice",
    "salesInvoiceLine": "Sales_x0020_Invoice_x0020_Line",
    "salesShipment": "Sales_x0020_Shipment",
    "salesShipmentLine": "Sales_x0020_Shipment_x0020_Line",
}


def put(session: Session, parent_kind: str, parent_id: str, value: Row) -> Row:
    """The dimension of `value` gets that value on the parent, whether it had one or not."""
    dimension = session.table("dimension").rows[value["dimensionId"]]
    key = f"{parent_id}/{dimension['id']}"
    row = {
        "_key": key,
        "id": dimension["id"],
        "code": dimension["code"],
        "consolidationCode": dimension["consolidationCode"],
        "parentId": parent_id,
        "parentType": PARENT_TYPE[parent_kind],
        "displayName": dimension["displayName"],
        "valueId": value["id"],
        "valueCode": value["code"],
        "valueConsolidationCode": value["consolidationCode"],
        "valueDisplayName": value["displayName"],
    }
    known = session.table(TABLE).get(key)
    if known is not None:
        return session.modify(TABLE, known, row)
    return session.insert(TABLE, row)


def drop(session: Session, parent_id: str, dimension_id: str) -> None:
    known = session.table(TABLE).get(f"{parent_id}/{dimension_id}")
    if known is not None:
        session.delete(TABLE, known)


def drop_all(session: Session, parent_id: str) -> None:
    for row in session.table(TABLE).find("parentId", parent_id):
        session.delete(TABLE, row)


def copy(session: Session, from_id: str, to_kind: str, to_id: str) -> None:
    """The dimensions of one parent in place of what another has, or inherited."""
    if session.table(TABLE).count("parentId", to_id):
        drop_all(session, to_id)
    values = session.table("dimensionValue")
    for row in session.table(TABLE).find("parentId", from_id):
        put(session, to_kind, to_id, values.rows[row["valueId"]])


def defaults(session: Session, owner_id: str) -> list[Row]:
    """The dimension values that documents get from a customer, lines from an item or account."""
    values = session.table("dimensionValue").rows
    return [values[row["dimensionValueId"]] for row in session.table("defaultDimension").find("parentId", owner_id)]


def default_shortcuts(session: Session, owner_id: str) -> Row:
    """What stands in the two shortcut columns of a header by default."""
    codes = {global_number(session, value["_dimensionCode"]): value["code"] for value in defaults(session, owner_id)}
    return {f"shortcutDimension{number}Code": codes.get(number, "") for number in (1, 2)}


def take_defaults(session: Session, kind: str, parent_id: str, owner_id: str) -> None:
    """What is missing on the parent. [AL: GetDefaultDimID; without priorities the first source stays]"""
    for value in defaults(session, owner_id):
        if session.table(TABLE).get(f"{parent_id}/{value['dimensionId']}") is None:
            put(session, kind, parent_id, value)


def global_number(session: Session, dimension_code: str) -> int | None:
    """1 or 2 for a global dimension."""
    setup = session.table("generalLedgerSetup").all()[0]
    for number in (1, 2):
        if dimension_code and setup[f"shortcutDimension{number}Code"] == dimension_code:
            return number
    return None


def global_value(session: Session, number: int, code: str) -> Row | None:
    """The value of that code of the first or second global dimension."""
    setup = session.table("generalLedgerSetup").all()[0]
    dimension = session.company.by_code("dimension", setup[f"shortcutDimension{number}Code"])
    return value_of(session, dimension["id"], code) if dimension else None


def shortcuts(header: Row | None) -> tuple[str, str]:
    """The codes of the two global dimensions as they stand on a header."""
    return (header["shortcutDimension1Code"], header["shortcutDimension2Code"]) if header else ("", "")


def follow_shortcuts(session: Session, kind: str, header: Row) -> None:
    """The dimension set of a header follows its shortcut codes."""
    setup = session.table("generalLedgerSetup").all()[0]
    for number in (1, 2):
        dimension = session.company.by_code("dimension", setup[f"shortcutDimension{number}Code"])
        if dimension is None:
            continue
        code = header[f"shortcutDimension{number}Code"]
        value = value_of(session, dimension["id"], code) if code else None
        if value is not None:
            put(session, kind, header["id"], value)
        else:
            drop(session, header["id"], dimension["id"])


def value_of(session: Session, dimension_id: str, code: str) -> Row | None:
    found = session.table("dimensionValue").find("code", code)
    return next((one for one in found if one["dimensionId"] == dimension_id), None)
