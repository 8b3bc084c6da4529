"""`check`, the units of items: through the companion each is held against the unit group of its product in Sales.

Two boxes must not mean twelve pieces here and sixteen there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from syncengine.mapping.transforms import number
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.values import Link
from syncengine.service.findings import Finding
from syncengine.service.wiring import Company

ITEM_UNITS: Final = "companion/itemUnitsOfMeasure"
NAME: Final = "units.items"
MOST_NAMED: Final = 5

Sizes = Mapping[str, Decimal]  # unit, folded -> how many of the smallest unit it holds


@dataclass(frozen=True)
class Apart:
    """A unit of an item; `here` is None where its product's unit group lacks it."""

    item: str
    unit: str
    there: Decimal
    here: Decimal | None = None


def look(company: Company) -> Iterator[Finding]:
    """Raises RemoteSystemError."""
    if ITEM_UNITS not in company.back_office.capabilities():
        return
    apart = list(_apart(_item_units(company), _unit_groups(company)))
    lacking = [f"{one.item} {one.unit}" for one in apart if one.here is None]
    other = [
        f"{one.unit} of {one.item} holds {one.there.normalize():f} there and {one.here.normalize():f} here"
        for one in apart
        if one.here is not None
    ]
    if other:
        yield Finding(
            NAME,
            "error",
            f"units mean something else in Sales than in Business Central: {_some(other)}",
            "Give the product a unit group of its own, with the quantities of the item's units.",
        )
    if lacking:
        yield Finding(
            NAME,
            "warning",
            f"units of items that the product's unit group in Sales lacks: {_some(lacking)}; lines in them will wait",
            "Add them to the unit group, or have them made: overlay `name: ITEM UOM` with `create: sales`.",
        )
    if not apart:
        yield Finding(NAME, "ok", "the units of all items hold the same in both")


def _some(found: list[str]) -> str:
    rest = len(found) - MOST_NAMED
    return ", ".join(found[:MOST_NAMED]) + (f", and {rest} more" if rest > 0 else "")


def _item_units(company: Company) -> Mapping[str, Mapping[str, Decimal]]:
    """Item number -> unit -> how many of the base unit it holds."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    view = View(ITEM_UNITS, ("itemNumber", "unitOfMeasureCode", "quantityPerUnitOfMeasure"))
    for page in company.back_office.scan(view, ()):
        for one in page.documents:
            code = str(one.fields.get("unitOfMeasureCode") or "")
            found[str(one.fields.get("itemNumber"))][code] = number(one.fields.get("quantityPerUnitOfMeasure"))
    return found


def _unit_groups(company: Company) -> Mapping[str, Sizes]:
    """Product number -> the units of its group."""
    units: dict[str, Document] = {}
    for page in company.sales.scan(View("uoms", ("name", "quantity", "baseuom", "uomscheduleid")), ()):
        units |= {one.id: one for one in page.documents}
    groups: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for one in units.values():
        name = str(one.fields.get("name") or "").casefold()
        groups[_id(one, "uomscheduleid")][name] = _size(one, units)
    found: dict[str, Sizes] = {}
    for page in company.sales.scan(View("products", ("productnumber", "defaultuomscheduleid")), ()):
        for one in page.documents:
            found[str(one.fields.get("productnumber"))] = groups[_id(one, "defaultuomscheduleid")]
    return found


def _size(unit: Document, units: Mapping[str, Document]) -> Decimal:
    """A unit holds so many of its base unit, which may hold so many of another."""
    size, seen = number(unit.fields.get("quantity")), {unit.id}
    base = units.get(_id(unit, "baseuom"))
    while base is not None and base.id not in seen:
        size *= number(base.fields.get("quantity"))
        seen.add(base.id)
        base = units.get(_id(base, "baseuom"))
    return size


def _id(document: Document, column: str) -> str:
    value = document.fields.get(column)
    return value.id if isinstance(value, Link) else ""


def _apart(items: Mapping[str, Mapping[str, Decimal]], groups: Mapping[str, Sizes]) -> Iterator[Apart]:
    for item, units in items.items():
        group = groups.get(item)
        if group is None:
            continue  # no product: nobody orders it in Sales
        known = [group[code.casefold()] for code, size in units.items() if size == 1 and code.casefold() in group]
        for code, size in units.items():
            here = group.get(code.casefold())
            if here is None:
                yield Apart(item, code, size)
            elif known and known[0] and here != size * known[0]:
                yield Apart(item, code, size, here / known[0])
