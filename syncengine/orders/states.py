"""The states of an order on both sides, in neutral words, and what they allow."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from syncengine.mapping.transforms import number
from syncengine.records.record import LineRecord
from syncengine.records.record import Record

# Sales
ACTIVE: Final = "active"
SUBMITTED: Final = "submitted"
CANCELED: Final = "canceled"
FULFILLED: Final = "fulfilled"
INVOICED: Final = "invoiced"
CLOSED: Final = frozenset({CANCELED, FULFILLED, INVOICED})

# Back office
DRAFT: Final = "draft"
IN_REVIEW: Final = "in-review"
RELEASED: Final = "released"

# Rows that the rules for orders know by name; docs/reference/mappings.md says so to whoever writes a mapping.
CUSTOMER: Final = "customer"
CURRENCY: Final = "currency"
QUANTITY: Final = "quantity"
SHIPPED: Final = "shipped"
INVOICED_QUANTITY: Final = "invoiced"
PRODUCT: Final = "product"


def shipped(line: LineRecord) -> Decimal:
    return number(line.fields.get(SHIPPED))


def anything_shipped(order: Record) -> bool:
    """Has any goods left, or any line been invoiced?"""
    return any(shipped(line) or number(line.fields.get(INVOICED_QUANTITY)) for line in order.lines.values())


def completely_shipped(order: Record) -> bool:
    lines = list(_with_quantity(order))
    return bool(lines) and all(shipped(line) >= number(line.fields.get(QUANTITY)) for line in lines)


def _with_quantity(order: Record) -> Iterator[LineRecord]:
    return (line for line in order.lines.values() if number(line.fields.get(QUANTITY)))
