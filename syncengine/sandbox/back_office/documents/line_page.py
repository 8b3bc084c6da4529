"""The pages over document lines: page triggers first, then the table's fields in the order noted.

[AL: page 30044 "APIV2 - Sales Order Lines", table 5476 "Sales Invoice Line Aggregate"]
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.documents.lines import VALIDATORS
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.refusals import not_related
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.tables import Row


@dataclass
class LinePage:
    """`shown` is the page's record: what it showed before, overwritten by what was sent."""

    document: SalesDocument
    line: Row
    shown: Row
    is_new: bool
    item: Row | None = None
    fields: list[str] = field(default_factory=list)

    def set(self, name: str, value: Any) -> None:
        trigger = _TRIGGERS.get(name)
        if trigger:
            trigger(self, value)
        else:
            self.register(name, value)

    def register(self, column: str, value: Any) -> None:
        self.shown[column] = value
        self.fields.append(column)

    def apply(self) -> None:
        """TransferFieldsWithValidate: values of the finished page record; equal ones are skipped."""
        document, line = self.document, self.line
        fields = ["lineType", *self.fields] if self.is_new else self.fields
        for column in fields:
            value = self.shown[column]
            if line[column] != value:
                validate = VALIDATORS.get(column)
                if validate:
                    validate(document, line, value)
                else:
                    line[column] = value


def open_page(document: SalesDocument, line: Row, *, is_new: bool) -> LinePage:
    return LinePage(document, line, {**line, "lineType": line["lineType"]}, is_new)


def _document_id(page: LinePage, value: Any) -> None:
    if page.line["documentId"] != value:
        raise dialog('The value for "documentId" cannot be modified.')


def _sequence(page: LinePage, value: Any) -> None:
    if not page.is_new and page.line["sequence"] != value:
        raise dialog("The value for sequence cannot be modified. Delete and insert the line again.")


def _item_id(page: LinePage, value: Any) -> None:
    item = page.document.company["item"].get(value)
    if item is None:
        raise dialog("Item does not exist.")
    page.item = item
    page.register("lineType", "Item")
    page.register("lineObjectNumber", item["number"])


def _account_id(page: LinePage, value: Any) -> None:
    if value != NO_GUID and page.item is not None:
        raise dialog('Both "itemId" and "accountId" are specified. Specify only one of them.')
    account = page.document.company["account"].get(value)
    if account is None:
        raise dialog("Account does not exist.")
    page.register("lineType", "Account")
    page.register("lineObjectNumber", account["number"])


def _line_object_number(page: LinePage, value: Any) -> None:
    before = page.line["lineObjectNumber"]
    if before and before != value:
        raise dialog('The value for "lineObjectNumber" cannot be modified.')
    company = page.document.company
    if page.shown["lineType"] == "Item":
        page.item = company.by_number("item", value)
        if page.item is None:
            raise dialog("Item does not exist.")
    elif page.shown["lineType"] == "Account" and company.by_number("account", value) is None:
        raise dialog("Account does not exist.")
    page.register("lineObjectNumber", value)


def _unit_id(page: LinePage, value: Any) -> None:
    page.register("unitOfMeasureCode", _code(page, "unitOfMeasure", value, "Unit of Measure"))


def _variant_id(page: LinePage, value: Any) -> None:
    page.register("_variantCode", _code(page, "itemVariant", value, "Item Variant"))


def _location_id(page: LinePage, value: Any) -> None:
    page.register("_locationCode", _code(page, "location", value, "Location"))


def _code(page: LinePage, table: str, value: str, related: str) -> str:
    if value == NO_GUID:
        return ""
    row = page.document.company[table].get(value)
    if row is None:
        raise not_related(f"{related} Id", "Sales Invoice Line Aggregate", value, related)
    code: str = row["code"]
    return code


def _tax_code(page: LinePage, value: Any) -> None:
    page.register("_taxGroup", value[:20])


_TRIGGERS: dict[str, Callable[[LinePage, Any], None]] = {
    "documentId": _document_id,
    "sequence": _sequence,
    "itemId": _item_id,
    "accountId": _account_id,
    "lineObjectNumber": _line_object_number,
    "unitOfMeasureId": _unit_id,
    "itemVariantId": _variant_id,
    "locationId": _location_id,
    "taxCode": _tax_code,
}
