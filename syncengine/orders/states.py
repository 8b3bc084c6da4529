"""The states of an order on both sides, in neutral words, and what they allow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from syncengine.mapping.transforms import number
from syncengine.records.record import LineRecord
from syncengine.records.record import Record
from syncengine.records.values import is_blank

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
CANCELED_QUANTITY: Final = "canceled"
PLACE: Final = "place"
PRODUCT: Final = "product"
SENT_ON: Final = "sent_on"
UNIT: Final = "unit"
UNIT_PRICE: Final = "unit_price"
TAX: Final = "tax"
AMOUNT: Final = "amount"
NET_AMOUNT: Final = "net_amount"
DECIMALS: Final = "decimals"
STATUS_LINE: Final = "status_line"
STATUS_CODE: Final = "status_code"
FULFILLED_ON: Final = "fulfilled_on"
NUMBERS: Final = ("document_number", "listed_number")

REOPENED: Final = "reopened"
"""The agreed state of an order that we set back to Active because its document was deleted by a person."""


def never_sent(moment: object) -> bool:
    """Does the day an order was handed over say "not yet"? 1900-01-01 says so too, in any time zone."""
    return is_blank(moment) or (isinstance(moment, date) and moment.year <= 1900)  # noqa: PLR2004


def shipped(line: LineRecord) -> Decimal:
    return number(line.fields.get(SHIPPED))


def invoiced(line: LineRecord) -> Decimal:
    return number(line.fields.get(INVOICED_QUANTITY))


def anything_shipped(order: Record) -> bool:
    """Has any goods left, or any line been invoiced?"""
    return any(shipped(line) or invoiced(line) for line in order.lines.values())


def completely_invoiced(order: Record) -> bool:
    lines = list(_with_quantity(order))
    return bool(lines) and all(invoiced(line) >= number(line.fields.get(QUANTITY)) for line in lines)


def number_of(order: Record | None) -> str:
    """What the back office calls the order, as far as the mapping reads it."""
    found = (str(order.fields.get(name) or "") for name in NUMBERS) if order else iter(())
    return next((text for text in found if text), "")


def completely_shipped(order: Record) -> bool:
    lines = list(_with_quantity(order))
    return bool(lines) and all(shipped(line) >= number(line.fields.get(QUANTITY)) for line in lines)


def _with_quantity(order: Record) -> Iterator[LineRecord]:
    return (line for line in order.lines.values() if number(line.fields.get(QUANTITY)))
