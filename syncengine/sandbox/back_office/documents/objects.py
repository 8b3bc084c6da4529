"""What a line takes from its item, account or resource. [AL: Sales Line CopyFromItem, …]"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.refusals import must_have_value
from syncengine.sandbox.back_office.refusals import not_related
from syncengine.sandbox.back_office.refusals import test_field
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.tables import Row

_RELATED = {
    "Comment": "Standard Text",
    "Account": "G/L Account",
    "Item": "Item",
    "Resource": "Resource",
    "Fixed_x0020_Asset": "Fixed Asset",
    "Charge": "Item Charge",
    "Allocation_x0020_Account": "Allocation Account",
}


def assign_object(document: SalesDocument, line: Row) -> None:
    """Raises RefusedError when there is no such record, or when it cannot be sold."""
    copy = _COPY.get(line["lineType"])
    if copy is None or not copy(document, line):
        raise not_related("No.", "Sales Line", line["lineObjectNumber"], _RELATED[line["lineType"]])


def _item(document: SalesDocument, line: Row) -> bool:
    item = document.company.by_number("item", line["lineObjectNumber"])
    if item is None:
        return False
    record = f"Item: No.={item['number']}"
    for caption, blocked in (("Blocked", item["blocked"]), ("Sales Blocked", item["_salesBlocked"])):
        if blocked:
            raise test_field(caption, "No", "Yes", record)
    if not item["generalProductPostingGroupCode"]:
        raise must_have_value("Gen. Prod. Posting Group", record)
    if item["type"] == "Inventory" and not item["inventoryPostingGroupCode"]:
        raise must_have_value("Inventory Posting Group", record)
    line["itemId"] = item["id"]
    line["description"] = item["displayName"]
    line["description2"] = item["displayName2"]
    line["_taxGroup"] = item["taxGroupCode"]
    line["_itemCategoryCode"] = item["itemCategoryCode"]
    line["_allowInvoiceDiscount"] = item["_allowInvoiceDiscount"]
    unit = item["_salesUnit"] or item["baseUnitOfMeasureCode"]
    line["unitOfMeasureCode"] = unit
    line["unitOfMeasureId"], line["_quantityPerUnit"] = _unit_of_item(document, item, unit)
    return True


def _unit_of_item(document: SalesDocument, item: Row, code: str) -> tuple[str, Decimal]:
    unit = document.company.by_code("unitOfMeasure", code) if code else None
    per_unit = next(
        (
            one["quantityPerUnitOfMeasure"]
            for one in document.company["itemUnitOfMeasure"].find("itemId", item["id"])
            if one["unitOfMeasureCode"] == code
        ),
        Decimal(1),
    )
    return (unit["id"] if unit else NO_GUID), per_unit


def _account(document: SalesDocument, line: Row) -> bool:
    account = document.company.by_number("account", line["lineObjectNumber"])
    if account is None or account["blocked"] or not account["directPosting"]:
        return False
    if account["accountType"] != "Posting":
        return False
    if not account["_generalProductGroup"]:
        raise must_have_value("Gen. Prod. Posting Group", f"G/L Account: No.={account['number']}")
    line["accountId"] = account["id"]
    line["description"] = account["displayName"]
    line["_taxGroup"] = account["_taxGroupCode"]
    # Account lines take no part in invoice discounts. [AL: CopyFromGLAccount]
    line["_allowInvoiceDiscount"] = False
    return True


def _resource(document: SalesDocument, line: Row) -> bool:
    resource = document.company.by_number("resource", line["lineObjectNumber"])
    if resource is None:
        return False
    if resource["blocked"]:
        raise test_field("Blocked", "No", "Yes", f"Resource: No.={resource['number']}")
    line["description"] = resource["displayName"]
    line["_taxGroup"] = resource["taxGroupCode"]
    line["unitOfMeasureCode"] = resource["baseUnitOfMeasureCode"]
    unit = document.company.by_code("unitOfMeasure", resource["baseUnitOfMeasureCode"])
    line["unitOfMeasureId"] = unit["id"] if unit else NO_GUID
    return True


_COPY: dict[str, Callable[[SalesDocument, Row], bool]] = {
    "Item": _item,
    "Account": _account,
    "Resource": _resource,
}
