"""RecreateSalesLines: a changed customer deletes all lines and makes them anew, with new ids and prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.lines import set_number
from syncengine.sandbox.back_office.documents.lines import set_quantity
from syncengine.sandbox.back_office.documents.lines import set_type
from syncengine.sandbox.back_office.documents.lines import set_unit
from syncengine.sandbox.back_office.documents.lines import set_variant

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.tables import Row


def recreate_lines(document: SalesDocument) -> None:
    """Type, number, variant, unit and quantity survive, and the text of comments; all else is defaults."""
    old_lines = list(document.lines)
    for line in old_lines:
        document.remove_line(line)
    for at, old in enumerate(old_lines, start=1):
        document.add_line(_again(document, old, at * 10000))


def _again(document: SalesDocument, old: Row, sequence: int) -> Row:
    line = document.new_line(sequence)
    if old["lineType"] == "Comment":
        line["description"] = old["description"]
        line["description2"] = old["description2"]
        return line
    set_type(document, line, old["lineType"])
    if not old["lineObjectNumber"]:
        return line
    set_number(document, line, old["lineObjectNumber"])
    if old["_variantCode"]:
        set_variant(document, line, old["_variantCode"])
    if old["unitOfMeasureCode"] != line["unitOfMeasureCode"]:
        set_unit(document, line, old["unitOfMeasureCode"])
    if old["quantity"]:
        set_quantity(document, line, old["quantity"])
    if old["lineType"] == "Account":
        # Account lines have no price of their own to look up.
        line["description"] = old["description"]
    return line
