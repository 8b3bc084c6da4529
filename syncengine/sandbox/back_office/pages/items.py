"""The items page. [AL: page 30008 "APIV2 - Items"]"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.blanks import blank
from syncengine.sandbox.back_office.pages.master import MasterPage
from syncengine.sandbox.back_office.pages.master import Relation
from syncengine.sandbox.back_office.refusals import dialog

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.pages.base import Parent
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

_LINES = ("salesOrderLine", "salesQuoteLine", "salesInvoiceLine", "salesShipmentLine")


class ItemPage(MasterPage):
    caption = "Item"
    series = "item"
    relations = (
        Relation("itemCategoryId", "itemCategoryCode", "itemCategory", "Item Category"),
        Relation("taxGroupId", "taxGroupCode", "taxGroup", "Tax Group"),
        Relation("baseUnitOfMeasureId", "baseUnitOfMeasureCode", "unitOfMeasure", "Unit of Measure"),
        Relation(
            "generalProductPostingGroupId",
            "generalProductPostingGroupCode",
            "generalProductPostingGroup",
            "General Product Posting Group",
        ),
        Relation(
            "inventoryPostingGroupId",
            "inventoryPostingGroupCode",
            "inventoryPostingGroup",
            "Inventory Posting Group",
        ),
    )

    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        if "inventory" in values:
            raise dialog("The inventory cannot be changed during insert.")
        row = super().create(session, parent, values)
        ensure_unit(session, row, row["baseUnitOfMeasureCode"], Decimal(1))
        return row

    def fill(self, session: Session, row: Row) -> None:
        """The configuration template gives the posting groups."""
        template = session.company.item_template
        if template is None:
            return
        for property_, table, code in (
            ("generalProductPostingGroup", "generalProductPostingGroup", template.general_product_group),
            ("inventoryPostingGroup", "inventoryPostingGroup", template.inventory_group),
            ("taxGroup", "taxGroup", template.tax_group),
        ):
            found = session.company.by_code(table, code) if code else None
            if found is not None:
                row[f"{property_}Id"] = found["id"]
                row[f"{property_}Code"] = code

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        stored = super().modify(session, row, values)
        if stored["baseUnitOfMeasureCode"] != row["baseUnitOfMeasureCode"]:
            ensure_unit(session, stored, stored["baseUnitOfMeasureCode"], Decimal(1))
            for unit in session.table("itemUnitOfMeasure").find("itemId", stored["id"]):
                session.modify("itemUnitOfMeasure", unit, {"baseUnitOfMeasureId": stored["baseUnitOfMeasureId"]})
        return stored

    def renamed(self, session: Session, row: Row, wanted: str) -> None:
        """Lines, variants, units and prices follow the renamed item."""
        was = row["number"]
        for name in _LINES:
            for line in list(session.table(name).rows.values()):
                if line["lineObjectNumber"] == was and line["lineType"] == "Item":
                    session.modify(name, line, {"lineObjectNumber": wanted})
        for name in ("itemVariant", "itemUnitOfMeasure", "priceListLine"):
            for one in list(session.table(name).rows.values()):
                if one["itemNumber"] == was:
                    session.modify(name, one, {"itemNumber": wanted})

    def check_unused(self, session: Session, row: Row) -> None:
        if session.table("salesOrderLine").count("itemId", row["id"]):
            raise dialog(
                f"You cannot delete Item {row['number']} because there is at least one outstanding "
                "Sales Order that includes this item."
            )


def ensure_unit(session: Session, item: Row, code: str, quantity: Decimal) -> None:
    """An item unit of measure for the item, if it has none of that code."""
    if not code:
        return
    units = session.table("itemUnitOfMeasure").find("itemId", item["id"])
    if any(one["unitOfMeasureCode"] == code for one in units):
        return
    row = blank("itemUnitOfMeasure")
    row.update(
        id=session.new_id(),
        itemId=item["id"],
        itemNumber=item["number"],
        unitOfMeasureCode=code,
        quantityPerUnitOfMeasure=quantity,
        baseUnitOfMeasureId=item["baseUnitOfMeasureId"],
    )
    session.insert("itemUnitOfMeasure", row)
